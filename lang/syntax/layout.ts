/**
 * Rule 1 of the language: which newlines end a statement. Also pairs brackets, so that the parser sees only balanced
 * ones: what is missing is reported and put in, what is too much is reported and left out.
 */
import type { IToken } from 'chevrotain'
import type { Diagnostic } from '../diagnostics/types.js'
import { spanOf, tokenAt } from './lexer.js'
import { replacement, syntaxError } from './syntax-error.js'
import {
  Comma,
  continuing,
  For,
  If,
  LeftBrace,
  LeftBracket,
  LeftParen,
  Newline,
  RightBrace,
  RightBracket,
  RightParen,
  Semicolon,
  Separator,
  statementWords,
  Tilde,
} from './tokens.js'

/** Depth of brackets and blocks at which reading stops. */
export const maxNesting = 200

export interface LayoutResult {
  readonly tokens: readonly IToken[]
  /** For each `(` and `[`, the number of tokens to its closing partner. */
  readonly partner: ReadonlyMap<IToken, number>
  /** Tokens whose statement has its error already: further complaints about that statement would be noise. */
  readonly mended: ReadonlySet<IToken>
  readonly diagnostics: readonly Diagnostic[]
  readonly tooDeep: boolean
}

/** Replaces newlines that count and `;` by separators, and balances `( )` and `[ ]`. */
export function layOut(input: readonly IToken[], suspects: readonly IToken[]): LayoutResult {
  const output: IToken[] = []
  const open: { readonly token: IToken; readonly at: number }[] = []
  const partner = new Map<IToken, number>()
  const mended = new Set<IToken>(suspects)
  const diagnostics: Diagnostic[] = []
  let braces = 0

  const close = (token: IToken) => {
    const top = open.pop()
    if (top !== undefined) partner.set(top.token, output.length - top.at)
    output.push(token)
  }
  const closeAll = () => {
    const innermost = open.at(-1)?.token
    const last = output.at(-1)
    if (innermost === undefined || last === undefined) return
    diagnostics.push(unclosed(innermost, last))
    while (open.length > 0) closeMissing(last)
  }
  const closeMissing = (last: IToken) => {
    const isParen = open.at(-1)?.token.tokenType === LeftParen
    const end = spanOf(last).end
    const token = tokenAt(isParen ? RightParen : RightBracket, isParen ? ')' : ']', end, end, last)
    mended.add(token)
    close(token)
  }

  for (let i = 0; i < input.length; i += 1) {
    const token = input[i]
    if (token === undefined) break
    if (open.length + braces > maxNesting) {
      const message = `brackets and blocks are nested more than ${maxNesting} deep here`
      diagnostics.push(syntaxError('E124', spanOf(token), message, { help: 'name parts of the expression with `let`' }))
      return { tokens: output, partner, mended, diagnostics, tooDeep: true }
    }
    switch (token.tokenType) {
      case Newline: {
        while (input[i + 1]?.tokenType === Newline) i += 1
        if (open.length > 0 && statementBegins(input, i + 1)) closeAll()
        if (open.length === 0 && !continues(output.at(-1), input[i + 1])) output.push(separator(token))
        break
      }
      case Semicolon:
        if (open.length === 0) output.push(separator(token))
        else {
          diagnostics.push(semicolonInBrackets(token))
          output.push(tokenAt(Comma, ',', token.startOffset, spanOf(token).end, token))
        }
        break
      case LeftParen:
      case LeftBracket:
        open.push({ token, at: output.length })
        output.push(token)
        break
      case RightParen:
      case RightBracket: {
        const wanted = token.tokenType === RightParen ? LeftParen : LeftBracket
        const top = open.at(-1)?.token
        if (top === undefined) {
          diagnostics.push(strayCloser(token, undefined))
          const last = output.at(-1)
          if (last !== undefined) mended.add(last)
        } else if (top.tokenType === wanted) close(token)
        else if (open.some((o) => o.token.tokenType === wanted)) {
          const last = output.at(-1) ?? top
          diagnostics.push(unclosed(top, last))
          while (open.length > 0 && open.at(-1)?.token.tokenType !== wanted) closeMissing(last)
          close(token)
        } else {
          diagnostics.push(strayCloser(token, top))
          const meant = top.tokenType === LeftParen ? RightParen : RightBracket
          const mendedToken = tokenAt(meant, token.image, token.startOffset, spanOf(token).end, token)
          mended.add(mendedToken)
          close(mendedToken)
        }
        break
      }
      case LeftBrace:
        closeAll()
        braces += 1
        output.push(token)
        break
      case RightBrace:
        closeAll()
        braces = Math.max(0, braces - 1)
        output.push(token)
        break
      default:
        output.push(token)
    }
  }
  closeAll()
  return { tokens: output, partner, mended, diagnostics, tooDeep: false }
}

function separator(token: IToken): IToken {
  return tokenAt(Separator, token.image, token.startOffset, spanOf(token).end, token)
}

/** The line ends in an operator, a comma, `=` or the like, and the next one can go on with an operand. */
function continues(last: IToken | undefined, next: IToken | undefined): boolean {
  if (last === undefined || next === undefined || !continuing.has(last.tokenType)) return false
  return !statementWords.has(next.tokenType) && next.tokenType !== RightBrace
}

/**
 * Inside an open bracket: whether the line from `start` on is a new statement, so that the bracket was forgotten. It is
 * when it begins with a word that only a statement begins with, or has a `~` or a brace before it closes any bracket.
 */
function statementBegins(input: readonly IToken[], start: number): boolean {
  const first = input[start]
  if (first === undefined) return false
  if (statementWords.has(first.tokenType) && first.tokenType !== For && first.tokenType !== If) return true
  let depth = 0
  for (let i = start; i < input.length; i += 1) {
    const type = input[i]?.tokenType
    if (type === undefined || type === Newline) return false
    if (type === Tilde || type === LeftBrace || type === RightBrace) return true
    if (type === LeftParen || type === LeftBracket) depth += 1
    if (type === RightParen || type === RightBracket) depth -= 1
    if (depth < 0) return false
  }
  return false
}

function unclosed(opener: IToken, last: IToken): Diagnostic {
  const closer = opener.tokenType === LeftParen ? ')' : ']'
  const end = spanOf(last).end
  return syntaxError('E104', spanOf(opener), `this \`${opener.image}\` is never closed`, {
    label: `no \`${closer}\` follows`,
    help: `put \`${closer}\` where it ends`,
    fix: replacement(`put in \`${closer}\``, { start: end, end }, closer),
  })
}

function strayCloser(token: IToken, top: IToken | undefined): Diagnostic {
  const span = spanOf(token)
  if (top === undefined) {
    return syntaxError('E105', span, `this \`${token.image}\` closes nothing`, {
      help: 'delete it, or put in the bracket that it is to close',
    })
  }
  const meant = top.tokenType === LeftParen ? ')' : ']'
  return syntaxError('E105', span, `\`${top.image}\` is closed by \`${meant}\`, not by \`${token.image}\``, {
    related: [{ span: spanOf(top), message: 'opened here' }],
    help: `write \`${meant}\``,
    fix: replacement(`write \`${meant}\``, span, meant),
  })
}

function semicolonInBrackets(token: IToken): Diagnostic {
  return syntaxError('E126', spanOf(token), 'inside brackets `;` is written `,`', {
    help: 'separate elements by `,`; the rows of a matrix are vectors: `[[1, 2], [3, 4]]`',
    fix: replacement('write `,`', spanOf(token), ','),
  })
}
