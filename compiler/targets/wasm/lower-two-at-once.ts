/** Code for rows that are taken two at once (see `two-at-once.ts`). */
import type { KernelOp } from '../../kernel/types.js'
import { buffersWritten } from '../../kernel/visit.js'
import { i32, op as instruction } from './code.js'
import { fixed, range } from './loops.js'
import type { ExprLowering } from './lower-expr.js'
import { type Copy, moved, NO_COPY } from './lowering.js'
import { SIDE, SIDES, type TwoAtOnce } from './two-at-once.js'
import type { WExpr } from './wasm-ast.js'

/** Writes operations for one or both of the rows at hand. */
type Run = (ops: readonly KernelOp[], sides: readonly Copy[]) => void

const ALONE: readonly Copy[] = [NO_COPY]
const BOTH: readonly Copy[] = Array.from({ length: SIDES }, (_, side) => moved(NO_COPY, SIDE, side))

/** Rows two by two, and what is left of an odd number of them. */
export function lowerTwoAtOnce(exprs: ExprLowering, two: TwoAtOnce, rows: WExpr, run: Run): void {
  const { axis, step, together } = two
  range(exprs, axis.id, i32(0), rows, SIDES, written(step), () => {
    const { blocks } = exprs
    const left = blocks.bind(instruction('i32.sub', rows, blocks.variable(axis.id)))
    const isLast = instruction('i32.lt_s', left, i32(SIDES))
    const count = blocks.bind(instruction('select', left, i32(SIDES), isLast))
    let alone: KernelOp[] = []
    const eachAlone = (): void => {
      const ops = alone
      alone = []
      if (ops.length > 0) eachSide(exprs, count, ops, () => run(ops, ALONE))
    }
    for (const op of step) {
      if (op.op !== 'scan' || !together.has(op)) {
        alone.push(op)
        continue
      }
      eachAlone()
      alongBoth(exprs, op, count, run)
    }
    eachAlone()
  })
}

const written = (ops: readonly KernelOp[]): ReadonlySet<string> => new Set(ops.flatMap((op) => [...buffersWritten(op)]))

function eachSide(exprs: ExprLowering, count: WExpr, ops: readonly KernelOp[], build: () => void): void {
  range(exprs, SIDE, i32(0), count, 1, written(ops), build, false, true)
}

/** A recurrence of both rows as far as the shorter one goes, and the rest of each. */
function alongBoth(exprs: ExprLowering, op: KernelOp & { readonly op: 'scan' }, count: WExpr, run: Run): void {
  const { blocks } = exprs
  const { axis, reverse, step } = op
  const writes = buffersWritten(op)
  const extent = (copy: Copy): WExpr =>
    axis.ragged === undefined
      ? i32(exprs.size(axis.size))
      : exprs.integer({ k: 'load', buffer: axis.ragged.sizes, at: [axis.ragged.at] }, copy)
  const common = exprs.code.local('i32')
  blocks.append({ w: 'set', local: common, value: i32(0) })
  // a last row that is alone has nothing beside it
  const { statements } = blocks.within('branch', null, null, new Set(), () =>
    fixed(exprs, SIDE, 0, new Set(), () => {
      const shortest = BOTH.map((copy) => blocks.bind(extent(copy))).reduce((a, b) =>
        blocks.bind(instruction('select', a, b, instruction('i32.lt_s', a, b))),
      )
      blocks.append({ w: 'set', local: common, value: shortest })
    }),
  )
  blocks.append({ w: 'if', when: instruction('i32.eq', count, i32(SIDES)), then: statements, otherwise: [] })
  const shared: WExpr = { w: 'get', local: common }
  const { inScan } = exprs
  exprs.inScan = true
  const parts = [
    () =>
      fixed(exprs, SIDE, 0, writes, () => {
        const { worthHolding } = blocks
        exprs.rowsAtOnce = SIDES
        // between two accesses to what is one row's are some to what is the other's
        blocks.worthHolding = 1.5 * worthHolding
        range(exprs, axis.id, i32(0), shared, 1, writes, () => run(step, BOTH), reverse)
        blocks.worthHolding = worthHolding
        exprs.rowsAtOnce = 1
      }),
    () =>
      eachSide(exprs, count, [op], () =>
        range(exprs, axis.id, shared, extent(NO_COPY), 1, writes, () => run(step, ALONE), reverse),
      ),
  ]
  for (const part of reverse ? parts.reverse() : parts) {
    part()
    for (const id of writes) blocks.written(id)
  }
  exprs.inScan = inScan
}
