/** Whether a value can stand where a distribution wants a certain support: only what is certainly wrong is refused. */
import type { SupportName } from '../signature.js'
import type { TExpr } from '../typed/types.js'
import type { CheckContext } from './context.js'
import { numericValue, rangeOf } from './ranges.js'

/** A reason in the user's words, or null where the value fits or may fit. */
export function misfit(ctx: CheckContext, wanted: SupportName, e: TExpr): string | null {
  if (e.type.element === 'label') return wanted === 'category' ? null : 'a category has no numbers'
  const unknownNumbers = isUnknown(ctx, e)
  const bounds = rangeOf(ctx, e)
  switch (wanted) {
    case 'real':
    case 'category':
    case 'bool':
      return null
    case 'positive':
      if (bounds.high < 0 || (bounds.high === 0 && bounds.low === 0)) return 'it is never positive'
      return unknownNumbers && bounds.low < 0 ? 'it may become negative' : null
    case 'nonnegative':
      if (bounds.high < 0) return 'it is negative'
      return unknownNumbers && bounds.low < 0 ? 'it may become negative' : null
    case 'unit':
      if (bounds.high < 0 || bounds.low > 1) return 'it is outside of 0 to 1'
      return unknownNumbers && (bounds.low < 0 || bounds.high > 1) ? 'it may leave 0 to 1' : null
    case 'count':
      if (bounds.high < 0) return 'it is negative'
      if (isFraction(ctx, e)) return 'it is not a whole number'
      return unknownNumbers && e.type.element === 'real' ? 'it is not a whole number' : null
    case 'int':
      if (isFraction(ctx, e)) return 'it is not a whole number'
      return unknownNumbers && e.type.element === 'real' ? 'it is not a whole number' : null
    case 'simplex':
      if (unknownNumbers && e.type.support?.kind !== 'simplex') return 'its sum need not be 1'
      return sumIsOff(ctx, e)
    case 'ordered':
      return unknownNumbers && e.type.support?.kind !== 'ordered' ? 'its order is not fixed' : null
    case 'covariance':
      if (e.type.support?.kind === 'covariance' || e.type.support?.kind === 'correlation') return null
      return unknownNumbers ? 'it need not be symmetric and positive definite' : null
    case 'correlation':
      return unknownNumbers && e.type.support?.kind !== 'correlation' ? 'its diagonal need not be 1' : null
  }
}

/** A param or latent as it stands, or a part of one: EM decides its value, within its declared support only. */
function isUnknown(ctx: CheckContext, e: TExpr): boolean {
  if (e.kind !== 'ref') return false
  const symbol = ctx.symbols.get(e.symbol)
  // A latent index is 1, 2, …; its type is int all the same.
  return symbol?.kind === 'param' || (ctx.latents.has(e.symbol) && e.type.support?.kind !== 'int')
}

function isFraction(ctx: CheckContext, e: TExpr): boolean {
  const value = e.type.dims.length === 0 ? numericValue(ctx, e) : null
  return value !== null && !Number.isInteger(value)
}

/** A list of numbers that does not sum to 1, or has a negative one. */
function sumIsOff(ctx: CheckContext, e: TExpr): string | null {
  if (e.kind !== 'vector') return null
  let total = 0
  for (const element of e.elements) {
    const value = element.type.dims.length === 0 ? numericValue(ctx, element) : null
    if (value === null) return null
    if (value < 0) return `it holds the negative number ${value}`
    total += value
  }
  return Math.abs(total - 1) > 1e-8 ? `its elements sum to ${Number(total.toPrecision(9))}, not 1` : null
}
