import { literal } from '../compiler/algebra/build.js'
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { labelsOf } from '../compiler/bind/layouts.js'
import { largest } from '../compiler/bind/most-probable.js'
import {
  type ContinuousPosterior,
  PosteriorReports,
  type Posteriors,
  type RowArrays,
} from '../compiler/bind/posterior-reports.js'
import { rowWeights } from '../compiler/bind/row-weights.js'
import { planFilter } from '../compiler/estep/filtered.js'
import { type ComponentOrder, canonicalOrder, orderOf, permutePosterior } from '../runtime/canonical-order.js'
import type { LatentLayout } from '../runtime/contract.js'
import { DataError, problem } from './errors.js'
import { relabelled } from './relabel.js'

/**
 * Posterior of one latent over its rows. A discrete latent has probabilities and modes; a number or a vector of numbers
 * has a mean, a variance and an sd; a count that an `observe` shares out has its mean.
 */
export interface LatentPosterior {
  readonly name: string
  readonly kind: 'discrete' | 'count' | 'continuous'
  /** Extents of its plates; their product is `rows` where none is ragged. */
  readonly shape: readonly number[]
  /** Lengths of the sequences where the second plate is ragged: rows are those of the sequences, one after another. */
  readonly lengths: readonly number[] | null
  readonly rows: number
  /** How often each row counts (`weight w[n]`); null where rows count once. */
  readonly weights: Float64Array | null
  /** Names of the rows along each plate that runs over levels, else null. */
  readonly rowLabels: readonly (readonly string[] | null)[]
  /** Extents of the array of one row, whose elements are `size` = their product; empty for a number. */
  readonly own: readonly number[]
  /** Names of the values of a discrete latent. */
  readonly labels: readonly string[]
  /** rows × labels, row-major; null for a latent that is a number. */
  readonly probabilities: Float64Array | null
  /** The same. */
  readonly probability: Float64Array | null
  /** 0-based most probable value of each row by itself; with `hard`, and after a fit in hard mode, of all rows together. */
  readonly modes: Int32Array | null
  /** rows × size; null for a discrete latent. */
  readonly means: Float64Array | null
  /** The same. */
  readonly mean: Float64Array | null
  /** rows × size, over the discrete latents too (total variance); null where it is not known. */
  readonly variance: Float64Array | null
  /** Its square root. */
  readonly sd: Float64Array | null
  /** rows × size × size, for vectors; null for numbers, and for the missing cells of data. */
  readonly covariance: Float64Array | null
  /**
   * The family of the posterior (`Normal`, `Gamma`, …) and its parameters by name, row by row, with the extents of one row's
   * array of each; null where the posterior is a mixture over discrete latents.
   */
  readonly parameters: {
    readonly family: string
    readonly values: ReadonlyMap<string, Float64Array>
    readonly own: ReadonlyMap<string, readonly number[]>
  } | null
}

/**
 * Posteriors of all latents at the params. Components bear the numbers that they have there; where q is factorised these are
 * given, or those of the canonical order.
 */
export function posteriorsOf(
  model: ProgramModel,
  params: Float64Array,
  covariance = true,
  order?: ComponentOrder,
): readonly LatentPosterior[] {
  return latentPosteriors(model, params, new PosteriorReports(model, { covariance }).at(params), order)
}

/**
 * The reports of one model, made once and read at many params; components bear the numbers that they have there, and where
 * they have no params those of the canonical order.
 */
export function posteriorReader(model: ProgramModel): (params: Float64Array) => readonly LatentPosterior[] {
  const reports = new PosteriorReports(model, { covariance: false })
  return (params) => {
    const arrays = model.componentArrays(params, false)
    const order: ComponentOrder = arrays === null ? new Map() : orderOf(arrays, arrays.values)
    return latentPosteriors(model, params, reports.at(params), order)
  }
}

/**
 * The same, with the states of chains given the data up to their own place.
 *
 * @throws DataError (E418) where a chain has no filtered states
 */
export function filteredPosteriors(
  model: ProgramModel,
  params: Float64Array,
  covariance = true,
  order?: ComponentOrder,
): readonly LatentPosterior[] {
  const filter = planFilter(model.derivation.eStep)
  if (typeof filter === 'string') throw new DataError([problem('E418', `there are no filtered states: ${filter}`)])
  return latentPosteriors(model, params, new PosteriorReports(model, { filter, covariance }).at(params), order)
}

