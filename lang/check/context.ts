/** What every part of the checker shares: the symbols found so far, where to complain, and how to recurse. */
import type * as ast from '../ast/types.js'
import type { Diagnostic } from '../diagnostics/types.js'
import type { DistributionSignature } from '../signature.js'
import type { Source, Span } from '../source.js'
import { suggest } from '../suggest.js'
import type { Dim, Domain, ModelSymbol, SymbolId, TDistribution, TExpr, ValueType } from '../typed/types.js'
import type { ConstFacts, Range } from './facts.js'
import type { Binding, LatentRecord, Scope } from './scope.js'

/** A complaint; its severity follows from the code's letter. */
export type Problem = Omit<Diagnostic, 'severity'>

/** What a distribution says of its value. `elements` null: not known (an error was told). */
export interface CheckedDistribution {
  readonly distribution: TDistribution
  readonly value: ValueType
}

/** The value on the left of `~`, as far as it is known: null for a latent whose type follows from the distribution. */
export interface ExpectedValue {
  readonly target: TExpr | null
  /** `x[n]`, as written. */
  readonly text: string
  readonly role: 'data' | 'latent' | 'prior' | 'mixed'
  /** The symbol on the left where there is one, for Custom. */
  readonly symbol: SymbolId | null
}

export type FnStatement = Extract<ast.Statement, { kind: 'fn' }>

export interface CheckContext {
  readonly source: Source
  readonly distributions: ReadonlyMap<string, DistributionSignature>
  readonly functions: ReadonlyMap<string, FnStatement>
  readonly root: Scope
  readonly symbols: Map<SymbolId, ModelSymbol>
  readonly consts: Map<SymbolId, ConstFacts>
  readonly ranges: WeakMap<TExpr, Range>
  /** For sizes of rank 1: the dimension that they have one number for. */
  readonly sizeOver: Map<SymbolId, Dim>
  readonly latents: Map<SymbolId, LatentRecord>
  /** Latents and lets of the whole file by name, to tell "not yet" from "never". */
  readonly declaredSomewhere: Map<string, Span>
  report(problem: Problem): void
  /** Runs without letting anything be reported; tells whether there were errors. */
  quietly<T>(run: () => T): { readonly value: T; readonly failed: boolean }
  /** The span to give to a typed node: that of the call while a function is inlined. */
  spanOf(span: Span): Span
  /** Calls `run` with spans and complaints moved to the call of a function. */
  inlining<T>(name: string, call: Span, run: () => T): T
  /** How many calls of functions may still be written out. */
  readonly inlineBudget: { left: number }
  /** Names of the functions being inlined, outermost first. */
  readonly inlineStack: readonly string[]
  /** A fresh id `kind:name`, numbered where needed; index variables are always numbered. */
  freshId(kind: ModelSymbol['kind'], name: string): SymbolId
  /** A const, size, data or param by name, resolved when first asked for. */
  global(name: string): Binding | undefined
  globalNames(): readonly string[]
  /** null: there is an error, and it is told. */
  expression(e: ast.Expression, scope: Scope): TExpr | null
  domain(domain: ast.DomainExpression, scope: Scope): Domain | null
  distribution(d: ast.DistributionExpression, scope: Scope, expected: ExpectedValue): CheckedDistribution | null
}

/** The text of the file at a span, on one line. */
export function textAt(ctx: CheckContext, span: Span): string {
  return ctx.source.text.slice(span.start, span.end).replace(/\s+/g, ' ').trim()
}

/** The name nearest to a misspelt one; none where the file has too many names for the search to be of use. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  return candidates.length > 1000 ? undefined : suggest(name, candidates)
}

/** Dimensions of a size: none, or the one it is ragged over. */
export function sizeDims(ctx: Pick<CheckContext, 'sizeOver'>, id: SymbolId): readonly Dim[] {
  const over = ctx.sizeOver.get(id)
  return over === undefined ? [] : [over]
}

/** The distributions that are made from others. */
export const specialDistributions: readonly string[] = ['Mixture', 'Truncated', 'Censored', 'Custom']
