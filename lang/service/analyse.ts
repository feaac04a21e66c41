import type { ModelFile } from '../ast/types.js'
import { inspect } from '../check.js'
import type { Diagnostic } from '../diagnostics/types.js'
import type { DistributionSignature } from '../signature.js'
import type { Source, Span } from '../source.js'
import { createLexer, spanOf } from '../syntax/lexer.js'
import { Identifier, Newline, NumberToken, reservedWord, StringToken } from '../syntax/tokens.js'
import type { ModelSymbol, TypedModel } from '../typed/types.js'
import { type Definition, type Names, namesOf, type Occurrence } from './names.js'

export interface Token {
  readonly kind: 'name' | 'word' | 'number' | 'string' | 'newline' | 'sign'
  readonly text: string
  readonly span: Span
}

/** Everything that the answers about one text are made from. */
export interface Analysis {
  readonly source: Source
  readonly distributions: ReadonlyMap<string, DistributionSignature>
  /** Of syntax and types, by place. */
  readonly diagnostics: readonly Diagnostic[]
  readonly file: ModelFile
  readonly tokens: readonly Token[]
  readonly comments: ModelFile['comments']
  readonly names: Names
  /** The symbols that could be made out, whatever else is wrong. */
  readonly symbols: readonly ModelSymbol[]
  /** Where nothing is wrong. */
  readonly model: TypedModel | null
}

const lex = createLexer()

/** Reads and types a text, for all questions about it. */
export function analyse(source: Source, distributions: readonly DistributionSignature[]): Analysis {
  const inspected = inspect(source, distributions)
  const empty: ModelFile = { span: { start: 0, end: source.text.length }, name: null, statements: [], comments: [] }
  const file = inspected.file ?? empty
  return {
    source,
    distributions: new Map(distributions.map((d) => [d.name, d])),
    diagnostics: inspected.diagnostics,
    file,
    tokens: inspected.file === null ? [] : tokensOf(source.text),
    comments: file.comments,
    names: namesOf(file),
    symbols: inspected.symbols,
    model: inspected.value ?? null,
  }
}

function tokensOf(text: string): readonly Token[] {
  return lex(text).tokens.map((token) => {
    const kind =
      token.tokenType === Identifier
        ? 'name'
        : token.tokenType === Newline
          ? 'newline'
          : token.tokenType === NumberToken
            ? 'number'
            : token.tokenType === StringToken
              ? 'string'
              : reservedWord(token.image) === token.tokenType
                ? 'word'
                : 'sign'
    return { kind, text: token.image, span: spanOf(token) }
  })
}

export const holds = (span: Span, offset: number): boolean => span.start <= offset && offset <= span.end

/** The token that touches an offset; of two, the one that is a name or a word. */
export function tokenAt(a: Analysis, offset: number): Token | undefined {
  const near = a.tokens.filter((t) => t.kind !== 'newline' && holds(t.span, offset))
  return near.find((t) => t.kind === 'name' || t.kind === 'word') ?? near[0]
}

/** The name at an offset. In a statement that could not be read, what is visible there by that name. */
export function occurrenceAt(a: Analysis, offset: number): Occurrence | undefined {
  const found = a.names.occurrences.find((o) => holds(o.span, offset))
  if (found !== undefined) return found
  const token = tokenAt(a, offset)
  if (token?.kind !== 'name' || a.names.words.some((w) => w.span.start === token.span.start)) return undefined
  const definition = visibleAt(a, offset).find((d) => d.name === token.text)
  return definition === undefined ? undefined : { span: token.span, definition, declares: false }
}

/** Definitions that can be seen at a place, the innermost first. */
export function visibleAt(a: Analysis, offset: number): readonly Definition[] {
  return a.names.definitions
    .filter((d) => holds(d.visible, offset))
    .sort((x, y) => length(x.visible) - length(y.visible))
}

const length = (span: Span): number => span.end - span.start

/** What the type checker made of a definition. */
export function symbolOf(a: Analysis, d: Definition): ModelSymbol | undefined {
  return a.symbols.find((s) => s.kind === d.kind && s.name === d.name && (s.span.start === d.span.start || isLatent(s)))
}

const isLatent = (s: ModelSymbol): boolean => s.kind === 'latent'
