import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'

/** A key that does not depend on the ids of bound variables. */
export function canonicalKey(e: Expr): string {
  const go = (x: Expr, by: ReadonlyMap<string, Expr>): Expr => {
    if (x.kind === 'index') return by.get(x.var) ?? x
    if (x.kind === 'sum') {
      // by depth: sums side by side do not see one another, and their order does not count
      const name = `#${by.size}`
      const inner = new Map([...by, [x.index.id, { kind: 'index', var: name, name } as Expr]])
      return {
        kind: 'sum',
        index: { id: name, name, from: substituteIndex(x.index.from, by), to: substituteIndex(x.index.to, by) },
        body: go(x.body, inner),
      }
    }
    if (x.kind === 'mul') return { kind: 'mul', factors: x.factors.map((f) => go(f, by)) }
    if (x.kind === 'pow') return { ...x, base: go(x.base, by) }
    if (x.kind === 'expect')
      return {
        kind: 'expect',
        of: x.of.map((i) => ({ ...i, index: i.index.map((e) => go(e, by)), value: go(i.value, by) })),
        body: go(x.body, by),
      }
    if (x.kind === 'add') return { kind: 'add', terms: x.terms.map((f) => go(f, by)) }
    return substituteIndex(x, by)
  }
  return keyOf(go(e, new Map()))
}
