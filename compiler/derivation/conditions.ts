/** Conditions inside sums: what they fix, and what of them is redundant. */
import { foldGuard, idx, literal, sub } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { freeIndices } from '../algebra/visit.js'

export const conjuncts = (g: Guard): readonly Guard[] =>
  g.kind === 'and' ? [...conjuncts(g.left), ...conjuncts(g.right)] : [g]

/** The value that v = e, or v + 1 = e, gives to v. */
export function fixedBy(g: Guard, v: IndexVar): Expr | null {
  if (g.kind !== 'compare' || g.operator !== '==') return null
  for (const [a, b] of [
    [g.left, g.right],
    [g.right, g.left],
  ] as const) {
    const offset = sub(a, idx(v))
    if (literal(offset) !== null && !freeIndices(b).has(v.id)) return sub(b, offset)
  }
  return null
}

/** y ≠ 1 and y = 2 is y = 2. */
export function tidyGuard(g: Guard): Guard {
  const all = conjuncts(g)
  const fixed = all.flatMap((x) =>
    x.kind === 'compare' && x.operator === '==' && literal(x.right) !== null ? [x] : [],
  )
  const kept = all.filter(
    (x) =>
      !(
        x.kind === 'compare' &&
        x.operator === '!=' &&
        literal(x.right) !== null &&
        fixed.some((f) => keyOf(f.left) === keyOf(x.left) && literal(f.right) !== literal(x.right))
      ),
  )
  return kept.length === all.length
    ? g
    : kept.reduce<Guard>((a, b) => foldGuard({ kind: 'and', left: a, right: b }), { kind: 'literal', value: true })
}

/** true where a guard compares the index with a number. */
export function comparesWithNumber(g: Guard, v: IndexVar): boolean {
  switch (g.kind) {
    case 'compare':
      return isVariable(g.left, v) ? literal(g.right) !== null : isVariable(g.right, v) && literal(g.left) !== null
    case 'and':
    case 'or':
      return comparesWithNumber(g.left, v) || comparesWithNumber(g.right, v)
    case 'not':
      return comparesWithNumber(g.of, v)
    case 'literal':
      return false
  }
}

const isVariable = (e: Expr, v: IndexVar): boolean => e.kind === 'index' && e.var === v.id
