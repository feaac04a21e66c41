import { type BindOptions, type BindResult, bindLocated, searchOf } from '../bind.js'
import { checkOptions } from '../bind-options.js'
import type { Search } from '../find-column.js'
import { isRagged } from '../grid.js'
import { locateAll, type Remarks } from '../locate-all.js'
import { dataCodes, dataProblem } from '../problems.js'
import type { BoundArray, BoundData, ColumnRequest, DataDeclaration, DataProblem, RowSource, Table } from '../types.js'
import { RowsError } from './rows-error.js'
import { sampledRows } from './sampled-rows.js'
import { type ColumnsLocation, streamedColumns } from './streamed-columns.js'
import { surveyRows } from './survey.js'

export interface StreamOptions {
  /** Bytes that the fit may take; a part of them goes to rows. */
  readonly memory: number
  /** Of the rows that starts are made with. */
  readonly seed: number
  /** Resolves in a later turn of the event loop. */
  pause(): Promise<void>
}

export interface StreamedResult extends BindResult {
  /** Gives back what the rows are read from. */
  close(): void
}

/** Rows of a window are a multiple of this, and no fewer. */
const CHUNK = 16_384
/** The part of the memory that rows take, and the most: larger windows are no faster. */
const WINDOW_SHARE = 1 / 8
const LARGEST_WINDOW = 64e6
/** Rows of the sample; fewer where they would take more than a part of the memory. */
const SAMPLE_ROWS = 100_000
const SAMPLE_SHARE = 1 / 16

/**
 * Binds tables of which one does not lie in memory, as `bindData` does. Every cell is checked in a first pass; after it
 * the arrays of that table have no values but are read again whenever they are needed.
 */
export async function bindStreamed(
  declarations: readonly DataDeclaration[],
  tables: readonly Table[],
  options: BindOptions,
  stream: StreamOptions,
): Promise<StreamedResult> {
  const { search, remarks, locations, found, table, size } = locatedRows(declarations, tables, options)
  const nothing = { close() {} }
  if (remarks.problems.length > 0) return { problems: remarks.problems, ...nothing }
  if (table?.all === undefined || size === null)
    return { ...bindLocated(search, locations, options, remarks), ...nothing }

  const requests = [...found].flatMap(([declaration, { columns }]) =>
    columns.map((c): ColumnRequest => ({ column: c.name, declaration })),
  )
  const opened = await table.all.open(requests)
  const source = opened.value
  if (source === undefined) return { problems: opened.problems, ...nothing }
  const close = (): void => source.close?.()
  const failed = (problems: readonly DataProblem[]): StreamedResult => {
    close()
    return { problems, close() {} }
  }
  try {
    let first = 0
    const streamed = [...found].map(([declaration, location]) => {
      const array = streamedColumns(declaration, location, source, first)
      first += location.columns.length
      return array
    })
    const rest = new Map([...locations].filter(([declaration]) => !found.has(declaration)))
    const bound = bindLocated(search, rest, options, remarks, streamed)
    if (bound.value === undefined) return failed(bound.problems)
    const beside = declarations.find((d) => rest.has(d) && d.dims.some((x) => x.kind === 'size' && x.name === size))
    if (beside !== undefined) return failed([besideRows(beside, size, table)])
    const rowBytes = bytesOf(source)
    const window = windowRows(rowBytes, stream.memory)
    if (window === null) return failed([tooLittle(table, rowBytes, stream.memory)])
    const most = Math.max(1, Math.min(SAMPLE_ROWS, Math.floor((SAMPLE_SHARE * stream.memory) / rowBytes)))
    const kept = sampledRows(source.rows, most, stream.seed)
    const survey = await surveyRows(streamed, bound.value.arrays, kept, stream.pause)
    if (survey.problems.length > 0) return failed(survey.problems.slice(0, 20))
    const { arrays } = bound.value
    const over = (own: ReadonlyMap<string, BoundArray>): ReadonlyMap<string, BoundArray> =>
      new Map([...arrays].map(([name, array]) => [name, own.get(name) ?? array]))
    const sample: BoundData = {
      ...bound.value,
      sizes: new Map([...bound.value.sizes, [size, kept.length]]),
      arrays: over(survey.kept),
    }
    const value: BoundData = {
      ...bound.value,
      arrays: over(survey.arrays),
      stream: {
        source: table.source,
        size,
        rows: source.rows,
        window,
        columns: new Set(requests.map((r) => r.column)).size,
        scratchBytes: source.scratchBytes ?? 0,
        sample,
      },
    }
    return { value, problems: [], close }
  } catch (error) {
    close()
    if (error instanceof RowsError) return { problems: [error.problem], ...nothing }
    throw error
  }
}

