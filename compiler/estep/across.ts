/**
 * Expectations over several independent factors of q: E[1[z = k]·f(u, v)] under q(z) q(u) q(v) comes apart into products
 * of expectations under one factor each. A square or another product that joins factors is expanded first.
 */
import { add, caseOf, mul, ONE, pow, sum } from '../algebra/build.js'
import { type CollectOptions, collect, TooManyTerms } from '../algebra/collect.js'
import { expectation } from '../algebra/expectation.js'
import type { Monomial } from '../algebra/monomial.js'
import type { Expr, Indicator } from '../algebra/types.js'
import { children, guardChildren, rewrite } from '../algebra/visit.js'
import { guardedSum, NoMoment } from './moments.js'

export interface Factors {
  /** The factor of q that holds a latent. */
  factorOf(latent: string): string
  /** What stays as it is: the latents of this factor. null: nothing. */
  readonly own: string | null
  readonly collecting: Omit<CollectOptions, 'inU'>
}

const isLatent = (e: Expr): e is Extract<Expr, { kind: 'ref' }> => e.kind === 'ref' && e.space === 'latent'

/**
 * E over the factors of q but `own` of 1[of]·e, as an expression whose `expect` and `probability` nodes read one factor
 * each.
 *
 * @param of indicators of latents that are not `own`'s
 * @throws NoMoment where a function of latents of several factors does not come apart
 */
export function expectAcross(e: Expr, of: readonly Indicator[], factors: Factors): Expr {
  return new Across(of, factors).take(e, new Set(of.map((i) => factors.factorOf(i.latent))))
}

/** Latents in an expectation over another factor of q than the one that is being derived. */
export function hideLatents(e: Expr): Expr {
  const known = hidden.get(e)
  if (known !== undefined) return known
  const own = rewrite(e, (n) => (isLatent(n) ? { ...n, space: 'other' } : n))
  hidden.set(e, own)
  return own
}

const hidden = new WeakMap<Expr, Expr>()

/** The same, to be computed. */
export const showLatents = (e: Expr): Expr =>
  rewrite(e, (n) => (n.kind === 'ref' && n.space === 'other' ? { ...n, space: 'latent' } : n))

const latentsFound = new WeakMap<Expr, ReadonlySet<string>>()

/** Names of the latents that an expression reads. */
function latentsRead(e: Expr): ReadonlySet<string> {
  const known = latentsFound.get(e)
  if (known !== undefined) return known
  const out = new Set<string>()
  if (isLatent(e)) out.add(e.name)
  for (const c of children(e)) for (const name of latentsRead(c)) out.add(name)
  latentsFound.set(e, out)
  return out
}

const collections = new WeakMap<Factors['collecting'], WeakMap<Expr, readonly Monomial[]>>()

/** The monomials of an expression in all latents: the same whichever of them a factor of q holds. */
function collected(e: Expr, options: Factors['collecting']): readonly Monomial[] {
  const of = collections.get(options) ?? new WeakMap<Expr, readonly Monomial[]>()
  collections.set(options, of)
  const known = of.get(e)
  if (known !== undefined) return known
  try {
    const monomials = collect(e, { ...options, inU: isLatent })
    of.set(e, monomials)
    return monomials
  } catch (error) {
    if (error instanceof TooManyTerms) throw new NoMoment(`its log density has ${error.message}`)
    throw error
  }
}

class Across {
  constructor(
    private readonly of: readonly Indicator[],
    private readonly factors: Factors,
  ) {}

  /** E of e times the indicators of the factors `held`. */
  take(e: Expr, held: ReadonlySet<string>): Expr {
    const reads = this.others(e)
    const [first] = reads
    if (first === undefined) return mul(...this.probabilities(held), e)
    if (reads.size === 1 && !this.readsOwn(e)) return this.within(first, e, held)
    switch (e.kind) {
      case 'add': {
        const rest = e.terms.filter((t) => this.others(t).size === 0)
        const own = e.terms.filter((t) => this.others(t).size > 0).map((t) => this.take(t, held))
        return add(...(rest.length === 0 ? [] : [this.take(add(...rest), held)]), ...own)
      }
      case 'sum':
        return sum(e.index, this.take(e.body, held))
      case 'case':
        if (guardChildren(e.when).some((g) => this.others(g).size > 0 || this.readsOwn(g)))
          throw new NoMoment('a condition on a continuous latent of another factor of q has no closed form')
        return caseOf(e.when, this.take(e.then, held), this.take(e.otherwise, held))
      case 'mul':
        return this.product(e.factors, held)
      default:
        return this.expanded(e, held)
    }
  }

