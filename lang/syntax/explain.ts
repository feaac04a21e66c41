/** From where the parser stopped to one sentence about what is wrong. */
import type { IRecognitionException, IToken } from 'chevrotain'
import type { Diagnostic } from '../diagnostics/types.js'
import type { Span } from '../source.js'
import { suggest } from '../suggest.js'
import { explainStatement } from './explain-statement.js'
import { isCapitalised } from './grammar.js'
import { spanOf } from './lexer.js'
import { replacement, syntaxError } from './syntax-error.js'
import * as t from './tokens.js'

/** Where the parser stopped: `at` is undefined at the end of the statement. */
interface Stop {
  readonly segment: readonly IToken[]
  readonly at: IToken | undefined
  readonly before: IToken | undefined
  /** The innermost rule. */
  readonly rule: string
  /** Name of the token type that was wanted, where it was a single one. */
  readonly wanted: string
  readonly span: Span
}

const operandEnds = new Set([t.Identifier, t.NumberToken, t.StringToken, t.True, t.False, t.RightParen, t.RightBracket])
const operandBegins = new Set([
  ...[t.Identifier, t.NumberToken, t.StringToken, t.True, t.False, t.LeftParen, t.LeftBracket, t.Not],
])

/** The diagnostic for a segment of tokens that no rule takes. */
export function explain(segment: readonly IToken[], failure: IRecognitionException): Diagnostic {
  const index = segment.indexOf(failure.token)
  const at = index === -1 ? undefined : segment[index]
  const before = index === -1 ? segment.at(-1) : segment[index - 1]
  const end = before === undefined ? 0 : spanOf(before).end
  const stop: Stop = {
    segment,
    at,
    before,
    rule: failure.context.ruleStack.at(-1) ?? '',
    wanted: wantedBy(failure),
    span: at === undefined ? { start: end, end } : spanOf(at),
  }
  return explainStatement(segment) ?? explainStop(stop)
}

/** An early exit is a list without its first element: of names in a declaration, of values everywhere else. */
function wantedBy(failure: IRecognitionException): string {
  if (failure.name !== 'EarlyExitException') return failure.message
  return failure.context.ruleStack.at(-1) === 'declaration' ? 'Identifier' : 'operand'
}

function explainStop(stop: Stop): Diagnostic {
  return (
    explainHeader(stop) ??
    explainEqualSign(stop) ??
    explainName(stop) ??
    explainDistribution(stop) ??
    explainOperand(stop) ??
    explainNeighbours(stop) ??
    explainRest(stop)
  )
}

function isReserved(token: IToken): boolean {
  return t.reservedWord(token.image) === token.tokenType
}

/** The text of a token, or words for the end of the statement. */
function show(token: IToken | undefined): string {
  return token === undefined ? 'the end of the statement' : `\`${token.image}\``
}

function explainHeader({ segment, at, rule, span }: Stop): Diagnostic | undefined {
  const first = segment[0]?.tokenType
  if (first === t.Model && (at === undefined || !isReserved(at) || segment.length > 2)) {
    const message =
      at === undefined ? 'the model has no name' : `the name of a model is one word, and ${show(at)} is too much`
    return syntaxError('E108', span, message, { help: 'write for instance `model OldFaithful`' })
  }
  if (first !== t.For) return undefined
  if (at?.tokenType === t.Colon) {
    return syntaxError('E112', span, 'a range is written with `..`', {
      help: 'write `1..N`',
      fix: replacement('write `..`', span, '..'),
    })
  }
  if (rule !== 'forHeader' || (at !== undefined && isReserved(at) && at.tokenType !== t.In)) return undefined
  return syntaxError('E112', span, `a loop is written \`for n in 1..N { … }\`, and ${show(at)} does not fit`, {
    help: 'after `for` comes a name, then `in`, then a range `1..N` or `levels(y)`; no parentheses around them',
  })
}

function explainEqualSign({ segment, at, before, span }: Stop): Diagnostic | undefined {
  const first = segment[0]?.tokenType
  if (at?.tokenType === t.Assign) {
    if (isDeclaration(segment)) {
      return syntaxError('E115', span, 'a declaration gives a type after `:`, and no value', {
        help: 'a fixed value is a `const`, a name for an expression a `let`',
      })
    }
    if (before !== undefined && operandEnds.has(before.tokenType)) {
      return syntaxError('E121', span, 'one `=` gives a name to a value; a comparison has two', {
        help: 'write `==`',
        fix: replacement('write `==`', span, '=='),
      })
    }
  }
  if (at?.tokenType === t.Tilde && (first === t.Let || first === t.Const)) {
    const word = segment[0]?.image ?? 'let'
    return syntaxError('E110', span, `what \`${word}\` names is given by \`=\`, not drawn with \`~\``, {
      help: 'an unobserved variable is declared by `latent`: `latent z ~ …`',
    })
  }
  if (at?.tokenType === t.Equal && before !== undefined && (first === t.Let || first === t.Const)) {
    if (before === segment[1]) {
      return syntaxError('E121', span, '`==` compares; a name is given by one `=`', {
        help: 'write `=`',
        fix: replacement('write `=`', span, '='),
      })
    }
  }
  return undefined
}

