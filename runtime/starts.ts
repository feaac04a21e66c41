import { agreementOrder } from './agreement.js'
import { permuteParams } from './canonical-order.js'
import { type ComponentAxis, componentAxes, componentLatents, sliceOffsets } from './component-latents.js'
import type { BoundModel, FitOptions, LatentLayout } from './contract.js'
import { assignedWeights, dirichletWeights, knownRows, respectEvidence, seedWeights } from './given-weights.js'
import type { Pacer } from './pacer.js'
import { type Pooled, pooled, weightsOf } from './pooled.js'
import { type RandomSource, randomSource } from './random.js'
import { paramsFromSeeds, type SeedRequest, seedComponents } from './seed-components.js'
import type { SplitStage } from './split-components.js'
import { hierarchicalStart, isStaged, splitStart } from './staged-starts.js'

/**
 * Weights that lean to agreement, for a latent whose values are the levels of a data category (a truth seen through
 * raters): rows × values by latent. Mixed with random rows. The compiler knows them, the runtime does not.
 */
export type Leaning = ReadonlyMap<string, Float64Array>

/** Makes starts of one model; those of hard mode with its latents summed out. */
export interface Starter {
  /**
   * A start from `seed`: the same seed gives the same bits. The first one of a fit (`first`) is the plainest there is
   * where a model has no component-like latents or some labels are known.
   */
  start(seed: number, first: boolean): Promise<Float64Array>
  /** What the start from a seed went through, where it was made by splitting. */
  stages?(seed: number): readonly SplitStage[] | null
}

/**
 * The starts of contracts.md, "Numbers".
 *
 * - Component-like latents, `auto` and `kmeans++`: a row seeds each component (`seedComponents`), every row is assigned
 *   to what the seeds explain, and two M-steps follow (the second with a settled pivot). Half of the starts look for
 *   seeds greedily, half settle under a common spread first, and half assign hard, at random; a part of each row, also
 *   drawn, is spread over all components. `kmeans++` always assigns hard and spreads a tenth. Hard mode always assigns
 *   hard, and spreads nothing where components have only locations and weights. Where evidence fixes the
 *   value of some rows (labels), the first start uses them alone, with a little of the others.
 * - Where the values bear names that label another dimension too (raters), components are named so that they agree.
 * - `split` and `hierarchical`: `staged-starts.ts`; the first start is the one without chance.
 * - `random`: the posterior of each row is a draw from Dirichlet(1), then two M-steps.
 * - No component-like latents: the middle of the interior of the supports, then random interior points.
 *
 * Components are never all alike in a start made here.
 */
export function createStarter(
  fitted: BoundModel,
  asked: FitOptions['init'],
  pacer: Pacer,
  leaning: Leaning = new Map(),
): Starter {
  const model = fitted.summed ?? fitted
  // a bound has no log density for each row, by which seeds are told apart
  const init = model.bound === 'variational' && !isStaged(asked) ? 'random' : asked
  const hardMode = fitted.summed !== undefined
  const latents = componentLatents(model)
  if (latents.length === 0) {
    return {
      async start(seed, first) {
        return model.interior(first ? () => 0.5 : randomSource(seed, 1).uniform)
      },
    }
  }
  let base: Pooled | null = null
  let units = -1
  const stages = new Map<number, readonly SplitStage[]>()
  return {
    stages: (seed) => stages.get(seed) ?? null,
    async start(seed, first) {
      if (base === null) {
        base = pooled(model)
        await pacer.breathe()
        if (init !== 'random') units = model.unitLogLikelihood(base.params).length
      }
      const random = randomSource(seed, 1)
      if (init === 'split') {
        const split = await splitStart(model, latents, base, first ? null : random, pacer)
        stages.set(seed, split.stages)
        return split.params
      }
      if (init === 'hierarchical' && first) return hierarchicalStart(model, latents, base, pacer)
      return componentStart({ model, latents, init, hardMode, pacer, leaning, base, units, random, first })
    },
  }
}

/** Part of each row that is spread over all components: little finds small components, much avoids degenerate ones. */
const LEAST_SPREAD = 0.05
const MOST_SPREAD = 0.5

