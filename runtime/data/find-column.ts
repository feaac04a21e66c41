import { columnsLine } from './columns-option.js'
import { didYouMean } from './nearest-name.js'
import { isMissing, labelOf } from './parse-cell.js'
import { dataCodes, dataProblem } from './problems.js'
import type { Column, DataDeclaration, DataProblem, Table } from './types.js'

/** What the search for columns knows. */
export interface Search {
  readonly declarations: readonly DataDeclaration[]
  readonly tables: readonly Table[]
  /** `--columns`: data name → column names. */
  readonly columns: ReadonlyMap<string, readonly string[]>
  readonly groupBy: string | null
  /** Data whose columns were not asked for but are those of an earlier fit. */
  readonly asFitted?: ReadonlySet<string>
}

export interface Found {
  readonly table: Table
  readonly columns: readonly Column[]
  /** For arrays over levels: the column that says which level each row is. */
  readonly key?: Column
}

/** Tables to look in: those given for this name only, else the ones given for no name, else all. */
export function tablesFor(name: string, tables: readonly Table[]): readonly (readonly Table[])[] {
  const own = tables.filter((table) => table.name === name)
  if (own.length > 0) return [own]
  return [tables.filter((table) => table.name === undefined), tables.filter((table) => table.name !== undefined)]
}

export function columnOf(table: Table, name: string): Column | null {
  return table.columns.find((column) => column.name === name) ?? null
}

/** The columns of a declaration by name: a vector takes one, a matrix several; null where there are none. */
export function findColumns(declaration: DataDeclaration, matrix: boolean, search: Search): Found | DataProblem | null {
  const wanted = search.columns.get(declaration.name) ?? null
  if (wanted !== null) {
    const wrong = checkWanted(declaration, matrix, wanted)
    if (wrong !== null) return wrong
  }
  for (const tables of tablesFor(declaration.name, search.tables)) {
    const found: Found[] = []
    for (const table of tables) {
      const columns = wanted !== null ? listed(table, wanted) : inTable(table, declaration, matrix)
      if (columns !== null && 'code' in columns) return columns
      if (columns !== null) found.push({ table, columns })
    }
    const [first, second] = found
    if (first !== undefined && second === undefined) return first
    if (first !== undefined) return choose(declaration, found, search)
  }
  if (wanted !== null) return unknownColumn(declaration.name, wanted, search)
  return ownTable(declaration, matrix, search)
}

function listed(table: Table, wanted: readonly string[]): readonly Column[] | null {
  const columns = wanted.map((name) => columnOf(table, name))
  return columns.every((column) => column !== null) ? columns : null
}

/** A matrix `x` does not take a column `x` alone: in a table of points `x,y` that would drop the rest in silence. */
function inTable(table: Table, declaration: DataDeclaration, matrix: boolean): readonly Column[] | DataProblem | null {
  if (matrix) return numbered(table, declaration.name)
  const column = columnOf(table, declaration.name)
  return column === null ? null : [column]
}

/** `x1 x2 …`, `x.1 x.2 …` or `x[1] x[2] …`. */
function numbered(table: Table, name: string): readonly Column[] | DataProblem | null {
  const styles: readonly ((i: number) => string)[] = [
    (i) => `${name}${i}`,
    (i) => `${name}.${i}`,
    (i) => `${name}[${i}]`,
  ]
  const byName = new Map(table.columns.map((column) => [column.name, column]))
  for (const style of styles) {
    const columns: Column[] = []
    for (let i = 1; ; i++) {
      const column = byName.get(style(i))
      if (column === undefined) break
      columns.push(column)
    }
    const later = Array.from({ length: 20 }, (_, i) => style(columns.length + 2 + i)).find((other) => byName.has(other))
    if (later !== undefined) {
      const message = `${table.source} has a column \`${later}\` but no \`${style(columns.length + 1)}\`, so the columns of \`${name}\` have a gap`
      const present = table.columns.map((column) => column.name).filter((other) => other.startsWith(name))
      return dataProblem(
        dataCodes.columnGap,
        message,
        { source: table.source, column: later },
        `if it is meant, say ${columnsLine(name, present)}`,
      )
    }
    if (columns.length > 0) return columns
  }
  return null
}

