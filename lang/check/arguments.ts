/** Which parametrisation of a distribution is meant: the first by position, others by the names of the arguments. */
import type * as ast from '../ast/types.js'
import type { ArgumentSignature, DistributionSignature, Parametrisation } from '../signature.js'
import type { Span } from '../source.js'
import { suggest } from '../suggest.js'
import type { TExpr } from '../typed/types.js'
import type { CheckContext } from './context.js'

/** An argument as written; value null where it is in error. */
export interface GivenArgument {
  readonly name: ast.Identifier | null
  readonly value: TExpr | null
  readonly span: Span
}

export interface Chosen {
  readonly index: number
  readonly arguments: readonly {
    readonly signature: ArgumentSignature
    readonly value: TExpr | null
    readonly span: Span
  }[]
}

/** Puts the given arguments into the places of one parametrisation. */
export function chooseParametrisation(
  ctx: CheckContext,
  signature: DistributionSignature,
  d: ast.DistributionExpression,
  given: readonly GivenArgument[],
): Chosen | null {
  const firstNamed = given.findIndex((a) => a.name !== null)
  const late = firstNamed === -1 ? undefined : given.slice(firstNamed).find((a) => a.name === null)
  if (late !== undefined) {
    ctx.report({
      code: 'E215',
      span: late.span,
      message: 'an argument without a name stands after one with a name',
      help: 'arguments by position come first',
    })
    return null
  }
  const positional = given.filter((a) => a.name === null)
  const named = given.filter((a) => a.name !== null)
  const fits: Chosen[] = []
  for (const [index, parametrisation] of signature.parametrisations.entries()) {
    const placed = place(parametrisation, positional, named)
    if (placed !== null) fits.push({ index, arguments: placed })
  }
  const best = fits[0]
  if (best !== undefined) return best
  reportMisfit(ctx, signature, d, positional, named)
  return null
}

function place(
  parametrisation: Parametrisation,
  positional: readonly GivenArgument[],
  named: readonly GivenArgument[],
): Chosen['arguments'] | null {
  const { arguments: wanted } = parametrisation
  if (positional.length + named.length !== wanted.length) return null
  const taken: { signature: ArgumentSignature; value: TExpr | null; span: Span }[] = []
  const names = new Map(named.map((a) => [a.name?.name ?? '', a]))
  if (names.size < named.length) return null
  for (const [i, signature] of wanted.entries()) {
    const argument = positional[i] ?? names.get(signature.name)
    if (argument === undefined) return null
    taken.push({ signature, value: argument.value, span: argument.span })
  }
  return taken
}

function reportMisfit(
  ctx: CheckContext,
  signature: DistributionSignature,
  d: ast.DistributionExpression,
  positional: readonly GivenArgument[],
  named: readonly GivenArgument[],
): void {
  const usage = usageOf(signature)
  const known = new Set(signature.parametrisations.flatMap((p) => p.arguments.map((a) => a.name)))
  for (const a of named) {
    if (a.name === null || known.has(a.name.name)) continue
    const nearest = suggest(a.name.name, known)
    ctx.report({
      code: 'E216',
      span: a.name.span,
      message: `${signature.name} has no argument \`${a.name.name}\``,
      help: nearest === undefined ? `it is written ${usage}` : `did you mean \`${nearest}\`? It is written ${usage}`,
      ...(nearest === undefined
        ? {}
        : { fix: { title: `write \`${nearest}\``, edits: [{ span: a.name.span, text: nearest }] } }),
    })
    return
  }
  const total = positional.length + named.length
  const twice = named.find((a, i) => named.findIndex((b) => b.name?.name === a.name?.name) < i)
  const counts = signature.parametrisations.map((p) => p.arguments.length)
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  const wanted = least === most ? `${least}` : `${least} or ${most}`
  const message =
    twice !== undefined
      ? `\`${twice.name?.name}\` is given twice`
      : total < least || total > most
        ? `${signature.name} takes ${wanted} ${wanted === '1' ? 'argument' : 'arguments'}, but ${total} ${total === 1 ? 'is' : 'are'} given`
        : `these arguments of ${signature.name} do not go together`
  ctx.report({ code: 'E215', span: d.span, message, help: `it is written ${usage}` })
}

/** `Normal(mean, sd)` or `Normal(mean, var=…)`. */
export function usageOf(signature: DistributionSignature): string {
  const first = signature.parametrisations[0]
  return signature.parametrisations
    .map((p, i) => {
      const args = p.arguments.map((a, j) => (i > 0 && first?.arguments[j]?.name !== a.name ? `${a.name}=…` : a.name))
      return `${signature.name}(${args.join(', ')})`
    })
    .join(' or ')
}
