/** Bytes that are read from any place at once: a file's, or an array's. */
export interface ByteSource {
  readonly size: number
  /** The bytes [from, from + length), which the caller may keep. Throws where there are fewer. */
  read(from: number, length: number): Uint8Array
}

export function bytesInMemory(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(from, length) {
      if (from < 0 || length < 0 || from + length > bytes.length) throw new RangeError('beyond the end of the file')
      return bytes.subarray(from, from + length)
    },
  }
}
