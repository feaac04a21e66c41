/**
 * Weights of rows in components, rows × values, row-major: what an M-step from a made-up posterior is given. Rows need
 * not sum to 1.
 */
import type { LatentLayout } from './contract.js'
import type { RandomSource } from './random.js'

/** Every row counts 1/K in every component: the pooled estimate. */
export function evenWeights(latent: LatentLayout): Float64Array {
  return new Float64Array(latent.rows * latent.values).fill(1 / latent.values)
}

/** Each row an independent draw from Dirichlet(1, …, 1). */
export function dirichletWeights(latent: LatentLayout, random: RandomSource): Float64Array {
  const { rows, values } = latent
  const weights = new Float64Array(rows * values)
  for (let n = 0; n < rows; n++) {
    let total = 0
    for (let k = 0; k < values; k++) {
      const draw = random.exponential()
      weights[n * values + k] = draw
      total += draw
    }
    for (let k = 0; k < values; k++) weights[n * values + k] = (weights[n * values + k] ?? 0) / total
  }
  return weights
}

/** Weight of the whole data in a component that is seeded from one row, whose own weight is 1. */
const WHOLE = 0.1

/** Seeds of the components by group of rows (`LatentLayout.groups`): seeds[group][component], null for the whole alone. */
export type Seeds = readonly (readonly (number | null)[])[]

/**
 * Component k is row seeds[g][k] of its group, shrunk toward the whole group: w[n, k] ∝ 1[n = seeds[g][k]] + 0.1/N. A
 * null seed is the whole alone. Scaled so that all weights sum to N, as those of a posterior do: priors keep their
 * strength.
 */
export function seedWeights(latent: LatentLayout, seeds: Seeds): Float64Array {
  const { rows, values, groups } = latent
  const weights = new Float64Array(rows * values)
  const sizes = new Float64Array(seeds.length)
  for (let n = 0; n < rows; n++) sizes[groups?.[n] ?? 0] = (sizes[groups?.[n] ?? 0] ?? 0) + 1
  for (let n = 0; n < rows; n++) {
    const group = groups?.[n] ?? 0
    const size = sizes[group] ?? 0
    const unit = size / (values * (1 + WHOLE))
    for (let k = 0; k < values; k++) {
      const seed = seeds[group]?.[k] ?? null
      const share = (seed === null ? 1 + WHOLE : WHOLE) / size
      weights[n * values + k] = unit * (share + (n === seed ? 1 : 0))
    }
  }
  return weights
}

/**
 * Weights from a posterior: hard takes the most probable value, soft keeps it.
 *
 * @param spread part of a row's weight that is spread evenly, so that no component loses its spread or a category its
 *   probability
 */
export function assignedWeights(
  latent: LatentLayout,
  posterior: Float64Array,
  hard: boolean,
  spread: number,
): Float64Array {
  const { rows, values } = latent
  const weights = new Float64Array(rows * values)
  for (let n = 0; n < rows; n++) {
    let best = 0
    for (let k = 1; k < values; k++) {
      if ((posterior[n * values + k] ?? 0) > (posterior[n * values + best] ?? 0)) best = k
    }
    for (let k = 0; k < values; k++) {
      const part = hard ? (k === best ? 1 : 0) : finite(posterior[n * values + k], 1 / values)
      weights[n * values + k] = (1 - spread) * part + spread / values
    }
  }
  return weights
}

/**
 * Takes weight away from values that the evidence excludes (posterior 0 where all components are alike): labels that
 * are known stay known. A row left without weight gets the evidence itself.
 */
export function respectEvidence(latent: LatentLayout, weights: Float64Array, evidence: Float64Array): Float64Array {
  const { rows, values } = latent
  const result = new Float64Array(weights)
  for (let n = 0; n < rows; n++) {
    let excluded = 0
    let before = 0
    let after = 0
    for (let k = 0; k < values; k++) {
      const i = n * values + k
      before += weights[i] ?? 0
      if (evidence[i] === 0) {
        excluded++
        result[i] = 0
      }
      after += result[i] ?? 0
    }
    if (excluded === 0 || excluded === values) continue
    for (let k = 0; k < values; k++) {
      const i = n * values + k
      result[i] = before * (after > 0 ? (result[i] ?? 0) / after : finite(evidence[i], 0))
    }
  }
  return result
}

/** Rows whose value the evidence fixes. */
export function knownRows(latent: LatentLayout, evidence: Float64Array): number {
  let known = 0
  for (let n = 0; n < latent.rows; n++) {
    let possible = 0
    for (let k = 0; k < latent.values; k++) if (evidence[n * latent.values + k] !== 0) possible++
    if (possible === 1) known++
  }
  return known
}

function finite(value: number | undefined, otherwise: number): number {
  return value !== undefined && Number.isFinite(value) ? value : otherwise
}
