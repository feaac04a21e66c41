import { componentAxes } from './component-latents.js'
import type { BoundModel, LatentLayout } from './contract.js'
import { type Seeds, seedWeights } from './given-weights.js'
import type { Pacer } from './pacer.js'
import type { RandomSource } from './random.js'

/** Rounds in which seeds are found: one each, or several where there are more components (Bahmani and others 2012). */
const ROUNDS = 40

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
 *
 * Where components are crossed with a column, each group of rows has its own seeds, found side by side.
 */
export async function seedComponents(request: SeedRequest): Promise<number[][]> {
  const { latent, random } = request
  const groups = membersOf(latent)
  let seeds = groups.map((members) => [members === null ? random.integer(latent.rows) : anyOf(members, random)])
  const candidates = request.greedy && latent.rows <= GREEDY_ROWS ? 2 + Math.floor(Math.log(latent.values)) : 1
  const atOnce = Math.ceil((latent.values - 1) / ROUNDS)
  let state = await measure(request, seeds)
  for (let k = 1; k < latent.values; k += atOnce) {
    const wanted = Math.min(atOnce, latent.values - k)
    const best: { seeds: readonly number[]; total: number }[] = []
    let kept = state
    for (let c = 0; c < candidates; c++) {
      const next = groups.map((members) => pickSeeds(members, state.drops, wanted, random))
      const tried = await measure(
        request,
        seeds.map((own, g) => [...own, ...(next[g] ?? [])]),
      )
      next.forEach((picked, g) => {
        const total = tried.totals[g] ?? 0
        const before = best[g]
        if (before !== undefined && total >= before.total) return
        best[g] = { seeds: picked, total }
        kept = tried
      })
    }
    seeds = seeds.map((own, g) => [...own, ...(best[g]?.seeds ?? [])])
    // With one group the best candidate was measured as it is; with several, each may have taken another one.
    state = groups.length === 1 || candidates === 1 ? kept : await measure(request, seeds)
  }
  return groups.length === 1 ? seeds.map((own) => orderedSeeds(request, own)) : seeds
}

/** Params with component k of group g seeded at seeds[g][k]. */
export function paramsFromSeeds(request: SeedRequest, seeds: Seeds): Float64Array {
  const { model, latent, pivot, others } = request
  const given = new Map(others)
  given.set(latent.name, seedWeights(latent, seeds))
  return model.mStep(pivot, model.eStepFrom(given, pivot)).params
}

/** Rows of each group; null for the only group, which has all. */
function membersOf(latent: LatentLayout): readonly (readonly number[] | null)[] {
  if (latent.groups === undefined) return [null]
  const members: number[][] = []
  latent.groups.forEach((group, n) => {
    const own = members[group] ?? []
    own.push(n)
    members[group] = own
  })
  return members
}

const anyOf = (members: readonly number[], random: RandomSource): number => members[random.integer(members.length)] ?? 0

/** So many rows, each with probability proportional to its drop, a row again only where no other one is left. */
function pickSeeds(
  members: readonly number[] | null,
  drops: Float64Array,
  wanted: number,
  random: RandomSource,
): readonly number[] {
  const left = members === null ? drops.slice() : Float64Array.from(members, (n) => drops[n] ?? 0)
  return Array.from({ length: wanted }, () => {
    const picked = random.pick(left)
    left[picked] = 0
    return members === null ? picked : (members[picked] ?? 0)
  })
}

interface Measured {
  /** Drop in log density of each row, ≥ 0, finite. */
  readonly drops: Float64Array
  /** What good seeds keep small, by group. */
  readonly totals: Float64Array
}

async function measure(request: SeedRequest, seeds: readonly (readonly number[])[]): Promise<Measured> {
  const { model, latent, pacer } = request
  const { byUnit } = request
  const columns = seeds.map((own) =>
    Array.from({ length: latent.values }, (_, k) =>
      k < own.length ? (own[k] ?? null) : byUnit ? (own[k % own.length] ?? null) : null,
    ),
  )
  const params = paramsFromSeeds(request, columns)
  await pacer.breathe()
  const seeded = seeds[0]?.length ?? 0
  const drops = byUnit
    ? unitDrops(model.unitLogLikelihood(params), latent, seeds.length)
    : posteriorDrops(request, params, seeded)
  await pacer.breathe()
  const totals = new Float64Array(seeds.length)
  drops.forEach((drop, n) => {
    const group = latent.groups?.[n] ?? 0
    totals[group] = (totals[group] ?? 0) + drop
  })
  // A seed does not stand out from itself.
  for (const own of seeds) for (const seed of own) drops[seed] = 0
  return { drops, totals }
}

/** How far each row is below the best one of its group. */
function unitDrops(logDensity: Float64Array, latent: LatentLayout, groups: number): Float64Array {
  const top = new Float64Array(groups).fill(Number.NEGATIVE_INFINITY)
  const bottom = new Float64Array(groups).fill(Number.POSITIVE_INFINITY)
  const groupOf = (n: number): number => latent.groups?.[n] ?? 0
  logDensity.forEach((value, n) => {
    if (!Number.isFinite(value)) return
    const g = groupOf(n)
    top[g] = Math.max(top[g] ?? value, value)
    bottom[g] = Math.min(bottom[g] ?? value, value)
  })
  return logDensity.map((value, n) => {
    const [high, low] = [top[groupOf(n)] ?? 0, bottom[groupOf(n)] ?? 0]
    if (high < low) return 0
    return Number.isFinite(value) ? high - value : 2 * (high - low) + 1
  })
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
    const alone = paramsFromSeeds(request, [new Array<number>(request.latent.values).fill(seed)])
    return { seed, key: alone[axis.param.offset] ?? 0 }
  })
  return keyed.sort((a, b) => a.key - b.key).map(({ seed }) => seed)
}
