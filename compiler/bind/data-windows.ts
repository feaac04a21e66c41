/** Windows of rows over data that do not lie in memory: what passes over rows run on, one window after another. */
import type { BoundArray, BoundData, StreamedRows } from '../../runtime/contract.js'
import type { SizeKey } from '../kernel/types.js'
import { CHUNK_ROWS, partsOf } from './array-parts.js'

interface WindowBuffer {
  readonly id: string
  readonly array: BoundArray
  readonly stream: StreamedRows
  readonly values: Float64Array | Int32Array
}

/** Where the rows of a window lie. */
export interface WindowPlace {
  floats(length: number): Float64Array
  integers(length: number): Int32Array
}

export class DataWindows {
  readonly rows: number
  /** Most rows of a window. */
  readonly most: number
  /** Buffers that hold the rows of the window, by id. */
  readonly buffers: ReadonlyMap<string, Float64Array | Int32Array>
  private readonly arrays: readonly WindowBuffer[]
  private loaded = { from: -1, to: -1 }
  /** The rows that are gone through; null: all. */
  private range: { readonly from: number; readonly to: number } | null = null

  /**
   * @param key size of the rows
   * @param ids buffers of data that are used
   */
  constructor(
    readonly key: SizeKey,
    data: BoundData,
    stream: NonNullable<BoundData['stream']>,
    ids: readonly string[],
    private readonly sizes: Map<SizeKey, number>,
    place: WindowPlace,
  ) {
    this.rows = stream.rows
    this.most = Math.min(stream.rows, stream.window)
    const buffers = new Map<string, Float64Array | Int32Array>()
    const arrays: WindowBuffer[] = []
    for (const [name, array] of data.arrays) {
      const id = `data:${name}`
      if (array.stream === undefined || !ids.includes(id)) continue
      const length = this.most * array.stream.width
      const values = array.values instanceof Int32Array ? place.integers(length) : place.floats(length)
      buffers.set(id, values)
      arrays.push({ id, array, stream: array.stream, values })
    }
    this.buffers = buffers
    this.arrays = arrays
  }

  /**
   * Calls `visit` with window after window in place: data buffers hold its rows, the first of them at 0.
   *
   * @param most rows of a window
   */
  each(visit: (rows: number, from: number) => void, most = this.most): void {
    const step = Math.min(this.most, most)
    const end = this.range?.to ?? this.rows
    for (let from = this.range?.from ?? 0; from < end; from += step) {
      const to = Math.min(end, from + step)
      this.load(from, to)
      visit(to - from, from)
    }
  }

  /** Runs with rows [from, to) being all that are gone through. */
  only<T>(from: number, to: number, run: () => T): T {
    this.range = { from, to }
    try {
      return run()
    } finally {
      this.range = null
    }
  }

  /** Rows of which fewer than all are gone through are not as many as the size says. */
  get isPartial(): boolean {
    return this.range !== null
  }

  /** Runs with the size of the rows being those of a window, for kernels that check arrays against it. */
  sized(rows: number, run: () => void): void {
    this.sizes.set(this.key, rows)
    try {
      run()
    } finally {
      this.sizes.set(this.key, this.rows)
    }
  }

  /** In windows so small that what is kept for each of their rows may lie in memory; sizes are theirs. */
  eachSmall(visit: (rows: number, from: number) => void): void {
    this.each((rows, from) => this.sized(rows, () => visit(rows, from)), CHUNK_ROWS)
  }

  /** The values of a buffer of data in their order, part by part; null where it is not streamed. */
  partsOf(id: string): Iterable<Float64Array | Int32Array> | null {
    const own = this.arrays.find((a) => a.id === id)
    return own === undefined ? null : partsOf(own.array)
  }

  /** true where every cell of a buffer is a finite number; null where it is not streamed. */
  isComplete(id: string): boolean | null {
    const array = this.arrays.find((a) => a.id === id)?.array
    if (array === undefined) return null
    if (array.values instanceof Int32Array) return true
    if (array.missing > 0) return false
    for (const part of partsOf(array)) if (!part.every(Number.isFinite)) return false
    return true
  }

  private load(from: number, to: number): void {
    if (this.loaded.from === from && this.loaded.to === to) return
    this.loaded = { from: -1, to: -1 }
    for (const { stream, values } of this.arrays) stream.read(from, to, values)
    this.loaded = { from, to }
  }
}
