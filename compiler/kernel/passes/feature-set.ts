import * as k from '../build.js'
import type { Axis, Buffer, KExpr, KernelOp, SizeKey } from '../types.js'
import type { Column, ColumnAt } from './columns.js'
import { extentOf } from './cost.js'
import type { IndexTable, PassContext } from './types.js'

/** Where features lie, and the elements of columns that products are made of. */
interface Place {
  readonly buffer: string
  readonly axis: Axis
  readonly base: string
}

/** Features of one set, and positions of one table of indices. */
const MOST_FEATURES = 2 ** 13
const MOST_POSITIONS = 2 ** 20

/**
 * Features of a row: its columns, one element after another, and products of two of their elements, each product
 * once whatever the order of its factors. Number f of a product of elements is in tables of indices, since sizes are known.
 */
export class FeatureSet {
  readonly indices: IndexTable[] = []
  readonly sizes = new Map<SizeKey, number>()
  readonly buffers: Buffer[] = []
  private readonly offsets = new Map<string, number>()
  private readonly columns: Column[] = []
  private linear = 0
  /** Elements of columns are features themselves, and not only factors of some. */
  private linearNeeded = false
  private readonly products = new Map<string, number>()
  private readonly tables = new Map<string, string>()
  private layout: Place | null = null

  constructor(
    private readonly known: ReadonlyMap<SizeKey, number>,
    private readonly context: PassContext,
  ) {}

  addColumn(column: Column): void {
    if (this.offsets.has(column.key)) return
    this.offsets.set(column.key, this.linear)
    this.columns.push(column)
    this.linear += extentOf(column.axes, this.known)
  }

  /** The features that a product of columns needs. Columns are added before products. */
  addProducts(factors: readonly ColumnAt[]): void {
    if (factors.length === 1) this.linearNeeded = true
    if (factors.length < 2) return
    this.eachPair(factors, (pair) => {
      if (!this.products.has(pair)) this.products.set(pair, this.products.size)
    })
  }

  get count(): number {
    return this.first + this.products.size
  }

  /** Copies and products that a row costs. */
  get cost(): number {
    return this.products.size + (this.plain() === null ? this.linear : 0)
  }

  /** Number of the first product. */
  private get first(): number {
    return this.linearNeeded ? this.linear : 0
  }

  get fits(): boolean {
    return this.count <= MOST_FEATURES
  }

  has(column: Column): boolean {
    return this.offsets.has(column.key)
  }

  /** true where elements of a buffer are columns about their means. */
  isCentred(buffer: string): boolean {
    return this.columns.some((column) => column.buffer === buffer && column.reach !== null)
  }

  covers(factors: readonly ColumnAt[]): boolean {
    if (factors.length === 0 || factors.length > 2) return false
    if (!factors.every(({ column }) => this.offsets.has(column.key))) return false
    if (factors.length === 1) return this.linearNeeded
    let all = true
    this.eachPair(factors, (pair) => {
      if (!this.products.has(pair)) all = false
    })
    return all
  }

  /** Number of the feature that a product of columns' elements is, over the axes that they have. */
  indexOf(factors: readonly ColumnAt[]): KExpr {
    const axes = axesOf(factors)
    const pattern = factors.map(({ column, at }) => [column.key, at.map((id) => axes.findIndex((a) => a.id === id))])
    const key = JSON.stringify(pattern)
    let id = this.tables.get(key)
    if (axes.length === 0) return k.num(this.valuesOf(factors)[0] ?? 0)
    if (id === undefined) {
      id = this.context.fresh('feature of')
      this.tables.set(key, id)
      this.buffers.push({ id, space: 'table', type: 'i32', shape: axes.map((axis) => axis.size) })
      this.indices.push({ buffer: id, values: this.valuesOf(factors) })
    }
    return k.load(id, ...axes.map((axis) => k.axis(axis)))
  }

  /** Buffer [rows, features] and the axis over features. */
  get place(): Place {
    if (this.layout !== null) return this.layout
    const plain = this.plain()
    if (plain !== null && this.products.size === 0) {
      this.layout = { buffer: plain.buffer, axis: this.axis(plain.size), base: plain.buffer }
      return this.layout
    }
    const axis = this.axis(this.size('features', this.count))
    const buffer = this.scratch('features', axis.size)
    const base = this.linearNeeded
      ? buffer
      : (plain?.buffer ?? this.scratch('columns', this.size('columns', this.linear)))
    this.layout = { buffer, axis, base }
    return this.layout
  }

  /** Operations that make the features of a row. */
  fill(row: Axis): readonly KernelOp[] {
    const { buffer, base } = this.place
    const ops: KernelOp[] = []
    if (this.plain() === null)
      for (const column of this.columns) {
        const at = k.add(flat(column.axes, this.known), k.num(this.offsets.get(column.key) ?? 0))
        const axes = [row, ...column.axes]
        ops.push({ op: 'map', out: base, axes, at: [k.axis(row), at], value: column.value })
      }
    if (this.products.size === 0) return ops
    const { axis, left, right } = this.pairs()
    const factor = (of: string): KExpr => k.load(base, k.axis(row), k.load(of, k.axis(axis)))
    ops.push({
      op: 'map',
      out: buffer,
      axes: [row, axis],
      at: [k.axis(row), k.add(k.axis(axis), k.num(this.first))],
      value: k.mul(factor(left), factor(right)),
    })
    return ops
  }

