import type { ParamLayout } from '../../runtime/contract.js'
import { printText } from '../algebra/print-text.js'
import type { Expr } from '../algebra/types.js'
import { children } from '../algebra/visit.js'
import { BindError } from './sizes.js'

const help = 'a size is a whole number, 1 or more'

/** An extent must be a whole number; a loop may run over nothing. `sizeOf`: that of a size that is a name. */
export function checkSize(extent: Expr, size: number, sizeOf: (name: Expr) => number): void {
  if (Number.isInteger(size) && size >= 0) return
  const parts = new Map<string, number>()
  const collect = (e: Expr): void => {
    if (e.kind === 'ref' && e.index.length === 0) parts.set(nameOf(e), sizeOf(e))
    children(e).forEach(collect)
  }
  if (extent.kind !== 'ref') collect(extent)
  const given = [...parts].map(([name, value]) => `\`${name}\` = ${value}`).join(', ')
  const why = given === '' ? '' : ` for ${given}`
  throw new BindError('E415', `the size \`${nameOf(extent)}\` is ${size}${why}`, help)
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
