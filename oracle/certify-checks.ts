/** What a certificate compares, one function per kind of figure. */
import {
  allCells,
  expectation,
  expectedCompleteLogDensityAt,
  logLikelihood,
  logLikelihoodParts,
  logPrior,
  posterior,
} from './answers.js'
import { at } from './arrays.js'
import type { EngineBlock } from './certified-engine.js'
import { Solver } from './enumerate.js'
import type { Findings } from './findings.js'
import type { Ground } from './ground-types.js'
import { rowOf } from './latent-rows.js'
import {
  combined,
  type Direction,
  feasibleDirections,
  inward,
  isCollapsed,
  nestedParams,
  randomParams,
  shifted,
  stretched,
  together,
  towardsEdges,
} from './micro-params.js'
import { slopeAlong } from './slope-along.js'
import { type Cell, cellName } from './stored.js'
import { isPossible, type Trial } from './trial.js'
import type { Values } from './types.js'

export const NAMES = {
  logLikelihood: 'log-likelihood',
  logPrior: 'log prior',
  posterior: 'posterior of discrete latents',
  counts: 'posterior means of counts',
  fisher: "Fisher's identity",
  stationary: 'M-step: gradient of Q',
  improved: 'M-step: no better point nearby',
  ascent: 'M-step: Q is not lower',
  gain: 'change of Q',
  bound: 'change of Q: a lower bound',
  tangent: 'change of Q: slope at the start',
  objective: 'objective never falls',
  targets: 'targets agree',
  updates: 'targets agree on updates',
  numeric: 'targets agree on numerical steps',
} as const

/** Rounding that is allowed where both sides are sums of the same numbers. */
const EXACT = 1e-9
const GRADIENT = 1e-7
const ITERATIONS = 20
/** Spreads at their floor leave matrices badly conditioned; elsewhere falls are at 1e-15. */
const OBJECTIVE = 1e-10

const nested = (t: Trial, params: Float64Array): Values => nestedParams(t.engine.params, params)

/** Sum of the absolute log-normalisers: what errors of a log-likelihood are relative to. */
function scaleAt(t: Trial, params: Float64Array): number {
  // a bound may be certified on data that are too many for brute force
  if (t.engine.factors !== undefined) return Math.max(1, Math.abs(t.engine.eStep(params).logLikelihood))
  const parts = logLikelihoodParts(t.ground, nested(t, params))
  return Math.max(
    1,
    parts.units.reduce((s, u) => s + Math.abs(u.log), Math.abs(parts.rest)),
  )
}

/** Posteriors and derivatives inherit the error that an engine states of its log-likelihood, up to a factor. */
const INHERITED = 50

/** The error that the engine states of its log-likelihood. */
export const statedError = (t: Trial, params: Float64Array): number => t.engine.error?.(params) ?? 0

/** What quantities that follow from its posterior may be off by. */
const inherited = (t: Trial, params: Float64Array): number => INHERITED * statedError(t, params)

export function checkEStep(t: Trial, found: Findings): void {
  const params = nested(t, t.params)
  const parts = logLikelihoodParts(t.ground, params)
  const own = t.engine.eStep(t.params).logLikelihood
  const scale = scaleAt(t, t.params)
  const error = parts.error + statedError(t, t.params)
  found.record(NAMES.logLikelihood, Math.abs(own - parts.value) / scale, EXACT + error / scale, t.text)
  const prior = logPrior(t.ground, params)
  if (t.ground.priors.length > 0)
    found.record(
      NAMES.logPrior,
      Math.abs(t.engine.logPrior(t.params) - prior) / Math.max(1, Math.abs(prior)),
      EXACT,
      t.text,
    )
}

