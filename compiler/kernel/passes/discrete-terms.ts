/** Parts of expressions whose value at a row follows from the data of that row and the params. */
import * as k from '../build.js'
import { printKernelExpr } from '../print.js'
import type { Axis, Buffer, KExpr, SizeKey } from '../types.js'
import { childrenOf, freeAxes, mapChildren } from '../visit.js'
import type { PassContext, RowProgram } from './types.js'

export type Load = KExpr & { readonly k: 'load' }

/** One element of each row of a data buffer. */
export interface Element {
  readonly buffer: string
  readonly offset: number
}

/** A term at one combination of values of its axes. */
export interface Item {
  readonly values: readonly number[]
  /** What each of the term's loads reads. */
  readonly elements: readonly Element[]
}

/**
 * Σ over `axes` of `body`, in which rows enter by `loads` of data alone: log θ[k, j, y[n, j]] is, for each j, a function
 * of k and of one element of the row.
 */
export interface DiscreteTerm {
  readonly axes: readonly Axis[]
  readonly body: KExpr
  readonly loads: readonly Load[]
  readonly items: readonly Item[]
}

/** Items of one term beyond which it is left as it is. */
const MOST_ITEMS = 4096

export class DiscreteReader {
  private readonly buffers: ReadonlyMap<string, Buffer>
  private readonly sizes: ReadonlyMap<SizeKey, number>
  private readonly row: string

  constructor(
    program: RowProgram,
    private readonly context: PassContext,
  ) {
    this.buffers = new Map(program.buffers.map((b) => [b.id, b]))
    this.sizes = program.sizes
    this.row = context.rows.axis
  }

  /** true where no row and nothing that rows write enters. */
  isFixed(expr: KExpr): boolean {
    const loads = this.rowLoads(expr)
    return loads !== null && loads.length === 0
  }

  /** The loads of data of the row by which alone rows enter; null where they enter otherwise. */
  rowLoads(expr: KExpr): readonly Load[] | null {
    const found = new Map<string, Load>()
    const visit = (part: KExpr): boolean => {
      switch (part.k) {
        case 'axis':
          return part.axis !== this.row
        case 'covariance':
          return false
        case 'reduce':
          if (part.axis.ragged !== undefined && !this.isConstant(part.axis.ragged.sizes)) return false
          return childrenOf(part).every(visit)
        case 'load': {
          const [first, ...rest] = part.at
          if (first?.k === 'axis' && first.axis === this.row && this.isRowData(part.buffer)) {
            found.set(printKernelExpr(part), part)
            return rest.every(isPosition)
          }
          return this.isConstant(part.buffer) && part.at.every(visit)
        }
        default:
          return childrenOf(part).every(visit)
      }
    }
    return visit(expr) ? [...found.values()] : null
  }

  /** A term with rows in it that is discrete, in items; null where it is not. */
  term(expr: KExpr): DiscreteTerm | null {
    const { axes, body } = peel(expr)
    return this.items(body, axes)
  }

  /** A body over axes, where rows enter by loads at positions that these axes give; null where they do not. */
  items(body: KExpr, axes: readonly Axis[]): DiscreteTerm | null {
    const loads = this.rowLoads(body)
    if (loads === null || loads.length === 0) return null
    if (axes.some((axis) => axis.ragged !== undefined || axis.id === this.row)) return null
    const known = new Set(axes.map((axis) => axis.id))
    const positions = loads.flatMap((load) => load.at.slice(1))
    if (positions.some((at) => [...freeAxes(at)].some((id) => !known.has(id)))) return null
    const combinations = this.combinations(axes)
    if (combinations === null) return null
    const items = combinations.map((values) => ({
      values,
      elements: loads.map((load) => this.element(load, axes, values)),
    }))
    return { axes, body, loads, items }
  }

  private combinations(axes: readonly Axis[]): readonly (readonly number[])[] | null {
    let all: readonly (readonly number[])[] = [[]]
    for (const axis of axes) {
      const size = this.sizes.get(axis.size) ?? 0
      if (all.length * size > MOST_ITEMS) return null
      all = all.flatMap((values) => Array.from({ length: size }, (_, i) => [...values, i]))
    }
    return all
  }

