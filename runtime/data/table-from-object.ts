import { caps } from './caps.js'
import { dataCodes, dataProblem, shown } from './problems.js'
import type { Cell, Column, DataProblem, NestedCells, ReadResult } from './types.js'

const maxDepth = 200

/**
 * A table from what a program has: row objects `[{ x: 1, y: 'a' }, …]`, or an object (or Map) of scalars, arrays, typed
 * arrays, columns with `toArray()` and nested arrays by name: `{ x: [[1, 2], [3, 4]], y: ['a', 'b'], n: 40 }`. A matrix may
 * also be given whole, as `{ values, shape }` with a typed array of its rows one after another: nothing of it is copied here.
 */
export function tableFromObject(data: unknown, source = 'data'): ReadResult {
  if (Array.isArray(data)) return fromRows(data, source)
  const entries =
    data instanceof Map
      ? [...data]
      : typeof data === 'object' && data !== null && !ArrayBuffer.isView(data)
        ? Object.entries(data)
        : null
  if (entries === null) return wrong(`${source} is not a table`, source)
  return fromEntries(entries, source)
}

function fromRows(rows: readonly unknown[], source: string): ReadResult {
  if (rows.length === 0) return { problems: [dataProblem(dataCodes.noRows, `${source} has no rows`, { source })] }
  const columns = new Map<string, unknown[]>()
  for (const [i, row] of rows.entries()) {
    if (typeof row !== 'object' || row === null || Array.isArray(row) || ArrayBuffer.isView(row)) {
      return wrong(`record ${i + 1} of ${source} is not an object of values by name`, source, i + 1)
    }
    for (const [name, value] of Object.entries(row)) {
      if (asCell(value) === undefined && asList(value) === null) {
        return wrong(
          `record ${i + 1} of ${source}: \`${shown(name)}\` is neither a value nor an array`,
          source,
          i + 1,
          name,
        )
      }
      let cells = columns.get(name)
      if (cells === undefined) {
        if (columns.size >= caps.columns) return { problems: [tooManyColumns(source)] }
        cells = new Array<unknown>(rows.length).fill(null)
        columns.set(name, cells)
      }
      cells[i] = value
    }
  }
  return fromEntries([...columns], source)
}

function fromEntries(entries: readonly (readonly [unknown, unknown])[], source: string): ReadResult {
  if (entries.length === 0) return { problems: [dataProblem(dataCodes.noRows, `${source} has no columns`, { source })] }
  if (entries.length > caps.columns) return { problems: [tooManyColumns(source)] }
  const nested = new Map<string, NestedCells>()
  const columns: Column[] = []
  const problems: DataProblem[] = []
  let rows = 0
  for (const [key, value] of entries) {
    const name = String(key)
    const cells = nestedCells(value)
    if (typeof cells === 'string') {
      problems.push(dataProblem(dataCodes.json, `\`${shown(name)}\` of ${source} ${cells}`, { source, column: name }))
      continue
    }
    nested.set(name, cells)
    if (cells.shape.length !== 1) continue
    columns.push({ name, cells: cells.cells })
    rows = Math.max(rows, cells.cells.length)
  }
  if (problems.length > 0) return { problems }
  return {
    value: { source, columns, rows, rowNumbers: Array.from({ length: rows }, (_, i) => i + 1), nested },
    problems: [],
  }
}

/** A value of any nesting, flattened; or the end of a sentence that says what is wrong with it. */
export function nestedCells(value: unknown): NestedCells | string {
  const cell = asCell(value)
  if (cell !== undefined) return { shape: [], lengths: null, cells: [cell] }
  const list = asList(value)
  if (list === null) return whole(value) ?? 'is neither a value nor an array'
  return flatten(list, 0)
}

