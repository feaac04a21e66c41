/** The distributions that are made from others: Mixture, Truncated, Censored, Custom. */
import type * as ast from '../ast/types.js'
import type { TDistribution, TExpr, ValueType } from '../typed/types.js'
import { type CheckContext, type CheckedDistribution, type ExpectedValue, textAt } from './context.js'
import { misfit } from './fits.js'
import { openLoop } from './loops.js'
import { domainSize } from './plates.js'
import type { Scope } from './scope.js'
import { compareSizes } from './size-form.js'
import { describeDims, describeValue } from './value-types.js'

/** One of the four; the caller has looked at the name. */
export function checkSpecial(
  ctx: CheckContext,
  d: ast.DistributionExpression,
  scope: Scope,
  expected: ExpectedValue,
): CheckedDistribution | null {
  switch (d.name.name) {
    case 'Mixture':
      return checkMixture(ctx, d, scope, expected)
    case 'Truncated':
      return checkTruncated(ctx, d, scope, expected)
    case 'Censored':
      return checkCensored(ctx, d, scope, expected)
    default:
      return checkCustom(ctx, d, scope, expected)
  }
}

function misuse(ctx: CheckContext, d: ast.DistributionExpression, message: string, usage: string): null {
  ctx.report({ code: 'E234', span: d.span, message, help: `it is written ${usage}` })
  return null
}

const mixtureUsage = 'Mixture(p, Normal(mu[k], sd[k]) for k in 1..K) or Mixture([p, 1 - p], Normal(…), Poisson(…))'

function checkMixture(
  ctx: CheckContext,
  d: ast.DistributionExpression,
  scope: Scope,
  expected: ExpectedValue,
): CheckedDistribution | null {
  const [first, ...rest] = d.arguments
  if (first === undefined || first.kind !== 'expression' || rest.length === 0)
    return misuse(ctx, d, 'Mixture takes the weights, then its components', mixtureUsage)
  const weights = ctx.expression(first.value, scope)
  const weightsAreGood = weights !== null && checkWeights(ctx, weights, first.value)
  const components = checkComponents(ctx, d, rest, scope, expected)
  if (components === null || weights === null || !weightsAreGood) return null
  const count = components.count
  const length = weights.type.dims[0]
  if (length !== undefined && compareSizes(ctx, length.size, count) === 'different') {
    ctx.report({
      code: 'E219',
      span: first.value.span,
      message: `there is one weight for each component, but the weights have ${describeDims([length])} and the components ${describeDims([{ size: count, raggedBy: null }])}`,
    })
    return null
  }
  const distribution: TDistribution = {
    kind: 'mixture',
    span: ctx.spanOf(d.span),
    weights,
    components: components.components,
  }
  return { distribution, value: components.value }
}

function checkWeights(ctx: CheckContext, weights: TExpr, written: ast.Expression): boolean {
  if (weights.type.dims.length !== 1) {
    ctx.report({
      code: 'E204',
      span: written.span,
      message: `\`${textAt(ctx, written.span)}\` is ${describeValue(weights.type)} but the weights of Mixture are a simplex`,
      label: describeValue(weights.type),
    })
    return false
  }
  const reason = misfit(ctx, 'simplex', weights)
  if (reason !== null)
    ctx.report({
      code: 'E235',
      span: written.span,
      message: `\`${textAt(ctx, written.span)}\` is ${describeValue(weights.type)} but the weights of Mixture are a simplex: ${reason}`,
    })
  return reason === null
}

interface Components {
  readonly components: Extract<TDistribution, { kind: 'mixture' }>['components']
  readonly count: TExpr
  readonly value: ValueType
}

function checkComponents(
  ctx: CheckContext,
  d: ast.DistributionExpression,
  rest: readonly ast.DistributionArgument[],
  scope: Scope,
  expected: ExpectedValue,
): Components | null {
  const [only] = rest
  if (only?.kind === 'family' && rest.length === 1) {
    const { scope: inner, frame } = openLoop(ctx, only.index, only.domain, scope)
    const component = ctx.distribution(only.value, inner, expected)
    if (component === null) return null
    return {
      components: { kind: 'indexed', index: frame.id, domain: frame.domain, component: component.distribution },
      count: domainSize(ctx, frame.domain, only.value.span),
      value: component.value,
    }
  }
  const listed: CheckedDistribution[] = []
  let failed = false
  for (const argument of rest) {
    const nested = nestedDistribution(ctx, argument)
    if (nested === null) {
      misuse(ctx, d, 'the components of Mixture are distributions', mixtureUsage)
      return null
    }
    const component = ctx.distribution(nested, scope, expected)
    if (component === null) failed = true
    else listed.push(component)
  }
  const value = listed[0]?.value
  if (failed || value === undefined) return null
  const span = ctx.spanOf(d.span)
  const count: TExpr = {
    kind: 'number',
    value: listed.length,
    span,
    type: { element: 'int', dims: [], support: { kind: 'count' } },
  }
  return { components: { kind: 'listed', components: listed.map((c) => c.distribution) }, count, value }
}

/** An argument that is a distribution. */
function nestedDistribution(ctx: CheckContext, argument: ast.DistributionArgument): ast.DistributionExpression | null {
  if (argument.kind === 'distribution') return argument.value
  if (argument.kind === 'family') return null
  const { value } = argument
  if (value.kind !== 'call' || !ctx.distributions.has(value.callee.name)) return null
  return {
    span: value.span,
    name: value.callee,
    arguments: value.arguments.map((e) => ({ kind: 'expression', name: null, value: e })),
  }
}

