/**
 * Statements and blocks. The tokens are cut into segments, each up to a separator or a brace, and each segment is
 * parsed by itself: an error in one leaves the others alone.
 */
import type { IToken } from 'chevrotain'
import type { Expression, ModelFile, Identifier as Name, Statement } from '../ast/types.js'
import type { Diagnostic } from '../diagnostics/types.js'
import type { Span } from '../source.js'
import { explain } from './explain.js'
import { explainFirstWord } from './explain-statement.js'
import { Refusal } from './expression-grammar.js'
import type { StatementParser } from './grammar.js'
import type { LayoutResult } from './layout.js'
import { spanOf } from './lexer.js'
import { salvage } from './salvage.js'
import { replacement, syntaxError } from './syntax-error.js'
import * as t from './tokens.js'

/** How many `else if` may follow one another. */
const maxElseIf = 100

/** After so many errors reading stops: the file is hardly a model. */
export const maxDiagnostics = 200

interface Block {
  readonly statements: readonly Statement[]
  readonly span: Span
}

export interface BlocksResult {
  readonly value: Omit<ModelFile, 'comments'>
  readonly diagnostics: readonly Diagnostic[]
}

/** The statements of a whole file. */
export function readBlocks(layout: LayoutResult, parser: StatementParser, text: string): BlocksResult {
  return new BlockReader(layout, parser, text).file()
}

class BlockReader {
  private at = 0
  private readonly diagnostics: Diagnostic[] = []
  private readonly tokens: readonly IToken[]
  private readonly levelSets: ReadonlySet<string>
  private modelName: Name | null = null
  private modelLines = 0

  constructor(
    private readonly layout: LayoutResult,
    private readonly parser: StatementParser,
    private readonly text: string,
  ) {
    this.tokens = layout.tokens
    this.parser.partner = layout.partner
    this.parser.functions = namesAfter(layout.tokens, ['fn'])
    this.levelSets = namesAfter(layout.tokens, ['category', '('])
  }

  file(): BlocksResult {
    const statements = this.statements(null)
    const span = { start: 0, end: this.text.length }
    if (this.modelLines === 0 && this.diagnostics.length === 0) this.reportMissingModel(statements[0])
    return { value: { span, name: this.modelName, statements }, diagnostics: this.diagnostics }
  }

  private type(offset = 0) {
    return this.tokens[this.at + offset]?.tokenType
  }

