/**
 * `collect(e, U)`: e = Σ coefficient(free of U) · statistic(U), summed over the loops of each term.
 *
 * One bottom-up pass, lazy (what is free of U is never expanded), with a cap on terms. Logs of products and powers are
 * split where the supports give the signs; log(α + βu) becomes log|β| + log|u + α/β|; what cannot be split is one opaque
 * statistic.
 */
import {
  add,
  exp,
  idx,
  isOne,
  isZero,
  literal,
  log,
  mul,
  notOf,
  num,
  ONE,
  pow,
  splitCoefficient,
  sub,
  ZERO,
} from './build.js'
import { keyOf } from './key.js'
import { mulRational, rationalFromNumber } from './rational.js'
import type { Expr, Guard, IndexVar, Rational } from './types.js'
import { freeIndices, mapGuard, some, substituteIndex } from './visit.js'

/** base^power, where base contains U and is not a product, a power or a sum that could be split. */
export interface Atom {
  readonly base: Expr
  readonly power: Rational
}

/** Σ over loops, where the guards hold, of coefficient · Π atoms. */
export interface Monomial {
  readonly loops: readonly IndexVar[]
  readonly guards: readonly Guard[]
  readonly coefficient: Expr
  readonly atoms: readonly Atom[]
}

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
  constructor(private readonly options: CollectOptions) {}

  private hasU(e: Expr): boolean {
    return some(e, (n) => n.kind === 'ref' && this.options.inU(n))
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
      const below = sub(base, float(root))
      const above = sub(float(root), base)
      if (this.options.isNonnegative(below)) out.push({ factor: below, times })
      else if (this.options.isNonnegative(above)) {
        out.push({ factor: above, times })
        if (times % 2 === 1) scale = -scale
      } else return null
    }
    if (scale < 0) return null
    if (scale !== 1) out.push({ factor: float(scale), times: 1 })
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

const float = (value: number): Expr => {
  const r = rationalFromNumber(value)
  if (r !== null) return { kind: 'num', value: r }
  for (let d = 1; d <= 5040; d++) {
    const n = Math.round(value * d)
    if (Math.abs(value - n / d) < 1e-15 * Math.max(1, Math.abs(value))) return num(n, d)
  }
  return { kind: 'float', value }
}

const free = (coefficient: Expr): Monomial => ({ loops: [], guards: [], coefficient, atoms: [] })
const opaque = (base: Expr): Monomial => ({ loops: [], guards: [], coefficient: ONE, atoms: [{ base, power: UNIT }] })

function joinAtoms(atoms: readonly Atom[]): readonly Atom[] {
  const out = new Map<string, Atom>()
  for (const a of atoms) {
    const key = keyOf(a.base)
    const known = out.get(key)
    if (known === undefined) out.set(key, a)
    else {
      const sum = add({ kind: 'num', value: known.power }, { kind: 'num', value: a.power })
      if (sum.kind !== 'num') throw new Error('exponent does not fit')
      out.set(key, { base: a.base, power: sum.value })
    }
  }
  return [...out.values()].filter((a) => a.power.n !== 0)
}

/** Replaces index variables in a monomial; its own loops must not be among them. */
export function substituteMonomial(m: Monomial, by: ReadonlyMap<string, Expr>): Monomial {
  if (by.size === 0) return m
  const s = (e: Expr): Expr => substituteIndex(e, by)
  return {
    loops: m.loops.map((l) => ({ ...l, from: s(l.from), to: s(l.to) })),
    guards: m.guards.map((g) => mapGuard(g, s)),
    coefficient: s(m.coefficient),
    atoms: joinAtoms(m.atoms.map((a) => ({ base: s(a.base), power: a.power }))),
  }
}

/**
 * Applies equality guards: a loop variable that a guard pins to another value is replaced by it; guards between literals
 * are decided. A monomial whose guards cannot hold vanishes.
 */
export function normalise(m: Monomial): readonly Monomial[] {
  let current = m
  for (;;) {
    if (current.guards.some((g) => g.kind === 'literal' && !g.value)) return []
    const flat = current.guards.flatMap(conjuncts).filter((g) => !(g.kind === 'literal' && g.value))
    if (flat.some((g) => g.kind === 'literal' && !g.value)) return []
    current = { ...current, guards: flat }
    const pinned = findPinned(current)
    if (pinned === null) break
    current = substituteMonomial(
      { ...current, loops: current.loops.filter((l) => l.id !== pinned.id) },
      new Map([[pinned.id, pinned.value]]),
    )
  }
  current = splitByInequality(current)
  return isZero(current.coefficient) ? [] : [current]
}

function conjuncts(g: Guard): readonly Guard[] {
  return g.kind === 'and' ? [...conjuncts(g.left), ...conjuncts(g.right)] : [g]
}

