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
 * @param counts expected count of each value of a latent
 */
export function componentStates(
  { derivation, latents, layouts, scales }: ComponentSource,
  params: Float64Array,
  counts: ReadonlyMap<string, Float64Array>,
): readonly ComponentState[] {
  return indexing(latents, layouts).flatMap((l) => {
    const ownSpread = hasOwnSpread(derivation, layouts, l.name)
    return Array.from(
      { length: l.values },
      (_, value): ComponentState => ({
        latent: l.name,
        value,
        expectedCount: counts.get(l.name)?.[value] ?? 0,
        relativeVariance: relativeVariance(derivation, layouts, scales, params, l.name, value),
        ownSpread,
      }),
    )
  })
}

/** Latents whose value indexes a param. */
export function indexing(
  latents: readonly LatentLayout[],
  layouts: ReadonlyMap<string, ParamLayout>,
): readonly LatentLayout[] {
  const indexed = new Set([...layouts.values()].flatMap((p) => p.components.map((c) => c.latent)))
  return latents.filter((l) => indexed.has(l.name))
}
