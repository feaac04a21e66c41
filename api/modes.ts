/** Modes beside EM over a model that is bound: the programs that they need beside it, and what runs them. */

import { CHUNK_ROWS } from '../compiler/bind/array-parts.js'
import { BATCH_NEWTON_LIMIT, BatchModel } from '../compiler/bind/batch-model.js'
import { batchRows } from '../compiler/bind/batch-rows.js'
import type { BindProgramOptions, ProgramModel } from '../compiler/bind/bound-model.js'
import { DrawnModel } from '../compiler/bind/drawn-model.js'
import { isFirst } from '../compiler/bind/few-rows.js'
import { HardModel } from '../compiler/bind/hard-model.js'
import { TemperedModel } from '../compiler/bind/tempered-model.js'
import { writtenOut } from '../compiler/bind/written-out.js'
import { batchProgram } from '../compiler/modes/batch-program.js'
import { drawnProgram } from '../compiler/modes/drawn-program.js'
import { temperedProgram } from '../compiler/modes/tempered-program.js'
import type { BoundArray, BoundData } from '../runtime/data/types.js'
import { annealMode } from '../runtime/modes/anneal.js'
import { type FitMode, stepMode } from '../runtime/modes/fit-mode.js'
import { type Batches, onlineMode } from '../runtime/modes/online.js'
import { type Drawn, semMode } from '../runtime/modes/sem.js'
import { randomSource } from '../runtime/random.js'
import { OptionError } from './errors.js'
import type { Bound } from './frozen.js'
import { annealSchedule, DEFAULT_BATCH, onlineSchedule, semSchedule } from './mode-options.js'
import { programOf } from './mode-program.js'
import type { FitCallOptions } from './options.js'
import { noBatches, refuseUnknowns, unitBatches } from './unit-batches.js'

/**
 * What runs the mode of these options over a bound model; null: EM.
 *
 * @throws CompileError (E428) where the model has no such mode; OptionError where these data have not
 */
export function modeOf(bound: Bound, options: FitCallOptions): FitMode | null {
  const { mode = 'em' } = options
  switch (mode) {
    case 'em':
    // its model is fitted by EM
    case 'vb':
      return null
    case 'hard':
      return options.batch === undefined ? stepMode('hard') : online(bound, options, 'hard')
    case 'cem':
      return stepMode('cem')
    case 'online':
      return online(bound, options, 'online')
    case 'anneal': {
      const model = new TemperedModel(
        bound.model.derivation,
        programOf(temperedProgram(bound.model.derivation)),
        inMemory(bound, mode),
        settingsOf(bound),
      )
      return annealMode({ model, setBeta: (beta) => model.setBeta(beta) }, annealSchedule(options))
    }
    case 'sem': {
      // each copy of a row has draws of its own
      const written = options.weights === 'sampling' ? null : writtenOut(bound.model)
      const model = new DrawnModel(
        bound.model.derivation,
        programOf(drawnProgram(bound.model.derivation)),
        written?.data ?? inMemory(bound, mode),
        settingsOf(bound),
      )
      const drawn: Drawn = {
        model,
        setDraw: (seed, number) => model.setDraw(seed, number),
        drawnGiven: (given, params) => model.drawnGiven(written?.spread(given) ?? given, params),
      }
      return semMode(drawn, semSchedule(options))
    }
  }
}

function settingsOf({ settings }: Bound): BindProgramOptions {
  const { memory: _, ...own } = settings
  return own
}

function inMemory({ data }: Bound, mode: string): BoundData {
  if (data.stream === undefined) return data
  throw new OptionError(
    `the mode ${mode} needs all rows in memory, and those of ${data.stream.source} are read a part at a time: take mode online`,
  )
}

/** Rows that starts are looked for with. */
const SAMPLE = 10_000

