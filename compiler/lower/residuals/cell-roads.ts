/**
 * How latents are integrated out of what a statement says of a cell: discrete ones are values of a table; where its mean is
 * linear in Normal ones two moments are enough; others are integrated over points of their posterior.
 */
import { keyOf } from '../../algebra/key.js'
import type { Expr } from '../../algebra/types.js'
import { collectNodes, freeIndices, some } from '../../algebra/visit.js'
import type { Derivation } from '../../derive.js'
import { blockOf } from '../../estep/expectation.js'
import { type Cell, isCell } from '../../estep/moments.js'
import type {
  BlockCell,
  ConjugateBlock,
  ContinuousBlock,
  EStepPlan,
  GaussianBlock,
  NodeBlock,
} from '../../estep/types.js'
import { type CellDensity, OPEN_VALUE } from '../../graph/cell-density.js'
import { hasNestedSelector, type LiftedFactor } from '../../graph/lift.js'
import { isDrawn } from './drawn-blocks.js'
import { isAdditive, partOf } from './normal-parts.js'

export type CellRoad =
  | { readonly kind: 'plain' }
  | { readonly kind: 'linear'; readonly block: GaussianBlock; readonly row: readonly Expr[] }
  /** One number with a posterior of known density. */
  | {
      readonly kind: 'line'
      readonly block: ConjugateBlock | GaussianBlock
      readonly row: readonly Expr[]
      readonly cell: BlockCell
      /** Normal latents given that number, in which the mean of a Normal cell is linear. */
      readonly within: GaussianBlock | null
    }
  /** A Normal cell under a factorised posterior: a sum of linear functions of Normal latents, its spread known or one number. */
  | {
      readonly kind: 'normal'
      readonly parts: readonly NormalPart[]
      readonly spread: {
        readonly block: ConjugateBlock
        readonly row: readonly Expr[]
        readonly cell: BlockCell
      } | null
    }
  /** Several numbers, drawn from the posteriors that hold them. */
  | { readonly kind: 'drawn'; readonly places: readonly DrawnPlace[] }
  /** All that one posterior by nodes holds. */
  | { readonly kind: 'nodes'; readonly block: NodeBlock; readonly row: readonly Expr[] }
  | { readonly kind: 'none'; readonly reason: string; readonly isDrawn: boolean }

/** A row of a posterior that is drawn from. */
export interface DrawnPlace {
  readonly block: ContinuousBlock
  readonly row: readonly Expr[]
  /** Of one system over all cells: the first coordinates, which are those of all that is read. */
  readonly lead: readonly Expr[]
}

/** What a mean reads of one row of Normal latents. */
export interface NormalPart {
  readonly block: GaussianBlock
  readonly row: readonly Expr[]
  readonly part: Expr
}

const none = (reason: string): CellRoad => ({ kind: 'none', reason, isDrawn: false })
/** What draws may be for. */
const several = (reason: string): CellRoad => ({ kind: 'none', reason, isDrawn: true })

export function roadOf(cell: CellDensity, lifted: LiftedFactor, d: Derivation, plan: EStepPlan): CellRoad {
  const found = exactRoad(cell, lifted, d, plan)
  return found.kind === 'none' && found.isDrawn ? (drawnOf(cell, lifted, plan) ?? found) : found
}

/** In closed form, or by quadrature. */
function exactRoad(cell: CellDensity, lifted: LiftedFactor, d: Derivation, plan: EStepPlan): CellRoad {
  const { graph } = d
  const reads = collectNodes(cell.logDensity, isCell)
  const [count] = lifted.counts
  if (count !== undefined)
    return none(`its distribution depends on the count \`${count.latent}\`, which an \`observe\` shares out`)
  if (hasNestedSelector(lifted)) return none('which of its latents it reads depends on a latent')
  const solved = graph.solved.find((s) => reads.some((n) => n.kind === 'ref' && n.name === s.name))
  if (solved !== undefined) return none(`an observed equation gives \`${solved.name}\`, which it reads`)
  const [first] = lifted.continuous
  if (first === undefined) return { kind: 'plain' }
  const blocks = [...new Set(lifted.continuous.map((c) => blockOf(c.latent.name, plan)))]
  const names = [...new Set(lifted.continuous.map((c) => c.latent.name))].map((n) => `\`${n}\``).join(' and ')
  if (plan.factorised !== null) {
    const normal = normalOf(cell, lifted, blocks, d)
    if (normal !== null) return normal
  }
  const pair = plan.factorised !== null ? null : pairOf(cell, blocks)
  if (pair !== null)
    return lineOf(cell, pair.spread, first.index.slice(0, pair.spread.loops.length), names, pair.normal)
  const [block] = blocks
  if (plan.factorised === null && isLinear(cell, lifted, blocks) && block?.kind === 'gaussian')
    return { kind: 'linear', block, row: first.index.slice(0, block.loops.length) }
  if (block === undefined || blocks.length > 1)
    return several(
      plan.factorised === null
        ? `it depends on ${names}, of which one has a posterior only given the other`
        : `it depends on ${names} otherwise than by a Normal mean that is a sum of linear functions of each`,
    )
  const rank = block.loops.length
  const row = first.index.slice(0, rank)
  const isElsewhere = lifted.continuous.some((c) => c.index.slice(0, rank).map(keyOf).join() !== row.map(keyOf).join())
  if (isElsewhere) return several(`it depends on ${names} at several places, whose posteriors are not one`)
  return block.kind === 'nodes' ? { kind: 'nodes', block, row } : lineOf(cell, block, row, names, null)
}

