import type { ComponentState, LatentLayout, ParamLayout } from '../../runtime/contract.js'
import type { Derivation } from '../derive.js'
import type { DataScale } from './data-scale.js'
import { hasOwnSpread, relativeVariance } from './spreads.js'

/** What the states of components are read from. */
export interface ComponentSource {
  readonly derivation: Derivation
  readonly latents: readonly LatentLayout[]
  readonly layouts: ReadonlyMap<string, ParamLayout>
  readonly scales: ReadonlyMap<string, DataScale>
}

/**
 * Expected count and smallest relative variance of each value of each latent that indexes a param.
 *
 * @param rowWeights weight of each row of a latent, null where all are 1
 */
export function componentStates(
  { derivation, latents, layouts, scales }: ComponentSource,
  params: Float64Array,
  posterior: ReadonlyMap<string, Float64Array>,
  rowWeights: (latent: string) => Float64Array | null,
): readonly ComponentState[] {
  const indexed = new Set([...layouts.values()].flatMap((p) => p.components.map((c) => c.latent)))
  return latents
    .filter((l) => indexed.has(l.name))
    .flatMap((l) => {
      const weights = rowWeights(l.name)
      const p = posterior.get(l.name) ?? new Float64Array(0)
      const ownSpread = hasOwnSpread(derivation, layouts, l.name)
      return Array.from({ length: l.values }, (_, value): ComponentState => {
        let expectedCount = 0
        for (let r = 0; r < l.rows; r++) expectedCount += (p[r * l.values + value] ?? 0) * (weights?.[r] ?? 1)
        return {
          latent: l.name,
          value,
          expectedCount,
          relativeVariance: relativeVariance(derivation, layouts, scales, params, l.name, value),
          ownSpread,
        }
      })
    })
}
