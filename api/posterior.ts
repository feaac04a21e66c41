import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { largest } from '../compiler/bind/hard-model.js'
import { canonicalOrder, permutePosterior } from '../runtime/canonical-order.js'

/** Posterior of one latent over its rows. */
export interface LatentPosterior {
  readonly name: string
  /** Extents of its plates; their product is `rows` where none is ragged. */
  readonly shape: readonly number[]
  /** Lengths of the sequences where the second plate is ragged: rows are those of the sequences, one after another. */
  readonly lengths: readonly number[] | null
  readonly rows: number
  readonly labels: readonly string[]
  /** rows × labels, row-major; null for a latent that is a number. */
  readonly probabilities: Float64Array | null
  /** 0-based most probable value of each row by itself; with `hard`, and after a fit in hard mode, of all rows together. */
  readonly modes: Int32Array | null
  readonly means: Float64Array | null
}

/** Posteriors of all latents at the params, components in canonical order. */
export function posteriorsOf(model: ProgramModel, params: Float64Array): readonly LatentPosterior[] {
  const order = canonicalOrder(model, params)
  const joint = model.posterior(params)
  const tables = model.summed?.posterior(params) ?? joint
  const discrete = model.latents.map((l): LatentPosterior => {
    const probabilities = permutePosterior(l, tables.get(l.name) ?? new Float64Array(0), order)
    const modes = largest(permutePosterior(l, joint.get(l.name) ?? new Float64Array(0), order), l.rows, l.values)
    return {
      name: l.name,
      shape: l.shape,
      lengths: l.lengths ?? null,
      rows: l.rows,
      labels: l.labels,
      probabilities,
      modes,
      means: null,
    }
  })
  const counts = [...(model.summed ?? model).countMeans(params)].map(
    ([name, means]): LatentPosterior => ({
      name,
      shape: means.length === 1 ? [] : [means.length],
      lengths: null,
      rows: means.length,
      labels: [],
      probabilities: null,
      modes: null,
      means,
    }),
  )
  return [...discrete, ...counts]
}
