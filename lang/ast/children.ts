import type { DomainExpression, Expression, SubscriptExpression } from './types.js'

/** The expressions directly inside an expression, in the order of the text. */
export function children(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'number':
    case 'string':
    case 'bool':
    case 'name':
    case 'missing':
      return []
    case 'subscript':
      return [expression.of, ...expression.subscripts.flatMap(subscriptChildren)]
    case 'call':
      return expression.arguments
    case 'unary':
    case 'parenthesised':
      return [expression.of]
    case 'binary':
      return [expression.left, expression.right]
    case 'conditional':
      return [expression.then, expression.condition, expression.otherwise]
    case 'vector':
      return expression.elements
    case 'comprehension':
      return [expression.body, ...domainChildren(expression.domain)]
  }
}

function subscriptChildren(subscript: SubscriptExpression): readonly Expression[] {
  if (subscript.kind === 'all') return []
  if (subscript.kind === 'at') return [subscript.index]
  return [subscript.from, subscript.to].filter((part) => part !== null)
}

function domainChildren(domain: DomainExpression): readonly Expression[] {
  return domain.kind === 'range' ? [domain.from, domain.to] : [domain.set]
}
