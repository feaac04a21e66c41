/**
 * The E-step with one draw of the latents from their posterior in place of it (Celeux and Diebolt 1985; Celeux and Govaert
 * 1992, section 4): all latents of a unit together. Discrete ones are drawn backwards through the order in which they are
 * summed out, along chains from the last place to the first; Normal ones by a root of their covariance, after their spread
 * where that is latent, those of other families and nodes of posteriors that are none given the discrete ones; counts that
 * share out a total one after another.
 *
 * Of a factorised posterior each factor is drawn from its posterior given the others as they were drawn, in the order of the
 * updates of q. One sweep leaves the posterior of all latents together as it is (Geman and Geman 1984), so that the draws
 * wander about under it, each from the one before, while the params move slowly beside it (Nielsen 2000; Kuhn and Lavielle 2004).
 */
import type { Derivation } from '../derive.js'
import { lower } from '../lower/lower.js'
import { Lowerer } from '../lower/lowerer.js'
import { lowerInputOf } from './lower-input.js'
import { type ModeProgram, refused, spanOf } from './mode-refusal.js'

const HELP = '--mode em takes expectations, which it has in closed form'

export function drawnProgram(d: Derivation): ModeProgram {
  const { eStep } = d
  if (eStep.tables.length + eStep.blocks.length + eStep.countGroups.length === 0)
    return refused(spanOf(d, undefined), 'this mode draws latents, and the model has none', HELP)
  if (d.graph.params.length === 0)
    return refused(spanOf(d, undefined), 'this mode averages params, and all unknowns of the model are latents', HELP)
  return { kind: 'program', program: lower(lowerInputOf(d), new Lowerer(d.shapes), 'draw') }
}
