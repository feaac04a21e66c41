import type { Axis, KExpr } from '../../kernel/types.js'
import type { FactTable } from '../facts.js'
import type { BindingTable } from './bindings.js'
import type { JsExpr } from './js-ast.js'
import type { JsBlocks } from './js-blocks.js'

/** What the parts of the expression lowering share: where code goes, what it may name, and the way back in. */
export interface Lowering {
  readonly blocks: JsBlocks
  readonly table: BindingTable
  readonly facts: FactTable
  lower(expr: KExpr): JsExpr
  /** A value that may be written twice without being computed twice. */
  atom(expr: KExpr): JsExpr
  /** Nested loops, outermost first; `build` fills the innermost body. */
  loops(axes: readonly Axis[], writes: ReadonlySet<string>, build: () => void): void
}

/** Depth at which an expression is made; a loop variable counts for the loop that binds it, a number for none. */
export function depthOf(lowering: Lowering, expr: KExpr): number {
  return lowering.blocks.target(lowering.facts.of(expr))
}
