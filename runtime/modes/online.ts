/**
 * Online EM (Cappé and Moulines 2009, J. R. Stat. Soc. B 71, section 2): rows come in batches, and each moves the
 * expected statistics a part of the way to its own,
 *
 *   s(t) = (1 − γ_t) s(t−1) + γ_t (N / B) s(batch; θ(t−1)),   γ_t = (t + t₀)^−κ,   θ(t) = M(s(t))
 *
 * with 1/2 < κ ≤ 1, so that Σ γ = ∞ and Σ γ² < ∞. Statistics are scaled to all N rows: sizes and priors in the M-step
 * count as they do in EM. In hard mode it is the mini-batch form of hard EM (Sculley 2010).
 *
 * Params of an M-step that is numerical and goes over the rows have no such statistics. They follow Titterington's recursion
 * (1984, J. R. Stat. Soc. B 46, equation 9; Cappé and Moulines 2009, section 2.2, relate the two), in coordinates η
 * without constraints:
 *
 *   η(t) = η(t−1) − γ_t H(t)⁻¹ ∇Q(batch),   H(t) = (1 − γ_t) H(t−1) + γ_t ∇²Q(batch)
 *
 * with Q the batch's own, scaled to all rows, at θ(t−1).
 *
 * It begins at the best of brief runs of EM over a sample. s(0) is that of the sample, and γ_1 below 1 where t₀ > 1: one batch
 * alone would put what is in none of its rows at probability 0, and a next one that has it would be impossible. What a pass
 * over all batches adds up to is the trace: each batch is scored before its rows are learnt from.
 */
import type { BatchTurn, BoundModel, Expectation, Learnt, RuleLevels } from '../contract.js'
import { pointAt, usable, whyUnusable } from '../em-step.js'
import type { IterateRow } from '../run.js'
import type { SearchRequest, StartEnd } from '../search.js'
import type { FitMode, ModeName, ModeReport } from './fit-mode.js'
import type { ModeRecord } from './mode-state.js'
import type { OnlineSchedule } from './schedules.js'
import { begun } from './sem.js'

/** The model over some of its rows. */
export interface Batches {
  readonly rows: number
  /** true where rows stand together: these are groups or sequences. */
  readonly areUnits?: boolean
  /** What the E-step over rows [from, to) adds up to. */
  eStepOver(params: Float64Array, from: number, to: number): Expectation
  /** Statistics are taken about these params from now on. */
  setPivot(params: Float64Array): void
  /** Params from running statistics about the pivot, and by rows [from, to), whose E-step at `params` was the last one. */
  learnt(params: Float64Array, expectation: Expectation, turn: BatchTurn, from: number, to: number): Learnt
  /** What the E-step over the rows, groups or sequences of the sample adds up to, and how many these are. */
  atStart(params: Float64Array): { readonly statistics: Float64Array; readonly rows: number }
  /** Starts are looked for with it. */
  readonly sample: BoundModel
  /** Nodes that posteriors have, in all batches; those of the sample at first. Left out where they have none. */
  readonly rules?: RuleLevels
}

export function onlineMode(
  name: ModeName & ('online' | 'hard'),
  batches: Batches,
  batch: number,
  schedule: OnlineSchedule,
): FitMode {
  let report: ModeReport['batches'] | undefined
  return {
    name,
    async search(request, kept) {
      const first = await begun({ ...request, model: batches.sample })
      if (first === undefined || first.run.stop === 'numerical' || first.run.stop === 'aborted')
        return first === undefined ? [] : [first]
      const passed = await learnt(batches, batch, schedule, request, first, kept)
      report = passed.report
      return [passed.end]
    },
    report: () => (report === undefined ? {} : { batches: report }),
    warnings: () => [],
  }
}

