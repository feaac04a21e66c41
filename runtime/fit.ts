import { tryEdge } from './boundary.js'
import { type ComponentOrder, canonicalOrder, permuteFloors, permuteParams } from './canonical-order.js'
import { type Chosen, FitRecord, type RecordHooks } from './checkpoint/fit-record.js'
import { bestEnd, failed } from './compare-ends.js'
import type { Accuracy, BoundModel, ComponentState, FitOptions } from './contract.js'
import { degenerateComponents, isCollapsed } from './degenerate.js'
import { degenerateWarnings } from './degenerate-warnings.js'
import { fewEffective, LEAST_EFFECTIVE } from './effective-draws.js'
import { type EmPoint, marginalLogLikelihood, NEARLY_SINGULAR, nearlySingular, pointAt, slack } from './em-step.js'
import { AbortError, InternalError } from './errors.js'
import { jsonNumber } from './json.js'
import type { FitMode } from './modes/fit-mode.js'
import { type FitRequest, resolveOptions } from './options.js'
import { fromOtherBeginnings } from './other-beginnings.js'
import { type AbortFlag, type Clock, createPacer, type Pacer } from './pacer.js'
import { randomSource } from './random.js'
import { buildResult, emptyContext, type FitResult, type ResultContext, type StartSummary } from './result.js'
import { again, type EmRun, type IterateRow, lastRow } from './run.js'
import { type FitProgress, isOver, type SearchRequest, type StartEnd, search } from './search.js'
import type { SplitStage } from './split-components.js'
import { refuseInit } from './staged-starts.js'
import { applyStartValues, type StartProblem } from './start-values.js'
import { createStarter, type Leaning, type Starter } from './starts.js'
import type { StopReason } from './stop.js'
import { symmetricLatents } from './symmetric-start.js'
import * as warn from './warnings.js'

/** What the host lends to a fit. */
export interface FitHooks {
  /** Resolves in a later turn of the event loop; called often enough that no turn of ours is long. */
  pause(): Promise<void>
  /** Milliseconds; defaults to Date.now. */
  readonly now?: Clock
  /** Looked at between iterations. */
  readonly signal?: AbortFlag
  readonly onIteration?: (progress: FitProgress) => void
  readonly leaning?: Leaning
  /** Left out: EM. */
  readonly mode?: FitMode
  readonly context?: ResultContext
  /** Where the state of the search goes, and comes from. */
  readonly record?: RecordHooks
}

export type FitOutcome =
  | {
      readonly ok: true
      readonly result: FitResult
      /** The params of the result, flat, components in canonical order: posteriors made at them are in that order too. */
      readonly params: Float64Array
      /**
       * The params that posteriors are made at: the same, but under a factorised posterior, which is kept for the params that it
       * was found at; what is read of it is put in order then.
       */
      readonly at: Float64Array
      /** How components were reordered from the run to the result. */
      readonly order: ComponentOrder
      readonly options: FitOptions
      /** Objectives of every start, the start itself first, in the order of `result.starts`. */
      readonly traces: readonly (readonly number[])[]
      /** Rows of the traced run, components in canonical order; null where no trace was asked for. */
      readonly rows: readonly IterateRow[] | null
    }
  | { readonly ok: false; readonly problems: readonly StartProblem[] }

/**
 * Fits a model by EM: starts, iterations, choice of the best end, canonical order, result.
 *
 * @throws AbortError<FitOutcome> with the result so far, marked as not converged, when `signal` is aborted
 * @throws InternalError where an inequality of EM fails
 */
