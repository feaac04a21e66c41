/** The cells of one Parquet column from a row on, page by page: no more than a page is in memory. */
import { parquetHeader } from 'hyparquet/src/column.js'
import { convert } from 'hyparquet/src/convert.js'
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js'
import { readPlain } from 'hyparquet/src/plain.js'
import type { ByteSource } from './byte-source.js'
import type { ColumnChunk, ParquetColumn } from './parquet-file.js'

type DataPage = ReturnType<typeof readDataPage>
type PageHeader = ReturnType<typeof parquetHeader>

/** The rows of one page. */
export interface PageCells {
  readonly rows: number
  /** Values of the rows that have one, or their positions in the dictionary. */
  readonly values: ArrayLike<unknown>
  readonly dictionary: ArrayLike<unknown> | null
  /** 1 where a row has a value; null where all have. */
  readonly isThere: Uint8Array | null
}

/** Bytes that hold a page's header unless it carries long statistics. */
const HEADER = 4096

/** Pages of a column in their order; `rewind` and `skip` move it. */
export class ColumnCursor {
  private chunk = -1
  private at = 0
  private end = 0
  private left = 0
  private dictionary: ArrayLike<unknown> | null = null

  constructor(
    private readonly bytes: ByteSource,
    private readonly column: ParquetColumn,
  ) {}

  /** To the first page of the row group that holds a row; gives the first row of that page. */
  seek(row: number): number {
    const index = this.column.chunks.findIndex((c) => row < c.firstRow + c.rows)
    this.enter(index < 0 ? this.column.chunks.length : index)
    return this.column.chunks[this.chunk]?.firstRow ?? row
  }

  /** The next page; null at the end of the file. */
  next(): PageCells | null {
    for (;;) {
      while (this.left === 0) {
        if (this.chunk >= this.column.chunks.length - 1) return null
        this.enter(this.chunk + 1)
      }
      const chunk = this.column.chunks[this.chunk]
      if (chunk === undefined) return null
      if (this.at >= this.end) throw new Error(`column ${this.column.name} has fewer values than rows`)
      const { header, body } = this.page()
      if (header.type === 'DICTIONARY_PAGE') this.dictionary = dictionaryOf(header, body, chunk)
      else if (header.type === 'DATA_PAGE' || header.type === 'DATA_PAGE_V2') {
        const cells = cellsOf(header, body, chunk, this.dictionary)
        if (cells.rows > this.left) throw new Error(`column ${this.column.name} has more values than rows`)
        this.left -= cells.rows
        return cells
      }
    }
  }

  private enter(index: number): void {
    this.chunk = index
    this.dictionary = null
    const chunk = this.column.chunks[index]
    this.at = chunk?.from ?? 0
    this.end = chunk?.to ?? 0
    this.left = chunk?.rows ?? 0
  }

  /** The header and the body of the page that comes next. */
  private page(): { readonly header: PageHeader; readonly body: Uint8Array } {
    for (let length = HEADER; ; length *= 16) {
      const head = this.bytes.read(this.at, Math.min(length, this.end - this.at))
      const reader = { view: new DataView(head.buffer, head.byteOffset, head.byteLength), offset: 0 }
      let header: PageHeader
      try {
        header = parquetHeader(reader)
      } catch (error) {
        if (error instanceof RangeError && length < this.end - this.at) continue
        throw error
      }
      const size = header.compressed_page_size
      const from = this.at + reader.offset
      if (!(size >= 0) || from + size > this.end) throw new Error(`a page of column ${this.column.name} is cut off`)
      this.at = from + size
      return { header, body: this.bytes.read(from, size) }
    }
  }
}

function dictionaryOf(header: PageHeader, body: Uint8Array, { decoder }: ColumnChunk): ArrayLike<unknown> {
  const { type, element, codec, compressors } = decoder
  const page = decompressPage(body, Number(header.uncompressed_page_size), codec, compressors)
  const reader = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 }
  return convert(readPlain(reader, type, header.dictionary_page_header?.num_values ?? 0, element.type_length), decoder)
}

function cellsOf(
  header: PageHeader,
  body: Uint8Array,
  chunk: ColumnChunk,
  dictionary: ArrayLike<unknown> | null,
): PageCells {
  const { decoder, present } = chunk
  const first = header.data_page_header
  const second = header.data_page_header_v2
  let page: DataPage
  if (second !== undefined) page = readDataPageV2(body, header, decoder)
  else if (first !== undefined) {
    const plain = decompressPage(body, Number(header.uncompressed_page_size), decoder.codec, decoder.compressors)
    page = readDataPage(plain, first, decoder)
  } else throw new Error('a data page has no header')
  const rows = second?.num_values ?? first?.num_values ?? 0
  const encoding = second?.encoding ?? first?.encoding ?? 'PLAIN'
  const isCoded = encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY'
  if (isCoded && dictionary === null) throw new Error('a dictionary is missing')
  const levels = page.definitionLevels
  const isThere =
    present === 0 || levels === undefined || levels.length === 0
      ? null
      : Uint8Array.from(levels, (level: number) => Number(level === present))
  return {
    rows,
    values: isCoded ? page.dataPage : convert(page.dataPage, decoder),
    dictionary: isCoded ? dictionary : null,
    isThere,
  }
}
