/** The search for a subscript that lies outside its dimension, over the loops around it. */
import { compareNumbers, literal } from '../algebra/build.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { collectNodes, freeIndices, some } from '../algebra/visit.js'
import type { BoundNumbers } from './sizes.js'

/** A subscript in one dimension, in the loops and under the conditions that stand around it. */
export interface Place {
  readonly subscript: Expr
  /** Least place of the dimension, and the largest. */
  readonly low: number
  readonly extent: Expr
  /** Outermost first. */
  readonly loops: readonly IndexVar[]
  readonly guards: readonly Guard[]
}

export type Indices = ReadonlyMap<string, number>

/**
 * The first values of the loops at which a subscript lies outside its dimension and no condition that is known
 * excludes it; null where there are none, or where the subscript is no constant and no loop's index plus a constant.
 * A condition that reads latents may hold.
 */
export function findOutside(p: Place, numbers: BoundNumbers, consts: ReadonlySet<string>): Indices | null {
  const isKnown = (e: Expr): boolean =>
    !some(e, (n) => n.kind === 'ref' && !(n.space === 'size' || (n.space === 'const' && consts.has(n.name))))
  const form = offsetForm(p.subscript)
  if (form === null || !isKnown(p.subscript) || !isKnown(p.extent)) return null
  if (form.index !== null && freeIndices(p.extent).has(form.index)) return null
  const needed = neededLoops(p)
  if (needed.some((v) => !isKnown(v.from) || !isKnown(v.to))) return null
  // the loops that the subscript depends on, then the others, which only conditions depend on
  const order = [...needed, ...p.loops.filter((v) => !needed.includes(v) && isKnown(v.from) && isKnown(v.to))]
  const search = (depth: number, at: Indices): Indices | null => {
    if (depth >= needed.length && !isOutside(p, numbers, at)) return null
    if (!p.guards.every((g) => mayBe(g, true, numbers, at, consts))) return null
    const v = order[depth]
    if (v === undefined) return new Map(at)
    const from = numbers.value(v.from, at)
    const to = numbers.value(v.to, at)
    const ranges = v.id === form.index ? outsideRanges(p, form, from, to, numbers, at) : [[from, to] as const]
    const inner = new Map(at)
    for (const [first, last] of ranges)
      for (let i = first; i <= last; i++) {
        const found = search(depth + 1, inner.set(v.id, i))
        if (found !== null) return found
      }
    return null
  }
  return search(0, new Map())
}

/** Loops that the subscript and the extent depend on, and those that these loops depend on. */
function neededLoops(p: Place): readonly IndexVar[] {
  const ids = new Set([...freeIndices(p.subscript), ...freeIndices(p.extent)])
  const out: IndexVar[] = []
  for (const v of [...p.loops].reverse()) {
    if (!ids.has(v.id)) continue
    out.unshift(v)
    for (const e of [v.from, v.to]) for (const id of freeIndices(e)) ids.add(id)
  }
  return out
}

interface OffsetForm {
  /** The loop's index, or null in a constant. */
  readonly index: string | null
  readonly sign: 1 | -1
}

/** c, c + t or c − t, for a constant c. */
function offsetForm(e: Expr): OffsetForm | null {
  const terms = (e.kind === 'add' ? e.terms : [e]).filter((t) => freeIndices(t).size > 0)
  const [term] = terms
  if (term === undefined) return { index: null, sign: 1 }
  if (terms.length > 1) return null
  if (term.kind === 'index') return { index: term.var, sign: 1 }
  if (term.kind !== 'mul' || term.factors.length !== 2) return null
  const [coefficient, index] = term.factors
  if (coefficient === undefined || literal(coefficient) !== -1 || index?.kind !== 'index') return null
  return { index: index.var, sign: -1 }
}

/** The parts of from..to whose places are outside: found without a visit of those inside. */
function outsideRanges(
  p: Place,
  { index, sign }: OffsetForm,
  from: number,
  to: number,
  numbers: BoundNumbers,
  at: Indices,
): readonly (readonly [number, number])[] {
  const c = numbers.value(p.subscript, new Map([...at, [index ?? '', 0]]))
  const high = numbers.value(p.extent, at)
  const ends = [sign * (p.low - c), sign * (high - c)]
  return [
    [from, Math.min(to, Math.min(...ends) - 1)],
    [Math.max(from, Math.max(...ends) + 1), to],
  ]
}

function isOutside(p: Place, numbers: BoundNumbers, at: Indices): boolean {
  const place = numbers.value(p.subscript, at)
  return place < p.low || place > numbers.value(p.extent, at)
}

/** Whether a condition can have that value, given the indices that are known so far. */
function mayBe(g: Guard, wanted: boolean, numbers: BoundNumbers, at: Indices, consts: ReadonlySet<string>): boolean {
  const may = (part: Guard, value: boolean): boolean => mayBe(part, value, numbers, at, consts)
  switch (g.kind) {
    case 'literal':
      return g.value === wanted
    case 'not':
      return may(g.of, !wanted)
    case 'and':
    case 'or':
      return (g.kind === 'and') === wanted
        ? may(g.left, wanted) && may(g.right, wanted)
        : may(g.left, wanted) || may(g.right, wanted)
    case 'compare': {
      const open = [g.left, g.right].some(
        (e) =>
          [...freeIndices(e)].some((id) => !at.has(id)) ||
          collectNodes(e, (n) => n.kind === 'ref').some(
            (n) => n.kind === 'ref' && !isReadable(n.space, n.name, consts),
          ),
      )
      if (open) return true
      return compareNumbers(g.operator, numbers.value(g.left, at), numbers.value(g.right, at)) === wanted
    }
  }
}

const isReadable = (space: string, name: string, consts: ReadonlySet<string>): boolean =>
  space === 'size' || space === 'data' || space === 'observed' || (space === 'const' && consts.has(name))