async function learnt(
  batches: Batches,
  batch: number,
  { power, delay, passes }: OnlineSchedule,
  request: SearchRequest,
  first: StartEnd,
  kept: ModeRecord | null,
): Promise<{ readonly end: StartEnd; readonly report: ModeReport['batches'] }> {
  const { model, options, pacer, signal } = request
  const weightOf = (made: number): number => Math.min(1, (Math.max(1, made) - 1 + delay) ** -power)
  const perPass = Math.floor(batches.rows / batch)
  const left = batches.rows - perPass * batch
  const share = batches.rows / batch
  const from = kept?.from?.kind === 'online' ? kept.from : null
  const trace = from === null ? [] : from.trace.slice(0, from.objectives)
  const rows = from === null ? [] : from.rows.slice(0, from.complete)
  let params = from?.params ?? first.run.point.params
  let statistics = from?.statistics ?? null
  let curvature = from?.curvature ?? null
  const levels = settled(batches, first.run.point.params, from?.levels ?? null)
  batches.setPivot(first.run.point.params)
  if (statistics === null) {
    const begun = batches.atStart(params)
    statistics = begun.statistics.map((s) => (s * batches.rows) / begun.rows)
  }
  let [made, scored, begin] = [from?.batches ?? 0, from?.scored ?? 0, from?.begin ?? params]
  let gamma = weightOf(trace.length * perPass + made)
  const keep = (): void =>
    kept?.keep({
      ...{ kind: 'online', params, statistics, curvature, levels, batches: made, scored, begin },
      ...{ trace, objectives: trace.length, rows, complete: rows.length },
    })
  let stop: 'completed' | 'aborted' | 'max-time' | 'max-iterations' | 'numerical' = 'completed'
  let reason: string | null = null
  passing: for (let pass = trace.length; pass < passes; pass++) {
    if (pass >= options.maxIterations) {
      stop = 'max-iterations'
      break
    }
    // the rows that are left over are other ones in each pass
    const shift = left === 0 ? 0 : pass % (left + 1)
    while (made < perPass) {
      if (signal?.aborted === true) stop = 'aborted'
      else if (options.maxTime !== null && pacer.elapsed() >= options.maxTime) stop = 'max-time'
      if (stop !== 'completed') break passing
      const [low, high] = [shift + made * batch, shift + (made + 1) * batch]
      const seen = batches.eStepOver(params, low, high)
      if (!Number.isFinite(seen.logLikelihood)) {
        stop = 'numerical'
        reason =
          'batches have led to params under which rows of another one are impossible, as where a probability has become 0: give it a prior, or take larger batches'
        break passing
      }
      scored += seen.logLikelihood
      gamma = weightOf(pass * perPass + made + 1)
      const own = seen.statistics.map((s) => share * s)
      statistics = blended(statistics, own, gamma)
      const running = { logLikelihood: Number.NaN, scale: seen.scale, statistics }
      const next = batches.learnt(params, running, { statistics: own, share, gamma, curvature }, low, high)
      if (!next.params.every(Number.isFinite)) {
        stop = 'numerical'
        reason = 'a batch left the M-step without an estimate, as where a component has no rows: take larger batches'
        break passing
      }
      params = next.params
      curvature = next.curvature
      made++
      keep()
      await pacer.breathe()
    }
    const objective = (scored * share) / perPass + (model.hasPrior ? model.logPrior(params) : 0)
    trace.push(objective)
    if (options.trace) rows.push(rowOf(model, begin, pass, objective))
    ;[made, scored, begin] = [0, 0, params]
    keep()
    request.onIteration({
      phase: 'main',
      start: 0,
      starts: 1,
      iteration: pass + 1,
      objective,
      logLikelihood: objective,
      params,
    })
  }
  while (model.refine?.(params));
  const point = await pointAt(model, params, trace.length)
  trace.push(point.objective)
  if (stop !== 'numerical' && !usable(point)) {
    stop = 'numerical'
    reason = whyUnusable(point.objective, 'after the last batch')
  }
  const run = { point, trace, rows, stop, reason, passes: trace.length, rate: null }
  return {
    end: { ...first, run, degenerate: [], brief: false },
    report: {
      rows: batch,
      perPass,
      passes: trace.length - 1,
      lastStep: gamma,
      ...(batches.areUnits === true ? { units: true } : {}),
    },
  }
}

function blended(old: Float64Array | null, own: Float64Array, gamma: number): Float64Array {
  return gamma === 1 || old === null ? own : own.map((s, i) => (old[i] ?? 0) + gamma * (s - (old[i] ?? 0)))
}

/** Nodes that are enough for the sample at the params where batches begin, or those that are given. */
function settled(
  { sample, rules }: Batches,
  params: Float64Array,
  given: readonly number[] | null,
): readonly number[] | null {
  if (rules === undefined) return null
  if (given === null) while (sample.refine?.(params));
  const levels = given ?? sample.rules?.take() ?? []
  if (!rules.putBack(levels)) throw new Error('a batch has no such nodes')
  return levels
}

function rowOf(model: BoundModel, params: Float64Array, iteration: number, objective: number): IterateRow {
  return {
    iteration,
    objective,
    logLikelihood: objective,
    elboAfterE: objective,
    elboAfterM: Number.NaN,
    gap: Number.NaN,
    params,
    expected: model.scalars.length > 0 ? model.expected(params) : new Map(),
    labels: null,
  }
}
