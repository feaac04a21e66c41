import type { BoundModel, FloorHit } from './contract.js'
import { emStep, marginalLogLikelihood, pointAt, usable } from './em-step.js'
import { busyPacer, type Pacer } from './pacer.js'

/** One EM iteration, seen from θ(t): its E-step, then the M-step that leads to θ(t+1). */
export interface EmIteration {
  readonly iteration: number
  /** θ(t), flat as in `BoundModel.params`. */
  readonly params: Float64Array
  /** log p(data; θ(t)), natural log; −Infinity is legal at the start. */
  readonly logLikelihood: number
  /** log-likelihood + log prior at θ(t); in hard mode that of data and labels together. */
  readonly objective: number
  /** ELBO(q(t), θ(t)) + log prior, after the E-step: equals `objective`. */
  readonly elboAfterE: number
  /** ELBO(q(t), θ(t+1)) + log prior, after the M-step; NaN where the objective is −∞ or the M-step failed. */
  readonly elboAfterM: number
  /** objective(t+1) − elboAfterM ≥ 0: what the next E-step will close; NaN where elboAfterM is. */
  readonly gap: number
  /** Posterior means of the scalar latents at θ(t), by name. */
  readonly expected: ReadonlyMap<string, number>
  /** Hard mode: 0-based most probable value of each row at θ(t), by latent: its E-step. null in other modes. */
  readonly labels: ReadonlyMap<string, Int32Array> | null
  /** θ(t+1); equal to `params` where the M-step failed. */
  readonly next: Float64Array
  readonly nextObjective: number
  /** Elements of θ(t+1) held at their floor. */
  readonly floored: readonly FloorHit[]
}

/**
 * EM one iteration at a time from `start`, without end: the caller stops. The first yield is iteration 0, the start.
 * Ends by itself only where a step gives no number.
 *
 * @throws InternalError where log L(t) = ELBO(q, θ(t)) ≤ ELBO(q, θ(t+1)) ≤ log L(t+1) fails
 */
export async function* iterate(
  model: BoundModel,
  start: Float64Array,
  pacer: Pacer = busyPacer(),
): AsyncGenerator<EmIteration, void, undefined> {
  let point = await pointAt(model, start)
  while (usable(point)) {
    const move = await emStep(model, point, pacer, true)
    const moved = move.kind === 'moved'
    yield {
      iteration: point.iteration,
      params: point.params,
      logLikelihood: marginalLogLikelihood(model, point),
      objective: point.objective,
      elboAfterE: point.objective,
      elboAfterM: moved ? move.elboAfterM : Number.NaN,
      gap: moved ? move.gap : Number.NaN,
      expected: model.scalars.length > 0 ? model.expected(point.params) : new Map(),
      labels: model.labels?.(point.params) ?? null,
      next: moved ? move.to.params : point.params,
      nextObjective: moved ? move.to.objective : Number.NaN,
      floored: moved ? move.to.floored : [],
    }
    if (!moved) return
    point = move.to
  }
}
