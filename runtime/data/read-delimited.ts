import Papa from 'papaparse'
import { caps } from './caps.js'
import { isMissingText, looksNumeric } from './parse-cell.js'
import { dataCodes, dataProblem, shown } from './problems.js'
import type { Column, DataProblem, ReadResult } from './types.js'

/** Reads comma-, semicolon- or tab-separated text with a header. `separator` null: the content decides. */
export function readDelimited(source: string, raw: string, separator: string | null): ReadResult {
  const text = raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw
  if (text.trim() === '')
    return one(dataCodes.emptyFile, `${source} is empty`, source, null, 'the first line holds the names of the columns')
  const long = tooLongLine(text)
  if (long !== null) return { problems: [longLine(source, long)] }
  const delimiter = separator ?? sniffSeparator(text)
  const parsed = Papa.parse<string[]>(text, { delimiter, newline: '\n', header: false, skipEmptyLines: false })
  const records = parsed.data
  const lines = lineNumbers(records)
  const quote = quoteProblem(source, parsed.errors, lines)
  if (quote !== null) return { problems: [quote] }
  const first = records.findIndex((record) => !isBlank(record))
  const header = (records[first] ?? []).map((name) => name.trim())
  const headerLine = lines[first] ?? 1
  const wrongHeader = checkHeader(source, header, headerLine)
  if (wrongHeader !== null) return { problems: [wrongHeader] }
  return readRows(source, header, records, lines, first)
}

function readRows(
  source: string,
  header: readonly string[],
  records: readonly (readonly string[])[],
  lines: readonly number[],
  first: number,
): ReadResult {
  let end = records.length
  while (end > first + 1 && isBlank(records[end - 1] ?? [])) end--
  const cells: (string | null)[][] = header.map(() => [])
  const rowNumbers: number[] = []
  for (let i = first + 1; i < end; i++) {
    const record = records[i] ?? []
    const row = lines[i] ?? i + 1
    if (isBlank(record) && header.length > 1) continue
    if (record.length !== header.length)
      return { problems: [ragged(source, row, header.length, record.length, i === first + 1)] }
    for (let j = 0; j < header.length; j++) {
      const raw = record[j] ?? ''
      if (raw.length > caps.field) return { problems: [longCell(source, row, header[j] ?? '')] }
      const cell = raw.trim()
      cells[j]?.push(isMissingText(cell) ? null : cell)
    }
    rowNumbers.push(row)
  }
  if (rowNumbers.length === 0) {
    const help = 'the first line is taken as the names of the columns'
    return one(dataCodes.noRows, `${source} has a header and no rows`, source, null, help)
  }
  const columns: Column[] = header.map((name, j) => ({ name, cells: cells[j] ?? [] }))
  return { value: { source, columns, rows: rowNumbers.length, rowNumbers }, problems: [] }
}

/** Quotes that do not come in pairs. */
export function quoteProblem(
  source: string,
  errors: readonly { readonly type: string; readonly code: string; readonly row?: number | undefined }[],
  lines: readonly number[],
): DataProblem | null {
  const quote = errors.find((error) => error.type === 'Quotes')
  if (quote === undefined) return null
  const what =
    quote.code === 'MissingQuotes' ? 'a double quote is opened and never closed' : 'text follows a closing double quote'
  return quotes(source, lines[quote.row ?? 0] ?? 1, what)
}

export function quotes(source: string, row: number, what: string): DataProblem {
  const help = 'a quote within a quoted field is written twice: ""'
  return dataProblem(dataCodes.quotes, `line ${row} of ${source}: ${what}`, { source, row }, help)
}

export function longLine(source: string, row: number): DataProblem {
  return dataProblem(dataCodes.tooLarge, `line ${row} of ${source} is longer than 16 MB`, { source, row })
}

