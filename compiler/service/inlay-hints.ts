import type { Analysis } from '../../lang/service/analyse.js'
import type { InlayHint } from '../../lang/service/types.js'
import type { PlanWords, RuleWords } from './rules.js'

/** At the end of each declaration: the M-step's rule of a param, the E-step's method of a latent. */
export const inlayHints = (a: Analysis, words: PlanWords): readonly InlayHint[] =>
  declarations(a).flatMap((d) => {
    const found = wordsOf(d, words)
    return found === undefined ? [] : [{ offset: d.end, label: found.short, tooltip: found.long, span: d.span }]
  })

/** What the last text without errors said of each declaration. */
export interface EarlierHints {
  readonly words: PlanWords
  /** The declarations as they were written. */
  readonly written: ReadonlyMap<string, string>
}

export const earlierHints = (a: Analysis, words: PlanWords): EarlierHints => ({
  words,
  written: new Map(declarations(a).map((d) => [keyOf(d), d.written])),
})

/** The hints of a text with errors: those of before, at the declarations that are written as they were, wherever these are now. */
export const staleHints = (a: Analysis, { words, written }: EarlierHints): readonly InlayHint[] =>
  declarations(a).flatMap((d) => {
    const found = wordsOf(d, words)
    if (found === undefined || written.get(keyOf(d)) !== d.written) return []
    const tooltip = `From before the errors; it may change when they are mended.\n\n${found.long}`
    return [{ offset: d.end, label: `${found.short} (stale)`, tooltip, span: d.span }]
  })

interface Declaration {
  readonly kind: 'param' | 'latent'
  readonly name: string
  readonly written: string
  readonly end: number
  readonly span: InlayHint['span']
}

function declarations(a: Analysis): readonly Declaration[] {
  const { text } = a.source
  return a.names.occurrences.flatMap(({ definition: d, declares, span }): readonly Declaration[] => {
    const { kind } = d
    // a latent in pieces is told of once
    if (!declares || (kind !== 'param' && kind !== 'latent') || d.span.start !== span.start) return []
    const written = text.slice(d.whole.start, d.whole.end)
    return [{ kind, name: d.name, written, end: Math.min(d.whole.end, text.length), span }]
  })
}

const keyOf = (d: Declaration): string => `${d.kind} ${d.name}`

const wordsOf = (d: Declaration, words: PlanWords): RuleWords | undefined =>
  (d.kind === 'param' ? words.params : words.latents).get(d.name)
