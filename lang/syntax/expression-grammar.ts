/** The grammar of expressions. */
import { EmbeddedActionsParser, type IToken, type ParserMethod } from 'chevrotain'
import { children } from '../ast/children.js'
import type { DomainExpression, Expression, Identifier as Name, SubscriptExpression } from '../ast/types.js'
import type { Diagnostic } from '../diagnostics/types.js'
import type { Span } from '../source.js'
import { spanOf } from './lexer.js'
import { type BinaryName, type FlatItem, foldOperators, type PrefixName } from './operators.js'
import { readString } from './string-literal.js'
import { syntaxError } from './syntax-error.js'
import * as t from './tokens.js'

/** How many operations may stand inside one another in one expression, a sum of n terms being n − 1. */
export const maxExpressionDepth = 400

/** Thrown where going on makes no sense; carries what is to be reported. */
export class Refusal extends Error {
  constructor(readonly diagnostic: Diagnostic) {
    super(diagnostic.message)
  }
}

/** Expressions and domains. */
export abstract class ExpressionParser extends EmbeddedActionsParser {
  /** Errors that did not stop the parser. */
  complaints: Diagnostic[] = []
  private depths = new WeakMap<Expression, number>()
  private conditionals = 0

  constructor(skipValidations: boolean) {
    super(t.parserTokens, {
      skipValidations,
      maxLookahead: 2,
      errorMessageProvider: {
        buildMismatchTokenMessage: ({ expected }) => expected.name,
        buildNotAllInputParsedMessage: () => '',
        buildNoViableAltMessage: () => '',
        buildEarlyExitMessage: () => '',
      },
    })
  }

  /** `for k in 1..K` of a comprehension or a family. */
  readonly iteration: ParserMethod<[], { readonly index: Name; readonly domain: DomainExpression }> = this.RULE(
    'iteration',
    () => {
      this.CONSUME(t.For)
      const index = this.name(this.CONSUME(t.Identifier))
      this.CONSUME(t.In)
      const domain = this.SUBRULE(this.domain)
      return { index, domain }
    },
  )

  readonly domain: ParserMethod<[], DomainExpression> = this.RULE('domain', (): DomainExpression => {
    const start = this.LA(1)
    const from = this.SUBRULE(this.operation)
    let domain: DomainExpression | undefined
    this.OPTION(() => {
      this.CONSUME(t.DotDot)
      const to = this.SUBRULE2(this.operation)
      domain = { kind: 'range', span: this.from(start), from, to }
    })
    return domain ?? { kind: 'set', span: this.from(start), set: from }
  })

  readonly expression: ParserMethod<[], Expression> = this.RULE('expression', (): Expression => {
    const start = this.LA(1)
    const then = this.SUBRULE(this.operation)
    let result = then
    this.OPTION(() => {
      this.CONSUME(t.If)
      const condition = this.SUBRULE2(this.operation)
      this.ACTION(() => {
        this.conditionals += 1
        if (this.conditionals > maxExpressionDepth / 4) this.refuseDepth(this.LA(0))
      })
      this.CONSUME(t.Else)
      const otherwise = this.SUBRULE(this.expression)
      this.ACTION(() => {
        this.conditionals -= 1
        result = this.make({ kind: 'conditional', span: this.from(start), then, condition, otherwise })
      })
    })
    return result
  })

  /** Operands and operators in a row, then put into a tree by precedence. */
  readonly operation: ParserMethod<[], Expression> = this.RULE('operation', (): Expression => {
    const items: FlatItem[] = []
    const operand = () => {
      this.MANY(() => items.push(this.prefix(this.CONSUME(t.PrefixOperator))))
      items.push({ kind: 'operand', expression: this.SUBRULE(this.primary) })
    }
    operand()
    this.MANY2(() => {
      items.push(this.binary(this.CONSUME(t.BinaryOperator)))
      this.MANY3(() => items.push(this.prefix(this.CONSUME2(t.PrefixOperator))))
      items.push({ kind: 'operand', expression: this.SUBRULE2(this.primary) })
    })
    return this.ACTION(() => {
      this.limitRight(items)
      return foldOperators(
        items,
        (expression) => this.make(expression),
        (diagnostic) => this.complaints.push(diagnostic),
      )
    })
  })

