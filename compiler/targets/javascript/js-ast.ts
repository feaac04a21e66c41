/**
 * The JavaScript that the target writes, as data. Identifiers are a letter and a number by type, so that no string of
 * a user's can become code.
 *
 * b: array, s: bound integer, c: state of a sparse inverse, h: helper, v: value made once, a: accumulator, i: loop variable.
 */
export type JsName = `${'b' | 's' | 'c' | 'h' | 'v' | 'a' | 'i'}${number}`

export type MathName =
  | 'abs'
  | 'ceil'
  | 'cos'
  | 'exp'
  | 'expm1'
  | 'floor'
  | 'imul'
  | 'log'
  | 'log1p'
  | 'max'
  | 'min'
  | 'pow'
  | 'round'
  | 'sin'
  | 'atan'
  | 'sqrt'

export type JsBinary = '+' | '-' | '*' | '/' | '|' | '===' | '!==' | '<' | '<=' | '>' | '>=' | '&&' | '||'

export type JsExpr =
  | { readonly js: 'num'; readonly value: number }
  | { readonly js: 'name'; readonly name: JsName }
  | { readonly js: 'null' }
  | { readonly js: 'binary'; readonly operator: JsBinary; readonly left: JsExpr; readonly right: JsExpr }
  | { readonly js: 'unary'; readonly operator: '-' | '!'; readonly of: JsExpr }
  | { readonly js: 'math'; readonly fn: MathName; readonly args: readonly JsExpr[] }
  | { readonly js: 'helper'; readonly name: JsName; readonly args: readonly JsExpr[] }
  | { readonly js: 'element'; readonly array: JsName; readonly at: JsExpr }
  | { readonly js: 'conditional'; readonly when: JsExpr; readonly yes: JsExpr; readonly no: JsExpr }

export type JsStatement =
  | { readonly js: 'const' | 'let'; readonly name: JsName; readonly value: JsExpr }
  | { readonly js: 'assign'; readonly operator: '=' | '+='; readonly target: JsExpr; readonly value: JsExpr }
  | { readonly js: 'call'; readonly call: JsExpr }
  | { readonly js: 'fill'; readonly array: JsName; readonly value: number; readonly from: JsExpr; readonly to: JsExpr }
  | {
      readonly js: 'for'
      readonly variable: JsName
      readonly from: JsExpr
      readonly to: JsExpr
      readonly reverse: boolean
      readonly body: readonly JsStatement[]
    }
  | {
      readonly js: 'if'
      readonly when: JsExpr
      readonly yes: readonly JsStatement[]
      readonly no: readonly JsStatement[]
    }

export function jsNumber(value: number): JsExpr {
  return { js: 'num', value }
}

export function jsName(name: JsName): JsExpr {
  return { js: 'name', name }
}

export function jsBinary(operator: JsBinary, left: JsExpr, right: JsExpr): JsExpr {
  return { js: 'binary', operator, left, right }
}

export function jsMath(fn: MathName, ...args: readonly JsExpr[]): JsExpr {
  return { js: 'math', fn, args }
}

/** Names and numbers may be repeated without repeating work. */
export function isAtom(expr: JsExpr): boolean {
  return expr.js === 'num' || expr.js === 'name'
}

/** Sum from left to right; of nothing it is 0. */
export function jsSum(terms: readonly JsExpr[]): JsExpr {
  const [first, ...rest] = terms
  if (first === undefined) return jsNumber(0)
  return rest.reduce((sum, term) => jsBinary('+', sum, term), first)
}
