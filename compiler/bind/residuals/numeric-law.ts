/** What a statement says of cells, in numbers. */
import type { CellLaw } from '../../lower/residuals/types.js'

/** A law with its tables, by the names of their buffers. */
export interface NumericLaw {
  readonly law: CellLaw
  table(buffer: string): Float64Array
}
