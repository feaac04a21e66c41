import type { Axis, KExpr } from '../../kernel/types.js'
import { walk } from '../../kernel/visit.js'
import { isCheap } from '../is-cheap.js'
import { extract, f64, f64x2, get, op } from './code.js'
import { inLanes, MOST_COPIES } from './lanes.js'
import { fixed, loops, writtenOut } from './loops.js'
import { addTo } from './lower-products.js'
import { type Copy, type Lowering, moved } from './lowering.js'
import { vectorFunctions } from './math/index.js'
import { nodesOf } from './tiling.js'
import type { Local, WExpr } from './wasm-ast.js'

export type ReduceKind = 'sum' | 'max' | 'logSumExp'

const NOTHING: ReadonlySet<string> = new Set()

/** Sum, maximum or log-sum-exp of `body` over `axes`, for all copies in one loop. */
export function lowerReduction(
  lowering: Lowering,
  kind: ReduceKind,
  axes: readonly Axis[],
  body: KExpr,
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  switch (kind) {
    case 'sum': {
      if (!vector && isSideBySide(lowering, axes, body)) return sumOfLanes(lowering, axes, body, copies)
      const around = lowering.written
      lowering.written = nodesOf(body) * copies.length
      const sums = sum(
        lowering,
        axes,
        copies,
        vector,
        (sums, inner) => addTo(lowering, sums, body, inner),
        (inner) => values(lowering, body, inner, vector),
      )
      lowering.written = around
      return sums
    }
    case 'max':
      return maximum(lowering, axes, body, copies, vector)
    case 'logSumExp':
      return logSumExp(lowering, axes, body, copies, vector)
  }
}

function accumulators(lowering: Lowering, copies: readonly Copy[], vector: boolean, start: number): Local[] {
  return copies.map(() => {
    const local = lowering.code.local(vector ? 'v128' : 'f64')
    lowering.blocks.append({ w: 'set', local, value: vector ? f64x2(start) : f64(start) })
    return local
  })
}

function sum(
  lowering: Lowering,
  axes: readonly Axis[],
  copies: readonly Copy[],
  vector: boolean,
  add: (sums: readonly WExpr[], copies: readonly Copy[]) => readonly WExpr[],
  first: ((copies: readonly Copy[]) => readonly WExpr[]) | null = null,
): readonly WExpr[] {
  const [axis] = axes
  if (axis !== undefined && axes.length === 1 && isShort(lowering, axis) && 2 * copies.length <= MOST_COPIES)
    return inTurns(lowering, axis, copies, vector, add, first)
  const totals = accumulators(lowering, copies, vector, 0)
  loops(lowering, axes, NOTHING, () => {
    const values = add(totals.map(get), copies)
    totals.forEach((local, i) => {
      lowering.blocks.append({ w: 'set', local, value: values[i] ?? get(local) })
    })
  })
  return totals.map(get)
}

/** A loop over states that is written out. */
function isShort(lowering: Lowering, axis: Axis): boolean {
  const size = lowering.size(axis.size)
  return lowering.inScan && axis.ragged === undefined && size >= 4 && size <= writtenOut(lowering)
}

/** Terms are added to two sums in turns: each addition waits for half as many. */
function inTurns(
  lowering: Lowering,
  axis: Axis,
  copies: readonly Copy[],
  vector: boolean,
  add: (sums: readonly WExpr[], copies: readonly Copy[]) => readonly WExpr[],
  /** The first terms need not be added to anything. */
  first: ((copies: readonly Copy[]) => readonly WExpr[]) | null,
): readonly WExpr[] {
  const sums = (): Local[] =>
    first === null
      ? accumulators(lowering, copies, vector, 0)
      : copies.map(() => lowering.code.local(vector ? 'v128' : 'f64'))
  const both = [sums(), sums()]
  const size = lowering.size(axis.size)
  for (let value = 0; value < size; value++)
    fixed(lowering, axis.id, value, NOTHING, () => {
      const totals = both[value % 2] ?? []
      const values = value < 2 && first !== null ? first(copies) : add(totals.map(get), copies)
      totals.forEach((local, i) => {
        lowering.blocks.append({ w: 'set', local, value: values[i] ?? get(local) })
      })
    })
  const [even = [], odd = []] = both
  return even.map((local, i) => {
    const other = odd[i]
    return other === undefined
      ? get(local)
      : lowering.blocks.bind(op(vector ? 'f64x2.add' : 'f64.add', get(local), get(other)))
  })
}

