/**
 * Stochastic EM (Celeux and Diebolt 1985; Celeux and Govaert 1992, section 4): a draw of the latents replaces their
 * posterior, and an M-step follows. The params walk about the maxima of the likelihood and do not stay at saddles or at
 * small maxima. After `burn` steps the average of the next `keep` is the estimate. Where the
 * average is no likely point, as when components have changed places on the way, it is the best point that was visited.
 *
 * Where the posterior is known by factors only, each is drawn given the others: one sweep of a Gibbs sampler, which begins at the draw
 * before it (Nielsen 2000, Bernoulli 6; Kuhn and Lavielle 2004, ESAIM Probab. Stat. 8). What is told of the way is then the
 * bound of EM, whose q goes along with the params.
 *
 * It begins at the best of brief runs of EM, or at the start that is given.
 */
import { bestEnd } from '../compare-ends.js'
import type { Beginning, BoundModel, Expectation } from '../contract.js'
import { type EmPoint, pointAt, slack, usable, whyUnusable } from '../em-step.js'
import { jsonNumber } from '../json.js'
import { BRIEF_ITERATIONS } from '../options.js'
import type { IterateRow } from '../run.js'
import { type SearchRequest, type StartEnd, search } from '../search.js'
import type { FitWarning } from '../warnings.js'
import type { FitMode, ModeReport } from './fit-mode.js'
import type { ModeRecord, SemState } from './mode-state.js'
import type { SemSchedule } from './schedules.js'

/** The model whose E-steps draw. */
export interface Drawn {
  readonly model: BoundModel
  setDraw(seed: number, number: number): void
  /** Draws by factors before the first sweep, under responsibilities; null where no draw depends on one before it. */
  drawnGiven(responsibilities: ReadonlyMap<string, Float64Array>, params: Float64Array): Expectation | null
}

/** Draws that may come to nothing, one after another, before the run is given up. */
const TRIES = 20
/** Supports whose points are whole numbers have no average. */
const WHOLE: ReadonlySet<string> = new Set(['int', 'count', 'bool', 'category'])

export function semMode(drawn: Drawn, schedule: SemSchedule): FitMode {
  let draws: ModeReport['draws'] | undefined
  const warnings: FitWarning[] = []
  return {
    name: 'sem',
    async search(request, record) {
      const first = await begun(request)
      if (first === undefined || first.run.stop === 'numerical' || first.run.stop === 'aborted')
        return first === undefined ? [] : [first]
      const chain = await walked(drawn, schedule, request, first, record)
      draws = chain.draws
      warnings.push(...chain.warnings)
      return [chain.end]
    },
    report: () => (draws === undefined ? {} : { draws }),
    warnings: () => warnings,
  }
}

/** The best of brief runs of EM; where a start is given, that start. */
export async function begun(request: SearchRequest): Promise<StartEnd | undefined> {
  const { options, start } = request
  const maxIterations = start === null ? BRIEF_ITERATIONS : 0
  return bestEnd(await search({ ...request, options: { ...options, maxIterations, trace: false, accelerate: null } }))
}