function isDeclaration(segment: readonly IToken[]): boolean {
  const first = segment[0]?.tokenType
  return first === t.Data || first === t.Param || first === t.Latent
}

function explainName({ at, before, rule, wanted, span }: Stop): Diagnostic | undefined {
  if (rule === 'typeExpression' && (wanted === 'RightParen' || before?.tokenType === t.LeftParen)) {
    return syntaxError('E115', span, 'the sizes of a type stand in square brackets', {
      help: 'write `real[N, D]`; parentheses hold the name of a set of levels, as in `category(Journal)[M]`',
    })
  }
  if (rule === 'typeExpression') {
    if (wanted === 'LeftParen') {
      return syntaxError('E115', span, 'the interval of a type stands in parentheses', {
        help: 'write `real in (0, 1)`',
      })
    }
    if (wanted === 'Identifier' && (at === undefined || !isReserved(at))) {
      const message =
        before?.tokenType === t.Colon ? 'a type is missing after `:`' : `a name is missing after ${show(before)}`
      return syntaxError('E115', span, message, {
        help: 'types are `real`, `positive`, `count`, `simplex[K]` and others',
      })
    }
  }
  if (at?.tokenType === t.Question) {
    return syntaxError('E115', span, 'the `?` of a type stands right after its name', { help: 'write `real?[N, D]`' })
  }
  if (rule === 'distribution' || wanted === 'operand') return undefined
  if (at !== undefined && isReserved(at) && wanted === 'Identifier') {
    return syntaxError('E116', span, `\`${at.image}\` is a reserved word and cannot be a name`, {
      help: `choose another name, for instance \`${at.image}_\``,
    })
  }
  if (wanted !== 'Identifier') return undefined
  return syntaxError('E116', span, `a name is missing after ${show(before)}`, {
    help: 'names begin with a letter and are made of letters, digits and `_`',
  })
}

function explainDistribution({ at, before, rule, wanted, span }: Stop): Diagnostic | undefined {
  if (rule !== 'distribution') return undefined
  if (wanted === 'LeftParen' && before !== undefined) {
    const help = isCapitalised(before.image)
      ? `write its arguments: \`${before.image}(…)\``
      : 'a distribution has a name with a capital letter, as in `Normal(mu, sigma)`; an equation is written `observe a = b`'
    return syntaxError('E117', spanOf(before), `\`${before.image}\` is not a distribution with its arguments`, { help })
  }
  if (wanted !== 'Identifier') return undefined
  const message =
    at === undefined
      ? 'a distribution is missing after `~`'
      : `a distribution follows \`~\`, and ${show(at)} begins none`
  return syntaxError('E117', span, message, {
    help: 'write for instance `~ Normal(mu, sigma)`; a fixed value is `Dirac(v)`',
  })
}

function explainOperand({ at, before, rule, span, wanted }: Stop): Diagnostic | undefined {
  if (rule === 'expression' && wanted === 'else') {
    return syntaxError('E129', span, 'the choice `a if condition else b` has no `else`', {
      help: 'write what the value is otherwise; to choose between statements, begin the line with `if`',
    })
  }
  const afterOpening = before?.tokenType === t.LeftParen || before?.tokenType === t.Comma
  const atValue =
    ((rule === 'primary' || rule === 'distributionArgument') && wanted === '') ||
    (wanted === 'RightParen' && afterOpening && at !== undefined) ||
    wanted === 'operand' ||
    (rule === 'subscript' && (at === undefined || !operandBegins.has(at.tokenType)))
  if (!atValue) return undefined
  if (
    at !== undefined &&
    isReserved(at) &&
    at.tokenType !== t.Else &&
    at.tokenType !== t.And &&
    at.tokenType !== t.Or
  ) {
    return syntaxError('E116', span, `\`${at.image}\` is a reserved word and stands where a value is wanted`, {
      help: 'put in a value before it, or choose another name',
    })
  }
  const where = before === undefined ? `before ${show(at)}` : `after ${show(before)}`
  const help = operandHelp(before, at)
  return syntaxError('E113', span, `a value is missing ${where}`, help === undefined ? {} : { help })
}

function operandHelp(before: IToken | undefined, at: IToken | undefined): string | undefined {
  if (before?.tokenType === t.LeftBracket && at?.tokenType === t.RightBracket)
    return 'a vector has at least one element'
  if (before?.tokenType === t.Comma) return 'delete the comma, or write what follows it'
  return undefined
}

