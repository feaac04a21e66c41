import { accelerator, type End, tryJump, tryMixed } from './acceleration.js'
import type { Acceleration, AcceleratorMemory } from './accelerator.js'
import type { Beginning, BoundModel } from './contract.js'
import {
  type EmMove,
  type EmPoint,
  emStep,
  type Moved,
  marginalLogLikelihood,
  pointAt,
  usable,
  whyUnusable,
} from './em-step.js'
import type { AbortFlag, Pacer } from './pacer.js'
import { converged, type StopReason } from './stop.js'
import { creeping, positive, vanish } from './vanishing.js'

/** Row t of a traced run: θ(t), the expectations at θ(t), and the bound around the M-step that leaves it. */
export interface IterateRow {
  readonly iteration: number
  readonly objective: number
  readonly logLikelihood: number
  readonly elboAfterE: number
  /** NaN where the step that leaves the row gave no number. */
  readonly elboAfterM: number
  readonly gap: number
  readonly params: Float64Array
  readonly expected: ReadonlyMap<string, number>
  /** Hard mode: 0-based most probable values at θ(t), by latent. */
  readonly labels: ReadonlyMap<string, Int32Array> | null
}

/** EM from one start, as far as it has come. */
export interface EmRun {
  readonly point: EmPoint
  /** Objectives, the start first: trace[t] belongs to θ(t). */
  readonly trace: readonly number[]
  /** Rows 0 … t − 1 where traced: a row is complete when the step that leaves it was made. */
  readonly rows: readonly IterateRow[]
  /** Why it stands still, or null where it only came to the end of a brief run. */
  readonly stop: StopReason | null
  /** What went wrong, for stop = "numerical". */
  readonly reason: string | null
  /** E-steps so far: each goes over the data once. */
  readonly passes: number
  /** How much shorter the last steps of EM became, each beside the one before; null where none tell. */
  readonly rate: number | null
  /** Params when the number of iterations had last doubled; left out where it has not. */
  readonly doubled?: Float64Array
  /** Scales of latents that were set to 0, the edge of their support. */
  readonly edge?: readonly string[]
}

/**
 * A run between two iterations: all that the next ones depend on. Of `trace` and `rows`, which grow, the first
 * `objectives` and `complete` are its own.
 */
export interface RunMoment {
  readonly point: EmPoint
  /** Params when the number of iterations had last doubled. */
  readonly doubled: Float64Array | null
  readonly trace: readonly number[]
  readonly objectives: number
  readonly rows: readonly IterateRow[]
  readonly complete: number
  /** What the objective cannot tell apart, once that is known. */
  readonly resolution: number | null
  readonly passes: number
  readonly rate: number | null
  /** Length of the last step, where EM made it from the point before. */
  readonly step: number | null
  /** Steps at the limit since the last jump. */
  readonly settled: number
  /** The step of EM after a jump, made already. */
  readonly made: Moved | null
  readonly ahead: AcceleratorMemory | null
}

export interface RunLimits {
  readonly maxIterations: number
  readonly tolerance: number
  /** Milliseconds on the pacer's clock, or null. */
  readonly maxTime: number | null
  readonly trace: boolean
  readonly signal: AbortFlag | null
  /** Other runs are under way beside this one. */
  others?(): boolean
  /** The start is the user's and may violate a floor. */
  readonly lenient: boolean
  readonly accelerate: Acceleration | null
  onIteration(point: EmPoint): void
  /** Told of every moment between iterations. */
  keep?(moment: RunMoment): void
}

/** Iterations after which scales are looked at, and each time that their number has doubled. */
const FIRST_LOOK = 32
/** Iterations at an objective of −∞ before it counts as hopeless. */
const IMPOSSIBLE = 3
/** Why a run at an objective of −∞ ends. */
export const IMPOSSIBLE_DATA = 'the data have probability 0 under the params'

/** A run that has made its first E-step only; `from`: where a factorised posterior begins. */
export async function beginRun(
  model: BoundModel,
  start: Float64Array,
  from?: Beginning,
  others = false,
): Promise<EmRun> {
  const point = await pointAt(model, start, 0, [], 1, from, others)
  const reason = usable(point) ? null : whyUnusable(point.objective, 'at the start')
  const stop = reason === null ? null : 'numerical'
  return { point, trace: [point.objective], rows: [], stop, reason, passes: 1, rate: null }
}

/**
 * Goes on until `pause` iterations are done in all (null: until a reason to stop); from a moment of the same call in
 * another process, where one is given.
 *
 * @throws InternalError where an inequality of EM fails
 */
