/** The derivation as a list of steps, each with its formulas in text and TeX. */
import type { Span } from '../../lang/source.js'
import type { Formula } from './print.js'

/** Words with formulas among them. */
export type Inline = readonly (string | Formula)[]

export type Block =
  | { readonly kind: 'prose'; readonly parts: Inline }
  | { readonly kind: 'formula'; readonly lines: readonly Formula[] }
  | { readonly kind: 'list'; readonly items: readonly Inline[] }
  /** Lines as they were written, or pseudo-code. */
  | { readonly kind: 'code'; readonly lines: readonly string[] }

export type StepKind =
  | 'notation'
  | 'model'
  | 'likelihood'
  | 'bound'
  | 'lifting'
  | 'e-step'
  | 'q'
  | 'm-step'
  | 'algorithm'
  | 'guarantee'

/** One step: what was rewritten, into what, by which rule, and where that comes from. */
export interface DerivationStep {
  readonly id: string
  readonly kind: StepKind
  readonly title: string
  /** Id of the rule, where one was chosen. */
  readonly rule: string | null
  readonly content: readonly Block[]
  readonly citation: string | null
  /** Statement of the source that it is about. */
  readonly span: Span | null
}

/** `say` makes a paragraph: say`The weights ${f} add up to 1.` */
export function say(words: TemplateStringsArray, ...formulas: readonly (Formula | string)[]): Block {
  return { kind: 'prose', parts: inline(words, ...formulas) }
}

export function inline(words: TemplateStringsArray, ...formulas: readonly (Formula | string)[]): Inline {
  return words.flatMap((w, i) => {
    const f = formulas[i]
    return f === undefined ? [w] : [w, f]
  })
}
