/**
 * What a statement on cells of data adds to the factors of a factorised posterior q: to the log of each E over the others of
 * its log density. A factor without the cell is its q less that (Bishop 2006, equation 10.9), the others as they are.
 */
import { add, caseOf, idx, mul, num, sum } from '../../algebra/build.js'
import { keyOf } from '../../algebra/key.js'
import type { Expr, Guard, Indicator } from '../../algebra/types.js'
import { freeIndices, substituteIndex } from '../../algebra/visit.js'
import type { Derivation } from '../../derive.js'
import { expectAcross } from '../../estep/across.js'
import { NoMoment } from '../../estep/moments.js'
import type { Factorisation } from '../../estep/types.js'
import type { LiftedFactor, LiftedVariable } from '../../graph/lift.js'

/** A factor of q that a statement reads. */
interface Part {
  readonly id: string
  readonly variables: readonly LiftedVariable[]
  readonly isDiscrete: boolean
}

export class CellMessages {
  private readonly parts: readonly Part[]

  constructor(
    private readonly lifted: LiftedFactor,
    /** Over all that the statement is independent over, at the datum. */
    private readonly whole: (e: Expr) => Expr,
    /** When it holds, by values. */
    private readonly guard: Guard,
    private readonly d: Derivation,
    private readonly factorised: Factorisation,
  ) {
    const read = new Set([
      ...lifted.variables.map((v) => this.factorOf(v.latent.name)),
      ...lifted.continuous.map((c) => this.factorOf(c.latent.name)),
    ])
    this.parts = [...read].map((id) => ({
      id,
      variables: lifted.variables.filter((v) => this.factorOf(v.latent.name) === id),
      isDiscrete: lifted.continuous.every((c) => this.factorOf(c.latent.name) !== id),
    }))
  }

  factorOf(latent: string): string {
    const found = this.factorised.factors.find((f) => f.latents.includes(latent))
    if (found === undefined) throw new Error(`no factor of q holds ${latent}`)
    return found.id
  }

  /** P(values), a product over the factors of q. */
  share(of: readonly Indicator[]): Expr {
    const factors = [...new Set(of.map((i) => this.factorOf(i.latent)))]
    return mul(
      ...factors.map((f): Expr => ({ kind: 'probability', of: of.filter((i) => this.factorOf(i.latent) === f) })),
    )
  }

  /** To the factors of discrete latents alone, together. */
  toDiscrete(): Expr {
    const all = this.parts
      .filter((p) => p.isDiscrete && p.variables.length > 0)
      .map((p) => this.summed(this.expected(this.whole(this.lifted.expr), p.id), this.others(p.id)))
    return all.length === 0 ? num(0) : add(...all)
  }

  /** To a factor, whose continuous latents are read at a place; a function of its latents. */
  to(factor: string, place: readonly Expr[]): Expr {
    return this.summed(this.expected(this.whole(this.lifted.expr), factor), this.beside(factor, place))
  }

  /** A function of values at a place of a factor, by the probability of what the other factors say leads there. */
  weighted(factor: string, place: readonly Expr[], e: Expr): Expr {
    return this.summed(this.expected(caseOf(this.guard, e), factor), this.beside(factor, place))
  }

  /** Whether a factor holds discrete latents that the statement reads. */
  hasValues(factor: string): boolean {
    return this.parts.some((p) => p.id === factor && p.variables.length > 0)
  }

  /**
   * @param alike what is the same whatever the latents are that do not lead to the place
   * @throws NoMoment where two values of other factors may lead to one place, or these do not leave that the same
   */
  check(factor: string, place: readonly Expr[], alike: readonly Expr[] = []): void {
    const others = this.others(factor)
    const values = new Set(others.map((v) => keyOf(idx(v.value))))
    const ids = new Set(others.map((v) => v.value.id))
    const isKnown = (e: Expr): boolean => values.has(keyOf(e)) || [...freeIndices(e)].every((id) => !ids.has(id))
    if (!place.every(isKnown)) throw new NoMoment('which of its latents it reads is a function of discrete ones')
    const beside = this.beside(factor, place)
    if (alike.some((e) => beside.some((v) => freeIndices(e).has(v.value.id))))
      throw new NoMoment(
        'it depends on discrete latents of several factors of the posterior, and on Normal ones beside',
      )
  }

  /** Discrete latents of the other factors that do not say at which place a factor is read. */
  private beside(factor: string, place: readonly Expr[]): readonly LiftedVariable[] {
    const at = new Set(place.flatMap((e) => [...freeIndices(e)]))
    return this.others(factor).filter((v) => !at.has(v.value.id))
  }

  private others(factor: string): readonly LiftedVariable[] {
    return this.lifted.variables.filter((v) => this.factorOf(v.latent.name) !== factor)
  }

  private expected(e: Expr, factor: string): Expr {
    const of = this.others(factor).map(
      (v): Indicator => ({ latent: v.latent.name, index: v.index, value: idx(v.value) }),
    )
    return expectAcross(e, of, {
      factorOf: (latent) => this.factorOf(latent),
      own: factor,
      collecting: this.d.collectOptions,
    })
  }

  private summed(e: Expr, over: readonly LiftedVariable[]): Expr {
    return over.reduce((inner, v) => {
      const other = this.d.collectOptions.rename(v.value)
      return sum(other, substituteIndex(inner, new Map([[v.value.id, idx(other)]])))
    }, e)
  }
}
