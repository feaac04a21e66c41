/** Tables of text that are larger than memory: turned into a scratch file of numbers once, then read from there. */
import { statSync } from 'node:fs'
import { cellLabel, checkCell } from '../../runtime/data/check-cell.js'
import { complaint, counted } from '../../runtime/data/fill-array.js'
import { type Grid, placeOfRow } from '../../runtime/data/grid.js'
import { isMissing, isMissingText } from '../../runtime/data/parse-cell.js'
import { dataCodes, dataProblem } from '../../runtime/data/problems.js'
import { DelimitedRows, type Records } from '../../runtime/data/stream/delimited-rows.js'
import { changedFile } from '../../runtime/data/stream/parquet-rows.js'
import { RowsError } from '../../runtime/data/stream/rows-error.js'
import { HEAD_ROWS } from '../../runtime/data/stream/rows-table.js'
import type { ColumnRequest, DataProblem, OpenedRows, ReadResult, RowColumn, Table } from '../../runtime/data/types.js'
import { LineNumbers } from './line-numbers.js'
import { ScratchFile } from './scratch-file.js'
import { textPieces } from './text-pieces.js'

/** Rows that lie together in the scratch file, column after column. */
const BLOCK = 16_384
/** Levels that are held: more are no category. */
const MOST_LEVELS = 1_000_000

/** @param onProgress bytes of the file that have been turned into numbers, and all of them */
export async function delimitedTable(
  source: string,
  path: string,
  separator: string | null,
  onProgress: (done: number, all: number) => void,
): Promise<ReadResult> {
  const parser = new DelimitedRows(source, separator)
  const cells: (readonly string[])[] = []
  const rowNumbers: number[] = []
  let bytes = 0
  const take = (records: Records | DataProblem): void => {
    if ('code' in records) throw new RowsError(records)
    cells.push(...records.cells.slice(0, HEAD_ROWS))
    rowNumbers.push(...records.lines.slice(0, HEAD_ROWS))
  }
  try {
    let isWhole = true
    for await (const piece of textPieces(source, path)) {
      take(parser.push(piece.text))
      bytes = piece.bytes
      if (cells.length < HEAD_ROWS) continue
      isWhole = false
      break
    }
    if (isWhole) take(parser.end())
  } catch (error) {
    if (error instanceof RowsError) return { problems: [error.problem] }
    throw error
  }
  const rowBytes = bytes / Math.max(1, parser.rows)
  const open = (requests: readonly ColumnRequest[]): Promise<OpenedRows> =>
    openRows({ source, path, separator, rowBytes, onProgress }, requests)
  const parts = (rows: number): AsyncIterable<ReadResult> => partsOf({ source, path, separator }, rows)
  const head = tableOf(source, parser.header, cells.slice(0, HEAD_ROWS), rowNumbers.slice(0, HEAD_ROWS))
  return { value: { ...head, all: { rows: null, open, parts } }, problems: [] }
}

const tableOf = (
  source: string,
  header: readonly string[] | null,
  cells: Records['cells'],
  rowNumbers: Records['lines'],
): Table => ({
  source,
  columns: (header ?? []).map((name, j) => ({ name, cells: cells.map((record) => textOf(record[j])) })),
  rows: cells.length,
  rowNumbers,
})

/** The rows of the text, so many at a time. */
async function* partsOf(
  { source, path, separator }: Pick<Origin, 'source' | 'path' | 'separator'>,
  rows: number,
): AsyncGenerator<ReadResult> {
  const parser = new DelimitedRows(source, separator)
  let cells: (readonly string[])[] = []
  let lines: number[] = []
  let before = 0
  const take = (records: Records | DataProblem): void => {
    if ('code' in records) throw new RowsError(records)
    for (const record of records.cells) cells.push(record)
    for (const line of records.lines) lines.push(line)
  }
  const part = (): ReadResult => {
    const value = { ...tableOf(source, parser.header, cells.slice(0, rows), lines.slice(0, rows)), before }
    before += value.rows
    ;[cells, lines] = [cells.slice(rows), lines.slice(rows)]
    return { value, problems: [] }
  }
  try {
    for await (const { text } of textPieces(source, path)) {
      take(parser.push(text))
      while (cells.length >= rows) yield part()
    }
    take(parser.end())
    while (cells.length > 0) yield part()
  } catch (error) {
    if (!(error instanceof RowsError)) throw error
    yield { problems: [error.problem] }
  }
}

function textOf(raw: string | undefined): string | null {
  const cell = (raw ?? '').trim()
  return isMissingText(cell) ? null : cell
}

interface Origin {
  readonly source: string
  readonly path: string
  readonly separator: string | null
  /** Bytes of a row, about. */
  readonly rowBytes: number
  onProgress(done: number, all: number): void
}

async function openRows(origin: Origin, requests: readonly ColumnRequest[]): Promise<OpenedRows> {
  let scratch: ScratchFile | null = null
  try {
    scratch = new ScratchFile(origin.source)
    const opened = await converted(origin, requests, scratch)
    if (opened.value === undefined) scratch.close()
    return opened
  } catch (error) {
    scratch?.close()
    if (error instanceof RowsError) return { problems: [error.problem] }
    throw error
  }
}

