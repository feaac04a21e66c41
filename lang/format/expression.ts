/** Expressions, types and distributions → canonical text on one line. */
import type {
  DistributionArgument,
  DistributionExpression,
  DomainExpression,
  Expression,
  SubscriptExpression,
  TypeExpression,
} from '../ast/types.js'
import { type BinaryName, precedence, prefixPrecedence } from '../syntax/operators.js'
import { writeString } from '../syntax/string-literal.js'

/** Binds more loosely than any operator. */
const conditionalPrecedence = 0
const primaryPrecedence = 9

function precedenceOf(expression: Expression): number {
  switch (expression.kind) {
    case 'conditional':
      return conditionalPrecedence
    case 'binary':
      return precedence[expression.operator]
    case 'unary':
      return prefixPrecedence[expression.operator]
    default:
      return primaryPrecedence
  }
}

/**
 * The text of an expression. Parentheses of the tree are kept; where a tree that was not read from a file needs more,
 * they are put in. With `tight`, no spaces around `+` and `-`, as in subscripts: `z[t-1]`.
 */
export function formatExpression(expression: Expression, tight = false): string {
  switch (expression.kind) {
    case 'number':
      return expression.text
    case 'string':
      return writeString(expression.value)
    case 'bool':
      return expression.value ? 'true' : 'false'
    case 'name':
      return expression.name
    case 'missing':
      return ''
    case 'subscript':
      return `${within(expression.of, primaryPrecedence)}[${expression.subscripts.map(formatSubscript).join(', ')}]`
    case 'call':
      return `${expression.callee.name}(${formatList(expression.arguments)})`
    case 'unary': {
      const of = withinPrefix(expression.of, prefixPrecedence[expression.operator], tight)
      return expression.operator === 'not' ? `not ${of}` : `${expression.operator}${of}`
    }
    case 'binary':
      return formatBinary(expression, tight)
    case 'conditional': {
      const { then, condition, otherwise } = expression
      return `${within(then, 1)} if ${within(condition, 1)} else ${formatExpression(otherwise)}`
    }
    case 'vector':
      return `[${formatList(expression.elements)}]`
    case 'comprehension': {
      const { body, index, domain } = expression
      return `[${formatExpression(body)} for ${index.name} in ${formatDomain(domain)}]`
    }
    case 'parenthesised':
      return `(${formatExpression(expression.of)})`
  }
}

export function formatList(expressions: readonly Expression[]): string {
  return expressions.map((e) => formatExpression(e)).join(', ')
}

/** An operand: in parentheses where it binds more loosely than `least`. */
function within(expression: Expression, least: number, tight = false): string {
  const text = formatExpression(expression, tight)
  return precedenceOf(expression) < least ? `(${text})` : text
}

/** A prefix takes what binds tighter, or another prefix. */
function withinPrefix(of: Expression, least: number, tight: boolean): string {
  if (of.kind === 'unary') return formatExpression(of, tight)
  return within(of, least, tight)
}

function formatBinary(expression: Extract<Expression, { kind: 'binary' }>, tight: boolean): string {
  const { operator, left, right } = expression
  const own = precedence[operator]
  const isPower = operator === '^'
  const comparison = own === precedence['==']
  const leftText = openEnded(left, own)
    ? `(${formatExpression(left)})`
    : within(left, isPower || comparison ? own + 1 : own, tight)
  // A prefix may stand right of any operator: `2^-x`, `a * -b`, `a == not b`.
  const rightText =
    right.kind === 'unary' ? formatExpression(right, tight) : within(right, isPower ? own : own + 1, tight)
  const space = isTight(operator, expression, tight) ? '' : ' '
  return `${leftText}${space}${operator}${space}${rightText}`
}

/** Whether a left operand ends in a prefix whose own operand would swallow an operator of precedence `own`. */
function openEnded(left: Expression, own: number): boolean {
  if (left.kind === 'unary') return prefixPrecedence[left.operator] < own || openEnded(left.of, own)
  return left.kind === 'binary' && openEnded(left.right, own)
}

/** No spaces around `^`, around products with a number (`2*mu`, `1/2`), and in subscripts around sums of atoms. */
function isTight(operator: BinaryName, expression: Extract<Expression, { kind: 'binary' }>, tight: boolean): boolean {
  if (operator === '^') return true
  if (operator === '*' || operator === '/') return isNumericProduct(expression)
  return tight && (operator === '+' || operator === '-')
}

function isNumericProduct(expression: Expression): boolean {
  if (expression.kind !== 'binary' || (expression.operator !== '*' && expression.operator !== '/')) return false
  const { left, right } = expression
  return left.kind === 'number' || right.kind === 'number' || isNumericProduct(left)
}

function formatSubscript(subscript: SubscriptExpression): string {
  switch (subscript.kind) {
    case 'all':
      return ':'
    case 'at':
      return formatExpression(subscript.index, true)
    case 'slice': {
      const end = (part: Expression | null) => (part === null ? '' : formatExpression(part, true))
      return `${end(subscript.from)}:${end(subscript.to)}`
    }
  }
}

/** `1..N`, `levels(y)`. */
export function formatDomain(domain: DomainExpression): string {
  if (domain.kind === 'set') return within(domain.set, 1)
  return `${within(domain.from, 1, true)}..${within(domain.to, 1, true)}`
}

/** `real?[N, D]`, `category(Journal)[M]`, `real in (0, 1)`. */
export function formatType(type: TypeExpression): string {
  const levels = type.levelSet === null ? '' : `(${type.levelSet.name})`
  const dims = type.dims.map((group) => `[${formatList(group)}]`).join('')
  const { interval } = type
  const range = interval === null ? '' : ` in (${formatExpression(interval.low)}, ${formatExpression(interval.high)})`
  return `${type.name.name}${levels}${type.optional ? '?' : ''}${dims}${range}`
}

/** `Normal(mu, sd=s)`, `Mixture(pi, Normal(mu[k], s) for k in 1..K)`. */
export function formatDistribution(distribution: DistributionExpression): string {
  return `${distribution.name.name}(${distribution.arguments.map(formatArgument).join(', ')})`
}

/** One argument of a distribution. */
export function formatArgument(argument: DistributionArgument): string {
  switch (argument.kind) {
    case 'expression':
      return `${argument.name === null ? '' : `${argument.name.name}=`}${formatExpression(argument.value)}`
    case 'distribution':
      return `${argument.name === null ? '' : `${argument.name.name}=`}${formatDistribution(argument.value)}`
    case 'family':
      return `${formatDistribution(argument.value)} for ${argument.index.name} in ${formatDomain(argument.domain)}`
  }
}