  private element({ buffer, at }: Load, axes: readonly Axis[], values: readonly number[]): Element {
    const shape = this.buffers.get(buffer)?.shape ?? []
    let offset = 0
    at.slice(1).forEach((index, i) => {
      offset = offset * (this.sizes.get(shape[i + 1] ?? '') ?? 1) + position(index, axes, values, this.sizes)
    })
    return { buffer, offset }
  }

  /** Data with a row for each row of the pass. */
  private isRowData(id: string): boolean {
    const buffer = this.buffers.get(id)
    if (buffer?.space !== 'data') return false
    return this.sizes.get(buffer.shape[0] ?? '') === this.sizes.get(this.context.rows.size)
  }

  private isConstant(id: string): boolean {
    const space = this.buffers.get(id)?.space
    return space === 'param' || space === 'trial' || space === 'derived' || space === 'data'
  }
}

/** Integer arithmetic over axes. */
function isPosition(expr: KExpr): boolean {
  switch (expr.k) {
    case 'num':
    case 'axis':
    case 'size':
      return true
    case 'add':
    case 'mul':
    case 'sub':
    case 'neg':
      return childrenOf(expr).every(isPosition)
    default:
      return false
  }
}

function position(
  expr: KExpr,
  axes: readonly Axis[],
  values: readonly number[],
  sizes: ReadonlyMap<SizeKey, number>,
): number {
  const of = (part: KExpr): number => position(part, axes, values, sizes)
  switch (expr.k) {
    case 'num':
      return expr.value
    case 'size':
      return sizes.get(expr.size) ?? 0
    case 'axis':
      return values[axes.findIndex((axis) => axis.id === expr.axis)] ?? 0
    case 'add':
      return expr.args.reduce((sum, arg) => sum + of(arg), 0)
    case 'mul':
      return expr.args.reduce((product, arg) => product * of(arg), 1)
    case 'sub':
      return of(expr.left) - of(expr.right)
    case 'neg':
      return -of(expr.of)
    default:
      return Number.NaN
  }
}

/** The terms of a sum. */
export function termsOf(expr: KExpr): readonly KExpr[] {
  switch (expr.k) {
    case 'add':
      return expr.args.flatMap(termsOf)
    case 'sub':
      return [...termsOf(expr.left), ...termsOf(expr.right).map(k.neg)]
    case 'neg':
      return termsOf(expr.of).map(k.neg)
    default:
      return [expr]
  }
}

/** Σ_a Σ_b c·body for c·Σ_a Σ_b body: the sums outermost. */
function peel(expr: KExpr): { readonly axes: readonly Axis[]; readonly body: KExpr } {
  switch (expr.k) {
    case 'reduce': {
      if (expr.kind !== 'sum') break
      const { axes, body } = peel(expr.body)
      return { axes: [expr.axis, ...axes], body }
    }
    case 'neg': {
      const { axes, body } = peel(expr.of)
      return { axes, body: k.neg(body) }
    }
    case 'mul': {
      const sums = expr.args.filter((arg) => peel(arg).axes.length > 0)
      const [sum] = sums
      if (sum === undefined || sums.length > 1) break
      const { axes, body } = peel(sum)
      return { axes, body: k.mul(...expr.args.map((arg) => (arg === sum ? body : arg))) }
    }
  }
  return { axes: [], body: expr }
}

/** An expression with axes and loads replaced; what replaces them is not looked into. */
export function substitute(expr: KExpr, axes: ReadonlyMap<string, KExpr>, loads: ReadonlyMap<string, KExpr>): KExpr {
  if (expr.k === 'axis') return axes.get(expr.axis) ?? expr
  if (expr.k === 'load') {
    const own = loads.get(printKernelExpr(expr))
    if (own !== undefined) return own
  }
  return mapChildren(expr, (part) => substitute(part, axes, loads))
}
