/** From the terms of a block, as they are executed, to what they add at one of its cells. */
import { add, bothOf, caseOf, compare, idx, literal, mul, ONE, sub, sum, TRUE, ZERO } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { freeIndices, mapGuard, substituteIndex } from '../algebra/visit.js'
import { stepOf } from '../estep/places.js'
import { weightOf } from '../estep/plan.js'
import type { BlockTerm } from '../estep/types.js'
import { dependencyOrder } from '../mstep/statistics.js'
import type { Rename } from './elements.js'

/** Where a term adds, in the loops of its factor: the row of the block, then the cell or the two cells. */
export const placeOf = (t: BlockTerm, cells: readonly (readonly Expr[])[]): readonly Expr[] => [
  ...t.factor.row,
  ...cells.flat(),
]

/**
 * Σ over the loops of a term of what it adds at `target`. A loop that a position of `at` names, or a number of steps
 * from it, is replaced by the target's index, with its range as a condition where the target's is wider; any other
 * position becomes a condition.
 */
export function addedAt(
  t: BlockTerm,
  at: readonly Expr[],
  target: readonly Expr[],
  ranges: readonly IndexVar[],
  rename: Rename,
): Expr {
  const loops = [...t.factor.lifted.factor.loops.map((l) => l.index), ...t.loops]
  const by = new Map<string, Expr>()
  const guards: Guard[] = []
  const open: { readonly at: Expr; readonly target: Expr }[] = []
  at.forEach((e, i) => {
    const place = target[i]
    if (place === undefined) return
    const { base, offset } = stepOf(e)
    const loop = base.kind === 'index' ? loops.find((l) => l.id === base.var) : undefined
    if (loop === undefined || by.has(loop.id)) {
      open.push({ at: e, target: place })
      return
    }
    by.set(loop.id, sub(place, numberOf(offset)))
    guards.push(...within(loop, offset, place, ranges))
  })
  const rest: IndexVar[] = []
  for (const l of dependencyOrder(loops)) {
    if (by.has(l.id)) continue
    const fresh = rename({ ...l, from: substituteIndex(l.from, by), to: substituteIndex(l.to, by) })
    by.set(l.id, idx(fresh))
    rest.push(fresh)
  }
  const s = (e: Expr): Expr => substituteIndex(e, by)
  const all = [
    ...guards.map((g) => mapGuard(g, s)),
    ...t.guards.map((g) => mapGuard(g, s)),
    ...open.map((x) => (literal(x.at) === null ? equal(s(x.at), s(x.target)) : equal(s(x.target), s(x.at)))),
  ]
  const weight = weightOf(t.factor.extraLoops)
  const value = s(mul(...(weight === null ? [] : [weight]), t.coefficient))
  const distinct = all.filter((g, i) => all.findIndex((o) => guardKey(o) === guardKey(g)) === i)
  const guard = distinct.reduce<Guard>((a, b) => bothOf(a, b), TRUE)
  return rest.reduceRight<Expr>((e, l) => sum(l, e), mul(value, caseOf(guard, ONE)))
}

const guardKey = (g: Guard): string => keyOf(caseOf(g, ONE))
const numberOf = (n: number): Expr => ({ kind: 'num', value: { n, d: 1 } })

/** a = b, decided where they are a number of steps apart. */
function equal(a: Expr, b: Expr): Guard {
  const apart = literal(sub(a, b))
  return apart === null ? compare('==', a, b) : { kind: 'literal', value: apart === 0 }
}

/** The places of a target at which a loop, `offset` steps behind, is within its range. */
function within(loop: IndexVar, offset: number, place: Expr, ranges: readonly IndexVar[]): readonly Guard[] {
  const at = stepOf(place)
  const { base } = at
  const own = base.kind === 'index' ? ranges.find((v) => v.id === base.var) : undefined
  const moved = numberOf(offset - at.offset)
  const [from, to] = [add(loop.from, moved), add(loop.to, moved)]
  if (own === undefined || base.kind !== 'index')
    return freeIndices(place).size === 0
      ? [compare('>=', place, add(loop.from, numberOf(offset))), compare('<=', place, add(loop.to, numberOf(offset)))]
      : []
  const low = sub(from, own.from)
  const high = sub(own.to, to)
  const wide = (e: Expr): boolean => keyOf(e) === keyOf(ZERO) || (literal(e) ?? 1) < 0
  const first: Guard = literal(low) === 1 ? compare('>', base, own.from) : compare('>=', base, from)
  const last: Guard = literal(high) === 1 ? compare('<', base, own.to) : compare('<=', base, to)
  return [...(wide(low) ? [] : [first]), ...(wide(high) ? [] : [last])]
}