/** Every latent cell that is enumerated, against the engine's tables; continuous ones have moments instead. */
export function checkPosterior(t: Trial, found: Findings): void {
  const params = nested(t, t.params)
  const tables = t.engine.posterior(t.params)
  const latents = new Map(t.engine.latents.map((l) => [l.name, l]))
  const ofLatents = new Set(t.ground.model.symbols.flatMap((s) => (s.kind === 'latent' ? [s.id] : [])))
  const error = logLikelihoodParts(t.ground, params).error + inherited(t, t.params)
  const solver = new Solver(t.ground, params)
  for (const cell of allCells(t.ground)) {
    const latent = latents.get(cell.name)
    if (latent?.kind === 'continuous') continue
    const table = tables.get(cell.name)
    const row = latent === undefined ? null : rowOf(latent, cell)
    const where = `${cellName(cell)}, ${t.text}`
    if (latent === undefined || table === undefined || row === null) {
      // a missing cell that nothing reads integrates to one, and one that only conditions read to their probability:
      // neither needs a table
      if (ofLatents.has(cell.symbol) && !onlyConditioned(t.ground, cell))
        found.record(NAMES.posterior, Number.POSITIVE_INFINITY, EXACT, `${where}: it has no posterior`)
      continue
    }
    if (latent.kind === 'count') {
      const mean = expectation(t.ground, params, [cell], ([x = 0]) => x, solver)
      found.record(NAMES.counts, Math.abs(mean - at(table, row)) / Math.max(1, Math.abs(mean)), EXACT + error, where)
      continue
    }
    const exact = new Map(posterior(t.ground, params, [cell], solver).map((r) => [at(r.values, 0), r.probability]))
    let worst = 0
    for (let v = 0; v < latent.values; v++)
      worst = Math.max(worst, Math.abs((exact.get(latent.low + v) ?? 0) - at(table, row * latent.values + v)))
    found.record(NAMES.posterior, worst, EXACT + error, where)
  }
}

/** true where nothing but its own distribution and observed conditions read a cell. */
function onlyConditioned(ground: Ground, cell: Cell): boolean {
  const readers = ground.factors.filter((f) => f.cells.includes(cell))
  const own = (ground.definitions.get(cell.id) ?? []).map((d) => d.factor)
  return (
    readers.some((f) => f.kind === 'condition') &&
    readers.every((f) => f.kind === 'condition' || (own.includes(f) && !f.parents.includes(cell)))
  )
}

/** ∂ log p(data; θ) = ∂ Q(θ; θ) along a random feasible direction of each param, and of all together. */
export function checkFisher(t: Trial, found: Findings, random: () => number): void {
  const score = t.engine.score(t.params)
  const directions = feasibleDirections(t.engine.params, t.params)
  const names = [...new Set(directions.map((d) => d.param))]
  const sets = [...names.map((n) => directions.filter((d) => d.param === n)), ...(names.length > 1 ? [directions] : [])]
  const scale = scaleAt(t, t.params)
  for (const set of sets) {
    const step = combined(set, random)
    const exact = slopeAlong((p) => logLikelihood(t.ground, nested(t, p)), t.params, step)
    const own = score.reduce((s, g, i) => s + g * at(step, i), 0)
    const what = set.length === directions.length ? 'all params' : `\`${set[0]?.param ?? ''}\``
    found.record(
      NAMES.fisher,
      Math.abs(own - exact.slope) / scale,
      GRADIENT + (exact.error + inherited(t, t.params)) / scale,
      `${what}, ${t.text}`,
    )
  }
}

/**
 * true where the latents of the engine are not those of the model: it introduces some, or leaves out missing cells.
 */
function hasOtherLatents(t: Trial): boolean {
  const names = new Set(t.engine.latents.map((l) => l.name))
  return t.engine.introduces || allCells(t.ground).some((c) => !names.has(c.name))
}

/**
 * Q(·; θ) + log prior by brute force. Where the engine runs on other latents than the model names, its own Q stands in,
 * which `checkGain` then holds against the log-likelihood.
 */
function objectiveQ(t: Trial): (params: Float64Array) => number {
  if (hasOtherLatents(t)) {
    const expectation = t.engine.eStep(t.params)
    const base = expectation.logLikelihood + t.engine.logPrior(t.params)
    return (params) => base + t.engine.gain(t.params, expectation, params)
  }
  const q = expectedCompleteLogDensityAt(t.ground, nested(t, t.params))
  return (params) => {
    const values = nested(t, params)
    return q(values) + logPrior(t.ground, values)
  }
}

/** An M-step from a trial's point, without floors. */
export interface MStepResult {
  readonly blocks: readonly EngineBlock[]
  readonly end: Float64Array
}

/** null where the data lets a density grow without bound, so that Q has no maximum. */
export function mStepOf(t: Trial): MStepResult | null {
  t.engine.setFloor(0)
  const expectation = t.engine.eStep(t.params)
  const blocks = t.engine.mStepBlocks(t.params, expectation)
  const end = t.engine.mStep(t.params, expectation).params
  if ([...blocks.map((b) => b.after), end].some((p) => isCollapsed(t.engine.params, p))) return null
  const q = objectiveQ(t)
  const value = q(end)
  const atEdge = towardsEdges(t.engine.params, end).some((p) => isHigher(q(p), value))
  return atEdge || blocks.some((b) => runsAway(t, b, q)) ? null : { blocks, end }
}

const isHigher = (q: number, than: number): boolean => q > than + EXACT * Math.max(1, Math.abs(than))