export async function continueRun(
  model: BoundModel,
  run: EmRun,
  limits: RunLimits,
  pacer: Pacer,
  pause: number | null = null,
  from: RunMoment | null = null,
): Promise<EmRun> {
  if (run.stop !== null) return run
  const first = from ?? (await firstMoment(model, run, pause))
  let { point, doubled, resolution, passes, rate, step, settled, made } = first
  const trace = first.trace.slice(0, first.objectives)
  const rows = first.rows.slice(0, first.complete)
  const end = (stop: StopReason | null, reason: string | null = null): EmRun => {
    const run = { point, trace, rows, stop, reason, passes, rate: ahead === null ? rate : null }
    return doubled === null ? run : { ...run, doubled }
  }
  // brief runs are compared as EM leaves them; an objective made of draws does not tell whether a jump is better
  const jumps = pause === null && model.bound !== 'monte-carlo' && model.pullBack !== undefined
  const ahead = jumps && limits.accelerate !== null ? accelerator(limits.accelerate, first.ahead) : null

  const arrive = (to: EmPoint, elboAfterM: number, gap: number): void => {
    if (limits.trace) rows.push(rowOf(model, point, elboAfterM, gap))
    point = to
    trace.push(point.objective)
    limits.onIteration(point)
  }

  /** Of the objective. */
  const allowed = (): number => limits.tolerance * (1 + Math.abs(point.objective))

  /** The end of the run where scales have gone to 0: all of them are tried, or those that creep there; else null. */
  const atEdge = async (all: boolean): Promise<EmRun | null> => {
    const shrinking = all ? positive(model, point.params) : creeping(model, doubled ?? point.params, point.params)
    const settle = async (smaller: BoundModel, start: Float64Array): Promise<EmRun> =>
      continueRun(
        smaller,
        await beginRun(smaller, start),
        { ...limits, trace: false, lenient: true, onIteration() {}, keep() {} },
        pacer,
      )
    const reached = await vanish(model, point, shrinking, settle, pacer)
    doubled = point.params
    if (reached === null) return null
    if (limits.trace) rows.push(rowOf(model, point, Number.NaN, Number.NaN))
    point = reached.point
    trace.push(point.objective)
    limits.onIteration(point)
    return { ...end('tolerance'), edge: reached.names }
  }

  for (;;) {
    limits.keep?.({
      ...{ point, doubled, trace, objectives: trace.length, rows, complete: rows.length },
      ...{ resolution, passes, rate, step, settled, made, ahead: ahead?.memory() ?? null },
    })
    if (limits.signal?.aborted) return end('aborted')
    if (limits.maxTime !== null && pacer.elapsed() >= limits.maxTime) return end('max-time')
    if (point.iteration >= limits.maxIterations) return end('max-iterations')
    if (pause !== null && point.iteration >= pause) return end(null)

    if (
      ahead?.mix !== undefined &&
      settled === 0 &&
      !converged(trace, point.scale, limits.tolerance, resolution ?? 0)
    ) {
      const image = model.mStep(point.params, point.expectation).params
      const proposal = ahead.mix(point.params, image)
      if (proposal !== null) {
        const target = model.pullBack?.(image, proposal) ?? proposal
        const on = await tryMixed(model, point, target, pacer, limits.others?.())
        passes++
        ahead.judged(on !== null)
        if (on !== null) {
          arrive(on, Number.NaN, Number.NaN)
          step = null
          continue
        }
      }
    }
    const move: EmMove = made ?? (await emStep(model, point, pacer, limits.lenient, limits.others?.()))
    if (made === null) passes++
    made = null
    if (move.kind === 'numerical') return end('numerical', move.reason)
    const before = point
    const length = relativeLength(before.params, move.to.params)
    if (step !== null && length > TELLING) rate = length / step
    step = length
    arrive(move.to, move.elboAfterM, move.gap)
    if (point.iteration >= IMPOSSIBLE && point.objective === Number.NEGATIVE_INFINITY) {
      return end('numerical', IMPOSSIBLE_DATA)
    }
    resolution ??= resolutionOf(model, point)
    let done = converged(trace, point.scale, limits.tolerance, resolution)
    settled = done ? settled + 1 : 0
    // after a jump the quick parts of the error hide the slow ones from the distance to the limit, for some steps of EM; the
    // gain of the next M-step tells of all of them, where jumps have met the slowest. Steps that grow lead away from where a
    // jump has landed, be it as flat as a maximum
    if (ahead !== null && done) {
      const image = model.mStep(point.params, point.expectation).params
      await pacer.breathe()
      const following = relativeLength(point.params, image)
      if (following > TELLING && !(following < length)) {
        settled--
        done = false
      } else if (settled < SETTLED) {
        const won = point.objective - before.objective
        const next = ahead.mix === undefined ? model.gain(point.params, point.expectation, image) : mixed(won, settled)
        if (!(ahead.slowness() * Math.max(0, next) <= allowed())) continue
      }
    }
    const here = point
    // where EM goes from here, as far as a jump asks for it
    let next: Float64Array | null = null
    const ask = (): Float64Array => {
      next = model.mStep(here.params, here.expectation).params
      return next
    }
    const proposal = done ? null : (ahead?.propose(before.params, here.params, ask) ?? null)
    if (done && model.refine?.(point.params)) {
      resolution = null
      // more nodes: the run goes on from the same params
      point = await again(model, point)
      trace[trace.length - 1] = point.objective
      done = false
    }
    const last = point.iteration >= limits.maxIterations
    if (limits.tolerance > 0 && (done || last || isDoubled(point.iteration))) {
      const onEdge = await atEdge(done || last)
      if (onEdge !== null) return onEdge
    }
    if (done) return end('tolerance')
    if (ahead === null || proposal === null || last) continue
    const target = model.pullBack?.(next ?? point.params, proposal) ?? proposal
    // an objective by nodes is made finer before a run ends
    const slowness = model.bound !== 'quadrature' ? ahead.slowness() : Number.POSITIVE_INFINITY
    const ends: End | null =
      limits.tolerance > 0 && slowness < Number.POSITIVE_INFINITY
        ? { step: allowed(), gain: allowed() / slowness }
        : null
    const jump = await tryJump(model, point, target, pacer, ends, limits.others?.())
    passes += jump.passes
    ahead.judged(jump.kind !== 'astray')
    if (jump.kind === 'astray') continue
    arrive(jump.on, Number.NaN, Number.NaN)
    if (jump.kind === 'there') return (await atEdge(true)) ?? end('tolerance')
    made = jump.next
    step = null
  }
}

