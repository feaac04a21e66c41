/** The objective and the bound along lines through the params of a run. */
import type { ParamLayout } from '../../runtime/contract.js'
import type { BoundContourView, BoundCurveView, BoundDirection, DirectionView } from '../session/view.js'
import type { KeptRun } from './kept-run.js'

/** Numbers of params that are offered. */
const MOST_DIRECTIONS = 200
const ALONE = new Set(['real', 'positive', 'nonnegative', 'unit', 'interval', 'simplex', 'ordered'])

export function directionsOf(run: KeptRun): readonly DirectionView[] {
  const found: DirectionView[] = []
  for (const p of run.stepper.layout) {
    if (!ALONE.has(p.support.kind) || p.used !== null) continue
    for (let i = 0; i < p.length && found.length < MOST_DIRECTIONS; i++) {
      const index = indexOf(i, p.shape)
      const names = index.map((at, d) => p.labels[d]?.[at] ?? String(at + 1))
      const label = names.length === 0 ? p.name : `${p.name}[${names.join(', ')}]`
      found.push({ direction: { kind: 'param', param: p.name, index }, label })
    }
  }
  if (run.iterates.length > 1) found.push({ direction: { kind: 'line' }, label: 'start to end' })
  return found
}

const indexOf = (flat: number, shape: readonly number[]): readonly number[] =>
  shape.map((_, d) => {
    const inner = shape.slice(d + 1).reduce((a, b) => a * b, 1)
    return Math.floor(flat / inner) % (shape[d] ?? 1)
  })

/** A way of going through params by one number. */
interface Line {
  readonly label: string
  /** The number at params that lie on it, or nearest to them. */
  at(params: Float64Array): number
  params(x: number): Float64Array
  readonly from: number
  readonly to: number
}

export async function boundCurve(run: KeptRun, direction: BoundDirection, points: number): Promise<BoundCurveView> {
  // q was made at the iterate whose E-step came last
  const index = Math.max(0, Math.ceil(run.position / 2) - 1)
  const point = await run.pointAt(index)
  const next = run.iterates[index + 1]
  const line = direction.kind === 'line' ? startToEnd(run) : alongParam(run, direction, point.params)
  const x = Float64Array.from({ length: points }, (_, i) => line.from + ((line.to - line.from) * i) / (points - 1))
  const objective = new Float64Array(points)
  const elbo = new Float64Array(points)
  x.forEach((at, i) => {
    const around = run.stepper.around(point, line.params(at))
    objective[i] = around.objective
    elbo[i] = around.elbo
  })
  return {
    label: line.label,
    iteration: point.iteration,
    x,
    objective,
    elbo,
    at: { x: line.at(point.params), objective: point.objective },
    next:
      next === undefined
        ? null
        : { x: line.at(next.params), elbo: run.stepper.elbo(point, next.params), objective: next.objective },
  }
}

function startToEnd(run: KeptRun): Line {
  const from = run.iterates[0]?.params ?? run.end.params
  const to = run.end.params
  const step = to.map((v, i) => v - (from[i] ?? 0))
  const square = step.reduce((sum, v) => sum + v * v, 0)
  return {
    label: 'start (0) to end (1)',
    at: (params) =>
      square === 0 ? 0 : step.reduce((sum, v, i) => sum + v * ((params[i] ?? 0) - (from[i] ?? 0)), 0) / square,
    params: (x) => from.map((v, i) => v + x * (step[i] ?? 0)),
    from: -0.05,
    to: 1.05,
  }
}

function alongParam(run: KeptRun, direction: Extract<BoundDirection, { kind: 'param' }>, at: Float64Array): Line {
  const p = run.stepper.layout.find(({ name }) => name === direction.param)
  if (p === undefined) throw new Error(`no param ${direction.param}`)
  const flat = direction.index.reduce((n, i, d) => n * (p.shape[d] ?? 1) + i, 0)
  const place = p.offset + flat
  const { from, to } = range(run, p, place)
  const names = direction.index.map((i, d) => p.labels[d]?.[i] ?? String(i + 1))
  return {
    label: names.length === 0 ? p.name : `${p.name}[${names.join(', ')}]`,
    at: (params) => params[place] ?? Number.NaN,
    params: (x) => withValue(p, at, flat, x),
    from,
    to,
  }
}

/** θ with one number changed; the other weights of a simplex keep their proportions. */
function withValue(p: ParamLayout, params: Float64Array, flat: number, x: number): Float64Array {
  const out = params.slice()
  if (p.support.kind === 'simplex') {
    const width = p.shape.at(-1) ?? 1
    const begin = p.offset + Math.floor(flat / width) * width
    const old = params[p.offset + flat] ?? 0
    for (let i = begin; i < begin + width; i++)
      out[i] = old < 1 ? ((params[i] ?? 0) * (1 - x)) / (1 - old) : (1 - x) / (width - 1)
  }
  out[p.offset + flat] = x
  return out
}

/** Around what the number was in the run, inside the support. */
function range(run: KeptRun, p: ParamLayout, place: number): { readonly from: number; readonly to: number } {
  const values = run.iterates.map(({ params }) => params[place] ?? 0)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const size = Math.max(high - low, 0.15 * Math.max(Math.abs(low), Math.abs(high)), 1e-6)
  const edge = 1e-4 * size
  const [least, most] = limits(p, edge)
  return { from: Math.max(least, low - 0.7 * size), to: Math.min(most, high + 0.7 * size) }
}

function limits({ support }: ParamLayout, edge: number): readonly [number, number] {
  switch (support.kind) {
    case 'positive':
    case 'nonnegative':
      return [edge, Number.POSITIVE_INFINITY]
    case 'unit':
    case 'simplex':
      return [edge, 1 - edge]
    case 'interval':
      return [support.low + edge, support.high - edge]
    default:
      return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  }
}

export async function boundContour(run: KeptRun, points: number): Promise<BoundContourView | null> {
  const [p] = run.stepper.layout
  const isOne = run.stepper.layout.length === 1 && run.end.params.length === 1
  if (p === undefined || !isOne || run.stepper.direct) return null
  const { from, to } = range(run, p, p.offset)
  const theta = Float64Array.from({ length: points }, (_, i) => from + ((to - from) * i) / (points - 1))
  const values = new Float64Array(points * points)
  for (let i = 0; i < points; i++) {
    const q = await run.stepper.expect(Float64Array.of(theta[i] ?? from))
    for (let j = 0; j < points; j++) values[i * points + j] = run.stepper.elbo(q, Float64Array.of(theta[j] ?? from))
  }
  return { param: p.name, q: theta.slice(), theta, values, path: await zigzag(run) }
}

async function zigzag(run: KeptRun): Promise<BoundContourView['path']> {
  const path: { q: number; theta: number; value: number }[] = []
  const shown = run.iterates.slice(0, Math.floor(run.position / 2) + 1)
  for (const [t, iterate] of shown.entries()) {
    const theta = iterate.params[0] ?? 0
    const before = run.iterates[t - 1]
    if (before !== undefined) {
      const q = await run.pointAt(t - 1)
      path.push({ q: before.params[0] ?? 0, theta, value: run.stepper.elbo(q, iterate.params) })
    }
    if (2 * t + 1 <= run.position) path.push({ q: theta, theta, value: iterate.objective })
  }
  return path
}