  /** Statements up to the `}` of the block that `opener` begins, or to the end of the file. */
  private statements(opener: IToken | null): Statement[] {
    const statements: Statement[] = []
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at]
      if (token === undefined) break
      if (token.tokenType === t.Separator) this.at += 1
      else if (token.tokenType === t.RightBrace) {
        if (opener !== null) return statements
        this.report(syntaxError('E107', spanOf(token), 'this `}` closes nothing', { help: 'delete it' }))
        this.at += 1
      } else statements.push(...this.statement(token))
    }
    if (opener !== null && this.diagnostics.length < maxDiagnostics) {
      const end = this.text.trimEnd().length
      this.report(
        syntaxError('E106', spanOf(opener), 'this `{` is never closed', {
          label: 'no `}` follows',
          help: 'put `}` after the last statement of the block',
          fix: replacement('put in `}`', { start: end, end }, '\n}'),
        }),
      )
    }
    return statements
  }

  private statement(first: IToken): readonly Statement[] {
    const segment = this.segment()
    switch (first.tokenType) {
      case t.For:
        return this.forStatement(segment)
      case t.If:
        return this.ifStatement(segment, 0)
      case t.Else: {
        this.report(
          syntaxError('E119', spanOf(first), 'this `else` has no `if` before it', {
            help: '`else` follows the `}` of an `if`, on the same line or the next',
          }),
        )
        if (this.type() === t.LeftBrace) return this.block()?.statements ?? []
        return []
      }
      default:
        return this.simpleStatement(first, segment)
    }
  }

  /** Takes the tokens up to a separator, a brace or the end. */
  private segment(): IToken[] {
    const start = this.at
    for (let type = this.type(); type !== undefined; type = this.type()) {
      if (type === t.Separator || type === t.LeftBrace || type === t.RightBrace) break
      this.at += 1
    }
    return this.tokens.slice(start, this.at)
  }

  private simpleStatement(first: IToken, segment: IToken[]): readonly Statement[] {
    const brace = this.tokens[this.at]
    if (brace?.tokenType === t.LeftBrace) {
      if (segment.length === 0 || !segment.some((token) => token.tokenType === t.Unknown)) {
        this.report(
          explainFirstWord(segment) ??
            syntaxError('E118', spanOf(brace), 'a block in `{ }` follows only `for … in …`, `if …` and `else`', {
              help: 'delete the braces, or write what the block belongs to',
            }),
        )
      }
      const reported = this.diagnostics.length
      const inner = this.block()?.statements ?? []
      const last = segment.at(-1)
      if (last === undefined) return inner
      if (!t.continuing.has(last.tokenType)) return [...salvage(segment), ...inner]
      // The braces are part of an expression of another language.
      this.diagnostics.length = reported
      return salvage(segment)
    }
    if (first.tokenType === t.Model) {
      this.model(first, segment)
      return []
    }
    const statement = this.parseSegment(segment, () => {
      switch (first.tokenType) {
        case t.Const:
          return this.parser.constStatement()
        case t.Let:
          return this.parser.letStatement()
        case t.Fn:
          return this.parser.fnStatement()
        case t.Data:
        case t.Param:
        case t.Latent:
          return this.parser.declaration()
        case t.Observe:
          return this.parser.observeStatement()
        default:
          return this.parser.sampleStatement()
      }
    })
    if (statement === undefined) return salvage(segment)
    this.checkStatement(statement)
    return [statement]
  }

  private checkStatement(statement: Statement): void {
    if (statement.kind === 'declaration' && statement.role !== 'latent' && statement.type === null) {
      const { span, name } = statement.names.at(-1)?.name ?? { span: statement.span, name: '' }
      this.report(
        syntaxError('E115', span, `\`${name}\` has no type`, {
          help: `write what it is after a colon: \`${statement.role} ${name} : real\``,
        }),
      )
    }
    if (statement.kind !== 'sample') return
    const { target } = statement
    if (target.kind !== 'name' && target.kind !== 'subscript' && target.kind !== 'vector') {
      this.report(
        syntaxError('E128', target.span, 'the left of `~` is a name, an element of it, or a vector of these', {
          help: 'give the distribution of the variable itself; a function of latents that is known goes into `observe`',
        }),
      )
    }
  }

  private model(first: IToken, segment: IToken[]): void {
    this.modelLines += 1
    const name = this.parseSegment(segment, () => this.parser.modelHeader())
    if (this.modelLines > 1) {
      this.report(
        syntaxError('E108', spanOf(first), 'a file holds one model, and this is its second `model` line', {
          help: 'put the second model into a file of its own',
        }),
      )
    } else if (name !== undefined) this.modelName = name
  }

  private reportMissingModel(statement: Statement | undefined): void {
    const start = statement?.span.start ?? 0
    const span = { start, end: Math.min(statement?.span.end ?? 0, start + 1) }
    this.report(
      syntaxError('E108', span, 'the file does not begin with `model` and a name', {
        help: 'write for instance `model OldFaithful` as the first line',
        fix: replacement('put in a `model` line', { start: 0, end: 0 }, 'model Untitled\n'),
      }),
    )
  }

  private forStatement(segment: IToken[]): readonly Statement[] {
    const header = this.parseSegment(segment, () => this.parser.forHeader())
    if (header !== undefined) this.checkDomain(header.domain)
    const block = this.blockAfter(segment, header !== undefined)
    const inner = block?.statements ?? []
    const start = segment[0]?.startOffset ?? 0
    const end = spanOf(segment.at(-1) ?? this.previous()).end
    if (header === undefined || block === undefined) return block === undefined ? [] : inner
    const { index, domain, weight } = header
    const span = { start, end: Math.max(end, block.span.end) }
    this.endOfBlock()
    return [{ kind: 'for', span, index, domain, weight, body: inner, block: block.span }]
  }

  /** `for n in N`: a range is meant, unless `N` is the name of a set of levels. */
  private checkDomain(domain: { readonly kind: string; readonly set?: Expression }): void {
    const { set } = domain
    if (set === undefined) return
    const { start, end } = set.span
    const written = this.text.slice(start, end)
    const isRange = set.kind === 'number' || (set.kind === 'name' && !this.levelSets.has(set.name))
    if (!isRange) return
    this.report(
      syntaxError('E112', set.span, `a loop runs over a range, and \`${written}\` is a single number`, {
        help: `write \`1..${written}\`; over the levels of a category: \`levels(${set.kind === 'name' ? written : 'y'})\``,
        fix: replacement(`write \`1..${written}\``, set.span, `1..${written}`),
      }),
    )
  }

  private ifStatement(segment: IToken[], count: number): readonly Statement[] {
    const condition = this.parseSegment(segment, () => this.parser.ifHeader())
    const then = this.blockAfter(segment, condition !== undefined)
    if (then === undefined) return []
    let otherwise: readonly Statement[] | null = null
    let otherwiseBlock: Span | null = null
    if (this.elseFollows()) {
      const word = this.tokens[this.at]
      this.at += 1
      if (this.type() === t.If && count === maxElseIf && word !== undefined) {
        const message = `more than ${maxElseIf} \`else if\` follow one another`
        this.report(syntaxError('E124', spanOf(word), message, { help: 'index by a category instead' }))
        this.at = this.tokens.length
      } else if (this.type() === t.If) {
        otherwise = this.ifStatement(this.segment(), count + 1)
        const [first] = otherwise
        otherwiseBlock = first?.span ?? (word === undefined ? null : spanOf(word))
      } else {
        const rest = this.segment()
        const stray = rest[0]
        if (stray !== undefined) {
          this.report(
            syntaxError('E118', spanOf(stray), '`else` is followed by `{` or by `if`', {
              help: 'write `else { … }`, or `else if condition { … }`',
            }),
          )
        }
        const block = this.blockAfter(word === undefined ? segment : [word], stray === undefined)
        otherwise = block?.statements ?? []
        otherwiseBlock = block?.span ?? then.span
        if (block !== undefined) this.endOfBlock()
      }
    } else this.endOfBlock()
    const start = segment[0]?.startOffset ?? 0
    const end = Math.max(then.span.end, otherwiseBlock?.end ?? 0)
    if (condition === undefined) return [...then.statements, ...(otherwise ?? [])]
    const span = { start, end }
    return [{ kind: 'if', span, condition, then: then.statements, thenBlock: then.span, otherwise, otherwiseBlock }]
  }

  /** Steps over the newlines before an `else`. */
  private elseFollows(): boolean {
    let ahead = 0
    while (this.type(ahead) === t.Separator && this.tokens[this.at + ahead]?.image !== ';') ahead += 1
    if (this.type(ahead) !== t.Else) return false
    this.at += ahead
    return true
  }

  /** The block after a header; reports where there is none, if the header itself was all right. */
  private blockAfter(header: readonly IToken[], report: boolean): Block | undefined {
    let ahead = 0
    while (this.type(ahead) === t.Separator) ahead += 1
    const brace = this.tokens[this.at + ahead]
    if (brace?.tokenType === t.LeftBrace) {
      if (ahead > 0) {
        const message = 'the `{` of a block stands on the line of its `for`, `if` or `else`'
        this.report(syntaxError('E118', spanOf(brace), message, { help: 'move it to the end of the line above' }))
        this.at += ahead
      }
      return this.block()
    }
    const last = header.at(-1)
    if (report && last !== undefined) {
      const { end } = spanOf(last)
      const first = header[0]?.image ?? 'for'
      this.report(
        syntaxError('E118', { start: end - 1, end }, `the block of this \`${first}\` is missing`, {
          help: `put what it governs into braces: \`${first} … { … }\``,
        }),
      )
    }
    return undefined
  }

  /** `{ … }`, standing at the `{`. */
  private block(): Block | undefined {
    const opener = this.tokens[this.at]
    if (opener === undefined) return undefined
    this.at += 1
    const statements = this.statements(opener)
    const closer = this.tokens[this.at]
    if (closer !== undefined) this.at += 1
    const end = spanOf(closer ?? this.previous()).end
    return { statements, span: { start: opener.startOffset, end } }
  }

  /** After `}` a separator, another `}` or the end must come. */
  private endOfBlock(): void {
    const next = this.tokens[this.at]
    const type = next?.tokenType
    if (next === undefined || type === t.Separator || type === t.RightBrace || type === t.Else) return
    this.report(
      syntaxError('E122', spanOf(next), 'a new statement begins on the line of the `}` before it', {
        help: 'begin it on a line of its own, or put `;` between them',
        fix: replacement('put in `;`', { start: next.startOffset, end: next.startOffset }, '; '),
      }),
    )
  }

  private previous(): IToken {
    const token = this.tokens[this.at - 1]
    if (token === undefined) throw new Error('no token was read')
    return token
  }

  /** Runs a rule over one segment; undefined where it has an error, which is reported unless one of the tokens was. */
  private parseSegment<T>(segment: IToken[], rule: () => T): T | undefined {
    const known = segment.filter((token) => token.tokenType !== t.Unknown)
    const silent = known.length < segment.length || segment.some((token) => this.layout.mended.has(token))
    this.parser.begin(known)
    let result: T | undefined
    try {
      result = rule()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.report(error.diagnostic)
      return undefined
    }
    const [failure] = this.parser.errors
    if (failure === undefined) {
      for (const complaint of this.parser.complaints) this.report(complaint)
      return result
    }
    if (!silent) this.report(explain(known, failure))
    return undefined
  }

  private report(diagnostic: Diagnostic): void {
    this.diagnostics.push(diagnostic)
    if (this.diagnostics.length >= maxDiagnostics) this.at = this.tokens.length
  }
}

/** Names that stand right after the given words and signs. */
function namesAfter(tokens: readonly IToken[], before: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>()
  tokens.forEach((token, i) => {
    const follows = before.every((image, j) => tokens[i - before.length + j]?.image === image)
    if (follows && token.tokenType === t.Identifier) names.add(token.image)
  })
  return names
}
