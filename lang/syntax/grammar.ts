/** The grammar of types, distributions and single statements. Blocks are put together in `blocks`. */
import type { IToken, ParserMethod } from 'chevrotain'
import type {
  DeclaredName,
  DistributionArgument,
  DistributionExpression,
  DomainExpression,
  Expression,
  Identifier as Name,
  ObservedFact,
  Statement,
  TypeExpression,
} from '../ast/types.js'
import type { Diagnostic } from '../diagnostics/types.js'
import { ExpressionParser } from './expression-grammar.js'
import { syntaxError } from './syntax-error.js'
import * as t from './tokens.js'

export interface ForHeader {
  readonly index: Name
  readonly domain: DomainExpression
  readonly weight: Expression | null
}

export class StatementParser extends ExpressionParser {
  /** For each opening bracket the number of tokens to its partner. */
  partner: ReadonlyMap<IToken, number> = new Map()
  /** Names of functions that the file defines: capital letters do not make these distributions. */
  functions: ReadonlySet<string> = new Set()

  constructor(skipValidations: boolean) {
    super(skipValidations)
    this.performSelfAnalysis()
  }

  readonly modelHeader: ParserMethod<[], Name> = this.RULE('modelHeader', (): Name => {
    this.CONSUME(t.Model)
    return this.name(this.CONSUME(t.Identifier))
  })

  readonly constStatement: ParserMethod<[], Statement> = this.RULE('constStatement', (): Statement => {
    const start = this.CONSUME(t.Const)
    const name = this.name(this.CONSUME(t.Identifier))
    this.CONSUME(t.Assign)
    const value = this.SUBRULE(this.expression)
    return { kind: 'const', span: this.from(start), name, value }
  })

  readonly letStatement: ParserMethod<[], Statement> = this.RULE('letStatement', (): Statement => {
    const start = this.CONSUME(t.Let)
    const name = this.name(this.CONSUME(t.Identifier))
    this.CONSUME(t.Assign)
    const value = this.SUBRULE(this.expression)
    return { kind: 'let', span: this.from(start), name, value }
  })

  readonly fnStatement: ParserMethod<[], Statement> = this.RULE('fnStatement', (): Statement => {
    const parameters: Name[] = []
    const start = this.CONSUME(t.Fn)
    const name = this.name(this.CONSUME(t.Identifier))
    this.CONSUME(t.LeftParen)
    this.MANY_SEP({ SEP: t.Comma, DEF: () => parameters.push(this.name(this.CONSUME2(t.Identifier))) })
    this.CONSUME(t.RightParen)
    this.CONSUME(t.Assign)
    const body = this.SUBRULE(this.expression)
    return { kind: 'fn', span: this.from(start), name, parameters, body }
  })

