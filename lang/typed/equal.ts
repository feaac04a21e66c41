/** Structural identity of expressions: the same symbols in the same places; spans and types do not count. */
import type { Domain, Subscript, TExpr } from './types.js'

/** true where two expressions are written alike. */
export function sameExpression(a: TExpr, b: TExpr): boolean {
  switch (a.kind) {
    case 'number':
      return b.kind === 'number' && a.value === b.value
    case 'bool':
      return b.kind === 'bool' && a.value === b.value
    case 'label':
      return b.kind === 'label' && a.value === b.value && a.levels === b.levels
    case 'constant':
      return b.kind === 'constant' && a.name === b.name
    case 'ref':
      return b.kind === 'ref' && a.symbol === b.symbol && sameSubscripts(a.subscripts, b.subscripts)
    case 'subscript':
      return b.kind === 'subscript' && sameExpression(a.of, b.of) && sameSubscripts(a.subscripts, b.subscripts)
    case 'negate':
    case 'not':
      return b.kind === a.kind && sameExpression(a.of, b.of)
    case 'binary':
      return b.kind === 'binary' && a.operator === b.operator && samePair(a, b)
    case 'compare':
      return b.kind === 'compare' && a.operator === b.operator && samePair(a, b)
    case 'and':
    case 'or':
      return b.kind === a.kind && samePair(a, b)
    case 'conditional':
      return (
        b.kind === 'conditional' &&
        sameExpression(a.condition, b.condition) &&
        sameExpression(a.then, b.then) &&
        sameExpression(a.otherwise, b.otherwise)
      )
    case 'call':
      return b.kind === 'call' && a.name === b.name && sameList(a.arguments, b.arguments)
    case 'vector':
      return b.kind === 'vector' && sameList(a.elements, b.elements)
    case 'comprehension':
      return b.kind === 'comprehension' && a.index === b.index && sameExpression(a.body, b.body)
  }
}

/** true where two domains have the same ends, or are the levels of the same column. */
export function sameDomain(a: Domain, b: Domain): boolean {
  if (a.kind === 'range') return b.kind === 'range' && sameExpression(a.from, b.from) && sameExpression(a.to, b.to)
  return b.kind === 'levels' && a.levels === b.levels && sameOrNull(a.column, b.column)
}

function samePair(
  a: { readonly left: TExpr; readonly right: TExpr },
  b: { readonly left: TExpr; readonly right: TExpr },
): boolean {
  return sameExpression(a.left, b.left) && sameExpression(a.right, b.right)
}

function sameList(a: readonly TExpr[], b: readonly TExpr[]): boolean {
  return a.length === b.length && a.every((e, i) => sameOrNull(e, b[i] ?? null))
}

function sameOrNull(a: TExpr | null, b: TExpr | null): boolean {
  return a === null || b === null ? a === b : sameExpression(a, b)
}

function sameSubscripts(a: readonly Subscript[], b: readonly Subscript[]): boolean {
  return (
    a.length === b.length &&
    a.every((subscript, i) => {
      const other = b[i]
      if (other === undefined || other.kind !== subscript.kind) return false
      if (subscript.kind === 'at') return other.kind === 'at' && sameExpression(subscript.index, other.index)
      if (subscript.kind === 'slice')
        return other.kind === 'slice' && sameOrNull(subscript.from, other.from) && sameOrNull(subscript.to, other.to)
      return true
    })
  )
}
