/** Windows of rows over data that do not lie in memory: what passes over rows run on, one window after another. */
import type { BoundData, StreamedRows } from '../../runtime/contract.js'
import type { SizeKey } from '../kernel/types.js'
import { CHUNK_ROWS } from './array-parts.js'

interface WindowBuffer {
  readonly stream: StreamedRows
  readonly values: Float64Array | Int32Array
}

export class DataWindows {
  readonly rows: number
  /** Most rows of a window. */
  readonly most: number
  /** Buffers that hold the rows of the window, by id. */
  readonly buffers: ReadonlyMap<string, Float64Array | Int32Array>
  private readonly arrays: readonly WindowBuffer[]
  private loaded = { from: -1, to: -1 }

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
  ) {
    this.rows = stream.rows
    this.most = Math.min(stream.rows, stream.window)
    const buffers = new Map<string, Float64Array | Int32Array>()
    const arrays: WindowBuffer[] = []
    for (const [name, array] of data.arrays) {
      const id = `data:${name}`
      if (array.stream === undefined || !ids.includes(id)) continue
      const length = this.most * array.stream.width
      const values = array.values instanceof Int32Array ? new Int32Array(length) : new Float64Array(length)
      buffers.set(id, values)
      arrays.push({ stream: array.stream, values })
    }
    this.buffers = buffers
    this.arrays = arrays
  }

  /**
   * Calls `visit` with window after window in place: data buffers hold its rows, and the size of the rows is their
   * number. A kernel counts rows from the first of the window.
   *
   * @param most rows of a window
   */
  each(visit: (rows: number, from: number) => void, most = this.most): void {
    const step = Math.min(this.most, most)
    try {
      for (let from = 0; from < this.rows; from += step) {
        const to = Math.min(this.rows, from + step)
        this.load(from, to)
        this.sizes.set(this.key, to - from)
        visit(to - from, from)
      }
    } finally {
      this.sizes.set(this.key, this.rows)
    }
  }

  /** The same in windows so small that what is kept for each of their rows may lie in memory. */
  eachSmall(visit: (rows: number, from: number) => void): void {
    this.each(visit, CHUNK_ROWS)
  }

  private load(from: number, to: number): void {
    if (this.loaded.from === from && this.loaded.to === to) return
    this.loaded = { from: -1, to: -1 }
    for (const { stream, values } of this.arrays) stream.read(from, to, values)
    this.loaded = { from, to }
  }
}
