/** Plain distributions: which parametrisation is meant, and whether arguments and value have fitting shapes and supports. */
import type * as ast from '../ast/types.js'
import type { ArgumentSignature, DistributionSignature, SupportName } from '../signature.js'
import type { Span } from '../source.js'
import { suggest } from '../suggest.js'
import { userName } from '../typed/print.js'
import type { Dim, Support, TExpr, ValueType } from '../typed/types.js'
import { chooseParametrisation, type GivenArgument } from './arguments.js'
import { type CheckContext, type CheckedDistribution, type ExpectedValue, textAt } from './context.js'
import { specialDistributions } from './expressions.js'
import { misfit } from './fits.js'
import { numericValue } from './ranges.js'
import { compareSizes } from './size-form.js'
import type { Scope } from './scope.js'
import { checkSpecial } from './special-distributions.js'
import { compareDims, coreRank, describeArray, describeDims, describeValue, elementOf } from './value-types.js'

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

interface PlacedArgument {
  readonly signature: ArgumentSignature
  readonly value: TExpr
  readonly span: Span
  readonly place: number
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
  const implied = impliedType(signature, placed)
  if (target === null) return checkBroadcast(ctx, implied, placed) ? implied : null
  if (core !== null && rank > 0 && !checkLength(ctx, signature, placed, core, expected)) return null
  if (!checkValueSupport(ctx, signature, placed, expected)) return null
  return target
}

/** Rank, shape and support of one argument against the value on the left. */
function checkOneArgument(
  ctx: CheckContext,
  signature: DistributionSignature,
  a: PlacedArgument,
  batch: readonly Dim[] | null,
  core: readonly Dim[] | null,
  expected: ExpectedValue,
): boolean {
  const { dims } = a.value.type
  const { rank, support } = a.signature
  const broadcasts = dims.length === 0 && rank === 1 && support !== 'simplex' && support !== 'ordered'
  if (dims.length < rank && !broadcasts) {
    reportArgument(ctx, signature, a, core, expected, null)
    return false
  }
  const own = broadcasts ? [] : dims.slice(0, dims.length - rank)
  if (batch !== null && own.length > 0 && compareDims(ctx, own, batch) === 'different') {
    reportArgument(ctx, signature, a, core, expected, batch)
    return false
  }
  const [rows, columns] = rank === 2 ? dims.slice(dims.length - 2) : []
  if (rows !== undefined && columns !== undefined && compareSizes(ctx, rows.size, columns.size) === 'different') {
    reportArgument(ctx, signature, a, core, expected, null)
    return false
  }
  const reason = misfit(ctx, support, a.value)
  if (reason === null) return true
  const declared = declaredType(ctx, a.value)
  const help = supportHelp(support, declared !== null)
  const number = numericValue(ctx, a.value)
  const place = `${placeOf(a, signature)} is ${supportWords(support, rank)}`
  ctx.report({
    code: support === 'simplex' ? 'E235' : 'E214',
    span: a.span,
    message:
      number === null ? `${describeArgument(ctx, a)} but ${place}: ${reason}` : `${place}, but this is ${number}`,
    ...(help === null ? {} : { help }),
  })
  return false
}

function supportHelp(support: SupportName, isDeclared: boolean): string | null {
  if (support === 'simplex') return isDeclared ? 'declare it simplex, or write softmax(…)' : null
  return isDeclared ? `declare it ${support}` : null
}

/** E204: an argument of the wrong kind altogether, with a way to say what may have been meant. */
function reportArgument(
  ctx: CheckContext,
  signature: DistributionSignature,
  a: PlacedArgument,
  core: readonly Dim[] | null,
  expected: ExpectedValue,
  batch: readonly Dim[] | null,
): void {
  const { support, rank } = a.signature
  const given = a.value.type
  const shape = batch === null ? (core ?? []).slice(0, 1) : []
  const wanted =
    batch === null || batch.length === 0
      ? `${supportWords(support, rank)}${describeDims(shape)}`
      : `${supportWords(support, rank)} or ${support}${describeDims(batch)}`
  const argument = textAt(ctx, a.span)
  let help: string | undefined
  if (support === 'covariance' && given.dims.length < 2) {
    const kind = given.dims.length === 0 ? 'spherical' : 'diagonal'
    const mean = expected.target === null ? null : 'mean'
    help = mean === null ? undefined : scaleHelp(ctx, kind, a, expected)
  } else if (support === 'simplex' && given.dims.length === 0) {
    help = 'a simplex is a list of probabilities that sum to 1, one for each value'
  } else if (rank === 0 && given.dims.length > 0 && batch !== null && batch.length < given.dims.length) {
    help = `take one element of \`${argument}\`, or give \`${expected.text}\` as many dimensions`
  }
  ctx.report({
    code: 'E204',
    span: a.span,
    message: `${describeArgument(ctx, a)} but ${placeOf(a, signature)} is ${wanted}`,
    label: describeValue(given),
    ...(help === undefined ? {} : { help }),
  })
}

