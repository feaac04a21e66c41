/** The derivation as a list of steps, each with its formulas in text and TeX. */
import type { Span } from '../../lang/source.js'
import { spoken } from './spoken-formulas.js'

/** One formula in both notations. */
export interface Formula {
  readonly text: string
  readonly latex: string
}

/** Words with formulas among them. */
export type Inline = readonly (string | Formula)[]

/** What a line rests on: the rule that produced it, the literature, and the statement of the source that it comes from. */
export interface Origin {
  /** Stable id: listed in docs/derivation-rules.md. */
  readonly rule: string
  readonly citation: string
  readonly span: Span | null
  /** All statements whose factors it contains, where they are several. */
  readonly spans?: readonly Span[]
}

/** A formula on a line of its own, with its origin where that is not the step's. */
export interface Line extends Formula {
  readonly from?: Partial<Origin>
}

/** A line of pseudo-code. */
export interface AlgorithmLine {
  readonly indent: number
  readonly parts: Inline
}

export type Block =
  | { readonly kind: 'prose'; readonly parts: Inline }
  | { readonly kind: 'formula'; readonly lines: readonly Line[] }
  | { readonly kind: 'list'; readonly items: readonly Inline[] }
  /** A statement as it was written. */
  | { readonly kind: 'source'; readonly text: string; readonly span: Span }
  | { readonly kind: 'algorithm'; readonly lines: readonly AlgorithmLine[] }

export type StepKind =
  | 'notation'
  | 'model'
  | 'likelihood'
  | 'marginal'
  | 'bound'
  | 'lifting'
  | 'e-step'
  | 'q'
  | 'm-step'
  | 'algorithm'
  | 'guarantee'
  | 'worked'

/** One step: what was rewritten, into what, by which rule, and where that comes from. */
export interface DerivationStep {
  readonly id: string
  readonly kind: StepKind
  readonly title: Inline
  readonly content: readonly Block[]
  /** Where its lines come from, unless they say otherwise. */
  readonly origin: Origin
}

/** `say` makes a paragraph: say`The weights ${f} add up to 1.` */
export function say(words: TemplateStringsArray, ...formulas: readonly Part[]): Block {
  return { kind: 'prose', parts: inline(words, ...formulas) }
}

type Part = Formula | string | Inline

export function inline(words: TemplateStringsArray, ...formulas: readonly Part[]): Inline {
  return words.flatMap((w, i): Inline => {
    const f = formulas[i]
    return [...spoken(w), ...(f === undefined ? [] : isInline(f) ? f : [f])]
  })
}

const isInline = (part: Part): part is Inline => Array.isArray(part)

/** In Unicode. */
export const textOf = (parts: Inline): string => parts.map((p) => (typeof p === 'string' ? p : p.text)).join('')
