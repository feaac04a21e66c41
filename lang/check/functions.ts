/** The built-in functions of the language: what they take and what they give. */
import type { Span } from '../source.js'
import type { Dim, ElementKind, Support, TExpr, ValueType } from '../typed/types.js'
import { requireNumeric } from './arithmetic.js'
import type { CheckContext } from './context.js'
import { rangeOf, supportOfRange } from './ranges.js'
import { compareSizes } from './size-form.js'
import { compareDims, describeValue, dim, scalar, wholeNumber } from './value-types.js'

/** A call being checked: arguments are good and numeric where the function wants that. */
interface Call {
  readonly ctx: CheckContext
  readonly name: string
  readonly span: Span
  readonly given: readonly TExpr[]
  readonly spans: readonly Span[]
}

interface Builtin {
  readonly least: number
  readonly most: number
  /** `matrix transpose(matrix M)`, for complaints. */
  readonly usage: string
  type(call: Call): ValueType | null
}

const many = Number.POSITIVE_INFINITY

/** Applies to a number, or to each element of a vector or matrix. */
function elementwise(
  usage: string,
  support: (call: Call, of: TExpr) => Support | null,
  element: ElementKind = 'real',
): Builtin {
  return {
    least: 1,
    most: 1,
    usage,
    type: (call) => {
      const of = call.given[0]
      return of === undefined ? null : { element, dims: of.type.dims, support: support(call, of) }
    },
  }
}

const wholeSupport = (call: Call, of: TExpr): Support =>
  rangeOf(call.ctx, of).low >= 0 ? { kind: 'count' } : { kind: 'int' }

/** An array, or several numbers, to one number with the bounds of its elements. */
function extreme(usage: string): Builtin {
  return {
    least: 1,
    most: many,
    usage,
    type: (call) => {
      const numbers = call.given.length > 1
      for (const [i, of] of call.given.entries())
        if (numbers ? of.type.dims.length > 0 : of.type.dims.length === 0) return wrong(call, i)
      const whole = call.given.every((of) => of.type.element === 'int' || of.type.element === 'bool')
      const ranges = call.given.map((of) => rangeOf(call.ctx, of))
      const bounds = {
        low: Math.min(...ranges.map((r) => r.low)),
        high: Math.max(...ranges.map((r) => r.high)),
        aboveZero: ranges.every((r) => r.aboveZero),
      }
      const support = whole && bounds.low >= 0 ? ({ kind: 'count' } as const) : supportOfRange(bounds)
      return scalar(whole ? 'int' : 'real', support)
    },
  }
}

/** One matrix, square where asked. */
function ofMatrix(
  usage: string,
  square: boolean,
  result: (call: Call, of: TExpr, dims: readonly Dim[]) => ValueType,
): Builtin {
  return {
    least: 1,
    most: 1,
    usage,
    type: (call) => {
      const of = call.given[0]
      if (of === undefined) return null
      const [rows, columns] = of.type.dims
      if (rows === undefined || columns === undefined || of.type.dims.length !== 2) return wrong(call, 0)
      if (square && compareSizes(call.ctx, rows.size, columns.size) === 'different') return wrong(call, 0)
      return result(call, of, of.type.dims)
    },
  }
}

const isCovariance = (of: TExpr): boolean =>
  of.type.support?.kind === 'covariance' || of.type.support?.kind === 'correlation'

