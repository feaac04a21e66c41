/**
 * An expression laid out for the eye, before it is text or TeX: signs, fractions and roots stand apart, and sums over
 * indices have become products of vectors and matrices where they are that.
 */
import type { Expr, Rational } from './types.js'

export type Display =
  | { readonly kind: 'number'; readonly value: Rational }
  | { readonly kind: 'float'; readonly value: number }
  /** Text of the caller's own, taken as an atom. */
  | { readonly kind: 'verbatim'; readonly text: string }
  | { readonly kind: 'constant'; readonly name: 'pi' | 'e' }
  /** `mark`: the value at the start of the iteration, or the difference from it. */
  | {
      readonly kind: 'symbol'
      readonly name: string
      readonly subscripts: readonly Display[]
      readonly mark: 'none' | 'old' | 'shift'
    }
  /** r_{nk} and (A⁻¹)_{ij}: subscripts without commas where they are single letters. */
  | { readonly kind: 'element'; readonly of: Display; readonly subscripts: readonly Display[] }
  /** A letter with as many primes as keep it apart from others of the same name. */
  | { readonly kind: 'index'; readonly name: string; readonly primes: number }
  | { readonly kind: 'sum'; readonly terms: readonly Signed[] }
  | { readonly kind: 'product'; readonly factors: readonly Display[] }
  | { readonly kind: 'fraction'; readonly top: Display; readonly bottom: Display }
  | { readonly kind: 'power'; readonly base: Display; readonly exponent: Display }
  | { readonly kind: 'root'; readonly of: Display }
  | { readonly kind: 'apply'; readonly fn: string; readonly args: readonly Display[] }
  | { readonly kind: 'enclosed'; readonly by: 'abs' | 'norm' | 'floor' | 'ceil'; readonly of: Display }
  | {
      readonly kind: 'bigSum'
      readonly index: Display
      readonly from: Display
      readonly to: Display
      readonly body: Display
    }
  | { readonly kind: 'transpose'; readonly of: Display }
  | { readonly kind: 'identity' }
  /** A matrix given by its elements, where it has no shorter form. */
  | { readonly kind: 'elements'; readonly of: Display; readonly row: Display; readonly column: Display }
  | { readonly kind: 'cases'; readonly when: GuardDisplay; readonly met: Display; readonly otherwise: Display }
  /** 1 where the guard holds, else 0. */
  | { readonly kind: 'indicator'; readonly of: GuardDisplay }
  | { readonly kind: 'observed'; readonly of: Display }
  | { readonly kind: 'probability'; readonly of: readonly { readonly latent: Display; readonly value: Display }[] }
  | { readonly kind: 'expectation'; readonly of: Display; readonly given: readonly GuardDisplay[] }

export type GuardDisplay =
  | {
      readonly kind: 'relation'
      readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>='
      readonly left: Display
      readonly right: Display
    }
  | { readonly kind: 'and' | 'or'; readonly left: GuardDisplay; readonly right: GuardDisplay }
  | { readonly kind: 'not'; readonly of: GuardDisplay }
  /** The cell is observed. */
  | { readonly kind: 'present'; readonly of: Display }
  | { readonly kind: 'literal'; readonly value: boolean }

/** A term with its sign outside. */
export interface Signed {
  readonly negative: boolean
  readonly term: Display
}

export const integer = (n: number): Display => ({ kind: 'number', value: { n, d: 1 } })

/** A signed term as one display; a minus sign makes it a sum of one term. */
export function whole(signed: Signed): Display {
  return signed.negative ? { kind: 'sum', terms: [signed] } : signed.term
}

/** The factors side by side, products among them opened, a factor 1 dropped. */
export function sideBySide(factors: readonly Display[]): Display {
  const flat = factors.flatMap((f) => (f.kind === 'product' ? f.factors : [f]))
  const kept = flat.filter((f) => !(f.kind === 'number' && f.value.n === 1 && f.value.d === 1))
  const only = kept[0]
  if (only === undefined) return integer(1)
  return kept.length === 1 ? only : { kind: 'product', factors: kept }
}

/** 0.05 for 1/20: denominators above 9 whose decimals end soon. */
export function shortDecimal(value: Rational): string | null {
  if (value.d <= 9) return null
  const text = String(value.n / value.d)
  return /^\d+\.\d{1,4}$/.test(text) && Math.round(Number(text) * 1e4) * value.d === value.n * 1e4 ? text : null
}

/** How an expression is printed where the caller has a better notation; null leaves it to the printer. */
export interface PrintOptions {
  readonly probability?: (e: ExprOf<'probability'>) => string | null
  readonly mean?: (e: ExprOf<'mean'>) => string | null
  /** Expectations given the values of discrete latents are printed without the probability of these. */
  readonly given?: 'conditional'
  /** Sums stay sums over their index: no vectors and matrices. */
  readonly sums?: 'plain'
  /** For refs to statistics. */
  readonly stat?: (e: ExprOf<'ref'>) => string | null
}

export type ExprOf<K extends Expr['kind']> = Extract<Expr, { readonly kind: K }>
