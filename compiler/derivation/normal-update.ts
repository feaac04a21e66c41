/** Locations: h·u − ½ uᵀ Λ u, about 0 where that is what the executed form, about the previous value, amounts to. */
import { add, caseOf, compare, idx, isZero, literal, mul, num, ONE, ref, sub, sum, ZERO } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices, substituteIndex } from '../algebra/visit.js'
import type { NormalStep } from '../mstep/types.js'
import { agree } from './agree.js'
import { aboutZero, placesOf, readsShift } from './elements.js'
import { cancelled, ratio, whereRead } from './ratio.js'
import { simplify } from './simplify.js'
import type { Equation, Update, UpdateContext } from './update-types.js'

/** An element of the block: a param with an index expression at each position. */
interface Element {
  readonly param: string
  readonly at: readonly Expr[]
  readonly indices: readonly IndexVar[]
}

type Linear = NormalStep['linear'][number]
type Quadratic = NormalStep['quadratic'][number]

export function normalUpdate(step: NormalStep, c: UpdateContext): Update {
  const elements = elementsOf(step, c)
  const system = (element: Element): System => systemOf(element, elements, step, c)
  const systems = elements.map(system)
  const diagonal = systems.every((s) => s.others.length === 0)
  const faithful = systems.every((s) => aboutZeroHolds(s, c))
  const solution = faithful && !diagonal ? solved(systems, c) : null
  const equations = systems.map((s): Equation => {
    if (solution !== null) return solution
    const { element } = s
    const own = ref('param', element.param, element.at)
    const over = vectorIndex(s)
    const h = faithful ? simplify(aboutZero(s.linear, s.block), c.notation.facts) : s.linear
    if (diagonal) {
      const value = ratio(h, s.diagonal)
      const previous = ref('pivot', element.param, element.at)
      const right = whereRead(faithful ? value : add(previous, value), h, s.diagonal, previous)
      return { left: own, right, indices: element.indices, over }
    }
    const rows = rowsOf(s, faithful)
    const plain = cancelled(rows, h, false)
    return { left: plain.top, right: plain.bottom, indices: element.indices, over }
  })
  return {
    step,
    objective: systems.map((s, i) => ({ ...objectiveOf(s, faithful, c), over: (equations[i]?.over ?? []).slice(-1) })),
    conditions: systems.map((s, i) => ({
      left: sub(equationRight(s, faithful, c), rowsOf(s, faithful)),
      right: ZERO,
      indices: s.element.indices,
      over: equations[i]?.over ?? [],
    })),
    equations,
    multipliers: [],
    explicit: diagonal || solution !== null,
  }
}

/** W_d = C⁻¹ h_d where one vector of one param is all that a row of the system joins: W = H C⁻¹ where C is the same for all d. */
function solved(systems: readonly System[], c: UpdateContext): Equation | null {
  const [s, ...more] = systems
  const [other, ...others] = s?.others ?? []
  const last = s?.element.at.at(-1)
  if (s === undefined || other === undefined || more.length > 0 || others.length > 0) return null
  const { over } = other
  if (over === null || other.element.param !== s.element.param || last?.kind !== 'index') return null
  const h = simplify(aboutZero(s.linear, s.block), c.notation.facts)
  const matrix = add(other.coefficient, mul(s.diagonal, caseOf(compare('==', last, idx(over)), ONE)))
  const plain = cancelled(matrix, h, false)
  const own = s.element.indices.find((v) => v.id === last.var)
  if (own === undefined) return null
  const [row, column, inner] = [c.rename(own), c.rename(own), c.rename(own)]
  const of = {
    row,
    column,
    element: substituteIndex(
      plain.top,
      new Map([
        [last.var, idx(row)],
        [over.id, idx(column)],
      ]),
    ),
  }
  const lead = s.element.at.at(-2)
  const alike = lead?.kind === 'index' && !freeIndices(plain.top).has(lead.var) ? lead : null
  const [i, j] = alike === null ? [last, idx(inner)] : [idx(inner), last]
  const moved = substituteIndex(plain.bottom, new Map([[last.var, idx(inner)]]))
  return {
    left: ref('param', s.element.param, s.element.at),
    right: sum(inner, mul(moved, { kind: 'inverse', of, row: i, column: j })),
    indices: s.element.indices,
    over: alike === null ? [last.var] : [alike.var, last.var],
  }
}

const at = (e: Element, faithful: boolean): Expr => ref(faithful ? 'param' : 'shift', e.param, e.at)

