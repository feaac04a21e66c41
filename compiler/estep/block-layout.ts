/** Where the numbers of a block lie: names of its tables, positions of its cells in one vector. */
import { add, idx, literal, mul, num, ONE, ref, sub } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices, rewrite, substituteIndex } from '../algebra/visit.js'
import type { FamilyStatistic } from '../families/index.js'
import type { BlockCell, BlockLatent, ContinuousBlock, GaussianBlock, ScopeVariable } from './types.js'

type Block = { readonly id: string }

/** Posterior means [rows, scope, position]. */
export const meanTable = (b: Block): string => `mean ${b.id}`
/** Posterior covariances [what Λ depends on, scope, position, position]. */
export const covarianceTable = (b: Block): string => `covariance ${b.id}`
/** log det Λ [what Λ depends on, scope], over the cells that are not observed. */
export const logdetTable = (b: Block): string => `log det ${b.id}`
/** Number of cells that are not observed [what Λ depends on]; of half-observed blocks only. */
export const unknownTable = (b: Block): string => `unknown ${b.id}`
/** Natural parameters [rows, scope, coordinates] of a statistic. */
export const naturalTable = (b: Block, statistic: FamilyStatistic): string => `natural ${b.id} ${statistic}`

/** The matrix [rows, scope, coordinates] whose −½ is the natural parameter of a family of matrices. */
export const matrixTable = (b: Block): string => `matrix ${b.id}`
/** Inverses and log-determinants of a table of matrices, filled where it is. */
export const inverseOfTable = (table: string): string => `inverse of ${table}`
export const logdetOfTable = (table: string): string => `log det of ${table}`

/** The coordinates that the natural parameter of a statistic has. */
export const coordinatesOf = (b: Pick<ContinuousBlock, 'latents'>, statistic: FamilyStatistic): readonly IndexVar[] => {
  const coordinates = b.latents[0]?.coordinates ?? []
  return statistic === 'log |u|' ? coordinates.slice(0, -2) : coordinates
}

/** Extent of a coordinate; of a ragged one the largest. */
export function paddedExtent(v: IndexVar): Expr {
  const extent = literal(v.from) === 1 ? v.to : sub(v.to, sub(v.from, ONE))
  return rewrite(extent, (n) =>
    n.kind === 'ref' && n.space === 'size' && n.index.length > 0 ? ref('size', `${n.name}#max`) : n,
  )
}

/** true where the number of unknown cells differs from the length of the vector: some are observed, or padding. */
export const countsCells = (b: Pick<GaussianBlock, 'latents'>): boolean =>
  b.latents.some((l) => l.latent.evidence || l.coordinates.some((v) => freeIndices(v.to).size > 0))

const elements = (l: BlockLatent): Expr => mul(...l.coordinates.map(paddedExtent))

/** Length of a block's vector. */
export const dimension = (b: Pick<GaussianBlock, 'latents'>): Expr => add(...b.latents.map(elements))

/** 1-based position of a cell in the vector of its block. */
export function cellPosition(b: Pick<GaussianBlock, 'latents'>, cell: BlockCell): Expr {
  let offset: Expr = num(0)
  for (const l of b.latents) {
    if (l.latent.name === cell.latent) {
      const flat = l.coordinates.reduce<Expr>(
        (e, v, i) => add(mul(e, paddedExtent(v)), sub(cell.at[i] ?? ONE, v.from)),
        num(0),
      )
      return add(offset, flat, ONE)
    }
    offset = add(offset, elements(l))
  }
  throw new Error(`${cell.latent} is not in the block`)
}

/** A scope variable as a factor at `row` reads it. */
export function scopeAt(b: ContinuousBlock, s: ScopeVariable, row: readonly Expr[]): readonly Expr[] {
  const by = new Map(b.loops.map((l, i) => [l.index.id, row[i] ?? idx(l.index)]))
  return s.index.map((e) => substituteIndex(e, by))
}

/** 1-based position of a discrete value along a table's axis. */
export const valuePosition = (v: Pick<ScopeVariable, 'latent'>, value: Expr): Expr =>
  sub(value, sub(v.latent.low, num(1)))

/** 1-based places of a row in the tables of a block, whose loops may begin elsewhere. */
export const placeOfRow = (b: Pick<ContinuousBlock, 'loops'>, row: readonly Expr[]): readonly Expr[] =>
  row.map((e, i) => {
    const from = b.loops[i]?.index.from ?? ONE
    return literal(from) === 1 ? e : sub(e, sub(from, ONE))
  })

/** Leading indices of tables of one posterior: the row, and the values of the scope. */
export const posteriorAt = (b: ContinuousBlock, row: readonly Expr[], values: readonly Expr[]): readonly Expr[] => [
  ...placeOfRow(b, row),
  ...b.scope.map((s, i) => valuePosition(s, values[i] ?? idx(s.value))),
]

/** The same for tables of what Λ depends on. */
export function sharedAt(b: GaussianBlock, row: readonly Expr[], values: readonly Expr[]): readonly Expr[] {
  const at = posteriorAt(b, row, values).slice(row.length)
  if (b.sharing === 'row') return [...placeOfRow(b, row), ...at]
  return b.pattern === null ? at : [ref('const', b.pattern.id, row), ...at]
}
