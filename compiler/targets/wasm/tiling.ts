/** How the loops of an operation run: which axis lies in the lanes, and how many values are computed side by side. */
import type { Axis, KExpr } from '../../kernel/types.js'
import { axesOf, buffersRead, childrenOf, expressionsOf, freeAxes, partsOf } from '../../kernel/visit.js'
import type { LoopOp } from '../loop-op.js'
import { inLanes, MOST_COPIES } from './lanes.js'
import type { Lowering } from './lowering.js'

export interface Tiling {
  readonly vectorAxis: Axis | null
  /** Vectors side by side along the vector axis. */
  readonly vectors: number
  /** Values side by side, by axis. */
  readonly tiles: ReadonlyMap<string, number>
  /** Loops around the statement, outermost first. */
  readonly outer: readonly Axis[]
  /** Loops that an accumulation adds up in locals. */
  readonly inner: readonly Axis[]
  /** Nodes of its expressions, those of functions that are written out with them. */
  readonly nodes: number
}

/** Nodes of an expression times copies beyond which code is not multiplied further. */
const MOST_NODES = 600

export function tilingOf(op: LoopOp, exprs: Lowering, rowAxis: string | null): Tiling {
  const weight = weigh(op)
  const named = new Set(op.at.flatMap((index) => [...freeAxes(index)]))
  const adds = op.op === 'contract' || op.op === 'scatterAdd'
  const readsOut = adds && expressionsOf(op).some((expr) => exprs.facts.of(expr).reads.has(op.out))
  const axes = op.axes
  const isRagged = axes.some((axis) => axis.ragged !== undefined)
  const chosen = op.op === 'small' || readsOut ? null : chooseVectorAxis(op, exprs, rowAxis)
  const vectorAxis = chosen !== null && readsAlong(op, chosen.id, exprs) ? null : chosen
  const first = (list: readonly Axis[]): Axis[] =>
    vectorAxis === null || !list.includes(vectorAxis) || isRagged
      ? [...list]
      : [vectorAxis, ...list.filter((axis) => axis !== vectorAxis)]
  let outer = first(axes)
  let inner: Axis[] = []
  if (adds && !readsOut && !isRagged) {
    const rest = axes.filter((axis) => !named.has(axis.id))
    if (rest.length > 0) {
      outer = first(axes.filter((axis) => named.has(axis.id)))
      inner = first(rest)
    }
  } else if (adds && !readsOut) {
    // a ragged axis stays inside the loop that its extent depends on: only the last loops are added up in locals
    let split = axes.length
    while (split > 0 && !named.has(axes[split - 1]?.id ?? '')) split--
    outer = axes.slice(0, split)
    inner = axes.slice(split)
  }
  if (vectorAxis !== null && inner.length === 0 && !isRagged && outer[0] === vectorAxis && !weight.sums) {
    // nothing is added up: what the vectors share is made outside of their loop
    outer = [...outer.slice(1), vectorAxis]
  }
  const plain: Tiling = { vectorAxis, vectors: 1, tiles: new Map(), outer, inner, nodes: weight.nodes }
  if (vectorAxis === null || op.op === 'small') return plain
  return { ...plain, ...sideBySide(weight, exprs, plain) }
}

/**
 * It reads elements of what it writes at other values of the axis: these have to be made one after another. Along other
 * axes the loops run in order.
 */
function readsAlong(op: LoopOp, axis: string, exprs: Lowering): boolean {
  const depends = (index: KExpr | undefined): boolean => index !== undefined && exprs.facts.of(index).free.has(axis)
  const isAxis = (index: KExpr | undefined): boolean => index?.k === 'axis' && index.axis === axis
  const loops = new Set(axesOf(op).map((one) => one.id))
  let along = false
  for (const expr of expressionsOf(op)) {
    if (!buffersRead(expr).has(op.out)) continue
    for (const part of partsOf(expr)) {
      if (part.k !== 'load' || part.buffer !== op.out) continue
      if (part.at.some((index, dim) => isAside(index, op.at[dim], loops, exprs))) continue
      const apart = part.at.some((index, dim) => {
        const own = op.at[dim]
        return (depends(index) || depends(own)) && !(isAxis(index) && isAxis(own))
      })
      if (apart || !op.at.some(isAxis)) along = true
    }
  }
  return along
}

/** Two positions that no loop changes, some steps from one another: at a step of a recurrence, and at another. */
function isAside(a: KExpr, b: KExpr | undefined, loops: ReadonlySet<string>, exprs: Lowering): boolean {
  if (b === undefined) return false
  const [one, other] = [inSteps(a, exprs), inSteps(b, exprs)]
  return one.from === other.from && one.steps !== other.steps && [...exprs.facts.of(a).free].every((x) => !loops.has(x))
}

/** A sum as a number and the rest. */
function inSteps(index: KExpr, exprs: Lowering): { readonly from: string; readonly steps: number } {
  const terms = index.k === 'add' ? index.args : [index]
  let steps = 0
  const rest: string[] = []
  for (const term of terms)
    if (term.k === 'num' && Number.isInteger(term.value)) steps += term.value
    else rest.push(exprs.facts.of(term).key)
  return { from: rest.join(), steps }
}

