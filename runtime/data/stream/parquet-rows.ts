/** Parquet files that are read again at every pass, no more than a page of each column at a time. */
import { cellLabel, checkCell } from '../check-cell.js'
import { complaint } from '../fill-array.js'
import { type Grid, placeOfRow } from '../grid.js'
import type { ByteSource } from '../parquet/byte-source.js'
import { ColumnCursor, type PageCells } from '../parquet/column-cursor.js'
import { damaged, openParquet, type ParquetColumn, type ParquetFile } from '../parquet/parquet-file.js'
import { asCell, CellReader, cellsOf } from '../parquet/read-parquet.js'
import { isMissing } from '../parse-cell.js'
import { dataCodes, dataProblem, shown } from '../problems.js'
import type { Cell, Column, ColumnRequest, OpenedRows, ReadResult, RowColumn } from '../types.js'
import { RowsError } from './rows-error.js'
import { HEAD_ROWS } from './rows-table.js'

/** Levels that are held: more are no category. */
const MOST_LEVELS = 1_000_000
/** Pages between pauses. */
const PAUSE = 64

/** A table over a Parquet file. */
export function parquetTable(
  source: string,
  bytes: ByteSource & { close?(): void },
  pause: () => Promise<void>,
): ReadResult {
  const opened = openParquet(source, bytes)
  const file = opened.value
  if (file === undefined) return { problems: opened.problems }
  const rows = Math.min(file.rows, HEAD_ROWS)
  try {
    const columns = file.columns.map((c): Column => ({ name: c.name, cells: cellsOf(file, c, rows) }))
    const rowNumbers = Array.from({ length: rows }, (_, i) => i + 1)
    const open = (requests: readonly ColumnRequest[]): Promise<OpenedRows> => openRows(file, requests, bytes, pause)
    const parts = (most: number): AsyncIterable<ReadResult> => partsOf(file, most)
    return { value: { source, columns, rows, rowNumbers, all: { rows: file.rows, open, parts } }, problems: [] }
  } catch (error) {
    return { problems: [error instanceof RowsError ? error.problem : damaged(source, error)] }
  }
}

async function* partsOf(file: ParquetFile, most: number): AsyncGenerator<ReadResult> {
  const { source } = file
  try {
    const readers = file.columns.map((c) => ({ name: c.name, reader: new CellReader(file, c) }))
    for (let from = 0; from < file.rows; from += most) {
      const rows = Math.min(most, file.rows - from)
      const columns = readers.map(({ name, reader }): Column => ({ name, cells: reader.next(rows) }))
      const rowNumbers = Array.from({ length: rows }, (_, i) => from + i + 1)
      yield { value: { source, columns, rows, rowNumbers, before: from }, problems: [] }
    }
  } catch (error) {
    yield { problems: [error instanceof RowsError ? error.problem : damaged(source, error)] }
  }
}

async function openRows(
  file: ParquetFile,
  requests: readonly ColumnRequest[],
  bytes: { close?(): void },
  pause: () => Promise<void>,
): Promise<OpenedRows> {
  try {
    const columns: ColumnRows[] = []
    for (const request of requests) {
      const column = file.columns.find((c) => c.name === request.column)
      if (column === undefined) throw new Error(`column ${request.column} is not there`)
      const rows = new ColumnRows(file, column, request)
      if (request.declaration.element === 'category') await rows.collectLevels(pause)
      columns.push(rows)
    }
    return {
      value: {
        rows: file.rows,
        columns: columns.map((c) => c.kind),
        read: (column, from, to, into) => columns[column]?.read(from, to, into),
        close: () => bytes.close?.(),
      },
      problems: [],
    }
  } catch (error) {
    return { problems: [error instanceof RowsError ? error.problem : damaged(file.source, error)] }
  }
}

/** One column as numbers or as positions among its labels. */
class ColumnRows {
  private readonly cursor: ColumnCursor
  private readonly labels = new Map<string, number>()
  private page: Float64Array | Int32Array = new Float64Array(0)
  /** Rows [first, next) are those of the page. */
  private first = 0
  private next = 0
  /** The dictionary that was turned into numbers last. */
  private coded: { readonly of: ArrayLike<unknown>; readonly values: Float64Array } | null = null

  constructor(
    private readonly file: ParquetFile,
    private readonly column: ParquetColumn,
    private readonly request: ColumnRequest,
  ) {
    this.cursor = new ColumnCursor(file.bytes, column)
    this.cursor.seek(0)
  }

  private get isCategory(): boolean {
    return this.request.declaration.element === 'category'
  }

  get kind(): RowColumn {
    const { name } = this.column
    return this.isCategory ? { name, kind: 'levels', levels: [...this.labels.keys()] } : { name, kind: 'number' }
  }

