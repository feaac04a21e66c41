/** How certain the classification of the rows is. */
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { rowWeights } from '../compiler/bind/row-weights.js'
import { TemperedModel } from '../compiler/bind/tempered-model.js'
import { temperedProgram } from '../compiler/modes/tempered-program.js'

/** Entropy of the posterior of the discrete latents, in nats. */
export interface ClassificationEntropy {
  /**
   * −Σ p log p: 0 where every value is certain. `joint`: over the values of all latents together. `marginals`: the sum over
   * the rows of each latent by itself, which is never less, where there is no posterior of all of them together.
   */
  readonly nats: number
  readonly of: 'joint' | 'marginals'
  /** Σ log K over the rows that are not known: the entropy if all values were equally probable. */
  readonly most: number
}

/** null without discrete latents. */
export function classificationEntropy(model: ProgramModel, params: Float64Array): ClassificationEntropy | null {
  if (model.latents.length === 0) return null
  const most = entropyAtMost(model)
  const { tables, factorised } = model.derivation.eStep
  const apart =
    factorised === null && tables.every((t) => t.chain === null && t.parent === null && t.latents.length === 1)
  const joint = apart ? null : ofAll(model, params)
  if (joint !== null) return { nats: joint, most, of: 'joint' }
  return { nats: ofMarginals(model, params), most, of: apart ? 'joint' : 'marginals' }
}

/** Cells of data that were observed are no question. */
function isKnown(model: ProgramModel, latent: string): (row: number) => boolean {
  const data = model.data.arrays.get(latent)?.values
  return (row) => data !== undefined && (data[row] ?? -1) >= 0
}

function entropyAtMost(model: ProgramModel): number {
  let most = 0
  for (const { name, rows, values } of model.latents) {
    const weights = rowWeights(model.derivation, model.numbers, name)
    const known = isKnown(model, name)
    for (let n = 0; n < rows; n++) if (!known(n)) most += (weights?.[n] ?? 1) * Math.log(values)
  }
  return most
}

function ofMarginals(model: ProgramModel, params: Float64Array): number {
  const summed = model.latents.map(({ name }) => model.marginalEntropy(params, name))
  if (summed.every((x) => x !== null))
    return Math.max(
      0,
      summed.reduce((a, b) => a + b, 0),
    )
  const all = model.posterior(params)
  let nats = 0
  for (const { name, rows, values } of model.latents) {
    const weights = rowWeights(model.derivation, model.numbers, name)
    const r = all.get(name) ?? new Float64Array(0)
    const known = isKnown(model, name)
    for (let n = 0; n < rows; n++) {
      if (known(n)) continue
      const weight = weights?.[n] ?? 1
      let own = 0
      for (let k = 0; k < values; k++) {
        const p = r[n * values + k] ?? 0
        if (p > 0) own -= p * Math.log(p)
      }
      nats += weight * own
    }
  }
  return nats
}

/** Half the distance of the inner points about β = 1: the derivative of fourth order is then off by 1e-12 a row. */
const STEP = 1e-3

/**
 * With F(β) = (1/β) log Σ_z p(data, z)^β, the maximum over q of E_q log p(data, z) + H(q)/β, the envelope theorem gives
 * dF/dβ = −H(q)/β²: at β = 1 the derivative is −H of the posterior of all latents together. null where potentials have no
 * powers, and of a factorised q, whose entropies are told by factor.
 */
function ofAll(model: ProgramModel, params: Float64Array): number | null {
  if (model.derivation.eStep.factorised !== null) return null
  const tempered = temperedProgram(model.derivation)
  if (tempered.kind !== 'program') return null
  const { memory: _, workers: _workers, ...options } = model.options
  const other = new TemperedModel(model.derivation, tempered.program, model.data, options)
  const at = (steps: number): number => {
    other.setBeta(1 + steps * STEP)
    return other.logLikelihood(params)
  }
  const slope = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * STEP)
  return Number.isFinite(slope) ? Math.max(0, -slope) : null
}

/** How a result states it: `certainty` is 1 where every value is certain, and 0 where all are equally probable. */
export function entropyFields(found: ClassificationEntropy | null): {
  readonly entropy?: number
  readonly certainty?: number
  readonly entropyOf?: 'marginals'
} {
  if (found === null || !Number.isFinite(found.nats)) return {}
  const { nats, most, of } = found
  return {
    entropy: nats,
    ...(most > 0 ? { certainty: Math.min(1, Math.max(0, 1 - nats / most)) } : {}),
    ...(of === 'marginals' ? { entropyOf: of } : {}),
  }
}