/** One row of the normal equations: diagonal·u + Σ others = linear. */
interface System {
  /** Names of all params of the block. */
  readonly block: ReadonlySet<string>
  readonly element: Element
  readonly linear: Expr
  readonly diagonal: Expr
  readonly others: readonly {
    readonly element: Element
    readonly coefficient: Expr
    readonly over: IndexVar | null
    readonly before: boolean
  }[]
}

const equationRight = (s: System, faithful: boolean, c: UpdateContext): Expr =>
  faithful ? simplify(aboutZero(s.linear, s.block), c.notation.facts) : s.linear

/** The left of a row, the unknowns in the order of the block. */
function rowsOf(s: System, faithful: boolean): Expr {
  const own = mul(s.diagonal, at(s.element, faithful))
  const term = (o: System['others'][number]): Expr =>
    o.over === null
      ? mul(o.coefficient, at(o.element, faithful))
      : sum(o.over, mul(o.coefficient, at(o.element, faithful)))
  return add(...s.others.filter((o) => o.before).map(term), own, ...s.others.filter((o) => !o.before).map(term))
}

function objectiveOf(
  s: System,
  faithful: boolean,
  c: UpdateContext,
): { readonly term: Expr; readonly indices: readonly IndexVar[] } {
  const u = at(s.element, faithful)
  const half = add(
    mul(num(1, 2), s.diagonal, u, u),
    ...s.others.map((o) =>
      o.over === null
        ? mul(num(1, 2), o.coefficient, u, at(o.element, faithful))
        : mul(num(1, 2), sum(o.over, mul(o.coefficient, u, at(o.element, faithful)))),
    ),
  )
  return { term: sub(mul(equationRight(s, faithful, c), u), half), indices: s.element.indices }
}

/** Elements that the contributions tell apart: per param, an index or a number at each position. */
function elementsOf(step: NormalStep, c: UpdateContext): readonly Element[] {
  const shared = new Map<string, IndexVar>()
  return step.params.flatMap((param): readonly Element[] => {
    const positions = [
      ...step.linear.filter((x) => x.param === param).map((x) => ({ at: x.at, loops: x.loops })),
      ...step.quadratic.flatMap((x) => [
        ...(x.param === param ? [{ at: x.at, loops: x.loops }] : []),
        ...(x.other === param ? [{ at: x.otherAt, loops: x.loops }] : []),
      ]),
    ]
    const rank = positions[0]?.at.length ?? 0
    const batch = step.batch.find((b) => b.param === param)?.positions ?? []
    let out: readonly Element[] = [{ param, at: [], indices: [] }]
    for (let i = 0; i < rank; i++) {
      const { numbers, index } = placesOf(positions.map((p) => ({ at: p.at[i], loops: p.loops })))
      const apart = out.flatMap((e) => numbers.map((v): Element => ({ ...e, at: [...e.at, num(v)] })))
      // a position that the block is batched over has one index for all its params
      const place = batch.indexOf(i)
      const known = place >= 0 ? shared.get(`${place}`) : undefined
      if (index === null && known === undefined) {
        if (apart.length === 0) throw new Error(`no range for position ${i} of ${param}`)
        out = apart
        continue
      }
      const v = known ?? c.rename(index ?? { id: '', name: 'i', from: ONE, to: ONE })
      if (place >= 0) shared.set(`${place}`, v)
      out = [...apart, ...out.map((e): Element => ({ param, at: [...e.at, idx(v)], indices: [...e.indices, v] }))]
    }
    return out
  })
}

