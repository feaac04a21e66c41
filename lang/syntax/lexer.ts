/** Text → tokens. Whatever the lexer understands in spite of its spelling it reports and passes on as what is meant. */
import { createTokenInstance, type IToken, Lexer, type TokenType } from 'chevrotain'
import type { Comment } from '../ast/types.js'
import type { Diagnostic } from '../diagnostics/types.js'
import type { Span } from '../source.js'
import { codePointName, isForeignQuote, isInvisible, type Lookalike, lookalikes } from './lookalikes.js'
import { replacement, syntaxError } from './syntax-error.js'
import {
  BrokenNumber,
  Identifier,
  lexerTokens,
  NumberToken,
  OpenString,
  RightBracket,
  RightParen,
  reservedWord,
  SlashComment,
  Star,
  StringToken,
  Unknown,
} from './tokens.js'

export interface LexResult {
  readonly tokens: readonly IToken[]
  readonly comments: readonly Comment[]
  /** Tokens that were put right so roughly that more errors around them would be noise. */
  readonly suspects: readonly IToken[]
  readonly diagnostics: readonly Diagnostic[]
}

/** The half-open span of a token. */
export function spanOf(token: IToken): Span {
  return { start: token.startOffset, end: (token.endOffset ?? token.startOffset - 1) + 1 }
}

/** A token of `type` at `start..end`, with the line of `like`. */
export function tokenAt(type: TokenType, image: string, start: number, end: number, like: IToken): IToken {
  const line = like.startLine ?? 1
  return createTokenInstance(type, image, start, end - 1, line, line, 1, 1)
}

/** Splits `text` into tokens; newlines stay in as tokens. Never throws and takes time linear in the text. */
export function createLexer(): (text: string) => LexResult {
  const lexer = new Lexer(lexerTokens, { positionTracking: 'full', skipValidations: true })
  return (text) => {
    const raw = lexer.tokenize(text)
    const diagnostics: Diagnostic[] = []
    const tokens: IToken[] = []
    const suspects: IToken[] = []
    let resumeAt = 0
    for (const token of raw.tokens) {
      if (token.startOffset < resumeAt) continue
      const last = tokens.at(-1)
      const lookalike = lookalikeAt(text, token)
      if (lookalike !== undefined) {
        const span = { start: token.startOffset, end: token.startOffset + lookalike.text.length }
        diagnostics.push(foreignSign(span, lookalike))
        tokens.push(tokenAt(lookalike.type, lookalike.meant, span.start, span.end, token))
        resumeAt = span.end
      } else if (token.tokenType === Unknown) {
        resumeAt = readUnknown(text, token, tokens, diagnostics)
      } else if (token.tokenType === SlashComment) {
        const span = spanOf(token)
        const slashes = { start: span.start, end: span.start + 2 }
        diagnostics.push(
          syntaxError('E127', slashes, 'a comment begins with `#`, not with `//`', {
            fix: replacement('write `#`', slashes, '#'),
            help: 'write `#` in place of `//`',
          }),
        )
      } else if (token.tokenType === OpenString) {
        diagnostics.push(
          syntaxError('E102', spanOf(token), 'this text in quotes is not closed before the end of its line', {
            help: 'close it with `"`',
          }),
        )
        const string = retyped(StringToken, token)
        suspects.push(string)
        tokens.push(string)
      } else if (token.tokenType === BrokenNumber || token.tokenType === NumberToken) {
        diagnostics.push(...checkNumber(token))
        tokens.push(retyped(NumberToken, token))
      } else if (token.tokenType === Identifier) {
        if (last?.tokenType === NumberToken && spanOf(last).end === token.startOffset) {
          diagnostics.push(numberThenName(last, token))
          tokens.push(tokenAt(Star, '*', token.startOffset, token.startOffset, token))
        }
        const type = reservedWord(token.image)
        tokens.push(type === undefined ? token : retyped(type, token))
      } else {
        tokens.push(token)
      }
    }
    const comments = (raw.groups.comments ?? []).map((token) => toComment(text, token))
    return { tokens, comments, suspects, diagnostics }
  }
}

function retyped(type: TokenType, token: IToken): IToken {
  return tokenAt(type, token.image, token.startOffset, spanOf(token).end, token)
}

function lookalikeAt(text: string, token: IToken): Lookalike | undefined {
  const first = token.image[0]
  if (token.tokenType !== Unknown && first !== '*' && first !== ':') return undefined
  return lookalikes.find((l) => text.startsWith(l.text, token.startOffset))
}

