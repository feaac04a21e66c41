/** Calls: functions of the language, and functions of the model, which are written out. */
import type * as ast from '../ast/types.js'
import type { TExpr } from '../typed/types.js'
import { children } from '../typed/visit.js'
import { type CheckContext, nearestName, specialDistributions } from './context.js'
import { builtinNames, checkBuiltin, countOf, isBuiltin } from './functions.js'
import { checkLevels } from './levels.js'
import { lookUpName } from './references.js'
import type { Scope } from './scope.js'

type Call = Extract<ast.Expression, { kind: 'call' }>

export function checkCall(ctx: CheckContext, e: Call, scope: Scope): TExpr | null {
  const { name } = e.callee
  const fn = ctx.functions.get(name)
  const given = e.arguments.map((argument) => ctx.expression(argument, scope))
  if (fn !== undefined) return inlineFunction(ctx, e, given)
  if (name === 'levels') {
    const argument = e.arguments[0]
    if (argument === undefined || e.arguments.length !== 1) {
      ctx.report({ code: 'E207', span: e.span, message: 'levels takes 1 argument, the name of a category' })
      return null
    }
    return checkLevels(ctx, given[0] ?? null, e.span, argument.span)
  }
  if (isBuiltin(name))
    return checkBuiltin(
      ctx,
      name,
      given,
      e.arguments.map((a) => a.span),
      e.span,
    )
  if (ctx.distributions.has(name) || specialDistributions.includes(name)) {
    ctx.report({
      code: 'E206',
      span: e.callee.span,
      message: `${name} is a distribution and has no value`,
      help: `write \`… ~ ${name}(…)\``,
    })
    return null
  }
  const nearest = nearestName(name, [...ctx.functions.keys(), ...builtinNames])
  const binding = lookUpName(ctx, name, scope)
  const isValue = binding !== undefined && binding.kind !== 'broken'
  ctx.report({
    code: 'E206',
    span: e.callee.span,
    message: isValue ? `\`${name}\` is not a function` : `there is no function \`${name}\``,
    ...(isValue
      ? { help: `for an element write ${name}[…]` }
      : nearest !== undefined
        ? {
            help: `did you mean \`${nearest}\`?`,
            fix: { title: `write \`${nearest}\``, edits: [{ span: e.callee.span, text: nearest }] },
          }
        : {}),
  })
  return null
}

/** The body of a function of the model with the arguments in place of its parameters. */
function inlineFunction(ctx: CheckContext, e: Call, given: readonly (TExpr | null)[]): TExpr | null {
  const fn = ctx.functions.get(e.callee.name)
  if (fn === undefined) return null
  const { name } = fn.name
  if (given.length !== fn.parameters.length) {
    const n = fn.parameters.length
    ctx.report({
      code: 'E207',
      span: e.span,
      message: `\`${name}\` takes ${countOf(n, n)}, but ${given.length} ${given.length === 1 ? 'is' : 'are'} given`,
      related: [{ span: fn.span, message: 'defined here' }],
    })
    return null
  }
  if (ctx.inlineStack.includes(name)) {
    ctx.report({
      code: 'E225',
      span: e.span,
      message: `\`${name}\` calls itself`,
      help: 'functions are written out where they are called, so they cannot be recursive',
      related: [{ span: fn.span, message: 'defined here' }],
    })
    return null
  }
  const scope: Scope = {
    parent: ctx.root,
    names: new Map(fn.parameters.map((p, i) => [p.name, { kind: 'value', value: given[i] ?? null }])),
    loops: [],
    path: [],
  }
  // An argument in error has been told of.
  if (given.includes(null)) return null
  const budget = ctx.inlineBudget
  budget.left -= 1
  if (budget.left < 0) {
    if (budget.left === -1)
      ctx.report({ code: 'E241', span: e.span, message: 'there are too many calls of functions to write them all out' })
    return null
  }
  const value = ctx.inlining(name, e.span, () => ctx.expression(fn.body, scope))
  if (value === null || expressionSize(value) <= maxInlined) return value
  ctx.report({
    code: 'E241',
    span: e.span,
    message: `\`${name}\` written out here has more than ${maxInlined} parts`,
    help: 'functions are written out where they are called: name the intermediate results by let',
  })
  return null
}

/** Largest expression that a call of a function may become. */
const maxInlined = 20_000

/** Number of nodes, shared ones counted as often as they occur. */
function expressionSize(e: TExpr): number {
  const sizes = new Map<TExpr, number>()
  const sizeOf = (part: TExpr): number => {
    const known = sizes.get(part)
    if (known !== undefined) return known
    let size = 1
    for (const child of children(part)) size += sizeOf(child)
    sizes.set(part, size)
    return size
  }
  return sizeOf(e)
}