/**
 * true where Q rises without bound as params of a block grow or shrink together: a Gamma on data that are all equal, whose
 * shape and rate grow while its mean stays; a precision along a direction in which residuals are 0, of fewer rows than
 * dimensions. Tried only where Q still rises along one direction.
 */
function runsAway(t: Trial, b: EngineBlock, q: (p: Float64Array) => number): boolean {
  if (b.exact === 'ascent' || b.kinked === true) return false
  const layout = t.engine.params.filter((p) => b.params.includes(p.name))
  const value = q(b.after)
  const slopes = feasibleDirections(layout, b.after).map((direction) => {
    const { slope, curvature } = slopeAlong(q, b.after, direction.step)
    return { direction, rises: Math.abs(slope) > GRADIENT * Math.max(1, Math.abs(value), Math.abs(curvature)) }
  })
  const rising = slopes.flatMap((s) => (s.rises ? [s.direction.step.findIndex((x) => x !== 0)] : []))
  if (rising.length === 0) return false
  const along = (step: Float64Array): number => slopeAlong(q, b.after, step).slope
  return [...rising.flatMap((i) => together(layout, b.after, i)), ...stretched(layout, b.after, along)].some((p) =>
    isHigher(q(p), value),
  )
}

export function checkMStep(t: Trial, { blocks, end }: MStepResult, found: Findings, random: () => number): void {
  const q = objectiveQ(t)
  const start = q(t.params)
  for (const b of blocks) checkBlock(t, b, q, found, random)
  // a block with kinks has been tried on its own
  const joint = blocks.every((b) => b.exact === 'joint' && b.kinked !== true)
  if (joint && blocks.length > 1) {
    const all: EngineBlock = {
      params: t.engine.params.map((p) => p.name),
      exact: 'joint',
      iterative: false,
      after: end,
    }
    checkBlock(t, all, q, found, random)
  }
  const scale = Math.max(1, Math.abs(start))
  const error = inherited(t, t.params) / scale
  found.record(NAMES.ascent, Math.max(0, start - q(end)) / scale, EXACT + error, `all params, ${t.text}`)
}

