/** Letters for what the E-step computes: the user's own names stay with what the user called so. */
import type { Derivation } from '../derive.js'

/** One letter, or a word where all letters are taken, for each quantity of a posterior. */
export interface Symbols {
  /** Posterior mean, covariance, precision, and precision times mean, of a Normal posterior. */
  readonly mean: string
  readonly covariance: string
  readonly precision: string
  readonly linear: string
  /** Normaliser of a block of continuous latents. */
  readonly normaliser: string
  /** Number of missing cells. */
  readonly missing: string
  /** All cells of a block in one vector. */
  readonly stacked: string
  /** Of a chain: density of a step, of what is seen at a place; scaled forward messages, and their scale. */
  readonly step: string
  readonly evidence: string
  readonly forward: string
  readonly scale: string
  /** Of variable elimination: factors, messages, and messages of other rows multiplied. */
  readonly factor: string
  readonly message: string
  readonly gathered: string
}

const CONTINUOUS = {
  mean: ['m', 'a', 'mean'],
  covariance: ['V', 'C', 'covariance'],
  precision: ['Lambda', 'P', 'Omega', 'precision'],
  linear: ['h', 'g', 'linear'],
  normaliser: ['Z', 'A', 'normaliser'],
  missing: ['M', 'U', 'missing'],
  stacked: ['u', 'w', 'xi', 'cells'],
} as const

const CHAIN = {
  step: ['psi', 'phi', 'omega', 'step'],
  evidence: ['e', 'b', 'evidence'],
  forward: ['alpha', 'a', 'forward'],
  scale: ['c', 's', 'scale'],
} as const

const ELIMINATION = {
  factor: ['phi', 'chi', 'omega', 'factor'],
  message: ['tau', 'mu', 'eta', 'message'],
  gathered: ['gamma', 'kappa', 'zeta', 'gathered'],
} as const

/** The letters, and those among them that this derivation needs: an index has to keep clear of them. */
export function symbolsOf(
  d: Derivation,
  taken: ReadonlySet<string>,
): { readonly symbols: Symbols; readonly used: readonly string[] } {
  const out = new Map<string, string>()
  const pick = (role: string, candidates: readonly string[]): void => {
    const known = new Set(out.values())
    const free = candidates.find((c) => !taken.has(c) && !known.has(c))
    out.set(role, free ?? `${candidates.at(-1)}_of_posterior`)
  }
  for (const [role, candidates] of Object.entries({ ...CONTINUOUS, ...CHAIN, ...ELIMINATION })) pick(role, candidates)
  const name = (role: keyof Symbols): string => out.get(role) ?? role
  const needed: readonly string[] = [
    ...(d.eStep.blocks.length > 0 ? Object.keys(CONTINUOUS) : []),
    ...(d.eStep.tables.some((t) => t.chain !== null) ? Object.keys(CHAIN) : []),
  ]
  return {
    symbols: {
      mean: name('mean'),
      covariance: name('covariance'),
      precision: name('precision'),
      linear: name('linear'),
      normaliser: name('normaliser'),
      missing: name('missing'),
      stacked: name('stacked'),
      step: name('step'),
      evidence: name('evidence'),
      forward: name('forward'),
      scale: name('scale'),
      factor: name('factor'),
      message: name('message'),
      gathered: name('gathered'),
    },
    used: needed.flatMap((role) => out.get(role) ?? []),
  }
}
