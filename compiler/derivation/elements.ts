/** From what the M-step executes (contributions, statistics) to the coefficient of one element of a block. */
import {
  add,
  bothOf,
  caseOf,
  compare,
  FALSE,
  idx,
  literal,
  mul,
  num,
  ONE,
  sub,
  sum,
  TRUE,
  ZERO,
} from '../algebra/build.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { freeIndices, mapGuard, rewrite, some, substituteIndex } from '../algebra/visit.js'
import { stepOf } from '../estep/places.js'
import { dependencyOrder } from '../mstep/statistics.js'
import type { Contribution, Statistic } from '../mstep/types.js'

/** A fresh variable with the domain of the given one. */
export type Rename = (v: IndexVar) => IndexVar

/** Every reference to a statistic, written out as the sum over rows that it is. */
export function expandStatistics(
  e: Expr,
  statistics: ReadonlyMap<string, Statistic>,
  rename: Rename,
  ranges: Ranges = new Map(),
): Expr {
  return rewrite(e, (n) => {
    if (n.kind !== 'ref' || n.space !== 'stat') return n
    const s = statistics.get(n.name)
    if (s === undefined) throw new Error(`no statistic ${n.name}`)
    const at = s.axes.map((axis, i) => {
      const place = n.index[i] ?? idx(axis)
      return literal(axis.from) === 0 ? sub(place, ONE) : place
    })
    return pinned({ loops: s.loops, guards: s.guards, at: s.at, value: s.value }, at, rename, ranges)
  })
}

/** Ranges of the index variables that targets are made of, by their ids. */
export type Ranges = ReadonlyMap<string, IndexVar>

/**
 * Σ over the loops of `value` where `at` equals `target`: a loop that `at` names, or a number of steps from it, is replaced by
 * the target's index, with its range as a condition where the target's is wider; any other position becomes a condition.
 */
