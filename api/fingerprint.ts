/** What a fit is a fit of: model, data and the options that its numbers depend on, so that it is told from any other. */
import type { TypedModel } from '../lang/typed/types.js'
import { Hash, hashOfText } from '../runtime/checkpoint/hash.js'
import { Reading } from '../runtime/checkpoint/reading.js'
import type { BoundArray, BoundData } from '../runtime/data/types.js'
import { type Json, toJson } from '../runtime/json.js'
import { resolveOptions } from '../runtime/options.js'
import { startValuesFromJson } from '../runtime/start-values.js'
import type { Bound } from './frozen.js'
import { nextTurn } from './next-turn.js'
import { type FitCallOptions, record, searchOptions } from './options.js'

export interface Fingerprint {
  readonly model: string
  /** Of the model's text. */
  readonly text: string
  /** Params that are estimated: fewer than the text has where some are latents, as in variational Bayes. */
  readonly params: readonly string[]
  /** Values as JSON, by option. */
  readonly options: ReadonlyMap<string, string>
  readonly sizes: ReadonlyMap<string, string>
  /** Of the cells of each array, and of the names of levels. */
  readonly data: ReadonlyMap<string, string>
}

/** Options that no number of the result depends on, and those that are seen in the data. */
const ASIDE: ReadonlySet<string> = new Set<keyof FitCallOptions>([
  'checkpoint',
  'checkpointEvery',
  'columns',
  'groupBy',
  'maxTime',
  'memory',
  'onIteration',
  'onStream',
  'resume',
  'signal',
  'spawn',
  'threads',
])

export async function fingerprintOf(typed: TypedModel, bound: Bound, options: FitCallOptions): Promise<Fingerprint> {
  return {
    model: typed.name,
    text: hashOfText(typed.source.text),
    params: bound.model.params.map((p) => p.name),
    options: optionTexts(options, bound.data),
    sizes: new Map([...bound.data.sizes].map(([name, size]) => [name, String(size)])),
    data: await dataHashes(bound.data),
  }
}

function optionTexts(options: FitCallOptions, data: BoundData): ReadonlyMap<string, string> {
  const { start } = options
  const values = start === undefined ? undefined : startValuesFromJson(record(start))
  const begun = values === undefined ? {} : { start: values }
  const { maxTime: _, ...search } = resolveOptions({ ...searchOptions(options), ...begun })
  const streamed = data.stream === undefined ? {} : { memory: options.memory ?? 1e9 }
  const all = { mode: 'em', mStep: 'auto', ...options, ...search, ...streamed }
  return new Map(
    Object.entries(all)
      .filter(([name, value]) => value != null && (!ASIDE.has(name) || name in streamed))
      .map(([name, value]) => [name, JSON.stringify(toJson(value))]),
  )
}

/** Words that are hashed in one turn of the event loop. */
const PIECE = 2 ** 20

async function dataHashes(data: BoundData): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>()
  for (const [name, array] of data.arrays) {
    const hash = array.stream === undefined ? await hashOfNumbers(array.values) : await hashOfRows(array)
    if (array.offsets !== null) hash.numbers(array.offsets)
    hashes.set(`\`${name}\``, hash.hex())
  }
  for (const [name, lists] of data.levels) hashes.set(`the levels of \`${name}\``, hashOfText(JSON.stringify(lists)))
  return hashes
}

async function hashOfNumbers(values: Float64Array | Int32Array): Promise<Hash> {
  const hash = new Hash()
  for (let from = 0; from < values.length; from += PIECE) {
    hash.numbers(values.subarray(from, from + PIECE))
    await nextTurn()
  }
  return hash
}

async function hashOfRows({ stream, values }: BoundArray): Promise<Hash> {
  const hash = new Hash()
  if (stream === undefined) return hash
  const rows = Math.max(1, Math.floor(PIECE / Math.max(1, stream.width)))
  const length = rows * stream.width
  const into = values instanceof Float64Array ? new Float64Array(length) : new Int32Array(length)
  for (let from = 0; from < stream.rows; from += rows) {
    const to = Math.min(stream.rows, from + rows)
    stream.read(from, to, into)
    hash.numbers(into.subarray(0, (to - from) * stream.width))
    await nextTurn()
  }
  return hash
}

/** How one fit differs from another, in words; empty where it does not. */
export function differences(was: Fingerprint, is: Fingerprint): readonly string[] {
  if (was.model !== is.model) return [`the model was \`${was.model}\`, and is \`${is.model}\``]
  if (was.text !== is.text) return ['the text of the model has changed']
  if (was.params.join() !== is.params.join()) return ['the params that it estimates are others: was its mode another?']
  const sizes = changed(was.sizes, is.sizes).map((name) => valueChanged(name, was.sizes, is.sizes))
  const data = changed(was.data, is.data)
  const cells = data.length === 0 ? [] : [`the data have changed: ${data.join(', ')}`]
  const options = changed(was.options, is.options).map((name) => valueChanged(name, was.options, is.options))
  return [...options, ...(sizes.length > 0 ? sizes : cells)]
}

const changed = (was: ReadonlyMap<string, string>, is: ReadonlyMap<string, string>): readonly string[] =>
  [...new Set([...was.keys(), ...is.keys()])].sort().filter((name) => was.get(name) !== is.get(name))

/** Longest value that is shown. */
const SHOWN = 40

function valueChanged(name: string, was: ReadonlyMap<string, string>, is: ReadonlyMap<string, string>): string {
  const [before, now] = [was.get(name), is.get(name)]
  if ((before?.length ?? 0) > SHOWN || (now?.length ?? 0) > SHOWN) return `\`${name}\` is another`
  if (before === undefined) return `\`${name}\` was not given, and is ${now}`
  return now === undefined ? `\`${name}\` was ${before}, and is not given` : `\`${name}\` was ${before}, and is ${now}`
}

export const fingerprintToJson = ({ model, text, params, options, sizes, data }: Fingerprint): Json => ({
  ...{ model, text, params },
  ...{ options: [...options], sizes: [...sizes], data: [...data] },
})

/** @throws ShapeError where it is none */
export function fingerprintFromJson(document: unknown): Fingerprint {
  const own = new Reading(document, '')
  const texts = (key: string): ReadonlyMap<string, string> => own.at(key).pairs((value) => value.text())
  return {
    ...{ model: own.at('model').text(), text: own.at('text').text() },
    params: own.at('params').list((name) => name.text()),
    ...{ options: texts('options'), sizes: texts('sizes'), data: texts('data') },
  }
}
