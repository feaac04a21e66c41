/**
 * Deterministic annealing EM (Ueda and Nakano 1998, Neural Networks 11, section 3): the posterior is raised to the power β,
 * EM is run until it stands still, β is multiplied, and so on up to β = 1, where it is EM. A flat posterior has few
 * maxima, often one; with β they part, and the way leads from one to the next near it. While β stays the objective
 * (1/β) log Σ p^β never falls, and this is checked; when β grows it falls.
 *
 * At a small β all components come to lie in one place, which is a stationary point for every β: as β grows it becomes a
 * saddle, which nothing leaves by itself. So params are moved a little before each temperature, towards a random point,
 * and a factorised q with them, which would keep components in one place where what tells them apart are latents.
 * Components with a spread of their own to estimate have that of all the data while they lie together, and then it is at
 * β = 1, no earlier, that the place becomes a saddle, and EM leaves it at no rate at all. So β goes beyond 1, to a peak,
 * where they part quickly, and back (Naim and Gildea 2012, ICML, section 4).
 */
import { recordsFrom } from '../checkpoint/search-record.js'
import type { BoundModel } from '../contract.js'
import { pointAt } from '../em-step.js'
import { randomSource } from '../random.js'
import { beginRun, continueRun, type EmRun, type RunLimits, type RunMoment } from '../run.js'
import { isOver, type SearchRequest, type StartEnd, search } from '../search.js'
import type { FitMode } from './fit-mode.js'
import type { AnnealStage, CooledStart } from './mode-state.js'
import type { AnnealSchedule } from './schedules.js'

/** The model at any β. */
export interface Tempered {
  readonly model: BoundModel
  setBeta(beta: number): void
}

/** Iterations at one temperature: near a saddle the first ones hardly move, and tell nothing of the way away from it. */
const LEAST_ITERATIONS = 20
const MOST_ITERATIONS = 200
const TOLERANCE = 1e-8
/** The part of the way to a random point that params are moved. */
const NUDGE = 0.01
/** Streams of random numbers beside those of the starts. */
const STREAM = 101

export function annealMode(tempered: Tempered, schedule: AnnealSchedule): FitMode {
  const reports: { readonly end: StartEnd; readonly stages: readonly AnnealStage[] }[] = []
  return {
    name: 'anneal',
    restarts: 1,
    async search({ record, ...request }, kept) {
      const { options } = request
      const starts = [...(kept?.from?.kind === 'anneal' ? kept.from.starts : [])]
      const ends: StartEnd[] = []
      for (let index = 0; index < options.restarts; index++) {
        if (index > 0 && isOver(request)) {
          request.onLeftOut?.()
          break
        }
        const seed = options.seed + index
        const given = index === 0 ? request.start : null
        const start = given ?? (await request.starter.start(seed, index === 0))
        const from = starts[index] ?? { done: 0, stages: [], params: start, q: null, run: null }
        const keep = (state: CooledStart): void => {
          starts[index] = state
          kept?.keep({ kind: 'anneal', starts: [...starts] })
        }
        const { done, params, q, stages } = await cooled(tempered, schedule, request, from, seed, keep)
        // a run that begins before its time is not kept
        const isWhole = record !== undefined && done === betas(schedule).length
        const own = {
          ...request,
          ...(isWhole ? { record: recordsFrom(record, index) } : {}),
          options: { ...options, seed, restarts: 1 },
          start: params,
          ...(q === null ? {} : { from: { near: q, seed, part: 0 } }),
        }
        const spent = stages.reduce((n, s) => n + s.iterations + 1, 0)
        for (const { run, ...end } of await search(own)) {
          const whole = { ...end, run: { ...run, passes: run.passes + spent } }
          reports.push({ end: whole, stages })
          ends.push(whole)
        }
      }
      return ends
    },
    report() {
      const best = [...reports].sort((a, b) => objectiveOf(b.end) - objectiveOf(a.end))[0]
      return best === undefined ? {} : { stages: best.stages }
    },
    warnings: () => [],
  }
}

