/** Numbers as text that gives them back bit by bit: their bytes, little-endian, in base64 (RFC 4648, section 4). */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const DIGITS: ReadonlyMap<number, number> = new Map([...ALPHABET].map((c, i) => [c.charCodeAt(0), i]))
const PADDING = '='.charCodeAt(0)
/** Groups of four digits that are joined at once. */
const PIECE = 4096

type Numbers = Float64Array | Int32Array

const write = (view: DataView, at: number, values: Numbers, i: number): void =>
  values instanceof Float64Array ? view.setFloat64(at, values[i] ?? 0, true) : view.setInt32(at, values[i] ?? 0, true)

export function numbersToText(values: Numbers): string {
  const width = values.BYTES_PER_ELEMENT
  const view = new DataView(new ArrayBuffer(values.length * width))
  for (let i = 0; i < values.length; i++) write(view, i * width, values, i)
  const bytes = new Uint8Array(view.buffer)
  const pieces: string[] = []
  for (let from = 0; from < bytes.length; from += 3 * PIECE) pieces.push(piece(bytes, from))
  return pieces.join('')
}

function piece(bytes: Uint8Array, from: number): string {
  const to = Math.min(bytes.length, from + 3 * PIECE)
  const codes = new Uint16Array(Math.ceil((to - from) / 3) * 4).fill(PADDING)
  for (let i = from, at = 0; i < to; i += 3, at += 4) {
    const bits = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    for (let d = 0; d < 4 && d <= to - i; d++) codes[at + d] = ALPHABET.charCodeAt((bits >>> (18 - 6 * d)) & 63)
  }
  return String.fromCharCode(...codes)
}

/** The bytes of base64; null where the text is none. */
function bytesOf(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  for (let i = 0, at = 0; i < text.length; i += 4) {
    let bits = 0
    for (let d = 0; d < 4; d++) {
      const isPadding = i + d >= text.length - padding
      const digit = isPadding ? 0 : DIGITS.get(text.charCodeAt(i + d))
      if (digit === undefined) return null
      bits = (bits << 6) | digit
    }
    for (let shift = 16; shift >= 0 && at < bytes.length; shift -= 8) bytes[at++] = bits >>> shift
  }
  return bytes
}

/** null where the text is not the bytes of such numbers. */
export function doublesFromText(text: string): Float64Array | null {
  const bytes = bytesOf(text)
  if (bytes === null || bytes.length % 8 !== 0) return null
  const view = new DataView(bytes.buffer)
  return Float64Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(i * 8, true))
}

export function integersFromText(text: string): Int32Array | null {
  const bytes = bytesOf(text)
  if (bytes === null || bytes.length % 4 !== 0) return null
  const view = new DataView(bytes.buffer)
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(i * 4, true))
}
