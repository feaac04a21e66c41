/** A continuous block before its family is known: its factors collected in the latents. */
import { type CollectOptions, collect, TooManyTerms } from '../algebra/collect.js'
import type { Atom, Monomial } from '../algebra/monomial.js'
import type { Expr } from '../algebra/types.js'
import type { BindTable } from '../graph/types.js'
import type { BlockTerm, ContinuousBlock, GaussianBlock } from './types.js'

/** A block with its latents and factors only. */
export type Base = Pick<GaussianBlock, 'id' | 'loops' | 'apart' | 'latents' | 'scope' | 'factors'>

/** A block, with the tables that it reads. */
export interface Made {
  readonly block: ContinuousBlock
  /** The Normal posterior given the latent of `block`, where there is one. */
  readonly inner?: GaussianBlock
  readonly bindTables: readonly BindTable[]
}

export interface Term extends BlockTerm {
  readonly atoms: readonly Atom[]
}

/** Every factor collected in the latents; a reason where that takes too many terms. */
export function termsOf(base: Base, options: Omit<CollectOptions, 'inU'>): readonly Term[] | string {
  const names = new Set(base.latents.map((l) => l.latent.name))
  const inU: CollectOptions['inU'] = (r) => r.space === 'latent' && names.has(r.name)
  const out: Term[] = []
  for (const factor of base.factors) {
    let ms: readonly Monomial[]
    try {
      ms = collect(factor.expr, { ...options, inU })
    } catch (e) {
      if (!(e instanceof TooManyTerms)) throw e
      return `its log density has ${e.message}`
    }
    for (const m of ms) {
      if (m.atoms.length === 0) continue
      const { loops, guards, coefficient } = m
      out.push({ factor, loops, guards, coefficient, atoms: m.atoms })
    }
  }
  return out
}

export const isCell = (e: Expr): e is Extract<Expr, { kind: 'ref' }> => e.kind === 'ref' && e.space === 'latent'

export const isQuadratic = (atoms: readonly Atom[]): boolean =>
  atoms.every((a) => isCell(a.base) && a.power.d === 1 && a.power.n > 0) &&
  atoms.reduce((s, a) => s + a.power.n, 0) <= 2
