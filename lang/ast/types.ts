/** The syntax tree: what stands in the file, nothing resolved. Comments are kept for the formatter. */
import type { Span } from '../source.js'

export interface Identifier {
  readonly name: string
  readonly span: Span
}

export interface ModelFile {
  readonly span: Span
  /** null where the `model` line is missing or broken (a diagnostic says so). */
  readonly name: Identifier | null
  readonly statements: readonly Statement[]
  readonly comments: readonly Comment[]
}

/** `# …`; `ownLine` where nothing but white space stands before it. */
export interface Comment {
  readonly span: Span
  readonly text: string
  readonly ownLine: boolean
}

export type Statement =
  | { readonly kind: 'const'; readonly span: Span; readonly name: Identifier; readonly value: Expression }
  /** `data a, b : type`, `param …`, `latent …`; `names` may carry written indices (`z[1]`), `type` may be left out for latents. */
  | {
      readonly kind: 'declaration'
      readonly span: Span
      readonly role: 'data' | 'param' | 'latent'
      readonly names: readonly DeclaredName[]
      readonly type: TypeExpression | null
      /** `~ D` in the declaration. */
      readonly distribution: DistributionExpression | null
    }
  | { readonly kind: 'let'; readonly span: Span; readonly name: Identifier; readonly value: Expression }
  | {
      readonly kind: 'fn'
      readonly span: Span
      readonly name: Identifier
      readonly parameters: readonly Identifier[]
      readonly body: Expression
    }
  | {
      readonly kind: 'sample'
      readonly span: Span
      readonly target: Expression
      readonly distribution: DistributionExpression
    }
  | { readonly kind: 'observe'; readonly span: Span; readonly fact: ObservedFact }
  | {
      readonly kind: 'for'
      readonly span: Span
      readonly index: Identifier
      readonly domain: DomainExpression
      readonly weight: Expression | null
      readonly body: readonly Statement[]
      /** The span of `{ … }`, braces included. */
      readonly block: Span
    }
  | {
      readonly kind: 'if'
      readonly span: Span
      readonly condition: Expression
      readonly then: readonly Statement[]
      readonly thenBlock: Span
      /** null without `else`; `else if` is a single `if` statement in the list. */
      readonly otherwise: readonly Statement[] | null
      readonly otherwiseBlock: Span | null
    }

export interface DeclaredName {
  readonly name: Identifier
  readonly indices: readonly Expression[]
}

/** `observe a = b` (an equation; `=` once) or `observe condition`. */
export type ObservedFact =
  | { readonly kind: 'equation'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'condition'; readonly condition: Expression }

/**
 * `real in (0, 1)`, `positive`, `simplex[K, J, levels(y)]`, `category(Journal)[M]`, `real?[N, D]`, `count[R][T]`.
 * `dims` are the groups of brackets: one for `[N, D]`, two for `[R][T]` (ragged).
 */
export interface TypeExpression {
  readonly span: Span
  readonly name: Identifier
  readonly levelSet: Identifier | null
  readonly optional: boolean
  readonly dims: readonly (readonly Expression[])[]
  readonly interval: { readonly low: Expression; readonly high: Expression; readonly span: Span } | null
}

export type DomainExpression =
  | { readonly kind: 'range'; readonly span: Span; readonly from: Expression; readonly to: Expression }
  /** `levels(y)`, `levels(y[:, j])`, or the name of a shared level set. */
  | { readonly kind: 'set'; readonly span: Span; readonly set: Expression }

export interface DistributionExpression {
  readonly span: Span
  readonly name: Identifier
  readonly arguments: readonly DistributionArgument[]
}

/** `mean`, `sd=…`, a nested distribution (`Truncated(Normal(m, s), low=0)`), `D[k] for k in 1..K`, or `above`. */
export type DistributionArgument =
  | { readonly kind: 'expression'; readonly name: Identifier | null; readonly value: Expression }
  | { readonly kind: 'distribution'; readonly name: Identifier | null; readonly value: DistributionExpression }
  | {
      readonly kind: 'family'
      readonly value: DistributionExpression
      readonly index: Identifier
      readonly domain: DomainExpression
    }

export type Expression = { readonly span: Span } & (
  | { readonly kind: 'number'; readonly value: number; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'subscript'; readonly of: Expression; readonly subscripts: readonly SubscriptExpression[] }
  | { readonly kind: 'call'; readonly callee: Identifier; readonly arguments: readonly Expression[] }
  | { readonly kind: 'unary'; readonly operator: '-' | '+' | 'not'; readonly of: Expression }
  | {
      readonly kind: 'binary'
      readonly operator:
        | '+'
        | '-'
        | '*'
        | '/'
        | '^'
        | '.*'
        | './'
        | '=='
        | '!='
        | '<'
        | '<='
        | '>'
        | '>='
        | 'and'
        | 'or'
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'conditional'
      readonly then: Expression
      readonly condition: Expression
      readonly otherwise: Expression
    }
  | { readonly kind: 'vector'; readonly elements: readonly Expression[] }
  | {
      readonly kind: 'comprehension'
      readonly body: Expression
      readonly index: Identifier
      readonly domain: DomainExpression
    }
  /** Kept so that the formatter prints the user's parentheses where they matter to the reader. */
  | { readonly kind: 'parenthesised'; readonly of: Expression }
  /** A hole left by error recovery; a diagnostic covers it. */
  | { readonly kind: 'missing' }
)

export type SubscriptExpression =
  | { readonly kind: 'at'; readonly index: Expression }
  | { readonly kind: 'all'; readonly span: Span }
  | { readonly kind: 'slice'; readonly span: Span; readonly from: Expression | null; readonly to: Expression | null }
