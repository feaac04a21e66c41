/** What one factorisation of Λ serves. */
import { idx } from '../algebra/build.js'
import { dimension } from '../estep/block-layout.js'
import type { GaussianBlock } from '../estep/types.js'
import { type GaussianSystem, isScalar } from './gaussian-system.js'
import { namesFormula, unitOf } from './gaussian-words.js'
import { type FormulaContext, formula } from './print.js'
import { simplify } from './simplify.js'
import { type Block, say } from './types.js'

export function sharingWords(b: GaussianBlock, system: GaussianSystem, c: FormulaContext): readonly Block[] {
  const { lambda, v } = namesFormula(b, c)
  const unit = unitOf(b)
  const size = formula(simplify(dimension(b), c.notation.facts), [], c)
  const perValue = b.scope.length === 0 ? '' : `, for each value of ${b.scope.map((s) => s.latent.name).join(' and ')}`
  if (b.layout === 'joint') {
    const { band } = system
    const along = band === null ? null : formula(idx(band.axis), [band.axis], c)
    const chain: readonly Block[] =
      band === null || along === null
        ? []
        : [
            band.width === 1
              ? say`An entry of ${lambda} joins cells at most one step apart along ${along}, so ${lambda} is block tridiagonal: eliminating the cells in the order of ${along} is the Kalman filter in information form, and going back through the factor is the Rauch–Tung–Striebel smoother. Time and memory grow in proportion to the length.`
              : say`An entry of ${lambda} joins cells at most ${String(band.width)} steps apart along ${along}, so ${lambda} is banded: eliminating the cells in the order of ${along} is the Kalman filter of a state of ${String(band.width)} steps, and going back through the factor is its smoother. Time and memory grow in proportion to the length.`,
          ]
    return [
      say`All ${size} cells are one system. ${lambda} is sparse: cells that no statement joins have a 0. It is factored once in each E-step, by a sparse Cholesky factor L D Lᵀ in an order of low fill (approximate minimum degree). Means come by substitution, and of the covariance only the entries that are read are computed, on the pattern of the factor.`,
      ...chain,
    ]
  }
  if (b.sharing === 'one')
    return [
      b.loops.length === 0
        ? say`There is one such system${perValue}.`
        : isScalar(b)
          ? say`${lambda} is the same for all ${unit}s${perValue}.`
          : say`${lambda} is the same for all ${unit}s${perValue}: it is factored once in each E-step, and a ${unit} costs a product of ${v} with its own linear term.`,
    ]
  if (b.sharing === 'pattern')
    return [
      say`${lambda} depends on a row through which of its cells are observed, and on nothing else of it: rows with the same pattern share one factorisation${perValue}.`,
    ]
  return [
    isScalar(b)
      ? say`${lambda} differs from ${unit} to ${unit}: each has its own${perValue}.`
      : say`${lambda} differs from ${unit} to ${unit}: each has a factorisation of its own${perValue}.`,
  ]
}