/** Reads the text once, checks its cells, and writes them as numbers. */
async function converted(
  origin: Origin,
  requests: readonly ColumnRequest[],
  scratch: ScratchFile,
): Promise<OpenedRows> {
  const { source, path } = origin
  const before = statSync(path)
  const columns = requests.map((request) => new ScratchColumn(source, request))
  const width = columns.reduce((n, c) => n + c.cellBytes, 0)
  scratch.expect((before.size / Math.max(1, origin.rowBytes)) * width)
  const parser = new DelimitedRows(source, origin.separator)
  const lines = new LineNumbers()
  let positions: readonly number[] | null = null
  let rows = 0
  let filled = 0
  const flush = (): void => {
    for (const c of columns) scratch.append(c.bytes())
    filled = 0
  }
  const take = (records: Records | DataProblem): void => {
    if ('code' in records) throw new RowsError(records)
    positions ??= parser.header === null ? null : positionsOf(source, parser.header, requests)
    for (const [i, record] of records.cells.entries()) {
      const line = records.lines[i] ?? 1
      lines.add(rows, line)
      for (const [c, column] of columns.entries()) column.put(filled, record[positions?.[c] ?? -1] ?? '', rows, line)
      rows++
      if (++filled === BLOCK) flush()
    }
  }
  for await (const { text, bytes } of textPieces(source, path)) {
    take(parser.push(text))
    origin.onProgress(bytes, before.size)
  }
  take(parser.end())
  if (filled > 0) flush()
  const after = statSync(path)
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw new RowsError(changedFile(source))
  const problems = columns.flatMap((c) => counted(c.found.values()))
  if (problems.length > 0) return { problems }
  const offsets = columns.map((_, i) => columns.slice(0, i).reduce((n, c) => n + c.cellBytes, 0) * BLOCK)
  return {
    value: {
      rows,
      columns: columns.map((c) => c.kind),
      scratchBytes: scratch.bytes,
      rowNumber: (row) => lines.of(row),
      close: () => scratch.close(),
      read(column, from, to, into) {
        const { cellBytes } = columns[column] ?? { cellBytes: 8 }
        for (let row = from; row < to; ) {
          const block = Math.floor(row / BLOCK)
          const end = Math.min(to, (block + 1) * BLOCK)
          const part = into.subarray(row - from, end - from)
          const at = block * BLOCK * width + (offsets[column] ?? 0) + (row - block * BLOCK) * cellBytes
          scratch.read(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at)
          row = end
        }
      },
    },
    problems: [],
  }
}

function positionsOf(source: string, header: readonly string[], requests: readonly ColumnRequest[]): readonly number[] {
  return requests.map(({ column }) => {
    const at = header.indexOf(column)
    if (at < 0) throw new RowsError(changedFile(source))
    return at
  })
}

/** The cells of one block of a column. */
class ScratchColumn {
  readonly found = new Map<string, { readonly problem: DataProblem; count: number }>()
  private readonly labels = new Map<string, number>()
  private readonly values: Float64Array | Int32Array
  private readonly isCategory: boolean

  constructor(
    private readonly source: string,
    private readonly request: ColumnRequest,
  ) {
    this.isCategory = request.declaration.element === 'category'
    this.values = this.isCategory ? new Int32Array(BLOCK) : new Float64Array(BLOCK)
  }

  get cellBytes(): number {
    return this.values.BYTES_PER_ELEMENT
  }

  get kind(): RowColumn {
    const name = this.request.column
    return this.isCategory ? { name, kind: 'levels', levels: [...this.labels.keys()] } : { name, kind: 'number' }
  }

  /** All of the block: rows beyond the last one are of no account. */
  bytes(): Uint8Array {
    return new Uint8Array(this.values.buffer, this.values.byteOffset, this.values.byteLength)
  }

  put(at: number, text: string, row: number, line: number): void {
    const { declaration } = this.request
    const checked = checkCell(declaration, text)
    if (!('value' in checked)) {
      this.complain(checked, text, row, line)
      return
    }
    if (!this.isCategory) this.values[at] = checked.value
    else this.values[at] = isMissing(text) ? -1 : this.level(cellLabel(text))
  }

  private level(label: string): number {
    const known = this.labels.get(label)
    if (known !== undefined) return known
    const { column } = this.request
    if (this.labels.size >= MOST_LEVELS) {
      const message = `column \`${column}\` of ${this.source} has more than ${MOST_LEVELS} levels`
      throw new RowsError(dataProblem(dataCodes.tooLittleMemory, message, { source: this.source, column }))
    }
    this.labels.set(label, this.labels.size)
    return this.labels.size - 1
  }

  private complain(
    { code, why, help }: { readonly code: string; readonly why: string; readonly help: string | null },
    text: string,
    row: number,
    line: number,
  ): void {
    const known = this.found.get(code)
    if (known !== undefined) {
      known.count++
      return
    }
    const { declaration, column } = this.request
    const grid: Grid = {
      declaration,
      source: this.source,
      origin: this.source,
      columns: [column],
      shape: [],
      offsets: null,
      length: 1,
      cell: () => textOf(text),
      place: () => placeOfRow(row, line, column),
    }
    this.found.set(code, { problem: complaint(grid, 0, code, why, help), count: 1 })
  }
}
