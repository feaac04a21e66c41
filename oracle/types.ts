/**
 * What goes into the oracle: micro-data and parameter values as plain nested arrays. The oracle takes typed models from
 * `lang` and shares nothing with the compiler, so that agreement of the two means something.
 */

/** A number (bools are 0 and 1, category values are level numbers from 1) or nested arrays of one depth, ragged or not. */
export type Value = number | readonly Value[]

/** Values by the name of a `param` or `const`. */
export type Values = ReadonlyMap<string, Value>

/** A data array: `values` row-major over `shape`; categories are level numbers from 0, −1 missing; numbers NaN missing. */
export interface OracleArray {
  readonly values: ArrayLike<number>
  readonly shape: readonly number[]
  /** Ragged arrays: sequence r is `values[offsets[r]] … values[offsets[r + 1] − 1]`, times the later dimensions. */
  readonly offsets?: ArrayLike<number> | null
}

/** Bound data, keyed by the names written in the model. Structurally, a runtime's bound data will do. */
export interface OracleData {
  readonly sizes: ReadonlyMap<string, number>
  readonly lengths: ReadonlyMap<string, ArrayLike<number>>
  readonly arrays: ReadonlyMap<string, OracleArray>
  /** Levels by the name of the level set: one list, or one list per column. */
  readonly levels: ReadonlyMap<string, readonly (readonly string[])[]>
}

/** Thrown where the oracle has no answer (too large, not integrable by its means) or was given inconsistent input. */
export class OracleError extends Error {
  override readonly name = 'OracleError'
}
