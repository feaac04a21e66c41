import type { BoundModel, ParamLayout } from './contract.js'
import { numberFromJson, objectEntries } from './json.js'
import { extentAt } from './nest.js'

/** Values of some params by name, nested as in the `params` of a result. */
export type StartValues = ReadonlyMap<string, unknown>

/** How values are read: what they are called in complaints, and whether cells may be left out. */
export interface Reading {
  readonly what: string
  /** Takes the offsets of cells that are `null`; without it none may be. */
  readonly free?: Set<number>
}

const START: Reading = { what: 'start value' }

/** What is wrong with a start. */
export interface StartProblem {
  /** The param, or null where the whole is wrong. */
  readonly param: string | null
  readonly message: string
}

/** Probabilities whose sum is off by more than this are refused, by more than `KEPT` rescaled. */
const SUM_TOLERANCE = 1e-6
const KEPT = 1e-8

/**
 * The start values in a JSON document: a record of params, or a whole fit file, whose `params` are taken.
 *
 * @returns undefined where the document is no object
 */
export function startValuesFromJson(document: unknown): StartValues | undefined {
  const entries = objectEntries(document)
  if (entries === undefined) return undefined
  const isFit = entries.has('format') && entries.has('model') && entries.has('params')
  return isFit ? objectEntries(entries.get('params')) : entries
}

/**
 * Writes start values over `base`. Params not named keep the value of `base`. Probabilities within 1e-6 of summing to 1
 * are rescaled, within 1e-8 kept as they are.
 *
 * @returns the flat params, or what is wrong with the values: names, shapes, supports
 */
export function applyStartValues(
  model: Pick<BoundModel, 'params'>,
  values: StartValues,
  base: Float64Array,
  reading = START,
): { readonly params: Float64Array; readonly problems: readonly StartProblem[] } {
  const params = new Float64Array(base)
  const problems: StartProblem[] = []
  const layouts = new Map(model.params.map((layout) => [layout.name, layout]))
  for (const [name, value] of values) {
    const layout = layouts.get(name)
    if (layout === undefined) {
      const known = model.params.map((param) => `\`${param.name}\``).join(', ')
      problems.push({ param: name, message: `the model has no param \`${name}\`; it has ${known}` })
      continue
    }
    const problem = write(layout, value, params, reading) ?? outsideSupport(layout, params, reading)
    if (problem !== null) problems.push({ param: name, message: problem })
  }
  return { params, problems }
}

/** Checks the shape while it copies; the first mismatch is the complaint. */
function write(layout: ParamLayout, value: unknown, params: Float64Array, { what, free }: Reading): string | null {
  const { shape, name } = layout
  const walk = (item: unknown, dimension: number, row: number, path: readonly number[]): string | null => {
    const at = place(name, path)
    if (item === null && free !== undefined) {
      const cells = shape.slice(dimension).reduce((a, b) => a * b, 1)
      for (let i = 0; i < cells; i++) free.add(layout.offset + row * cells + i)
      return null
    }
    if (dimension === shape.length) {
      const number = typeof item === 'boolean' ? Number(item) : numberFromJson(item)
      if (number === undefined) return `the ${what} of ${at} is ${kindOf(item)}, and a number is needed`
      if (Number.isNaN(number)) return `the ${what} of ${at} is missing`
      params[layout.offset + row] = number
      return null
    }
    const extent = extentAt(layout, dimension, row)
    const items = listOf(item)
    if (items === undefined) return `the ${what} of ${at} is ${kindOf(item)}, and an array of ${extent} is needed`
    if (items.length !== extent) {
      return `the ${what} of ${at} has ${items.length} ${items.length === 1 ? 'element' : 'elements'}, and ${extent} ${extent === 1 ? 'is' : 'are'} needed`
    }
    const padded = shape[dimension] ?? 0
    for (let i = 0; i < extent; i++) {
      const problem = walk(items[i], dimension + 1, row * padded + i, [...path, i + 1])
      if (problem !== null) return problem
    }
    return null
  }
  return walk(value, 0, 0, [])
}

/** Checks the values against the support, and rescales probabilities that are off by rounding. */
function outsideSupport(layout: ParamLayout, params: Float64Array, { what, free }: Reading): string | null {
  const { shape, support, name } = layout
  const rank = valueRank(support.kind)
  const leading = shape.slice(0, shape.length - rank)
  const block = shape.slice(shape.length - rank).reduce((a, b) => a * b, 1)
  const blocks = leading.reduce((a, b) => a * b, 1)
  for (let b = 0; b < blocks; b++) {
    // A padded row of a ragged array in front of the last dimension holds nothing.
    const used = rank === 0 ? scalarUsed(layout, b) : rank === 1 ? extentAt(layout, shape.length - 1, b) : block
    const begin = layout.offset + b * block
    const values = params.subarray(begin, begin + (rank === 1 ? used : block))
    const left = values.reduce((n, _, i) => n + (free?.has(begin + i) ? 1 : 0), 0)
    if (left > 0 && left === values.length) continue
    const problem =
      left > 0
        ? `has ${values.length - left} of its ${values.length} numbers: ${WHOLE.get(support.kind)} is given whole or left free`
        : used === 0
          ? null
          : check(layout, values, shape[shape.length - 1] ?? 1)
    if (problem !== null) return `the ${what} of ${place(name, unravel(b, leading))} ${problem}`
  }
  return null
}