const table: Readonly<Record<string, Builtin>> = {
  abs: elementwise('abs(number)', (call, of) =>
    rangeOf(call.ctx, of).aboveZero ? { kind: 'positive' } : { kind: 'nonnegative' },
  ),
  sqrt: elementwise('sqrt(number)', (call, of) => {
    const bounds = rangeOf(call.ctx, of)
    return bounds.aboveZero && bounds.high > 1
      ? { kind: 'positive' }
      : supportOfRange({ ...bounds, low: Math.max(0, bounds.low) })
  }),
  exp: elementwise('exp(number)', () => ({ kind: 'positive' })),
  log: elementwise('log(number)', () => null),
  logistic: elementwise('logistic(number)', () => ({ kind: 'unit' })),
  logit: elementwise('logit(number)', () => null),
  lgamma: elementwise('lgamma(number)', () => null),
  Phi: elementwise('Phi(number)', () => ({ kind: 'unit' })),
  round: elementwise('round(number)', wholeSupport, 'int'),
  floor: elementwise('floor(number)', wholeSupport, 'int'),
  ceil: elementwise('ceil(number)', wholeSupport, 'int'),
  mod: {
    least: 2,
    most: 2,
    usage: 'mod(number, number)',
    type: (call) => {
      const [a, b] = call.given
      if (a === undefined || b === undefined) return null
      if (b.type.dims.length > 0 && compareDims(call.ctx, a.type.dims, b.type.dims) === 'different')
        return wrong(call, 1)
      const whole = a.type.element !== 'real' && b.type.element !== 'real'
      return { element: whole ? 'int' : 'real', dims: a.type.dims, support: whole ? { kind: 'count' } : null }
    },
  },
  min: extreme('min(array) or min(number, number, …)'),
  max: extreme('max(array) or max(number, number, …)'),
  sum: reduction('sum(array)', (call, of) => {
    const bounds = rangeOf(call.ctx, of)
    if (of.type.element !== 'real') return scalar('int', bounds.low >= 0 ? { kind: 'count' } : { kind: 'int' })
    return scalar('real', supportOfRange({ ...bounds, high: Number.POSITIVE_INFINITY }))
  }),
  mean: reduction('mean(array)', (call, of) => scalar('real', supportOfRange(rangeOf(call.ctx, of)))),
  sd: reduction('sd(array)', () => scalar('real', { kind: 'nonnegative' })),
  dot: {
    least: 2,
    most: 2,
    usage: 'dot(vector, vector)',
    type: (call) => {
      const [a, b] = call.given
      if (a === undefined || b === undefined) return null
      if (a.type.dims.length !== 1) return wrong(call, 0)
      if (b.type.dims.length !== 1) return wrong(call, 1)
      if (compareDims(call.ctx, a.type.dims, b.type.dims) === 'different') {
        call.ctx.report({
          code: 'E203',
          span: call.span,
          message: `dot of ${describeValue(a.type)} and ${describeValue(b.type)}: the vectors differ in length`,
        })
        return null
      }
      const low = rangeOf(call.ctx, a).low >= 0 && rangeOf(call.ctx, b).low >= 0
      return scalar('real', low ? { kind: 'nonnegative' } : null)
    },
  },
  softmax: vectorFunction('softmax(vector)', () => ({ kind: 'simplex' })),
  cumsum: vectorFunction('cumsum(vector)', (call, of) =>
    rangeOf(call.ctx, of).low >= 0 ? (of.type.element === 'real' ? { kind: 'nonnegative' } : { kind: 'count' }) : null,
  ),
  concat: {
    least: 1,
    most: many,
    usage: 'concat(number or vector, …)',
    type: (call) => {
      const bad = call.given.findIndex((of) => of.type.dims.length > 1)
      if (bad !== -1) return wrong(call, bad)
      const ranges = call.given.map((of) => rangeOf(call.ctx, of))
      const whole = call.given.every((of) => of.type.element === 'int' || of.type.element === 'bool')
      const support = supportOfRange({
        low: Math.min(...ranges.map((r) => r.low)),
        high: Math.max(...ranges.map((r) => r.high)),
        aboveZero: ranges.every((r) => r.aboveZero),
      })
      return { element: whole ? 'int' : 'real', dims: [dim(totalLength(call))], support }
    },
  },
  size: {
    least: 1,
    most: 1,
    usage: 'size(array)',
    type: (call) => ((call.given[0]?.type.dims.length ?? 0) === 0 ? wrong(call, 0) : scalar('int', { kind: 'count' })),
  },
  identity: {
    least: 1,
    most: 1,
    usage: 'identity(size)',
    type: (call) => {
      const n = call.given[0]
      if (n === undefined || n.type.dims.length > 0 || n.type.element !== 'int') return wrong(call, 0)
      return { element: 'real', dims: [dim(n), dim(n)], support: { kind: 'covariance' } }
    },
  },
  diagonal: {
    least: 1,
    most: 1,
    usage: 'diagonal(vector) or diagonal(matrix)',
    type: (call) => {
      const of = call.given[0]
      const [rows, columns] = of?.type.dims ?? []
      if (of === undefined || rows === undefined || of.type.dims.length > 2) return wrong(call, 0)
      if (columns !== undefined)
        return { element: 'real', dims: [rows], support: isCovariance(of) ? { kind: 'positive' } : null }
      const covariance = rangeOf(call.ctx, of).low >= 0
      return { element: 'real', dims: [rows, rows], support: covariance ? { kind: 'covariance' } : null }
    },
  },
  transpose: ofMatrix('transpose(matrix)', false, (_, of, dims) => ({
    element: of.type.element,
    dims: [...dims].reverse().map((d) => dim(d.size)),
    support: of.type.support?.kind === 'simplex' ? { kind: 'unit' } : of.type.support,
  })),
  inverse: ofMatrix('inverse(square matrix)', true, (_, of, dims) => ({
    element: 'real',
    dims,
    support: isCovariance(of) ? { kind: 'covariance' } : null,
  })),
  det: ofMatrix('det(square matrix)', true, (_, of) => scalar('real', isCovariance(of) ? { kind: 'positive' } : null)),
  logdet: ofMatrix('logdet(square matrix)', true, () => scalar('real')),
  trace: ofMatrix('trace(square matrix)', true, (_, of) =>
    scalar('real', isCovariance(of) ? { kind: 'positive' } : null),
  ),
  stationary: ofMatrix('stationary(square matrix)', true, (_, _of, dims) => ({
    element: 'real',
    dims: dims.slice(0, 1),
    support: { kind: 'simplex' },
  })),
}

