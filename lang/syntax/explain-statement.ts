/** Statements that begin with none of the words and are no `target ~ distribution` either. */
import type { IToken } from 'chevrotain'
import type { Diagnostic } from '../diagnostics/types.js'
import { suggest } from '../suggest.js'
import { isCapitalised } from './grammar.js'
import { spanOf } from './lexer.js'
import { replacement, syntaxError } from './syntax-error.js'
import * as t from './tokens.js'

const words = ['model', 'const', 'data', 'param', 'latent', 'let', 'observe', 'fn', 'for', 'if', 'else']

/** Words of other languages, with the word of this one. */
const foreignWords = new Map([
  ['parameter', 'param'],
  ['parameters', 'param'],
  ['constant', 'const'],
  ['var', 'latent'],
  ['hidden', 'latent'],
  ['def', 'fn'],
  ['function', 'fn'],
  ['elif', 'else if'],
  ['elseif', 'else if'],
  ['while', 'for'],
  ['int', 'data'],
  ['real', 'param'],
  ['vector', 'param'],
])

/** What is wrong with the statement as a whole, or undefined where it is one of the statements. */
export function explainStatement(segment: readonly IToken[]): Diagnostic | undefined {
  const [first, second] = segment
  if (first === undefined || t.statementWords.has(first.tokenType)) return undefined
  if ([t.Data, t.Param, t.Latent].includes(first.tokenType)) return undefined
  const span = spanOf(first)
  if ([...t.binaryOperators, t.Not].includes(first.tokenType)) {
    return syntaxError('E123', span, `a line cannot begin with \`${first.image}\``, {
      help: `end the line above with \`${first.image}\`, or put the whole expression into parentheses`,
    })
  }
  const misspelt = explainFirstWord(segment)
  if (misspelt !== undefined) return misspelt
  const outside = segment.filter(outsideBrackets())
  if (outside.some((token) => token.tokenType === t.Tilde)) return undefined
  const whole = { start: span.start, end: spanOf(segment.at(-1) ?? first).end }
  const equals = outside.find((token) => token.tokenType === t.Assign)
  const after = equals === undefined ? undefined : segment[segment.indexOf(equals) + 1]
  if (equals !== undefined && after?.tokenType === t.Identifier && isCapitalised(after.image)) {
    return syntaxError(
      'E110',
      spanOf(equals),
      `what follows the distribution \`${after.image}\` is written with \`~\``,
      {
        help: 'write `~` in place of `=`',
        fix: replacement('write `~`', spanOf(equals), '~'),
      },
    )
  }
  if (equals !== undefined || isArrow(segment)) {
    const name = first.tokenType === t.Identifier ? first.image : 'name'
    return syntaxError('E111', whole, 'nothing is assigned in a model', {
      help: `a name for an expression is given once, by \`let ${name} = …\`; a fact about latents is \`observe a = b\``,
    })
  }
  if (first.tokenType === t.Identifier && second?.tokenType === t.Colon) {
    return syntaxError('E109', span, `it is not said what \`${first.image}\` is`, {
      help: `write \`data ${first.image} : …\`, \`param ${first.image} : …\` or \`latent ${first.image} : …\``,
    })
  }
  return syntaxError('E109', whole, 'this is no statement', {
    help: 'a statement is `variable ~ Distribution(…)`, or begins with `data`, `param`, `latent`, `let`, `observe`, `for` or `if`',
  })
}

/** A statement that begins with a word much like one of the words, or with one of another language. */
export function explainFirstWord(segment: readonly IToken[]): Diagnostic | undefined {
  const [first, second] = segment
  const misspelt = first === undefined ? undefined : misspeltWord(first, second)
  if (first === undefined || misspelt === undefined) return undefined
  return syntaxError('E109', spanOf(first), `\`${first.image}\` begins no statement`, {
    help: `did you mean \`${misspelt}\`?`,
    fix: replacement(`write \`${misspelt}\``, spanOf(first), misspelt),
  })
}

function misspeltWord(first: IToken, second: IToken | undefined): string | undefined {
  if (first.tokenType !== t.Identifier || second === undefined) return undefined
  if (second.tokenType !== t.Identifier) return undefined
  return foreignWords.get(first.image) ?? suggest(first.image, words)
}

/** `x <- value`. */
function isArrow(segment: readonly IToken[]): boolean {
  return segment.some((token, i) => {
    const next = segment[i + 1]
    return token.tokenType === t.Less && next?.tokenType === t.Minus && next.startOffset === token.startOffset + 1
  })
}

function outsideBrackets(): (token: IToken) => boolean {
  let depth = 0
  return (token) => {
    if (token.tokenType === t.LeftParen || token.tokenType === t.LeftBracket) depth += 1
    if (token.tokenType === t.RightParen || token.tokenType === t.RightBracket) depth -= 1
    return depth === 0
  }
}
