/** The token types of a model file. Patterns are anchored by the lexer and free of nested quantifiers. */
import { createToken, Lexer, type TokenType } from 'chevrotain'

const identifier = /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy

/** A letter or `_`, then letters, digits and `_`, in any script. */
function matchIdentifier(text: string, offset: number): RegExpExecArray | null {
  identifier.lastIndex = offset
  return identifier.exec(text)
}

/** From a `"` to the next one on the line that no backslash escapes; without it, to the end of the line. */
function scanString(text: string, offset: number): { readonly end: number; readonly closed: boolean } | null {
  if (text[offset] !== '"') return null
  let i = offset + 1
  for (; i < text.length; i += 1) {
    const c = text[i]
    if (c === '\n' || c === '\r') break
    if (c === '"') return { end: i + 1, closed: true }
    if (c === '\\' && text[i + 1] !== '\n' && text[i + 1] !== '\r') i += 1
  }
  return { end: Math.min(i, text.length), closed: false }
}

function matchString(closed: boolean): (text: string, offset: number) => [string] | null {
  return (text, offset) => {
    const found = scanString(text, offset)
    return found !== null && found.closed === closed ? [text.slice(offset, found.end)] : null
  }
}

export const Newline = createToken({ name: 'Newline', pattern: /\r\n|\n|\r/, line_breaks: true })
export const Space = createToken({ name: 'Space', pattern: /[ \t\f\v\u00A0\u202F\uFEFF]+/, group: Lexer.SKIPPED })
export const CommentToken = createToken({ name: 'Comment', pattern: /#[^\r\n]*/, group: 'comments' })
/** `// …` is not a comment here; its text is passed over all the same. */
export const SlashComment = createToken({ name: 'SlashComment', pattern: /\/\/[^\r\n]*/ })

export const Identifier = createToken({
  name: 'Identifier',
  pattern: { exec: matchIdentifier },
  line_breaks: false,
})

/** Categories, for the parser to ask for any of a kind. */
export const BinaryOperator = createToken({ name: 'BinaryOperator', pattern: Lexer.NA })
export const PrefixOperator = createToken({ name: 'PrefixOperator', pattern: Lexer.NA })

const wordCategories = new Map([
  ['and', [BinaryOperator]],
  ['or', [BinaryOperator]],
  ['not', [PrefixOperator]],
])
/** Reserved words. */
export const words: readonly string[] =
  'model const data param latent let observe fn for in if else and or not true false'.split(' ')
/** Reserved words, each a token type of its own; the lexer gives the type after it has matched an identifier. */
const wordTypes = new Map<string, TokenType>(
  words.map((name) => [
    name,
    createToken({ name, pattern: Lexer.NA, label: `\`${name}\``, categories: wordCategories.get(name) ?? [] }),
  ]),
)

function word(name: string): TokenType {
  const type = wordTypes.get(name)
  if (type === undefined) throw new Error(`no token type for the word ${name}`)
  return type
}

export const Model = word('model')
export const Const = word('const')
export const Data = word('data')
export const Param = word('param')
export const Latent = word('latent')
export const Let = word('let')
export const Observe = word('observe')
export const Fn = word('fn')
export const For = word('for')
export const In = word('in')
export const If = word('if')
export const Else = word('else')
export const And = word('and')
export const Or = word('or')
export const Not = word('not')
export const True = word('true')
export const False = word('false')

/** `1.` followed by nothing that makes it `1..N`, `1.5`, `1.*x` or `1./x`. */
export const BrokenNumber = createToken({ name: 'BrokenNumber', pattern: /\d+\.(?![.\d*/])(?:[eE][+-]?\d+)?/ })
export const NumberToken = createToken({ name: 'Number', pattern: /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/ })
export const StringToken = createToken({
  name: 'String',
  pattern: { exec: matchString(true) },
  line_breaks: false,
})
export const OpenString = createToken({
  name: 'OpenString',
  pattern: { exec: matchString(false) },
  line_breaks: false,
})

function sign(name: string, pattern: string, categories: TokenType[] = []): TokenType {
  return createToken({ name, pattern, label: `\`${pattern}\``, categories })
}

export const LeftParen = sign('LeftParen', '(')
export const RightParen = sign('RightParen', ')')
export const LeftBracket = sign('LeftBracket', '[')
export const RightBracket = sign('RightBracket', ']')
export const LeftBrace = sign('LeftBrace', '{')
export const RightBrace = sign('RightBrace', '}')
export const Semicolon = sign('Semicolon', ';')
export const Comma = sign('Comma', ',')
export const Colon = sign('Colon', ':')
export const Question = sign('Question', '?')
export const Tilde = sign('Tilde', '~')
export const DotDot = sign('DotDot', '..')
export const Equal = sign('Equal', '==', [BinaryOperator])
export const NotEqual = sign('NotEqual', '!=', [BinaryOperator])
export const LessEqual = sign('LessEqual', '<=', [BinaryOperator])
export const GreaterEqual = sign('GreaterEqual', '>=', [BinaryOperator])
export const Less = sign('Less', '<', [BinaryOperator])
export const Greater = sign('Greater', '>', [BinaryOperator])
export const Assign = sign('Assign', '=')
export const Plus = sign('Plus', '+', [BinaryOperator, PrefixOperator])
export const Minus = sign('Minus', '-', [BinaryOperator, PrefixOperator])
export const DotStar = sign('DotStar', '.*', [BinaryOperator])
export const DotSlash = sign('DotSlash', './', [BinaryOperator])
export const Star = sign('Star', '*', [BinaryOperator])
export const Slash = sign('Slash', '/', [BinaryOperator])
export const Caret = sign('Caret', '^', [BinaryOperator])

/** What no other pattern begins with: one character, joined with its neighbours and reported once. */
export const Unknown = createToken({ name: 'Unknown', pattern: /[\s\S]/, line_breaks: true })

/** Stands where a statement ends: a newline that counts, or `;`. */
export const Separator = createToken({ name: 'Separator', pattern: Lexer.NA })

const binaryTypes = [Plus, Minus, Star, Slash, Caret, DotStar, DotSlash]
const comparisonTypes = [Equal, NotEqual, LessEqual, GreaterEqual, Less, Greater]

/** Every operator that may stand between two operands. */
export const binaryOperators: readonly TokenType[] = [...binaryTypes, ...comparisonTypes, And, Or]

/** After one of these at the end of a line, the statement goes on in the next line. */
export const continuing: ReadonlySet<TokenType> = new Set([
  ...binaryOperators,
  Not,
  Tilde,
  Comma,
  Assign,
  Colon,
  DotDot,
  In,
  Else,
])

/** Words that begin a statement. */
export const statementWords: ReadonlySet<TokenType> = new Set([
  Model,
  Const,
  Data,
  Param,
  Latent,
  Let,
  Observe,
  Fn,
  For,
  If,
])

/** The type of a reserved word, or undefined for a free name. */
export function reservedWord(image: string): TokenType | undefined {
  return wordTypes.get(image)
}

/** Order matters: the first pattern that matches wins. */
export const lexerTokens: TokenType[] = [
  Newline,
  Space,
  CommentToken,
  SlashComment,
  Identifier,
  DotDot,
  DotStar,
  DotSlash,
  BrokenNumber,
  NumberToken,
  StringToken,
  OpenString,
  LeftParen,
  RightParen,
  LeftBracket,
  RightBracket,
  LeftBrace,
  RightBrace,
  Semicolon,
  Comma,
  Colon,
  Question,
  Tilde,
  Equal,
  NotEqual,
  LessEqual,
  GreaterEqual,
  Less,
  Greater,
  Assign,
  Plus,
  Minus,
  Star,
  Slash,
  Caret,
  Unknown,
]

/** Every type the parser may meet, those that the lexer does not make itself included. */
export const parserTokens: TokenType[] = [
  BinaryOperator,
  PrefixOperator,
  ...lexerTokens,
  ...wordTypes.values(),
  Separator,
]
