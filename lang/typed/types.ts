/**
 * The typed model: what `lang` gives to the compiler and to the oracle. Plain, deeply readonly, serialisable.
 *
 * Everything is resolved: names are symbol ids, functions are inlined, every latent and every `let` reference carries
 * all of its indices (rule 3 of the language), alternative spellings of arguments are named. Indices count from 1.
 */
import type { Span } from '../source.js'

/** `kind:name`, unique in the model; index variables get a number (`index:n#3`) so that two loops never share one. */
export type SymbolId = string

/** Number of values of one dimension. `size` is an integer expression; a ragged one has one value per `raggedBy`. */
export interface Dim {
  readonly size: TExpr
  /** Position (0-based, in the same array) of the earlier dimension that picks the element of a ragged size, or null. */
  readonly raggedBy: number | null
}

export type Support =
  | { readonly kind: 'real' | 'positive' | 'nonnegative' | 'unit' | 'int' | 'count' | 'bool' }
  | { readonly kind: 'interval'; readonly low: TExpr; readonly high: TExpr }
  /** `levels`: symbol id of the level set (a size symbol with origin `levels`); per column where the set is a vector. */
  | { readonly kind: 'category'; readonly levels: SymbolId }
  | { readonly kind: 'simplex' | 'ordered' | 'covariance' | 'correlation' }

/**
 * Type of a declared array: `batch` dimensions come first, `core` are those the support applies to
 * (0 for scalars, 1 for simplex and ordered, 2 for covariance and correlation). The array's dims are batch then core.
 */
export interface ArrayType {
  readonly support: Support
  readonly batch: readonly Dim[]
  readonly core: readonly Dim[]
  /** `?`: cells may be missing. */
  readonly optional: boolean
}

export interface ConstSymbol {
  readonly kind: 'const'
  readonly id: SymbolId
  readonly name: string
  readonly span: Span
  readonly value: TExpr
  /** Of a param that is held: its declared type. Its values come when data is bound, and `value` says nothing. */
  readonly held?: ArrayType
}

/**
 * A size. `dimension`: met in a declaration, bound by data (`N`); `levels`: number of levels of a category column,
 * rank 1 when it belongs to the columns of a matrix; `length`: of the sequences of a ragged array (rank 1 over its R).
 */
export interface SizeSymbol {
  readonly kind: 'size'
  readonly id: SymbolId
  readonly name: string
  readonly span: Span
  readonly origin: 'dimension' | 'levels' | 'length'
  readonly rank: 0 | 1
  /** Data symbols that bind it, in order of declaration. */
  readonly boundBy: readonly SymbolId[]
}

export interface DataSymbol {
  readonly kind: 'data'
  readonly id: SymbolId
  readonly name: string
  readonly span: Span
  readonly type: ArrayType
}

export interface ParamSymbol {
  readonly kind: 'param'
  readonly id: SymbolId
  readonly name: string
  readonly span: Span
  readonly type: ArrayType
}

/**
 * A latent array. Its first `plateRank` dimensions are its plates: the enclosing loops' domains that index it (rule 3),
 * outermost first, then its written indices; the rest (`latent f : real[Q]`) are its own value's dimensions.
 */
export interface LatentSymbol {
  readonly kind: 'latent'
  readonly id: SymbolId
  readonly name: string
  readonly span: Span
  readonly type: ArrayType
  readonly plateRank: number
  /** Domain of each plate dimension, union over the pieces of a piecewise declaration. */
  readonly plates: readonly Domain[]
}

/** `let`: parameters are the index variables of its enclosing loops that it depends on; a reference gives them in order. */
export interface LetSymbol {
  readonly kind: 'let'
  readonly id: SymbolId
  readonly name: string
  readonly span: Span
  readonly indices: readonly SymbolId[]
  readonly value: TExpr
  /** Declared outside every block: reported with the fit. */
  readonly topLevel: boolean
}

export interface IndexSymbol {
  readonly kind: 'index'
  readonly id: SymbolId
  readonly name: string
  readonly span: Span
  readonly domain: Domain
}

export type ModelSymbol = ConstSymbol | SizeSymbol | DataSymbol | ParamSymbol | LatentSymbol | LetSymbol | IndexSymbol

/** Where an index variable ranges; `levels` ranges over 1..number of levels of a category (of column `column` of a matrix). */
export type Domain =
  | { readonly kind: 'range'; readonly from: TExpr; readonly to: TExpr }
  | { readonly kind: 'levels'; readonly levels: SymbolId; readonly column: TExpr | null }

/** Element kind of a value; `category` values are 1-based level numbers of `levels`. */
export type ElementKind = 'real' | 'int' | 'bool' | 'label'

