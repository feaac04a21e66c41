/** Which row of a table each row of a latent is. */
import type { LatentSymbol, TypedModel } from '../lang/typed/types.js'
import { type BindOptions, bindData } from '../runtime/data/bind.js'
import { longRank } from '../runtime/data/grid.js'
import type { BoundData, Column, DataDeclaration, Table } from '../runtime/data/types.js'
import { rowSize } from './take-rows.js'

/** A table, and what its rows have to do with those of a latent. */
export type TableRows =
  /** The row of the table (from 0) for each row of the latent. */
  | { readonly kind: 'rows'; readonly table: Table; readonly rows: Int32Array }
  /** A latent of groups: the row of the latent (from 0) for each row of the table, −1 for none. */
  | { readonly kind: 'groups'; readonly table: Table; readonly of: Int32Array }

/** A name that no declaration and no option can have. */
const NAME = ' rows'

/**
 * By latent, the rows of the table that its rows are: where its plates are those of data whose rows are rows of a table
 * (in the order of the file, by sequences, or by levels); or that belong to them, where its plate is the levels of one column.
 * Latents of single cells are not in it.
 *
 * The numbers of the rows are bound as one more column, in the shape of that data: so they go the way of its cells.
 */
export function tableRows(
  model: TypedModel,
  declarations: readonly DataDeclaration[],
  tables: readonly Table[],
  data: BoundData,
  binding: BindOptions,
): ReadonlyMap<string, TableRows> {
  const found = new Map<string, TableRows>()
  const byData = new Map<string, Extract<TableRows, { kind: 'rows' }> | null>()
  const rowsOf = (like: DataDeclaration): Extract<TableRows, { kind: 'rows' }> | null => {
    const known = byData.get(like.name)
    const own = known === undefined ? numbered(like, declarations, tables, data, binding) : known
    byData.set(like.name, own)
    return own
  }
  for (const s of model.symbols) {
    if (s.kind !== 'latent' && !(s.kind === 'data' && s.type.optional)) continue
    const like = s.kind === 'data' ? declarations.find((d) => d.name === s.name) : withRowsOf(s, model, declarations)
    const own = like === undefined ? null : rowsOf(like)
    if (own !== null) found.set(s.name, own)
    const key = own === null && s.kind === 'latent' ? keyOf(s, model, declarations) : undefined
    const keyed = key === undefined ? null : rowsOf(key)
    const levels = data.arrays.get(key?.name ?? '')?.values
    if (keyed === null || levels === undefined) continue
    const of = new Int32Array(keyed.table.rows).fill(-1)
    keyed.rows.forEach((row, i) => {
      of[row] = levels[i] ?? -1
    })
    found.set(s.name, { kind: 'groups', table: keyed.table, of })
  }
  return found
}

/** Data that has a row for each row of the latent: one plate, or a sequence and a place in it. */
function withRowsOf(
  latent: LatentSymbol,
  model: TypedModel,
  declarations: readonly DataDeclaration[],
): DataDeclaration | undefined {
  const size = rowSize(latent)
  if (size === null || latent.plateRank > 2) return undefined
  const candidates = model.symbols.filter((d) => d.kind === 'data' && rowSize(d) === size)
  return declarations.find(
    (d) => candidates.some((s) => s.name === d.name) && d.dims.length > 0 && longPlates(d) === latent.plateRank,
  )
}

/** The one column of levels that a latent has a value for each of. */
function keyOf(
  latent: LatentSymbol,
  model: TypedModel,
  declarations: readonly DataDeclaration[],
): DataDeclaration | undefined {
  const [plate] = latent.plates
  if (latent.plateRank !== 1 || plate?.kind !== 'levels' || plate.column !== null) return undefined
  const keys = model.symbols.filter(
    (d) => d.kind === 'data' && d.type.support.kind === 'category' && d.type.support.levels === plate.levels,
  )
  const [key] = keys
  const declaration = declarations.find((d) => d.name === key?.name)
  return keys.length === 1 && declaration?.dims.length === 1 ? declaration : undefined
}

/** How many plates a row of the table stands for. */
const longPlates = (d: DataDeclaration): number => 1 + d.dims.length - longRank(d)

function numbered(
  like: DataDeclaration,
  declarations: readonly DataDeclaration[],
  tables: readonly Table[],
  data: BoundData,
  binding: BindOptions,
): Extract<TableRows, { kind: 'rows' }> | null {
  const names = data.columns.get(like.name) ?? []
  const table = tables.find(
    (t) =>
      names.length > 0 &&
      names.every((name) => t.columns.some((c) => c.name === name)) &&
      (t.name === undefined || t.name === like.name),
  )
  if (table === undefined || table.nested?.has(names[0] ?? '') === true) return null
  const numbers: Column = { name: NAME, cells: Array.from({ length: table.rows }, (_, i) => i) }
  const extended: Table = { ...table, columns: [...table.columns, numbers] }
  const declaration: DataDeclaration = {
    ...like,
    name: NAME,
    element: 'int',
    type: 'int',
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
    optional: false,
    levels: null,
    dims: like.dims.slice(0, longPlates(like)),
  }
  const columns = new Map([...data.columns, [NAME, [NAME]]])
  const { value } = bindData(
    [...declarations, declaration],
    tables.map((t) => (t === table ? extended : t)),
    { ...binding, columns, frozenLevels: data.levels },
  )
  const bound = value?.arrays.get(NAME)
  return bound === undefined ? null : { kind: 'rows', table, rows: Int32Array.from(bound.values) }
}