  /** Operations that fill a new table with the root mean square of each feature; 0 where it does not matter. */
  reach(): { readonly table: string; readonly ops: readonly KernelOp[] } {
    const { axis } = this.place
    const table = this.derived('reach of features', axis.size)
    const base = this.linearNeeded ? table : this.derived('reach of columns', this.size('columns', this.linear))
    const ops: KernelOp[] = this.columns.map((column) => {
      const at = k.add(flat(column.axes, this.known), k.num(this.offsets.get(column.key) ?? 0))
      return { op: 'map', out: base, axes: column.axes, at: [at], value: column.reach ?? k.num(0) }
    })
    if (this.products.size === 0) return { table, ops }
    const { axis: g, left, right } = this.pairs()
    const of = (pair: string): KExpr => k.load(base, k.load(pair, k.axis(g)))
    const at = [k.add(k.axis(g), k.num(this.first))]
    ops.push({ op: 'map', out: table, axes: [g], at, value: k.mul(of(left), of(right)) })
    return { table, ops }
  }

  private axis(size: SizeKey): Axis {
    return { id: this.context.fresh('f'), name: 'f', size }
  }

  private scratch(name: string, size: SizeKey): string {
    const id = this.context.fresh(name)
    const { size: rows, table } = this.context.rows
    this.buffers.push({ id, space: 'scratch', type: 'f64', shape: [rows, size], rows: table })
    return id
  }

  private derived(name: string, size: SizeKey): string {
    const id = this.context.fresh(name)
    this.buffers.push({ id, space: 'derived', type: 'f64', shape: [size] })
    return id
  }

  private pairTables: { readonly axis: Axis; readonly left: string; readonly right: string } | null = null

  private pairs(): { readonly axis: Axis; readonly left: string; readonly right: string } {
    if (this.pairTables !== null) return this.pairTables
    const size = this.first === 0 ? this.place.axis.size : this.size('products', this.products.size)
    const axis = { id: this.context.fresh('g'), name: 'g', size }
    const pairs = [...this.products.keys()].map((key) => key.split(',').map(Number))
    const table = (name: string, i: number): string => {
      const id = this.context.fresh(name)
      this.buffers.push({ id, space: 'table', type: 'i32', shape: [axis.size] })
      this.indices.push({ buffer: id, values: pairs.map((pair) => pair[i] ?? 0) })
      return id
    }
    this.pairTables = { axis, left: table('left', 0), right: table('right', 1) }
    return this.pairTables
  }

  /** The data itself, where its rows are the columns as they stand. */
  private plain(): { readonly buffer: string; readonly size: SizeKey } | null {
    const [column, ...others] = this.columns
    const [axis, ...rest] = column?.axes ?? []
    if (column === undefined || axis === undefined) return null
    if (others.length + rest.length > 0 || column.value.k !== 'load' || column.value.at.length !== 2) return null
    // products and columns lie in one buffer where both are features
    return this.linearNeeded && this.products.size > 0 ? null : { buffer: column.buffer, size: axis.size }
  }

  private size(name: string, value: number): SizeKey {
    const key = this.context.fresh(`size of ${name}`)
    this.sizes.set(key, value)
    return key
  }

  /** true where tables over the axes of factors are not too long. */
  enumerable(factors: readonly ColumnAt[]): boolean {
    return extentOf(axesOf(factors), this.known) <= MOST_POSITIONS
  }

  private eachPair(factors: readonly ColumnAt[], visit: (pair: string) => void): void {
    for (const [a = 0, b = 0] of this.elements(factors)) visit(a >= b ? `${a},${b}` : `${b},${a}`)
  }

  private valuesOf(factors: readonly ColumnAt[]): readonly number[] {
    return this.elements(factors).map(([a = 0, b]) => {
      if (b === undefined) return a
      return this.first + (this.products.get(a >= b ? `${a},${b}` : `${b},${a}`) ?? Number.NaN)
    })
  }

  /** The elements of each factor at each value of the axes, row-major. */
  private elements(factors: readonly ColumnAt[]): readonly (readonly number[])[] {
    const axes = axesOf(factors)
    let all: (readonly number[])[] = [[]]
    for (const axis of axes) {
      const extent = this.known.get(axis.size) ?? 0
      all = all.flatMap((values) => Array.from({ length: extent }, (_, i) => [...values, i]))
    }
    return all.map((values) =>
      factors.map(({ column, at }) => {
        const own = column.axes.reduce((flatIndex, axis, i) => {
          const value = values[axes.findIndex((a) => a.id === at[i])] ?? 0
          return flatIndex * (this.known.get(axis.size) ?? 0) + value
        }, 0)
        return (this.offsets.get(column.key) ?? 0) + own
      }),
    )
  }
}

/** Axes of factors, as they are named where these are read. */
export function axesOf(factors: readonly ColumnAt[]): readonly Axis[] {
  const found = new Map<string, Axis>()
  for (const { column, at } of factors)
    at.forEach((id, i) => {
      const axis = column.axes[i]
      if (axis !== undefined && !found.has(id)) found.set(id, { ...axis, id })
    })
  return [...found.values()]
}

/** Row-major position over axes. */
function flat(axes: readonly Axis[], sizes: ReadonlyMap<SizeKey, number>): KExpr {
  let stride = 1
  let at: KExpr = k.num(0)
  for (const axis of [...axes].reverse()) {
    at = k.add(k.mul(k.num(stride), k.axis(axis)), at)
    stride *= sizes.get(axis.size) ?? 0
  }
  return at
}
