/** Standard errors and intervals of a fit, by the way that is asked for. */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { samplingUnits } from '../../compiler/bind/sampling-units.js'
import type { BoundData } from '../../runtime/contract.js'
import { jsonNumber } from '../../runtime/json.js'
import type { Pacer } from '../../runtime/pacer.js'
import type { ErrorKind, ErrorsSummary } from '../../runtime/uncertainty.js'
import {
  approximateErrors,
  type Missing,
  noCounts,
  notAMaximum,
  singularInformation,
  withoutErrors,
} from '../../runtime/uncertainty-warnings.js'
import type { FitWarning } from '../../runtime/warnings.js'
import { OptionError } from '../errors.js'
import { bootstrap, drawnUnits } from './bootstrap.js'
import { derivatives } from './differences.js'
import { flatDirections } from './flat-directions.js'
import { type Information, kinked, NoInformation, observedInformation } from './information.js'
import { intervalOf, LEVEL } from './intervals.js'
import { isTold, quadratic } from './invert.js'
import { derivedNumbers, nestedByName, type Quantity, quantitiesOf, quantityName } from './quantities.js'
import { sandwich } from './sandwich.js'
import type { Columns, ErrorOptions, Estimate, StandardErrors } from './types.js'
import { whyNoUnits } from './units.js'

/** @throws OptionError where there are none of this kind, with the reason */
export async function standardErrors(
  model: ProgramModel,
  params: Float64Array,
  kind: ErrorKind,
  options: ErrorOptions,
  pacer: Pacer,
  /** Data drawn from the fit, by the number of a stream: for the kind `parametric`. */
  drawn: ((stream: number) => BoundData) | null = null,
): Promise<StandardErrors> {
  if (model.sample !== undefined)
    throw new OptionError('the rows do not lie in memory, where standard errors need them: give more memory')
  const quantities = quantitiesOf(model, params)
  const weights = options.weights ?? 'frequency'
  const none = whyNoUnits(model, kind, weights)
  if (none !== null) throw new OptionError(none)
  if (kind === 'bootstrap' || kind === 'parametric') {
    const data = kind === 'bootstrap' || drawn === null ? drawnUnits(model, options) : { units: null, draw: drawn }
    const { columns, summary, warnings } = await bootstrap(model, params, quantities, options, data, pacer)
    return reported(kind, quantities, { ...columns, warnings }, summary)
  }
  if (kind === 'information' && weights === 'sampling')
    throw new OptionError('weights of a sample are no counts of rows: their standard errors are those of the sandwich')
  const found = await informationOf(model, params, pacer)
  const made = kind === 'sandwich' ? await sandwich(model, found, weights, pacer) : null
  if (typeof made === 'string') throw new OptionError(`there are no sandwich errors: ${made}`)
  const own = await byDelta(model, params, quantities, found, made?.covariance ?? found.inverse.covariance, pacer)
  return reported(
    kind,
    quantities,
    { ...own, warnings: [...warningsOf(model, found, kind), ...own.warnings] },
    { accuracy: jsonNumber(found.accuracy), ...(made === null ? {} : { units: made.units }) },
  )
}

async function informationOf(model: ProgramModel, params: Float64Array, pacer: Pacer): Promise<Information> {
  try {
    return await observedInformation(model, params, pacer)
  } catch (e) {
    if (e instanceof NoInformation) throw new OptionError(`there are no standard errors: ${e.message}`)
    throw e
  }
}

function reported(
  kind: ErrorKind,
  quantities: readonly Quantity[],
  { covariance, low, high, warnings }: Columns & { readonly warnings: readonly FitWarning[] },
  summary: Omit<ErrorsSummary, 'kind' | 'level'>,
): StandardErrors {
  const n = quantities.length
  const orNull = (x: number | undefined): number | null => (x === undefined || Number.isNaN(x) ? null : x)
  const estimates = quantities.map(({ name, index, value }, i): Estimate => {
    const standardError = orNull(Math.sqrt(covariance[i * n + i] ?? Number.NaN))
    return { name, index: index.map((k) => k + 1), value, standardError, low: orNull(low[i]), high: orNull(high[i]) }
  })
  const nested = (of: (e: Estimate) => number | null) =>
    nestedByName(quantities, (i) => jsonNumber(of(estimates[i] as Estimate) ?? Number.NaN))
  return {
    kind,
    estimates,
    covariance,
    warnings,
    fields: {
      errors: { kind, level: LEVEL, ...summary },
      standardErrors: nested((e) => e.standardError),
      intervals: { low: nested((e) => e.low), high: nested((e) => e.high) },
    },
  }
}