  /** A pass over the column that finds its labels. */
  async collectLevels(pause: () => Promise<void>): Promise<void> {
    const add = (cell: Cell): void => {
      if (isMissing(cell)) return
      const label = cellLabel(cell)
      if (!this.labels.has(label)) this.labels.set(label, this.labels.size)
    }
    let n = 0
    for (let page = this.cursor.next(); page !== null; page = this.cursor.next()) {
      const { dictionary, values } = page
      // a dictionary may have labels that no row has
      if (dictionary === null) for (let i = 0; i < values.length; i++) add(asCell(values[i], this.column.name))
      else {
        const used = new Uint8Array(dictionary.length)
        for (let i = 0; i < values.length; i++) used[Number(values[i])] = 1
        for (let i = 0; i < used.length; i++) if (used[i] === 1) add(asCell(dictionary[i], this.column.name))
      }
      if (this.labels.size > MOST_LEVELS) throw new RowsError(this.tooManyLevels())
      if (++n % PAUSE === 0) await pause()
    }
    this.cursor.seek(0)
  }

  read(from: number, to: number, into: Float64Array | Int32Array): void {
    try {
      if (from < this.first || from >= this.next) this.rewind(from)
      for (let row = from; row < to; ) {
        while (row >= this.next) this.advance()
        const end = Math.min(to, this.next)
        into.set(this.page.subarray(row - this.first, end - this.first), row - from)
        row = end
      }
    } catch (error) {
      throw error instanceof RowsError ? error : new RowsError(damaged(this.file.source, error))
    }
  }

  /** To the page with a row, or before it. */
  private rewind(row: number): void {
    if (row >= this.next && row - this.next < this.rowsOfGroup(row)) return
    this.first = this.cursor.seek(row)
    this.next = this.first
  }

  private rowsOfGroup(row: number): number {
    return this.column.chunks.find((c) => row < c.firstRow + c.rows)?.rows ?? 0
  }

  private advance(): void {
    const page = this.cursor.next()
    if (page === null) throw new Error(`column ${this.column.name} has fewer values than rows`)
    this.first = this.next
    this.page = this.decoded(page)
    this.next = this.first + page.rows
  }

  private decoded(page: PageCells): Float64Array | Int32Array {
    const { values, dictionary, isThere, rows } = page
    if (values instanceof Float64Array && dictionary === null && isThere === null && this.isPlain) return values
    const out = this.isCategory ? new Int32Array(rows) : new Float64Array(rows)
    const numbers = dictionary === null ? null : this.dictionaryNumbers(dictionary)
    for (let i = 0, v = 0; i < rows; i++) {
      if (isThere !== null && isThere[i] === 0) out[i] = this.numberOf(null, i)
      else if (numbers !== null) {
        const x = numbers[Number(values[v])] ?? Number.NaN
        // one that does not fit is looked at where it stands
        out[i] = Number.isNaN(x) ? this.numberOf(asCell(dictionary?.[Number(values[v])], this.column.name), i) : x
        v++
      } else if (this.isPlain) out[i] = Number(values[v++])
      else out[i] = this.numberOf(asCell(values[v++], this.column.name), i)
    }
    return out
  }

  /** true where the cells are numbers, which are checked in the first pass over them. */
  private get isPlain(): boolean {
    return this.column.isNumeric && !this.isCategory && this.request.declaration.element !== 'bool'
  }

  /** What the entries of a dictionary stand for; NaN where one has to be looked at. */
  private dictionaryNumbers(dictionary: ArrayLike<unknown>): Float64Array {
    if (this.coded?.of === dictionary) return this.coded.values
    const values = Float64Array.from({ length: dictionary.length }, (_, i) => {
      const cell = asCell(dictionary[i], this.column.name)
      if (this.isCategory) return isMissing(cell) ? -1 : (this.labels.get(cellLabel(cell)) ?? Number.NaN)
      if (this.isPlain) return typeof cell === 'number' ? cell : Number(cell)
      const checked = checkCell(this.request.declaration, cell)
      return 'value' in checked ? checked.value : Number.NaN
    })
    this.coded = { of: dictionary, values }
    return values
  }

  /** A cell as a number: its level, or its value where it fits. Missing cells are judged in the first pass. */
  private numberOf(cell: Cell, i: number): number {
    if (isMissing(cell)) return this.isCategory ? -1 : Number.NaN
    if (this.isCategory) {
      const level = this.labels.get(cellLabel(cell))
      if (level === undefined) throw new RowsError(changedFile(this.file.source))
      return level
    }
    const { declaration } = this.request
    const checked = checkCell(declaration, cell)
    if ('value' in checked) return checked.value
    const row = this.next + i
    const { source } = this.file
    const grid: Grid = {
      declaration,
      source,
      origin: source,
      columns: [this.column.name],
      shape: [],
      offsets: null,
      length: 1,
      cell: () => cell,
      place: () => placeOfRow(row, row + 1, this.column.name),
    }
    throw new RowsError(complaint(grid, 0, checked.code, checked.why, checked.help))
  }

  private tooManyLevels() {
    const { name } = this.column
    const { source } = this.file
    const message = `column \`${shown(name)}\` of ${source} has more than ${MOST_LEVELS} levels`
    return dataProblem(dataCodes.tooLittleMemory, message, { source, column: name })
  }
}

export function changedFile(source: string): ReturnType<typeof dataProblem> {
  const help = 'leave the file as it is while it is read, or fit a copy of it'
  return dataProblem(dataCodes.changed, `${source} has changed while it was read`, { source }, help)
}