/** Sums over so few values are written out in lanes. */
const MOST_LANES = 16

/** One short axis along which all that is added up lies side by side, where no other axis lies in the lanes. */
function isSideBySide(lowering: Lowering, axes: readonly Axis[], body: KExpr): boolean {
  const [axis] = axes
  if (axis === undefined || axes.length > 1 || axis.ragged !== undefined || lowering.vectorAxis !== null) return false
  const size = lowering.size(axis.size)
  if (size < 4 || size > MOST_LANES || !isCheap(body) || !lowering.facts.of(body).free.has(axis.id)) return false
  let fits = true
  walk(body, (part) => {
    if (part.k === 'load' && !inLanes(lowering, part.buffer, part.at, axis.id)) fits = false
  })
  return fits
}

/** Pairs of values in the lanes, added up as a tree. */
function sumOfLanes(lowering: Lowering, axes: readonly Axis[], body: KExpr, copies: readonly Copy[]): readonly WExpr[] {
  const [axis] = axes
  if (axis === undefined) return copies.map(() => f64(0))
  const size = lowering.size(axis.size)
  return copies.map((copy) => {
    const parts: WExpr[] = []
    lowering.vectorAxis = axis.id
    fixed(lowering, axis.id, 0, NOTHING, () => {
      const pairs = Array.from({ length: size >> 1 }, (_, i) => ({ ...moved(copy, axis.id, 2 * i), vector: true }))
      parts.push(...lowering.vectors(body, pairs))
    })
    lowering.vectorAxis = null
    const both = lowering.blocks.bind(tree('f64x2.add', parts))
    const sum = op('f64.add', extract(both, 0), extract(both, 1))
    if (size % 2 === 0) return lowering.blocks.bind(sum)
    let last: WExpr = f64(0)
    fixed(lowering, axis.id, size - 1, NOTHING, () => {
      last = lowering.numbers(body, [copy])[0] ?? last
    })
    return lowering.blocks.bind(op('f64.add', sum, last))
  })
}

function tree(name: 'f64x2.add', parts: readonly WExpr[]): WExpr {
  const [first, second] = parts
  if (first === undefined) return f64(0)
  if (second === undefined) return first
  const half = (parts.length + 1) >> 1
  return op(name, tree(name, parts.slice(0, half)), tree(name, parts.slice(half)))
}

function values(lowering: Lowering, body: KExpr, copies: readonly Copy[], vector: boolean): readonly WExpr[] {
  return vector ? lowering.vectors(body, copies) : lowering.numbers(body, copies)
}

/** NaN where a value is NaN. */
function maximum(
  lowering: Lowering,
  axes: readonly Axis[],
  body: KExpr,
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  const most = accumulators(lowering, copies, vector, Number.NEGATIVE_INFINITY)
  // f64x2.max takes eight instructions, most of them for NaN; these are three
  const areNumbers = vector ? copies.map(() => lowering.code.local('v128')) : []
  for (const local of areNumbers) lowering.blocks.append({ w: 'set', local, value: ALL_BITS })
  loops(lowering, axes, NOTHING, () => {
    values(lowering, body, copies, vector).forEach((value, i) => {
      const local = most[i]
      const isNumber = areNumbers[i]
      if (local === undefined) return
      const larger = op(vector ? 'f64x2.pmax' : 'f64.max', get(local), value)
      lowering.blocks.append({ w: 'set', local, value: larger })
      if (isNumber === undefined) return
      const both = op('v128.and', get(isNumber), op('f64x2.eq', value, value))
      lowering.blocks.append({ w: 'set', local: isNumber, value: both })
    })
  })
  return most.map((local, i) => {
    const isNumber = areNumbers[i]
    if (isNumber === undefined) return get(local)
    return lowering.blocks.bind(op('v128.or', get(local), op('v128.not', get(isNumber))))
  })
}

/** A mask of both lanes; as a number it is NaN. */
const ALL_BITS: WExpr = { w: 'i64x2', value: -1n }

/** The maximum first, then the sum relative to it. */
function logSumExp(
  lowering: Lowering,
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
