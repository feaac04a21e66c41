/** Which posteriors can be drawn from. */
import type { ConjugateBlock, ContinuousBlock } from '../../estep/types.js'

/** Families as distributions: the name, and how its parameters are called there. */
export const DISTRIBUTIONS: ReadonlyMap<string, readonly [string, ReadonlyMap<string, string>]> = new Map([
  ['gamma', ['Gamma', new Map()]],
  ['inverse-gamma', ['InverseGamma', new Map()]],
  ['beta', ['Beta', new Map()]],
  ['log-normal', ['LogNormal', new Map()]],
  ['poisson', ['Poisson', new Map()]],
  ['dirichlet', ['Dirichlet', new Map([['alpha', 'a']])]],
  ['wishart', ['Wishart', new Map()]],
  ['inverse-wishart', ['InverseWishart', new Map()]],
])

/**
 * Whether a posterior can be drawn from: one system over all cells has no covariance of all of them, but of those of a row.
 *
 * @param lead how many coordinates of such a system a statement fixes
 */
export function isDrawn(b: ContinuousBlock, lead: number): boolean {
  if (b.latents.some((l) => l.latent.evidence)) return false
  if (b.kind === 'conjugate') return DISTRIBUTIONS.has(b.family.id)
  if (b.kind === 'nodes') return false
  if (b.layout === 'joint') return lead > 0 && b.scope.length === 0 && b.given === null
  const spread = b.given?.block
  return spread === undefined || isOneOfARow(spread)
}

/** One number, or one matrix. */
const isOneOfARow = ({ family, latents }: ConjugateBlock): boolean =>
  latents[0]?.coordinates.length === family.rank && family.rank !== 1