export function checkHeader(source: string, header: readonly string[], row: number): DataProblem | null {
  if (header.length > caps.columns) {
    return dataProblem(dataCodes.tooLarge, `${source} has ${header.length} columns; at most 10,000 can be read`, {
      source,
      row,
    })
  }
  const seen = new Map<string, number>()
  for (const [i, name] of header.entries()) {
    if (name.length > caps.field)
      return dataProblem(dataCodes.tooLarge, `a column name of ${source} is longer than 1 MB`, { source, row })
    if (name === '') {
      const help = 'a column of row numbers or a comma too many at the end of the line? Name it or take it out'
      return dataProblem(dataCodes.unnamedColumn, `column ${i + 1} of ${source} has no name`, { source, row }, help)
    }
    const before = seen.get(name)
    if (before !== undefined) {
      const message = `${source} has two columns named \`${shown(name)}\` (the ${ordinal(before + 1)} and the ${ordinal(i + 1)})`
      return dataProblem(
        dataCodes.duplicateColumn,
        message,
        { source, row, column: name },
        'give each column its own name',
      )
    }
    seen.set(name, i)
  }
  if (header.every(looksNumeric)) {
    const message = `the first line of ${source} holds numbers where the names of the columns should be`
    return dataProblem(
      dataCodes.noHeader,
      message,
      { source, row, value: header[0] ?? null },
      'put a line with the names of the columns first',
    )
  }
  return null
}

export function longCell(source: string, row: number, column: string): DataProblem {
  const message = `line ${row} of ${source}: the cell in column \`${shown(column)}\` is longer than 1 MB`
  return dataProblem(dataCodes.tooLarge, message, { source, row })
}

export function ragged(source: string, row: number, wanted: number, found: number, firstRow: boolean): DataProblem {
  const message = `line ${row} of ${source} has ${found} ${found === 1 ? 'cell' : 'cells'}, the header has ${wanted}`
  const rowNames = firstRow && found === wanted + 1
  const help = rowNames
    ? 'the rows seem to start with a name that the header lacks: name that column too'
    : 'a cell that holds the separator stands in double quotes'
  return dataProblem(dataCodes.raggedRow, message, { source, row }, help)
}

function one(
  code: string,
  message: string,
  source: string,
  row: number | null,
  help: string | null = null,
): ReadResult {
  return { problems: [dataProblem(code, message, { source, row }, help)] }
}

export function isBlank(record: readonly string[]): boolean {
  return record.length === 0 || (record.length === 1 && (record[0] ?? '').trim() === '')
}

/** 1-based line on which each record begins: quoted cells may hold line breaks. */
export function lineNumbers(records: readonly (readonly string[])[], first = 1): number[] {
  const lines: number[] = []
  let line = first
  for (const record of records) {
    lines.push(line)
    line += 1
    for (const cell of record) for (let at = cell.indexOf('\n'); at !== -1; at = cell.indexOf('\n', at + 1)) line += 1
  }
  return lines
}

function tooLongLine(text: string): number | null {
  let start = 0
  for (let line = 1; ; line++) {
    const end = text.indexOf('\n', start)
    if ((end === -1 ? text.length : end) - start > caps.line) return line
    if (end === -1) return null
    start = end + 1
  }
}

/** The most frequent separator outside quotes in the first line that is not blank. */
export function sniffSeparator(text: string): string {
  const line = /[^\n]*\S[^\n]*/.exec(text)?.[0] ?? ''
  const counts = new Map([',', ';', '\t', '|'].map((separator) => [separator, 0]))
  let quoted = false
  for (const character of line) {
    if (character === '"') quoted = !quoted
    const count = quoted ? undefined : counts.get(character)
    if (count !== undefined) counts.set(character, count + 1)
  }
  let best = ','
  for (const [separator, count] of counts) if (count > (counts.get(best) ?? 0)) best = separator
  return best
}

function ordinal(n: number): string {
  const last = n % 100
  const suffix =
    last >= 11 && last <= 13 ? 'th' : n % 10 === 1 ? 'st' : n % 10 === 2 ? 'nd' : n % 10 === 3 ? 'rd' : 'th'
  return `${n}${suffix}`
}