function checkWanted(declaration: DataDeclaration, matrix: boolean, wanted: readonly string[]): DataProblem | null {
  const { name } = declaration
  if (!matrix && wanted.length !== 1) {
    const message = `\`${name}\` takes one column, but --columns names ${wanted.length}: ${wanted.join(', ')}`
    return dataProblem(
      dataCodes.columnCount,
      message,
      {},
      `to bind several columns declare a matrix: \`data ${name} : ${declaration.type}[N, D]\``,
    )
  }
  const twice = wanted.find((column, i) => wanted.indexOf(column) !== i)
  if (twice === undefined) return null
  return dataProblem(dataCodes.columnCount, `--columns gives \`${name}\` the column \`${twice}\` twice`, {
    column: twice,
  })
}

function unknownColumn(name: string, wanted: readonly string[], search: Search): DataProblem {
  const tables = tablesFor(name, search.tables).flat()
  const known = tables.flatMap((table) => table.columns.map((column) => column.name))
  const missing = wanted.find((column) => !known.includes(column)) ?? wanted[0] ?? ''
  const source = tables.length === 1 ? (tables[0]?.source ?? null) : null
  const where = source ?? 'any file'
  const message = known.includes(missing)
    ? `the columns ${wanted.join(', ')} of \`${name}\` are not together in one file`
    : search.asFitted?.has(name)
      ? `the fit took \`${name}\` from the column \`${missing}\`, which ${source === null ? 'no file has' : `${where} lacks`}`
      : `--columns ${name}=… names \`${missing}\`, but ${source === null ? 'no file has' : `${where} has no`} such column`
  const list = known.length === 0 ? null : `the columns are ${shortList(known)}`
  const rename = search.asFitted?.has(name) ? `; if others are meant: --columns ${name}=…` : ''
  const help = didYouMean(missing, known) ?? (list === null ? null : `${list}${rename}`)
  return dataProblem(dataCodes.unknownColumn, message, { source, column: missing }, help)
}

/** A table given for this name (`--data x=FILE`) holds it whatever its columns are called. */
function ownTable(declaration: DataDeclaration, matrix: boolean, search: Search): Found | null {
  const own = search.tables.find((table) => table.name === declaration.name)
  if (own === undefined || own.columns.length === 0) return null
  return matrix || own.columns.length === 1 ? { table: own, columns: own.columns } : null
}

/**
 * Of several files that hold a column: the one that holds most of the other arrays of the same length; among equals the
 * one in which the column is not a key.
 */
function choose(declaration: DataDeclaration, found: readonly Found[], search: Search): Found | DataProblem {
  const size = sizeName(declaration)
  const score = ({ table }: Found): number =>
    search.declarations.filter(
      (other) =>
        other !== declaration &&
        sizeName(other) === size &&
        columnOf(table, search.columns.get(other.name)?.[0] ?? other.name) !== null,
    ).length
  const best = Math.max(...found.map(score))
  let left = found.filter((candidate) => score(candidate) === best)
  if (left.length > 1)
    left = left.filter(({ table, columns }) => columns[0] !== undefined && repeatedRow(table, columns[0]) !== null)
  const [only] = left
  if (only !== undefined && left.length === 1) return only
  const files = found.map(({ table }) => table.source)
  const message = `\`${declaration.name}\` is in ${files.slice(0, -1).join(', ')} and ${files.at(-1) ?? ''}`
  const help = `say which: --data ${declaration.name}=${files[0] ?? ''}`
  return dataProblem(dataCodes.severalFiles, message, { column: declaration.name }, help)
}

function sizeName(declaration: DataDeclaration): string | null {
  const first = declaration.dims[0]
  return first?.kind === 'size' ? first.name : null
}

/** The first row whose value was there before; null where the column is a key. */
export function repeatedRow(table: Table, column: Column): number | null {
  const seen = new Set<string>()
  for (let i = 0; i < table.rows; i++) {
    const cell = column.cells[i]
    if (cell === null || cell === undefined || isMissing(cell)) continue
    const label = labelOf(cell)
    if (seen.has(label)) return i
    seen.add(label)
  }
  return null
}

export function shortList(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ')
}