export async function fitModel(model: BoundModel, asked: FitRequest, hooks: FitHooks): Promise<FitOutcome> {
  const options = resolveOptions(asked)
  const pacer = createPacer(hooks.now ?? Date.now, () => hooks.pause())
  const signal = hooks.signal ?? null
  if (signal?.aborted) throw new AbortError<FitOutcome>(null)
  model.setFloor(options.floor)
  const refused = refuseInit(model, options.init)
  if (refused !== null) return { ok: false, problems: [{ param: null, message: refused }] }
  const starter = createStarter(model.sample ?? model, options.init, pacer, hooks.leaning)

  const own = asked.start === undefined ? null : await ownStart(model, options, starter, asked.start)
  if (own !== null && own.problems.length > 0) return { ok: false, problems: own.problems }

  const start = own?.params ?? null
  const onIteration = hooks.onIteration ?? (() => {})
  let isCut = false
  const onLeftOut = (): void => {
    isCut = true
  }
  const request = { model, options, starter, start, signal, pacer, onIteration, onLeftOut }
  const { mode = null } = hooks
  const other = mode?.search ?? null
  const record = hooks.record === undefined ? null : new FitRecord(hooks.record, model, hooks.now ?? Date.now)
  await record?.flush()
  const main = other === null && start === null ? await searched(request, record) : recorded(request, record)
  const found = other === null ? await search(main) : await other(main, record?.mode ?? null)
  if (!isOver(main)) record?.finish()
  await record?.flush()
  const first = bestEnd(found)
  if (first === undefined) throw new InternalError('a fit made no start')
  const best = other === null ? await fromOtherBeginnings(main, first) : first
  const ends = found.map((end) => (end === first ? best : end))

  const settled = trusted(await settle(model, options, best, ends, signal, pacer))
  model.remember?.(settled.point.params, settled.point.expectation)
  await pacer.breathe()
  const identified = model.identifiedParameters(randomSource(options.seed, 2).uniform, settled.point.params)
  await pacer.breathe()
  const parameters = identified?.parameters ?? model.nominalParameters
  const stages = (seed: number): readonly SplitStage[] | null => starter.stages?.(seed) ?? null
  const conclusion = { ...settled, mode, best, ends, isCut, start, stages, parameters, loose: identified?.loose ?? [] }
  const outcome = conclude(model, options, conclusion, hooks.context ?? emptyContext)
  if (settled.stop === 'aborted') throw new AbortError<FitOutcome>(outcome)
  return outcome
}

/** Where rows do not lie in memory, several starts compete over a sample of them, and the best runs on over all. */
async function searched(request: SearchRequest, record: FitRecord | null): Promise<SearchRequest> {
  const { sample } = request.model
  if (sample === undefined || request.model.direct || request.options.restarts <= 1) return recorded(request, record)
  const chosen = record?.choice ?? (await chosenOver({ ...request, model: sample }, record))
  // a run from a start that is not kept is not either
  const main = record?.choice === null ? request : recorded(request, record)
  if (chosen === 'none') return main
  const starter: Starter = { start: async () => chosen.params }
  return { ...main, options: { ...request.options, seed: chosen.seed, restarts: 1 }, starter }
}

const recorded = (request: SearchRequest, record: FitRecord | null): SearchRequest =>
  record === null ? request : { ...request, record: record.main }

/** The start that the sample chooses. What time did not suffice for is chosen for now, and not kept. */
async function chosenOver(request: SearchRequest, record: FitRecord | null): Promise<Chosen> {
  const own = record?.sample ?? null
  const best = bestEnd(await search(own === null ? request : { ...request, record: own }))
  const chosen = best === undefined || failed(best) ? 'none' : { seed: best.seed, params: best.run.point.params }
  if (!isOver(request)) record?.choose(chosen)
  return chosen
}

/** The user's start; params left out come from the first start that would be made without it. */
async function ownStart(
  model: BoundModel,
  options: FitOptions,
  starter: Starter,
  values: NonNullable<FitRequest['start']>,
): Promise<{ readonly params: Float64Array; readonly problems: readonly StartProblem[] }> {
  const complete = model.params.every(({ name }) => values.has(name))
  const blank = new Float64Array(model.length)
  const tried = applyStartValues(model, values, blank)
  if (complete || tried.problems.length > 0) return tried
  return applyStartValues(model, values, await starter.start(options.seed, true))
}

interface Settled {
  readonly point: EmPoint
  readonly trace: readonly number[]
  readonly rows: readonly IterateRow[] | null
  readonly stop: StopReason
  readonly reason: string | null
  /** Elements that were set to the edge of their support. */
  readonly edge: readonly string[]
}

/** The weights of draws may be on so few that they say nothing, not even of their own error. */
function trusted(settled: Settled & Pick<Conclusion, 'accuracy'>): typeof settled {
  const { effectiveDraws = Number.POSITIVE_INFINITY, draws = 0 } = settled.accuracy ?? {}
  if (settled.stop === 'numerical' || effectiveDraws >= LEAST_EFFECTIVE) return settled
  return { ...settled, stop: 'numerical', reason: fewEffective(effectiveDraws, draws) }
}

