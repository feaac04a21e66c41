/**
 * Iterates of a run as they go to the page, which keeps them should the worker have to be ended: numbers packed into a few
 * arrays, so that many iterates are as quickly moved as one.
 */
import type { EmPoint } from '../../runtime/em-step.js'
import type { RunControls } from '../session/project.js'

export interface Iterate {
  readonly iteration: number
  readonly params: Float64Array
  readonly objective: number
  /** ELBO(q(t−1), θ(t)); NaN at the start, and where it was not computed. */
  readonly elboAfterM: number
}

export interface PackedIterates {
  readonly iterations: Float64Array
  /** Params of all, one after another. */
  readonly params: Float64Array
  readonly objectives: Float64Array
  readonly elbosAfterM: Float64Array
  /** E-steps that cannot be made anew from the params alone, since q depends on the one before. */
  readonly points: readonly EmPoint[]
}

/** What the page has not yet been told of a run. */
export interface RunNews {
  /** Text and controls that its model and data were bound under. */
  readonly over: { readonly source: string; readonly controls: RunControls }
  /** Every how many iterations one is kept. */
  readonly stride: number
  readonly iterates: PackedIterates
}

export function packed(iterates: readonly Iterate[], points: readonly EmPoint[]): PackedIterates {
  const size = iterates[0]?.params.length ?? 0
  const params = new Float64Array(iterates.length * size)
  iterates.forEach((iterate, i) => {
    params.set(iterate.params, i * size)
  })
  return {
    iterations: Float64Array.from(iterates, (i) => i.iteration),
    params,
    objectives: Float64Array.from(iterates, (i) => i.objective),
    elbosAfterM: Float64Array.from(iterates, (i) => i.elboAfterM),
    // their arrays go on being used here, and what is sent is moved
    points: points.map((point) => structuredClone(point)),
  }
}

export function unpacked({ iterations, params, objectives, elbosAfterM }: PackedIterates): readonly Iterate[] {
  const size = iterations.length === 0 ? 0 : params.length / iterations.length
  return Array.from(iterations, (iteration, i) => ({
    iteration,
    params: params.slice(i * size, (i + 1) * size),
    objective: objectives[i] ?? Number.NaN,
    elboAfterM: elbosAfterM[i] ?? Number.NaN,
  }))
}

/** Some, then others: of all of them the start, the last, and those at multiples of the stride. */
export function joined(parts: readonly PackedIterates[], stride: number): PackedIterates {
  const all = parts.flatMap(unpacked)
  const kept = all.filter((x, i) => i === 0 || i === all.length - 1 || x.iteration % stride === 0)
  const iterations = new Set(kept.map((x) => x.iteration))
  return packed(
    kept,
    parts.flatMap((p) => p.points).filter((p) => iterations.has(p.iteration)),
  )
}
