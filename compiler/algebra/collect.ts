/**
 * `collect(e, U)`: e = Σ coefficient(free of U) · statistic(U), summed over the loops of each term.
 *
 * One bottom-up pass, lazy (what is free of U is never expanded), with a cap on terms. Logs of products and powers are
 * split where the supports give the signs; log(α + βu) becomes log|β| + log|u + α/β|; what cannot be split is one opaque
 * statistic.
 */
import { add, exp, idx, isZero, literal, log, mul, notOf, num, ONE, pow, splitCoefficient, sub, ZERO } from './build.js'
import { expectation, readsLatent } from './expectation.js'
import { keyOf } from './key.js'
import { type Atom, joinAtoms, type Monomial, normalise, substituteMonomial } from './monomial.js'
import { mulRational, rationalFromNumber } from './rational.js'
import { rationalFloat, rationalRoots } from './rational-roots.js'
import type { Expr, Guard, IndexVar, Indicator, Rational } from './types.js'
import { children, some, substituteIndex } from './visit.js'

export interface CollectOptions {
  /** References that belong to U. */
  readonly inU: (e: Extract<Expr, { kind: 'ref' }>) => boolean
  readonly isNonnegative: (e: Expr) => boolean
  /** A fresh variable with the domain of the given one. */
  readonly rename: (v: IndexVar) => IndexVar
  readonly maxTerms: number
}

/** Thrown where a term count passes the cap; the caller turns it into a decline with this reason. */
export class TooManyTerms extends Error {}

const UNIT: Rational = { n: 1, d: 1 }

export function collect(e: Expr, options: CollectOptions): readonly Monomial[] {
  return new Collector(options).run(e).flatMap((m) => normalise(m))
}

class Collector {
  private readonly known = new WeakMap<Expr, boolean>()

  constructor(private readonly options: CollectOptions) {}

  private hasU(e: Expr): boolean {
    const known = this.known.get(e)
    if (known !== undefined) return known
    const has = (e.kind === 'ref' && this.options.inU(e)) || children(e).some((c) => this.hasU(c))
    this.known.set(e, has)
    return has
  }

  run(e: Expr): readonly Monomial[] {
    const out = this.visit(e)
    if (out.length > this.options.maxTerms) throw new TooManyTerms(`more than ${this.options.maxTerms} terms`)
    return out
  }

  private visit(e: Expr): readonly Monomial[] {
    if (!this.hasU(e)) return isZero(e) ? [] : [free(e)]
    switch (e.kind) {
      case 'add': {
        const rest = e.terms.filter((t) => !this.hasU(t))
        const own = e.terms.filter((t) => this.hasU(t)).flatMap((t) => this.run(t))
        return rest.length === 0 ? own : [free(add(...rest)), ...own]
      }
      case 'mul': {
        const rest = mul(...e.factors.filter((f) => !this.hasU(f)))
        const own = e.factors.filter((f) => this.hasU(f)).map((f) => this.run(f))
        return this.product([[free(rest)], ...own])
      }
      case 'pow':
        return this.power(e.base, e.exponent)
      case 'sum':
        return this.run(e.body).map((m) => ({ ...m, loops: [e.index, ...m.loops] }))
      case 'case': {
        const guarded = (ms: readonly Monomial[], g: Guard): readonly Monomial[] =>
          ms.map((m) => ({ ...m, guards: g.kind === 'literal' && g.value ? m.guards : [g, ...m.guards] }))
        if (
          some(
            { kind: 'case', when: e.when, then: ZERO, otherwise: ONE },
            (n) => n.kind === 'ref' && this.options.inU(n),
          )
        )
          return [opaque(e)]
        return [...guarded(this.run(e.then), e.when), ...guarded(this.run(e.otherwise), notOf(e.when))]
      }
      case 'expect':
        return this.run(e.body).map((m) => expected(m, e.of))
      case 'call': {
        const arg = e.args[0]
        if (arg !== undefined && e.fn === 'log') return this.logarithm(arg)
        if (arg !== undefined && e.fn === 'exp') return this.exponential(arg)
        return [opaque(e)]
      }
      default:
        return [opaque(e)]
    }
  }

