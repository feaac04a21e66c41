/** Where buffers lie. Addresses and strides are in bytes. */
import type { WExpr } from './wasm-ast.js'

/**
 * Element (i, j, …) lies at origin + offset + i·strides[0] + j·strides[1] + … A `rows` place counts its first index from
 * the first row of the block, a `whole` one from 0.
 */
export interface Place {
  readonly buffer: string
  readonly type: 'f64' | 'i32'
  readonly kind: 'rows' | 'whole'
  /** What the offset is added to: a pointer that changes from thread to thread or block to block; null: nothing. */
  readonly origin: { readonly address: WExpr; readonly depth: number } | null
  readonly offset: number
  readonly strides: readonly number[]
  readonly extents: readonly number[]
}

/** Row-major strides. */
export function rowMajor(extents: readonly number[], bytes: number): number[] {
  const strides = extents.map(() => bytes)
  for (let i = extents.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] ?? bytes) * (extents[i + 1] ?? 1)
  return strides
}

/**
 * Elements from one column to the next where the rows of a block lie next to each other: an odd number of cache lines.
 * Columns a power of 2 apart would share a few sets of the first-level cache and drive each other out.
 */
export const rowsApart = (blockRows: number): number => 8 * (Math.ceil(blockRows / 8) | 1)

/** Rows next to each other: the first index is the fastest, of `rows` rows. */
export function rowsLast(extents: readonly number[], bytes: number, rows: number): number[] {
  const [, ...rest] = extents
  return [bytes, ...rowMajor(rest, bytes).map((stride) => stride * rows)]
}

/** The next multiple of 16 bytes. */
export const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16
