import type { StartRecords } from './checkpoint/search-record.js'
import { compareKinds, failed, isOneMaximum, promising, toldApart } from './compare-ends.js'
import type { Beginning, BoundModel, FitOptions } from './contract.js'
import { degenerateComponents } from './degenerate.js'
import { emStep, marginalLogLikelihood, pointAt } from './em-step.js'
import { InternalError } from './errors.js'
import { BRIEF_ITERATIONS, CONTENDERS, LAST_ROUND, RUN_ON } from './options.js'
import type { AbortFlag, Pacer } from './pacer.js'
import { beginRun, continueRun, type EmRun, IMPOSSIBLE_DATA, type RunLimits } from './run.js'
import { type Among, sideBySide } from './side-by-side.js'
import type { StartEnd } from './start-end.js'
import type { Starter } from './starts.js'

export type { StartEnd } from './start-end.js'

/** Progress of a fit, after each iteration: those of one start in their order, those of starts side by side in between. */
export interface FitProgress {
  readonly phase: 'brief' | 'main'
  /** Number of the start, from 0, and how many there are. */
  readonly start: number
  readonly starts: number
  readonly iteration: number
  readonly objective: number
  readonly logLikelihood: number
  /** Flat, components as the start numbers them. */
  readonly params: Float64Array
}

export interface SearchRequest {
  readonly model: BoundModel
  readonly options: FitOptions
  readonly starter: Starter
  /** The user's start, which takes the place of the first and always runs on. */
  readonly start: Float64Array | null
  readonly signal: AbortFlag | null
  readonly pacer: Pacer
  onIteration(progress: FitProgress): void
  /** Called where a start, or a further leg of one, is not made: time ran out, or the fit was aborted. */
  onLeftOut?(): void
  /** Where a factorised posterior begins in the first start; left out: at a random one of the seed. */
  readonly from?: Beginning
  /** What is known of the starts from before, and what they come to. */
  readonly record?: StartRecords
}

/**
 * EM from several starts. With more than three, each runs briefly first, and those that are chosen run on to convergence;
 * if all of them end degenerate, the next ones do, until one does not; if all come to one maximum, one more does, for the
 * quickest starts may share the way to a lower one.
 *
 * A few iterations say too little: as long as more than seven are left, the better third of them makes three times as many
 * iterations before the next choice; then the best five make twice as many, and the best three run on. Those that are not
 * degenerate come first. From the last seven on, one stands for all that have come to the same objective: a place among the
 * best is worth more to one that goes elsewhere.
 *
 * Runs between two choices do not depend on each other: where the model has them side by side, only their progress
 * shows it.
 *
 * @returns the ends in the order of the starts; fewer than asked for where time ran out or the fit was aborted
 */
export async function search(request: SearchRequest): Promise<StartEnd[]> {
  const { model, options, record } = request
  if (model.direct) return [await directEnd(request)]
  // an M-step counts on what is computed once, with the first E-step
  const from = record?.restored ?? null
  if (from !== null) await pointAt(model, from.params, 0, [], 1, from.expectation)
  const brief = options.restarts > RUN_ON
  const starts = oneAtATime(request.starter)
  const ends = await sideBySide(options.restarts, lanesOf(model), async (index, among): Promise<StartEnd | null> => {
    if (index > 0 && isOver(request) && record?.isAhead(index) !== true) return leftOut(request)
    const seed = options.seed + index
    const own = index === 0 ? request.start : null
    const made = async (): Promise<Float64Array> => own ?? (await starts.start(seed, index === 0))
    const begin = async (): Promise<StartEnd> => {
      const run = await beginRun(
        model,
        await made(),
        (index === 0 ? request.from : undefined) ?? { seed },
        among.others,
      )
      await request.pacer.breathe()
      return { seed, run, degenerate: [], brief: true }
    }
    const known = record?.begun(index) ?? null
    // the stages that a start went through belong to the result, and are not in the record
    if (known !== null && options.init === 'split') await made()
    const begun = known ?? (await begin())
    return advance(
      stoppedBy(request, among),
      begun,
      index,
      brief ? BRIEF_ITERATIONS : null,
      brief ? 'brief' : 'main',
      among,
    )
  })
  if (brief) await runOn(request, ends, await narrowed(request, ends))
  return ends
}

/** Starts in the order in which they run on, as many of them at once as are `finalists`. */
interface Choice {
  readonly order: readonly StartEnd[]
  readonly finalists: number
  /** What the finalists have made at most. */
  readonly iterations: number
}

