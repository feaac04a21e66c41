/** ∂Q/∂θ of the params of a numerical block, one formula for each family of their elements, from the terms that it runs on. */
import {
  add,
  bothOf,
  call,
  caseOf,
  compare,
  exp,
  foldGuard,
  idx,
  literal,
  mul,
  num,
  ONE,
  pow,
  splitCoefficient,
  sub,
  sum,
  TRUE,
} from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import { monomialsToExpr } from '../algebra/monomial.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { freeIndices, mapGuard, rewrite, substituteIndex } from '../algebra/visit.js'
import { stepOf } from '../estep/places.js'
import { slopesOf } from '../mstep/slopes.js'
import { dependencyOrder } from '../mstep/statistics.js'
import type { Contribution, NewtonStep } from '../mstep/types.js'
import { conjuncts } from './conditions.js'
import { atNewValue, expandStatistics, type Rename } from './elements.js'
import { conditionsAsIndicators } from './for-display.js'
import { gathered } from './gather.js'
import { simplify } from './simplify.js'
import type { UpdateContext } from './update-types.js'

/** The derivative by param[at], for every value of the indices. */
export interface Score {
  readonly param: string
  readonly at: readonly Expr[]
  readonly indices: readonly IndexVar[]
  readonly value: Expr
}

/** The derivatives of the block's part of Q; elements that it does not read have none. */
export function scoresOf(step: NewtonStep, c: UpdateContext): readonly Score[] {
  const names = new Set(step.params)
  const statistics = new Map(c.derivation.mStep.objective.statistics.map((s) => [s.id, s]))
  const terms = [...step.monomials.map((m) => monomialsToExpr([m])), ...step.rowTerms.map((r) => r.expr)]
  const partials = terms.flatMap((t) => slopesOf(t, names, c.rename))
  return step.params.flatMap((param) => {
    const own = partials
      .filter((p) => p.name === param)
      .map((p): Contribution => ({ loops: p.loops, guards: [p.guard], at: p.at, value: p.value }))
    return targetsOf(own, c.derivation.shapes.shape('param', param), c.rename).map((t) => {
      const whole = add(...own.map((x) => addedAt(x, t.at, t.indices, c.rename)))
      const written = atNewValue(expandStatistics(whole, statistics, c.rename))
      const facts = c.notation.facts
      const value = gathered(
        asShares(conditionsAsIndicators(simplify(decided(simplify(written, facts), t.indices), facts))),
      )
      return { param, at: t.at, indices: t.indices, value }
    })
  })
}

interface Target {
  readonly at: readonly Expr[]
  readonly indices: readonly IndexVar[]
}

/** A number at each position that is read at numbers alone, else an index over all of it. */
function targetsOf(cs: readonly Contribution[], shape: readonly Expr[], rename: Rename): readonly Target[] {
  if (cs.length === 0) return []
  return shape.reduce<readonly Target[]>(
    (all, extent, i) => {
      const places = cs.flatMap((c) => c.at[i] ?? [])
      const fixed = places.map(literal)
      if (fixed.every((n) => n !== null))
        return all.flatMap((t) =>
          [...new Set(fixed.flatMap((n) => n ?? []))]
            .sort((a, b) => a - b)
            .map((n) => ({ at: [...t.at, num(n)], indices: t.indices })),
        )
      const read = places.map((e) => stepOf(e).base).find((e) => e.kind === 'index')
      return all.map((t) => {
        const v = rename({ id: 'at', name: read?.kind === 'index' ? read.name : 'k', from: ONE, to: extent })
        return { at: [...t.at, idx(v)], indices: [...t.indices, v] }
      })
    },
    [{ at: [], indices: [] }],
  )
}

/**
 * Σ over the loops of what is added at `target`: a loop that a position names, or a number of steps from it, is replaced
 * by the target's index, with its range as a condition where that is narrower; any other position becomes a condition.
 */
function addedAt(c: Contribution, target: readonly Expr[], indices: readonly IndexVar[], rename: Rename): Expr {
  const by = new Map<string, Expr>()
  const ranges: { readonly loop: IndexVar; readonly value: Expr }[] = []
  const open: { readonly at: Expr; readonly target: Expr }[] = []
  c.at.forEach((e, i) => {
    const place = target[i]
    if (place === undefined) return
    const { base, offset } = stepOf(e)
    const loop = base.kind === 'index' && !by.has(base.var) ? c.loops.find((l) => l.id === base.var) : undefined
    if (loop === undefined) open.push({ at: base, target: sub(place, num(offset)) })
    else {
      const value = sub(place, num(offset))
      by.set(loop.id, value)
      ranges.push({ loop, value })
    }
  })
  const rest: IndexVar[] = []
  for (const l of dependencyOrder(c.loops)) {
    if (by.has(l.id)) continue
    const fresh = rename({ ...l, from: substituteIndex(l.from, by), to: substituteIndex(l.to, by) })
    by.set(l.id, idx(fresh))
    rest.push(fresh)
  }
  const s = (e: Expr): Expr => substituteIndex(e, by)
  const guard = [
    ...c.guards.map((g) => mapGuard(g, s)),
    ...ranges.flatMap(({ loop, value }) => [compare('>=', value, s(loop.from)), compare('<=', value, s(loop.to))]),
    ...open.map((x) => compare('==', s(x.at), s(x.target))),
  ].reduce<Guard>((a, g) => bothOf(a, foldGuard(g)), TRUE)
  return rest.reduceRight<Expr>((e, l) => sum(l, e), caseOf(tidyConditions(guard, indices), s(c.value)))
}