function findPinned(m: Monomial): { readonly id: string; readonly value: Expr } | null {
  for (const g of m.guards) {
    if (g.kind !== 'compare') continue
    for (const [a, b] of [
      [g.left, g.right],
      [g.right, g.left],
    ] as const) {
      if (a.kind !== 'index' || freeIndices(b).has(a.var)) continue
      const loop = m.loops.find((l) => l.id === a.var)
      if (loop === undefined) continue
      if (g.operator === '==' && (literal(b) !== null || b.kind === 'index')) return { id: a.var, value: b }
      // two-valued domains: v ≠ 0 means v = 1
      const from = literal(loop.from)
      const to = literal(loop.to)
      const value = literal(b)
      if (
        g.operator === '!=' &&
        from !== null &&
        to !== null &&
        value !== null &&
        to === from + 1 &&
        (value === from || value === to)
      )
        return { id: a.var, value: num(value === from ? to : from) }
    }
  }
  return null
}

/** A guard v ≤ c or v > c on a loop variable narrows its range. */
function splitByInequality(m: Monomial): Monomial {
  const loops = m.loops.map((l) => ({ ...l }))
  const guards = m.guards.filter((g) => {
    if (g.kind !== 'compare' || g.left.kind !== 'index') return true
    const left = g.left
    const loop = loops.find((l) => l.id === left.var)
    if (loop === undefined || freeIndices(g.right).size > 0) return true
    const position = loops.indexOf(loop)
    const to = g.operator === '<=' ? g.right : g.operator === '<' ? sub(g.right, ONE) : null
    const from = g.operator === '>' ? add(g.right, ONE) : g.operator === '>=' ? g.right : null
    if (to !== null && safeUpper(to, loop.to)) {
      loops[position] = { ...loop, to }
      return false
    }
    if (from !== null && isOne(loop.from)) {
      loops[position] = { ...loop, from }
      return false
    }
    return true
  })
  return { ...m, loops, guards }
}

/** true where `to` cannot pass the old bound: old = to + a literal ≥ 0, or both literal. */
function safeUpper(to: Expr, old: Expr): boolean {
  const slack = literal(sub(old, to))
  return slack !== null && slack >= 0
}

/** Rational roots with multiplicity of Σ c_i u^i when all its roots are rational, else null. Degrees up to 8. */
function rationalRoots(
  coefficients: readonly number[],
): readonly { readonly root: number; readonly times: number }[] | null {
  let c = [...coefficients]
  const found = new Map<number, number>()
  while (c.length > 1) {
    if (c.length === 2) {
      const [c0, c1] = c
      if (c0 === undefined || c1 === undefined) return null
      bump(found, -c0 / c1)
      break
    }
    const root = candidateRoots(c).find((r) => Math.abs(horner(c, r)) <= 1e-12 * c.reduce((s, x) => s + Math.abs(x), 0))
    if (root === undefined) return null
    bump(found, root)
    c = deflate(c, root)
  }
  return [...found].map(([root, times]) => ({ root, times }))
}

const bump = (m: Map<number, number>, r: number): void => {
  const key = [...m.keys()].find((k) => Math.abs(k - r) < 1e-12) ?? (r === 0 ? 0 : r)
  m.set(key, (m.get(key) ?? 0) + 1)
}
const horner = (c: readonly number[], x: number): number => c.reduceRight((acc, k) => acc * x + k, 0)

function deflate(c: readonly number[], root: number): number[] {
  const out: number[] = new Array(c.length - 1).fill(0)
  let carry = 0
  for (let i = c.length - 1; i > 0; i--) {
    carry = (c[i] ?? 0) + carry * root
    out[i - 1] = carry
  }
  return out
}

/** p/q with small p and q: enough for cells of textbook models, and anything else stays opaque. */
function candidateRoots(c: readonly number[]): readonly number[] {
  const out: number[] = [0, 1, -1]
  if (c.length === 3) {
    const [c0 = 0, c1 = 0, c2 = 1] = c
    const d = c1 * c1 - 4 * c2 * c0
    if (d >= 0) for (const s of [1, -1]) out.push((-c1 + s * Math.sqrt(d)) / (2 * c2))
  }
  for (let q = 1; q <= 12; q++) for (let p = -24; p <= 24; p++) out.push(p / q)
  return out
}

/** Σ of the monomials as one expression, for printing and for checks by value. */
export function monomialsToExpr(ms: readonly Monomial[]): Expr {
  return add(
    ...ms.map((m) => {
      const body = mul(m.coefficient, ...m.atoms.map((a) => pow(a.base, a.power)))
      const guarded: Expr = m.guards.reduceRight<Expr>(
        (e, g) => ({ kind: 'case', when: g, then: e, otherwise: ZERO }),
        body,
      )
      return m.loops.reduceRight<Expr>((e, l) => ({ kind: 'sum', index: l, body: e }), guarded)
    }),
  )
}
