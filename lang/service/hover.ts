/** What stands under the pointer: its role, type, shape and support, and what the derivation does with it. */
import { usageOf } from '../check/arguments.js'
import { builtinUsage } from '../check/functions.js'
import { specialUsages } from '../check/special-distributions.js'
import { describeArray, describeSupport } from '../check/value-types.js'
import { formatDomain, formatExpression } from '../format/expression.js'
import { statementText } from '../format/statement.js'
import type { DistributionSignature } from '../signature.js'
import { printDomain, printExpression, userName } from '../typed/print.js'
import type { ArrayType, Dim, ModelSymbol, Support } from '../typed/types.js'
import { type Analysis, holds, occurrenceAt, symbolOf, tokenAt } from './analyse.js'
import type { Definition } from './names.js'
import type { Hover } from './types.js'
import { constantWords, functionWords, keywordWords, specialWords, typeWords } from './words.js'

/** What the derivation says of a param's update or a latent's posterior, as Markdown; null where it says nothing. */
export type Rules = (kind: 'param' | 'latent', name: string) => string | null

export const noRules: Rules = () => null

/** null where there is nothing to say. */
export function hover(a: Analysis, offset: number, rules: Rules = noRules): Hover | null {
  if (a.comments.some((c) => c.span.start <= offset && offset < c.span.end)) return null
  const occurrence = occurrenceAt(a, offset)
  if (occurrence !== undefined)
    return { span: occurrence.span, markdown: paragraphs(describeDefinition(a, occurrence.definition, rules)) }
  const word = a.names.words.find((w) => holds(w.span, offset))
  const token = tokenAt(a, offset)
  const name = word?.name ?? token?.text
  const span = word?.span ?? token?.span
  if (name === undefined || span === undefined) return null
  const kind = word?.kind ?? (token?.kind === 'word' ? 'keyword' : token?.kind === 'name' ? 'free-name' : null)
  const text = kind === null ? null : describeWord(a, name, kind, word?.of ?? null)
  return text === null ? null : { span, markdown: paragraphs(text) }
}

const paragraphs = (parts: readonly string[]): string => parts.filter((p) => p !== '').join('\n\n')

/** Text of the user within code of Markdown, where nothing of it has a meaning. */
export const code = (text: string): string => `\`\`\`estep\n${text.replace(/`{3,}/g, "'''")}\n\`\`\``

/** A few words of the user within a line. */
export const inlineCode = (text: string): string => `\`${text.replaceAll('`', "'")}\``

function describeWord(a: Analysis, name: string, kind: string, of: string | null): readonly string[] | null {
  if (kind === 'argument-name') return argumentWords(a, of ?? '', name)
  if (kind === 'type') {
    const type = typeWords.get(name)
    return type === undefined ? null : [code(name), type.text]
  }
  const signature = a.distributions.get(name)
  const isDistribution = kind === 'distribution' || kind === 'function' || kind === 'free-name'
  if (isDistribution && signature !== undefined) return distributionWords(signature)
  const special = specialWords.get(name)
  if (isDistribution && special !== undefined) return [code(specialUsages.get(name) ?? name), special.text]
  const usage = builtinUsage(name)
  if ((kind === 'function' || kind === 'free-name') && usage !== undefined)
    return [code(usage), functionWords.get(name) ?? '']
  const constant = constantWords.get(name)
  if (constant !== undefined && kind === 'unknown-name') return [code(name), constant]
  const keyword = keywordWords.get(name)
  if (keyword !== undefined && (kind === 'keyword' || kind === 'free-name')) return [code(name), keyword.text]
  if (kind === 'free-name') {
    const type = typeWords.get(name)
    if (type !== undefined) return [code(name), type.text]
  }
  return null
}

/** A distribution: its parametrisations, what it is, the support of each argument and of its value. */
export function distributionWords(signature: DistributionSignature): readonly string[] {
  const known = new Map(signature.parametrisations.flatMap((p) => p.arguments.map((x) => [x.name, x] as const)))
  const lines = [...known.values()].map((x) => `- ${inlineCode(x.name)}: ${argumentType(x.support, x.rank)}`)
  const { value } = signature
  return [
    code(usageOf(signature)),
    signature.summary,
    lines.join('\n'),
    `Its value is ${value.indexOf === undefined ? argumentType(value.support, value.rank) : `a place in ${inlineCode(value.indexOf)}`}. See *Distributions* in the language reference.`,
  ]
}

function argumentWords(a: Analysis, of: string, name: string): readonly string[] | null {
  const signature = a.distributions.get(of)
  const argument = signature?.parametrisations.flatMap((p) => p.arguments).find((x) => x.name === name)
  if (signature === undefined || argument === undefined) return null
  return [code(`${of}(… ${name}= …)`), `${argumentType(argument.support, argument.rank)}.`, signature.summary]
}

