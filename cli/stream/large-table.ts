import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { isParquet } from '../../runtime/data/parquet/parquet-file.js'
import { parquetTable } from '../../runtime/data/stream/parquet-rows.js'
import type { ReadResult } from '../../runtime/data/types.js'
import { delimitedTable } from './delimited-table.js'
import { fileBytes } from './file-bytes.js'

/** Bytes that a table takes while it is read whole, for each byte of its text, and for each of its cells in Parquet. */
const PER_TEXT_BYTE = 8
const PER_CELL = 40
/** Text that is read whole. */
const LARGEST_TEXT = 500_000_000
/** The part of the memory of the machine, and of what the JavaScript heap may take, that a fit takes unasked. */
const MACHINE_SHARE = 0.5
const HEAP_SHARE = 0.7

/**
 * A table that does not fit into so many bytes, to be read a part at a time; null where it fits, where it is JSON, and
 * where it cannot be read at all, which is said when it is.
 */
export async function largeTable(
  path: string,
  memory: number | null,
  onProgress: (done: number, all: number) => void,
): Promise<ReadResult | null> {
  const most = Math.min(memory ?? MACHINE_SHARE * totalmem(), HEAP_SHARE * getHeapStatistics().heap_size_limit)
  const found = look(path)
  if (found === null) return null
  if (isParquet(found.first)) {
    const bytes = fileBytes(path, path)
    const read = parquetTable(path, bytes, () => setImmediate())
    const cells = read.value === undefined ? 0 : read.value.columns.length * (read.value.all?.rows ?? 0)
    if (PER_CELL * cells > most) return read
    bytes.close()
    return null
  }
  if (PER_TEXT_BYTE * found.size <= most && found.size <= LARGEST_TEXT) return null
  const extension = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase()
  if (extension === 'json' || (extension !== 'csv' && /^\s*[[{]/.test(Buffer.from(found.first).toString()))) return null
  return delimitedTable(path, path, extension === 'tsv' || extension === 'tab' ? '\t' : null, onProgress)
}

/** The size of a file and its first bytes; null where it is no file that can be opened. */
function look(path: string): { readonly size: number; readonly first: Uint8Array } | null {
  try {
    const stat = statSync(path)
    if (!stat.isFile()) return null
    const file = openSync(path, 'r')
    try {
      const first = new Uint8Array(64)
      return { size: stat.size, first: first.subarray(0, readSync(file, first, 0, first.length, 0)) }
    } finally {
      closeSync(file)
    }
  } catch {
    return null
  }
}
