/**
 * What each statement says of one cell of data, or of one vector of cells, given the latents: the density as a function of
 * a value that is left open, and its moments. For pictures of a model at some params; nothing is derived from it.
 */
import type { Span } from '../../lang/source.js'
import type { TDistribution } from '../../lang/typed/types.js'
import { idx, ONE, ref, ZERO } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import { normaliseMatrices } from '../algebra/matrices.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { rewrite } from '../algebra/visit.js'
import type { Distribution, Tensor } from '../distributions/types.js'
import { type ElementDensity, elementOf } from './log-density.js'
import type { PredictivePlace } from './predictive.js'
import { type BuiltTensor, unrollSums } from './tensors.js'
import type { Loop } from './types.js'

/** The open value: a `ref` of space `table` with this name, and the own indices of a vector. */
export const OPEN_VALUE = 'open value'

export interface CellDensity {
  readonly data: string
  /** Indices of the cell, by the loops, the batch and the own indices. */
  readonly index: readonly Expr[]
  readonly loops: readonly Loop[]
  /** Over these it is independent. */
  readonly batch: readonly IndexVar[]
  /** Coordinates of a vector-valued distribution; empty for one of numbers. */
  readonly own: readonly IndexVar[]
  /** Conditions of the enclosing `if`s; it may read latents. */
  readonly guard: Guard
  readonly logDensity: Expr
  /** Values are integers, or labels from 1. */
  readonly discrete: boolean
  /** Ends of the support, where there are any: the density is 0 beyond them. Of numbers only. */
  readonly low: Expr | null
  readonly high: Expr | null
  /** Of coordinate own[0], and of coordinates own[0] and other; null where there is no closed form. */
  readonly moments: { readonly mean: Expr; readonly variance: Expr } | null
  readonly covariance: { readonly other: IndexVar; readonly value: Expr } | null
  /** The density is that of the value before it was censored. */
  readonly censored: boolean
  /**
   * log P(X ≤ value) and log P(X > value) at the open value, within the ends; of coordinate own[0] of a vector. null where
   * there is no closed form, and of Normal vectors.
   */
  readonly tail: { readonly below: Expr; readonly above: Expr } | null
  /** Name of the distribution; null for a density that is written out, or made from another by its tails. */
  readonly distribution: string | null
  readonly span: Span
}

const open = (index: readonly Expr[]): Expr => ref('table', OPEN_VALUE, index)
const plain = (e: Expr): Expr => normaliseMatrices(unrollSums(e))

/** null where the left side is no cell, or no vector of cells, of data. */
export function cellDensityOf(
  distribution: Distribution,
  d: Extract<TDistribution, { kind: 'plain' }>,
  value: BuiltTensor,
  args: ReadonlyMap<string, BuiltTensor>,
  place: PredictivePlace,
  made: { readonly density?: ElementDensity; readonly censored?: boolean } = {},
): CellDensity | null {
  const { supply } = place
  const { signature } = distribution
  if (signature.value.rank > 1) return null
  const { indices, element, args: given } = elementOf(distribution, d, value, args, place)
  const own = element.dims.map((dim) => supply.fresh('i', dim.size))
  const cell = element.at(own.map(idx))
  if (cell.kind !== 'ref' || cell.space !== 'data') return null
  const context = { index: (name: string, size: Expr) => supply.fresh(name, size) }
  const opened: Tensor = { dims: element.dims, at: open }
  const [first] = own
  const vector = first === undefined ? undefined : distribution.vectorMoments?.(given, context)
  const alone =
    first === undefined || made.density !== undefined ? undefined : distribution.coordinate?.(given, idx(first))
  const scalars = own.length === 0 && made.density === undefined ? distribution.moments?.(given) : undefined
  const other = first === undefined ? null : supply.fresh('j', first.to)
  return {
    data: cell.name,
    index: cell.index,
    loops: place.loops,
    batch: indices,
    own,
    guard: place.guard,
    logDensity: plain(
      made.density === undefined || made.censored === true
        ? distribution.logDensity(opened, given, context)
        : made.density.of(opened, given, context),
    ),
    discrete: signature.value.discrete,
    ...(own.length === 0 ? endsOf(distribution, given) : { low: null, high: null }),
    moments:
      first !== undefined && vector !== undefined
        ? { mean: plain(vector.mean(idx(first))), variance: plain(vector.covariance(idx(first), idx(first))) }
        : alone !== undefined
          ? { mean: plain(alone.mean), variance: plain(alone.variance) }
          : scalars === undefined
            ? null
            : { mean: plain(scalars.mean), variance: plain(scalars.variance) },
    covariance:
      first !== undefined && other !== null && vector !== undefined
        ? { other, value: plain(vector.covariance(idx(first), idx(other))) }
        : null,
    censored: made.censored ?? false,
    tail: made.density === undefined ? tailOf(distribution, given, alone, own) : null,
    distribution: made.density === undefined ? signature.name : null,
    span: place.span,
  }
}

function tailOf(
  distribution: Distribution,
  args: ReadonlyMap<string, Tensor>,
  alone: ReturnType<NonNullable<Distribution['coordinate']>> | undefined,
  own: readonly IndexVar[],
): CellDensity['tail'] {
  const tail = alone ?? (own.length > 0 ? undefined : (distribution.tail?.(args) ?? distribution.arc?.(args)))
  const x = open(own.map((v) => idx(v)))
  return tail === undefined ? null : { below: plain(tail.below(x)), above: plain(tail.above(x)) }
}

function endsOf(
  distribution: Distribution,
  args: ReadonlyMap<string, Tensor>,
): { readonly low: Expr | null; readonly high: Expr | null } {
  const ends = distribution.domain?.(args) ?? distribution.tail?.(args)
  if (ends !== undefined) return { low: ends.low, high: ends.high }
  switch (distribution.signature.value.support) {
    case 'positive':
    case 'nonnegative':
    case 'count':
      return { low: ZERO, high: null }
    case 'unit':
    case 'bool':
      return { low: ZERO, high: ONE }
    default:
      return { low: null, high: null }
  }
}

/** The same for a log density that is written out and reads its value by name. */
export function writtenCell(
  logDensity: Expr,
  value: BuiltTensor,
  place: PredictivePlace,
  discrete: boolean,
): CellDensity | null {
  if (value.dims.length > 0) return null
  const cell = value.at([])
  if (cell.kind !== 'ref' || cell.space !== 'data') return null
  const key = keyOf(cell)
  return {
    data: cell.name,
    index: cell.index,
    loops: place.loops,
    batch: [],
    own: [],
    guard: place.guard,
    logDensity: plain(rewrite(logDensity, (n) => (n.kind === 'ref' && keyOf(n) === key ? open([]) : n))),
    discrete,
    low: null,
    high: null,
    moments: null,
    covariance: null,
    censored: false,
    tail: null,
    distribution: null,
    span: place.span,
  }
}