function foreignSign(span: Span, found: Lookalike): Diagnostic {
  return syntaxError('E126', span, `\`${found.text}\` is written \`${found.meant}\` here`, {
    label: `write \`${found.meant}\``,
    fix: replacement(`write \`${found.meant}\``, span, /^[a-z]/.test(found.meant) ? ` ${found.meant} ` : found.meant),
  })
}

function checkNumber(token: IToken): Diagnostic[] {
  const span = spanOf(token)
  if (token.tokenType === BrokenNumber) {
    const better = token.image.replace('.', '.0')
    return [
      syntaxError('E103', span, `the number \`${token.image}\` needs a digit after its point`, {
        help: `write \`${better}\`, or \`${token.image.replace('.', '')}\``,
        fix: replacement(`write \`${better}\``, span, better),
      }),
    ]
  }
  if (Number.isFinite(Number(token.image))) return []
  return [syntaxError('E103', span, 'this number is too large to be held (the largest is about 1.8e308)')]
}

function numberThenName(number: IToken, name: IToken): Diagnostic {
  const span = { start: number.startOffset, end: spanOf(name).end }
  const better = `${number.image}*${name.image}`
  return syntaxError('E103', span, `\`${number.image}${name.image}\` is neither a number nor a name`, {
    help: `a product needs its sign: \`${better}\`; a name begins with a letter`,
    fix: replacement(`write \`${better}\``, span, better),
  })
}

/** Reports one run of characters that begin nothing; returns the offset where reading goes on. */
function readUnknown(text: string, token: IToken, tokens: IToken[], diagnostics: Diagnostic[]): number {
  const start = token.startOffset
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0)
  const last = tokens.at(-1)
  const touches = last !== undefined && spanOf(last).end === start
  if (character === "'" && touches && [Identifier, RightParen, RightBracket].includes(last.tokenType)) {
    const span = { start, end: start + 1 }
    diagnostics.push(
      syntaxError('E101', span, "there is no operator `'`", { help: 'the transpose of A is written `transpose(A)`' }),
    )
    tokens.push(token)
    return span.end
  }
  if (isForeignQuote(character)) {
    const closing = closingQuote(text, start + character.length)
    const span = { start, end: closing ?? start + character.length }
    const inner = text.slice(start + 1, span.end - 1)
    diagnostics.push(
      syntaxError('E126', span, 'text stands between straight double quotes `"`', {
        ...(closing === undefined ? {} : { fix: replacement('use straight quotes', span, `"${inner}"`) }),
        help: closing === undefined ? 'write `"` at both ends' : `write "${inner}"`,
      }),
    )
    tokens.push(closing === undefined ? token : tokenAt(StringToken, `"${inner}"`, span.start, span.end, token))
    return span.end
  }
  const end = endOfUnknown(text, start)
  const span = { start, end }
  const image = text.slice(start, end)
  const message = isInvisible(character)
    ? `an invisible character (${codePointName(character)}) stands here`
    : `\`${image}\` means nothing in a model`
  diagnostics.push(syntaxError('E101', span, message, { help: adviceOn(character) }))
  tokens.push(tokenAt(Unknown, image, start, end, token))
  return end
}

function adviceOn(character: string): string {
  if (isInvisible(character)) return 'delete it'
  if (character === '%') return 'the remainder of a division is `mod(a, b)`; a comment begins with `#`'
  if (character === '$' || character === '@') return 'names are made of letters, digits and `_`'
  return 'delete it, or put it into a comment after `#`'
}

/** Offset after the next quotation mark of any foreign kind on this line. */
function closingQuote(text: string, from: number): number | undefined {
  for (let i = from; i < text.length; i += 1) {
    const c = text.charAt(i)
    if (c === '\n' || c === '\r' || c === '"' || c === '\\') return undefined
    if (isForeignQuote(c)) return i + 1
  }
  return undefined
}

/** A run ends at anything that another pattern may begin with, and at a known lookalike. */
function endOfUnknown(text: string, start: number): number {
  let end = start + String.fromCodePoint(text.codePointAt(start) ?? 0).length
  while (end < text.length) {
    const c = String.fromCodePoint(text.codePointAt(end) ?? 0)
    const begins = /[\p{L}\p{N}_\s"()[\]{};,:?~=<>+\-*/.^#]/u.test(c)
    if (begins || isForeignQuote(c) || lookalikes.some((l) => text.startsWith(l.text, end))) break
    end += c.length
  }
  return end
}

function toComment(text: string, token: IToken): Comment {
  const span = spanOf(token)
  let i = span.start - 1
  while (i >= 0 && /[ \t\f\v\u00A0\u202F\uFEFF]/.test(text.charAt(i))) i -= 1
  const ownLine = i < 0 || text[i] === '\n' || text[i] === '\r'
  return { span, text: token.image.trimEnd(), ownLine }
}