function scaleHelp(ctx: CheckContext, kind: string, a: PlacedArgument, expected: ExpectedValue): string {
  const written = textAt(ctx, a.span)
  const around = ctx.source.text.slice(0, a.span.start)
  const open = around.lastIndexOf('(')
  const before = around
    .slice(open + 1)
    .replace(/,\s*(\w+\s*=\s*)?$/, '')
    .trim()
  const mean = depthOf(before) === 0 && before !== '' ? before : '…'
  return `for a ${kind} component write  ${expected.text} ~ Normal(${mean}, ${written})`
}

function depthOf(text: string): number {
  let depth = 0
  for (const letter of text) depth += letter === '(' || letter === '[' ? 1 : letter === ')' || letter === ']' ? -1 : 0
  return depth
}

/** "`sigma` is positive[K]" for something declared, else "`2 * a` is real". */
function describeArgument(ctx: CheckContext, a: PlacedArgument): string {
  const declared = declaredType(ctx, a.value)
  if (declared !== null) return `\`${declared.name}\` is ${declared.text}`
  return `\`${textAt(ctx, a.span)}\` is ${describeValue(a.value.type)}`
}

function declaredType(ctx: CheckContext, e: TExpr): { readonly name: string; readonly text: string } | null {
  if (e.kind !== 'ref') return null
  const symbol = ctx.symbols.get(e.symbol)
  if (symbol?.kind === 'data' || symbol?.kind === 'param')
    return { name: symbol.name, text: describeArray(symbol.type) }
  const latent = ctx.latents.get(e.symbol)
  return latent === undefined ? null : { name: userName(latent.id), text: describeValue(e.type) }
}

function placeOf(a: PlacedArgument, signature: DistributionSignature): string {
  const ordinal = ['1st', '2nd', '3rd'][a.place - 1] ?? `${a.place}th`
  return `the ${ordinal} argument of ${signature.name}`
}

function supportWords(support: SupportName, rank: number): string {
  const word = support === 'real' && rank === 1 ? 'vector' : support === 'real' && rank === 2 ? 'matrix' : support
  return `${word === 'ordered' || word === 'int' ? 'an' : 'a'} ${word === 'positive' || word === 'nonnegative' || word === 'real' ? `${word}${rank === 0 ? ' number' : ' vector'}` : word}`
}

/** The length of a vector value against the argument it follows from. */
function checkLength(
  ctx: CheckContext,
  signature: DistributionSignature,
  placed: readonly PlacedArgument[],
  core: readonly Dim[],
  expected: ExpectedValue,
): boolean {
  for (const a of placed) {
    if (a.signature.rank === 0 || a.value.type.dims.length === 0) continue
    const length = a.value.type.dims[a.value.type.dims.length - 1]
    const wanted = core[core.length - 1]
    if (length === undefined || wanted === undefined || compareSizes(ctx, length.size, wanted.size) !== 'different')
      continue
    ctx.report({
      code: 'E219',
      span: a.span,
      message: `\`${expected.text}\` has length ${describeDims([wanted])} but the ${a.signature.name} of ${signature.name} has ${describeDims([length])}`,
    })
    return false
  }
  return true
}

