/** Lines through the params of a model along which its objective and its lower bound are looked at. */
import type { ParamLayout } from '../runtime/contract.js'

/** One number of a param: 1-based indices, as many as it has dimensions. */
export interface ParamElement {
  readonly param: string
  readonly index: readonly number[]
  /** `mu[2]`, `sigma`. */
  readonly label: string
}

/** A line θ(x), and the open interval of x on which it stays inside the supports. */
export interface BoundLine {
  readonly label: string
  at(x: number): Float64Array
  readonly low: number
  readonly high: number
  /** x of the point that the line was drawn through, or the nearest to it. */
  readonly here: number
  /** x of other params: that of the nearest point of the line. */
  of(params: Float64Array): number
}

/** The numbers of params that can be moved by themselves: all but elements of matrices and of integers. */
export function paramElements(params: readonly ParamLayout[], most = 200): readonly ParamElement[] {
  return params
    .flatMap((p) =>
      movable(p)
        ? Array.from({ length: p.length }, (_, flat) => ({ p, index: unravel(flat, p.shape) })).filter(({ index }) =>
            isUsed(p, index),
          )
        : [],
    )
    .slice(0, most)
    .map(({ p, index }) => ({ param: p.name, index, label: elementLabel(p, index) }))
}

/**
 * Along one number of a param, all others as they are; but the other weights of a simplex keep their proportions, so that
 * they sum to 1. null where there is no such number, or nothing to move it by.
 */
export function elementLine(
  params: readonly ParamLayout[],
  theta: Float64Array,
  element: Pick<ParamElement, 'param' | 'index'>,
): BoundLine | null {
  const p = params.find((l) => l.name === element.param)
  if (p === undefined || !movable(p) || element.index.length !== p.shape.length) return null
  const flat = element.index.reduce((at, i, d) => at * (p.shape[d] ?? 1) + i - 1, 0)
  const own = p.offset + flat
  const here = theta[own]
  if (here === undefined || !(flat >= 0 && flat < p.length)) return null
  const of = (other: Float64Array): number => other[own] ?? Number.NaN
  const label = elementLabel(p, element.index)
  if (p.support.kind === 'simplex') {
    const width = p.shape.at(-1) ?? 1
    const begin = own - ((own - p.offset) % width)
    const rest = 1 - here
    const used = p.used === null ? width : (p.used[(begin - p.offset) / width] ?? width)
    if (used < 2) return null
    return {
      label,
      here,
      low: 0,
      high: 1,
      of,
      at(x) {
        const out = theta.slice()
        if (x === here) return out
        for (let i = begin; i < begin + used; i++)
          out[i] = i === own ? x : rest > 0 ? ((theta[i] ?? 0) * (1 - x)) / rest : (1 - x) / (used - 1)
        return out
      },
    }
  }
  const { low, high } = ends(p, theta, own)
  return {
    label,
    here,
    low,
    high,
    of,
    at(x) {
      const out = theta.slice()
      out[own] = x
      return out
    },
  }
}

/**
 * From one point (x = 0) to another (x = 1), moved so that it passes through `through`. Supports are convex, so all
 * between two points of them lies inside; beyond, and where it is moved, some objective may not be defined.
 */
export function straightLine(
  from: Float64Array,
  to: Float64Array,
  label: string,
  through: Float64Array = from,
): BoundLine | null {
  const step = to.map((b, i) => b - (from[i] ?? 0))
  const square = step.reduce((s, d) => s + d * d, 0)
  if (!(square > 0)) return null
  const of = (point: Float64Array): number =>
    step.reduce((s, d, i) => s + d * ((point[i] ?? 0) - (from[i] ?? 0)), 0) / square
  const here = of(through)
  return {
    label,
    here,
    of,
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
    at: (x) => through.map((v, i) => v + (x - here) * (step[i] ?? 0)),
  }
}

function movable({ support }: ParamLayout): boolean {
  switch (support.kind) {
    case 'real':
    case 'positive':
    case 'nonnegative':
    case 'unit':
    case 'interval':
    case 'simplex':
    case 'ordered':
      return true
    default:
      return false
  }
}

function ends(p: ParamLayout, theta: Float64Array, own: number): { readonly low: number; readonly high: number } {
  const none = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  switch (p.support.kind) {
    case 'positive':
    case 'nonnegative':
      return { ...none, low: 0 }
    case 'unit':
      return { low: 0, high: 1 }
    case 'interval':
      return { low: p.support.low, high: p.support.high }
    case 'ordered': {
      const width = p.shape.at(-1) ?? 1
      const i = (own - p.offset) % width
      return {
        low: i === 0 ? none.low : (theta[own - 1] ?? none.low),
        high: i === width - 1 ? none.high : (theta[own + 1] ?? none.high),
      }
    }
    default:
      return none
  }
}

function elementLabel(p: ParamLayout, index: readonly number[]): string {
  const names = index.map((i, d) => p.labels[d]?.[i - 1] ?? String(i))
  return names.length === 0 ? p.name : `${p.name}[${names.join(', ')}]`
}

function isUsed(p: ParamLayout, index: readonly number[]): boolean {
  if (p.used === null) return true
  const row = index.slice(0, -1).reduce((at, i, d) => at * (p.shape[d] ?? 1) + i - 1, 0)
  return (index.at(-1) ?? 1) <= (p.used[row] ?? Number.POSITIVE_INFINITY)
}

function unravel(flat: number, shape: readonly number[]): readonly number[] {
  const index: number[] = []
  let rest = flat
  for (let d = shape.length - 1; d >= 0; d--) {
    const extent = shape[d] ?? 1
    index.unshift((rest % extent) + 1)
    rest = Math.floor(rest / extent)
  }
  return index
}