interface ComponentStart {
  readonly model: BoundModel
  readonly latents: readonly LatentLayout[]
  readonly init: FitOptions['init']
  readonly hardMode: boolean
  readonly pacer: Pacer
  readonly leaning: Leaning
  readonly base: Pooled
  readonly units: number
  readonly random: RandomSource
  readonly first: boolean
}

async function componentStart(request: ComponentStart): Promise<Float64Array> {
  const { model, latents, pacer, base } = request
  const given = weightsOf(model, base.params)
  for (const latent of latents) {
    const evidence = base.evidence.get(latent.name) ?? new Float64Array(0)
    const weights = await weightsFor(request, latent, evidence)
    given.set(latent.name, respectEvidence(latent, weights, evidence))
  }
  let params = base.params
  for (let pass = 0; pass < 2; pass++) {
    params = model.mStep(params, model.eStepFrom(given, params)).params
    await pacer.breathe()
  }
  for (const latent of latents) {
    const labelled = knownRows(latent, base.evidence.get(latent.name) ?? new Float64Array(0)) > 0
    const order = labelled ? null : agreementOrder(model, params, latent)
    if (order !== null) params = permuteParams(model, params, new Map([[latent.name, order]]))
  }
  return params
}

async function weightsFor(
  request: ComponentStart,
  latent: LatentLayout,
  evidence: Float64Array,
): Promise<Float64Array> {
  const { random, first, init, leaning } = request
  const lean = leaning.get(latent.name)
  if (lean !== undefined) return mix(lean, dirichletWeights(latent, random), first ? 0.1 : 0.4)
  if (init === 'random') return dirichletWeights(latent, random)
  const known = knownRows(latent, evidence)
  if (known > 0) return labelledWeights(latent, evidence, dirichletWeights(latent, random), first)
  return seededWeights(request, latent)
}

async function seededWeights(request: ComponentStart, latent: LatentLayout): Promise<Float64Array> {
  const { model, latents, base, random, init, pacer, units } = request
  const others = weightsOf(model, base.params)
  for (const other of latents) if (other.name !== latent.name) others.set(other.name, dirichletWeights(other, random))
  const greedy = random.uniform() < 0.5
  const hard = random.uniform() < 0.5 || init === 'kmeans++' || request.hardMode
  const drawn = LEAST_SPREAD + (MOST_SPREAD - LEAST_SPREAD) * random.uniform()
  const spread = request.hardMode && isFree(model, latent) ? 0 : init === 'kmeans++' ? 2 * LEAST_SPREAD : drawn
  const seeding: SeedRequest = {
    model,
    latent,
    pivot: base.params,
    byUnit: units === latent.rows,
    others,
    random,
    greedy,
    pacer,
  }
  const seeds = await seedComponents(seeding)
  const params = await withCommonSpread(request, latent, others, paramsFromSeeds(seeding, seeds))
  const posterior = model.posterior(params).get(latent.name)
  if (posterior === undefined || !posterior.every(Number.isFinite)) return seedWeights(latent, seeds)
  const assigned = assignedWeights(latent, posterior, hard, spread)
  // a smoothed posterior may give all rows to one component: what is left then tells none of them apart
  const weights = tellsApart(latent, assigned) ? assigned : seedWeights(latent, seeds)
  if (latent.beginnings === undefined || request.first || random.uniform() < 0.5) return weights
  return begunAnywhere(latent, latent.beginnings, weights, random)
}

/**
 * true where a component that is made of its own rows alone can take in any other: it has locations and a weight. A spread
 * could collapse on these rows, and a probability be 0 or 1 for ever.
 */
function isFree(model: BoundModel, latent: LatentLayout): boolean {
  return componentAxes(model, latent.name).every(
    ({ param }) => param.support.kind === 'real' || (param.role === 'weight' && param.shape.length === 1),
  )
}

/** true where the rows are not all alike. */
function tellsApart({ rows, values }: LatentLayout, weights: Float64Array): boolean {
  for (let i = values; i < rows * values; i++)
    if (Math.abs((weights[i] ?? 0) - (weights[i % values] ?? 0)) > 1e-6) return true
  return rows < 2
}

/** Weight that is left to the other values where a sequence is begun at a random one. */
const OTHER_BEGINNINGS = 1e-8

/**
 * Weights with each sequence begun at a random value. The distribution of the first values of few sequences has its
 * maximum in a corner, and EM from elsewhere takes the one that the data near the beginning suggest, well before the
 * other params are right: half of the starts try a corner first. What is left to the others lets EM leave it again.
 */
