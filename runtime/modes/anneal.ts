/**
 * Deterministic annealing EM (Ueda and Nakano 1998, Neural Networks 11, section 3): the posterior is raised to the power β,
 * EM is run until it stands still, β is multiplied, and so on up to β = 1, where it is EM. A flat posterior has few
 * maxima, often one; with β they part, and the way leads from one to the next near it. While β stays the objective
 * (1/β) log Σ p^β never falls, and this is checked; when β grows it falls.
 *
 * At a small β all components come to lie in one place, which is a stationary point for every β: as β grows it becomes a
 * saddle, which nothing leaves by itself. So params are moved a little before each temperature, towards a random point.
 * Components with a spread of their own to estimate have that of all the data while they lie together, and then it is at
 * β = 1, no earlier, that the place becomes a saddle, and EM leaves it at no rate at all. So β goes beyond 1, to a peak,
 * where they part quickly, and back (Naim and Gildea 2012, ICML, section 4).
 */
import type { BoundModel } from '../contract.js'
import { randomSource } from '../random.js'
import { beginRun, continueRun, type RunLimits } from '../run.js'
import { type SearchRequest, type StartEnd, search } from '../search.js'
import type { FitMode, ModeReport } from './fit-mode.js'
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
  const reports: { readonly end: StartEnd; readonly stages: NonNullable<ModeReport['stages']> }[] = []
  return {
    name: 'anneal',
    restarts: 1,
    async search(request) {
      const { options } = request
      const ends: StartEnd[] = []
      for (let index = 0; index < options.restarts; index++) {
        if (index > 0 && isOver(request)) break
        const seed = options.seed + index
        const given = index === 0 ? request.start : null
        const start = given ?? (await request.starter.start(seed, index === 0))
        const { params, stages } = await cooled(tempered, schedule, request, start, seed)
        const own = { ...request, options: { ...options, seed, restarts: 1 }, start: params }
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

const isOver = ({ signal, options, pacer }: SearchRequest): boolean =>
  signal?.aborted === true || (options.maxTime !== null && pacer.elapsed() >= options.maxTime)

/** The temperatures before β = 1: up to the peak. */
export function betas({ from, factor, peak }: AnnealSchedule): readonly number[] {
  const out: number[] = []
  for (let beta = from; beta < peak; beta *= factor) out.push(beta)
  return peak > 1 ? [...out, peak] : out
}

/** Params at the end of the last temperature before 1. */
async function cooled(
  tempered: Tempered,
  schedule: AnnealSchedule,
  request: SearchRequest,
  start: Float64Array,
  seed: number,
): Promise<{ readonly params: Float64Array; readonly stages: NonNullable<ModeReport['stages']> }> {
  const { options, pacer, signal, model } = request
  const random = randomSource(seed, STREAM)
  const stages: { beta: number; iterations: number; objective: number }[] = []
  let params = start
  let step = 0
  for (const beta of betas(schedule)) {
    if (isOver(request)) break
    tempered.setBeta(beta)
    const moved = nudged(model, params, random.uniform)
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
          iteration: step + point.iteration,
          objective: point.objective,
          logLikelihood: point.logLikelihood,
          params: point.params,
        }),
    }
    const begun = await beginRun(tempered.model, moved, { seed })
    const settling = await continueRun(tempered.model, begun, limits, pacer, LEAST_ITERATIONS)
    const tolerance = Math.max(TOLERANCE, options.tolerance)
    const run = await continueRun(tempered.model, settling, { ...limits, tolerance }, pacer)
    // a temperature at which the step has no number is passed over
    if (run.stop === 'numerical') continue
    params = run.point.params
    step += run.point.iteration
    stages.push({ beta, iterations: run.point.iteration, objective: run.point.objective })
  }
  return { params, stages }
}

/** Supports are convex, so a point between two of them is one. */
function nudged(model: BoundModel, params: Float64Array, random: () => number): Float64Array {
  const towards = model.interior(random)
  return params.map((x, i) => x + NUDGE * ((towards[i] ?? x) - x))
}