/** Whether the value on the left may hold what the distribution gives. */
function checkValueSupport(
  ctx: CheckContext,
  signature: DistributionSignature,
  placed: readonly PlacedArgument[],
  expected: ExpectedValue,
): boolean {
  const target = expected.target?.type
  if (target === undefined) return true
  const given = signature.value.support
  const have = target.support?.kind ?? (target.element === 'label' ? 'category' : 'real')
  const complain = (message: string, help?: string): boolean => {
    ctx.report({
      code: 'E220',
      span: expected.target?.span ?? { start: 0, end: 0 },
      message,
      ...(help === undefined ? {} : { help }),
    })
    return false
  }
  const over = `\`${expected.text}\` is ${describeValue(target)} but ${signature.name} is over`
  if (given === 'category') {
    if (target.element === 'real' || target.element === 'bool')
      return complain(
        `${over} the numbers 1, 2, …`,
        expected.role === 'data' ? 'declare it category' : 'leave its type out',
      )
    return signature.value.indexOf === undefined || checkLevelCount(ctx, signature, placed, expected)
  }
  if (target.element === 'label') {
    const help = 'categories have Categorical; declare the column int, count or bool if its values are numbers'
    return complain(`${over} numbers`, help)
  }
  if (given === 'bool') {
    if (target.element !== 'bool')
      return complain(`${over} bool`, 'declare it bool: 0 and 1 are read as false and true')
    return true
  }
  const discrete = signature.value.discrete && given !== 'real'
  if (discrete && target.element === 'real') return complain(`${over} whole numbers`, `declare it ${given}`)
  if (discrete && target.element === 'bool') return complain(`${over} ${given}`, `declare it ${given}`)
  const literal = expected.target?.kind === 'vector'
  if (
    expected.role === 'latent' &&
    !literal &&
    !signature.value.discrete &&
    (target.element === 'int' || target.element === 'bool')
  )
    return complain(`${over} real numbers`, 'declare it real, or leave its type out')
  const narrower =
    expected.role === 'latent' && given === 'real' && ['positive', 'nonnegative', 'unit', 'interval'].includes(have)
  if (narrower && !signature.value.discrete)
    return complain(
      `${over} all real numbers`,
      `write Truncated(${signature.name}(…), low=…, high=…), or declare it real`,
    )
  const coreWanted = coreRank(given)
  if (coreWanted > 0 && expected.role !== 'data' && have !== given && !compatibleCore(given, have))
    return complain(`${over} ${given}`, `declare it ${given}`)
  return true
}

function compatibleCore(given: SupportName, have: string): boolean {
  return given === 'covariance' && have === 'correlation'
}

/** Categorical: one probability for each level. */
function checkLevelCount(
  ctx: CheckContext,
  signature: DistributionSignature,
  placed: readonly PlacedArgument[],
  expected: ExpectedValue,
): boolean {
  const p =
    placed.find((a) => a.signature.name === signature.value.indexOf) ?? placed.find((a) => a.signature.rank === 1)
  const length = p?.value.type.dims.at(-1)
  const support = expected.target?.type.support
  if (p === undefined || length === undefined || support?.kind !== 'category') return true
  const set = length.size.kind === 'ref' ? ctx.symbols.get(length.size.symbol) : undefined
  if (set?.kind !== 'size' || set.origin !== 'levels' || set.id === support.levels) return true
  ctx.report({
    code: 'E213',
    span: p.span,
    message: `\`${textAt(ctx, p.span)}\` has one probability for each of ${set.name}, but \`${expected.text}\` is a level of ${userName(support.levels)}`,
  })
  return false
}

/** What the value is when nothing on the left says it. */
function impliedType(signature: DistributionSignature, placed: readonly PlacedArgument[]): ValueType {
  const batches = placed.map((a) => {
    const { dims } = a.value.type
    return dims.length < a.signature.rank ? [] : dims.slice(0, dims.length - a.signature.rank)
  })
  const batch = batches.reduce((best, dims) => (dims.length > best.length ? dims : best), [])
  const sized = placed.find((a) => a.signature.name === signature.value.sizeOf && a.value.type.dims.length > 0)
  const vector = sized ?? placed.find((a) => a.signature.rank > 0 && a.value.type.dims.length > 0)
  const length = vector?.value.type.dims.at(-1)
  const core =
    signature.value.rank === 0 || length === undefined ? [] : Array.from({ length: signature.value.rank }, () => length)
  const support = impliedSupport(signature, placed)
  return { element: elementOf(support), dims: [...batch, ...core], support }
}

function impliedSupport(signature: DistributionSignature, placed: readonly PlacedArgument[]): Support {
  const { support, indexOf } = signature.value
  if (support !== 'category') return { kind: support }
  if (indexOf === undefined) return { kind: 'int' }
  const p = placed.find((a) => a.signature.name === indexOf) ?? placed.find((a) => a.signature.rank === 1)
  const size = p?.value.type.dims.at(-1)?.size
  const isSet = size?.kind === 'ref' && size.subscripts.length === 0 && size.type.dims.length === 0
  return isSet && isLevels(size.symbol) ? { kind: 'category', levels: size.symbol } : { kind: 'int' }
}

const isLevels = (id: string): boolean => id.startsWith('size:levels(')

/** Without a value on the left the arguments must agree among themselves. */
function checkBroadcast(ctx: CheckContext, implied: ValueType, placed: readonly PlacedArgument[]): boolean {
  for (const a of placed) {
    const own = a.value.type.dims.slice(0, Math.max(0, a.value.type.dims.length - a.signature.rank))
    const batch = implied.dims.slice(0, own.length)
    if (own.length === 0 || compareDims(ctx, own, batch) !== 'different') continue
    ctx.report({
      code: 'E203',
      span: a.span,
      message: `the arguments differ in shape: ${describeDims(own)} and ${describeDims(batch)}`,
    })
    return false
  }
  return true
}
