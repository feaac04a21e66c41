import { KernelError } from '../../kernel/kernel-error.js'
import type { Axis, Buffer } from '../../kernel/types.js'
import { axisRange, type BufferView, type Memory, type RowBlock, sizeOf, viewBuffer } from '../memory.js'
import { sparsePosterior } from '../sparse-memory.js'
import { SparsePosterior } from '../sparse-posterior.js'

/** A loop variable while it runs; ragged ranges are set when their loop starts. */
export interface AxisCell {
  value: number
  from: number
  to: number
}

export interface BufferCell {
  readonly buffer: Buffer
  view: BufferView
}

export interface SizeCell {
  value: number
}

export interface SparseCell {
  value: SparsePosterior
}

/** Loop variables in scope, by axis id. */
export type Scope = ReadonlyMap<string, AxisCell>

const UNBOUND: BufferView = { array: new Float64Array(0), extents: [], strides: [], first: 0, origin: 0 }

/** The cells that closures read, and how a run fills them. */
export class Environment {
  readonly #buffers = new Map<string, Buffer>()
  readonly #cells = new Map<string, BufferCell>()
  readonly #sizes = new Map<string, SizeCell>()
  readonly #sparse = new Map<string, SparseCell>()
  readonly #axes: { readonly axis: Axis; readonly cell: AxisCell }[] = []
  block: RowBlock | null = null

  constructor(buffers: readonly Buffer[]) {
    for (const buffer of buffers) this.#buffers.set(buffer.id, buffer)
  }

  /** Cell of a buffer; an unknown one is our mistake. */
  buffer(id: string): BufferCell {
    const known = this.#cells.get(id)
    if (known !== undefined) return known
    const buffer = this.#buffers.get(id)
    if (buffer === undefined) throw new KernelError(`buffer ${id} is not declared`)
    const cell = { buffer, view: UNBOUND }
    this.#cells.set(id, cell)
    return cell
  }

  size(key: string): SizeCell {
    const known = this.#sizes.get(key)
    if (known !== undefined) return known
    const cell = { value: 0 }
    this.#sizes.set(key, cell)
    return cell
  }

  sparse(name: string): SparseCell {
    const known = this.#sparse.get(name)
    if (known !== undefined) return known
    const cell = { value: new SparsePosterior(name) }
    this.#sparse.set(name, cell)
    return cell
  }

  /** A new cell for one loop over an axis. */
  axis(axis: Axis): AxisCell {
    const cell = { value: 0, from: 0, to: 0 }
    if (axis.ragged === undefined) this.#axes.push({ axis, cell })
    return cell
  }

  bind(memory: Memory, block: RowBlock | null): void {
    this.block = block
    for (const cell of this.#cells.values()) cell.view = viewBuffer(cell.buffer, memory, block)
    for (const [key, cell] of this.#sizes) cell.value = sizeOf(memory, key)
    for (const [name, cell] of this.#sparse) cell.value = sparsePosterior(memory, name)
    for (const { axis, cell } of this.#axes) {
      const range = axisRange(axis, memory, block)
      cell.from = range.from
      cell.to = range.to
    }
  }
}