/** Last touches on the best run: the edge of nonnegative params, and the last row of the trace. */
async function settle(
  model: BoundModel,
  options: FitOptions,
  best: StartEnd,
  ends: readonly StartEnd[],
  signal: AbortFlag | null,
  pacer: Pacer,
): Promise<Settled & Pick<Conclusion, 'accuracy'>> {
  const { run } = best
  const rows = options.trace ? [...run.rows] : null
  const trace = [...run.trace]
  // an objective by nodes is that of the rule as it is at the end
  const rough = model.bound === 'quadrature' || model.bound === 'monte-carlo'
  let point = rough ? await again(model, run.point) : run.point
  if (rough) trace[trace.length - 1] = point.objective
  const aborted = signal?.aborted === true || ends.some((end) => end.run.stop === 'aborted')
  let stop: StopReason = aborted ? 'aborted' : (run.stop ?? 'max-time')
  let edge: readonly string[] = run.edge ?? []

  if (rows !== null && stop !== 'numerical') rows.push(await lastRow(model, point, pacer))
  if (options.tolerance > 0 && (stop === 'tolerance' || stop === 'max-iterations')) {
    const before = point.expectation
    const objectiveAt = async (params: Float64Array): Promise<number> =>
      (await pointAt(model, params, 0, [], 1, before)).objective
    const tried = await tryEdge(model, point.params, point.objective, objectiveAt, pacer)
    if (tried.moved.length > 0) {
      edge = [...edge, ...tried.moved]
      point = await pointAt(model, tried.params, point.iteration + 1, [], 1, before)
      trace.push(point.objective)
      if (await staysPut(model, point, options.tolerance)) stop = 'tolerance'
      if (rows !== null) rows.push(await edgeRow(model, point, pacer))
    }
  }
  return { point, trace, rows, stop, reason: run.reason, edge, accuracy: model.accuracy?.(point.params) ?? null }
}

/** true where a further iteration of EM changes the objective by no more than the tolerance. */
async function staysPut(model: BoundModel, point: EmPoint, tolerance: number): Promise<boolean> {
  const { params } = model.mStep(point.params, point.expectation)
  const next = await pointAt(model, params, 0, [], 1, point.expectation)
  return Math.abs(next.objective - point.objective) <= tolerance * (1 + Math.abs(point.objective))
}

/** The row of a point at the edge, where Q may have no finite value and the bound is then left out. */
async function edgeRow(model: BoundModel, point: EmPoint, pacer: Pacer): Promise<IterateRow> {
  try {
    return await lastRow(model, point, pacer)
  } catch (error) {
    if (!(error instanceof InternalError)) throw error
    const { iteration, objective, params } = point
    const logLikelihood = marginalLogLikelihood(model, point)
    const expected = model.scalars.length > 0 ? model.expected(params) : new Map<string, number>()
    const labels = model.labels?.(params) ?? null
    const elbo = { elboAfterE: objective, elboAfterM: Number.NaN, gap: Number.NaN }
    return { iteration, objective, logLikelihood, ...elbo, params, expected, labels }
  }
}

interface Conclusion extends Settled {
  readonly mode: FitMode | null
  readonly best: StartEnd
  readonly ends: readonly StartEnd[]
  /** A start, or a part of the way of one, was left out for want of time. */
  readonly isCut: boolean
  readonly start: Float64Array | null
  /** What the start from a seed went through, where it was made by splitting. */
  readonly stages: (seed: number) => readonly SplitStage[] | null
  /** How well the objective is known; null where it is exact or a bound. */
  readonly accuracy: Accuracy | null
  /** Identified number of params, and those that are not. */
  readonly parameters: number
  readonly loose: readonly string[]
}

/** Canonical order, counts, warnings, result. */
function conclude(
  model: BoundModel,
  options: FitOptions,
  found: Conclusion,
  context: ResultContext,
): FitOutcome & { readonly ok: true } {
  const { point, stop, parameters } = found
  const order = stop === 'numerical' ? new Map<string, readonly number[]>() : canonicalOrder(model, point.params)
  const params = permuteParams(model, point.params, order)
  const at = model.bound === 'variational' ? point.params : params
  const result = buildResult(
    model,
    options.seed,
    {
      params,
      logLikelihood: marginalLogLikelihood(model, point),
      objective: point.objective,
      converged: stop === 'tolerance' || stop === 'direct' || stop === 'completed',
      stop,
      iterations: point.iteration,
      passes: found.best.run.passes,
      rate: found.best.run.rate,
      trace: found.trace,
      starts: found.ends.map((end) => summary(end, end === found.best ? found : null, found.stages(end.seed))),
      parameters,
      accuracy: found.accuracy,
      warnings: warningsOf(model, options, found, params, order),
      rows: found.rows,
      order,
      mode: found.mode,
    },
    context,
  )
  const traces = found.ends.map((end) => (end === found.best ? found.trace : end.run.trace))
  const rows = found.rows?.map((row) => ({ ...row, params: permuteParams(model, row.params, order) })) ?? null
  return { ok: true, result, params, at, order, options, traces, rows }
}

