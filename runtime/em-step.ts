/**
 * One iteration of EM, θ(t) → θ(t+1): one M-step, one `gain`, one E-step.
 *
 * With q the posterior at θ(t) and objectives that include the log prior,
 *
 *   log L(t) = ELBO(q, θ(t)) ≤ ELBO(q, θ(t+1)) ≤ log L(t+1)
 *
 * (Dempster, Laird, Rubin 1977, theorem 1; Neal, Hinton 1998). The middle term is log L(t) + gain; the differences are
 * what the M-step won and the Kullback–Leibler divergence that the next E-step closes. Both are checked here, every time.
 */
import type { Beginning, BoundModel, Expectation, FloorHit } from './contract.js'
import { fewEffective, LEAST_EFFECTIVE } from './effective-draws.js'
import { InternalError } from './errors.js'
import type { Pacer } from './pacer.js'
import { gainRounding, roundingOf, roundingReason } from './rounding.js'

/** θ(t) with its E-step. */
export interface EmPoint {
  readonly iteration: number
  readonly params: Float64Array
  readonly expectation: Expectation
  /** log p(data; params); in hard mode of data and labels together. */
  readonly logLikelihood: number
  readonly logPrior: number
  /** Their sum: what EM raises. */
  readonly objective: number
  /** What "relative" refers to: max(1, Σ |log-normaliser| + |log prior|). */
  readonly scale: number
  /** Elements that the M-step leading here held at their floor. */
  readonly floored: readonly FloorHit[]
  /** Condition number of the worst linear system of that M-step. */
  readonly condition: number
}

export type EmMove =
  | {
      readonly kind: 'moved'
      readonly to: EmPoint
      /** ELBO(q(t), θ(t+1)); NaN where log L(t) is −∞. */
      readonly elboAfterM: number
      /** log L(t+1) − ELBO(q(t), θ(t+1)) ≥ 0: the divergence of q(t) from the posterior at θ(t+1). */
      readonly gap: number
    }
  /** The step led to no number: `point` is where it stood before. */
  | { readonly kind: 'numerical'; readonly reason: string }

/** A step that led somewhere. */
export type Moved = Extract<EmMove, { kind: 'moved' }>

/** Relative tolerance of the (in)equalities (contracts.md, "Numbers"). */
const TOLERANCE = 1e-12
const ULP = 2.220446049250313e-16

/** A condition number whose rounding the tolerance covers anyway, and the largest that the slack follows. */
const HARMLESS = 20
const WORST = 1e10
/** From here on an inequality that fails is the data's doing: the M-step is known to too few digits. */
export const NEARLY_SINGULAR = 1e8

/** An inequality that fails by up to so many roundings of one param says nothing of the derivation. */
const ROUNDINGS = 100

/** Relative to the log-likelihood, rounding of Q that is no reason to end. */
const LITTLE = 1e-8

/** Absolute slack of an inequality between objectives of size `scale` that are sums of `terms` terms. */
export function slack(scale: number, terms: number): number {
  return (TOLERANCE + 4 * ULP * Math.sqrt(Math.max(1, terms))) * Math.max(1, scale)
}

/**
 * The E-step at `params`, as iteration number `iteration`; `from`: where a factorised posterior begins; `others`: other
 * runs are under way.
 */
export async function pointAt(
  model: BoundModel,
  params: Float64Array,
  iteration = 0,
  floored: readonly FloorHit[] = [],
  condition = 1,
  from?: Beginning,
  others = false,
): Promise<EmPoint> {
  const expectation = await (model.eStepLater?.(params, from, others) ?? model.eStep(params, from))
  const logPrior = model.hasPrior ? model.logPrior(params) : 0
  const logLikelihood = expectation.logLikelihood
  const objective = logLikelihood + logPrior
  const whole = expectation.scale + Math.abs(logPrior)
  const scale = Math.max(1, Number.isFinite(whole) ? whole : 0)
  return { iteration, params, expectation, logLikelihood, logPrior, objective, scale, floored, condition }
}

/** log p(data; params), labels summed out. */
export function marginalLogLikelihood(model: BoundModel, point: Pick<EmPoint, 'params' | 'logLikelihood'>): number {
  return model.summed === undefined ? point.logLikelihood : model.summed.eStep(point.params).logLikelihood
}

/** true where EM can go on from a point: −∞ is legal (a start on the edge of the support), NaN and +∞ are not. */
export function usable(point: EmPoint): boolean {
  return point.objective < Number.POSITIVE_INFINITY && allFinite(point.params)
}

/** What is wrong with a linear system of a condition number, and what to do. */
export function nearlySingular(condition: number): string {
  return (
    `the equations of the M-step are nearly singular (condition number ${condition.toPrecision(1)}): covariates depend ` +
    'on each other, or lie far from 0 beside an intercept; subtract their mean'
  )
}

/** Where EM fails by more than the error of its nodes says, they do not stand for the posterior. */
function tooFewNodes(model: BoundModel, { params }: EmPoint, broken: string): string {
  const { effectiveDraws = Number.POSITIVE_INFINITY, draws = 0 } = model.accuracy?.(params) ?? {}
  return effectiveDraws < LEAST_EFFECTIVE
    ? fewEffective(effectiveDraws, draws)
    : `${broken}, which is more than the stated error: nodes around its mode do not represent some posterior`
}