/** Conditions that the ranges of the indices decide. */
const decided = (e: Expr, indices: readonly IndexVar[]): Expr =>
  rewrite(e, (n) => (n.kind === 'case' ? caseOf(tidyConditions(n.when, indices), n.then, n.otherwise) : n))

/** y − 1 = l as y = l + 1, and without the conditions on y that then hold. */
function tidyConditions(g: Guard, indices: readonly IndexVar[]): Guard {
  const all = conjuncts(decidedGuard(g, indices)).map(placeFirst)
  const places = new Map(all.flatMap((x) => (isPlace(x) ? [[keyOf(x.left), x.right] as const] : [])))
  const atPlaces = (e: Expr): Expr => rewrite(e, (n) => (n.kind === 'ref' ? (places.get(keyOf(n)) ?? n) : n))
  return all.reduce<Guard>((a, x) => {
    const there = isPlace(x) ? x : foldGuard(decidedGuard(mapGuard(x, atPlaces), indices))
    return bothOf(a, there.kind === 'literal' ? there : x)
  }, TRUE)
}

const isPlace = (g: Guard): g is Extract<Guard, { kind: 'compare' }> =>
  g.kind === 'compare' && g.operator === '==' && g.left.kind === 'ref' && g.right.kind !== 'ref'

function placeFirst(g: Guard): Guard {
  if (g.kind !== 'compare' || g.operator !== '==') return g
  const { base, offset } = stepOf(g.left)
  return base.kind === 'ref' && offset !== 0 ? compare('==', base, sub(g.right, num(offset))) : g
}

function decidedGuard(g: Guard, indices: readonly IndexVar[]): Guard {
  switch (g.kind) {
    case 'compare': {
      const [low, high] = [bound(sub(g.left, g.right), indices, 'least'), bound(sub(g.left, g.right), indices, 'most')]
      const value = truth(g.operator, low, high)
      return value === null ? g : { kind: 'literal', value }
    }
    case 'not':
      return foldGuard({ kind: 'not', of: decidedGuard(g.of, indices) })
    case 'and':
    case 'or':
      return foldGuard({ kind: g.kind, left: decidedGuard(g.left, indices), right: decidedGuard(g.right, indices) })
    case 'literal':
      return g
  }
}

/** The least or the largest value of a sum that is linear in the indices, or null where it is no number. */
function bound(e: Expr, indices: readonly IndexVar[], which: 'least' | 'most'): number | null {
  const by = new Map<string, Expr>()
  for (const v of indices) {
    if (!freeIndices(e).has(v.id)) continue
    const slope = literal(sub(substituteIndex(e, new Map([[v.id, add(idx(v), ONE)]])), e))
    if (slope === null) return null
    by.set(v.id, slope > 0 === (which === 'least') ? v.from : v.to)
  }
  return literal(substituteIndex(e, by))
}

function truth(operator: string, low: number | null, high: number | null): boolean | null {
  const [least, most] = [low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY]
  switch (operator) {
    case '>':
      return least > 0 ? true : most <= 0 ? false : null
    case '>=':
      return least >= 0 ? true : most < 0 ? false : null
    case '<':
      return most < 0 ? true : least >= 0 ? false : null
    case '<=':
      return most <= 0 ? true : least > 0 ? false : null
    case '==':
      return least > 0 || most < 0 ? false : least === 0 && most === 0 ? true : null
    case '!=':
      return least > 0 || most < 0 ? true : least === 0 && most === 0 ? false : null
    default:
      return null
  }
}

/** exp(z − log Σ_j e^z_j) as e^z / Σ_j e^z_j: it is computed as the first, and read as the second. */
const asShares = (e: Expr): Expr =>
  rewrite(e, (n) => {
    const [arg] = n.kind === 'call' && n.fn === 'exp' ? n.args : []
    if (arg?.kind !== 'add') return n
    const powers = arg.terms.map(powerOf)
    return mul(exp(add(...arg.terms.filter((_, i) => powers[i] === null))), ...powers.flatMap((p) => p ?? []))
  })

/** exp of a number times a logarithm. */
function powerOf(e: Expr): Expr | null {
  const { coefficient, rest } = splitCoefficient(e)
  if (coefficient.kind !== 'num' || rest?.kind !== 'call') return null
  const [a, b] = rest.args
  if (rest.fn === 'log' && a !== undefined) return pow(a, coefficient.value)
  if (rest.fn === 'logPhiBetween' && a !== undefined && b !== undefined)
    return pow(sub(call('Phi', b), call('Phi', a)), coefficient.value)
  return null
}
