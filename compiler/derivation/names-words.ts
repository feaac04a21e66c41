import { ref } from '../algebra/build.js'
import { type FormulaContext, formula } from './print.js'

/** Names as they stand in formulas, Greek as Greek, with commas between them. */
export const letteredNames = (names: readonly string[], c: FormulaContext): string =>
  names.map((n) => formula(ref('param', n), [], c).text).join(', ')