  /** A literal, a name, a call, brackets; then subscripts. */
  readonly primary: ParserMethod<[], Expression> = this.RULE('primary', (): Expression => {
    const start = this.LA(1)
    let result = this.OR<Expression>([
      { ALT: () => this.number(this.CONSUME(t.NumberToken)) },
      { ALT: () => this.string(this.CONSUME(t.StringToken)) },
      { ALT: () => ({ kind: 'bool', value: true, span: this.spanOf(this.CONSUME(t.True)) }) },
      { ALT: () => ({ kind: 'bool', value: false, span: this.spanOf(this.CONSUME(t.False)) }) },
      { ALT: () => this.SUBRULE(this.nameOrCall) },
      {
        ALT: () => {
          this.CONSUME(t.LeftParen)
          const of = this.SUBRULE(this.expression)
          this.CONSUME(t.RightParen)
          return this.make({ kind: 'parenthesised', of, span: this.from(start) })
        },
      },
      { ALT: () => this.SUBRULE(this.vector) },
    ])
    this.MANY({
      GATE: () => this.onSameLine(),
      DEF: () => {
        const of = result
        const subscripts: SubscriptExpression[] = []
        this.CONSUME(t.LeftBracket)
        this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => subscripts.push(this.SUBRULE(this.subscript)) })
        this.CONSUME(t.RightBracket)
        result = this.make({ kind: 'subscript', of, subscripts, span: this.from(start) })
      },
    })
    return result
  })

  readonly nameOrCall: ParserMethod<[], Expression> = this.RULE('nameOrCall', (): Expression => {
    const token = this.CONSUME(t.Identifier)
    const list: Expression[] = []
    let isCall = false
    this.OPTION({
      GATE: () => this.onSameLine(),
      DEF: () => {
        isCall = true
        this.CONSUME(t.LeftParen)
        this.MANY_SEP({ SEP: t.Comma, DEF: () => list.push(this.SUBRULE(this.expression)) })
        this.CONSUME(t.RightParen)
      },
    })
    const span = this.from(token)
    return isCall
      ? this.make({ kind: 'call', callee: this.name(token), arguments: list, span })
      : { kind: 'name', name: token.image, span }
  })

  readonly vector: ParserMethod<[], Expression> = this.RULE('vector', (): Expression => {
    const start = this.CONSUME(t.LeftBracket)
    const body = this.SUBRULE(this.expression)
    const elements = [body]
    const iteration = this.OR([
      { ALT: () => this.SUBRULE(this.iteration) },
      {
        ALT: () => {
          this.MANY(() => {
            this.CONSUME(t.Comma)
            elements.push(this.SUBRULE2(this.expression))
          })
          return undefined
        },
      },
    ])
    this.CONSUME(t.RightBracket)
    return this.make(
      iteration === undefined
        ? { kind: 'vector', elements, span: this.from(start) }
        : { kind: 'comprehension', body, index: iteration.index, domain: iteration.domain, span: this.from(start) },
    )
  })

  readonly subscript: ParserMethod<[], SubscriptExpression> = this.RULE('subscript', (): SubscriptExpression => {
    const start = this.LA(1)
    return this.OR<SubscriptExpression>([
      {
        ALT: () => {
          this.CONSUME(t.Colon)
          const to = this.OPTION(() => this.SUBRULE(this.expression))
          const span = this.from(start)
          return to === undefined ? { kind: 'all', span } : { kind: 'slice', span, from: null, to }
        },
      },
      {
        ALT: () => {
          const from = this.SUBRULE2(this.expression)
          let result: SubscriptExpression = { kind: 'at', index: from }
          this.OPTION2(() => {
            this.CONSUME2(t.Colon)
            const to = this.OPTION3(() => this.SUBRULE3(this.expression)) ?? null
            result = { kind: 'slice', span: this.from(start), from, to }
          })
          return result
        },
      },
    ])
  })

  /** Forgets the statement before. */
  begin(tokens: IToken[]): void {
    this.input = tokens
    this.complaints = []
    this.conditionals = 0
  }

  protected name(token: IToken): Name {
    return { name: token.image, span: spanOf(token) }
  }

  private spanOf(token: IToken): Span {
    return spanOf(token)
  }

  /** From the beginning of `start` to the end of the last token taken. */
  protected from(start: IToken): Span {
    return { start: start.startOffset, end: spanOf(this.LA(0)).end }
  }

  private onSameLine(): boolean {
    return this.LA(1).startLine === this.LA(0).startLine
  }

  private number(token: IToken): Expression {
    return { kind: 'number', value: Number(token.image), text: token.image, span: spanOf(token) }
  }

  private string(token: IToken): Expression {
    return { kind: 'string', value: readString(token.image), span: spanOf(token) }
  }

  private prefix(token: IToken): FlatItem {
    const operator: PrefixName = token.tokenType === t.Not ? 'not' : token.tokenType === t.Plus ? '+' : '-'
    return { kind: 'prefix', operator, span: spanOf(token) }
  }

  private binary(token: IToken): FlatItem {
    return { kind: 'binary', operator: token.image as BinaryName, span: spanOf(token) }
  }

  /** `^` and prefixes nest to the right, which the folding does by recursion. */
  private limitRight(items: readonly FlatItem[]): void {
    let nested = 0
    for (const item of items) {
      if (item.kind === 'prefix' || (item.kind === 'binary' && item.operator === '^')) nested += 1
      else if (item.kind === 'binary') nested = 0
      if (nested > maxExpressionDepth && item.kind !== 'operand') this.refuse(item.span)
    }
  }

  private make(expression: Expression): Expression {
    if (this.RECORDING_PHASE) return expression
    let depth = 1
    for (const child of children(expression)) depth = Math.max(depth, 1 + (this.depths.get(child) ?? 0))
    if (depth > maxExpressionDepth) this.refuse(expression.span)
    this.depths.set(expression, depth)
    return expression
  }

  private refuseDepth(token: IToken): void {
    this.refuse(spanOf(token))
  }

  private refuse(span: Span): never {
    const message = `this expression has more than ${maxExpressionDepth} operations inside one another`
    throw new Refusal(syntaxError('E124', span, message, { help: 'name parts of it with `let`, or use `sum`' }))
  }
}
