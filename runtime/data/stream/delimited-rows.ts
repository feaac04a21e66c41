/** Comma-, semicolon- or tab-separated text that comes in pieces: its header, and record after record. */
import Papa from 'papaparse'
import { caps } from '../caps.js'
import { dataCodes, dataProblem } from '../problems.js'
import {
  checkHeader,
  isBlank,
  lineNumbers,
  longCell,
  longLine,
  quoteProblem,
  quotes,
  ragged,
  sniffSeparator,
} from '../read-delimited.js'
import type { DataProblem } from '../types.js'

/** Records in their order, each with as many cells as the header, and the line on which it begins. */
export interface Records {
  readonly cells: readonly (readonly string[])[]
  readonly lines: readonly number[]
}

export class DelimitedRows {
  /** null until the first line that is not blank has come. */
  header: readonly string[] | null = null
  /** Records that have been given. */
  rows = 0
  private pending = ''
  private line = 1
  /** Blank lines of a table of one column, which are missing cells unless they are the last ones. */
  private blanks: number[] = []

  /** @param separator null: the header decides */
  constructor(
    private readonly source: string,
    private separator: string | null,
  ) {}

  /** The records that are complete with more text. */
  push(text: string): Records | DataProblem {
    const joined = this.pending + text
    // the next piece may begin with the other half of a line break
    const held = joined.endsWith('\r') ? '\r' : ''
    const complete = held === '' ? joined : joined.slice(0, -1)
    const whole = complete.includes('\r') ? complete.replace(/\r\n?/g, '\n') : complete
    const end = lastBreak(whole)
    this.pending = whole.slice(end + 1) + held
    if (this.pending.length > caps.line) {
      const isQuoted = this.pending.slice(0, caps.line).indexOf('\n') >= 0
      return isQuoted
        ? quotes(this.source, this.line, 'a double quote is opened and not closed within 16 MB')
        : longLine(this.source, this.line)
    }
    return end < 0 ? { cells: [], lines: [] } : this.parse(whole.slice(0, end))
  }

  /** The records that are left when no more text comes. */
  end(): Records | DataProblem {
    const rest = this.pending.replace(/\r/g, '\n')
    this.pending = ''
    const last = rest.trim() === '' ? { cells: [], lines: [] } : this.parse(rest)
    if ('code' in last) return last
    const { source } = this
    if (this.header === null)
      return dataProblem(
        dataCodes.emptyFile,
        `${source} is empty`,
        { source },
        'the first line holds the names of the columns',
      )
    if (this.rows > 0) return last
    const help = 'the first line is taken as the names of the columns'
    return dataProblem(dataCodes.noRows, `${source} has a header and no rows`, { source }, help)
  }

  /** Whole lines, without the last break. */
  private parse(text: string): Records | DataProblem {
    const { source } = this
    if (this.header === null && text.trim() === '') {
      this.line += text.split('\n').length
      return { cells: [], lines: [] }
    }
    this.separator ??= sniffSeparator(text)
    const { data, errors } = Papa.parse<string[]>(text, {
      delimiter: this.separator,
      newline: '\n',
      header: false,
      skipEmptyLines: false,
    })
    const lines = lineNumbers(data, this.line)
    const quote = quoteProblem(source, errors, lines)
    if (quote !== null) return quote
    const last = data.at(-1) ?? []
    this.line = (lines.at(-1) ?? this.line) + 1 + last.reduce((n, cell) => n + cell.split('\n').length - 1, 0)
    const out: { cells: (readonly string[])[]; lines: number[] } = { cells: [], lines: [] }
    for (const [i, record] of data.entries()) {
      const wrong = this.take(record, lines[i] ?? 1, out)
      if (wrong !== null) return wrong
    }
    this.rows += out.cells.length
    return out
  }

  private take(
    record: readonly string[],
    line: number,
    out: { cells: (readonly string[])[]; lines: number[] },
  ): DataProblem | null {
    const { source, header } = this
    if (header === null) {
      if (isBlank(record)) return null
      const names = record.map((name) => name.trim())
      this.header = names
      return checkHeader(source, names, line)
    }
    if (isBlank(record)) {
      if (header.length === 1) this.blanks.push(line)
      return null
    }
    for (const blank of this.blanks) {
      out.cells.push([''])
      out.lines.push(blank)
    }
    this.blanks = []
    if (record.length !== header.length)
      return ragged(source, line, header.length, record.length, this.rows + out.cells.length === 0)
    for (const [j, cell] of record.entries())
      if (cell.length > caps.field) return longCell(source, line, header[j] ?? '')
    out.cells.push(record)
    out.lines.push(line)
    return null
  }
}

/** Position of the last line break outside quotes; −1 where there is none. */
function lastBreak(text: string): number {
  let last = -1
  let from = 0
  let isInside = false
  for (let quote = text.indexOf('"'); quote >= 0; quote = text.indexOf('"', from)) {
    if (!isInside) last = Math.max(last, before(text, quote, from))
    isInside = !isInside
    from = quote + 1
  }
  return isInside ? last : Math.max(last, before(text, text.length, from))
}

/** The last line break in [from, to), else −1. */
function before(text: string, to: number, from: number): number {
  const at = text.lastIndexOf('\n', to - 1)
  return at >= from && to > from ? at : -1
}