function begunAnywhere(
  latent: LatentLayout,
  beginnings: Int32Array,
  weights: Float64Array,
  random: RandomSource,
): Float64Array {
  return beginAt(latent, beginnings, weights, () => random.integer(latent.values))
}

/** Weights with each sequence begun at the value that `choose` gives. */
export function beginAt(
  { values }: LatentLayout,
  beginnings: Int32Array,
  weights: Float64Array,
  choose: () => number,
): Float64Array {
  const out = weights.slice()
  for (const row of beginnings) {
    const chosen = choose()
    for (let k = 0; k < values; k++)
      out[row * values + k] = k === chosen ? 1 - (values - 1) * OTHER_BEGINNINGS : OTHER_BEGINNINGS
  }
  return out
}

/** Iterations with a common spread in half of the starts, where each component has its own. */
const COMMON_SPREAD_PASSES = 10

/**
 * Hard assignments and means in turn while all components share one spread without correlations, on
 * standardised columns: the components find their places before one of them can close in on a few rows. Half of the
 * starts do this, in models whose components have spreads of their own.
 */
async function withCommonSpread(
  request: ComponentStart,
  latent: LatentLayout,
  others: ReadonlyMap<string, Float64Array>,
  seeded: Float64Array,
): Promise<Float64Array> {
  const { model, random, pacer } = request
  const axes = componentAxes(model, latent.name).filter(({ param }) => param.role === 'spread')
  if (axes.length === 0 || random.uniform() < 0.5) return seeded
  let params = seeded
  for (let pass = 0; pass < COMMON_SPREAD_PASSES; pass++) {
    const posterior = model.posterior(params).get(latent.name)
    if (posterior === undefined || !posterior.every(Number.isFinite)) return seeded
    const weights = assignedWeights(latent, posterior, true, LEAST_SPREAD)
    const given = new Map(others)
    given.set(latent.name, weights)
    const next = model.mStep(params, model.eStepFrom(given, params)).params
    for (const axis of axes) shareSlices(axis, massOf(latent, weights), next)
    params = next
    await pacer.breathe()
  }
  return params
}

/** Total weight of each component. */
function massOf(latent: LatentLayout, weights: Float64Array): Float64Array {
  const mass = new Float64Array(latent.values)
  weights.forEach((weight, i) => {
    mass[i % latent.values] = (mass[i % latent.values] ?? 0) + weight
  })
  return mass
}

/** Every component's slice becomes their mean, weighted by mass; of a covariance the diagonal alone. */
function shareSlices(axis: ComponentAxis, mass: Float64Array, params: Float64Array): void {
  const total = mass.reduce((a, b) => a + b, 0)
  const slices = Array.from(mass, (_, value) => sliceOffsets(axis, value))
  const common = (slices[0] ?? []).map((_, i) =>
    slices.reduce((sum, offsets, value) => sum + ((mass[value] ?? 0) / total) * (params[offsets[i] ?? 0] ?? 0), 0),
  )
  for (const offsets of slices) {
    offsets.forEach((offset, i) => {
      params[offset] =
        axis.param.support.kind === 'covariance' && !onDiagonal(i, axis.param.shape.at(-1) ?? 1) ? 0 : (common[i] ?? 0)
    })
  }
}

const onDiagonal = (i: number, order: number): boolean => Math.floor(i / order) % order === i % order

/** Rows of known value count fully, the others a little in the first start and more, at random, in further ones. */
function labelledWeights(
  latent: LatentLayout,
  evidence: Float64Array,
  random: Float64Array,
  first: boolean,
): Float64Array {
  const { rows, values } = latent
  const weights = new Float64Array(rows * values)
  for (let n = 0; n < rows; n++) {
    let possible = 0
    for (let k = 0; k < values; k++) if (evidence[n * values + k] !== 0) possible++
    for (let k = 0; k < values; k++) {
      const i = n * values + k
      if (evidence[i] === 0) continue
      weights[i] = possible === 1 ? 1 : first ? 0.05 / possible : (random[i] ?? 0)
    }
  }
  return weights
}

function mix(a: Float64Array, b: Float64Array, share: number): Float64Array {
  return a.map((value, i) => (1 - share) * value + share * (b[i] ?? 0))
}
