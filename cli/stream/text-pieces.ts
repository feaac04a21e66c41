import { createReadStream } from 'node:fs'
import { TextDecoder } from 'node:util'
import { badEncoding, encodingOf, nulCharacter, otherKind } from '../../runtime/data/decode.js'
import { RowsError } from '../../runtime/data/stream/rows-error.js'

const PIECE = 1 << 20

/** A piece of text, and how many bytes of the file have been read. */
export interface TextPiece {
  readonly text: string
  readonly bytes: number
}

/** The text of a file in its encoding, piece by piece. Throws RowsError where it is no text. */
export async function* textPieces(source: string, path: string): AsyncGenerator<TextPiece, void, undefined> {
  let decoder: TextDecoder | null = null
  let label = 'utf-8'
  let bytes = 0
  let line = 1
  const checked = (text: string): string => {
    const nul = text.indexOf('\0')
    if (nul >= 0) throw new RowsError(nulCharacter(source, line + breaks(text.slice(0, nul))))
    line += breaks(text)
    return text
  }
  for await (const chunk of createReadStream(path, { highWaterMark: PIECE }) as AsyncIterable<Uint8Array>) {
    let own = chunk
    if (decoder === null) {
      const other = otherKind(chunk, source)
      if (other !== null) throw new RowsError(other)
      const encoding = encodingOf(chunk)
      label = encoding.label
      decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true })
      own = chunk.subarray(encoding.skip)
    }
    bytes += chunk.length
    let text: string
    try {
      text = decoder.decode(own, { stream: true })
    } catch {
      throw new RowsError(badEncoding(source, label, label === 'utf-8' ? lineOfBadByte(own, line) : null))
    }
    yield { text: checked(text), bytes }
  }
  try {
    yield { text: checked(decoder?.decode() ?? ''), bytes }
  } catch (error) {
    throw error instanceof RowsError ? error : new RowsError(badEncoding(source, label, line))
  }
}

function breaks(text: string): number {
  let n = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) n++
  return n
}

/** The line in which a piece stops being UTF-8; it may begin within a character. */
function lineOfBadByte(bytes: Uint8Array, first: number): number {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let start = 0
  for (let line = first; ; line++) {
    const end = bytes.indexOf(10, start)
    let from = start
    if (start === 0) while (from < 3 && ((bytes[from] ?? 0) & 0xc0) === 0x80) from++
    try {
      decoder.decode(bytes.subarray(from, end < 0 ? bytes.length : end))
    } catch {
      return line
    }
    if (end < 0) return line
    start = end + 1
  }
}
