/** How certain the classification of the rows is. */
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { rowWeights } from '../compiler/bind/row-weights.js'

/**
 * Entropy of the classification, −Σ w Σ_k r_k log r_k over the rows of the discrete latents, in nats: 0 where every row
 * belongs to one value for certain, log K a row where it may be any of K. null without such latents.
 */
export function entropyOf(model: ProgramModel, params: Float64Array): number | null {
  if (model.latents.length === 0) return null
  const all = model.posterior(params)
  let total = 0
  for (const latent of model.latents) {
    const weights = rowWeights(model.derivation, model.numbers, latent.name)
    const r = all.get(latent.name) ?? new Float64Array(0)
    for (let n = 0; n < latent.rows; n++) {
      let own = 0
      for (let k = 0; k < latent.values; k++) {
        const p = r[n * latent.values + k] ?? 0
        if (p > 0) own -= p * Math.log(p)
      }
      total += (weights?.[n] ?? 1) * own
    }
  }
  return total
}