function warningsOf(
  model: BoundModel,
  options: FitOptions,
  found: Conclusion,
  params: Float64Array,
  order: ComponentOrder,
): warn.FitWarning[] {
  const { point, stop, start, best, ends, trace, parameters } = found
  const warnings: warn.FitWarning[] = []
  if (stop === 'numerical') return [warn.failedFit(found.reason ?? 'no number')]
  warnings.push(...(found.mode?.warnings() ?? []))
  if (model.bound === 'variational') warnings.push(warn.lowerBound())
  const symmetric = start === null ? [] : symmetricLatents(model, start)
  if (symmetric.length > 0) warnings.push(warn.symmetricStart(symmetric))
  const fall = (trace[0] ?? 0) - (trace[1] ?? Number.POSITIVE_INFINITY)
  const climbs = found.mode === null || found.mode.search === null
  if (climbs && start !== null && best === ends[0] && fall > slack(point.scale, model.observations)) {
    warnings.push(warn.startBelowFloor(fall))
  }
  const isKept = model.bound === 'variational'
  const states = degenerateComponents(model, isKept ? point.params : params)
  warnings.push(...degenerateWarnings(isKept ? states.map((s) => relabelled(s, order)) : states, model.latents))
  const higher = ends.filter((end) => end.degenerate.some(isCollapsed) && end.run.point.objective > point.objective)
  if (best.degenerate.length === 0 && higher.length > 0) warnings.push(warn.unbounded(higher.length, ends.length))
  warnings.push(...warn.atFloor(permuteFloors(model, point.floored, order)))
  if (point.condition > NEARLY_SINGULAR) warnings.push(warn.illConditioned(nearlySingular(point.condition)))
  if (found.accuracy !== null) warnings.push(...warn.rough(found.accuracy, point.scale))
  const runaway = model.runaway?.(params) ?? []
  if (runaway.length > 0) warnings.push(warn.separation(runaway))
  if (found.edge.length > 0) warnings.push(warn.setToEdge(found.edge))
  if (stop === 'max-time' || stop === 'aborted' || (stop === 'max-iterations' && options.tolerance > 0)) {
    warnings.push(warn.notConverged(stop, point.iteration, stop === 'aborted' ? [] : fallingScales(model, point)))
  } else if (found.isCut || ends.some(({ run }) => run.stop === 'max-time'))
    warnings.push(warn.searchCut(ends.length, options.restarts))
  const broken = ends.filter(failed)
  if (broken.length > 0) warnings.push(warn.failedStarts(broken.length, ends.length, broken[0]?.run.reason ?? ''))
  if (parameters < model.nominalParameters) {
    warnings.push(warn.fewerIdentified(parameters, model.nominalParameters, looseParams(model, found.loose)))
  }
  return warnings
}

/** A component by the number that it has in the new order. */
const relabelled = (state: ComponentState, order: ComponentOrder): ComponentState => ({
  ...state,
  value: order.get(state.latent)?.indexOf(state.value) ?? state.value,
})

/** Relative falls an iteration, times the iterations, of what goes to 0 like t^−½ … t^−1. */
const POWER_FALL = [0.3, 1.5] as const

/** Positive params all of whose elements fall like a power of the iterations. */
function fallingScales(model: BoundModel, point: EmPoint): readonly string[] {
  if (point.iteration < 100) return []
  const { params } = model.mStep(point.params, point.expectation)
  return model.params.flatMap(({ name, support, offset, length }) => {
    if (support.kind !== 'positive' || length === 0) return []
    const falls = Array.from({ length }, (_, i) => {
      const [now = 0, next = 0] = [point.params[offset + i], params[offset + i]]
      return point.iteration * Math.log(now / next)
    })
    return falls.every((fall) => fall >= POWER_FALL[0] && fall <= POWER_FALL[1]) ? [name] : []
  })
}

/** Params that are not identified, and the latent whose sum of products they are, where they are that. */
function looseParams(model: BoundModel, names: readonly string[]): warn.LooseParams {
  const layouts = model.params.filter(({ name }) => names.includes(name))
  const latent = model.latents.find(({ name }) =>
    layouts.every((p) => p.components.some((component) => component.latent === name)),
  )
  const weights = layouts.filter(({ role }) => role === 'weight')
  const shares = layouts.every(({ support }) => support.kind === 'simplex' || support.kind === 'unit')
  const product = latent !== undefined && layouts.length >= 2 && weights.length > 0 && shares
  return { names, productOver: product ? latent.name : null }
}

/** One start as listed; the best one with its last touches. */
function summary(end: StartEnd, settled: Settled | null, stages: readonly SplitStage[] | null): StartSummary {
  const run: Pick<EmRun, 'point' | 'stop'> = settled ?? end.run
  return {
    seed: end.seed,
    objective: jsonNumber(run.point.objective),
    degenerate: end.degenerate.length > 0,
    iterations: run.point.iteration,
    stop: run.stop,
    brief: end.brief,
    ...(stages === null
      ? {}
      : { splits: stages.map((s) => ({ components: s.components, objective: jsonNumber(s.objective) })) }),
  }
}
