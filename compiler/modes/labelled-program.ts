/** The E-step with a value handed in for each discrete latent; what the C-step of classification EM needs. */
import type { Derivation } from '../derive.js'
import { lower } from '../lower/lower.js'
import { Lowerer } from '../lower/lowerer.js'
import { lowerInputOf } from './lower-input.js'
import { type ModeProgram, quoted, refused, spanOf } from './mode-refusal.js'

const HELP = '--mode em takes posterior probabilities in place of classes'

export function labelledProgram(d: Derivation): ModeProgram {
  const { eStep } = d
  if (eStep.factorised !== null) {
    const names = eStep.factorised.factors.flatMap((f) => f.latents)
    return refused(
      spanOf(d, names[0]),
      `${quoted(names)} have a factorised posterior only: the most probable class of each given the others is what mode hard takes`,
      '--mode hard',
    )
  }
  const [counts] = eStep.countGroups
  if (counts !== undefined)
    return refused(
      counts.constraint.span,
      `${quoted(counts.latents)} share out an observed total, to which the most probable value of each by itself need not add up`,
      '--mode hard takes the most probable values together',
    )
  if (eStep.tables.length === 0) {
    const [first] = d.graph.latents
    const but = first === undefined ? '' : `; \`${first.name}\` is continuous`
    return refused(
      spanOf(d, first?.name),
      `classification EM puts each row into a class, and the model has no discrete latent${but}`,
      HELP,
    )
  }
  return { kind: 'program', program: lower(lowerInputOf(d), new Lowerer(d.shapes), 'labelled') }
}
