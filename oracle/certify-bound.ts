/**
 * What a certificate compares where the E-step is a factorised posterior: the objective is no larger than the
 * log-likelihood, each factor is what brute force makes of the others (Bishop 2006, eq. 10.9), the change of Q is that of
 * the expected log density, and neither sweeps nor iterations lower the objective.
 */
import { logLikelihoodParts, logPrior } from './answers.js'
import { at } from './arrays.js'
import { Assignment } from './assignment.js'
import type { EngineExpectation } from './certified-engine.js'
import { NAMES } from './certify-checks.js'
import { checkFactor, FACTOR, FACTOR_NAME } from './certify-factors.js'
import { ProductPosterior } from './factorised.js'
import type { Findings } from './findings.js'
import { isCollapsed, nestedParams, randomParams } from './micro-params.js'
import type { Trial } from './trial.js'
import { OracleError, type Values } from './types.js'

export const BOUND_NAMES = {
  below: 'bound: not above the log-likelihood',
  factor: FACTOR_NAME,
  sweep: 'bound never falls in a sweep',
} as const

const EXACT = 1e-9
const ITERATIONS = 20
const OBJECTIVE = 1e-10

export function checkBound(t: Trial, found: Findings, random: () => number): void {
  const params = nestedParams(t.engine.params, t.params)
  const settled = settle(t, found)
  try {
    const exact = logLikelihoodParts(t.ground, params)
    const scale = Math.max(1, Math.abs(exact.value))
    found.record(
      BOUND_NAMES.below,
      Math.max(0, settled.logLikelihood - exact.value) / scale,
      EXACT + exact.error / scale,
      t.text,
    )
  } catch (e) {
    // more than brute force can sum: the factors are compared all the same
    if (!(e instanceof OracleError)) throw e
  }
  const q = new ProductPosterior(t.ground, t.engine, params, t.params)
  t.engine.factors?.forEach((_, i) => {
    try {
      checkFactor(t, q, i, found, random)
    } catch (e) {
      if (!(e instanceof OracleError)) throw e
    }
  })
  checkChange(t, q, settled, found, random)
  checkAscent(t, settled, found)
}

/** Sweeps until the objective stands still, none of which may lower it. */
function settle(t: Trial, found: Findings): EngineExpectation {
  let before = t.engine.eStep(t.params)
  let still = 0
  for (let i = 0; i < 5000 && still < 3; i++) {
    const after = t.engine.eStep(t.params, before)
    const scale = Math.max(1, Math.abs(after.logLikelihood))
    found.record(
      BOUND_NAMES.sweep,
      Math.max(0, before.logLikelihood - after.logLikelihood) / scale,
      OBJECTIVE,
      `sweep ${i + 1}, ${t.text}`,
    )
    const moved = largestChange(before.q, after.q)
    still = moved < 1e-13 ? still + 1 : 0
    before = after
  }
  return before
}

function largestChange(a: Float64Array | undefined, b: Float64Array | undefined): number {
  if (a === undefined || b === undefined) return 0
  let worst = 0
  a.forEach((x, i) => {
    const y = at(b, i)
    if (Number.isFinite(x) && Number.isFinite(y)) worst = Math.max(worst, Math.abs(x - y) / (1 + Math.abs(y)))
  })
  return worst
}

/** The engine's change of Q between two points, against that of the expected log density. */
function checkChange(
  t: Trial,
  q: ProductPosterior,
  settled: EngineExpectation,
  found: Findings,
  random: () => number,
): void {
  if (t.engine.length === 0) return
  const a = Assignment.empty(t.ground.world.cells.length)
  const whole = (values: Values): number =>
    t.ground.factors.reduce(
      (s, f) => {
        if (f.kind !== 'sample' || f.weight === 0) return s
        return s + f.weight * (f.cells.length === 0 ? f.logDensity(values, a.lookup) : q.expected(f, null, a, values))
      },
      logPrior(t.ground, values),
    )
  try {
    const base = whole(nestedParams(t.engine.params, t.params))
    for (let i = 0; i < 3; i++) {
      const other = randomParams(t.engine.params, random)
      const exact = whole(nestedParams(t.engine.params, other)) - base
      if (!Number.isFinite(exact)) continue
      const own = t.engine.gain(t.params, settled, other)
      found.record(NAMES.gain, Math.abs(own - exact) / Math.max(1, Math.abs(exact), Math.abs(base)), FACTOR, t.text)
    }
  } catch (e) {
    if (!(e instanceof OracleError)) throw e
  }
}

/** Bound + log prior over iterations of an M-step and a sweep. */
function checkAscent(t: Trial, from: EngineExpectation, found: Findings): void {
  t.engine.setFloor(1e-6)
  let params = t.params
  let expectation = from
  let before = expectation.logLikelihood + t.engine.logPrior(params)
  for (let i = 1; i <= ITERATIONS; i++) {
    params = t.engine.mStep(params, expectation).params
    expectation = t.engine.eStep(params, expectation)
    if (isCollapsed(t.engine.params, params)) return
    const after = expectation.logLikelihood + t.engine.logPrior(params)
    const size = Math.max(1, Math.abs(after), Math.abs(before))
    found.record(NAMES.objective, Math.max(0, before - after) / size, OBJECTIVE, `iteration ${i}, ${t.text}`)
    if (!Number.isFinite(after)) return
    before = after
  }
}
