/** First derivatives of a part of Q by the params of a block: what a numerical M-step follows, and what its page prints. */
import { type Partial, partials } from '../algebra/differentiate.js'
import type { Expr, IndexVar } from '../algebra/types.js'

/** The sums that an expression consists of, outermost first, and what they sum. */
export function outerLoops(e: Expr): { readonly loops: readonly IndexVar[]; readonly body: Expr } {
  const loops: IndexVar[] = []
  let body = e
  while (body.kind === 'sum') {
    loops.push(body.index)
    body = body.body
  }
  return { loops, body }
}

/** true for a reference to one of the params, or to its distance from the current value. */
export const readsOneOf =
  (names: ReadonlySet<string>) =>
  (r: Extract<Expr, { kind: 'ref' }>): boolean =>
    (r.space === 'param' || r.space === 'shift') && names.has(r.name)

/** ∂e by each element of the params that e reads. The outer loops keep their names: a pass cuts those over rows into blocks. */
export function slopesOf(e: Expr, names: ReadonlySet<string>, rename: (v: IndexVar) => IndexVar): readonly Partial[] {
  const { loops, body } = outerLoops(e)
  return partials(body, readsOneOf(names), rename).map((p) => ({ ...p, loops: [...loops, ...p.loops] }))
}
