/** Starts that are made in stages: by splitting components, or by joining rows. */
import { componentLatents } from './component-latents.js'
import type { BoundModel, Init, LatentLayout } from './contract.js'
import { respectEvidence } from './given-weights.js'
import { clusterWeights, MOST_HIERARCHICAL, wardClusters } from './hierarchical.js'
import type { Pacer } from './pacer.js'
import { type Pooled, weightsOf } from './pooled.js'
import type { RandomSource } from './random.js'
import { type SplitStage, splitComponents } from './split-components.js'

export const isStaged = (init: Init): boolean => init === 'split' || init === 'hierarchical'

/** Why a model has no starts of this kind; null where it has. */
export function refuseInit(fitted: BoundModel, init: Init): string | null {
  if (!isStaged(init)) return null
  const model = fitted.sample ?? fitted.summed ?? fitted
  const latents = componentLatents(model)
  const what = init === 'split' ? 'splits components' : 'joins rows to components'
  if (latents.length === 0)
    return `the start \`${init}\` ${what}, and this model has none: use auto, random, or start values`
  for (const { name, rows } of latents) {
    if (init === 'hierarchical' && rows > MOST_HIERARCHICAL)
      return (
        `the start \`hierarchical\` joins rows pair by pair, which takes too long beyond ` +
        `${MOST_HIERARCHICAL.toLocaleString('en-US')}: \`${name}\` has ${rows.toLocaleString('en-US')}; use split`
      )
    if ((model.features?.(name) ?? null) === null)
      return `the start \`${init}\` tells rows apart by their data, and none stand beside \`${name}\`: use auto or random`
  }
  return null
}

/** Every component-like latent is split in turn, the others as they are by then. */
export async function splitStart(
  model: BoundModel,
  latents: readonly LatentLayout[],
  base: Pooled,
  random: RandomSource | null,
  pacer: Pacer,
): Promise<{ readonly params: Float64Array; readonly stages: readonly SplitStage[] }> {
  let params = base.params
  const stages: SplitStage[] = []
  for (const latent of latents) {
    const features = model.features?.(latent.name) ?? null
    if (features === null) continue
    const evidence = base.evidence.get(latent.name) ?? new Float64Array(0)
    const split = await splitComponents({ model, latent, features, pooled: params, evidence, random, pacer })
    params = split.params
    stages.push(...(stages.length === 0 ? split.stages : split.stages.slice(1)))
  }
  return { params, stages }
}

/** Part of each row that is spread over all components. */
const SPREAD = 0.05

/** Ward's clusters of the rows of each component-like latent, and one M-step, with its pivot settled by another. */
export async function hierarchicalStart(
  model: BoundModel,
  latents: readonly LatentLayout[],
  base: Pooled,
  pacer: Pacer,
): Promise<Float64Array> {
  const given = weightsOf(model, base.params)
  for (const latent of latents) {
    const features = model.features?.(latent.name) ?? null
    if (features === null) continue
    const clusters = wardClusters(features, latent.rows, latent.values)
    await pacer.breathe()
    const evidence = base.evidence.get(latent.name) ?? new Float64Array(0)
    given.set(latent.name, respectEvidence(latent, clusterWeights(latent, clusters, SPREAD), evidence))
  }
  let params = base.params
  for (let pass = 0; pass < 2; pass++) {
    params = model.mStep(params, model.eStepFrom(given, params)).params
    await pacer.breathe()
  }
  return params
}
