/**
 * Moments of a Normal posterior together with the latent s that its spread depends on: E[g(s) f(m)] = E[g(s) E[f(m) | s]],
 * where m given s has a mean that is free of s and the covariance V s^−p. So what is taken at the mean counts E[g(s)] times,
 * and what a covariance adds E[g(s) s^−p] times.
 */
import { add, caseOf, isZero, mul, ONE, pow, ref, sum, ZERO } from '../algebra/build.js'
import { collect } from '../algebra/collect.js'
import { readsLatent } from '../algebra/expectation.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import { ConjugateMoments } from './conjugate-moments.js'
import { GaussianMoments } from './gaussian-moments.js'
import { guardedSum, isCell, type MomentOptions, Moments } from './moments.js'
import type { ConjugateBlock, GaussianBlock } from './types.js'

export interface ScaledPair {
  readonly normal: GaussianBlock
  readonly spread: ConjugateBlock
  readonly power: 1 | -1
}

/** The pair that a block is part of, or null. */
export function pairOf(block: GaussianBlock | ConjugateBlock): ScaledPair | null {
  if (block.kind === 'gaussian')
    return block.given === null ? null : { normal: block, spread: block.given.block, power: block.given.power }
  return block.inner === null ? null : { normal: block.inner.block, spread: block, power: block.inner.power }
}

/** Stands for what every covariance is multiplied by. */
export const MARK: Expr = ref('table', 'spread', [])

export class ScaledMoments extends Moments {
  private readonly normal: GaussianMoments
  private readonly spread: ConjugateMoments
  private readonly scale: Expr

  constructor(
    private readonly pair: ScaledPair,
    row: readonly Expr[],
    values: readonly Expr[],
    options: MomentOptions,
  ) {
    super(row, values, options)
    const { numbers } = this
    const marked = {
      ...options,
      numbers: {
        ...numbers,
        covariance: (...args: Parameters<typeof numbers.covariance>) => mul(MARK, numbers.covariance(...args)),
      },
    }
    this.normal = new GaussianMoments(pair.normal, row, values, marked)
    this.spread = new ConjugateMoments(pair.spread, row, values, options)
    this.scale = pow(ref('latent', this.name, row), -pair.power)
  }

  private get name(): string {
    return this.pair.spread.latents[0]?.latent.name ?? ''
  }

  protected override ofTerm(e: Expr): Expr {
    const isSpread = (r: Expr): boolean => isCell(r) && r.name === this.name
    // nothing but the spread: its own moments know more than monomials do
    if (!some(e, (n) => isCell(n) && n.name !== this.name)) return this.spread.of(e)
    return add(
      ...collect(e, { ...this.collecting, inU: isSpread }).map((m) => {
        const g = mul(...m.atoms.map((a) => pow(a.base, a.power)))
        const { atMean, ofSpread } = apart(this.normal.of(m.coefficient))
        const both = add(mul(this.of1(g), atMean), mul(this.of1(mul(g, this.scale)), ofSpread))
        return guardedSum(m, both)
      }),
    )
  }

  private of1(g: Expr): Expr {
    return readsLatent(g) ? this.spread.of(g) : g
  }
}

interface Parts {
  readonly atMean: Expr
  readonly ofSpread: Expr
}

/** What is free of the mark, and what is multiplied by it. */
export function apart(e: Expr): Parts {
  if (e === MARK || (e.kind === 'ref' && MARK.kind === 'ref' && e.space === 'table' && e.name === MARK.name))
    return { atMean: ZERO, ofSpread: ONE }
  switch (e.kind) {
    case 'add': {
      const parts = e.terms.map(apart)
      return { atMean: add(...parts.map((p) => p.atMean)), ofSpread: add(...parts.map((p) => p.ofSpread)) }
    }
    case 'mul': {
      const parts = e.factors.map((f) => ({ f, p: apart(f) }))
      const marked = parts.filter(({ p }) => !isZero(p.ofSpread))
      const [only] = marked
      if (only === undefined) return { atMean: e, ofSpread: ZERO }
      if (marked.length > 1) throw new Error('a product of covariances')
      const rest = parts.filter((x) => x !== only).map((x) => x.f)
      return { atMean: mul(...rest, only.p.atMean), ofSpread: mul(...rest, only.p.ofSpread) }
    }
    case 'sum': {
      const p = apart(e.body)
      return { atMean: sum(e.index, p.atMean), ofSpread: sum(e.index, p.ofSpread) }
    }
    case 'case': {
      const [a, b] = [apart(e.then), apart(e.otherwise)]
      return {
        atMean: caseOf(e.when, a.atMean, b.atMean),
        ofSpread: caseOf(e.when, a.ofSpread, b.ofSpread),
      }
    }
    default:
      return { atMean: e, ofSpread: ZERO }
  }
}
