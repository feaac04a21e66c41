import type { CaseId, CaseReference } from './cases.js'
import { type Nested, nested, type Params, param, quantities, rows } from './quantities.js'

export interface Comparison {
  /** Largest |estimate − reference| under the best order of the components; null where the case compares none. */
  readonly error: number | null
  readonly within: boolean
}

/** Compares a fit's params with the reference, up to the order of components. */
export function compareParams(id: CaseId, reference: CaseReference, params: Params): Comparison {
  const compared = quantities[id]
  if (compared.length === 0) return { error: null, within: true }
  const pairs = compared.map((q) => ({
    components: q.components,
    reference: nested(lookup(reference.params, q.of), q.of),
    fit: q.fit(params),
    allowed: allowance(reference.tolerance, q.tolerance),
  }))
  const first = pairs.find((p) => p.components > 0)
  const orders = first === undefined ? [[]] : permutations(rows(first.reference).length)
  let best = { error: Number.POSITIVE_INFINITY, ratio: Number.POSITIVE_INFINITY }
  for (const order of orders) {
    const distances = pairs.map((p) => distance(p.reference, reordered(p.fit, order, p.components), p.allowed))
    const ratio = Math.max(...distances.map((d) => d.ratio))
    if (ratio < best.ratio) best = { error: Math.max(...distances.map((d) => d.error)), ratio }
  }
  return { error: best.error, within: best.ratio <= 1 }
}

/** The leading `axes` axes in the given order of components. */
function reordered(value: Nested, order: readonly number[], axes: number): Nested {
  if (axes === 0) return value
  return order.map((k) => reordered(rows(value)[k] ?? Number.NaN, order, axes - 1))
}

/**
 * Largest |estimate − expected| up to one order of components, for the examples. The order moves the first n entries of
 * every array that has so many: those that a value beyond the components has too, such as noise, stay.
 */
export function compareValues(expected: Readonly<Record<string, Nested>>, params: Params): number {
  const names = Object.keys(expected)
  const value = (name: string): Nested => expected[name] ?? Number.NaN
  const lengths = [...new Set(names.map((name) => rows(value(name)).length))].filter((n) => n > 1 && n <= 6)
  const worst = (order: readonly number[]): number =>
    Math.max(
      ...names.map((name) => {
        const fit = param(name)(params)
        const moved = typeof fit !== 'number' && rows(value(name)).length >= order.length
        const inOrder = moved ? rows(fit).map((_, k) => rows(fit)[order[k] ?? k] ?? Number.NaN) : fit
        return distance(value(name), inOrder, () => 1).error
      }),
    )
  return Math.min(worst([]), ...lengths.flatMap((n) => permutations(n).map(worst)))
}

function allowance(
  tolerance: CaseReference['tolerance'],
  own: keyof CaseReference['tolerance'] | undefined,
): (reference: number) => number {
  const { paramsAbs, paramsRel, fittedAbs } = tolerance
  const relative = (rel: number) => (reference: number) => rel * Math.abs(reference) + 1e-4
  if (own !== undefined) {
    const value = tolerance[own]
    if (typeof value !== 'number') throw new Error(`the case gives no ${own}`)
    return own.endsWith('Rel') ? relative(value) : () => value
  }
  if (typeof paramsAbs === 'number') return () => paramsAbs
  if (typeof fittedAbs === 'number') return () => fittedAbs
  if (typeof paramsRel === 'number') return relative(paramsRel)
  throw new Error('the case gives no tolerance for its params')
}

/** Infinite where shapes differ or a number is missing. */
function distance(
  reference: Nested,
  fit: Nested,
  allowed: (reference: number) => number,
): { error: number; ratio: number } {
  const [expected, found] = [flat(reference), flat(fit)]
  let [error, ratio] = [0, 0]
  for (const [i, r] of expected.entries()) {
    const difference = Math.abs((found[i] ?? Number.NaN) - r)
    error = Math.max(error, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference)
    ratio = Math.max(ratio, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / allowed(r))
  }
  return expected.length === found.length
    ? { error, ratio }
    : { error: Number.POSITIVE_INFINITY, ratio: Number.POSITIVE_INFINITY }
}

const flat = (value: Nested): readonly number[] => (typeof value === 'number' ? [value] : value.flatMap(flat))

function permutations(n: number): number[][] {
  if (n === 0) return [[]]
  return permutations(n - 1).flatMap((rest) =>
    Array.from({ length: n }, (_, at) => [...rest.slice(0, at), n - 1, ...rest.slice(at)]),
  )
}

function lookup(record: Params, path: string): unknown {
  return path.split('.').reduce((value: unknown, key) => (isRecord(value) ? value[key] : undefined), record)
}

const isRecord = (value: unknown): value is Params => typeof value === 'object' && value !== null
