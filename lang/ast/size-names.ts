import type * as ast from './types.js'

/** Names in the size of a dimension: those of sizes and consts that it is made of. */
export function sizeNames(e: ast.Expression): readonly ast.Identifier[] {
  switch (e.kind) {
    case 'name':
      return [{ name: e.name, span: e.span }]
    case 'parenthesised':
    case 'unary':
      return sizeNames(e.of)
    case 'binary':
      return [...sizeNames(e.left), ...sizeNames(e.right)]
    default:
      return []
  }
}
