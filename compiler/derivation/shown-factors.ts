/** The factors of a latent that have a formula on its page. */
import type { PlacedFactor } from '../estep/types.js'

/** What is observed of a latent itself leaves out values of it, which words say; all else has a formula. */
export const isShown = (f: PlacedFactor): boolean =>
  f.lifted.factor.role !== 'evidence' || f.lifted.factor.target?.space !== 'data'
