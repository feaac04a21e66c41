/** Types of values: making them, taking elements out of them, comparing their shapes, naming them. */
import type { Span } from '../source.js'
import { printExpression, userName } from '../typed/print.js'
import type { ArrayType, Dim, ElementKind, Subscript, Support, TExpr, ValueType } from '../typed/types.js'
import type { CheckContext } from './context.js'
import { type Agreement, compareSizes } from './size-form.js'

/** The type of one number. */
export function scalar(element: ElementKind, support: Support | null = null): ValueType {
  return { element, dims: [], support }
}

/** A whole number as a typed expression. */
export function wholeNumber(value: number, span: Span): TExpr {
  return { kind: 'number', value, span, type: scalar('int', value >= 0 ? { kind: 'count' } : { kind: 'int' }) }
}

/** A dimension that is not ragged. */
export function dim(size: TExpr): Dim {
  return { size, raggedBy: null }
}

/** What kind of elements a support has. */
export function elementOf(support: Support): ElementKind {
  switch (support.kind) {
    case 'int':
    case 'count':
      return 'int'
    case 'bool':
      return 'bool'
    case 'category':
      return 'label'
    default:
      return 'real'
  }
}

/** Number of dimensions that a support applies to. */
export function coreRank(kind: Support['kind']): 0 | 1 | 2 {
  if (kind === 'simplex' || kind === 'ordered') return 1
  if (kind === 'covariance' || kind === 'correlation') return 2
  return 0
}

/** All dimensions of an array: batch, then core. */
export function arrayDims(type: ArrayType): readonly Dim[] {
  return [...type.batch, ...type.core]
}

/** The type of the whole array as a value. */
export function arrayValue(type: ArrayType): ValueType {
  return { element: elementOf(type.support), dims: arrayDims(type), support: type.support }
}

/**
 * What is left of the dimensions after subscripts: `at` takes a dimension out, and a ragged dimension that hung on it
 * becomes the size of that one sequence. `extra` says of each original dimension whether it is still there.
 */
export function dimsAfter(dims: readonly Dim[], subscripts: readonly Subscript[], span: Span): readonly Dim[] {
  const position: (number | null)[] = []
  const left: Dim[] = []
  dims.forEach((d, i) => {
    const subscript = subscripts[i]
    if (subscript?.kind === 'at') {
      position.push(null)
      return
    }
    let { size } = d
    let raggedBy: number | null = null
    if (d.raggedBy !== null) {
      const by = subscripts[d.raggedBy]
      if (by?.kind === 'at') size = elementAt(size, by.index, span)
      else raggedBy = position[d.raggedBy] ?? null
    }
    if (subscript?.kind === 'slice') {
      size = sliceSize(size, subscript.from, subscript.to, span)
      raggedBy = subscript.to === null ? raggedBy : null
    }
    position.push(left.length)
    left.push({ size, raggedBy })
  })
  return left
}

/** One element of a vector of sizes: `T[r]`. */
export function elementAt(vector: TExpr, index: TExpr, span: Span): TExpr {
  const type = scalar(vector.type.element, vector.type.support)
  const at: Subscript = { kind: 'at', index }
  if (vector.kind === 'ref') return { ...vector, subscripts: [...vector.subscripts, at], type }
  return { kind: 'subscript', of: vector, subscripts: [at], span, type }
}

function sliceSize(size: TExpr, from: TExpr | null, to: TExpr | null, span: Span): TExpr {
  const end = to ?? size
  if (from === null || (from.kind === 'number' && from.value === 1)) return end
  if (from.kind === 'number' && end.kind === 'number') return wholeNumber(end.value - from.value + 1, span)
  const type = scalar('int', { kind: 'count' })
  const less: TExpr =
    from.kind === 'number'
      ? wholeNumber(from.value - 1, span)
      : { kind: 'binary', operator: '-', left: from, right: wholeNumber(1, span), span, type }
  return { kind: 'binary', operator: '-', left: end, right: less, span, type }
}

/** Whether two shapes agree, dimension by dimension. */
export function compareDims(ctx: CheckContext, a: readonly Dim[], b: readonly Dim[]): Agreement {
  if (a.length !== b.length) return 'different'
  let result: Agreement = 'same'
  for (const [i, x] of a.entries()) {
    const y = b[i]
    if (y === undefined) return 'different'
    const sizes = x.raggedBy === y.raggedBy ? compareSizes(ctx, x.size, y.size) : 'unknown'
    if (sizes === 'different') return 'different'
    if (sizes === 'unknown') result = 'unknown'
  }
  return result
}

/** `[N, D]`, or the empty string for a number. */
export function describeDims(dims: readonly Dim[]): string {
  return dims.length === 0 ? '' : `[${dims.map((d) => printExpression(d.size, userName)).join(', ')}]`
}

/** A declared type in the user's words: `positive[K]`, `simplex[K, J]`. */
export function describeArray(type: ArrayType): string {
  const dims = type.core.length === 2 ? [...type.batch, ...type.core.slice(0, 1)] : arrayDims(type)
  return `${describeSupport(type.support)}${type.optional ? '?' : ''}${describeDims(dims)}`
}

/** The type of a value in the user's words: `positive`, `real[D]`, `covariance[D]`. */
export function describeValue(type: ValueType): string {
  const { support, dims } = type
  const word = support === null ? (type.element === 'label' ? 'category' : type.element) : describeSupport(support)
  if (support !== null && coreRank(support.kind) === 2) return `${word}${describeDims(dims.slice(0, -1))}`
  return `${word}${describeDims(dims)}`
}

/** A support in the user's words. */
export function describeSupport(support: Support): string {
  if (support.kind === 'interval')
    return `real in (${printExpression(support.low, userName)}, ${printExpression(support.high, userName)})`
  return support.kind
}