/** Draws of all that a statement reads; null where some posterior is not drawn from. */
function drawnOf(cell: CellDensity, lifted: LiftedFactor, plan: EStepPlan): CellRoad | null {
  const outer = new Set(cell.loops.map((l) => l.index.id))
  const places = new Map<string, DrawnPlace>()
  for (const { latent, index } of lifted.continuous) {
    const block = blockOf(latent.name, plan)
    const row = index.slice(0, block.loops.length)
    const spread = block.kind === 'gaussian' && block.given !== null ? [block.given.block] : []
    const lead = leadOf(cell, block, outer)
    if (lead === null) return null
    for (const b of [block, ...spread]) places.set(`${b.id} ${row.map(keyOf).join()}`, { block: b, row, lead })
  }
  const all = [...places.values()]
  const isKnown = all.every(
    ({ block, row, lead }) =>
      isDrawn(block, lead.length) && row.every((e) => [...freeIndices(e)].every((v) => outer.has(v))),
  )
  return isKnown ? { kind: 'drawn', places: all } : null
}

/**
 * Of one system over all cells the coordinates that all reads of a statement have in common, the others being gone through
 * whole: what is read is then correlated with itself alone. None of other posteriors; null where there are others.
 */
function leadOf(cell: CellDensity, block: ContinuousBlock, outer: ReadonlySet<string>): readonly Expr[] | null {
  if (block.kind !== 'gaussian' || block.layout !== 'joint') return []
  const [latent, ...others] = block.latents
  if (latent === undefined || others.length > 0 || block.loops.length > 0) return null
  const reads = expressionsOf(cell).flatMap((e) =>
    collectNodes(e, (n) => isCell(n) && n.name === latent.latent.name).filter(isCell),
  )
  const isInside = (e: Expr | undefined): boolean => e !== undefined && [...freeIndices(e)].some((v) => !outer.has(v))
  const count = latent.coordinates.findIndex((_, i) => reads.some((r) => isInside(r.index[i])))
  const rank = count < 0 ? latent.coordinates.length : count
  const [first] = reads
  if (first === undefined || latent.coordinates.length - rank > 1) return null
  const isWhole = reads.every((r) => r.index.slice(rank).every((e) => e.kind === 'index' && !outer.has(e.var)))
  const isSame = reads.every((r) => r.index.slice(0, rank).every((e, i) => keyOf(e) === keyOf(first.index[i] ?? e)))
  return isWhole && isSame ? first.index.slice(0, rank) : null
}

/** Normal latents with the latent that their spread depends on, where the mean of a Normal cell reads those alone and its variance this. */
function pairOf(
  { distribution, moments }: CellDensity,
  blocks: readonly ContinuousBlock[],
): { readonly normal: GaussianBlock; readonly spread: ConjugateBlock } | null {
  const normal = blocks.find((b): b is GaussianBlock => b.kind === 'gaussian')
  const spread = blocks.find((b): b is ConjugateBlock => b.kind === 'conjugate')
  if (blocks.length !== 2 || distribution !== 'Normal' || moments === null) return null
  if (normal?.given == null || spread === undefined || normal.given.block.id !== spread.id) return null
  const reads = (e: Expr, b: ContinuousBlock): boolean =>
    collectNodes(e, (n) => isCell(n) && b.latents.some((l) => l.latent.name === n.name)).length > 0
  return reads(moments.mean, spread) || reads(moments.variance, normal) ? null : { normal, spread }
}

