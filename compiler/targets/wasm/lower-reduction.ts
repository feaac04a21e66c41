import type { Axis, KExpr } from '../../kernel/types.js'
import { walk } from '../../kernel/visit.js'
import { f64, f64x2, get, op } from './code.js'
import { loops } from './loops.js'
import type { ExprLowering } from './lower-expr.js'
import type { Copy } from './lowering.js'
import { vectorFunctions } from './math/index.js'
import type { Local, WExpr } from './wasm-ast.js'

export type ReduceKind = 'sum' | 'max' | 'logSumExp'

const NOTHING: ReadonlySet<string> = new Set()

/** Sum, maximum or log-sum-exp of `body` over `axes`, for all copies in one loop. */
export function lowerReduction(
  lowering: ExprLowering,
  kind: ReduceKind,
  axes: readonly Axis[],
  body: KExpr,
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  switch (kind) {
    case 'sum':
      return sum(lowering, axes, copies, vector, (sums, inner) => lowering.accumulate(sums, body, inner))
    case 'max':
      return maximum(lowering, axes, body, copies, vector)
    case 'logSumExp':
      return logSumExp(lowering, axes, body, copies, vector)
  }
}

function accumulators(lowering: ExprLowering, copies: readonly Copy[], vector: boolean, start: number): Local[] {
  return copies.map(() => {
    const local = lowering.code.local(vector ? 'v128' : 'f64')
    lowering.blocks.append({ w: 'set', local, value: vector ? f64x2(start) : f64(start) })
    return local
  })
}

function sum(
  lowering: ExprLowering,
  axes: readonly Axis[],
  copies: readonly Copy[],
  vector: boolean,
  add: (sums: readonly WExpr[], copies: readonly Copy[]) => readonly WExpr[],
): readonly WExpr[] {
  const totals = accumulators(lowering, copies, vector, 0)
  loops(lowering, axes, NOTHING, () => {
    const values = add(totals.map(get), copies)
    totals.forEach((local, i) => {
      lowering.blocks.append({ w: 'set', local, value: values[i] ?? get(local) })
    })
  })
  return totals.map(get)
}

function values(lowering: ExprLowering, body: KExpr, copies: readonly Copy[], vector: boolean): readonly WExpr[] {
  return vector ? lowering.vectors(body, copies) : lowering.numbers(body, copies)
}

/** NaN where a value is NaN. */
function maximum(
  lowering: ExprLowering,
  axes: readonly Axis[],
  body: KExpr,
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  const most = accumulators(lowering, copies, vector, Number.NEGATIVE_INFINITY)
  loops(lowering, axes, NOTHING, () => {
    values(lowering, body, copies, vector).forEach((value, i) => {
      const local = most[i]
      if (local === undefined) return
      lowering.blocks.append({ w: 'set', local, value: op(vector ? 'f64x2.max' : 'f64.max', get(local), value) })
    })
  })
  return most.map(get)
}

/** The maximum first, then the sum relative to it. */
function logSumExp(
  lowering: ExprLowering,
  axes: readonly Axis[],
  body: KExpr,
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  const kind = vector ? 'f64x2' : 'f64'
  const { blocks, code } = lowering
  const most = maximum(lowering, axes, body, copies, vector)
  const call = (fn: 'expNonPositive' | 'log', x: WExpr): WExpr => {
    const known = vectorFunctions[fn]
    if (known === undefined) throw new Error(`no ${fn}`)
    return blocks.emitting(() => {
      if (vector) return known(code, x)
      return { w: 'lane', op: 'f64x2.extract_lane', lane: 0, args: [known(code, op('f64x2.splat', x))] }
    })
  }
  const totals = sum(lowering, axes, copies, vector, (sums, inner) => {
    const terms = values(lowering, body, inner, vector)
    return sums.map((total, i) => {
      const term = terms[i] ?? total
      return op(`${kind}.add`, total, call('expNonPositive', op(`${kind}.sub`, term, most[i] ?? term)))
    })
  })
  return most.map((top, i) => {
    const total = totals[i] ?? top
    const value = blocks.bind(op(`${kind}.add`, top, call('log', total)))
    if (vector) {
      const infinite = op('f64x2.eq', op('f64x2.abs', top), f64x2(Number.POSITIVE_INFINITY))
      return op('v128.bitselect', top, value, infinite)
    }
    return op('select', top, value, op('f64.eq', op('f64.abs', top), f64(Number.POSITIVE_INFINITY)))
  })
}

/** A few loads and arithmetic: no calls, loops or branches. */
export function isCheap(body: KExpr): boolean {
  let nodes = 0
  let dear = false
  walk(body, (part) => {
    nodes += 1
    if (part.k === 'call' || part.k === 'reduce' || part.k === 'select' || part.k === 'pow') dear = true
  })
  return !dear && nodes <= 8
}