/** An array given as its values and its shape; undefined for anything else. */
function whole(value: unknown): NestedCells | string | undefined {
  if (typeof value !== 'object' || value === null || !('values' in value) || !('shape' in value)) return undefined
  const { values, shape } = value
  if (!ArrayBuffer.isView(values) || !('length' in values)) return 'has `values` that are no typed array'
  const isExtent = (extent: unknown): boolean => Number.isSafeInteger(extent) && Number(extent) >= 0
  if (!Array.isArray(shape) || !shape.every(isExtent)) return 'has a `shape` that is no list of sizes'
  const cells = values as unknown as ArrayLike<number>
  const size = shape.reduce((product: number, extent: number) => product * extent, 1)
  if (size !== cells.length) return `has ${cells.length} values, but the shape ${shape.join(' × ')}`
  return { shape: [...shape], lengths: null, cells }
}

function flatten(list: ArrayLike<unknown>, depth: number): NestedCells | string {
  if (depth > maxDepth) return 'is nested more than 200 deep'
  if (ArrayBuffer.isView(list))
    return { shape: [list.length], lengths: null, cells: list as unknown as ArrayLike<number> }
  const first = list.length > 0 ? asList(list[0]) : null
  if (first === null) {
    const cells: Cell[] = []
    for (let i = 0; i < list.length; i++) {
      const cell = asCell(list[i])
      if (cell === undefined) return 'mixes arrays and single values'
      cells.push(cell)
    }
    return { shape: [list.length], lengths: null, cells }
  }
  const parts: NestedCells[] = []
  for (let i = 0; i < list.length; i++) {
    const inner = asList(list[i])
    if (inner === null) return 'mixes arrays and single values'
    const part = flatten(inner, depth + 1)
    if (typeof part === 'string') return part
    if (part.lengths !== null) return 'is ragged below its second dimension'
    parts.push(part)
  }
  return join(parts)
}

/** Parts of one array side by side; only their first extents may differ. */
function join(parts: readonly NestedCells[]): NestedCells | string {
  const cells: Cell[] = []
  const lengths: number[] = []
  let tail: readonly number[] | null = null
  let rank: number | null = null
  for (const part of parts) {
    const length = part.shape[0] ?? 0
    lengths.push(length)
    if (length > 0) {
      const rest: readonly number[] = part.shape.slice(1)
      if (tail !== null && (rest.length !== tail.length || rest.some((extent, i) => extent !== tail?.[i]))) {
        return rest.length === tail.length ? 'is ragged below its second dimension' : 'mixes arrays of different depth'
      }
      tail = rest
      rank = part.shape.length
    }
    for (let i = 0; i < part.cells.length; i++) cells.push(part.cells[i] ?? null)
  }
  const extent = lengths[0] ?? 0
  const even = lengths.every((length) => length === extent)
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const inner = rank === null ? [] : (tail ?? [])
  return { shape: [parts.length, even ? extent : total, ...inner], lengths: even ? null : lengths, cells }
}

/** undefined where the value is not a single cell. */
function asCell(value: unknown): Cell | undefined {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value.length > caps.field ? undefined : value
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return String(value)
  return undefined
}

function asList(value: unknown): ArrayLike<unknown> | null {
  if (Array.isArray(value)) return value
  if (ArrayBuffer.isView(value)) return 'length' in value ? (value as unknown as ArrayLike<unknown>) : null
  if (typeof value === 'object' && value !== null && 'toArray' in value && typeof value.toArray === 'function') {
    const list: unknown = value.toArray()
    return Array.isArray(list) || (ArrayBuffer.isView(list) && 'length' in list) ? (list as ArrayLike<unknown>) : null
  }
  return null
}

function wrong(message: string, source: string, row: number | null = null, column: string | null = null): ReadResult {
  const help = 'data is an array of row objects, or an object of arrays by name'
  return { problems: [dataProblem(dataCodes.json, message, { source, row, column }, help)] }
}

function tooManyColumns(source: string): DataProblem {
  return dataProblem(dataCodes.tooLarge, `${source} has more than 10,000 columns`, { source })
}
