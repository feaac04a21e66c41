/** What the lowering of a kind of block needs of the lowering of all. */
import type { Expr } from '../algebra/types.js'
import type { BlockTerm, ContinuousBlock } from '../estep/types.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import type { LoweringContext } from './lowerer.js'

/** Loops with what else is iterated, and where a table's row is. */
export interface Placed {
  readonly axes: readonly Axis[]
  readonly context: LoweringContext
  readonly row: readonly Expr[]
}

export interface BlockHost {
  /** A context without loops. */
  readonly base: LoweringContext
  rows(b: ContinuousBlock): Placed
  /** Axes over the values of a block's scope. */
  scope(
    b: ContinuousBlock,
    context: LoweringContext,
  ): { readonly axes: readonly Axis[]; readonly context: LoweringContext }
  /** Scratch for [rows, scope, own]. */
  scratch(id: string, b: ContinuousBlock, own: readonly Expr[], withScope?: boolean): string
  at(es: readonly Expr[], context: LoweringContext): readonly KExpr[]
  /** out[at(row)] += value, over the loops of a term's factor, the scope, and the term's own loops. */
  scatter(
    out: string,
    b: ContinuousBlock,
    t: BlockTerm,
    rows: Placed,
    at: (row: readonly Expr[]) => readonly Expr[],
    value: Expr,
  ): KernelOp
}
