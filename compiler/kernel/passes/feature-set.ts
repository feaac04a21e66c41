import * as k from '../build.js'
import type { Axis, Buffer, KExpr, KernelOp, SizeKey } from '../types.js'
import type { Column, ColumnAt } from './columns.js'
import { extentOf } from './cost.js'
import type { IndexTable, PassContext } from './types.js'

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
  private readonly products = new Map<string, number>()
  private readonly tables = new Map<string, string>()
  private layout: { readonly buffer: string; readonly axis: Axis } | null = null

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

  /** All products of two columns' elements that stand side by side at these axes. Columns are added before products. */
  addProducts(factors: readonly ColumnAt[]): void {
    if (factors.length < 2) return
    this.eachPair(factors, (pair) => {
      if (!this.products.has(pair)) this.products.set(pair, this.products.size)
    })
  }

  get count(): number {
    return this.linear + this.products.size
  }

  /** Copies and products that a row costs. */
  get cost(): number {
    return this.plain() === null ? this.count : 0
  }

  get fits(): boolean {
    return this.count <= MOST_FEATURES
  }

  has(column: Column): boolean {
    return this.offsets.has(column.key)
  }

  covers(factors: readonly ColumnAt[]): boolean {
    if (factors.length === 0 || factors.length > 2) return false
    if (!factors.every(({ column }) => this.offsets.has(column.key))) return false
    if (factors.length === 1) return true
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
  get place(): { readonly buffer: string; readonly axis: Axis } {
    if (this.layout !== null) return this.layout
    const plain = this.plain()
    const size = plain?.size ?? this.size('features', this.count)
    const axis = { id: this.context.fresh('f'), name: 'f', size }
    let buffer = plain?.buffer
    if (buffer === undefined) {
      buffer = this.context.fresh('features')
      this.buffers.push({
        id: buffer,
        space: 'scratch',
        type: 'f64',
        shape: [this.context.rows.size, size],
        rows: this.context.rows.table,
      })
    }
    this.layout = { buffer, axis }
    return this.layout
  }

  /** Operations that make the features of a row. */
  fill(row: Axis): readonly KernelOp[] {
    if (this.plain() !== null) return []
    const { buffer } = this.place
    const columns = this.columns.map((column): KernelOp => {
      const at = k.add(flat(column.axes, this.known), k.num(this.offsets.get(column.key) ?? 0))
      return { op: 'map', out: buffer, axes: [row, ...column.axes], at: [k.axis(row), at], value: column.value }
    })
    if (this.products.size === 0) return columns
    const { axis, left, right } = this.pairs()
    const feature = (of: string): KExpr => k.load(buffer, k.axis(row), k.load(of, k.axis(axis)))
    const product: KernelOp = {
      op: 'map',
      out: buffer,
      axes: [row, axis],
      at: [k.axis(row), k.add(k.axis(axis), k.num(this.linear))],
      value: k.mul(feature(left), feature(right)),
    }
    return [...columns, product]
  }

  /** Operations that fill `out` with the root mean square of each feature; 0 where it does not matter. */
  reach(out: string): readonly KernelOp[] {
    const columns = this.columns.map((column): KernelOp => {
      const at = k.add(flat(column.axes, this.known), k.num(this.offsets.get(column.key) ?? 0))
      return { op: 'map', out, axes: column.axes, at: [at], value: column.reach ?? k.num(0) }
    })
    if (this.products.size === 0) return columns
    const { axis, left, right } = this.pairs()
    const of = (table: string): KExpr => k.load(out, k.load(table, k.axis(axis)))
    const at = [k.add(k.axis(axis), k.num(this.linear))]
    return [...columns, { op: 'map', out, axes: [axis], at, value: k.mul(of(left), of(right)) }]
  }

  private pairTables: { readonly axis: Axis; readonly left: string; readonly right: string } | null = null

  private pairs(): { readonly axis: Axis; readonly left: string; readonly right: string } {
    if (this.pairTables !== null) return this.pairTables
    const axis = { id: this.context.fresh('g'), name: 'g', size: this.size('products', this.products.size) }
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

  /** The data itself, where its rows are the features as they stand. */
  private plain(): { readonly buffer: string; readonly size: SizeKey } | null {
    const [column, ...others] = this.columns
    const [axis, ...rest] = column?.axes ?? []
    if (column === undefined || axis === undefined) return null
    if (others.length + rest.length + this.products.size > 0 || column.value.k !== 'load') return null
    return column.value.at.length === 2 ? { buffer: column.buffer, size: axis.size } : null
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
      return this.linear + (this.products.get(a >= b ? `${a},${b}` : `${b},${a}`) ?? Number.NaN)
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
