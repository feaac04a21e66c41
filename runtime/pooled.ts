import { componentLatents } from './component-latents.js'
import type { BoundModel } from './contract.js'
import { evenWeights } from './given-weights.js'

/** The estimate in which all components are alike. Never a start (EM stays there), but what starts are measured by. */
export interface Pooled {
  readonly params: Float64Array
  /** Posterior of every discrete latent there: 0 only where evidence excludes a value. */
  readonly evidence: ReadonlyMap<string, Float64Array>
}

/**
 * The pooled estimate: an M-step with every row at weight 1/K in every component, from the interior of the supports;
 * twice, since the first has a poor pivot.
 */
export function pooled(model: BoundModel): Pooled {
  let params = model.interior(() => 0.5)
  for (let pass = 0; pass < 2; pass++) {
    const given = weightsOf(model, params)
    for (const latent of componentLatents(model)) given.set(latent.name, evenWeights(latent))
    params = model.mStep(params, model.eStepFrom(given, params)).params
  }
  return { params, evidence: model.posterior(params) }
}

/** The posterior at `params` of every discrete latent, even where it is no number: what latents not made up are given. */
export function weightsOf(model: BoundModel, params: Float64Array): Map<string, Float64Array> {
  const posterior = model.posterior(params)
  const given = new Map<string, Float64Array>()
  for (const latent of model.latents) {
    const found = posterior.get(latent.name)
    given.set(latent.name, found?.every(Number.isFinite) ? found : evenWeights(latent))
  }
  return given
}