function explainNeighbours(stop: Stop): Diagnostic | undefined {
  const { segment, at, before, span, wanted } = stop
  if (['Assign', 'LeftParen', 'in'].includes(wanted)) return undefined
  if (at === undefined || before === undefined || !operandEnds.has(before.tokenType)) return undefined
  const rest = segment.slice(segment.indexOf(at))
  const inBrackets = depthAt(segment, at) > 0
  const header = segment[0]
  if (!inBrackets && (header?.tokenType === t.For || header?.tokenType === t.If) && hasOutside(rest, t.Tilde)) {
    return syntaxError('E118', span, `the block of this \`${header.image}\` stands in braces`, {
      help: `write \`${header.image} … { … }\``,
    })
  }
  const statement = t.statementWords.has(at.tokenType) && at.tokenType !== t.If && at.tokenType !== t.For
  if (!inBrackets && (statement || (operandBegins.has(at.tokenType) && hasOutside(rest, t.Tilde)))) {
    return syntaxError('E122', span, 'a new statement begins on the line of the one before it', {
      help: 'begin it on a line of its own, or put `;` between them',
      fix: replacement('put in `;`', { start: span.start, end: span.start }, '; '),
    })
  }
  if (!operandBegins.has(at.tokenType)) return undefined
  const declared = segment.slice(0, segment.indexOf(at))
  if (isDeclaration(segment) && !declared.some((token) => token.tokenType === t.Colon || token.tokenType === t.Tilde)) {
    return syntaxError('E115', span, `\`:\` is missing between ${show(before)} and its type`, {
      help: `write \`${before.image} : ${at.image}\``,
      fix: replacement('put in `:`', { start: span.start, end: span.start }, ': '),
    })
  }
  const missing = inBrackets ? 'a comma or an operator' : 'an operator'
  const known =
    at.tokenType === t.Identifier && !inBrackets ? suggest(at.image, ['and', 'or', 'if', 'else']) : undefined
  return syntaxError('E114', span, `${missing} is missing between ${show(before)} and ${show(at)}`, {
    help: known === undefined ? 'a product is written with `*`' : `did you mean \`${known}\`?`,
  })
}

/** Constructs that one may expect from elsewhere. */
function explainSpecial(
  segment: readonly IToken[],
  at: IToken | undefined,
  before: IToken | undefined,
  span: Span,
): Diagnostic | undefined {
  const first = segment[0]?.tokenType
  if (first === t.For && at?.tokenType === t.Comma) {
    return syntaxError('E112', span, 'a loop has one variable', { help: 'write one `for` inside the other' })
  }
  if (first === t.Let && at?.tokenType === t.LeftBracket && before === segment[1]) {
    return syntaxError('E130', span, 'a `let` has no written index', {
      help: 'write it inside the loop without one; the loop indexes it',
    })
  }
  if (at?.tokenType === t.For && hasOutside(segment, t.Tilde)) {
    return syntaxError('E117', span, 'what stands before `for` is no distribution', {
      help: 'the components of a mixture are distributions: `Normal(mu[k], sd) for k in 1..K`',
    })
  }
  return undefined
}

const signs = new Map([
  ['Assign', '`=`'],
  ['RightParen', '`)`'],
  ['RightBracket', '`]`'],
  ['LeftParen', '`(`'],
  ['Comma', '`,`'],
])

function explainRest({ segment, at, before, span, wanted }: Stop): Diagnostic {
  if (at?.tokenType === t.DotDot) {
    const help = 'a slice is written `x[2:4]`; a range of numbers `[k for k in 1..K]`'
    return syntaxError('E130', span, 'a range with `..` stands only after `for … in`', { help })
  }
  if (at?.tokenType === t.Colon) {
    const help = 'a range is written `1..N`; the type of a variable is given where it is declared'
    return syntaxError('E130', span, '`:` stands only in a declaration and in a slice `x[2:4]`', { help })
  }
  const special = explainSpecial(segment, at, before, span)
  if (special !== undefined) return special
  const expected = signs.get(wanted)
  if (at === undefined) {
    const first = segment[0]
    const what = first === undefined ? 'the statement' : `this \`${first.image}\``
    return syntaxError(
      'E130',
      span,
      `${what} breaks off${expected === undefined ? '' : `, and ${expected} is missing`}`,
    )
  }
  const details = expected === undefined ? {} : { help: `${expected} is expected after ${show(before)}` }
  return syntaxError('E130', span, `${show(at)} cannot stand here`, details)
}

function depthAt(segment: readonly IToken[], at: IToken): number {
  let depth = 0
  for (const token of segment) {
    if (token === at) return depth
    if (token.tokenType === t.LeftParen || token.tokenType === t.LeftBracket) depth += 1
    if (token.tokenType === t.RightParen || token.tokenType === t.RightBracket) depth -= 1
  }
  return depth
}

/** Whether a token of `type` stands outside all brackets. */
function hasOutside(tokens: readonly IToken[], type: IToken['tokenType']): boolean {
  let depth = 0
  for (const token of tokens) {
    if (token.tokenType === type && depth === 0) return true
    if (token.tokenType === t.LeftParen || token.tokenType === t.LeftBracket) depth += 1
    if (token.tokenType === t.RightParen || token.tokenType === t.RightBracket) depth -= 1
  }
  return false
}