/** Copies: where sums are added up, as many as there are registers, else two vectors. */
function sideBySide(
  { nodes, sums, dear }: Weight,
  exprs: Lowering,
  { vectorAxis, outer, inner }: Tiling,
): Pick<Tiling, 'vectors' | 'tiles'> {
  const most = Math.floor(MOST_COPIES / exprs.rowsAtOnce)
  const room = Math.max(1, Math.min(most, Math.floor(MOST_NODES / Math.max(1, nodes))))
  const tiles = new Map<string, number>()
  const accumulates = inner.length > 0
  const candidates = outer.filter(
    (axis) => axis !== vectorAxis && axis.ragged === undefined && exprs.size(axis.size) > 1,
  )
  if (dear || (!sums && !accumulates)) return { vectors: Math.min(2, room), tiles }
  const last = candidates.at(-1)
  const before = candidates.at(-2)
  if (accumulates && last !== undefined && before !== undefined && room >= 8) {
    tiles.set(before.id, Math.min(4, exprs.size(before.size)))
    tiles.set(last.id, Math.min(2, exprs.size(last.size)))
    return { vectors: 1, tiles }
  }
  if (last !== undefined) {
    const size = exprs.size(last.size)
    const tile = Math.min(size, room, size === 3 ? 3 : 4)
    tiles.set(last.id, tile)
    return { vectors: room >= 2 * tile ? 2 : 1, tiles }
  }
  // two rows leave half of the registers: terms are added to two sums in turns, so that additions need not wait
  return { vectors: Math.min(exprs.rowsAtOnce > 1 ? 2 : 4, room), tiles }
}

interface Weight {
  readonly nodes: number
  readonly sums: boolean
  readonly dear: boolean
}

function weigh(op: LoopOp): Weight {
  const { nodes, sums, dear } = together(expressionsOf(op))
  return { nodes, sums: sums || op.op === 'reduce', dear: dear || (op.op === 'reduce' && op.kind === 'logSumExp') }
}

/** How many nodes an expression has as it is written out. */
export const nodesOf = (expr: KExpr): number => weightOf(expr).nodes

const weights = new WeakMap<KExpr, Weight>()

/** Of an expression as it is written out. */
function weightOf(expr: KExpr): Weight {
  const known = weights.get(expr)
  if (known !== undefined) return known
  const parts = together(childrenOf(expr))
  const isCall = expr.k === 'call' && expr.fn !== 'abs' && expr.fn !== 'sqrt'
  const weight: Weight = {
    nodes: parts.nodes + 1,
    sums: parts.sums || expr.k === 'reduce',
    dear: parts.dear || isCall || expr.k === 'select' || (expr.k === 'reduce' && expr.kind === 'logSumExp'),
  }
  weights.set(expr, weight)
  return weight
}

function together(exprs: readonly KExpr[]): Weight {
  const all = exprs.map(weightOf)
  return {
    nodes: all.reduce((n, one) => n + one.nodes, 0),
    sums: all.some((one) => one.sums),
    dear: all.some((one) => one.dear),
  }
}

/**
 * The row axis, where no extent depends on it and nothing integer is written; without rows, an axis along which all
 * that depends on it lies next to each other.
 */
function chooseVectorAxis(op: LoopOp, exprs: Lowering, rowAxis: string | null): Axis | null {
  if (exprs.place(op.out).type === 'i32') return null
  const row = op.axes.find((axis) => axis.id === rowAxis)
  if (row !== undefined) return row.ragged === undefined && !extentDependsOn(op, row.id, exprs) ? row : null
  const candidates = op.axes.filter(
    (axis) =>
      axis.ragged === undefined &&
      exprs.size(axis.size) > 1 &&
      !extentDependsOn(op, axis.id, exprs) &&
      liesSideBySide(op, axis.id, exprs),
  )
  return candidates.at(-1) ?? null
}

function extentDependsOn(op: LoopOp, axis: string, exprs: Lowering): boolean {
  const depends = (one: Axis): boolean => one.ragged !== undefined && exprs.facts.of(one.ragged.at).free.has(axis)
  if (axesOf(op).some(depends)) return true
  return expressionsOf(op).some((expr) => partsOf(expr).some((part) => part.k === 'reduce' && depends(part.axis)))
}

/** Every element that depends on the axis has it as its last, plain index; something is worth doing in lanes. */
function liesSideBySide(op: LoopOp, axis: string, exprs: Lowering): boolean {
  const fits = (buffer: string, at: readonly KExpr[]): boolean => inLanes(exprs, buffer, at, axis)
  const out = op.op === 'map' || op.op === 'reduce'
  const inOut = op.at.some((index) => exprs.facts.of(index).free.has(axis))
  if (out && !inOut) return false
  if (!fits(op.out, op.at)) return false
  return expressionsOf(op).every((expr) =>
    partsOf(expr).every((part) => part.k !== 'load' || fits(part.buffer, part.at)),
  )
}
