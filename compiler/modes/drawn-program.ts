/**
 * The E-step with one draw of the latents from their posterior in place of it (Celeux and Diebolt 1985; Celeux and Govaert
 * 1992, section 4): all latents of a unit together. Discrete ones are drawn backwards through the order in which they are
 * summed out, along chains from the last place to the first; Normal ones by a root of their covariance, those of other
 * families given the discrete ones; counts that share out a total one after another.
 */
import type { Derivation } from '../derive.js'
import { isDrawn } from '../lower/family-draws.js'
import { lower } from '../lower/lower.js'
import { Lowerer } from '../lower/lowerer.js'
import { lowerInputOf } from './lower-input.js'
import { type ModeProgram, quoted, refused, spanOf } from './mode-refusal.js'

const HELP = '--mode em takes expectations, which it has in closed form'

export function drawnProgram(d: Derivation): ModeProgram {
  const { eStep } = d
  if (eStep.tables.length + eStep.blocks.length + eStep.countGroups.length === 0)
    return refused(spanOf(d, undefined), 'this mode draws latents, and the model has none', HELP)
  if (eStep.factorised !== null) {
    const names = eStep.factorised.factors.flatMap((f) => f.latents)
    return refused(
      spanOf(d, names[0]),
      `${quoted(names)} have a factorised posterior only, and draws from it would not be draws from the posterior`,
      HELP,
    )
  }
  for (const b of eStep.blocks) {
    const names = b.latents.map((l) => l.latent.name)
    const together = b.kind === 'gaussian' ? b.given !== null : b.kind === 'conjugate' && b.inner !== null
    if (!together && (b.kind === 'gaussian' || (b.kind === 'conjugate' && isDrawn(b)))) continue
    const what = together
      ? 'have a posterior together with their spread'
      : b.kind === 'conjugate'
        ? `have a ${b.family.title} posterior`
        : 'have a posterior that stands as weighted points'
    return refused(spanOf(d, names[0]), `${quoted(names)} ${what}; draws of these are not in this version`, HELP)
  }
  return { kind: 'program', program: lower(lowerInputOf(d), new Lowerer(d.shapes), 'draw') }
}