async function walked(
  drawn: Drawn,
  { burn, keep }: SemSchedule,
  request: SearchRequest,
  first: StartEnd,
  record: ModeRecord | null,
): Promise<{ readonly end: StartEnd; readonly draws: ModeReport['draws']; readonly warnings: readonly FitWarning[] }> {
  const { options, pacer, signal } = request
  const { model } = drawn
  asFineAt(first.run.point.params, request.model, model)
  const from = record?.from?.kind === 'sem' ? record.from : null
  const trace = from === null ? [] : from.trace.slice(0, from.objectives)
  const rows = from === null ? [] : from.rows.slice(0, from.complete)
  const kept = trace.slice(burn)
  let mean = from?.mean ?? new Float64Array(model.length)
  const walk: Walk = { drawn, model: request.model, seed: options.seed }
  const before = from === null ? await firstDraw(walk, first.run.point) : putBack(from.before)
  let at = withBound(walk, drawnAt(walk, from?.params ?? first.run.point.params, trace.length * TRIES, before))
  let best = from?.best ?? { params: at.params, objective: Number.NEGATIVE_INFINITY, q: null }
  let stop: 'completed' | 'aborted' | 'max-time' | 'max-iterations' | 'numerical' = 'completed'
  let reason: string | null = null
  const steps = burn + keep
  for (let t = trace.length; t < steps; t++) {
    if (signal?.aborted === true) stop = 'aborted'
    else if (options.maxTime !== null && pacer.elapsed() >= options.maxTime) stop = 'max-time'
    else if (t >= options.maxIterations) stop = 'max-iterations'
    if (stop !== 'completed') break
    const next = stepFrom(walk, at, t)
    if (next === null) {
      stop = 'numerical'
      reason = `${TRIES} draws in a row led to params without a likelihood, as where a component has no rows or a spread is 0`
      break
    }
    const { params, bound } = at
    const { logLikelihood, q = null } = bound
    const objective = logLikelihood + (model.hasPrior ? model.logPrior(params) : 0)
    trace.push(objective)
    if (objective > best.objective) best = { params, objective, q }
    if (options.trace) rows.push(rowOf(model, params, t, objective, logLikelihood))
    at = next
    if (t >= burn) {
      kept.push(objective)
      mean = mean.map((m, i) => m + ((at.params[i] ?? 0) - m) / kept.length)
    }
    record?.keep({
      ...{ kind: 'sem', params: at.params, before: taken(at.before), best, mean },
      ...{ trace, objectives: trace.length, rows, complete: rows.length },
    })
    request.onIteration({
      phase: 'main',
      start: 0,
      starts: 1,
      iteration: t + 1,
      objective,
      logLikelihood,
      params: at.params,
    })
    await pacer.breathe()
  }
  const burnt = Math.min(burn, trace.length)
  // what is stopped for now goes on with as many nodes as before
  if (kept.length > 0 && stop !== 'aborted' && stop !== 'max-time') asFineAt(mean, request.model, model)
  // what follows is EM's, and goes by expectations in place of draws
  const { point, estimate } = await estimated(request.model, mean, kept, best, at.bound, trace.length)
  trace.push(point.objective)
  if (stop !== 'numerical' && !usable(point)) {
    stop = 'numerical'
    reason = whyUnusable(point.objective, 'at the estimate')
  }
  const [average, spread] = moments(kept.filter(Number.isFinite))
  const [meanObjective, sdObjective] = [jsonNumber(average), jsonNumber(spread)]
  const run = { point, trace, rows, stop, reason, passes: first.run.passes + trace.length, rate: null }
  return {
    end: { ...first, run, brief: false },
    draws: { burn: burnt, keep: kept.length, estimate, meanObjective, sdObjective },
    warnings: [
      ...(estimate === 'best' && kept.length > 0 ? [bestVisited()] : []),
      ...(isDrifting(kept) ? [stillMoving()] : []),
    ],
  }
}

/** Posteriors by nodes have as many as the objective at params takes, under the model and under the one that draws. */
function asFineAt(params: Float64Array, model: BoundModel, drawing: BoundModel): void {
  while (model.refine?.(params));
  const levels = model.rules?.take()
  if (levels !== undefined) drawing.rules?.putBack(levels)
}

/** What a walk is made with: the model that draws, and that of EM. */
interface Walk {
  readonly drawn: Drawn
  readonly model: BoundModel
  readonly seed: number
}

/** What a draw by factors begins at, and what the q of its bound begins at. */
interface Before {
  readonly draw: Beginning
  readonly bound: Beginning
}

/** Params with a draw of the latents at them. */
interface Standing {
  readonly params: Float64Array
  readonly expectation: Expectation
  readonly before: Before | null
}

/** The same with the expectation whose log-likelihood is told: that of the draw, where it is the likelihood. */
type Told = Standing & { readonly bound: Expectation }

/** Where draws by factors begin: at the q that EM has come to. */
async function firstDraw({ drawn, model, seed }: Walk, { params, expectation }: EmPoint): Promise<Before | null> {
  if (expectation.q === undefined) return null
  const bound = (await settledAt(model, params, 0, expectation)).expectation
  drawn.setDraw(seed, -1)
  const draw = drawn.drawnGiven(model.posterior(params), params)
  return draw === null ? null : { draw, bound }
}

function numbersOf(b: Beginning): Float64Array {
  const numbers = 'near' in b ? b.near : 'q' in b ? b.q : undefined
  if (numbers === undefined) throw new Error('a draw by factors has no numbers')
  return numbers
}

const taken = (before: Before | null): SemState['before'] =>
  before === null ? null : { draw: numbersOf(before.draw), bound: numbersOf(before.bound) }

const putBack = (kept: SemState['before']): Before | null => {
  const at = (near: Float64Array): Beginning => ({ near, seed: 0, part: 0 })
  return kept === null ? null : { draw: at(kept.draw), bound: at(kept.bound) }
}

