/** A flat row of operands and operators → a tree by precedence. */
import type { Expression } from '../ast/types.js'
import type { Diagnostic } from '../diagnostics/types.js'
import type { Span } from '../source.js'
import { syntaxError } from './syntax-error.js'

export type BinaryName = Extract<Expression, { kind: 'binary' }>['operator']
export type PrefixName = Extract<Expression, { kind: 'unary' }>['operator']

/** How tightly an operator binds; a conditional binds less than any. */
export const precedence: Readonly<Record<BinaryName, number>> = {
  or: 1,
  and: 2,
  '==': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '.*': 6,
  './': 6,
  '^': 8,
}

/** `not a == b` is `not (a == b)`; `-a * b` is `(-a) * b`; `-a^2` is `-(a^2)`. */
export const prefixPrecedence: Readonly<Record<PrefixName, number>> = { not: 3, '-': 7, '+': 7 }

export function isComparison(operator: BinaryName): boolean {
  return precedence[operator] === 4
}

export type FlatItem =
  | { readonly kind: 'prefix'; readonly operator: PrefixName; readonly span: Span }
  | { readonly kind: 'operand'; readonly expression: Expression }
  | { readonly kind: 'binary'; readonly operator: BinaryName; readonly span: Span }

/**
 * Precedence climbing over `prefix* operand (binary prefix* operand)*`. `make` is called for each node; comparisons in
 * a row go to `report`.
 */
export function foldOperators(
  items: readonly FlatItem[],
  make: (expression: Expression) => Expression,
  report: (diagnostic: Diagnostic) => void,
): Expression {
  let at = 0

  const operand = (): Expression => {
    const item = items[at]
    at += 1
    if (item?.kind === 'operand') return item.expression
    if (item?.kind === 'prefix') {
      const of = climb(prefixPrecedence[item.operator])
      return make({ kind: 'unary', operator: item.operator, of, span: { start: item.span.start, end: of.span.end } })
    }
    throw new Error('an operand is missing in the row of operators')
  }

  const climb = (least: number): Expression => {
    let left = operand()
    let compared: BinaryName | null = null
    for (let item = items[at]; item?.kind === 'binary' && precedence[item.operator] >= least; item = items[at]) {
      at += 1
      const { operator } = item
      if (isComparison(operator)) {
        if (compared !== null) report(chainedComparison(item.span))
        compared = operator
      } else compared = null
      // `^` goes to the right; all others to the left.
      const right = climb(operator === '^' ? precedence['^'] : precedence[operator] + 1)
      left = make({ kind: 'binary', operator, left, right, span: { start: left.span.start, end: right.span.end } })
    }
    return left
  }

  return climb(0)
}

function chainedComparison(span: Span): Diagnostic {
  return syntaxError('E120', span, 'comparisons do not follow one another', {
    help: 'join two of them by `and`: `a < b and b < c`',
  })
}
