/** The log density of `value ~ distribution` as one scalar, independent over batch dimensions. */
import type { Span } from '../../lang/source.js'
import type { TDistribution } from '../../lang/typed/types.js'
import { caseOf, compare, idx, ONE, ref, sum, ZERO } from '../algebra/build.js'
import { normaliseMatrices } from '../algebra/matrices.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import type { DensityContext, Distribution, Tensor } from '../distributions/types.js'
import { type BuiltTensor, type IndexSupply, NotElaborated, unrollSums } from './tensors.js'

export interface DensityPlace {
  readonly span: Span
  readonly supply: IndexSupply
  /** true for data whose cells may be missing. */
  readonly isOptional: (name: string) => boolean
}

/** The log density of one element. */
export interface ElementDensity {
  of(element: Tensor, args: ReadonlyMap<string, Tensor>, context: DensityContext): Expr
  /** It does not read the value, which only names the row: a missing cell says nothing. */
  readonly namesRow?: boolean
}

const NAMES_OF_BATCH = ['d', 'e', 'g'] as const

/** One element of `value ~ distribution`: over the batch dimensions it is independent. */
export interface Element {
  /** Indices of the batch dimensions. */
  readonly indices: readonly IndexVar[]
  readonly element: Tensor
  readonly args: ReadonlyMap<string, Tensor>
}

/**
 * The element at indices of the batch dimensions; an argument with fewer dimensions is shared by them.
 *
 * @throws NotElaborated where shapes leave no meaning
 */
export function elementOf(
  distribution: Distribution,
  d: Extract<TDistribution, { kind: 'plain' }>,
  value: BuiltTensor,
  args: ReadonlyMap<string, BuiltTensor>,
  place: Pick<DensityPlace, 'span' | 'supply'>,
): Element {
  const { signature } = distribution
  const rank = signature.value.rank
  const batch = value.dims.length - rank
  if (batch < 0)
    throw new NotElaborated(`${signature.name} needs a ${rank === 1 ? 'vector' : 'matrix'} on its left`, place.span)
  const ranks = new Map((signature.parametrisations[d.parametrisation]?.arguments ?? []).map((a) => [a.name, a.rank]))
  const indices: IndexVar[] = []
  for (let i = 0; i < batch; i++) {
    const dim = value.dims[i]
    if (dim === undefined) throw new Error('batch dimension missing')
    const hint = NAMES_OF_BATCH[i] ?? 'd'
    indices.push(place.supply.fresh(hint, dim.sizeAt === undefined ? dim.size : dim.sizeAt(indices.map(idx))))
  }
  const at = indices.map(idx)
  const element: Tensor = { dims: value.dims.slice(batch), at: (i) => value.at([...at, ...i]) }
  const given = new Map<string, Tensor>()
  for (const [name, t] of args) {
    const own = Math.min(ranks.get(name) ?? 0, t.dims.length)
    const shared = t.dims.length - own
    if (shared > batch)
      throw new NotElaborated(
        `the argument \`${name}\` of ${signature.name} has more dimensions than the left side`,
        place.span,
      )
    const lead = at.slice(batch - shared)
    const dims = t.dims.slice(shared).map((dim) => ({ size: dim.sizeAt === undefined ? dim.size : dim.sizeAt(lead) }))
    given.set(name, { dims, at: (i) => t.at([...lead, ...i]) })
  }
  return { indices, element, args: given }
}

/**
 * Sum over the batch dimensions of the left side.
 *
 * @throws NotElaborated where shapes leave no meaning, or a missing cell lies inside a vector-valued distribution
 */
export function logDensityOf(
  distribution: Distribution,
  d: Extract<TDistribution, { kind: 'plain' }>,
  value: BuiltTensor,
  args: ReadonlyMap<string, BuiltTensor>,
  place: DensityPlace,
  density: ElementDensity = { of: (element, given, context) => distribution.logDensity(element, given, context) },
): Expr {
  const { indices, element, args: given } = elementOf(distribution, d, value, args, place)
  let e = density.of(element, given, { index: (name, size) => place.supply.fresh(name, size) })
  if (density.namesRow !== true) e = guardMissing(e, element, distribution.signature.value.rank, place)
  e = normaliseMatrices(unrollSums(indices.reduceRight((body, v) => sum(v, body), e)))
  return e
}

/**
 * A log density that the model writes out, which reads its value by name: one number for all that stands on the left.
 *
 * @throws NotElaborated where a missing cell lies inside a vector
 */
export const writtenDensity = (logDensity: Expr, value: Tensor, place: DensityPlace): Expr =>
  normaliseMatrices(unrollSums(guardMissing(logDensity, value, value.dims.length, place)))

/** A missing cell that is read nowhere else integrates to one: its term counts only where the cell is observed. */
function guardMissing(e: Expr, element: Tensor, rank: number, place: DensityPlace): Expr {
  const probe =
    element.dims.length === 0
      ? element.at([])
      : element.at(element.dims.map((d, i) => idx(place.supply.fresh(`p${i}`, d.size))))
  const optional = collectNodes(probe, (n) => n.kind === 'ref' && n.space === 'data' && place.isOptional(n.name))
  if (optional.length === 0) return e
  const cell = optional[0]
  if (rank > 0 || optional.length > 1 || cell?.kind !== 'ref')
    throw new NotElaborated(
      'missing cells inside a vector-valued distribution have no derivation in this version',
      place.span,
    )
  return caseOf(compare('==', ref('observed', cell.name, cell.index), ONE), e, ZERO)
}