/** Type of an expression's value: a number, vector (1 dim), matrix (2 dims) or higher array. */
export interface ValueType {
  readonly element: ElementKind
  readonly dims: readonly Dim[]
  /** Known set of the value, used for signs and checks; null when nothing better than the element kind is known. */
  readonly support: Support | null
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '^' | '.*' | './'
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>='

/**
 * Expressions. `*` is the mathematical product (its operands' types say which). A `ref` may have fewer subscripts than
 * its symbol has dimensions: the rest are taken whole, so that `mu[k]` of a `real[K, D]` is a vector.
 * A `label` literal is compared with a category and is resolved to a level number when data is bound.
 */
export type TExpr = { readonly span: Span; readonly type: ValueType } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'label'; readonly value: string; readonly levels: SymbolId; readonly column: TExpr | null }
  /** `pi` or `e` where no declaration has that name. */
  | { readonly kind: 'constant'; readonly name: 'pi' | 'e' }
  | { readonly kind: 'ref'; readonly symbol: SymbolId; readonly subscripts: readonly Subscript[] }
  /** Subscripts applied to a value that is not a name: `(a + b)[i]`, `softmax(v)[2]`. */
  | { readonly kind: 'subscript'; readonly of: TExpr; readonly subscripts: readonly Subscript[] }
  | { readonly kind: 'negate' | 'not'; readonly of: TExpr }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: TExpr; readonly right: TExpr }
  | { readonly kind: 'compare'; readonly operator: ComparisonOperator; readonly left: TExpr; readonly right: TExpr }
  | { readonly kind: 'and' | 'or'; readonly left: TExpr; readonly right: TExpr }
  /** `then if condition else otherwise`. */
  | { readonly kind: 'conditional'; readonly condition: TExpr; readonly then: TExpr; readonly otherwise: TExpr }
  /** A built-in function of the language page, by its name there. */
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly TExpr[] }
  /** `[a, b, c]`; elements are numbers (a vector) or vectors of one length (a matrix). */
  | { readonly kind: 'vector'; readonly elements: readonly TExpr[] }
  /** `[body for index in domain]`. */
  | { readonly kind: 'comprehension'; readonly index: SymbolId; readonly domain: Domain; readonly body: TExpr }
)

export type Subscript =
  | { readonly kind: 'at'; readonly index: TExpr }
  | { readonly kind: 'all' }
  /** `from:to`, both ends included, null where left out. */
  | { readonly kind: 'slice'; readonly from: TExpr | null; readonly to: TExpr | null }

/** A distribution with its arguments under the names of the chosen parametrisation. */
export type TDistribution =
  | {
      readonly kind: 'plain'
      readonly span: Span
      readonly name: string
      /** Index into the signature's parametrisations. */
      readonly parametrisation: number
      readonly arguments: readonly { readonly name: string; readonly value: TExpr }[]
    }
  | {
      readonly kind: 'mixture'
      readonly span: Span
      readonly weights: TExpr
      /** `D[k] for k in domain`, or the components one by one. */
      readonly components:
        | {
            readonly kind: 'indexed'
            readonly index: SymbolId
            readonly domain: Domain
            readonly component: TDistribution
          }
        | { readonly kind: 'listed'; readonly components: readonly TDistribution[] }
    }
  | {
      readonly kind: 'truncated'
      readonly span: Span
      readonly of: TDistribution
      readonly low: TExpr | null
      readonly high: TExpr | null
    }
  | {
      readonly kind: 'censored'
      readonly span: Span
      readonly of: TDistribution
      readonly mode: 'above' | 'below' | 'between'
      readonly low: TExpr | null
      readonly high: TExpr | null
    }
  | { readonly kind: 'custom'; readonly span: Span; readonly value: SymbolId; readonly logDensity: TExpr }

export type TStatement =
  | {
      readonly kind: 'for'
      readonly span: Span
      readonly index: SymbolId
      readonly domain: Domain
      readonly weight: TExpr | null
      readonly body: readonly TStatement[]
    }
  | {
      readonly kind: 'if'
      readonly span: Span
      readonly condition: TExpr
      readonly then: readonly TStatement[]
      readonly otherwise: readonly TStatement[]
    }
  /**
   * `target ~ distribution`. `role` is what stands on the left: `prior` for a param, `mixed` for a vector literal that
   * holds latents and data. The target is a ref, a ref with subscripts, or a vector literal of these and constants.
   * A prior written in the declaration of a param stands here as a statement over the whole param.
   */
  | {
      readonly kind: 'sample'
      readonly span: Span
      readonly role: 'data' | 'latent' | 'prior' | 'mixed'
      readonly target: TExpr
      readonly distribution: TDistribution
    }
  /** `observe left = right`. */
  | { readonly kind: 'observe-equation'; readonly span: Span; readonly left: TExpr; readonly right: TExpr }
  /** `observe condition`. */
  | { readonly kind: 'observe-condition'; readonly span: Span; readonly condition: TExpr }

export interface TypedModel {
  readonly name: string
  readonly source: { readonly name: string; readonly text: string }
  /** In order of declaration. */
  readonly symbols: readonly ModelSymbol[]
  /** In order of the file, declarations without `~` left out. */
  readonly statements: readonly TStatement[]
}
