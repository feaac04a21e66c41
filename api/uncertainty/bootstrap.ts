/**
 * The bootstrap (Efron 1979): the model is fitted again, from the fit, to units drawn with replacement, or (parametric,
 * Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 6.5) to data drawn from the fit. The standard error
 * is the sd over these fits, the interval goes from their 2.5 to their 97.5 percentile. Components are matched to those of
 * the fit, so that labels do not switch.
 */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { nestedUnits } from '../../compiler/bind/nested-units.js'
import { resampler } from '../../compiler/bind/resample.js'
import { samplingUnits } from '../../compiler/bind/sampling-units.js'
import type { BoundData } from '../../runtime/contract.js'
import { degenerateComponents } from '../../runtime/degenerate.js'
import { AbortError } from '../../runtime/errors.js'
import type { Pacer } from '../../runtime/pacer.js'
import { randomSource } from '../../runtime/random.js'
import { beginRun, continueRun } from '../../runtime/run.js'
import type { ErrorsSummary, FailedReplicate } from '../../runtime/uncertainty.js'
import { replicatesLeftOut } from '../../runtime/uncertainty-warnings.js'
import type { FitWarning } from '../../runtime/warnings.js'
import { OptionError } from '../errors.js'
import { LEVEL } from './intervals.js'
import { matched, scalesOf } from './match.js'
import { type Quantity, quantitiesOf } from './quantities.js'
import type { Columns, ErrorOptions } from './types.js'

/** The stream of random numbers of the first replicate. */
const STREAM = 0x10000
const LIMITS = {
  maxIterations: 2000,
  tolerance: 1e-8,
  maxTime: null,
  trace: false,
  signal: null,
  lenient: true,
  accelerate: 'squarem',
} as const
const REPLICATES = 500
/** Fewer fits than this tell no spread. */
const LEAST = 10

/** Data that replicates are fitted to. */
export interface Replicates {
  /** How many units are drawn; null where data are drawn as a whole. */
  readonly units: number | null
  /** Each stream of random numbers has data of its own, whatever the others were. */
  draw(stream: number): BoundData
}

/** Units drawn with replacement. @throws OptionError where there are none */
export function drawnUnits(model: ProgramModel, { seed = 1, weights = 'frequency' }: ErrorOptions): Replicates {
  const units = samplingUnits(model)
  const nested = typeof units === 'string' ? nestedUnits(model) : null
  if (nested !== null)
    return {
      units: nested.count,
      draw(stream) {
        const random = randomSource(seed, stream)
        return nested.take(Int32Array.from({ length: nested.count }, () => random.integer(nested.count)))
      },
    }
  if (typeof units === 'string') throw new OptionError(`there is no bootstrap: ${units}`)
  const draws = resampler(model, units, weights)
  if (typeof draws === 'string') throw new OptionError(`there is no bootstrap: ${draws}`)
  return {
    units: units.total,
    draw(stream) {
      const random = randomSource(seed, stream)
      return draws.draw((bound) => random.integer(bound))
    },
  }
}

export async function bootstrap(
  model: ProgramModel,
  params: Float64Array,
  quantities: readonly Quantity[],
  { replicates = REPLICATES, signal, onReplicate }: ErrorOptions,
  data: Replicates,
  pacer: Pacer,
): Promise<{
  readonly columns: Columns
  readonly summary: Omit<ErrorsSummary, 'kind' | 'level'>
  readonly warnings: readonly FitWarning[]
}> {
  const scales = await scalesOf(model, params, pacer)
  const fits: Float64Array[] = []
  const failures: FailedReplicate[] = []
  for (let r = 1; r <= replicates; r++) {
    if (signal?.aborted) throw new AbortError(null)
    const fitted = await refit(model.over(data.draw(STREAM + r)), params, pacer)
    if (typeof fitted === 'string') failures.push({ replicate: r, reason: fitted })
    else fits.push(Float64Array.from(quantitiesOf(model, matched(model, fitted, params, scales)), (q) => q.value))
    onReplicate?.(r, replicates)
  }
  if (fits.length < LEAST)
    throw new OptionError(
      `there is no bootstrap: ${failures.length} of ${replicates} fits failed (${failures[0]?.reason})`,
    )
  return {
    columns: spreadOf(fits, quantities.length),
    summary: { ...(data.units === null ? {} : { units: data.units }), replicates, used: fits.length, failures },
    warnings: replicatesLeftOut(failures, replicates),
  }
}

/** The params of a fit to drawn data, or why there are none. */
async function refit(model: ProgramModel, start: Float64Array, pacer: Pacer): Promise<Float64Array | string> {
  const begun = await beginRun(model, start)
  // one M-step is the answer, where there are no latents and all of it has a closed form
  const own = model.direct ? { maxIterations: 1, accelerate: null } : {}
  const run = await continueRun(model, begun, { ...LIMITS, ...own, onIteration() {} }, pacer)
  if (run.stop === 'numerical') return `failed (${run.reason ?? 'no number'})`
  if (run.stop === 'max-iterations' && !model.direct) return 'did not converge'
  const { params } = run.point
  return degenerateComponents(model, params).length > 0 ? 'ended with a degenerate component' : params
}

/** Covariances and percentiles over fits. */
function spreadOf(fits: readonly Float64Array[], n: number): Columns {
  const mean = Float64Array.from({ length: n }, (_, i) => fits.reduce((s, f) => s + (f[i] ?? 0), 0) / fits.length)
  const covariance = new Float64Array(n * n)
  for (const f of fits)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        covariance[i * n + j] =
          (covariance[i * n + j] ?? 0) +
          (((f[i] ?? 0) - (mean[i] ?? 0)) * ((f[j] ?? 0) - (mean[j] ?? 0))) / (fits.length - 1)
  const sorted = Array.from({ length: n }, (_, i) => Float64Array.from(fits, (f) => f[i] ?? Number.NaN).sort())
  const tail = (1 - LEVEL) / 2
  return {
    covariance,
    low: sorted.map((xs) => quantile(xs, tail)),
    high: sorted.map((xs) => quantile(xs, 1 - tail)),
  }
}

/** Between the two neighbours, as R does it (type 7 of Hyndman and Fan 1996). */
function quantile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1)
  const [below, above] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN]
  return below + (at - Math.floor(at)) * (above - below)
}
