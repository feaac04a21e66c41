/**
 * The lower bound that EM maximises, beside the objective that it bounds.
 *
 * For a posterior q made at θ(t), ELBO(q, θ) = E_q log p(data, latents; θ) + H(q) + log prior(θ). It is computed as
 * log L(t) + [Q(θ) − Q(θ(t))] by the program of the model: the entropy does not depend on θ, and at θ(t) the bound
 * touches the objective (Neal, Hinton 1998). Elsewhere log L(θ) − ELBO(q, θ) = KL(q ‖ p(latents | data; θ)) ≥ 0.
 */
import type { BoundModel, Expectation } from '../runtime/contract.js'
import type { BoundLine } from './bound-lines.js'

/** q, by the params it was made at; `expectation` where it is at hand (of a factorised posterior: the very q). */
export interface Posterior {
  readonly params: Float64Array
  readonly expectation?: Expectation
}

/** Both at each of some points, with the log prior. −Infinity where a density is 0, NaN where it is not defined. */
export interface LowerBound {
  readonly objective: Float64Array
  readonly bound: Float64Array
}

/**
 * log p(data; θ) + log prior(θ); of a factorised posterior the bound that an E-step from the q of `from` comes to, which is
 * no less than that of this q.
 */
export function objectiveAt(model: BoundModel, params: Float64Array, from?: Expectation): number {
  const { logLikelihood } = model.eStep(params, from)
  return model.hasPrior ? logLikelihood + model.logPrior(params) : logLikelihood
}

/** ELBO(q, θ) as a function of θ. */
export function lowerBoundOf(model: BoundModel, q: Posterior): (theta: Float64Array) => number {
  const expectation = q.expectation ?? model.eStep(q.params)
  const prior = model.hasPrior ? model.logPrior(q.params) : 0
  const touched = expectation.logLikelihood + prior
  return (theta) => touched + model.gain(q.params, expectation, theta)
}

/** ELBO(q, θ) and the objective at each of `points`. */
export function lowerBoundAlong(model: BoundModel, q: Posterior, points: readonly Float64Array[]): LowerBound {
  const bound = lowerBoundOf(model, q)
  return {
    bound: Float64Array.from(points, bound),
    objective: Float64Array.from(points, (theta) => objectiveAt(model, theta, q.expectation)),
  }
}

/**
 * The part of a line that is worth looking at: around the points `keep`, out to where the bound has fallen on each side by
 * `fall` nats from its largest value there, but not beyond the line's ends.
 */
export function boundRange(
  line: BoundLine,
  bound: (theta: Float64Array) => number,
  keep: readonly number[],
  fall: number,
): readonly [number, number] {
  const inside = keep.filter(Number.isFinite)
  const [low, high] = [Math.min(line.here, ...inside), Math.max(line.here, ...inside)]
  const top = Math.max(...[line.here, ...inside].map((x) => finiteOr(bound(line.at(x)), Number.NEGATIVE_INFINITY)))
  const scale = Math.max(high - low, 1e-3 * Math.max(Math.abs(low), Math.abs(high)), 1e-6)
  const isFallen = (x: number): boolean => !(bound(line.at(x)) > top - fall)
  return [reach(low, -1, line.low, scale, isFallen), reach(high, 1, line.high, scale, isFallen)]
}

/** Doubles its steps until it has fallen, then halves the last one; ends are approached, never met. */
function reach(from: number, sign: -1 | 1, end: number, scale: number, isFallen: (x: number) => boolean): number {
  const room = Math.abs(end - from)
  const clip = (d: number): number => from + sign * Math.min(d, room * (1 - 1e-3))
  let far = scale
  let near = 0
  for (let i = 0; i < 40 && !isFallen(clip(far)); i++) {
    near = far
    if (far >= room) return clip(far)
    far *= 2
  }
  for (let i = 0; i < 12; i++) {
    const middle = (near + far) / 2
    if (isFallen(clip(middle))) far = middle
    else near = middle
  }
  return clip(far)
}

/** J(q, θ) where the model has one number as param: q = p(latents | data; θ′) for θ′ of `q`, θ of `theta`; q slowest. */
export function boundSurface(model: BoundModel, q: Float64Array, theta: Float64Array): Float64Array {
  if (model.length !== 1) throw new Error('the surface of the bound is one of models with one number as param')
  const out = new Float64Array(q.length * theta.length)
  q.forEach((at, i) => {
    const bound = lowerBoundOf(model, { params: Float64Array.of(at) })
    theta.forEach((x, j) => {
      out[i * theta.length + j] = bound(Float64Array.of(x))
    })
  })
  return out
}

const finiteOr = (x: number, otherwise: number): number => (Number.isFinite(x) ? x : otherwise)