  readonly declaration: ParserMethod<[], Statement> = this.RULE('declaration', (): Statement => {
    const names: DeclaredName[] = []
    let type: TypeExpression | null = null
    let distribution: DistributionExpression | null = null
    const word = this.OR([
      { ALT: () => this.CONSUME(t.Data) },
      { ALT: () => this.CONSUME(t.Param) },
      { ALT: () => this.CONSUME(t.Latent) },
    ])
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => names.push(this.SUBRULE(this.declaredName)) })
    this.OPTION(() => {
      this.CONSUME(t.Colon)
      type = this.SUBRULE(this.typeExpression)
    })
    this.OPTION2(() => {
      this.CONSUME(t.Tilde)
      distribution = this.SUBRULE(this.distribution)
    })
    const role = word.tokenType === t.Data ? 'data' : word.tokenType === t.Param ? 'param' : 'latent'
    return { kind: 'declaration', span: this.from(word), role, names, type, distribution }
  })

  readonly declaredName: ParserMethod<[], DeclaredName> = this.RULE('declaredName', (): DeclaredName => {
    const indices: Expression[] = []
    const name = this.name(this.CONSUME(t.Identifier))
    this.OPTION(() => {
      this.CONSUME(t.LeftBracket)
      this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => indices.push(this.SUBRULE(this.expression)) })
      this.CONSUME(t.RightBracket)
    })
    return { name, indices }
  })

  readonly observeStatement: ParserMethod<[], Statement> = this.RULE('observeStatement', (): Statement => {
    const start = this.CONSUME(t.Observe)
    const left = this.SUBRULE(this.expression)
    let fact: ObservedFact = { kind: 'condition', condition: left }
    this.OPTION(() => {
      this.CONSUME(t.Assign)
      fact = { kind: 'equation', left, right: this.SUBRULE2(this.expression) }
    })
    return { kind: 'observe', span: this.from(start), fact }
  })

  readonly sampleStatement: ParserMethod<[], Statement> = this.RULE('sampleStatement', (): Statement => {
    const start = this.LA(1)
    const target = this.SUBRULE(this.expression)
    this.CONSUME(t.Tilde)
    const distribution = this.SUBRULE(this.distribution)
    return { kind: 'sample', span: this.from(start), target, distribution }
  })

  readonly forHeader: ParserMethod<[], ForHeader> = this.RULE('forHeader', (): ForHeader => {
    let weight: Expression | null = null
    this.CONSUME(t.For)
    const index = this.name(this.CONSUME(t.Identifier))
    this.CONSUME(t.In)
    const domain = this.SUBRULE(this.domain)
    this.OPTION({
      GATE: () => this.LA(1).image === 'weight',
      DEF: () => {
        this.CONSUME2(t.Identifier)
        weight = this.SUBRULE(this.expression)
      },
    })
    return { index, domain, weight }
  })

  readonly ifHeader: ParserMethod<[], Expression> = this.RULE('ifHeader', (): Expression => {
    this.CONSUME(t.If)
    return this.SUBRULE(this.expression)
  })

  readonly typeExpression: ParserMethod<[], TypeExpression> = this.RULE('typeExpression', (): TypeExpression => {
    const dims: Expression[][] = []
    let levelSet: Name | null = null
    let optional = false
    let interval: TypeExpression['interval'] = null
    const start = this.LA(1)
    const name = this.name(this.CONSUME(t.Identifier))
    this.OPTION(() => {
      this.CONSUME(t.LeftParen)
      levelSet = this.name(this.CONSUME2(t.Identifier))
      this.CONSUME(t.RightParen)
    })
    this.OPTION2(() => {
      this.CONSUME(t.Question)
      optional = true
    })
    this.MANY(() => {
      const group: Expression[] = []
      this.CONSUME(t.LeftBracket)
      this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => group.push(this.SUBRULE(this.expression)) })
      this.CONSUME(t.RightBracket)
      dims.push(group)
    })
    this.OPTION3(() => {
      this.CONSUME(t.In)
      const open = this.CONSUME2(t.LeftParen)
      const low = this.SUBRULE2(this.expression)
      this.CONSUME(t.Comma)
      const high = this.SUBRULE3(this.expression)
      this.CONSUME2(t.RightParen)
      interval = { low, high, span: this.from(open) }
    })
    return { span: this.from(start), name, levelSet, optional, dims, interval }
  })

  readonly distribution: ParserMethod<[], DistributionExpression> = this.RULE(
    'distribution',
    (): DistributionExpression => {
      const list: DistributionArgument[] = []
      const start = this.LA(1)
      const name = this.name(this.CONSUME(t.Identifier))
      this.CONSUME(t.LeftParen)
      this.MANY_SEP({ SEP: t.Comma, DEF: () => list.push(this.SUBRULE(this.distributionArgument)) })
      this.CONSUME(t.RightParen)
      return { span: this.from(start), name, arguments: list }
    },
  )

  readonly distributionArgument: ParserMethod<[], DistributionArgument> = this.RULE(
    'distributionArgument',
    (): DistributionArgument => {
      let name: Name | null = null
      this.OPTION(() => {
        name = this.name(this.CONSUME(t.Identifier))
        this.CONSUME(t.Assign)
      })
      return this.OR<DistributionArgument>({
        DEF: [
          {
            GATE: () => this.nestedDistributionFollows(),
            ALT: () => {
              const value = this.SUBRULE(this.distribution)
              const family = this.OPTION2(() => this.SUBRULE(this.iteration))
              if (family !== undefined && name !== null) this.ACTION(() => this.complaints.push(namedFamily(name)))
              return family === undefined
                ? { kind: 'distribution', name, value }
                : { kind: 'family', value, index: family.index, domain: family.domain }
            },
          },
          { ALT: () => ({ kind: 'expression', name, value: this.SUBRULE(this.expression) }) },
        ],
        IGNORE_AMBIGUITIES: true,
      })
    },
  )

  /** `Name(…)` with a capital letter, as a whole argument. */
  private nestedDistributionFollows(): boolean {
    const { image } = this.LA(1)
    if (!isCapitalised(image) || image === 'Phi' || this.functions.has(image)) return false
    const length = this.partner.get(this.LA(2))
    if (length === undefined || this.LA(2).tokenType !== t.LeftParen) return false
    const next = this.LA(2 + length + 1).tokenType
    return next === t.Comma || next === t.RightParen || next === t.For
  }
}

function namedFamily(name: Name | null): Diagnostic {
  const span = name?.span ?? { start: 0, end: 0 }
  return syntaxError('E130', span, 'components with `for` are given without a name', {
    help: 'delete the name and its `=`',
  })
}

/** Whether a name begins with a capital letter, as distributions do. */
export function isCapitalised(name: string): boolean {
  return /^\p{Lu}/u.test(name)
}
