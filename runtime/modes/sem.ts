/**
 * Stochastic EM (Celeux and Diebolt 1985; Celeux and Govaert 1992, section 4): a draw of the latents replaces their
 * posterior, and an M-step follows. The params walk about the maxima of the likelihood and do not stay at saddles or at
 * small maxima. After `burn` steps the average of the next `keep` is the estimate. Where the
 * average is no likely point, as when components have changed places on the way, it is the best point that was visited.
 *
 * It begins at the best of brief runs of EM, or at the start that is given.
 */
import { bestEnd } from '../compare-ends.js'
import type { BoundModel, Expectation } from '../contract.js'
import { type EmPoint, pointAt, usable, whyUnusable } from '../em-step.js'
import { jsonNumber } from '../json.js'
import { BRIEF_ITERATIONS } from '../options.js'
import type { IterateRow } from '../run.js'
import { type SearchRequest, type StartEnd, search } from '../search.js'
import type { FitWarning } from '../warnings.js'
import type { FitMode, ModeReport } from './fit-mode.js'
import type { ModeRecord } from './mode-state.js'
import type { SemSchedule } from './schedules.js'

/** The model whose E-steps draw. */
export interface Drawn {
  readonly model: BoundModel
  setDraw(seed: number, number: number): void
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
  let at = drawnAt(drawn, from?.params ?? first.run.point.params, options.seed, trace.length * TRIES)
  let best = from?.best ?? { params: at.params, objective: Number.NEGATIVE_INFINITY }
  let stop: 'completed' | 'aborted' | 'max-time' | 'max-iterations' | 'numerical' = 'completed'
  let reason: string | null = null
  const steps = burn + keep
  for (let t = trace.length; t < steps; t++) {
    if (signal?.aborted === true) stop = 'aborted'
    else if (options.maxTime !== null && pacer.elapsed() >= options.maxTime) stop = 'max-time'
    else if (t >= options.maxIterations) stop = 'max-iterations'
    if (stop !== 'completed') break
    const next = stepFrom(drawn, at, options.seed, t)
    if (next === null) {
      stop = 'numerical'
      reason = `${TRIES} draws in a row led to params without a likelihood, as where a component has no rows or a spread is 0`
      break
    }
    const { params, expectation } = at
    const objective = expectation.logLikelihood + (model.hasPrior ? model.logPrior(params) : 0)
    trace.push(objective)
    if (objective > best.objective) best = { params, objective }
    if (options.trace) rows.push(rowOf(model, params, t, objective, expectation.logLikelihood))
    at = next
    if (t >= burn) {
      kept.push(objective)
      mean = mean.map((m, i) => m + ((at.params[i] ?? 0) - m) / kept.length)
    }
    record?.keep({
      ...{ kind: 'sem', params: at.params, best, mean },
      ...{ trace, objectives: trace.length, rows, complete: rows.length },
    })
    request.onIteration({
      phase: 'main',
      start: 0,
      starts: 1,
      iteration: t + 1,
      objective,
      logLikelihood: expectation.logLikelihood,
      params: at.params,
    })
    await pacer.breathe()
  }
  const before = Math.min(burn, trace.length)
  // what is stopped for now goes on with as many nodes as before
  if (kept.length > 0 && stop !== 'aborted' && stop !== 'max-time') asFineAt(mean, request.model, model)
  // what follows is EM's, and goes by expectations in place of draws
  const { point, estimate } = await estimated(request.model, mean, kept, best, trace.length)
  trace.push(point.objective)
  if (stop !== 'numerical' && !usable(point)) {
    stop = 'numerical'
    reason = whyUnusable(point.objective, 'at the estimate')
  }
  const [average, spread] = moments(kept)
  const [meanObjective, sdObjective] = [jsonNumber(average), jsonNumber(spread)]
  const run = { point, trace, rows, stop, reason, passes: first.run.passes + trace.length, rate: null }
  return {
    end: { ...first, run, brief: false },
    draws: { burn: before, keep: kept.length, estimate, meanObjective, sdObjective },
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

/** Params with a draw of the latents at them. */
interface Standing {
  readonly params: Float64Array
  readonly expectation: Expectation
}

function drawnAt({ model, setDraw }: Drawn, params: Float64Array, seed: number, number: number): Standing {
  setDraw(seed, number)
  return { params, expectation: model.eStep(params) }
}

/** The M-step of a draw, and the next draw; where params without a likelihood come of it, another draw is taken first. */
function stepFrom(drawn: Drawn, from: Standing, seed: number, t: number): Standing | null {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const at = attempt === 0 ? from : drawnAt(drawn, from.params, seed, t * TRIES + attempt)
    const next = drawn.model.mStep(at.params, at.expectation).params
    if (!next.every(Number.isFinite)) continue
    const to = drawnAt(drawn, next, seed, (t + 1) * TRIES)
    if (Number.isFinite(to.expectation.logLikelihood)) return to
  }
  return null
}

async function estimated(
  model: BoundModel,
  mean: Float64Array,
  kept: readonly number[],
  best: { readonly params: Float64Array },
  iteration: number,
): Promise<{ readonly point: EmPoint; readonly estimate: 'average' | 'best' }> {
  const hasAverage = kept.length > 0 && model.params.every((p) => !WHOLE.has(p.support.kind))
  if (hasAverage) {
    const point = await pointAt(model, mean, iteration)
    const [usual] = moments(kept)
    if (point.objective >= usual) return { point, estimate: 'average' }
  }
  return { point: await pointAt(model, best.params, iteration), estimate: 'best' }
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