/** The most promising first, once those in the running have been told apart by more iterations. */
async function narrowed(request: SearchRequest, ends: StartEnd[]): Promise<Choice> {
  let iterations = BRIEF_ITERATIONS
  let running = promising(ends)
  const dropped: StartEnd[] = []
  const unfinished = (): Choice => ({ order: promising(ends), finalists: RUN_ON, iterations })
  while (running.length > LAST_ROUND) {
    iterations *= 3
    const kept = Math.ceil(running.length / 3)
    dropped.unshift(...running.slice(kept))
    const going = running.slice(0, kept)
    const next = await further(request, ends, going, iterations)
    if (next.length < kept) return unfinished()
    running = promising(next)
  }
  const before = toldApart(running, ownEnd(request, ends))
  const going = before.apart.slice(0, CONTENDERS)
  iterations *= 2
  const next = await further(request, ends, going, iterations)
  if (next.length < going.length) return unfinished()
  const now = toldApart(next, ownEnd(request, ends))
  const order = [...now.apart, ...before.apart.slice(CONTENDERS), ...dropped, ...now.alike, ...before.alike]
  return { order: order.sort(compareKinds), finalists: Math.min(RUN_ON, now.apart.length), iterations }
}

async function runOn(request: SearchRequest, ends: StartEnd[], choice: Choice): Promise<void> {
  const order = [...choice.order]
  const own = ownEnd(request, ends)
  if (own !== null) {
    order.splice(order.indexOf(own), 1)
    order.unshift(own)
  }
  const sound = (next: StartEnd): boolean => !failed(next) && next.degenerate.length === 0
  const first = await race(request, ends, order.slice(0, choice.finalists), choice.iterations)
  const rest = order.slice(choice.finalists)
  const [one, ...others] = first.filter(sound)
  if (one !== undefined) {
    const another = rest.find(sound)
    if (another === undefined || !isOneMaximum([one, ...others]) || isOneMaximum([one, ...others, another])) return
    await race(request, ends, [one, another], choice.iterations)
    return
  }
  for (const end of rest) {
    const [next] = await further(request, ends, [end])
    if (next === undefined || sound(next)) return
  }
}

/**
 * Finalists to their ends. Each time that their iterations have doubled, one goes on for all that have come to the same
 * objective: on the last and longest part of the way they would only repeat each other. Runs that jump are short and are
 * compared at their ends alone, and so are objectives by nodes or draws, which are known to their errors.
 *
 * @returns those that stand for all; fewer where time ran out or the fit was aborted
 */
async function race(
  request: SearchRequest,
  ends: StartEnd[],
  finalists: readonly StartEnd[],
  made: number,
): Promise<StartEnd[]> {
  const { bound = 'exact' } = request.model
  const isExact = bound !== 'quadrature' && bound !== 'monte-carlo'
  let going = [...finalists]
  if (isExact && request.options.accelerate === null) {
    let iterations = made
    while (going.length > 1 && going.some(({ run }) => run.stop === null)) {
      iterations *= 2
      const next = await further(request, ends, going, iterations, 'main')
      if (next.length < going.length) return next
      going = toldApart(next, ownEnd(request, ends)).apart
    }
  }
  return further(request, ends, going)
}

/** The end of the user's start, which runs on whatever the others come to. */
const ownEnd = ({ start }: SearchRequest, ends: readonly StartEnd[]): StartEnd | null =>
  start === null ? null : (ends[0] ?? null)

/**
 * These ends taken further, to `iterations` in all (null: until a reason to stop), and put in their places among `ends`;
 * fewer where time ran out or the fit was aborted. Those that stand still stay as they are.
 */
function further(
  request: SearchRequest,
  ends: StartEnd[],
  going: readonly StartEnd[],
  iterations: number | null = null,
  phase: FitProgress['phase'] = iterations === null ? 'main' : 'brief',
): Promise<StartEnd[]> {
  const places = going.map((end) => ends.indexOf(end))
  return sideBySide(going.length, lanesOf(request.model), async (i, among) => {
    const [end, index = 0] = [going[i], places[i]]
    if (end !== undefined && end.run.stop !== null) return end
    if (end === undefined) return null
    if (isOver(request) && request.record?.isAhead(index) !== true) return leftOut(request)
    const next = await advance(stoppedBy(request, among), end, index, iterations, phase, among)
    ends[index] = next
    return next
  })
}

/** Runs under way at once. Those that share nodes, draws or a factorised posterior take turns. */
function lanesOf(model: BoundModel): number {
  return model.eStepLater === undefined || (model.bound ?? 'exact') !== 'exact' ? 1 : (model.sideBySide ?? 1)
}

