/**
 * The observed information of a fit: minus the Jacobian of its score, in coordinates without constraints. The score is
 * exact (Fisher's identity); its Jacobian is taken by central differences of fourth order (Jamshidian and Jennrich 2000,
 * "Standard errors for EM estimation"). With priors the objective is the log posterior density of the params as declared.
 */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { FreeCoordinates } from '../../compiler/bind/free-coordinates.js'
import { ScoreReader } from '../../compiler/bind/score-reader.js'
import { boundaryAt } from '../../runtime/boundary.js'
import type { Expectation } from '../../runtime/contract.js'
import type { Pacer } from '../../runtime/pacer.js'
import { derivatives, moved, type VectorFunction } from './differences.js'
import { type Inverted, invert } from './invert.js'

export interface Information {
  readonly coordinates: FreeCoordinates
  /** Where it was taken: the fit, and a few steps of Newton's method to the maximum that EM was near. */
  readonly eta: Float64Array
  /** size × size, symmetric. */
  readonly matrix: Float64Array
  /** Of each coordinate, a small part of its standard error given all others. */
  readonly steps: Float64Array
  readonly inverse: Inverted
  /** The largest difference between two elements that should be equal, beside their diagonal. */
  readonly accuracy: number
  /** Params of which a floor holds some element. */
  readonly floored: readonly string[]
  /** Gain of the objective that Newton's method still saw at the fit, in nats. */
  readonly ahead: number
}

/** Steps of differences, as parts of a standard error given all other params. */
const STEP = 0.05
/** Those of a bound, whose score is known to fewer digits. */
const ROUGH_STEP = 0.2
/** The first guess of a step, beside the coordinate. */
const FIRST_STEP = 1e-8
const ROUGH_FIRST_STEP = 1e-5
/** Gain in nats up to which Newton's method may finish what EM has begun. */
const NEAR = 0.1
const POLISH = 4

/** @throws NoInformation where there is none, with the reason */
export class NoInformation extends Error {}

export async function observedInformation(
  model: ProgramModel,
  params: Float64Array,
  pacer: Pacer,
): Promise<Information> {
  const expectation = expectationOf(model, params)
  const { floored } = model.mStep(params, expectation)
  const still = kinked(model)
  const coordinates = new FreeCoordinates(model.params, params, { atEdge: boundaryAt, floored, still })
  const reader = new ScoreReader(model)
  reader.startFrom(expectation)
  const score = scoreIn(model, coordinates, reader)
  const part = model.bound === 'exact' ? STEP : ROUGH_STEP
  const held = { coordinates, floored: floored.map((f) => f.param) }
  let eta = coordinates.toFree(params)
  const first = model.bound === 'exact' ? FIRST_STEP : ROUGH_FIRST_STEP
  const steps = await stepsFor(score, eta, part, first, pacer)
  const rough = await jacobian(score, eta, steps, pacer)
  if (!rough.matrix.every(Number.isFinite))
    throw new NoInformation('the gradient of the log-likelihood is not a number near the estimates')
  const inverse = invert(rough.matrix, coordinates.size, rough.accuracy)
  const { to, ahead } = await polished(score, eta, inverse, pacer)
  if (to === eta) return { ...held, eta, steps, inverse, ahead, ...rough }
  eta = to
  const fine = await jacobian(score, eta, steps, pacer)
  return { ...held, eta, steps, inverse: invert(fine.matrix, coordinates.size, fine.accuracy), ahead, ...fine }
}

/** A factorised q is that of the fit; one that is found anew may be another. */
function expectationOf(model: ProgramModel, params: Float64Array): Expectation {
  const q = model.factorised(params)
  if (q === null) return model.eStep(params)
  return model.eStep(params, { q, logLikelihood: Number.NaN, scale: Number.NaN, statistics: new Float64Array(0) })
}

/** Params whose density has a kink in them: its second derivative says nothing. */
export const kinked = (model: ProgramModel): readonly string[] =>
  model.derivation.mStep.steps.flatMap((s) => (s.kind === 'median' ? s.params : []))