const objectiveOf = ({ run }: StartEnd): number =>
  run.stop === 'numerical' || Number.isNaN(run.point.objective) ? Number.NEGATIVE_INFINITY : run.point.objective

/** The temperatures before β = 1: up to the peak. */
export function betas({ from, factor, peak }: AnnealSchedule): readonly number[] {
  const out: number[] = []
  for (let beta = from; beta < peak; beta *= factor) out.push(beta)
  return peak > 1 ? [...out, peak] : out
}

/** A start taken through the temperatures before 1, as far as there is time. */
async function cooled(
  tempered: Tempered,
  schedule: AnnealSchedule,
  request: SearchRequest,
  from: CooledStart,
  seed: number,
  keep: (state: CooledStart) => void,
): Promise<CooledStart> {
  const { options, pacer, signal, model } = request
  const random = randomSource(seed, STREAM)
  let state = from
  for (const [number, beta] of betas(schedule).entries()) {
    if (isOver(request)) break
    const towards = model.interior(random.uniform)
    if (number < state.done) continue
    tempered.setBeta(beta)
    const made = state.stages.reduce((n, s) => n + s.iterations, 0)
    const limits: RunLimits = {
      maxIterations: Math.min(MOST_ITERATIONS, options.maxIterations),
      tolerance: 0,
      maxTime: options.maxTime,
      trace: false,
      signal,
      lenient: true,
      accelerate: null,
      onIteration: (point) =>
        request.onIteration({
          phase: 'brief',
          start: 0,
          starts: options.restarts,
          iteration: made + point.iteration,
          objective: point.objective,
          logLikelihood: point.logLikelihood,
          params: point.params,
        }),
    }
    const { params, q, stages, run } = state
    const keepAt =
      (settling: boolean): NonNullable<RunLimits['keep']> =>
      (moment) =>
        keep({ ...state, run: { settling, moment } })
    const begun =
      run === null
        ? await beginRun(
            tempered.model,
            nudged(params, towards),
            q === null ? { seed } : { near: q, seed: nudgeSeed(seed, number), part: NUDGE },
          )
        : await restored(tempered.model, run.moment)
    const settling =
      run?.settling === false
        ? begun
        : await continueRun(
            tempered.model,
            begun,
            { ...limits, keep: keepAt(true) },
            pacer,
            LEAST_ITERATIONS,
            run?.moment ?? null,
          )
    const end = await continueRun(
      tempered.model,
      settling,
      { ...limits, tolerance: Math.max(TOLERANCE, options.tolerance), keep: keepAt(false) },
      pacer,
      null,
      run?.settling === false ? run.moment : null,
    )
    const { stop, point } = end
    // a temperature at which the step has no number is passed over
    const stage = { beta, iterations: point.iteration, objective: point.objective }
    const next =
      stop === 'numerical'
        ? { params, q, stages }
        : { params: point.params, q: point.expectation.q ?? null, stages: [...stages, stage] }
    if (stop === 'aborted' || stop === 'max-time') return { ...state, ...next }
    state = { ...next, done: number + 1, run: null }
    keep(state)
  }
  return state
}

/** A run that stands at a moment. An M-step counts on what is computed once, with the first E-step. */
async function restored(model: BoundModel, { point, trace, rows, passes, rate }: RunMoment): Promise<EmRun> {
  await pointAt(model, point.params, 0, [], 1, point.expectation)
  return { point, trace, rows, stop: null, reason: null, passes, rate }
}

/** Of the random q that a temperature begins near to: another one each time. */
const nudgeSeed = (seed: number, number: number): number => seed + 1009 * (number + 1)

/** Supports are convex, so a point between two of them is one. */
const nudged = (params: Float64Array, towards: Float64Array): Float64Array =>
  params.map((x, i) => x + NUDGE * ((towards[i] ?? x) - x))