function drawnAt({ drawn, seed }: Walk, params: Float64Array, number: number, before: Before | null): Standing {
  drawn.setDraw(seed, number)
  return { params, expectation: drawn.model.eStep(params, before?.draw), before }
}

function withBound({ model }: Walk, at: Standing): Told {
  return { ...at, bound: at.before === null ? at.expectation : model.eStep(at.params, at.before.bound) }
}

/** The M-step of a draw, and the next draw; where params without a likelihood come of it, another draw is taken first. */
function stepFrom(walk: Walk, from: Told, t: number): Told | null {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const at = attempt === 0 ? from : drawnAt(walk, from.params, t * TRIES + attempt, from.before)
    const next = walk.drawn.model.mStep(at.params, at.expectation).params
    if (!next.every(Number.isFinite)) continue
    const before = from.before === null ? null : { draw: at.expectation, bound: from.bound }
    const to = drawnAt(walk, next, (t + 1) * TRIES, before)
    if (Number.isFinite(to.expectation.logLikelihood)) return withBound(walk, to)
  }
  return null
}

async function estimated(
  model: BoundModel,
  mean: Float64Array,
  kept: readonly number[],
  best: SemState['best'],
  last: Expectation,
  iteration: number,
): Promise<{ readonly point: EmPoint; readonly estimate: 'average' | 'best' }> {
  const hasAverage = kept.length > 0 && model.params.every((p) => !WHOLE.has(p.support.kind))
  // a bound may be −∞ at the edge of the supports
  const told = kept.filter(Number.isFinite)
  if (hasAverage && told.length > 0) {
    const point = await settledAt(model, mean, iteration, last)
    const [usual] = moments(told)
    if (point.objective >= usual - slack(point.scale, model.observations)) return { point, estimate: 'average' }
  }
  const from = best.q === null ? last : { near: best.q, seed: 0, part: 0 }
  return { point: await settledAt(model, best.params, iteration, from), estimate: 'best' }
}

/** Sweeps of a q that is to stand still, and the relative change that is none. */
const MOST_SWEEPS = 1000
const STILL = 1e-10

/** A point with its posterior; a factorised q is swept, from where it is, until its bound stands still. */
async function settledAt(
  model: BoundModel,
  params: Float64Array,
  iteration: number,
  from: Beginning,
): Promise<EmPoint> {
  let point = await pointAt(model, params, iteration, [], 1, from)
  for (let sweeps = 1; point.expectation.q !== undefined && sweeps < MOST_SWEEPS; sweeps++) {
    const next = await pointAt(model, params, iteration, [], 1, point.expectation)
    const change = Math.abs(next.objective - point.objective)
    point = next
    if (!(change > STILL * point.scale)) break
  }
  return point
}

function moments(values: readonly number[]): readonly [number, number] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, values.length - 1)
  return [mean, Math.sqrt(variance)]
}

/** Parts of the kept steps whose means are compared; fewer steps tell nothing. */
const PARTS = 10
const LEAST_KEPT = 40

/** The objective of the second half differs from that of the first by more than the spread of means of parts explains. */
function isDrifting(kept: readonly number[]): boolean {
  if (kept.length < LEAST_KEPT) return false
  const length = Math.floor(kept.length / PARTS)
  const means = Array.from({ length: PARTS }, (_, i) => moments(kept.slice(i * length, (i + 1) * length))[0])
  const [early, late] = [moments(means.slice(0, PARTS / 2)), moments(means.slice(PARTS / 2))]
  const error = Math.sqrt((early[1] ** 2 + late[1] ** 2) / (PARTS / 2))
  return Math.abs(late[0] - early[0]) > 4 * error + 1e-9 * (1 + Math.abs(late[0]))
}

const bestVisited = (): FitWarning => ({
  code: 'W556',
  message:
    'the average of the draws lies where the likelihood is lower than along the way, so the best point that was visited stands for it: components may have changed places, or a spread been caught near 0',
})

const stillMoving = (): FitWarning => ({
  code: 'W557',
  message: 'the log-likelihood still moved while draws were averaged: a longer `burn` lets it settle first',
})

function rowOf(
  model: BoundModel,
  params: Float64Array,
  iteration: number,
  objective: number,
  logLikelihood: number,
): IterateRow {
  return {
    iteration,
    objective,
    logLikelihood,
    elboAfterE: objective,
    elboAfterM: Number.NaN,
    gap: Number.NaN,
    params,
    expected: model.scalars.length > 0 ? model.expected(params) : new Map(),
    labels: null,
  }
}