  private product(parts: readonly (readonly Monomial[])[]): readonly Monomial[] {
    let acc: readonly Monomial[] = [free(ONE)]
    for (const part of parts) {
      if (acc.length * part.length > this.options.maxTerms)
        throw new TooManyTerms(`more than ${this.options.maxTerms} terms`)
      acc = acc.flatMap((a) => part.map((b) => this.times(a, b)))
    }
    return acc
  }

  private times(a: Monomial, b: Monomial): Monomial {
    const used = new Set(a.loops.map((l) => l.id))
    const clash = b.loops.filter((l) => used.has(l.id))
    const other = clash.length === 0 ? b : this.renamed(b)
    return {
      loops: [...a.loops, ...other.loops],
      guards: [...a.guards, ...other.guards],
      coefficient: mul(a.coefficient, other.coefficient),
      atoms: joinAtoms([...a.atoms, ...other.atoms]),
    }
  }

  private renamed(m: Monomial): Monomial {
    const by = new Map<string, Expr>()
    const loops = m.loops.map((l) => {
      const fresh = this.options.rename({ ...l, from: substituteIndex(l.from, by), to: substituteIndex(l.to, by) })
      by.set(l.id, idx(fresh))
      return fresh
    })
    return substituteMonomial({ ...m, loops }, by)
  }

  private power(base: Expr, exponent: Rational): readonly Monomial[] {
    const inner = this.run(base)
    const only = inner.length === 1 ? inner[0] : undefined
    const whole = exponent.d === 1 && exponent.n > 0
    if (only !== undefined && only.loops.length === 0 && only.guards.length === 0) {
      const atoms: Atom[] = []
      for (const a of only.atoms) {
        const power = mulRational(a.power, exponent)
        if (power === null) return [opaque(pow(base, exponent))]
        atoms.push({ base: a.base, power })
      }
      return [{ ...only, coefficient: pow(only.coefficient, exponent), atoms }]
    }
    if (whole && exponent.n <= 4)
      return this.product(
        Array.from({ length: exponent.n }, (_, i) =>
          i === 0 ? inner : inner.map((m) => (m.loops.length === 0 ? m : this.renamed(m))),
        ),
      )
    return [opaque(pow(base, exponent))]
  }

  private logarithm(arg: Expr): readonly Monomial[] {
    if (!this.hasU(arg)) return [free(log(arg))]
    if (arg.kind === 'mul') {
      const positive = arg.factors.filter((f) => this.options.isNonnegative(f))
      const other = arg.factors.filter((f) => !this.options.isNonnegative(f))
      if (other.length === 0) return positive.flatMap((f) => this.logarithm(f))
      if (positive.length > 0) return [...positive.flatMap((f) => this.logarithm(f)), ...this.logarithm(mul(...other))]
    }
    if (arg.kind === 'pow' && (this.options.isNonnegative(arg.base) || arg.exponent.d !== 1))
      return this.scaled({ kind: 'num', value: arg.exponent }, this.logarithm(arg.base))
    if (arg.kind === 'call' && arg.fn === 'exp' && arg.args[0] !== undefined) return this.run(arg.args[0])
    if (arg.kind === 'case')
      return this.run({ kind: 'case', when: arg.when, then: log(arg.then), otherwise: log(arg.otherwise) })
    const factored = this.factorUnivariate(arg)
    if (factored !== null)
      return factored.flatMap((f) =>
        f.times === 1 ? this.logOfFactor(f.factor) : this.scaled(num(f.times), this.logOfFactor(f.factor)),
      )
    return [opaque(log(arg))]
  }

  private scaled(by: Expr, ms: readonly Monomial[]): readonly Monomial[] {
    return ms.map((m) => ({ ...m, coefficient: mul(by, m.coefficient) }))
  }

  private logOfFactor(e: Expr): readonly Monomial[] {
    return this.hasU(e) ? [opaque(log(e))] : [free(log(e))]
  }