export function pinned(c: Contribution, target: readonly Expr[], rename: Rename, ranges: Ranges): Expr {
  const by = new Map<string, Expr>()
  const within: Guard[] = []
  const conditions: { readonly at: Expr; readonly target: Expr }[] = []
  c.at.forEach((e, i) => {
    const t = target[i]
    if (t === undefined) return
    const { base, offset } = stepOf(e)
    const loop = base.kind === 'index' && !by.has(base.var) ? c.loops.find((l) => l.id === base.var) : undefined
    if (loop === undefined) conditions.push({ at: e, target: t })
    else {
      by.set(loop.id, sub(t, num(offset)))
      within.push(...rangeGuards(loop, offset, t, ranges))
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
  const guards = [
    ...c.guards.map((g) => mapGuard(g, s)),
    ...within.map((g) => mapGuard(g, s)),
    ...conditions.map((x) => equal(s(x.at), s(x.target), ranges)),
  ]
  const guard = guards.reduce<Guard>((a, b) => bothOf(a, b), TRUE)
  return rest.reduceRight<Expr>((e, l) => sum(l, e), caseOf(guard, s(c.value)))
}

/** a = b; never, where one is a number outside of the other's range. */
function equal(a: Expr, b: Expr, ranges: Ranges): Guard {
  const isOutside = (number: Expr, e: Expr): boolean => {
    const [n, own] = [literal(number), e.kind === 'index' ? ranges.get(e.var) : undefined]
    return n !== null && own !== undefined && (n < (literal(own.from) ?? n) || n > (literal(own.to) ?? n))
  }
  return isOutside(a, b) || isOutside(b, a) ? FALSE : compare('==', a, b)
}

/** Conditions under which a loop that stands `offset` steps before `place` is within its range, where they are not known. */
function rangeGuards(loop: IndexVar, offset: number, place: Expr, ranges: Ranges): readonly Guard[] {
  const [from, to] = [add(loop.from, num(offset)), add(loop.to, num(offset))]
  if (literal(place) !== null)
    return [compare('>=', place, from), compare('<=', place, to)].filter((g) => g.kind === 'literal')
  const own = place.kind === 'index' ? ranges.get(place.var) : undefined
  if (own === undefined) return []
  const isWider = (e: Expr): boolean => (literal(e) ?? 0) > 0
  const [low, high] = [sub(from, own.from), sub(own.to, to)]
  return [
    ...(isWider(low) ? [literal(low) === 1 ? compare('>', place, own.from) : compare('>=', place, from)] : []),
    ...(isWider(high) ? [literal(high) === 1 ? compare('<', place, own.to) : compare('<=', place, to)] : []),
  ]
}

/** The coefficient of the element at `target`: the sum of what the contributions add there. */
export function coefficientAt(
  cs: readonly Contribution[],
  target: readonly Expr[],
  rename: Rename,
  ranges: Ranges,
): Expr {
  return add(...cs.map((c) => pinned(c, target, rename, ranges)))
}

/** One family of elements of a param with one formula: an index variable or a number at each position. */
export interface Target {
  readonly at: readonly Expr[]
  /** The index variables among them. */
  readonly indices: readonly IndexVar[]
}

/** The elements of one position that have a formula of their own, and an index for the others. */
export interface Places {
  readonly numbers: readonly number[]
  readonly index: IndexVar | null
}

/**
 * What contributions tell apart at one position: the numbers that some of them name (`f[1]`), and an index for what
 * others run over. Numbers at the beginning of its range are left out of it; other numbers are conditions in one formula
 * for all, or have it written out where it is short.
 */
export function placesOf(
  ats: readonly { readonly at: Expr | undefined; readonly loops: readonly IndexVar[] }[],
): Places {
  const named = ats.flatMap(({ at }) => {
    const v = at === undefined ? null : literal(at)
    return v === null ? [] : [v]
  })
  const numbers = [...new Set(named)].sort((a, b) => a - b)
  const index = ats
    .flatMap(({ at, loops }) => {
      const own = at?.kind === 'index' ? loops.find((l) => l.id === at.var) : undefined
      return own === undefined ? [] : [own]
    })
    .reduce<IndexVar | null>((a, b) => (a === null ? b : widest(a, b)), null)
  const [from, to] = index === null ? [null, null] : [literal(index.from), literal(index.to)]
  if (index === null || numbers.length === 0 || from === null) return { numbers, index }
  if (to !== null && to - from < FEW) {
    const all = Array.from({ length: to - from + 1 }, (_, i) => from + i)
    return { numbers: [...new Set([...all, ...numbers])].sort((a, b) => a - b), index: null }
  }
  if (numbers.every((n, i) => n === from + i)) return { numbers, index: { ...index, from: num(from + numbers.length) } }
  return { numbers: [], index }
}

const FEW = 6

/** The range that holds both, as far as can be told. */
const widest = (a: IndexVar, b: IndexVar): IndexVar => ({
  ...a,
  from: (literal(sub(a.from, b.from)) ?? 0) > 0 ? b.from : a.from,
  to: (literal(sub(b.to, a.to)) ?? 0) > 0 ? b.to : a.to,
})

/** The elements that a block's contributions tell apart. */
export function targetsOf(cs: readonly Contribution[], rename: Rename): readonly Target[] {
  const rank = cs.reduce((n, c) => Math.max(n, c.at.length), 0)
  let targets: readonly Target[] = [{ at: [], indices: [] }]
  for (let i = 0; i < rank; i++) {
    const { numbers, index } = placesOf(cs.map((c) => ({ at: c.at[i], loops: c.loops })))
    const loop = cs.find((c) => {
      const e = c.at[i]
      return e?.kind === 'index' && c.loops.some((x) => x.id === e.var)
    })
    targets = targets.flatMap((t): readonly Target[] => {
      const apart = numbers.map((v): Target => ({ at: [...t.at, num(v)], indices: t.indices }))
      if (index === null) return apart.length > 0 ? apart : [{ at: [...t.at, ONE], indices: t.indices }]
      const by = new Map(
        t.at.flatMap((e, p) => {
          const own = loop?.at[p]
          return own?.kind === 'index' ? [[own.var, e] as const] : []
        }),
      )
      const v = rename({ ...index, from: substituteIndex(index.from, by), to: substituteIndex(index.to, by) })
      return [...apart, { at: [...t.at, idx(v)], indices: [...t.indices, v] }]
    })
  }
  return targets
}

export const readsShift = (e: Expr): boolean =>
  some(e, (n) => n.kind === 'ref' && (n.space === 'shift' || n.space === 'pivot'))

/** The same block expanded about `value(param)` instead of its previous value, with no shift left. */
export function aboutValue(e: Expr, value: (r: Extract<Expr, { kind: 'ref' }>) => Expr): Expr {
  return rewrite(e, (n) =>
    n.kind === 'ref' && n.space === 'shift' ? ZERO : n.kind === 'ref' && n.space === 'pivot' ? value(n) : n,
  )
}

/** Params by their new value: pivot + shift is what an executed step reads. */
export const atNewValue = (e: Expr): Expr => aboutValue(e, (r) => ({ ...r, space: 'param' }))

/** Locations of a block about 0: what is linear and quadratic in the params themselves. Others are at their new value. */
export const aboutZero = (e: Expr, block: ReadonlySet<string>): Expr =>
  aboutValue(e, (r) => (block.has(r.name) ? ZERO : { ...r, space: 'param' }))

export const negated = (e: Expr): Expr => mul(num(-1), e)
export const usesIndex = (e: Expr, id: string): boolean => freeIndices(e).has(id)
