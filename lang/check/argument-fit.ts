/** Whether an argument has the rank, shape and support that its place in a distribution wants. */
import type { ArgumentSignature, DistributionSignature, SupportName } from '../signature.js'
import type { Span } from '../source.js'
import { userName } from '../typed/print.js'
import type { Dim, TExpr } from '../typed/types.js'
import { type CheckContext, type ExpectedValue, textAt } from './context.js'
import { misfit } from './fits.js'
import { numericValue } from './ranges.js'
import { compareSizes } from './size-form.js'
import { compareDims, describeArray, describeDims, describeValue } from './value-types.js'

export interface PlacedArgument {
  readonly signature: ArgumentSignature
  readonly value: TExpr
  readonly span: Span
  readonly place: number
}

/** Rank, shape and support of one argument against the value on the left. */
export function checkOneArgument(
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
    if (signature.value.rank === 2) {
      const order = describeDims(shape).slice(1, -1)
      if (kind === 'spherical')
        help = `a multiple of the identity is  ${argument} * identity(${order === '' ? '…' : order})`
    } else help = expected.target === null ? undefined : scaleHelp(ctx, kind, a, expected)
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
