/** One cell as it was given: text from CSV, also numbers and booleans from JSON and the API; `null` where missing. */
export type Cell = string | number | boolean | null

/** A table as read from a file or given as an object. A missing cell is `null` or NaN (empty, NA, NaN in a file). */
export interface Table {
  /** What to call it in messages: a file name, `stdin`, or `data`. */
  readonly source: string
  readonly columns: readonly Column[]
  readonly rows: number
  /** 1-based line (CSV) or record (JSON) of each row, for messages. */
  readonly rowNumbers: readonly number[]
  /** Of a part of a longer table: how many of its rows come before. */
  readonly before?: number
  /** The data name this table was given for (`--data x=FILE`): that name is looked for here only. */
  readonly name?: string
  /** Whole arrays by name, where the source can say them (JSON, objects): scalars, vectors, matrices, ragged arrays. */
  readonly nested?: ReadonlyMap<string, NestedCells>
  /** Where these are the first rows only: all of them, which do not lie in memory. */
  readonly all?: RowTable
}

/** A table whose rows do not lie in memory. */
export interface RowTable {
  /** How many there are; null where only reading them tells. */
  readonly rows: number | null
  /**
   * Makes columns of it readable, in the order of the requests, as numbers or as levels. Cells that do not fit their
   * declaration are complaints where they are found on the way.
   */
  open(requests: readonly ColumnRequest[]): Promise<OpenedRows>
  /**
   * All rows in their order and with every column, as tables in memory of so many rows each, of which the last may have fewer.
   * A result with problems is the last one.
   */
  parts(rows: number): AsyncIterable<ReadResult>
}

/** A column that is wanted, and what its cells must be: levels for a category, else numbers. */
export interface ColumnRequest {
  readonly column: string
  readonly declaration: DataDeclaration
}

export interface OpenedRows {
  readonly value?: RowSource
  readonly problems: readonly DataProblem[]
}

/** Rows that are read again at every pass, column by column; they are the same each time. */
export interface RowSource {
  readonly rows: number
  readonly columns: readonly RowColumn[]
  /**
   * Fills `into` from its beginning with cells [from, to) of a column, the first row being 0: numbers into a Float64Array,
   * NaN where missing; positions among its levels into an Int32Array, −1 where missing.
   *
   * @throws RowsError where they cannot be read, or are no longer what they were
   */
  read(column: number, from: number, to: number, into: Float64Array | Int32Array): void
  /** 1-based line or record of a row, for messages; left out: its number. */
  rowNumber?(row: number): number
  /** Gives back what it holds; it is not read any more. */
  close?(): void
  /** Bytes of a scratch file that it is read from. */
  readonly scratchBytes?: number
}

export type RowColumn =
  | { readonly name: string; readonly kind: 'number' }
  /** Labels in any order; each one once. */
  | { readonly name: string; readonly kind: 'levels'; readonly levels: readonly string[] }

/** A column may be shorter than the table where arrays of several lengths came in one object. */
export interface Column {
  readonly name: string
  readonly cells: ArrayLike<Cell>
}

/**
 * A nested array, flattened row-major. `lengths`: of the sequences where the second dimension is ragged; `shape` is then
 * [sequences, total, …]. A scalar has shape [].
 */
export interface NestedCells {
  readonly shape: readonly number[]
  readonly lengths: readonly number[] | null
  readonly cells: ArrayLike<Cell>
}

/** One dimension of a declared data array. */
export type DeclaredDim =
  /** A size that the data binds. */
  | { readonly kind: 'size'; readonly name: string }
  /** A number, or consts and other sizes: known before or checked afterwards by `expected(sizes)`. */
  | { readonly kind: 'expression'; readonly text: string; evaluate(sizes: ReadonlyMap<string, number>): number | null }
  /** levels(y): the array has one element per level of `of`, in the order of the levels. */
  | { readonly kind: 'levels'; readonly of: string }
  /** The length of each sequence of a ragged array. */
  | { readonly kind: 'length'; readonly name: string }

