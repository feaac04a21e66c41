import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { ByteSource } from '../../runtime/data/parquet/byte-source.js'
import { changedFile } from '../../runtime/data/stream/parquet-rows.js'
import { RowsError } from '../../runtime/data/stream/rows-error.js'

/** Bytes of a file, which must stay as it is: its size and the time of its last change are looked at with every read. */
export function fileBytes(source: string, path: string): ByteSource & { close(): void } {
  const file = openSync(path, 'r')
  const { size, mtimeMs } = fstatSync(file)
  let isOpen = true
  return {
    size,
    read(from, length) {
      const bytes = new Uint8Array(length)
      if (from < 0 || length < 0 || from + length > size) throw new RangeError('beyond the end of the file')
      if (!isOpen) throw new Error(`${source} is closed`)
      const now = fstatSync(file)
      if (now.size !== size || now.mtimeMs !== mtimeMs) throw new RowsError(changedFile(source))
      readWhole(file, bytes, from, () => new RowsError(changedFile(source)))
      return bytes
    },
    close() {
      if (isOpen) closeSync(file)
      isOpen = false
    },
  }
}

/** Fills `bytes` from a place of a file. */
export function readWhole(file: number, bytes: Uint8Array, from: number, tooShort: () => Error): void {
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, Math.min(bytes.length - at, 1 << 30), from + at)
    if (read === 0) throw tooShort()
    at += read
  }
}
