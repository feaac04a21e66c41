/** A latent that the spread of a Normal posterior is a power of: a number s, or a matrix of which each vector has one. */
import { add, mul } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import type { FamilyStatistic } from '../families/index.js'
import { paddedExtent } from './block-layout.js'
import type { ConjugateBlock, GaussianBlock } from './types.js'

type Spread = Pick<ConjugateBlock, 'family' | 'latents'>

/** The statistic of the spread that the integral over Normal cells adds to: log s, or log |U|. */
export const logSpread = (b: Pick<ConjugateBlock, 'family'>): FamilyStatistic =>
  b.family.rank === 2 ? 'log |u|' : 'log u'

/** The coordinates of a spread that is a matrix, with the row first; null where it is a number. */
export function matrixOfSpread(b: Spread): readonly [IndexVar, IndexVar] | null {
  const [row, column] = b.family.rank === 2 ? (b.latents[0]?.coordinates.slice(-2) ?? []) : []
  return row === undefined || column === undefined ? null : [row, column]
}

/**
 * How often log s counts in the log volume of Normal cells with a spread that is s to some power: once for each cell, and
 * log |U| once for each vector.
 *
 * @param cells the number of cells that are not observed
 */
export function timesOfSpread(b: Spread, inner: Pick<GaussianBlock, 'latents'>, cells: Expr): Expr {
  if (matrixOfSpread(b) === null) return cells
  return add(...inner.latents.map((l) => mul(...l.coordinates.slice(0, -1).map(paddedExtent))))
}