function online(bound: Bound, options: FitCallOptions, name: 'online' | 'hard'): FitMode {
  const { derivation } = bound.model
  const program = batchProgram(derivation, name === 'hard' ? 'max' : 'sum')
  const rows = batchRows(derivation, program)
  const batch = options.batch ?? DEFAULT_BATCH
  if ('why' in rows) {
    const units =
      bound.data.stream !== undefined ? rows.why : unitBatches(bound.model, program, settingsOf(bound), name)
    if (typeof units === 'string') throw new OptionError(`${noBatches(name)}: ${units}`)
    const [most = 0] = units.counts
    const few = units.counts.find((count) => count * batch < most)
    if (few !== undefined)
      throw new OptionError(
        `batches of ${batch} of the ${most} groups, sequences or rows of one kind have none of the ${few} of another kind in some of them: take larger batches`,
      )
    refuseLarge(batch, most, 'groups or sequences', name)
    const orders = units.counts.map((count) => permutation(count, options.seed ?? 1))
    return onlineMode(name, units.batches(orders), batch, onlineSchedule(options))
  }
  const count = bound.data.sizes.get(rows.size) ?? 0
  refuseLarge(batch, count, 'rows', name)
  const data = bound.data.stream === undefined ? shuffled(bound.model, rows.size, batch, options.seed ?? 1) : bound.data
  const settings = { ...settingsOf(bound), sumsOnly: true, newtonLimit: BATCH_NEWTON_LIMIT }
  const model = new BatchModel(derivation, program, data, settings)
  refuseUnknowns(model, name)
  const { sample } = data.stream ?? { sample: data }
  const batches: Batches = {
    rows: count,
    sample: name === 'hard' ? new HardModel(derivation, sample, settingsOf(bound)) : (model.sample ?? model),
    atStart: (params) => ({
      statistics: model.overUnits(sample).eStep(params).statistics,
      rows: sample.sizes.get(rows.size) ?? 0,
    }),
    eStepOver: (params, from, to) => model.eStepOver(params, from, to),
    setPivot: (params) => model.setPivot(params),
    learnt: (params, expectation, turn, from, to) => model.learntOver(params, expectation, turn, from, to),
    ...(model.rules === undefined ? {} : { rules: model.rules }),
  }
  return onlineMode(name, batches, batch, onlineSchedule(options))
}

function refuseLarge(batch: number, count: number, word: string, name: 'online' | 'hard'): void {
  if (batch < count) return
  throw new OptionError(
    `a batch of ${batch} ${word} leaves nothing to go on to: the data have ${count}; take fewer, or mode ${name === 'hard' ? 'hard without a batch' : 'em'}`,
  )
}

/** Rows that lie in memory, in an order drawn at random, as if they were read a batch at a time. */
function shuffled(model: ProgramModel, size: string, batch: number, seed: number): BoundData {
  const { data, derivation } = model
  const rows = data.sizes.get(size) ?? 0
  const order = permutation(rows, seed)
  const few = order.slice(0, Math.min(rows, SAMPLE)).sort()
  const [streamed, sampled] = [new Map<string, BoundArray>(), new Map<string, BoundArray>()]
  for (const [name, array] of data.arrays) {
    if (!isFirst(derivation, name, size)) {
      streamed.set(name, array)
      sampled.set(name, array)
      continue
    }
    const width = array.values.length / rows
    const { values } = array
    const take = (at: Int32Array, from: number, to: number, into: Float64Array | Int32Array): void => {
      for (let i = from; i < to; i++) {
        const row = at[i] ?? 0
        into.set(values.subarray(row * width, (row + 1) * width), (i - from) * width)
      }
    }
    const length = few.length * width
    const own = values instanceof Int32Array ? new Int32Array(length) : new Float64Array(length)
    take(few, 0, few.length, own)
    const { origins: _, ...rest } = array
    sampled.set(name, { ...rest, values: own, shape: [few.length, ...array.shape.slice(1)], missing: missingIn(own) })
    streamed.set(name, {
      ...rest,
      values: values instanceof Int32Array ? new Int32Array(0) : new Float64Array(0),
      stream: { rows, width, read: (from, to, into) => take(order, from, to, into) },
    })
  }
  const sample = { ...data, sizes: new Map(data.sizes).set(size, few.length), arrays: sampled }
  return {
    ...data,
    arrays: streamed,
    stream: {
      source: 'the data',
      size,
      rows,
      window: Math.ceil(batch / CHUNK_ROWS) * CHUNK_ROWS,
      columns: 0,
      scratchBytes: 0,
      sample,
    },
  }
}

const missingIn = (values: Float64Array | Int32Array): number =>
  values instanceof Int32Array
    ? values.reduce((n, x) => n + (x === -1 ? 1 : 0), 0)
    : values.reduce((n, x) => n + (Number.isNaN(x) ? 1 : 0), 0)

/** Fisher and Yates. */
function permutation(rows: number, seed: number): Int32Array {
  const random = randomSource(seed, 103)
  const order = Int32Array.from({ length: rows }, (_, i) => i)
  for (let i = rows - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const [a, b] = [order[i] ?? 0, order[j] ?? 0]
    order[i] = b
    order[j] = a
  }
  return order
}
