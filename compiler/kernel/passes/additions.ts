import type { Axis, Buffer, KernelOp, SizeKey } from '../types.js'
import type { PassContext, RowProgram } from './types.js'

/** What a rewriting adds to a program: buffers, extents, and arrays of data. */
export class Additions {
  readonly prelude: KernelOp[] = []
  readonly postlude: KernelOp[] = []
  readonly data = new Map<string, Float64Array | Int32Array>()
  private readonly buffers: Buffer[] = []
  private readonly sizes: Map<SizeKey, number>

  constructor(
    private readonly program: RowProgram,
    private readonly context: PassContext,
  ) {
    this.sizes = new Map(program.sizes)
  }

  size(prefix: string, extent: number): SizeKey {
    const key = this.context.fresh(prefix)
    this.sizes.set(key, extent)
    return key
  }

  extent(key: SizeKey): number {
    return this.sizes.get(key) ?? 0
  }

  axis(size: SizeKey): Axis {
    const id = this.context.fresh('i')
    return { id, name: id, size }
  }

  table(prefix: string, space: 'derived' | 'sum', shape: readonly SizeKey[]): string {
    return this.add({ id: this.context.fresh(prefix), space, type: 'f64', shape })
  }

  /** Scratch of a row, or of the block. */
  scratch(prefix: string, shape: readonly SizeKey[]): string {
    const { size, table } = this.context.rows
    const buffer: Buffer = { id: this.context.fresh(prefix), space: 'scratch', type: 'f64', shape }
    return this.add(shape[0] === size ? { ...buffer, rows: table } : buffer)
  }

  /** Data that follow from the data. */
  constant(prefix: string, values: Float64Array | Int32Array, shape: readonly SizeKey[]): string {
    const id = this.context.fresh(prefix)
    this.data.set(id, values)
    return this.add({ id, space: 'data', type: values instanceof Int32Array ? 'i32' : 'f64', shape })
  }

  /** The program with these operations over its rows, and all that has been added. */
  with(rows: readonly KernelOp[]): RowProgram {
    const { program } = this
    return {
      ...program,
      prelude: [...program.prelude, ...this.prelude],
      rows,
      postlude: [...this.postlude, ...program.postlude],
      buffers: [...program.buffers, ...this.buffers],
      sizes: this.sizes,
    }
  }

  private add(buffer: Buffer): string {
    this.buffers.push(buffer)
    return buffer.id
  }
}