/** What it means that a spread goes to 0, and what to do. */
function spreadIsGone(name: string): string {
  return (
    `\`${name}\` goes to 0 and the likelihood grows without bound: all that it measures is equal, or explained by as many ` +
    'params and latents as there are data; hold it fixed or give it a prior'
  )
}

/** An objective that is no number to go on from, in words. */
export function whyUnusable(objective: number, when: string): string {
  return objective === Number.POSITIVE_INFINITY
    ? `the likelihood is infinite ${when}: a spread is 0, as it is where all rows that it measures are equal`
    : `the log-likelihood is ${Number.isNaN(objective) ? 'not a number' : objective} ${when}`
}

/**
 * One iteration from `from`.
 *
 * @param lenient the start may violate a floor, so that the constrained maximum lies below it: true lets the first
 *   iteration fall when it holds an element at its floor
 * @param others other runs are under way beside this one
 * @throws InternalError naming iteration and amount where an inequality of EM fails
 */
export async function emStep(
  model: BoundModel,
  from: EmPoint,
  pacer: Pacer,
  lenient = false,
  others = false,
): Promise<EmMove> {
  const { params, expectation, iteration } = from
  const { params: next, floored, condition = 1 } = model.mStep(params, expectation)
  if (!allFinite(next)) return { kind: 'numerical', reason: 'the M-step gave a value that is not a finite number' }
  await pacer.breathe()
  const gain = model.gain(params, expectation, next)
  await pacer.breathe()
  const to = await pointAt(model, next, iteration + 1, floored, condition, expectation, others)
  await pacer.breathe()
  if (!usable(to)) {
    const gone = model.collapsedSpread?.(next) ?? null
    const reason = gone === null ? whyUnusable(to.objective, 'after an M-step') : spreadIsGone(gone)
    return { kind: 'numerical', reason }
  }
  if (from.objective === Number.NEGATIVE_INFINITY) {
    return { kind: 'moved', to, elboAfterM: Number.NaN, gap: Number.NaN }
  }

  const rounding = 1 + Math.min(condition, WORST) / HARMLESS
  const allowed = slack(Math.max(from.scale, to.scale) * rounding, model.observations)
  const forgiven = lenient && iteration === 0 && floored.length > 0
  const where = `iteration ${iteration + 1}`
  if (iteration === 0) checkTouch(model, from, allowed)
  if (Number.isNaN(gain)) throw new InternalError(`${where}: the change of Q in the M-step is not a number`)
  const elboAfterM = from.objective + gain
  const gap = to.objective - elboAfterM
  const brokenBy = (slack: number): string | null =>
    gain < -slack && !forgiven
      ? `the M-step lowers the bound by ${-gain}`
      : !(gap >= -slack)
        ? `the objective lies ${-gap} below the bound after the M-step`
        : !(to.objective >= from.objective - slack) && !forgiven
          ? `the objective falls by ${from.objective - to.objective}`
          : null
  let broken = brokenBy(allowed)
  if (broken !== null && (model.bound === 'quadrature' || model.bound === 'monte-carlo')) {
    // an objective by quadrature or by draws is known to its error: that of a quadrature is made small first
    const refined = (): boolean => model.refine?.(from.params) === true || model.refine?.(to.params) === true
    const known = (point: EmPoint): number => model.accuracy?.(point.params)?.error ?? 0
    const again = async (): Promise<EmMove> =>
      emStep(model, await pointAt(model, params, iteration, from.floored, from.condition), pacer, lenient)
    if (model.bound === 'quadrature' && refined()) return again()
    broken = brokenBy(allowed + known(from) + known(to))
    if (broken !== null) return refined() ? again() : { kind: 'numerical', reason: tooFewNodes(model, to, broken) }
  }
  if (broken !== null) {
    if (condition > NEARLY_SINGULAR) return { kind: 'numerical', reason: nearlySingular(condition) }
    const collapsed = model.collapsedSpread?.(next) ?? null
    if (collapsed !== null) return { kind: 'numerical', reason: spreadIsGone(collapsed) }
    const deficit = Math.max(-gain, -gap, from.objective - to.objective)
    if (deficit <= LITTLE * to.scale && deficit <= ROUNDINGS * gainRounding(model, params, next)) {
      const again = await pointAt(model, next, iteration + 1, floored, condition, expectation, others)
      return { kind: 'moved', to: again, elboAfterM, gap }
    }
    const rounded = roundingOf(model, params, next)
    if (rounded !== null && deficit <= ROUNDINGS * rounded.amount)
      return { kind: 'numerical', reason: roundingReason(rounded, next) }
    throw new InternalError(`${where}: ${broken} (allowed: ${allowed})`)
  }
  return { kind: 'moved', to, elboAfterM, gap }
}

/** Q(θ) − Q(θ) must be 0: the bound touches the objective where q was made. */
function checkTouch(model: BoundModel, point: EmPoint, allowed: number): void {
  const still = model.gain(point.params, point.expectation, point.params)
  if (Math.abs(still) > allowed) {
    throw new InternalError(`the bound does not touch the objective at the start: Q differs from itself by ${still}`)
  }
}

function allFinite(values: Float64Array): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false
  return true
}