/** The gradient of the objective in the coordinates. */
function scoreIn(model: ProgramModel, coordinates: FreeCoordinates, reader: ScoreReader): VectorFunction {
  return (eta) => {
    const params = coordinates.fromFree(eta)
    const out = coordinates.pull(eta, reader.at(params))
    if (!model.hasPrior) return out
    const prior = (at: Float64Array): number => model.logPrior(coordinates.fromFree(at))
    return out.map((s, i) => s + slope(prior, eta, i))
  }
}

/** A derivative of a smooth function of few operations. */
function slope(f: (x: Float64Array) => number, x: Float64Array, i: number): number {
  const h = 1e-3 * Math.max(1, Math.abs(x[i] ?? 0))
  const at = (by: number): number => moved((y) => Float64Array.of(f(y)), x, i, by)[0] ?? 0
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
}

/** A part of each coordinate's standard error given the others, found from ever better guesses. */
async function stepsFor(
  score: VectorFunction,
  eta: Float64Array,
  part: number,
  first: number,
  pacer: Pacer,
): Promise<Float64Array> {
  const out = new Float64Array(eta.length)
  for (let i = 0; i < eta.length; i++) {
    const most = 0.3 * Math.max(1, Math.abs(eta[i] ?? 0))
    let h = first * Math.max(0.1, Math.abs(eta[i] ?? 0))
    for (let tries = 0; tries < 8; tries++) {
      const [up, down] = [moved(score, eta, i, h)[i] ?? 0, moved(score, eta, i, -h)[i] ?? 0]
      const information = (down - up) / (2 * h)
      const next = Math.min(most, information > 0 ? part / Math.sqrt(information) : h * 100)
      const settled = information > 0 && next < 3 * h && next > h / 3
      h = next
      if (settled) break
    }
    out[i] = h
    await pacer.breathe()
  }
  return out
}

async function jacobian(
  score: VectorFunction,
  eta: Float64Array,
  steps: Float64Array,
  pacer: Pacer,
): Promise<{ readonly matrix: Float64Array; readonly accuracy: number }> {
  const n = eta.length
  const columns = await derivatives(score, eta, steps, pacer)
  const matrix = new Float64Array(n * n)
  let accuracy = 0
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [a, b] = [columns[j]?.[i] ?? 0, columns[i]?.[j] ?? 0]
      matrix[i * n + j] = -(a + b) / 2
      const scale = Math.sqrt(Math.abs((columns[i]?.[i] ?? 0) * (columns[j]?.[j] ?? 0)))
      if (scale > 0) accuracy = Math.max(accuracy, Math.abs(a - b) / scale)
    }
  return { matrix, accuracy }
}

/** EM stops near its limit; Newton's method goes the rest of the way, with one matrix for all steps. */
async function polished(
  score: VectorFunction,
  eta: Float64Array,
  { covariance }: Inverted,
  pacer: Pacer,
): Promise<{ readonly to: Float64Array; readonly ahead: number }> {
  const n = eta.length
  let to = eta
  let s = score(eta)
  const stepFrom = (g: Float64Array): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => {
      let sum = 0
      for (let j = 0; j < n; j++) sum += (covariance[i * n + j] ?? 0) * (g[j] ?? 0)
      return sum
    })
  const gain = (g: Float64Array): number => stepFrom(g).reduce((sum, d, i) => sum + (d * (g[i] ?? 0)) / 2, 0)
  const ahead = gain(s)
  let left = ahead
  for (let k = 0; k < POLISH && left < NEAR && left > 1e-16; k++) {
    const d = stepFrom(s)
    const tried = to.map((x, i) => x + (d[i] ?? 0))
    const next = score(tried)
    const after = gain(next)
    if (!(after < left)) break
    to = tried
    s = next
    left = after
    await pacer.breathe()
  }
  return { to, ahead }
}
