/** Some of the rows (or sequences) of bound data; sizes and levels that do not count rows stay those of all data. */
import type { DataSymbol, LatentSymbol, SizeSymbol, SymbolId, TypedModel } from '../lang/typed/types.js'
import type { BoundArray, BoundData } from '../runtime/data/types.js'

/** The symbol that counts the outermost rows of an array; null where these are no rows of a size of their own. */
export function rowSize(s: DataSymbol | LatentSymbol): SymbolId | null {
  const [first] = [...s.type.batch, ...s.type.core]
  return first?.size.kind === 'ref' && first.size.subscripts.length === 0 ? first.size.symbol : null
}

/**
 * The rows at these places (from 0; one may come several times) of every array whose rows the size counts.
 *
 * @param size id of the size symbol
 */
export function takeRows(model: TypedModel, data: BoundData, size: SymbolId, rows: ArrayLike<number>): BoundData {
  const sizes = new Map(data.sizes)
  const lengths = new Map(data.lengths)
  const arrays = new Map(data.arrays)
  const symbols = new Map(model.symbols.map((s) => [s.id, s]))
  const named = symbols.get(size)
  if (named?.kind === 'size') sizes.set(named.name, rows.length)
  for (const s of model.symbols) {
    if (s.kind !== 'data' || rowSize(s) !== size) continue
    const length = lengthOf(s, symbols)
    const old = length === null ? undefined : data.lengths.get(length.name)
    if (length !== null && old !== undefined)
      lengths.set(
        length.name,
        Int32Array.from(rows, (r) => old[r] ?? 0),
      )
    const array = data.arrays.get(s.name)
    if (array !== undefined) arrays.set(s.name, taken(array, rows))
  }
  return { ...data, sizes, lengths, arrays }
}

/** The lengths of the sequences of a ragged array. */
function lengthOf(s: DataSymbol, symbols: ReadonlyMap<SymbolId, unknown>): SizeSymbol | null {
  const dim = [...s.type.batch, ...s.type.core].find((d) => d.raggedBy === 0)
  const size = dim?.size.kind === 'ref' ? (symbols.get(dim.size.symbol) as SizeSymbol | undefined) : undefined
  return size?.kind === 'size' ? size : null
}

function taken(array: BoundArray, rows: ArrayLike<number>): BoundArray {
  const { values, shape, offsets } = array
  const width = shape.slice(offsets === null ? 1 : 2).reduce((a, b) => a * b, 1)
  const from = (r: number): number => (offsets === null ? r : (offsets[r] ?? 0)) * width
  const to = (r: number): number => (offsets === null ? r + 1 : (offsets[r + 1] ?? 0)) * width
  let total = 0
  for (let i = 0; i < rows.length; i++) total += to(rows[i] ?? 0) - from(rows[i] ?? 0)
  const own = values instanceof Int32Array ? new Int32Array(total) : new Float64Array(total)
  const ends = new Int32Array(rows.length + 1)
  let at = 0
  for (let i = 0; i < rows.length; i++) {
    const part = values.subarray(from(rows[i] ?? 0), to(rows[i] ?? 0))
    own.set(part, at)
    at += part.length
    ends[i + 1] = at / Math.max(1, width)
  }
  const { origins, ...rest } = array
  return {
    ...rest,
    values: own,
    shape:
      offsets === null
        ? [rows.length, ...shape.slice(1)]
        : [rows.length, total / Math.max(1, width), ...shape.slice(2)],
    offsets: offsets === null ? null : ends,
    missing: missingCells(own),
    ...(origins === undefined ? {} : { origins: [] }),
  }
}

/** Missing numbers are NaN, missing levels −1. */
export function missingCells(values: Float64Array | Int32Array): number {
  let n = 0
  for (const x of values) if (values instanceof Int32Array ? x < 0 : Number.isNaN(x)) n++
  return n
}
