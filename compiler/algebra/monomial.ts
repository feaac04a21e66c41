/** Monomials of a collected expression: sums over loops of a coefficient times statistics, under guards. */
import { add, ByExpr, compare, isOne, isZero, literal, mul, num, ONE, pow, sub, ZERO } from './build.js'
import type { Expr, Guard, IndexVar, Rational } from './types.js'
import { freeIndices, mapGuard, substituteIndex } from './visit.js'

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

export function joinAtoms(atoms: readonly Atom[]): readonly Atom[] {
  const out = new ByExpr<{ base: Expr; power: Rational }>()
  for (const a of atoms) {
    const known = out.of(a.base)
    if (known === undefined) out.set(a.base, { ...a })
    else {
      const sum = add({ kind: 'num', value: known.power }, { kind: 'num', value: a.power })
      if (sum.kind !== 'num') throw new Error('exponent does not fit')
      known.base = a.base
      known.power = sum.value
    }
  }
  return out.values.filter((a) => a.power.n !== 0)
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
    const loop = current.loops.find((l) => l.id === pinned.id)
    const range = loop === undefined ? [] : withinRange(pinned.value, loop)
    current = substituteMonomial(
      { ...current, loops: current.loops.filter((l) => l.id !== pinned.id), guards: [...current.guards, ...range] },
      new Map([[pinned.id, pinned.value]]),
    )
  }
  current = splitByInequality(current)
  return isZero(current.coefficient) ? [] : [current]
}

/** That a number is within the range of a loop, where it may not be: beyond a literal end, or a length that varies. */
function withinRange(value: Expr, loop: IndexVar): readonly Guard[] {
  const at = literal(value)
  if (at === null) return []
  const ends = (end: Expr): boolean => literal(end) !== null || freeIndices(end).size > 0
  return [
    ...(ends(loop.from) ? [compare('>=', value, loop.from)] : []),
    ...(ends(loop.to) ? [compare('<=', value, loop.to)] : []),
  ]
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
