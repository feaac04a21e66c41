import * as k from '../build.js'
import { printKernelExpr } from '../print.js'
import type { Axis, Buffer, KExpr } from '../types.js'
import { freeAxes, mapChildren } from '../visit.js'
import { withAxes } from './polynomial.js'
import type { RowFacts } from './row-facts.js'
import type { ColumnConstant, PassContext, RowProgram } from './types.js'

type Load = KExpr & { readonly k: 'load' }

/** Numbers of a row that are data, or data less what no row changes; with axes of its own. */
export interface Column {
  /** Equal for equal columns. */
  readonly key: string
  /** Over the row axis and `axes`. */
  readonly value: KExpr
  readonly axes: readonly Axis[]
  readonly buffer: string
  /** Root mean square of each element, over `axes`; null: not known. */
  readonly reach: KExpr | null
}

/** A column where it is read: the axes at its places. */
export interface ColumnAt {
  readonly column: Column
  readonly at: readonly string[]
}

/** What may be a column: loads of complete data at the row axis, as they are, about their means, or less a table. */
export class Columns {
  readonly constants: ColumnConstant[] = []
  readonly buffers: Buffer[] = []
  private readonly declared: ReadonlyMap<string, Buffer>
  private readonly centres = new Map<string, { readonly centre: string; readonly reach: string }>()
  private readonly known = new Map<string, Column>()

  constructor(
    program: RowProgram,
    private readonly context: PassContext,
    private readonly facts: RowFacts,
  ) {
    this.declared = new Map(program.buffers.map((b) => [b.id, b]))
  }

  /** A load of one cell of complete data of the row. */
  isData(expr: KExpr): boolean {
    return expr.k === 'load' && this.dataLoad(expr) !== null
  }

  private dataLoad(expr: KExpr | undefined): Load | null {
    return expr?.k === 'load' && this.isCell(expr) && this.context.isComplete(expr.buffer) ? expr : null
  }

  /** A load of one cell of data of the row, be it missing in some. */
  isCell(expr: KExpr): boolean {
    if (expr.k !== 'load') return false
    const buffer = this.declared.get(expr.buffer)
    const [row, ...rest] = expr.at
    return (
      buffer?.space === 'data' &&
      buffer.shape[0] === this.context.rows.size &&
      row?.k === 'axis' &&
      row.axis === this.context.rows.axis &&
      rest.every((index) => index.k === 'axis' || index.k === 'num')
    )
  }

  /** Data, or data plus what has no other axes: taken as it stands, so that no term is larger than what was written. */
  plainLeaf(expr: KExpr): { readonly sign: 1 | -1; readonly factor: KExpr } | null {
    if (this.isData(expr)) return { sign: 1, factor: expr }
    if (expr.k === 'sub') return this.plainLeaf(k.add(expr.left, k.neg(expr.right)))
    if (expr.k !== 'add') return null
    const [only, ...others] = expr.args.filter((arg) => this.facts.varies(arg))
    if (only === undefined || others.length > 0) return null
    const load = only.k === 'neg' ? only.of : only
    if (!this.isData(load)) return null
    const own = freeAxes(load)
    const rest = expr.args.filter((arg) => arg !== only)
    if (rest.some((arg) => [...freeAxes(arg)].some((id) => !own.has(id)))) return null
    if (only === load) return { sign: 1, factor: k.add(load, ...rest) }
    return { sign: -1, factor: k.add(load, ...rest.map((arg) => k.neg(arg))) }
  }

  /** x = (x − c) + c with c the mean of its column, for the data that `which` says. */
  aboutMeans(expr: KExpr, which: (buffer: string) => boolean = () => true): KExpr {
    if (expr.k === 'load') {
      const load = which(expr.buffer) ? this.dataLoad(expr) : null
      if (load === null) return expr
      const mean = k.load(this.centreOf(load.buffer).centre, ...load.at.slice(1))
      return k.add({ k: 'sub', left: load, right: mean }, mean)
    }
    if (expr.k === 'add') return k.add(...expr.args.map((arg) => this.aboutMeans(arg, which)))
    return mapChildren(expr, (part) => this.aboutMeans(part, which))
  }

  /** x − c as `aboutMeans` writes it. */
  centredLeaf(expr: KExpr): { readonly sign: 1; readonly factor: KExpr } | null {
    const load = expr.k === 'sub' ? this.dataLoad(expr.left) : null
    if (load === null || expr.k !== 'sub' || expr.right.k !== 'load') return null
    return expr.right.buffer === this.centres.get(load.buffer)?.centre ? { sign: 1, factor: expr } : null
  }

  /** The column that a factor is, and its axes; null: it is none. */
  of(factor: KExpr): ColumnAt | null {
    const load = this.dataLoad(
      factor.k === 'sub' ? factor.left : factor.k === 'add' ? factor.args.find((arg) => this.isData(arg)) : factor,
    )
    if (load === null) return null
    if (factor.k === 'sub' && this.centredLeaf(factor) === null) return null
    if (factor.k === 'add' && this.plainLeaf(factor) === null) return null
    const shape = this.declared.get(load.buffer)?.shape ?? []
    const at: string[] = []
    const axes: Axis[] = []
    load.at.forEach((index, i) => {
      if (i === 0 || index.k !== 'axis' || at.includes(index.axis)) return
      axes.push({ id: `column ${at.length}`, name: 'c', size: shape[i] ?? '' })
      at.push(index.axis)
    })
    const names = new Map(at.map((id, i) => [id, axes[i]?.id ?? id]))
    const value = withAxes(factor, names)
    const key = printKernelExpr(value)
    const known = this.known.get(key)
    if (known !== undefined) return { column: known, at }
    const centred = this.centres.get(load.buffer)
    const reach =
      factor.k === 'sub' && centred !== undefined ? withAxes(k.load(centred.reach, ...load.at.slice(1)), names) : null
    const column = { key, value, axes, buffer: load.buffer, reach }
    this.known.set(key, column)
    return { column, at }
  }

  private centreOf(buffer: string): { readonly centre: string; readonly reach: string } {
    const known = this.centres.get(buffer)
    if (known !== undefined) return known
    const made = { centre: this.context.fresh('centre'), reach: this.context.fresh('reach') }
    this.centres.set(buffer, made)
    const shape = this.declared.get(buffer)?.shape.slice(1) ?? []
    for (const id of [made.centre, made.reach]) this.buffers.push({ id, space: 'table', type: 'f64', shape })
    this.constants.push(
      { buffer: made.centre, of: buffer, take: { kind: 'centre' } },
      { buffer: made.reach, of: buffer, take: { kind: 'reach', centre: made.centre } },
    )
    return made
  }
}