/** Carries a covariance in free coordinates over to the quantities. */
async function byDelta(
  model: ProgramModel,
  params: Float64Array,
  quantities: readonly Quantity[],
  { coordinates, eta, steps, inverse, floored }: Information,
  covariance: Float64Array,
  pacer: Pacer,
): Promise<Columns & { readonly warnings: readonly FitWarning[] }> {
  const slopes = coordinates.slopes(eta)
  const lets = await derivatives((at) => derivedNumbers(model, coordinates.fromFree(at)), eta, steps, pacer)
  const held = new Set(coordinates.held.map((h) => h.offset))
  const first = quantities.findIndex((q) => q.offset === null)
  const gradientOf = (q: Quantity, i: number): Float64Array | null => {
    if (q.offset !== null) return held.has(q.offset) ? null : (slopes.get(q.offset) ?? null)
    const g = Float64Array.from(eta, (_, a) => lets[a]?.[i - first] ?? 0)
    return held.size > 0 && g.every((x) => x === 0) ? null : g
  }
  const gradients = quantities.map((q, i) => {
    const g = gradientOf(q, i)
    return g !== null && isTold(g, inverse) ? g : null
  })
  const n = quantities.length
  const out = new Float64Array(n * n).fill(Number.NaN)
  const [low, high] = [quantities.map(() => Number.NaN), quantities.map(() => Number.NaN)]
  gradients.forEach((g, i) => {
    if (g === null) return
    gradients.forEach((h, j) => {
      if (h !== null && j <= i) out[i * n + j] = out[j * n + i] = quadratic(g, covariance, h)
    })
    const q = quantities[i]
    if (q === undefined) return
    const interval = intervalOf(q, Math.sqrt(out[i * n + i] ?? Number.NaN))
    low[i] = interval.low
    high[i] = interval.high
  })
  const missing = quantities.filter((_, i) => gradients[i] === null)
  return {
    covariance: out,
    low,
    high,
    warnings: [
      ...withoutErrors(reasonsOf(model, params, missing, { held, floored, upward: inverse.upward.length > 0 })),
      ...singularInformation(flatDirections(coordinates, eta, inverse, quantities)),
    ],
  }
}

/** Names of what has no standard error, by the reason why; a param whose elements all have none by its own name. */
function reasonsOf(
  model: ProgramModel,
  params: Float64Array,
  missing: readonly Quantity[],
  {
    held,
    floored,
    upward,
  }: { readonly held: ReadonlySet<number>; readonly floored: readonly string[]; readonly upward: boolean },
): ReadonlyMap<Missing, readonly string[]> {
  const kinks = kinked(model)
  const runaway = model.runaway(params)
  const why = (q: Quantity): Missing => {
    if (kinks.includes(q.name)) return 'kink'
    if (runaway.includes(q.name)) return 'infinity'
    if (q.offset !== null && held.has(q.offset)) return floored.includes(q.name) ? 'floor' : 'edge'
    return upward ? 'upward' : 'flat'
  }
  const out = new Map<Missing, string[]>()
  const byName = new Map<string, Quantity[]>()
  for (const q of missing) byName.set(q.name, [...(byName.get(q.name) ?? []), q])
  for (const [name, own] of byName) {
    const [first] = own
    if (first === undefined) continue
    const all = first.layout === null ? null : own.length === first.layout.length
    for (const q of all === false ? own : [first])
      out.set(why(q), [...(out.get(why(q)) ?? []), all === false ? quantityName(q) : name])
  }
  return out
}

function warningsOf(model: ProgramModel, { ahead, inverse }: Information, kind: ErrorKind): readonly FitWarning[] {
  const out: FitWarning[] = []
  if (ahead > STILL_AHEAD)
    out.push(
      notAMaximum(
        `the objective still rises by about ${ahead.toPrecision(2)} to its maximum: EM was stopped before it, and the standard errors are those of the point where it stands; lower --tol`,
      ),
    )
  if (inverse.upward.length > 0)
    out.push(
      notAMaximum('the objective curves upwards along some direction: the estimates are a saddle, not a maximum'),
    )
  const { bound } = model
  if (bound === 'variational')
    out.push(approximateErrors('a lower bound of the log-likelihood, and are often too small'))
  if (bound === 'quadrature') out.push(approximateErrors('a log-likelihood by quadrature'))
  if (bound === 'monte-carlo') out.push(approximateErrors('a log-likelihood made of draws, which are held fixed'))
  if (kind === 'information' && hasFractions(model)) out.push(noCounts())
  return out
}

/** Nats from which on the fit is not where its standard errors should be taken. */
const STILL_AHEAD = 0.01

function hasFractions(model: ProgramModel): boolean {
  const units = samplingUnits(model)
  if (typeof units === 'string') return false
  return [...units.ranges.values()].some((r) => r.weights?.some((w) => !Number.isInteger(w)) === true)
}
