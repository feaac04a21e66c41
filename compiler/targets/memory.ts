import { KernelError } from '../kernel/kernel-error.js'
import type { Axis, Buffer, KernelOp, SizeKey } from '../kernel/types.js'
import type { SparsePosterior } from './sparse-posterior.js'

/** What a kernel runs on: extents and dense row-major arrays, both by name. An array may be longer than its shape. */
export interface Memory {
  readonly sizes: ReadonlyMap<SizeKey, number>
  readonly buffers: ReadonlyMap<string, Float64Array | Int32Array>
  /** Sparse factors by the names of their inverses: kept from run to run, empty at first. Needed by `sparseGaussian`. */
  readonly sparse?: Map<string, SparsePosterior>
}

/** Rows [from, to) of the row axis of a pass. */
export interface RowBlock {
  readonly table: string
  readonly axis: string
  readonly from: number
  readonly to: number
}

/**
 * An executable list of operations. With a block, the axis `block.axis` runs over its rows and scratch buffers of its
 * table hold just those; without, every axis has its full extent and every buffer its full length.
 *
 * Not reentrant: one compiled kernel runs one block at a time.
 */
export interface CompiledKernel {
  run(memory: Memory, block: RowBlock | null): void
}

export type CompileKernel = (ops: readonly KernelOp[], buffers: readonly Buffer[]) => CompiledKernel

/** A buffer at run time: element [i, j, …] lies at origin + i·strides[0] + j·strides[1] + … */
export interface BufferView {
  readonly array: Float64Array | Int32Array
  readonly extents: readonly number[]
  readonly strides: readonly number[]
  /** Smallest legal first index: the block's first row for scratch that is as long as the block, else 0. */
  readonly first: number
  /** −first · strides[0]. */
  readonly origin: number
}

/** Extent of a size key; a missing one is our mistake. */
export function sizeOf(memory: Memory, key: SizeKey): number {
  const size = memory.sizes.get(key)
  if (size === undefined) throw new KernelError(`size ${key} is not bound`)
  return size
}

/** Resolves shape, strides and origin of a buffer, and checks that its array has the type and is long enough. */
export function viewBuffer(buffer: Buffer, memory: Memory, block: RowBlock | null): BufferView {
  const array = memory.buffers.get(buffer.id)
  if (array === undefined) throw new KernelError(`buffer ${buffer.id} is not bound`)
  if (array instanceof Int32Array !== (buffer.type === 'i32')) {
    throw new KernelError(`buffer ${buffer.id} is not of type ${buffer.type}`)
  }
  const extents = buffer.shape.map((key) => sizeOf(memory, key))
  const blockLong = buffer.space === 'scratch' && block !== null && buffer.rows === block.table
  if (blockLong) extents[0] = block.to - block.from
  const strides = extents.map(() => 1)
  let stride = 1
  for (let i = extents.length - 1; i >= 0; i--) {
    strides[i] = stride
    stride *= extents[i] ?? 1
  }
  if (array.length < stride) {
    throw new KernelError(`buffer ${buffer.id} has ${array.length} elements, its shape needs ${stride}`)
  }
  const first = blockLong ? block.from : 0
  return { array, extents, strides, first, origin: first === 0 ? 0 : -first * (strides[0] ?? 1) }
}

/** Values [from, to) that an axis without ragged extents takes. */
export function axisRange(axis: Axis, memory: Memory, block: RowBlock | null): { from: number; to: number } {
  if (block !== null && axis.id === block.axis) return { from: block.from, to: block.to }
  return { from: 0, to: sizeOf(memory, axis.size) }
}

/** Flat range of elements that `fill` writes: the block's rows where the first extent runs over its table, else all. */
export function fillRange(
  buffer: Buffer,
  view: BufferView,
  block: RowBlock | null,
): { readonly from: number; readonly to: number } {
  const stride = view.strides[0] ?? 1
  const total = view.extents.reduce((product, extent) => product * extent, 1)
  const blockRows = block !== null && buffer.rows === block.table && buffer.space !== 'scratch'
  return blockRows ? { from: block.from * stride, to: block.to * stride } : { from: 0, to: total }
}