  /** Parts that share no factor of q are independent of each other. */
  private product(parts: readonly Expr[], held: ReadonlySet<string>): Expr {
    const free = parts.filter((p) => this.others(p).size === 0)
    let groups: { readonly reads: ReadonlySet<string>; readonly parts: readonly Expr[] }[] = []
    for (const part of parts.filter((p) => this.others(p).size > 0)) {
      const reads = this.others(part)
      const joined = groups.filter((g) => [...g.reads].some((c) => reads.has(c)))
      groups = [
        ...groups.filter((g) => !joined.includes(g)),
        {
          reads: new Set([...reads, ...joined.flatMap((g) => [...g.reads])]),
          parts: [...joined.flatMap((g) => g.parts), part],
        },
      ]
    }
    const used = new Set(groups.flatMap((g) => [...g.reads]))
    return mul(
      ...free,
      ...groups.map((g) => {
        const inside = new Set([...held].filter((c) => g.reads.has(c)))
        const [only, ...more] = g.parts
        if (only !== undefined && more.length === 0 && groups.length + free.length > 1) return this.take(only, inside)
        return this.expanded(mul(...g.parts), inside)
      }),
      ...this.probabilities(new Set([...held].filter((c) => !used.has(c)))),
    )
  }

  /** Monomial by monomial: each of its atoms reads one factor. */
  private expanded(e: Expr, held: ReadonlySet<string>): Expr {
    const all = this.others(e)
    const [first] = all
    if (first !== undefined && all.size === 1 && !this.readsOwn(e)) return this.within(first, e, held)
    const monomials = collected(e, this.factors.collecting)
    return add(
      ...monomials.map((m) => {
        const own: Expr[] = []
        const by = new Map<string, Expr[]>()
        for (const atom of m.atoms) {
          const value = pow(atom.base, atom.power)
          const reads = this.others(value)
          const [one] = reads
          if (reads.size + Number(this.readsOwn(value)) > 1)
            throw new NoMoment('a function of latents of several factors of q that is no product of functions of each')
          if (one === undefined) own.push(value)
          else by.set(one, [...(by.get(one) ?? []), value])
        }
        const rest = new Set([...held].filter((c) => !by.has(c)))
        const parts = [...by].map(([c, atoms]) => this.within(c, mul(...atoms), held))
        return guardedSum(m, mul(m.coefficient, ...own, ...parts, ...this.probabilities(rest)))
      }),
    )
  }

  /** What reads the latents of one factor of q, which is not `own`. */
  private within(factor: string, e: Expr, held: ReadonlySet<string>): Expr {
    const of = held.has(factor) ? this.indicators(factor) : []
    const rest = new Set([...held].filter((c) => c !== factor))
    return mul(...this.probabilities(rest), this.named(expectation(of, e)))
  }

  /** While a factor is derived the latents of the others are not its own. */
  private named(e: Expr): Expr {
    return this.factors.own === null ? e : rewrite(e, (n) => (n.kind === 'expect' ? hideLatents(n) : n))
  }

  private probabilities(held: ReadonlySet<string>): readonly Expr[] {
    return [...held].map((c): Expr => {
      const of = this.indicators(c)
      return of.length === 0 ? ONE : { kind: 'probability', of }
    })
  }

  private indicators(factor: string): readonly Indicator[] {
    return this.of.filter((i) => this.factors.factorOf(i.latent) === factor)
  }

  /** Factors of q but `own` whose latents an expression reads. */
  private others(e: Expr): ReadonlySet<string> {
    const out = new Set<string>()
    for (const name of latentsRead(e)) out.add(this.factors.factorOf(name))
    if (this.factors.own !== null) out.delete(this.factors.own)
    return out
  }

  private readsOwn(e: Expr): boolean {
    const { own } = this.factors
    return own !== null && [...latentsRead(e)].some((name) => this.factors.factorOf(name) === own)
  }
}
