/** Plain distributions: which parametrisation is meant, and whether arguments and value have fitting shapes and supports. */
import type * as ast from '../ast/types.js'
import type { DistributionSignature } from '../signature.js'
import { suggest } from '../suggest.js'
import type { ValueType } from '../typed/types.js'
import { checkOneArgument, type PlacedArgument } from './argument-fit.js'
import { chooseParametrisation, type GivenArgument } from './arguments.js'
import { type CheckContext, type CheckedDistribution, type ExpectedValue, specialDistributions } from './context.js'
import type { Scope } from './scope.js'
import { checkSpecial } from './special-distributions.js'
import { checkBroadcast, checkLength, checkValueSupport, impliedType } from './value-fit.js'
import { describeValue } from './value-types.js'

/** A distribution on the right of `~`, or within another one. */
export function checkDistribution(
  ctx: CheckContext,
  d: ast.DistributionExpression,
  scope: Scope,
  expected: ExpectedValue,
): CheckedDistribution | null {
  if (specialDistributions.includes(d.name.name)) return checkSpecial(ctx, d, scope, expected)
  const signature = ctx.distributions.get(d.name.name)
  const given = d.arguments.map((argument) => checkArgument(ctx, argument, scope))
  if (signature === undefined) {
    reportUnknownDistribution(ctx, d.name)
    return null
  }
  const chosen = chooseParametrisation(ctx, signature, d, given)
  if (chosen === null || chosen.arguments.some((a) => a.value === null)) return null
  const placed = chosen.arguments.flatMap((a, i) => (a.value === null ? [] : [{ ...a, value: a.value, place: i + 1 }]))
  const value = checkShapes(ctx, signature, d, placed, expected)
  if (value === null) return null
  return {
    distribution: {
      kind: 'plain',
      span: ctx.spanOf(d.span),
      name: signature.name,
      parametrisation: chosen.index,
      arguments: placed.map((a) => ({ name: a.signature.name, value: a.value })),
    },
    value,
  }
}

function checkArgument(ctx: CheckContext, argument: ast.DistributionArgument, scope: Scope): GivenArgument {
  if (argument.kind === 'expression') {
    return { name: argument.name, value: ctx.expression(argument.value, scope), span: argument.value.span }
  }
  const { value } = argument
  ctx.report({
    code: 'E215',
    span: value.span,
    message: `${value.name.name}(…) stands where a number belongs`,
    help: 'distributions stand within Mixture, Truncated and Censored only',
  })
  return { name: argument.kind === 'distribution' ? argument.name : null, value: null, span: value.span }
}

function reportUnknownDistribution(ctx: CheckContext, name: ast.Identifier): void {
  const known = [...ctx.distributions.keys(), ...specialDistributions]
  const nearest = suggest(name.name, known)
  ctx.report({
    code: 'E202',
    span: name.span,
    message: `there is no distribution \`${name.name}\``,
    ...(nearest === undefined
      ? {}
      : {
          help: `did you mean \`${nearest}\`?`,
          fix: { title: `write \`${nearest}\``, edits: [{ span: name.span, text: nearest }] },
        }),
  })
}

/** The type of the value that follows, after everything has been compared. */
function checkShapes(
  ctx: CheckContext,
  signature: DistributionSignature,
  d: ast.DistributionExpression,
  placed: readonly PlacedArgument[],
  expected: ExpectedValue,
): ValueType | null {
  const { rank } = signature.value
  const target = expected.target?.type ?? null
  if (target !== null && target.dims.length < rank) {
    ctx.report({
      code: 'E219',
      span: ctx.spanOf(expected.target?.span ?? d.span),
      message: `${signature.name} gives ${rank === 1 ? 'a vector' : 'a matrix'}, but \`${expected.text}\` is ${describeValue(target)}`,
    })
    return null
  }
  const batch = target === null ? null : target.dims.slice(0, target.dims.length - rank)
  const core = target === null ? null : target.dims.slice(target.dims.length - rank)
  const results = placed.map((a) => checkOneArgument(ctx, signature, a, batch, core, expected))
  if (results.includes(false)) return null
  const implied = impliedType(ctx, signature, placed)
  if (target === null) return checkBroadcast(ctx, implied, placed) ? implied : null
  if (core !== null && rank > 0 && !checkLength(ctx, signature, placed, core, expected)) return null
  if (!checkValueSupport(ctx, signature, placed, expected)) return null
  return target
}