  /**
   * A polynomial in one reference with numeric coefficients, factored over the rationals: c·Π(u − r)^m·Π(r − u)^m, each
   * factor written so that it is ≥ 0 on the support. null where it is not one or has no rational roots.
   */
  private factorUnivariate(e: Expr): readonly { readonly factor: Expr; readonly times: number }[] | null {
    const poly = this.univariate(e)
    if (poly === null) return null
    const { base, coefficients } = poly
    const roots = rationalRoots(coefficients)
    if (roots === null) return null
    const lead = coefficients[coefficients.length - 1]
    if (lead === undefined) return null
    let scale = lead
    const out: { factor: Expr; times: number }[] = []
    for (const { root, times } of roots) {
      const below = sub(base, rationalFloat(root))
      const above = sub(rationalFloat(root), base)
      if (this.options.isNonnegative(below)) out.push({ factor: below, times })
      else if (this.options.isNonnegative(above)) {
        out.push({ factor: above, times })
        if (times % 2 === 1) scale = -scale
      } else return null
    }
    if (scale < 0) return null
    if (scale !== 1) out.push({ factor: rationalFloat(scale), times: 1 })
    return out
  }

  private univariate(e: Expr): { readonly base: Expr; readonly coefficients: readonly number[] } | null {
    if (e.kind !== 'add' && e.kind !== 'mul' && e.kind !== 'pow') return null
    const ms = this.expandPolynomial(e)
    if (ms === null) return null
    let base: Expr | null = null
    const coefficients: number[] = []
    for (const m of ms) {
      const c = literal(m.coefficient)
      const atom = m.atoms[0]
      if (c === null || m.loops.length > 0 || m.guards.length > 0 || m.atoms.length > 1) return null
      if (atom !== undefined) {
        if (atom.base.kind !== 'ref' || atom.power.d !== 1 || atom.power.n < 1 || atom.power.n > 8) return null
        if (base === null) base = atom.base
        else if (keyOf(base) !== keyOf(atom.base)) return null
      }
      const degree = atom === undefined ? 0 : atom.power.n
      coefficients[degree] = (coefficients[degree] ?? 0) + c
    }
    if (base === null) return null
    return { base, coefficients: Array.from({ length: coefficients.length }, (_, i) => coefficients[i] ?? 0) }
  }

  private expandPolynomial(e: Expr): readonly Monomial[] | null {
    try {
      return this.run(e)
    } catch (error) {
      if (error instanceof TooManyTerms) return null
      throw error
    }
  }

  private exponential(arg: Expr): readonly Monomial[] {
    const terms = arg.kind === 'add' ? arg.terms : [arg]
    const atoms: Atom[] = []
    const coefficients: Expr[] = []
    for (const t of terms) {
      if (!this.hasU(t)) {
        coefficients.push(exp(t))
        continue
      }
      const { coefficient, rest } = splitCoefficient(t)
      const c = literal(coefficient)
      const power = c === null ? null : rationalFromNumber(c)
      if (rest === null || power === null || rest.kind === 'sum') return [opaque(exp(arg))]
      atoms.push({ base: exp(rest), power })
    }
    return [{ loops: [], guards: [], coefficient: mul(...coefficients), atoms: joinAtoms(atoms) }]
  }
}

/**
 * The expectation of a monomial: it is taken of what reads latents; what does not stands before it. Where a function of
 * U reads a latent, the whole monomial is one opaque statistic.
 */
function expected(m: Monomial, of: readonly Indicator[]): Monomial {
  if (m.atoms.some((a) => readsLatent(a.base))) {
    const base: Expr = { kind: 'expect', of, body: mul(m.coefficient, ...m.atoms.map((a) => pow(a.base, a.power))) }
    return { ...m, coefficient: ONE, atoms: [{ base, power: UNIT }] }
  }
  return { ...m, coefficient: expectation(of, m.coefficient) }
}

const free = (coefficient: Expr): Monomial => ({ loops: [], guards: [], coefficient, atoms: [] })
const opaque = (base: Expr): Monomial => ({ loops: [], guards: [], coefficient: ONE, atoms: [{ base, power: UNIT }] })
