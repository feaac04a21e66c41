/** How the numbers of a block's posterior are referred to: by the tables that are executed, or by letters on a page. */
import { caseOf, compare, mul, num, ONE, ref, ZERO } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import type { FamilyStatistic, Natural } from '../families/index.js'
import {
  cellPosition,
  covarianceTable,
  matrixTable,
  meanTable,
  naturalTable,
  posteriorAt,
  sharedAt,
} from './block-layout.js'
import type { BlockCell, ConjugateBlock, GaussianBlock } from './types.js'

/** References to the numbers of a posterior, at a row and the values of the block's scope. */
export interface PosteriorNumbers {
  mean(b: GaussianBlock, cell: BlockCell, row: readonly Expr[], values: readonly Expr[]): Expr
  covariance(
    b: GaussianBlock,
    cells: readonly [BlockCell, BlockCell],
    row: readonly Expr[],
    values: readonly Expr[],
  ): Expr
  natural(b: ConjugateBlock, row: readonly Expr[], values: readonly Expr[]): Natural
  /** A moment at an element that is kept beside the natural parameters; left out where moments are computed from them. */
  moment?(
    b: ConjugateBlock,
    of: FamilyStatistic | { readonly power: Expr },
    at: readonly Expr[],
    row: readonly Expr[],
    values: readonly Expr[],
  ): Expr
}

/** The tables of natural parameters that are executed; one that no term has is 0. That of a matrix is −½ of its table. */
export const naturalOf =
  (b: ConjugateBlock, row: readonly Expr[], values: readonly Expr[]): Natural =>
  (statistic, at) => {
    if (!b.terms.some((t) => t.statistic === statistic)) return ZERO
    const index = [...posteriorAt(b, row, values), ...at]
    return statistic === b.family.matrix
      ? mul(num(-1, 2), ref('table', matrixTable(b), index))
      : ref('table', naturalTable(b, statistic), index)
  }

/** What is executed. */
export const EXECUTED: PosteriorNumbers = {
  mean: (b, cell, row, values) => ref('table', meanTable(b), [...posteriorAt(b, row, values), cellPosition(b, cell)]),
  covariance: (b, [a, c], row, values) =>
    ref('table', covarianceTable(b), [...sharedAt(b, row, values), unknownPosition(b, a), unknownPosition(b, c)]),
  natural: naturalOf,
}

/** In one system over all cells those that are observed have no place. */
function unknownPosition(b: GaussianBlock, cell: BlockCell): Expr {
  const position = cellPosition(b, cell)
  return b.layout === 'joint' && b.references.has(cell.latent)
    ? caseOf(compare('==', ref('observed', cell.latent, cell.at), ONE), ZERO, position)
    : position
}
