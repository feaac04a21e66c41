import { dataCodes, dataProblem } from './problems.js'
import type { DataProblem } from './types.js'

/** What is needed of the platform's decoder: it is in Node, workers and pages alike. */
interface Decoder {
  decode(bytes: Uint8Array): string
}
const platform = globalThis as unknown as {
  readonly TextDecoder: new (
    label: string,
    options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
  ) => Decoder
}

const maxBytes = 500_000_000

/** Files that are often given in place of CSV, by their first bytes. */
const magics: readonly { readonly bytes: readonly number[]; readonly what: string }[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'a zip file or an Excel workbook' },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old Excel workbook' },
  { bytes: [0x1f, 0x8b], what: 'compressed with gzip' },
  { bytes: [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], what: 'an Arrow file' },
  { bytes: [0x25, 0x50, 0x44, 0x46], what: 'a PDF' },
]

/** Bytes to text: a byte-order mark decides, UTF-16 without one is recognised by its zeros, all else is UTF-8. */
export function decode(
  bytes: Uint8Array,
  source: string,
): { readonly value?: string; readonly problems: readonly DataProblem[] } {
  if (bytes.length > maxBytes) {
    const size = `${Math.round(bytes.length / 1e6)} MB`
    return failed(dataCodes.tooLarge, `${source} has ${size}; at most 500 MB can be read`, source)
  }
  const other = otherKind(bytes, source)
  if (other !== null) return { problems: [other] }
  const encoding = encodingOf(bytes)
  const body = bytes.subarray(encoding.skip)
  let text: string
  try {
    text = new platform.TextDecoder(encoding.label, { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    const row = encoding.label === 'utf-8' ? lineOfByte(body, firstBadByte(body)) : null
    return { problems: [badEncoding(source, encoding.label, row)] }
  }
  const nul = text.indexOf('\0')
  if (nul === -1) return { value: text, problems: [] }
  return { problems: [nulCharacter(source, text.slice(0, nul).split('\n').length)] }
}

/** A file of a known kind that is no table. */
export function otherKind(bytes: Uint8Array, source: string): DataProblem | null {
  const magic = magics.find((known) => known.bytes.every((byte, i) => bytes[i] === byte))
  if (magic === undefined) return null
  const help = 'save the table as CSV (UTF-8) and give that file'
  return dataProblem(dataCodes.notText, `${source} is ${magic.what}, not a table of text`, { source }, help)
}

export function badEncoding(source: string, label: string, row: number | null): DataProblem {
  const where = row === null ? '' : ` (line ${row})`
  const help = 'save the file as CSV in UTF-8; in a spreadsheet choose "CSV UTF-8"'
  return dataProblem(dataCodes.notUtf8, `${source} is not ${label.toUpperCase()} text${where}`, { source, row }, help)
}

export function nulCharacter(source: string, row: number): DataProblem {
  const help = 'the file looks damaged or binary; write it again as text'
  return dataProblem(dataCodes.notText, `${source} holds a NUL character in line ${row}`, { source, row }, help)
}

function failed(code: string, message: string, source: string): { readonly problems: readonly DataProblem[] } {
  return { problems: [dataProblem(code, message, { source })] }
}

/** Label of the encoding of a file that begins with these bytes, and bytes of its mark. */
export function encodingOf(bytes: Uint8Array): { readonly label: string; readonly skip: number } {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { label: 'utf-8', skip: 3 }
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { label: 'utf-16le', skip: 2 }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { label: 'utf-16be', skip: 2 }
  const length = Math.min(bytes.length, 1000) & ~1
  let even = 0
  let odd = 0
  for (let i = 0; i < length; i += 2) {
    if (bytes[i] === 0) even++
    if (bytes[i + 1] === 0) odd++
  }
  if (length >= 4 && odd > 0.4 * (length / 2) && even === 0) return { label: 'utf-16le', skip: 0 }
  if (length >= 4 && even > 0.4 * (length / 2) && odd === 0) return { label: 'utf-16be', skip: 0 }
  return { label: 'utf-8', skip: 0 }
}

/** Offset of the first byte that no UTF-8 text has there. */
function firstBadByte(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length) {
    const lead = bytes[at] ?? 0
    const more =
      lead < 0x80
        ? 0
        : lead >= 0xc2 && lead < 0xe0
          ? 1
          : lead >= 0xe0 && lead < 0xf0
            ? 2
            : lead >= 0xf0 && lead < 0xf5
              ? 3
              : -1
    if (more < 0) return at
    for (let i = 1; i <= more; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return at
    at += more + 1
  }
  return at
}

function lineOfByte(bytes: Uint8Array, offset: number): number {
  let line = 1
  for (let i = 0; i < offset; i++) if (bytes[i] === 10) line++
  return line
}
