/** Where the columns of a table lie in memory. */

export const PAGE = 65_536
/** Columns and private areas begin at multiples of it, so that no two threads write to one line of the cache. */
const LINE = 128

export const pagesFor = (bytes: number): number => Math.max(1, Math.ceil(bytes / PAGE))
export const onLine = (bytes: number): number => Math.ceil(bytes / LINE) * LINE

/** A buffer that kernels read in place. */
export interface Column {
  readonly buffer: string
  readonly values: Float64Array | Int32Array
  /** Elements of a row; null: the buffer belongs to no row and every thread reads all of it. */
  readonly perRow: number | null
}

export interface PlacedColumn extends Column {
  readonly address: number
}

/** Columns one after another, and where the last one ends. Address 0 stays free. */
export function placeColumns(columns: readonly Column[]): {
  readonly placed: readonly PlacedColumn[]
  readonly end: number
} {
  let end = LINE
  const placed = columns.map((column) => {
    const address = end
    // vector loads may read beyond the last element
    end = onLine(address + column.values.byteLength + 16)
    return { ...column, address }
  })
  return { placed, end }
}