function checkBlock(
  t: Trial,
  b: EngineBlock,
  q: (p: Float64Array) => number,
  found: Findings,
  random: () => number,
): void {
  const where = `${b.params.map((n) => `\`${n}\``).join(', ')}, ${t.text}`
  if (b.after.some(Number.isNaN)) {
    found.record(NAMES.stationary, Number.NaN, GRADIENT, `${where}: not a number`)
    return
  }
  if (b.exact === 'ascent') return
  const ofBlock = (d: Direction): boolean => b.params.includes(d.param)
  const directions = feasibleDirections(t.engine.params, b.after).filter(ofBlock)
  const own = inherited(t, t.params)
  const value = q(b.after)
  const scale = Math.max(1, Math.abs(value))
  for (const d of b.kinked === true ? [] : directions) {
    const { slope, curvature, error } = slopeAlong(q, b.after, d.step)
    const size = Math.max(scale, Math.abs(curvature))
    found.record(NAMES.stationary, Math.abs(slope) / size, GRADIENT + (error + own) / size, where)
  }
  const rise = (step: Float64Array, by: number): void => {
    const moved = q(shifted(b.after, step, by))
    if (Number.isNaN(moved)) return
    found.record(NAMES.improved, Math.max(0, moved - value) / scale, EXACT + own / scale, where)
  }
  if (b.kinked === true) for (const d of directions) for (const by of [1e-6, -1e-6, 1e-3, -1e-3]) rise(d.step, by)
  if (directions.length > 0)
    for (let i = 0; i < 2; i++) {
      const step = combined(directions, random)
      for (const by of [1e-3, -1e-3, 1e-2, -1e-2, 0.1, -0.1]) rise(step, by)
    }
  for (const d of inward(t.engine.params, b.after).filter(ofBlock))
    for (const by of [1e-6, 1e-3, 1e-2]) rise(d.step, by)
}

/**
 * The engine's own difference of Q at another random point: equal to brute force; where the latents are not those of the
 * model, at most the difference of log-likelihoods (Jensen), with the same slope where the two touch.
 */
export function checkGain(t: Trial, found: Findings, random: () => number): void {
  const expectation = t.engine.eStep(t.params)
  const gain = (p: Float64Array): number => t.engine.gain(t.params, expectation, p)
  const objective = (p: Float64Array): number => {
    const values = nested(t, p)
    return logLikelihood(t.ground, values) + logPrior(t.ground, values)
  }
  const other = anotherPoint(t, random)
  if (hasOtherLatents(t)) {
    const base = objective(t.params)
    const scale = scaleAt(t, t.params)
    if (other !== null) {
      const rise = objective(other) - base
      const size = Math.max(scale, Math.abs(rise))
      const error = inherited(t, t.params) / size
      found.record(NAMES.bound, Math.max(0, gain(other) - rise) / size, EXACT + error, t.text)
    }
    const directions = feasibleDirections(t.engine.params, t.params)
    if (directions.length === 0) return
    const step = combined(directions, random)
    const [exact, own] = [slopeAlong(objective, t.params, step), slopeAlong(gain, t.params, step)]
    const tolerance = GRADIENT + (exact.error + own.error + inherited(t, t.params)) / scale
    found.record(NAMES.tangent, Math.abs(exact.slope - own.slope) / scale, tolerance, t.text)
    return
  }
  if (other === null) return
  const q = objectiveQ(t)
  const [from, to] = [q(t.params), q(other)]
  const scale = Math.max(1, Math.abs(from), Math.abs(to))
  const error = inherited(t, t.params) / scale
  found.record(NAMES.gain, Math.abs(gain(other) - (to - from)) / scale, EXACT + error, t.text)
}

function anotherPoint(t: Trial, random: () => number): Float64Array | null {
  for (let i = 0; i < 8; i++) {
    const params = randomParams(t.engine.params, random)
    if (isPossible(t.ground, nested(t, params))) return params
  }
  return null
}

/** log-likelihood + log prior over iterations of EM, with the floor that fits have. */
export function checkObjective(t: Trial, found: Findings): void {
  t.engine.setFloor(1e-6)
  const scale = scaleAt(t, t.params)
  let params = t.params
  let expectation = t.engine.eStep(params)
  let before = expectation.logLikelihood + t.engine.logPrior(params)
  const error = statedError(t, params)
  for (let i = 1; i <= ITERATIONS; i++) {
    params = t.engine.mStep(params, expectation).params
    expectation = t.engine.eStep(params)
    if (isCollapsed(t.engine.params, params)) return
    const after = expectation.logLikelihood + t.engine.logPrior(params)
    const size = Math.max(scale, Math.abs(after))
    const fall = Math.max(0, before - after)
    const allowed = OBJECTIVE + (fall > 0 ? (error + statedError(t, params)) / size : 0)
    found.record(NAMES.objective, fall / size, allowed, `iteration ${i}, ${t.text}`)
    if (!Number.isFinite(after)) return
    before = after
  }
}

/** Largest size of a finite number; 0 where there is none. */
const largest = (a: ArrayLike<number>): number =>
  Math.max(0, ...Array.from(a, (x) => (Number.isFinite(x) ? Math.abs(x) : 0)))

/** Every other way of running the algorithm gives the same sums and the same update. */
export function checkTargets(t: Trial, found: Findings): void {
  t.engine.setFloor(1e-6)
  const own = t.engine.eStep(t.params)
  const update = t.engine.mStep(t.params, own).params
  const numeric = t.engine.mStepBlocks(t.params, own).some((b) => b.iterative)
  const square = Math.max(1, ...[...t.data.arrays.values()].map((a) => largest(a.values))) ** 2
  for (const other of t.engine.others) {
    const theirs = other.eStep(t.params)
    const where = `${other.name}, ${t.text}`
    const compare = (name: string, a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number): void => {
      const size = Math.max(1, largest(a))
      const worst = Array.from(a, (x, i) => (Object.is(x, b[i]) ? 0 : Math.abs(x - (b[i] ?? Number.NaN)))).reduce(
        (m, x) => (Number.isNaN(x) ? Number.POSITIVE_INFINITY : Math.max(m, x)),
        a.length === b.length ? 0 : Number.POSITIVE_INFINITY,
      )
      found.record(name, worst / size, tolerance, where)
    }
    compare(NAMES.targets, [own.logLikelihood], [theirs.logLikelihood], 1e-12)
    compare(NAMES.targets, own.statistics, theirs.statistics, 1e-12)
    const again = other.mStep(t.params, theirs).params
    // a solve multiplies rounding by the condition of its matrix; a precision P is one over what is left of sums of squares
    // y², which is known to ε·y²: relative to it, its rounding is ε·y²·P
    if (!numeric) compare(NAMES.updates, update, again, 1e-9 + 4 * Number.EPSILON * square * largest(update))
    else {
      // a numerical step multiplies the rounding of its sums, and Q may be flat: what it reaches is compared
      const reached = [update, again].map((p) => t.engine.gain(t.params, own, p))
      const rise = Math.abs(at(reached, 0) - at(reached, 1)) / scaleAt(t, t.params)
      found.record(NAMES.numeric, rise, 1e-6, where)
    }
  }
}