/** Values that are more than one number. */
const WHOLE: ReadonlyMap<string, string> = new Map([
  ['simplex', 'a probability vector'],
  ['ordered', 'an increasing vector'],
  ['covariance', 'a covariance matrix'],
  ['correlation', 'a correlation matrix'],
])

function check(layout: ParamLayout, values: Float64Array, size: number): string | null {
  const { support } = layout
  const broken = values.find((value) => !Number.isFinite(value))
  if (broken !== undefined) return `is ${broken}, and must be finite`
  const first = values[0] ?? Number.NaN
  switch (support.kind) {
    case 'real':
      return null
    case 'positive':
      return first > 0 ? null : `is ${first}, and must be above 0`
    case 'nonnegative':
      return first >= 0 ? null : `is ${first}, and must be 0 or above`
    case 'unit':
      return first >= 0 && first <= 1 ? null : `is ${first}, and must lie between 0 and 1`
    case 'interval':
      return first >= support.low && first <= support.high
        ? null
        : `is ${first}, and must lie between ${support.low} and ${support.high}`
    case 'simplex':
      return checkSimplex(values)
    case 'ordered':
      return values.every((value, i) => i === 0 || value >= (values[i - 1] ?? value))
        ? null
        : 'must be in ascending order'
    case 'covariance':
    case 'correlation':
      return checkMatrix(values, size, support.kind)
    case 'int':
    case 'category':
      return Number.isInteger(first) ? null : `is ${first}, and must be a whole number`
    case 'count':
      return Number.isInteger(first) && first >= 0 ? null : `is ${first}, and must be a count`
    case 'bool':
      return first === 0 || first === 1 ? null : `is ${first}, and must be true or false`
  }
}

function checkSimplex(values: Float64Array): string | null {
  let sum = 0
  for (const value of values) {
    if (!(value >= 0)) return `has the probability ${value}, and none may be below 0`
    sum += value
  }
  if (Math.abs(sum - 1) > SUM_TOLERANCE) return `sums to ${sum}, and must sum to 1`
  if (Math.abs(sum - 1) > KEPT)
    values.forEach((value, i) => {
      values[i] = value / sum
    })
  return null
}

/** Symmetric and positive definite, by Cholesky's decomposition. */
function checkMatrix(values: Float64Array, size: number, kind: 'covariance' | 'correlation'): string | null {
  const at = (i: number, j: number): number => values[i * size + j] ?? Number.NaN
  for (let i = 0; i < size; i++) {
    if (kind === 'correlation' && Math.abs(at(i, i) - 1) > KEPT)
      return `has ${at(i, i)} on the diagonal, and must have 1`
    for (let j = 0; j < i; j++) {
      const largest = Math.max(Math.abs(at(i, j)), Math.abs(at(j, i)), Number.MIN_VALUE)
      if (Math.abs(at(i, j) - at(j, i)) > KEPT * largest) return 'is not symmetric'
    }
  }
  const lower = new Float64Array(size * size)
  const get = (i: number, j: number): number => lower[i * size + j] ?? 0
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = at(i, j)
      for (let m = 0; m < j; m++) rest -= get(i, m) * get(j, m)
      if (i === j && !(rest > 0)) return 'is not positive definite'
      lower[i * size + j] = i === j ? Math.sqrt(rest) : rest / get(j, j)
    }
  }
  return null
}

/** How many of the last dimensions one value takes. */
function valueRank(kind: ParamLayout['support']['kind']): 0 | 1 | 2 {
  if (kind === 'simplex' || kind === 'ordered') return 1
  return kind === 'covariance' || kind === 'correlation' ? 2 : 0
}

function scalarUsed(layout: ParamLayout, element: number): number {
  const last = layout.shape[layout.shape.length - 1]
  if (layout.used === null || last === undefined) return 1
  return element % last < extentAt(layout, layout.shape.length - 1, Math.floor(element / last)) ? 1 : 0
}

function unravel(row: number, shape: readonly number[]): number[] {
  const index: number[] = []
  let rest = row
  for (let d = shape.length - 1; d >= 0; d--) {
    const extent = shape[d] ?? 1
    index.unshift((rest % extent) + 1)
    rest = Math.floor(rest / extent)
  }
  return index
}

function place(name: string, path: readonly number[]): string {
  return path.length === 0 ? `\`${name}\`` : `\`${name}[${path.join(', ')}]\``
}

function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value
  if (value instanceof Float64Array || value instanceof Float32Array || value instanceof Int32Array) {
    return Array.from(value)
  }
  return undefined
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'missing'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'string') return `the text ${JSON.stringify(value)}`
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${String(value)}`
}