const builtins: ReadonlyMap<string, Builtin> = new Map(Object.entries(table))

function reduction(usage: string, result: (call: Call, of: TExpr) => ValueType): Builtin {
  return {
    least: 1,
    most: 1,
    usage,
    type: (call) => {
      const of = call.given[0]
      return of === undefined || of.type.dims.length === 0 ? wrong(call, 0) : result(call, of)
    },
  }
}

function vectorFunction(usage: string, support: (call: Call, of: TExpr) => Support | null): Builtin {
  return {
    least: 1,
    most: 1,
    usage,
    type: (call) => {
      const of = call.given[0]
      if (of === undefined || of.type.dims.length !== 1) return wrong(call, 0)
      return { element: of.type.element === 'real' ? 'real' : 'int', dims: of.type.dims, support: support(call, of) }
    },
  }
}

function totalLength(call: Call): TExpr {
  const type = scalar('int', { kind: 'count' })
  return call.given
    .map((of) => of.type.dims[0]?.size ?? wholeNumber(1, of.span))
    .reduce((left, right) =>
      left.kind === 'number' && right.kind === 'number'
        ? wholeNumber(left.value + right.value, call.span)
        : { kind: 'binary', operator: '+', left, right, span: call.span, type },
    )
}

function wrong(call: Call, place: number): null {
  const of = call.given[place]
  const builtin = builtins.get(call.name)
  call.ctx.report({
    code: 'E208',
    span: call.spans[place] ?? call.span,
    message: `${call.name} does not take ${of === undefined ? 'this' : describeValue(of.type)} here`,
    help: `it is used as ${builtin?.usage ?? call.name}`,
  })
  return null
}

/** Names of all built-in functions. */
export const builtinNames: readonly string[] = [...builtins.keys(), 'levels']

/** How a function is written: `mod(number, number)`. */
export function builtinUsage(name: string): string | undefined {
  return name === 'levels' ? 'levels(category)' : builtins.get(name)?.usage
}

export function isBuiltin(name: string): boolean {
  return name === 'levels' || builtins.has(name)
}

/** A call of a built-in function other than `levels`, whose arguments are checked; null among them is an error told. */
export function checkBuiltin(
  ctx: CheckContext,
  name: string,
  given: readonly (TExpr | null)[],
  spans: readonly Span[],
  span: Span,
): TExpr | null {
  const builtin = builtins.get(name)
  if (builtin === undefined) return null
  if (given.length < builtin.least || given.length > builtin.most) {
    ctx.report({
      code: 'E207',
      span,
      message: `${name} takes ${countOf(builtin.least, builtin.most)}, but ${given.length} ${given.length === 1 ? 'is' : 'are'} given`,
      help: `it is used as ${builtin.usage}`,
    })
    return null
  }
  const good = given.filter((e): e is TExpr => e !== null)
  if (good.length < given.length) return null
  if (name !== 'size' && good.map((e, i) => requireNumeric(ctx, e, spans[i] ?? span)).includes(false)) return null
  const type = builtin.type({ ctx, name, span, given: good, spans })
  return type === null ? null : { kind: 'call', name, arguments: good, span: ctx.spanOf(span), type }
}

/** "1 argument", "2 arguments", "1 argument or more". */
export function countOf(least: number, most: number): string {
  const words = `${least} ${least === 1 ? 'argument' : 'arguments'}`
  return most === least ? words : `${words} or more`
}