/** "positive", "a vector of real", "covariance matrix". */
export function argumentType(support: string, rank: 0 | 1 | 2): string {
  if (support === 'covariance' || support === 'correlation') return `a ${support} matrix`
  if (support === 'simplex') return 'a simplex'
  return rank === 0 ? support : rank === 1 ? `a vector, ${support}` : `a matrix, ${support}`
}

function describeDefinition(a: Analysis, d: Definition, rules: Rules): readonly string[] {
  const symbol = symbolOf(a, d)
  switch (d.kind) {
    case 'data':
    case 'param':
    case 'latent':
      return declaredWords(a, d, symbol, rules)
    case 'const':
      return [code(`const ${d.name} = ${valueText(d, symbol)}`), 'Fixed. A fit may override it with `--set`.']
    case 'let': {
      const reported = symbol?.kind === 'let' && symbol.topLevel ? 'Reported with the fit.' : ''
      const type = symbol?.kind === 'let' ? `Type: ${inlineCode(letType(symbol))}.` : ''
      return [code(`let ${d.name} = ${valueText(d, symbol)}`), type, reported]
    }
    case 'function':
      return [code(d.statement === null ? d.name : statementText(d.statement)), 'A function of this model.']
    case 'size':
      return [code(`size ${d.name}`), sizeWords(symbol)]
    case 'index':
      return [
        code(`${d.name} in ${d.domain === null ? '…' : formatDomain(d.domain)}`),
        'The variable of a loop. It counts from the start of its range.',
      ]
    case 'argument':
      return [code(d.name), 'An argument of this function.']
  }
}

function valueText(d: Definition, symbol: ModelSymbol | undefined): string {
  const s = d.statement
  if (s !== null && (s.kind === 'const' || s.kind === 'let')) return formatExpression(s.value)
  return symbol?.kind === 'const' || symbol?.kind === 'let' ? printExpression(symbol.value, userName) : '…'
}

function letType(symbol: Extract<ModelSymbol, { kind: 'let' }>): string {
  const { support, element, dims } = symbol.value.type
  return `${support === null ? element : describeSupport(support)}${dimsText(dims)}`
}

const dimsText = (dims: readonly Dim[]): string =>
  dims.length === 0 ? '' : `[${dims.map((x) => printExpression(x.size, userName)).join(', ')}]`

const ROLE = {
  data: 'Observed.',
  param: 'Unknown: EM maximises over it.',
  latent: 'Unobserved: EM sums or integrates it out.',
} as const

function declaredWords(a: Analysis, d: Definition, symbol: ModelSymbol | undefined, rules: Rules): readonly string[] {
  const role = d.kind === 'data' || d.kind === 'param' ? d.kind : 'latent'
  if (symbol === undefined || !('type' in symbol)) {
    const written = d.statement === null ? `${role} ${d.name}` : statementText(d.statement)
    return [code(written), ROLE[role]]
  }
  const { type } = symbol
  const plates =
    symbol.kind === 'latent' && symbol.plates.length > 0
      ? `One for each of ${symbol.plates.map((p) => inlineCode(printDomain(p, userName))).join(' × ')}.`
      : ''
  const cells = type.optional ? 'Cells may be missing: a missing cell is a latent.' : ''
  const rule = role === 'data' ? null : rules(role, d.name)
  return [
    code(`${role} ${d.name} : ${describeArray(type)}`),
    `${ROLE[role]} ${plates}`.trim(),
    `${supportSentence(type.support, a)} ${shapeSentence(type)}`.trim(),
    cells,
    rule ?? '',
  ]
}

/** What the values may be. */
function supportSentence(support: Support, a: Analysis): string {
  if (support.kind === 'interval')
    return `Support: from ${inlineCode(printExpression(support.low, userName))} to ${inlineCode(printExpression(support.high, userName))}, ends included.`
  if (support.kind === 'category') {
    const levels = a.symbols.find((s) => s.id === support.levels)
    return `Support: ${levels === undefined ? 'its levels' : inlineCode(levels.name)}, numbered from 1.`
  }
  const words = typeWords.get(support.kind)?.text ?? support.kind
  const first = words.slice(0, words.indexOf('.') + 1)
  return `Support: ${first.charAt(0).toLowerCase()}${first.slice(1)}`
}

/** "Shape: K × D." */
function shapeSentence(type: ArrayType): string {
  const dims = [...type.batch, ...type.core]
  if (dims.length === 0) return 'Shape: one number.'
  const sizes = dims.map((x) => inlineCode(printExpression(x.size, userName)))
  const ragged = dims.some((x) => x.raggedBy !== null) ? ', each with its own length' : ''
  return `Shape: ${sizes.join(' × ')}${ragged}.`
}

function sizeWords(symbol: ModelSymbol | undefined): string {
  if (symbol?.kind !== 'size') return 'A size, bound by the data.'
  const by = symbol.boundBy.map((id) => inlineCode(userName(id))).join(', ')
  const what =
    symbol.origin === 'levels' ? 'A set of levels' : symbol.origin === 'length' ? 'The lengths of sequences' : 'A size'
  return by === '' ? `${what}, bound by the data.` : `${what}, bound by ${by}.`
}
