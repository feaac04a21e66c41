/**
 * The E-step at an inverse temperature β in (0, 1]: q(z) ∝ p(data, z; θ)^β for the discrete latents z together, whatever
 * is continuous integrated out given z as in EM, by nodes where its posterior is no family (Ueda and Nakano 1998, section 3).
 * Counts that share out an observed total read no z, and keep their posterior. A product of factors to the power β is
 * the product of their powers, so every table of log densities is multiplied by β, and elimination and forward–backward
 * stay what they are. Q is that of the model, and
 *
 *   F(q, θ) = E_q log p(data, z; θ) + H(q) / β      with the maximum  (1/β) log Σ_z p(data, z; θ)^β  over q
 *
 * never falls while β stays. Of a factorised q each factor of discrete latents has
 * q_f(z) ∝ exp(β E_(other factors) log p), factors of continuous latents keep their update, and the entropies H(q_f) of
 * discrete latents alone are divided by β.
 */
import { mul, ref } from '../algebra/build.js'
import type { Derivation } from '../derive.js'
import type { EStepPlan, PlacedFactor } from '../estep/types.js'
import { withLinearRoad } from '../lower/linear-road.js'
import { lower } from '../lower/lower.js'
import { type ArrayShapes, Lowerer } from '../lower/lowerer.js'
import { lowerInputOf } from './lower-input.js'
import { type ModeProgram, quoted, refused, spanOf } from './mode-refusal.js'

/** Name of β among the params: no name of a user has a space. */
const BETA = 'inverse temperature'
/** Its buffer. */
export const BETA_BUFFER = `param:${BETA}`

const HELP = '--mode em fits the model as it is; --restarts tries more starts'

export function temperedProgram(d: Derivation): ModeProgram {
  const { eStep } = d
  if (eStep.tables.length === 0) {
    const [first] = eStep.blocks.flatMap((b) => b.latents)
    const counts = eStep.countGroups.flatMap((g) => g.latents)
    const why =
      first !== undefined
        ? `the model has none; \`${first.latent.name}\` is continuous: flattened, its posterior would widen without end as spreads grow`
        : counts.length > 0
          ? `the model has none; ${quoted(counts)} share out an observed total, and keep their posterior`
          : 'the model has none'
    return refused(
      spanOf(d, first?.latent.name),
      `annealing flattens the posterior of discrete latents, and ${why}`,
      HELP,
    )
  }
  const lowerer = new Lowerer(withBeta(d.shapes))
  const input = { ...lowerInputOf(d), eStep: tempered(eStep) }
  return { kind: 'program', program: withLinearRoad(lower(input, lowerer), input, lowerer) }
}

function tempered(plan: EStepPlan): EStepPlan {
  const beta = ref('param', BETA, [])
  const times = (f: PlacedFactor): PlacedFactor => ({
    ...f,
    lifted: { ...f.lifted, expr: mul(beta, f.lifted.expr) },
  })
  return {
    ...plan,
    inverseTemperature: beta,
    potentials: plan.potentials.map((p) => ({ ...p, factors: p.factors.map(times) })),
  }
}

function withBeta(shapes: ArrayShapes): ArrayShapes {
  return {
    ...shapes,
    shape: (space, name) => (space === 'param' && name === BETA ? [] : shapes.shape(space, name)),
  }
}
