/** Level sets: of a category, of each column of a matrix of categories, or shared by name. */
import type { Span } from '../source.js'
import type { TExpr, ValueType } from '../typed/types.js'
import { type CheckContext, sizeDims, textAt } from './context.js'
import { describeValue, elementAt } from './value-types.js'

/** `levels(y)`, `levels(y[:, j])`: the number of levels of a category column. */
export function checkLevels(ctx: CheckContext, of: TExpr | null, span: Span, argument: Span): TExpr | null {
  if (of === null) return null
  const { support } = of.type
  const symbol = of.kind === 'ref' ? ctx.symbols.get(of.symbol) : undefined
  if (support?.kind !== 'category' || of.kind !== 'ref' || (symbol?.kind !== 'data' && symbol?.kind !== 'latent')) {
    ctx.report({
      code: 'E229',
      span: argument,
      message: `levels are those of a category, but ${textAt(ctx, argument)} is ${describeValue(of.type)}`,
    })
    return null
  }
  const type: ValueType = { element: 'int', dims: sizeDims(ctx, support.levels), support: { kind: 'count' } }
  const whole: TExpr = { kind: 'ref', symbol: support.levels, subscripts: [], span: ctx.spanOf(span), type }
  const column = of.subscripts[1]
  if (of.subscripts[0]?.kind === 'at') {
    ctx.report({
      code: 'E229',
      span: argument,
      message: `${textAt(ctx, argument)} is one value: levels belong to a whole column`,
      help: 'write levels(y), or levels(y[:, j]) for one column of a matrix',
    })
    return null
  }
  return column?.kind === 'at' && type.dims.length > 0 ? elementAt(whole, column.index, span) : whole
}
