import type { Analysis } from '../../lang/service/analyse.js'
import type { InlayHint } from '../../lang/service/types.js'
import type { PlanWords } from './rules.js'

/** At the end of each declaration: the M-step's rule of a param, the E-step's method of a latent. */
export function inlayHints(a: Analysis, words: PlanWords): readonly InlayHint[] {
  return a.names.occurrences.flatMap(({ definition: d, declares, span }): readonly InlayHint[] => {
    const found =
      d.kind === 'param' ? words.params.get(d.name) : d.kind === 'latent' ? words.latents.get(d.name) : undefined
    // a latent in pieces is told of once
    if (!declares || found === undefined || d.span.start !== span.start) return []
    const { text } = a.source
    const end = d.whole.end
    return [{ offset: Math.min(end, text.length), label: found.short, tooltip: found.long, span }]
  })
}