async function firstMoment(model: BoundModel, run: EmRun, pause: number | null): Promise<RunMoment> {
  // other starts may have made the rule finer that this objective was computed by
  const isRough = model.bound === 'quadrature' || model.bound === 'monte-carlo'
  if (model.bound === 'quadrature' && pause === null && run.point.iteration > 0)
    while (model.refine?.(run.point.params));
  const point = isRough ? await again(model, run.point) : run.point
  const trace = [...run.trace.slice(0, -1), point.objective]
  const { rows, passes, rate } = run
  return {
    ...{ point, doubled: run.doubled ?? (point.iteration === 0 ? null : point.params) },
    ...{ trace, objectives: trace.length, rows, complete: rows.length },
    ...{ resolution: null, passes, rate, step: null, settled: 0, made: null, ahead: null },
  }
}

/** Steps of EM that find the limit near before a run that jumps ends, where no jump has told how slow EM is. */
const SETTLED = 4
/** The same where mixing tells it of its last steps alone. */
const NEAR = 2
/** What the next step of EM may win, after steps that are mixed. */
const mixed = (won: number, settled: number): number => (settled < NEAR ? Number.POSITIVE_INFINITY : Math.abs(won))
/** Relative steps below this are rounding: the next is not shorter by the rate of EM. */
const TELLING = 1e-9

/** Length of a step, each param beside its size. */
function relativeLength(from: Float64Array, to: Float64Array): number {
  let sum = 0
  for (let i = 0; i < from.length; i++) {
    const [a = 0, b = 0] = [from[i], to[i]]
    sum += ((b - a) / (1 + Math.abs(a))) ** 2
  }
  return Math.sqrt(sum)
}

/** The part of its standard error below which differences of an objective made of draws say nothing. */
const OF_ERROR = 0.1

const resolutionOf = (model: BoundModel, { params }: EmPoint): number =>
  model.bound === 'monte-carlo' ? OF_ERROR * (model.accuracy?.(params)?.standardError ?? 0) : 0

/** The same params, by the rule as it now is. */
export const again = (model: BoundModel, { params, iteration, floored, condition }: EmPoint): Promise<EmPoint> =>
  pointAt(model, params, iteration, floored, condition)

const isDoubled = (iteration: number): boolean =>
  iteration >= FIRST_LOOK && Number.isInteger(Math.log2(iteration / FIRST_LOOK))

/**
 * The last row of a traced run. Its bound after the M-step is that of the step EM would take next, which is made and
 * left unused.
 */
export async function lastRow(model: BoundModel, point: EmPoint, pacer: Pacer): Promise<IterateRow> {
  const move = await emStep(model, point, pacer, true)
  return move.kind === 'moved'
    ? rowOf(model, point, move.elboAfterM, move.gap)
    : rowOf(model, point, Number.NaN, Number.NaN)
}

function rowOf(model: BoundModel, point: EmPoint, elboAfterM: number, gap: number): IterateRow {
  return {
    iteration: point.iteration,
    objective: point.objective,
    logLikelihood: marginalLogLikelihood(model, point),
    elboAfterE: point.objective,
    elboAfterM,
    gap,
    params: point.params,
    expected: model.scalars.length > 0 ? model.expected(point.params) : new Map(),
    labels: model.labels?.(point.params) ?? null,
  }
}
