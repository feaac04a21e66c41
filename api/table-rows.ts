/** Which row of a table each row of a latent is. */
import type { LatentSymbol, TypedModel } from '../lang/typed/types.js'
import { type BindOptions, bindData } from '../runtime/data/bind.js'
import { longRank } from '../runtime/data/grid.js'
import type { BoundData, Column, DataDeclaration, Table } from '../runtime/data/types.js'
import { rowSize } from './take-rows.js'

/** A table, and its row (from 0) for each row of a latent. */
export interface TableRows {
  readonly table: Table
  readonly rows: Int32Array
}

/** A name that no declaration and no option can have. */
const NAME = ' rows'

/**
 * By latent, the rows of the table that its rows are: where its plates are those of data whose rows are rows of a table
 * (in the order of the file, by sequences, or by levels). Latents of groups of rows, and of single cells, are not in it.
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
  const byData = new Map<string, TableRows | null>()
  for (const s of model.symbols) {
    if (s.kind !== 'latent' && !(s.kind === 'data' && s.type.optional)) continue
    const like = s.kind === 'data' ? declarations.find((d) => d.name === s.name) : withRowsOf(s, model, declarations)
    if (like === undefined) continue
    const known = byData.get(like.name)
    const own = known === undefined ? numbered(like, declarations, tables, data, binding) : known
    byData.set(like.name, own)
    if (own !== null) found.set(s.name, own)
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

/** How many plates a row of the table stands for. */
const longPlates = (d: DataDeclaration): number => 1 + d.dims.length - longRank(d)

function numbered(
  like: DataDeclaration,
  declarations: readonly DataDeclaration[],
  tables: readonly Table[],
  data: BoundData,
  binding: BindOptions,
): TableRows | null {
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
  return bound === undefined ? null : { table, rows: Int32Array.from(bound.values) }
}
