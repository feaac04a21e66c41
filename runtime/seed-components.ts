import { componentAxes } from './component-latents.js'
import type { BoundModel, LatentLayout } from './contract.js'
import { seedWeights } from './given-weights.js'
import type { Pacer } from './pacer.js'
import type { RandomSource } from './random.js'

/** Rows up to which several candidates are tried for each next seed. */
const GREEDY_ROWS = 5000

export interface SeedRequest {
  readonly model: BoundModel
  readonly latent: LatentLayout
  /** Pivot of the M-steps: the pooled estimate. */
  readonly pivot: Float64Array
  /** The units are the rows of the latent, so that a unit's log-normaliser is a row's log density. */
  readonly byUnit: boolean
  /** Weights of the other discrete latents. */
  readonly others: ReadonlyMap<string, Float64Array>
  readonly random: RandomSource
  /** Try 2 + log K candidates for each next row and keep the best. */
  readonly greedy: boolean
  readonly pacer: Pacer
}

/**
 * One row for each component: the first at random, each next with probability proportional to the drop in log density
 * under the components so far. For Gaussians of one spread the drop is the squared distance to the nearest seed: this
 * is k-means++ (Arthur, Vassilvitskii 2007, section 2.2), with candidates its greedy form (section 6 there).
 *
 * The drop of row n is max l − l(n), l the log-normalisers of the units, where the components not seeded yet copy
 * seeded ones. Where a unit is not a row (a chain), the components not seeded yet are the whole data, and the drop is
 * −log of the posterior probability that a seeded component made the row.
 */
export async function seedComponents(request: SeedRequest): Promise<number[]> {
  const { latent, random } = request
  const seeds: number[] = [random.integer(latent.rows)]
  const candidates = request.greedy && latent.rows <= GREEDY_ROWS ? 2 + Math.floor(Math.log(latent.values)) : 1
  let state = await measure(request, seeds)
  while (seeds.length < latent.values) {
    let best: { readonly seed: number; readonly state: Measured } | null = null
    for (let c = 0; c < candidates; c++) {
      const seed = random.pick(state.drops)
      const next = await measure(request, [...seeds, seed])
      if (best === null || next.total < best.state.total) best = { seed, state: next }
    }
    if (best === null) break
    seeds.push(best.seed)
    state = best.state
  }
  return orderedSeeds(request, seeds)
}

/** Params with component k seeded at seeds[k]. */
export function paramsFromSeeds(request: SeedRequest, seeds: readonly (number | null)[]): Float64Array {
  const { model, latent, pivot, others } = request
  const given = new Map(others)
  given.set(latent.name, seedWeights(latent, seeds))
  return model.mStep(pivot, model.eStepFrom(given, pivot)).params
}

interface Measured {
  /** Drop in log density of each row, ≥ 0, finite. */
  readonly drops: Float64Array
  /** What good seeds keep small. */
  readonly total: number
}

async function measure(request: SeedRequest, seeds: readonly number[]): Promise<Measured> {
  const { model, latent, pacer } = request
  const { byUnit } = request
  const columns = Array.from({ length: latent.values }, (_, k) =>
    k < seeds.length ? (seeds[k] ?? null) : byUnit ? (seeds[k % seeds.length] ?? null) : null,
  )
  const params = paramsFromSeeds(request, columns)
  await pacer.breathe()
  const drops = byUnit ? unitDrops(model.unitLogLikelihood(params)) : posteriorDrops(request, params, seeds.length)
  await pacer.breathe()
  let total = 0
  for (const drop of drops) total += drop
  // A seed does not stand out from itself.
  for (const seed of seeds) drops[seed] = 0
  return { drops, total }
}

function unitDrops(logDensity: Float64Array): Float64Array {
  let top = Number.NEGATIVE_INFINITY
  let bottom = Number.POSITIVE_INFINITY
  for (const value of logDensity) {
    if (!Number.isFinite(value)) continue
    if (value > top) top = value
    if (value < bottom) bottom = value
  }
  if (top < bottom) return new Float64Array(logDensity.length)
  return logDensity.map((value) => (Number.isFinite(value) ? top - value : 2 * (top - bottom) + 1))
}

function posteriorDrops(request: SeedRequest, params: Float64Array, seeded: number): Float64Array {
  const { model, latent } = request
  const drops = new Float64Array(latent.rows)
  const posterior = model.posterior(params).get(latent.name)
  if (posterior === undefined) return drops
  for (let n = 0; n < latent.rows; n++) {
    let explained = 0
    for (let k = 0; k < seeded; k++) explained += posterior[n * latent.values + k] ?? 0
    drops[n] = explained > 1e-300 ? Math.max(0, -Math.log(Math.min(1, explained))) : explained === 0 ? 690 : 0
  }
  return drops
}

/** Where an `ordered` param runs over the components, seeds in the order of its values: else the order would tie them. */
function orderedSeeds(request: SeedRequest, seeds: number[]): number[] {
  const axis = componentAxes(request.model, request.latent.name).find(
    ({ param, dimension }) => param.support.kind === 'ordered' && dimension === param.shape.length - 1,
  )
  if (axis === undefined) return seeds
  const keyed = seeds.map((seed) => {
    const alone = paramsFromSeeds(request, new Array<number>(request.latent.values).fill(seed))
    return { seed, key: alone[axis.param.offset] ?? 0 }
  })
  return keyed.sort((a, b) => a.key - b.key).map(({ seed }) => seed)
}