/** What a starter keeps between starts is made with the first of them. */
function oneAtATime(starter: Starter): Starter {
  let before: Promise<unknown> = Promise.resolve()
  return {
    start(seed, first) {
      const made = before.then(() => starter.start(seed, first))
      before = made.catch(() => {})
      return made
    },
  }
}

function stoppedBy(request: SearchRequest, stop: AbortFlag): SearchRequest {
  const { signal } = request
  return {
    ...request,
    signal: {
      get aborted() {
        return stop.aborted || signal?.aborted === true
      },
    },
  }
}

async function advance(
  request: SearchRequest,
  end: StartEnd,
  index: number,
  pause: number | null,
  phase: FitProgress['phase'],
  among: Among | null = null,
): Promise<StartEnd> {
  const { model, options, pacer, signal, record } = request
  const known = record?.next(index, end) ?? null
  if (known?.kind === 'ended') return known.end
  const before = known?.before ?? end
  const limits: RunLimits = {
    ...options,
    signal,
    others: () => among?.others ?? false,
    lenient: (index === 0 && request.start !== null) || model.latents.length === 0,
    ...(record === undefined ? {} : { keep: (moment) => record.keep(index, moment) }),
    onIteration: (point) =>
      request.onIteration({
        phase,
        start: index,
        starts: options.restarts,
        iteration: point.iteration,
        objective: point.objective,
        params: point.params,
        get logLikelihood() {
          return marginalLogLikelihood(model, point)
        },
      }),
  }
  const running = continueRun(model, before.run, limits, pacer, pause, known?.moment ?? null)
  const run = await soundRun(running, before.run, options.restarts)
  const degenerate = run.stop === 'numerical' ? [] : degenerateComponents(model, run.point.params)
  await pacer.breathe()
  const next = { ...before, run, degenerate, brief: run.stop === null }
  record?.finish(index, next)
  return next
}

/** A start on which EM breaks its promise is given up, as one that fails numerically; a lone one is our mistake. */
async function soundRun(running: Promise<EmRun>, before: EmRun, starts: number): Promise<EmRun> {
  try {
    return await running
  } catch (error) {
    if (!(error instanceof InternalError) || starts <= 1) throw error
    return { ...before, stop: 'numerical', reason: error.message }
  }
}

/** One M-step, and a second one to see that the first was all there is; EM goes on where it was not. */
async function directEnd({ record: _, ...request }: SearchRequest): Promise<StartEnd> {
  const { model, options, pacer } = request
  const start = request.start ?? closer(model, await request.starter.start(options.seed, true))
  const begun: StartEnd = { seed: options.seed, run: await beginRun(model, start), degenerate: [], brief: false }
  const limits = { ...options, maxIterations: 1, tolerance: 0 }
  const once = await advance({ ...request, options: limits, start }, begun, 0, null, 'main')
  if (once.run.stop !== 'max-iterations') return once
  const { point } = once.run
  if (point.objective === Number.NEGATIVE_INFINITY)
    return { ...once, run: { ...once.run, stop: 'numerical', reason: IMPOSSIBLE_DATA } }
  const again = await emStep(model, point, pacer)
  const allowed = Math.max(options.tolerance, 1e-10) * (1 + Math.abs(point.objective))
  if (again.kind === 'moved' && again.to.objective - point.objective > allowed) {
    return advance({ ...request, start }, { ...once, run: { ...once.run, stop: null } }, 0, null, 'main')
  }
  return { ...once, run: { ...once.run, stop: 'direct' } }
}

/**
 * The start with what an M-step makes of its unbounded params. Squares are taken about the params before the step: from
 * far away (data at 1e8, a mean that starts at 0) they would cancel.
 */
function closer(model: BoundModel, start: Float64Array): Float64Array {
  const { params } = model.mStep(start, model.eStep(start))
  const moved = start.slice()
  for (const { support, offset, length } of model.params) {
    const own = params.subarray(offset, offset + length)
    if (support.kind === 'real' && own.every(Number.isFinite)) moved.set(own, offset)
  }
  return moved
}

/** No leg is begun any more: time ran out, or the fit was aborted. */
export function isOver(request: SearchRequest): boolean {
  const { maxTime } = request.options
  return request.signal?.aborted === true || (maxTime !== null && request.pacer.elapsed() >= maxTime)
}

function leftOut(request: SearchRequest): null {
  request.onLeftOut?.()
  return null
}