/** Under a factorised posterior; null where the cell is not Normal with a mean that is a sum, and a spread of one number. */
function normalOf(
  cell: CellDensity,
  lifted: LiftedFactor,
  blocks: readonly ContinuousBlock[],
  d: Derivation,
): CellRoad | null {
  const { distribution, moments } = cell
  if (distribution !== 'Normal' || moments === null || !isAdditive(moments.mean, d)) return null
  const cellsIn = (e: Expr, b: ContinuousBlock): readonly Cell[] =>
    collectNodes(e, (n) => isCell(n) && b.latents.some((l) => l.latent.name === n.name)).filter(isCell)
  const rowsOf = (cells: readonly Cell[], b: ContinuousBlock): readonly (readonly Expr[])[] => {
    const rows = cells.map((c) => c.index.slice(0, b.loops.length))
    return rows.filter((r, i) => rows.findIndex((o) => o.map(keyOf).join() === r.map(keyOf).join()) === i)
  }
  const parts: NormalPart[] = []
  let spread: Extract<CellRoad, { kind: 'normal' }>['spread'] = null
  for (const block of blocks) {
    const [ofMean, ofVariance] = [cellsIn(moments.mean, block), cellsIn(moments.variance, block)]
    const [row, ...others] = rowsOf([...ofMean, ...ofVariance], block)
    if (row === undefined || others.length > 0 || block.latents.some((l) => l.latent.evidence)) return null
    if (block.kind === 'gaussian') {
      if (ofVariance.length > 0) return null
      parts.push({ block, row, part: partOf(moments.mean, block, d) })
    } else if (block.kind === 'conjugate') {
      const [only, ...more] = new Map(ofVariance.map((c) => [keyOf(c), c])).values()
      if (ofMean.length > 0 || only === undefined || more.length > 0 || block.family.rank > 0 || spread !== null)
        return null
      spread = { block, row, cell: { latent: only.name, at: only.index.slice(block.loops.length) } }
    } else return null
  }
  const isOdd = (b: GaussianBlock): boolean => b.given !== null && b.given.block.id !== spread?.block.id
  if (parts.length === 0 || parts.some((p) => isOdd(p.block))) return null
  // the expectation of a sum over an index is read at each of its values
  const outer = new Set([...cell.loops.map((l) => l.index.id), ...cell.batch.map((v) => v.id)])
  const places = [...parts.flatMap((p) => p.row), ...(spread === null ? [] : [...spread.row, ...spread.cell.at])]
  const isInside = places.some((e) => [...freeIndices(e)].some((v) => !outer.has(v)))
  return isInside || lifted.continuous.length === 0 ? null : { kind: 'normal', parts, spread }
}

/** A Normal cell with a mean that is linear in Normal latents. */
function isLinear(cell: CellDensity, lifted: LiftedFactor, blocks: readonly ContinuousBlock[]): boolean {
  const isOwn = (n: Expr): boolean => isCell(n) && lifted.continuous.some((c) => c.latent.name === n.name)
  return (
    cell.distribution === 'Normal' &&
    cell.moments !== null &&
    collectNodes(cell.moments.variance, isOwn).length === 0 &&
    blocks.every((b) => b.kind === 'gaussian')
  )
}

function lineOf(
  cell: CellDensity,
  block: ConjugateBlock | GaussianBlock,
  row: readonly Expr[],
  names: string,
  within: GaussianBlock | null,
): CellRoad {
  if (block.latents.some((l) => l.latent.evidence))
    return several(`it depends on ${names}, of which some cells are data`)
  if (block.kind === 'gaussian' && block.given !== null)
    return several(`it depends on ${names}, whose spread is another latent`)
  if (block.kind === 'conjugate') {
    const { family, latents } = block
    if (family.rank > 0 && family.element === undefined)
      return several(`it depends on ${names}, and there is no quadrature over matrices`)
    if (family.rank > 0 && !isElement(cell.logDensity))
      return several(
        `it depends on ${names} otherwise than by the probability of a label, and there is no quadrature over points of a simplex`,
      )
    if (latents[0]?.latent.support === 'count')
      return several(`it depends on ${names}, and there is no quadrature over counts`)
  }
  const own = new Set(block.latents.map((l) => l.latent.name))
  const read = new Map<string, Cell>()
  for (const e of expressionsOf(cell))
    for (const n of collectNodes(e, (x) => isCell(x) && own.has(x.name))) if (isCell(n)) read.set(keyOf(n), n)
  const [only] = read.values()
  const outer = new Set(cell.loops.map((l) => l.index.id))
  if (
    only === undefined ||
    read.size > 1 ||
    (only.index.some(isOpen) && !isElement(cell.logDensity)) ||
    only.index.some((e) => [...freeIndices(e)].some((v) => !outer.has(v)))
  )
    return several(`it depends on several of the numbers in ${names}, and the quadrature is over one`)
  return { kind: 'line', block, row, cell: { latent: only.name, at: only.index.slice(block.loops.length) }, within }
}

/** log u_y of a point u: its probability of the datum. */
const isElement = (e: Expr): boolean => {
  const [of] = e.kind === 'call' && e.fn === 'log' ? e.args : []
  return of !== undefined && isCell(of) && of.index.slice(0, -1).every((x) => !isOpen(x))
}

const isOpen = (e: Expr): boolean => some(e, (n) => n.kind === 'ref' && n.space === 'table' && n.name === OPEN_VALUE)

function expressionsOf({ logDensity, moments, tail, low, high }: CellDensity): readonly Expr[] {
  const known = [moments?.mean, moments?.variance, tail?.below, tail?.above, low, high]
  return [logDensity, ...known.filter((e) => e != null)]
}