function latentPosteriors(
  model: ProgramModel,
  params: Float64Array,
  posteriors: Posteriors,
  // a canonical order need not be one of what is in it already: its ties, and components of components
  order: ComponentOrder = model.bound === 'variational' ? canonicalOrder(model, params) : new Map(),
): readonly LatentPosterior[] {
  const together = model.labels?.(params)
  const discrete = model.latents.map((l) =>
    ofDiscrete(
      l,
      permutePosterior(l, posteriors.discrete.get(l.name) ?? new Float64Array(0), order),
      together?.get(l.name),
      order.get(l.name),
    ),
  )
  const continuous = posteriors.continuous.map((p) => relabelled(p, order, model.derivation))
  const all = [...discrete, ...[...posteriors.counts].map(ofCount), ...continuous.map(ofContinuous)]
  const weights = (name: string): Float64Array | null => rowWeights(model.derivation, model.numbers, name)
  return all.map((l) => ({ ...l, rowLabels: rowLabels(model, l), weights: weights(l.name) }))
}

function rowLabels(model: ProgramModel, { name, shape }: LatentPosterior): LatentPosterior['rowLabels'] {
  const loops = model.program.latents.find((l) => l.name === name)?.loops ?? []
  return shape.map((_, i) => {
    const loop = loops[i]
    return loop === undefined || literal(loop.from) !== 1 ? null : labelsOf(loop.to, model.derivation, model.data)
  })
}

const none = {
  weights: null,
  rowLabels: [],
  own: [],
  labels: [],
  probabilities: null,
  probability: null,
  modes: null,
  means: null,
  mean: null,
  variance: null,
  sd: null,
  covariance: null,
  parameters: null,
} as const

function ofDiscrete(
  l: LatentLayout,
  probabilities: Float64Array,
  together: Int32Array | undefined,
  order: readonly number[] | undefined,
): LatentPosterior {
  const modes =
    together === undefined
      ? largest(probabilities, l.rows, l.values)
      : order === undefined
        ? together
        : together.map((old) => order.indexOf(old))
  return {
    ...none,
    name: l.name,
    kind: 'discrete',
    shape: l.shape,
    lengths: l.lengths ?? null,
    rows: l.rows,
    labels: l.labels,
    probabilities,
    probability: probabilities,
    modes,
  }
}

const ofCount = ([name, { mean, variance }]: readonly [
  string,
  { readonly mean: Float64Array; readonly variance: Float64Array | null },
]): LatentPosterior => ({
  ...none,
  name,
  kind: 'count',
  shape: mean.length === 1 ? [] : [mean.length],
  lengths: null,
  rows: mean.length,
  means: mean,
  mean,
  variance,
  sd: variance === null ? null : variance.map((v) => Math.sqrt(Math.max(0, v))),
})

function ofContinuous(p: ContinuousPosterior): LatentPosterior {
  const sd = p.variance.map(Math.sqrt)
  const { own } = p
  const whole = (values: Float64Array): RowArrays => ({ own, values })
  const parameters: ReadonlyMap<string, RowArrays> =
    p.family === 'Normal'
      ? new Map([
          ['mean', whole(p.mean)],
          ['sd', whole(sd)],
        ])
      : p.family === 'MvNormal'
        ? new Map([
            ['mean', whole(p.mean)],
            ...(p.covariance === null ? [] : [['cov', { own: [...own, ...own], values: p.covariance }] as const]),
          ])
        : p.parameters
  return {
    ...none,
    name: p.name,
    kind: 'continuous',
    shape: p.shape,
    lengths: p.lengths,
    rows: p.rows,
    own: p.own,
    means: p.mean,
    mean: p.mean,
    variance: p.variance,
    sd,
    covariance: p.covariance,
    parameters:
      p.family === null
        ? null
        : {
            family: p.family,
            values: new Map([...parameters].map(([name, { values }]) => [name, values])),
            own: new Map([...parameters].map(([name, x]) => [name, x.own])),
          },
  }
}
