/** From what the M-step executes (contributions, statistics) to the coefficient of one element of a block. */
import { add, bothOf, caseOf, compare, idx, literal, mul, num, ONE, sub, sum, TRUE, ZERO } from '../algebra/build.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { freeIndices, mapGuard, rewrite, some, substituteIndex } from '../algebra/visit.js'
import { dependencyOrder } from '../mstep/statistics.js'
import type { Contribution, Statistic } from '../mstep/types.js'

/** A fresh variable with the domain of the given one. */
export type Rename = (v: IndexVar) => IndexVar

/** Every reference to a statistic, written out as the sum over rows that it is. */
export function expandStatistics(e: Expr, statistics: ReadonlyMap<string, Statistic>, rename: Rename): Expr {
  return rewrite(e, (n) => {
    if (n.kind !== 'ref' || n.space !== 'stat') return n
    const s = statistics.get(n.name)
    if (s === undefined) throw new Error(`no statistic ${n.name}`)
    const at = s.axes.map((axis, i) => {
      const place = n.index[i] ?? idx(axis)
      return literal(axis.from) === 0 ? sub(place, ONE) : place
    })
    return pinned({ loops: s.loops, guards: s.guards, at: s.at, value: s.value }, at, rename)
  })
}

/**
 * Σ over the loops of `value` where `at` equals `target`: a loop that `at` names is replaced by the target's index, any
 * other position becomes a condition.
 */
export function pinned(c: Contribution, target: readonly Expr[], rename: Rename): Expr {
  const by = new Map<string, Expr>()
  const conditions: { readonly at: Expr; readonly target: Expr }[] = []
  c.at.forEach((e, i) => {
    const t = target[i]
    if (t === undefined) return
    if (e.kind === 'index' && !by.has(e.var) && c.loops.some((l) => l.id === e.var)) by.set(e.var, t)
    else conditions.push({ at: e, target: t })
  })
  const rest: IndexVar[] = []
  for (const l of dependencyOrder(c.loops)) {
    if (by.has(l.id)) continue
    const fresh = rename({ ...l, from: substituteIndex(l.from, by), to: substituteIndex(l.to, by) })
    by.set(l.id, idx(fresh))
    rest.push(fresh)
  }
  const s = (e: Expr): Expr => substituteIndex(e, by)
  const guards = [...c.guards.map((g) => mapGuard(g, s)), ...conditions.map((x) => compare('==', s(x.at), s(x.target)))]
  const guard = guards.reduce<Guard>((a, b) => bothOf(a, b), TRUE)
  return rest.reduceRight<Expr>((e, l) => sum(l, e), caseOf(guard, s(c.value)))
}

/** The coefficient of the element at `target`: the sum of what the contributions add there. */
export function coefficientAt(cs: readonly Contribution[], target: readonly Expr[], rename: Rename): Expr {
  return add(...cs.map((c) => pinned(c, target, rename)))
}

/** One family of elements of a param with one formula: an index variable or a number at each position. */
export interface Target {
  readonly at: readonly Expr[]
  /** The index variables among them. */
  readonly indices: readonly IndexVar[]
}

/**
 * The elements that a block's contributions tell apart: where one of them names a fixed position (`f[1]`), each such
 * position has a formula of its own; else an index stands for all.
 */
export function targetsOf(cs: readonly Contribution[], rename: Rename): readonly Target[] {
  const rank = cs.reduce((n, c) => Math.max(n, c.at.length), 0)
  let targets: readonly Target[] = [{ at: [], indices: [] }]
  for (let i = 0; i < rank; i++) {
    const fixed = [
      ...new Set(
        cs.flatMap((c) => {
          const v = c.at[i] === undefined ? null : literal(c.at[i] ?? ZERO)
          return v === null ? [] : [v]
        }),
      ),
    ].sort((a, b) => a - b)
    const loop = cs.flatMap((c) => {
      const e = c.at[i]
      const l = e?.kind === 'index' ? c.loops.find((x) => x.id === e.var) : undefined
      return l === undefined ? [] : [{ loop: l, at: c.at }]
    })[0]
    targets = targets.flatMap((t): readonly Target[] => {
      if (fixed.length > 0) return fixed.map((v) => ({ at: [...t.at, num(v)], indices: t.indices }))
      if (loop === undefined) return [{ at: [...t.at, ONE], indices: t.indices }]
      const by = new Map(
        t.at.flatMap((e, p) => {
          const own = loop.at[p]
          return own?.kind === 'index' ? [[own.var, e] as const] : []
        }),
      )
      const v = rename({
        ...loop.loop,
        from: substituteIndex(loop.loop.from, by),
        to: substituteIndex(loop.loop.to, by),
      })
      return [{ at: [...t.at, idx(v)], indices: [...t.indices, v] }]
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
