import type { BoundModel, Features, LatentLayout } from './contract.js'
import { respectEvidence } from './given-weights.js'
import type { Pacer } from './pacer.js'
import { weightsOf } from './pooled.js'
import { principalPlaces } from './principal-direction.js'
import type { RandomSource } from './random.js'

/** One stage of splitting: how many components differ, and the objective that EM takes them to. */
export interface SplitStage {
  readonly components: number
  readonly objective: number
}

export interface SplitRequest {
  readonly model: BoundModel
  readonly latent: LatentLayout
  readonly features: Features
  /** Where all components are alike. */
  readonly pooled: Float64Array
  readonly evidence: Float64Array
  /** null: along the direction of largest variance; else along one that leans towards it. */
  readonly random: RandomSource | null
  readonly pacer: Pacer
}

/** Iterations of EM after each stage, and the relative gain of the objective that ends them. */
const SETTLING = 30
const ENOUGH = 1e-4
/** Steps of power iteration to the direction of largest variance, and to one that only leans towards it. */
const [WHOLE_WAY, PART_OF_THE_WAY] = [50, 2]

/**
 * Begins with one component and splits every component in two along the direction of largest variance of its rows, with
 * EM in between, until there are K (as the LBG algorithm does for code books: Linde, Buzo and Gray 1980, section III).
 *
 * A model of K components whose params are equal in groups is the model with one component for each group, and EM keeps
 * them equal: each group is so many copies of one component. To split a group is to give half of its copies the rows on
 * one side of their mean, and half those on the other.
 */
export async function splitComponents(request: SplitRequest): Promise<{
  readonly params: Float64Array
  readonly stages: readonly SplitStage[]
}> {
  const { model, latent, pacer } = request
  let groups: readonly (readonly number[])[] = [Array.from({ length: latent.values }, (_, k) => k)]
  let params = request.pooled
  const objectiveAt = (at: Float64Array): number =>
    model.eStep(at).logLikelihood + (model.hasPrior ? model.logPrior(at) : 0)
  const stages: SplitStage[] = [{ components: 1, objective: objectiveAt(params) }]
  while (groups.some((copies) => copies.length > 1)) {
    const given = weightsOf(model, params)
    const split = splitGroups(request, groups, given.get(latent.name) ?? new Float64Array(0))
    given.set(latent.name, respectEvidence(latent, split.weights, request.evidence))
    for (let pass = 0; pass < 2; pass++) {
      params = model.mStep(params, model.eStepFrom(given, params)).params
      await pacer.breathe()
    }
    groups = split.groups
    params = await settled(model, params, objectiveAt, pacer)
    stages.push({ components: groups.length, objective: objectiveAt(params) })
  }
  return { params, stages }
}

async function settled(
  model: BoundModel,
  start: Float64Array,
  objectiveAt: (at: Float64Array) => number,
  pacer: Pacer,
): Promise<Float64Array> {
  let params = start
  let before = objectiveAt(params)
  for (let t = 0; t < SETTLING; t++) {
    const next = model.mStep(params, model.eStep(params)).params
    const objective = objectiveAt(next)
    await pacer.breathe()
    if (!Number.isFinite(objective)) return params
    params = next
    if (objective - before <= ENOUGH * (1 + Math.abs(objective))) return params
    before = objective
  }
  return params
}

/** Every group of two copies and more in two, the larger part of an odd number to the side that spreads further. */
function splitGroups(
  { latent, features, random }: SplitRequest,
  groups: readonly (readonly number[])[],
  posterior: Float64Array,
): { readonly groups: readonly (readonly number[])[]; readonly weights: Float64Array } {
  const { rows, values } = latent
  const weights = posterior.slice()
  const next = groups.flatMap((copies): readonly (readonly number[])[] => {
    if (copies.length < 2) return [copies]
    const own = Float64Array.from({ length: rows }, (_, n) =>
      copies.reduce((sum, k) => sum + (posterior[n * values + k] ?? 0), 0),
    )
    const found =
      random === null
        ? principalPlaces(features, own, (c) => 1 + c / (1 + features.columns), WHOLE_WAY)
        : principalPlaces(features, own, () => random.uniform() - 0.5, PART_OF_THE_WAY)
    const places = found?.places ?? new Float64Array(rows)
    const side = (above: boolean): number => spreadOn(features, places, own, above)
    const more = Math.ceil(copies.length / 2)
    const upper = side(true) > side(false) ? copies.slice(0, more) : copies.slice(more)
    const lower = copies.filter((k) => !upper.includes(k))
    for (let n = 0; n < rows; n++) {
      // rows at the mean, as all are where nothing varies, are dealt out in turn
      const place = places[n] ?? 0
      const isUpper = place === 0 ? n % 2 === 0 : place > 0
      const [taken, left] = isUpper ? [upper, lower] : [lower, upper]
      for (const k of taken) weights[n * values + k] = ((1 - LEFT) * (own[n] ?? 0)) / taken.length
      for (const k of left) weights[n * values + k] = (LEFT * (own[n] ?? 0)) / left.length
    }
    return [lower, upper]
  })
  return { groups: next, weights }
}

/** The part of a row that stays with the other side: no level of a category loses all of its probability there. */
const LEFT = 0.02

/** Weighted sum of squared distances of the rows on one side to their mean. */
function spreadOn({ columns, values }: Features, places: Float64Array, weights: Float64Array, above: boolean): number {
  let total = 0
  const sums = new Float64Array(columns)
  const squares = new Float64Array(columns)
  places.forEach((place, n) => {
    if (place > 0 !== above) return
    const weight = weights[n] ?? 0
    total += weight
    for (let c = 0; c < columns; c++) {
      const x = values[n * columns + c] ?? 0
      sums[c] = (sums[c] ?? 0) + weight * x
      squares[c] = (squares[c] ?? 0) + weight * x * x
    }
  })
  return total > 0 ? squares.reduce((s, q, c) => s + q - (sums[c] ?? 0) ** 2 / total, 0) : 0
}