/** The row of Λ and the entry of h that belong to an element. */
function systemOf(element: Element, elements: readonly Element[], step: NormalStep, c: UpdateContext): System {
  const mine: readonly Linear[] = step.linear.filter((x) => x.param === element.param && mayBe(x.at, element.at))
  const linear = c.coefficient(mine, element.at)
  let diagonal: Expr = ZERO
  const others = new Map<string, System['others'][number]>()
  const batch = step.batch.find((b) => b.param === element.param)?.positions ?? []
  for (const other of elements) {
    // positions that differ within one formula get an index of their own, and are summed over
    const free =
      element.param === other.param && sameAt(element, other)
        ? other.indices.filter(
            (v) =>
              !batch.some((p) => {
                const e = other.at[p]
                return e?.kind === 'index' && e.var === v.id
              }),
          )
        : other.indices.filter((v) => !element.indices.some((x) => x.id === v.id))
    const over = free[0] === undefined ? null : c.rename(free[0])
    const by = new Map(free[0] === undefined || over === null ? [] : [[free[0].id, idx(over)] as const])
    const target: Element = { ...other, at: other.at.map((e) => substituteIndex(e, by)) }
    const value = simplify(add(...step.quadratic.flatMap((q) => between(q, element, target, c))), c.notation.facts)
    if (isZero(value)) continue
    // a condition that the two are one element makes it the diagonal
    const split = splitDiagonal(value, element, target, over)
    diagonal = add(diagonal, split.diagonal)
    if (sameAt(element, target) && over === null) diagonal = add(diagonal, split.rest)
    else if (!isZero(split.rest))
      others.set(`${keyOf(ref('param', target.param, target.at))}`, {
        element: target,
        coefficient: split.rest,
        over,
        before: elements.indexOf(other) < elements.indexOf(element),
      })
  }
  return {
    block: new Set(step.params),
    element,
    linear,
    diagonal: simplify(diagonal, c.notation.facts),
    others: [...others.values()],
  }
}

const mayBe = (at: readonly Expr[], target: readonly Expr[]): boolean =>
  at.every((e, i) => {
    const a = literal(e)
    const b = literal(target[i] ?? ZERO)
    return a === null || b === null || a === b
  })
const sameAt = (a: Element, b: Element): boolean =>
  a.param === b.param &&
  a.at.every((e, i) => {
    const o = b.at[i]
    return o !== undefined && keyOf(e) === keyOf(o)
  })

/** −(c_ab + c_ba): the element of Λ between two elements of the block, from one term of Q. */
function between(q: Quadratic, a: Element, b: Element, c: UpdateContext): readonly Expr[] {
  const once = (x: Element, y: Element): Expr => {
    if (q.param !== x.param || q.other !== y.param || !mayBe(q.at, x.at) || !mayBe(q.otherAt, y.at)) return ZERO
    return c.coefficient(
      [{ loops: q.loops, guards: q.guards, at: [...q.at, ...q.otherAt], value: q.value }],
      [...x.at, ...y.at],
    )
  }
  return [mul(num(-1), once(a, b)), mul(num(-1), once(b, a))]
}

/** Terms with the condition that the summed index is the element's own belong to the diagonal. */
function splitDiagonal(
  e: Expr,
  element: Element,
  target: Element,
  over: IndexVar | null,
): { readonly diagonal: Expr; readonly rest: Expr } {
  if (over === null || element.param !== target.param) return { diagonal: ZERO, rest: e }
  const own = target.at.findIndex((x) => x.kind === 'index' && x.var === over.id)
  const mine = element.at[own]
  if (mine === undefined) return { diagonal: ZERO, rest: e }
  const equal = keyOf(caseOf(compare('==', idx(over), mine), ONE))
  const equalToo = keyOf(caseOf(compare('==', mine, idx(over)), ONE))
  const terms = e.kind === 'add' ? e.terms : [e]
  const isDiagonal = (t: Expr): boolean =>
    (t.kind === 'mul' ? t.factors : [t]).some((f) => keyOf(f) === equal || keyOf(f) === equalToo)
  const unit = (t: Expr): Expr =>
    mul(...(t.kind === 'mul' ? t.factors : [t]).filter((f) => keyOf(f) !== equal && keyOf(f) !== equalToo))
  const there = new Map([[over.id, mine]])
  return {
    diagonal: add(...terms.filter(isDiagonal).map((t) => substituteIndex(unit(t), there))),
    rest: add(...terms.filter((t) => !isDiagonal(t))),
  }
}

/** h about the previous value p is h about 0 less Λp: then δ = Λ⁻¹h moves p to Λ⁻¹h₀. */
function aboutZeroHolds(s: System, c: UpdateContext): boolean {
  if (!readsShift(s.linear)) return false
  const old = (e: Element): Expr => ref('pivot', e.param, e.at)
  const moved = add(
    mul(s.diagonal, old(s.element)),
    ...s.others.map((o) =>
      o.over === null ? mul(o.coefficient, old(o.element)) : sum(o.over, mul(o.coefficient, old(o.element))),
    ),
  )
  return agree(s.linear, sub(aboutZero(s.linear, s.block), moved), s.element.indices, c.derivation)
}

/** The last index of an element, where the row can be written for the whole vector. */
function vectorIndex(s: System): readonly string[] {
  const last = s.element.at[s.element.at.length - 1]
  return last?.kind === 'index' ? [last.var] : []
}
