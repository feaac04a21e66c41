/** How well the log-likelihood is known where a component has shrunk to nearly one value. */
import type { BoundModel, ParamLayout } from './contract.js'

/** Scales a param by so little that only rounding tells: a few units in its last place, the same for all its elements. */
const NUDGE = 1 - 2 ** -50

/** So many values of a param are shown. */
const SHOWN = 4

export interface Rounding {
  /** By how much the log-likelihood moves when a param is rounded differently: nats. */
  readonly amount: number
  /** The param that moves it most. */
  readonly param: ParamLayout
}

/**
 * What rounding makes of the log-likelihood that an iteration leads to: where it leads to a density as narrow as
 * Gamma(1e14, 1e14), whose values are differences of numbers near 1e15, or where the residuals that it sums are rounding
 * themselves. Params are scaled, before the iteration and after it, so that simplices, covariances and orders stay what
 * they are.
 *
 * Works for any model; it takes some E-steps a param, so it is for when something has gone wrong.
 */
export function roundingOf(model: BoundModel, before: Float64Array, after: Float64Array): Rounding | null {
  const objective = (at: Float64Array): number => model.eStep(at).logLikelihood + model.logPrior(at)
  const iterated = (from: Float64Array): number => objective(model.mStep(from, model.eStep(from)).params)
  const [there, led] = [objective(after), iterated(before)]
  const moved = model.params.map((param): Rounding => {
    const nudged = (params: Float64Array): Float64Array => scaled(params, param, NUDGE)
    const amounts = [objective(nudged(after)) - there, iterated(nudged(before)) - led].map(Math.abs)
    return { amount: Math.max(...amounts.filter(Number.isFinite), 0), param }
  })
  return moved.reduce<Rounding | null>((a, b) => (a === null || b.amount > a.amount ? b : a), null)
}

/**
 * What rounding makes of the change of Q. Its terms are as large as squares beside variances and cancel, where those of the
 * log-likelihood are squares of residuals. It moves in steps, so that params are scaled up and down.
 */
export function gainRounding(model: BoundModel, before: Float64Array, after: Float64Array): number {
  const expectation = model.eStep(before)
  const gain = model.gain(before, expectation, after)
  const amounts = model.params.flatMap((param) =>
    [NUDGE, 2 - NUDGE, 2 * NUDGE - 1, 3 - 2 * NUDGE].map((by) =>
      Math.abs(model.gain(before, expectation, scaled(after, param, by)) - gain),
    ),
  )
  return Math.max(...amounts.filter(Number.isFinite), 0)
}

const scaled = (params: Float64Array, { offset, length }: ParamLayout, by: number): Float64Array =>
  params.map((x, i) => (i >= offset && i < offset + length ? x * by : x))

/** A rounding in words. */
export function roundingReason({ amount, param: { name, offset, length } }: Rounding, params: Float64Array): string {
  const own = Array.from(params.subarray(offset, offset + length), (x) => x.toPrecision(3))
  const values = `${own.slice(0, SHOWN).join(', ')}${own.length > SHOWN ? ', …' : ''}`
  return (
    `rounding alone moves the log-likelihood by ${amount.toPrecision(1)} at \`${name}\` = ${values}: a component has shrunk ` +
    'to nearly one value, where the likelihood may grow without bound; give its params a prior, or start elsewhere'
  )
}
