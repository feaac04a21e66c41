/** Columns of the data, as charts choose from them. */

/** One array of data as it was bound. */
export interface DataArray {
  readonly name: string
  readonly element: 'real' | 'int' | 'count' | 'bool' | 'category'
  readonly shape: readonly number[]
  /** Lengths of its sequences where ragged; `shape` is then [sequences, total, …]. */
  readonly lengths: readonly number[] | null
  /** Names of the columns of the file that it was made of, in order; empty where it came from no column. */
  readonly columns: readonly string[]
  /** NaN where missing; a category holds the number of its level, from 0, and −1 where missing. */
  readonly values: Float64Array
  /** Names of the levels of a category: one list, or one for each column. */
  readonly levels: readonly (readonly string[])[] | null
  /** A factor of the likelihood is a density of it (a response), not only a condition on it (a covariate). */
  readonly observed: boolean
  /** How often each row counts; null or left out where rows count once. */
  readonly weights?: Float64Array | null
}

/** What tells whose values rows are coloured by. */
interface Colouring {
  readonly kind: string
  readonly declared: boolean
  readonly rows: number
  readonly labels: readonly string[]
}

/** One column of an array, from 0. */
export interface ColumnView {
  readonly data: string
  readonly column: number
  readonly label: string
  readonly rows: number
  readonly element: DataArray['element']
  readonly observed: boolean
  /** NaN where missing; levels from 0, −1 where missing. */
  readonly values: Float64Array
  readonly levels: readonly string[] | null
  /** Lengths of sequences where its rows are those of sequences, one after another. */
  readonly lengths: readonly number[] | null
  /** A cell of a vector of counts that share one total: it has no density of its own. */
  readonly whole: boolean
  /** How often each row counts; null where rows count once. */
  readonly weights: Float64Array | null
}

/** Arrays wider than this are looked at as a whole, not column by column. */
const MOST_COLUMNS = 64

/** Columns are taken apart once for each array. */
const known = new WeakMap<DataArray, readonly ColumnView[]>()

export const columnsOf = (data: readonly DataArray[]): readonly ColumnView[] =>
  data.flatMap((d) => {
    const found = known.get(d) ?? columnsOfArray(d)
    known.set(d, found)
    return found
  })

function columnsOfArray(d: DataArray): readonly ColumnView[] {
  const rows = d.lengths === null ? (d.shape[0] ?? 0) : (d.shape[1] ?? 0)
  const inner = d.shape.slice(d.lengths === null ? 1 : 2)
  if (d.shape.length === 0 || inner.length > 1) return []
  const width = inner[0] ?? 1
  if (width > MOST_COLUMNS) return []
  return Array.from({ length: width }, (_, column): ColumnView => {
    const values = new Float64Array(rows)
    for (let i = 0; i < rows; i++) values[i] = d.values[i * width + column] ?? Number.NaN
    return {
      data: d.name,
      column,
      label: labelOf(d, column, width),
      rows,
      element: d.element,
      observed: d.observed,
      values,
      levels: d.element === 'bool' ? ['false', 'true'] : (d.levels?.[d.levels.length > 1 ? column : 0] ?? null),
      lengths: d.lengths,
      whole: inner.length === 1,
      weights: d.weights ?? null,
    }
  })
}

function labelOf(d: DataArray, column: number, width: number): string {
  const own = d.columns.length === width ? d.columns[column] : undefined
  if (own !== undefined) return own
  return width === 1 ? d.name : `${d.name}[·, ${column + 1}]`
}

export const isNumeric = (c: ColumnView): boolean =>
  c.element === 'real' || c.element === 'int' || c.element === 'count'

/** The discrete latent of which each row of a column has one value: what points are coloured by. */
export function latentOfRows<L extends Colouring>(rows: number, latents: readonly L[]): L | null {
  const fitting = latents.filter((l) => l.kind === 'discrete' && l.rows === rows && l.labels.length > 1)
  return fitting.find((l) => l.declared) ?? fitting[0] ?? null
}

export function distinct(values: Float64Array, most: number): number {
  const seen = new Set<number>()
  for (const x of values) {
    if (!Number.isNaN(x)) seen.add(x)
    if (seen.size > most) break
  }
  return seen.size
}