interface LocatedRows {
  readonly search: Search
  readonly locations: ReturnType<typeof locateAll>
  readonly remarks: Remarks
  /** What stands in the table that does not lie in memory. */
  readonly found: ReadonlyMap<DataDeclaration, ColumnsLocation>
  readonly table: Table | undefined
  /** The size that counts its rows; null where nothing stands there. */
  readonly size: string | null
}

/** Where everything stands, among tables of which one does not lie in memory. */
function locatedRows(
  declarations: readonly DataDeclaration[],
  tables: readonly Table[],
  options: BindOptions,
): LocatedRows {
  const search = searchOf(declarations, tables, options)
  const remarks: Remarks = { problems: [...checkOptions(search)], warnings: [] }
  const locations = locateAll(search, options.set ?? new Map(), remarks)
  const found = new Map<DataDeclaration, ColumnsLocation>()
  for (const [declaration, location] of locations)
    if (location.kind === 'columns' && location.table.all !== undefined) found.set(declaration, location)
  const tableOf = [...new Set([...found.values()].map((l) => l.table))]
  if (remarks.problems.length === 0) remarks.problems.push(...refusals(found, tableOf, options))
  const size = [...found.keys()][0]?.dims[0]
  const [table] = tableOf
  return { search, locations, remarks, found, table, size: size?.kind === 'size' ? size.name : null }
}

/** The size that counts the rows of the table that does not lie in memory, or why it cannot be bound. */
export function sizeOfRows(
  declarations: readonly DataDeclaration[],
  tables: readonly Table[],
  options: BindOptions,
): { readonly size: string | null; readonly problems: readonly DataProblem[] } {
  const { size, remarks } = locatedRows(declarations, tables, options)
  return { size, problems: remarks.problems }
}

/** What a table that is read by rows cannot give. */
function refusals(
  found: ReadonlyMap<DataDeclaration, ColumnsLocation>,
  tables: readonly Table[],
  options: BindOptions,
): readonly DataProblem[] {
  const help = 'have all rows in memory: a larger --memory; or fit a sample of them'
  const refuse = (table: Table, why: string): DataProblem =>
    dataProblem(dataCodes.notByRows, `${table.source} is read a part at a time: ${why}`, { source: table.source }, help)
  const [table, other] = tables
  if (table === undefined) return []
  if (other !== undefined) return [refuse(table, `${other.source} cannot be read beside it in the same way`)]
  if (options.groupBy != null) return [refuse(table, '--group-by needs the whole table')]
  const sizes = new Set<string>()
  for (const [declaration, location] of found) {
    const { name, dims } = declaration
    const [rows] = dims
    if (isRagged(declaration)) return [refuse(table, `\`${name}\` has sequences, which need the whole table`)]
    if (location.key !== null || rows?.kind === 'levels')
      return [refuse(table, `\`${name}\` has a value for each level, which needs the whole table`)]
    if (rows?.kind !== 'size') return [refuse(table, `the model fixes the number of rows of \`${name}\``)]
    if (dims.slice(1).some((d) => d.kind === 'size' && d.name === rows.name))
      return [refuse(table, `\`${name}\` has as many columns as rows`)]
    sizes.add(rows.name)
  }
  return sizes.size > 1 ? [refuse(table, `its rows are counted by ${[...sizes].join(' and by ')}`)] : []
}

function besideRows({ name }: DataDeclaration, size: string, { source }: Table): DataProblem {
  const message = `${source} is read a part at a time, but \`${name}\`, which also has ${size} rows, comes from elsewhere`
  return dataProblem(dataCodes.notByRows, message, { source, column: name }, 'put its column into the same file')
}

const bytesOf = (source: RowSource): number => source.columns.reduce((n, c) => n + (c.kind === 'levels' ? 4 : 8), 0)

/** Rows that are held at once; null where not even the least number has room. */
function windowRows(rowBytes: number, memory: number): number | null {
  const room = Math.min(LARGEST_WINDOW, WINDOW_SHARE * memory)
  const chunks = Math.floor(room / (rowBytes * CHUNK))
  if (chunks >= 1) return chunks * CHUNK
  return rowBytes * CHUNK <= memory / 2 ? CHUNK : null
}

function tooLittle({ source }: Table, rowBytes: number, memory: number): DataProblem {
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`
  const message = `${CHUNK} rows of ${source} take ${megabytes(rowBytes * CHUNK)}, too much for ${megabytes(memory)} of memory`
  return dataProblem(
    dataCodes.tooLittleMemory,
    message,
    { source },
    `--memory ${megabytes(4 * rowBytes * CHUNK).replace(' ', '')}`,
  )
}