const truncatedUsage = 'Truncated(Normal(mu, sd), low=0), with low=, high= or both'

function checkTruncated(
  ctx: CheckContext,
  d: ast.DistributionExpression,
  scope: Scope,
  expected: ExpectedValue,
): CheckedDistribution | null {
  const [first, ...bounds] = d.arguments
  const nested = first === undefined ? null : nestedDistribution(ctx, first)
  if (nested === null || bounds.length === 0 || bounds.length > 2)
    return misuse(ctx, d, 'Truncated takes a distribution and its bounds', truncatedUsage)
  const found: { low: TExpr | null; high: TExpr | null } = { low: null, high: null }
  let failed = false
  const seen = new Set<string>()
  for (const [i, bound] of bounds.entries()) {
    const name = bound.kind === 'expression' ? (bound.name?.name ?? (i === 0 ? 'low' : 'high')) : ''
    if (bound.kind !== 'expression' || (name !== 'low' && name !== 'high') || seen.has(name))
      return misuse(ctx, d, 'Truncated takes a distribution and its bounds', truncatedUsage)
    seen.add(name)
    found[name] = checkBound(ctx, bound.value, scope)
    if (found[name] === null) failed = true
  }
  // The bounds are what makes a real value positive: the support of the left side is not held against the distribution.
  const inner = ctx.distribution(nested, scope, expected.role === 'latent' ? { ...expected, role: 'prior' } : expected)
  if (inner === null || failed) return null
  const distribution: TDistribution = { kind: 'truncated', span: ctx.spanOf(d.span), of: inner.distribution, ...found }
  return { distribution, value: inner.value }
}

function checkBound(ctx: CheckContext, written: ast.Expression, scope: Scope): TExpr | null {
  const bound = ctx.expression(written, scope)
  if (bound === null) return null
  if (bound.type.dims.length === 0 && bound.type.element !== 'label') return bound
  ctx.report({
    code: 'E208',
    span: written.span,
    message: `a bound is a number, but this is ${describeValue(bound.type)}`,
  })
  return null
}

const censoredUsage = 'Censored(D, above), Censored(D, below) or Censored(D, between(low, high))'

function checkCensored(
  ctx: CheckContext,
  d: ast.DistributionExpression,
  scope: Scope,
  expected: ExpectedValue,
): CheckedDistribution | null {
  const [first, second] = d.arguments
  const nested = first === undefined ? null : nestedDistribution(ctx, first)
  if (nested === null || second?.kind !== 'expression' || d.arguments.length !== 2)
    return misuse(ctx, d, 'Censored takes a distribution and where the value lies', censoredUsage)
  const inner = ctx.distribution(nested, scope, expected)
  const how = second.value
  const span = ctx.spanOf(d.span)
  if (how.kind === 'name' && (how.name === 'above' || how.name === 'below')) {
    if (inner === null) return null
    return {
      distribution: { kind: 'censored', span, of: inner.distribution, mode: how.name, low: null, high: null },
      value: inner.value,
    }
  }
  const [from, to] = how.kind === 'call' ? how.arguments : []
  if (
    how.kind !== 'call' ||
    how.callee.name !== 'between' ||
    from === undefined ||
    to === undefined ||
    how.arguments.length !== 2
  )
    return misuse(ctx, d, 'Censored takes a distribution and where the value lies', censoredUsage)
  const low = checkBound(ctx, from, scope)
  const high = checkBound(ctx, to, scope)
  if (inner === null || low === null || high === null) return null
  return {
    distribution: { kind: 'censored', span, of: inner.distribution, mode: 'between', low, high },
    value: inner.value,
  }
}

const customUsage = 'Custom(logpdf = -abs(x[n] - mu))'

/** How each of the four is written, with examples. */
export const specialUsages: ReadonlyMap<string, string> = new Map([
  ['Mixture', mixtureUsage],
  ['Truncated', truncatedUsage],
  ['Censored', censoredUsage],
  ['Custom', customUsage],
])

function checkCustom(
  ctx: CheckContext,
  d: ast.DistributionExpression,
  scope: Scope,
  expected: ExpectedValue,
): CheckedDistribution | null {
  const usage = `x[n] ~ ${customUsage}`
  const [only] = d.arguments
  const isNamed = only?.kind === 'expression' && (only.name === null || only.name.name === 'logpdf')
  if (only?.kind !== 'expression' || !isNamed || d.arguments.length !== 1)
    return misuse(ctx, d, 'Custom takes one argument, the log density', usage)
  if (expected.symbol === null) return misuse(ctx, d, 'Custom has one value on its left', usage)
  const logDensity = ctx.expression(only.value, scope)
  if (logDensity === null) return null
  if (logDensity.type.dims.length > 0 || logDensity.type.element === 'label')
    return misuse(ctx, d, `a log density is one number, but this is ${describeValue(logDensity.type)}`, usage)
  const value = expected.target?.type ?? { element: 'real', dims: [], support: { kind: 'real' } }
  return { distribution: { kind: 'custom', span: ctx.spanOf(d.span), value: expected.symbol, logDensity }, value }
}
