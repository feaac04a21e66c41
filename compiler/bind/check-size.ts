import type { ParamLayout } from '../../runtime/contract.js'
import { printText } from '../algebra/print-text.js'
import type { Expr } from '../algebra/types.js'
import { BindError } from './sizes.js'

const help = 'a size is a whole number, 1 or more'

/** An extent must be a whole number; a loop may run over nothing. */
export function checkSize(extent: Expr, size: number): void {
  if (Number.isInteger(size) && size >= 0) return
  throw new BindError('E415', `the size \`${nameOf(extent)}\` is ${size}`, help)
}

/** A param without elements has a size that is 0. */
export function checkParam(param: ParamLayout, extents: readonly Expr[]): void {
  const empty = extents.find((_, i) => param.shape[i] === 0)
  if (empty === undefined) return
  throw new BindError('E415', `the size \`${nameOf(empty)}\` is 0, so \`${param.name}\` has no elements`, help)
}

/** An extent as the user wrote it: symbols without the kind that stands before their names. */
function nameOf(extent: Expr): string {
  return printText(extent).replace(/\b(?:const|size|data):/g, '')
}