/** A `data` declaration in the form binding needs. */
export interface DataDeclaration {
  readonly name: string
  readonly element: 'real' | 'int' | 'count' | 'bool' | 'category'
  /** Closed bounds checked on every cell, −Infinity and Infinity where none; `strict` where an end is excluded. */
  readonly low: number
  readonly lowStrict: boolean
  readonly high: number
  readonly highStrict: boolean
  /** What the bounds are called: `positive`, `unit`, `count`, … */
  readonly type: string
  readonly optional: boolean
  readonly dims: readonly DeclaredDim[]
  /** Level set of a category: arrays with the same name share their levels; `perColumn` for a matrix with one set a column. */
  readonly levels: { readonly name: string; readonly perColumn: boolean } | null
  /** Infinite cells are accepted: the column serves only as bounds. */
  readonly allowInfinite: boolean
  /** The level only indexes latents, so that an unseen level in new data is a new subject. */
  readonly indexesLatentsOnly: boolean
}

/** A bound array: row-major over `shape`; categories are 0-based level numbers, −1 where missing; numbers NaN where missing. */
export interface BoundArray {
  readonly name: string
  readonly values: Float64Array | Int32Array
  readonly shape: readonly number[]
  /** Ragged arrays: shape is [R, total, …]; row r holds offsets[r]..offsets[r+1] along `total`. */
  readonly offsets: Int32Array | null
  readonly missing: number
  /** Where its missing cells stand, in the order of the array, for arrays that may have some. */
  readonly origins?: readonly CellOrigin[]
  /** Where its rows do not lie in memory; `values` is then empty. */
  readonly stream?: StreamedRows
}

/** Rows of an array, coded as its `values` would be. */
export interface StreamedRows {
  readonly rows: number
  /** Cells of a row. */
  readonly width: number
  /** Fills `into` from its beginning with rows [from, to), row-major. Throws where they cannot be read. */
  read(from: number, to: number, into: Float64Array | Int32Array): void
}

/** What bound data say of arrays whose rows do not lie in memory. */
export interface DataStream {
  /** Name of the file. */
  readonly source: string
  /** Name of the size that counts their rows. */
  readonly size: string
  readonly rows: number
  /** Most rows to hold at once, a multiple of 16,384. */
  readonly window: number
  /** Columns of the file that are read. */
  readonly columns: number
  /** Bytes of the scratch file that they are read from; 0 where they are read from the file itself. */
  readonly scratchBytes: number
  /** The same data with some of the rows, in memory: for starts. */
  readonly sample: BoundData
}

/** A cell of a table or of a document: `row` is its line or record as in messages. */
export interface CellOrigin {
  readonly source: string
  readonly row: number | null
  readonly column: string
}

export interface BoundData {
  /** Sizes that data bound: `N`, `D`; level counts under the level set's name; ragged lengths apart. */
  readonly sizes: ReadonlyMap<string, number>
  /** Lengths of ragged sequences, by size name. */
  readonly lengths: ReadonlyMap<string, Int32Array>
  readonly arrays: ReadonlyMap<string, BoundArray>
  /** Levels by level-set name; one list, or one list per column. */
  readonly levels: ReadonlyMap<string, readonly (readonly string[])[]>
  /** Which columns each data name took, and from which source. */
  readonly columns: ReadonlyMap<string, readonly string[]>
  readonly warnings: readonly DataProblem[]
  /** Where some arrays are streamed. */
  readonly stream?: DataStream
}

/** A complaint about data: exit status 3. */
export interface DataProblem {
  readonly code: string
  readonly message: string
  readonly source: string | null
  readonly row: number | null
  readonly column: string | null
  readonly value: string | null
  readonly help: string | null
}

/** A table as it was read, or why it was not. */
export interface ReadResult {
  readonly value?: Table
  readonly problems: readonly DataProblem[]
}
