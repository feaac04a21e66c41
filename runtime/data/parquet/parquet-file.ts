/** The footer of a Parquet file: its rows, its flat columns and where their pages lie. */
import { type ParquetParsers, parquetMetadata, parquetSchema } from 'hyparquet'
import type { readPage } from 'hyparquet/src/column.js'
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import { getTreePath } from 'hyparquet/src/schema.js'
import { caps } from '../caps.js'
import { dataCodes, dataProblem, shown } from '../problems.js'
import type { DataProblem } from '../types.js'
import type { ByteSource } from './byte-source.js'
import { codecs } from './codecs.js'

export interface ParquetFile {
  /** What to call it in messages. */
  readonly source: string
  readonly bytes: ByteSource
  readonly rows: number
  /** Columns of single values. Nested ones are left out. */
  readonly columns: readonly ParquetColumn[]
}

export interface ParquetColumn {
  readonly name: string
  /** true where its values are numbers. */
  readonly isNumeric: boolean
  /** One for each row group. */
  readonly chunks: readonly ColumnChunk[]
}

/** What pages are decoded by. */
export type ColumnDecoder = Parameters<typeof readPage>[2]

/** The pages of one column in one row group. */
export interface ColumnChunk {
  readonly firstRow: number
  readonly rows: number
  /** Bytes [from, to) of the file. */
  readonly from: number
  readonly to: number
  readonly decoder: ColumnDecoder
  /** Definition level of a value that is there; 0 where none can be missing. */
  readonly present: number
}

/** Dates and times become text that sorts by time. */
const parsers: ParquetParsers = {
  ...DEFAULT_PARSERS,
  timestampFromMilliseconds: (t: bigint) => isoTime(Number(t)),
  timestampFromMicroseconds: (t: bigint) => isoTime(Number(t / 1000n)),
  timestampFromNanoseconds: (t: bigint) => isoTime(Number(t / 1_000_000n)),
  dateFromDays: (days: number) => isoTime(days * 86_400_000).slice(0, 10),
}

/** Milliseconds since 1970 that a calendar has. */
const LAST_TIME = 8.64e15

const isoTime = (milliseconds: number): string =>
  Math.abs(milliseconds) <= LAST_TIME ? new Date(milliseconds).toISOString() : String(milliseconds)

const NUMERIC: ReadonlySet<string> = new Set(['INT32', 'INT64', 'FLOAT', 'DOUBLE'])
const DATES: ReadonlySet<string> = new Set([
  'DATE',
  'TIMESTAMP_MILLIS',
  'TIMESTAMP_MICROS',
  'TIME_MILLIS',
  'TIME_MICROS',
])

/** true for the first bytes of a Parquet file, encrypted or not. */
export function isParquet(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x41 && bytes[2] === 0x52 && (bytes[3] === 0x31 || bytes[3] === 0x45)
}

/** What a problem with the bytes of a Parquet file is called. */
export function damaged(source: string, error: unknown): DataProblem {
  const why = error instanceof Error ? error.message.replace(/^parquet /, '') : String(error)
  const help = 'write the table again, as flat columns without encryption, or save it as CSV'
  return dataProblem(dataCodes.parquet, `${source} cannot be read as Parquet: ${shown(why)}`, { source }, help)
}

export function openParquet(
  source: string,
  bytes: ByteSource,
): { readonly value?: ParquetFile; readonly problems: readonly DataProblem[] } {
  try {
    const file = parsed(source, bytes)
    if (file.rows === 0)
      return { problems: [dataProblem(dataCodes.noRows, `${source} has columns and no rows`, { source })] }
    const wrong = checkColumns(file)
    return wrong === null ? { value: file, problems: [] } : { problems: [wrong] }
  } catch (error) {
    return { problems: [damaged(source, error)] }
  }
}

function checkColumns({ source, columns }: ParquetFile): DataProblem | null {
  if (columns.length === 0)
    return dataProblem(
      dataCodes.parquet,
      `${source} has no column of single values`,
      { source },
      'lists and records are not read: write them as columns of their own',
    )
  if (columns.length > caps.columns)
    return dataProblem(dataCodes.tooLarge, `${source} has ${columns.length} columns; at most 10,000 can be read`, {
      source,
    })
  const twice = columns.find(({ name }, i) => columns.findIndex((other) => other.name === name) < i)
  return twice === undefined
    ? null
    : dataProblem(
        dataCodes.duplicateColumn,
        `${source} has two columns named \`${shown(twice.name)}\``,
        { source, column: twice.name },
        'give each column its own name',
      )
}

function parsed(source: string, bytes: ByteSource): ParquetFile {
  if (bytes.size < 12) throw new Error('the file is too short')
  const tail = bytes.read(bytes.size - 8, 8)
  if (String.fromCharCode(...tail.subarray(4)) === 'PARE') throw new Error('the file is encrypted')
  const length = new DataView(tail.buffer, tail.byteOffset, 8).getUint32(0, true) + 8
  if (length > bytes.size) throw new Error('its end is missing')
  const metadata = parquetMetadata(bytes.read(bytes.size - length, length), { geoparquet: false })
  const schema = parquetSchema(metadata)
  const columns = schema.children
    .filter(({ children, element }) => children.length === 0 && element.repetition_type !== 'REPEATED')
    .map(({ element }): ParquetColumn => {
      const chunks: ColumnChunk[] = []
      let firstRow = 0
      for (const group of metadata.row_groups) {
        const chunk = group.columns.find((c) => c.meta_data?.path_in_schema.join('.') === element.name)
        const meta = chunk?.meta_data
        if (chunk === undefined || meta === undefined || chunk.crypto_metadata !== undefined)
          throw new Error(`column ${element.name} is encrypted or not there`)
        if (chunk.file_path) throw new Error(`column ${element.name} lies in another file`)
        const schemaPath = getTreePath(schema, meta.path_in_schema)
        // some writers give 0 for a dictionary that is not there
        const from = Number(meta.dictionary_page_offset || meta.data_page_offset)
        const rows = Number(group.num_rows)
        chunks.push({
          firstRow,
          rows,
          from,
          to: from + Number(meta.total_compressed_size),
          decoder: {
            pathInSchema: meta.path_in_schema,
            type: meta.type,
            codec: meta.codec,
            element,
            schemaPath,
            parsers,
            compressors: codecs,
          },
          present: element.repetition_type === 'OPTIONAL' ? 1 : 0,
        })
        firstRow += rows
      }
      const isDate = DATES.has(element.converted_type ?? '') || /TIME|DATE/.test(element.logical_type?.type ?? '')
      const isNumeric = !isDate && (NUMERIC.has(element.type ?? '') || element.converted_type === 'DECIMAL')
      return { name: element.name, isNumeric, chunks }
    })
  return { source, bytes, rows: Number(metadata.num_rows), columns }
}
