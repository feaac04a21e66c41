/** δ = Λ⁻¹h, one dense system per value of the batch indices. */

import { pivotBuffer } from '../../lower/buffers.js'
import type { Solve } from '../../lower/program.js'
import type { NormalStep } from '../../mstep/types.js'
import { conditionEstimate, RANK_TOLERANCE, solveSemidefinite, solveSpd } from '../../numerics/index.js'
import { isotonic } from './isotonic.js'
import { at, bounds, clamp, f64, layoutOf, type SolveContext, tableOf } from './types.js'

interface Slot {
  readonly param: string
  readonly shape: readonly number[]
  readonly batch: readonly number[]
  readonly own: readonly number[]
  readonly size: number
  readonly offset: number
  /** Flat positions of its elements, after that of the first one of a batch. */
  readonly places: Int32Array
}

/** Solves the block and clamps it to its support; of the solutions of a singular system it takes the one that moves least. */
export function solveNormal(step: NormalStep, solve: Solve, context: SolveContext): void {
  let offset = 0
  const slots = step.params.map((param): Slot => {
    const shape = layoutOf(context, param).shape
    const batch = step.batch.find((b) => b.param === param)?.positions ?? []
    const own = shape.map((_, i) => i).filter((i) => !batch.includes(i))
    const size = own.reduce((a, i) => a * (shape[i] ?? 1), 1)
    const slot = { param, shape, batch, own, size, offset, places: placesOf(shape, own) }
    offset += size
    return slot
  })
  const first = slots[0]
  if (first === undefined) return
  const n = offset
  const batchShape = first.batch.map((i) => first.shape[i] ?? 1)
  const batches = batchShape.reduce((a, b) => a * b, 1)
  const lambda = new Float64Array(n * n)
  const h = new Float64Array(n)
  const delta = new Float64Array(n)
  const tables = slots.map((s) => ({
    s,
    linear: tableOf(solve, `linear ${s.param}`, context.memory),
    quadratics: slots.flatMap((t) => {
      const id = solve.tables.get(`quadratic ${s.param}|${t.param}`)
      return id === undefined ? [] : [{ t, quadratic: f64(context.memory, id) }]
    }),
  }))
  for (let b = 0; b < batches; b++) {
    lambda.fill(0)
    h.fill(0)
    const where = unflatten(b, batchShape)
    for (const { s, linear, quadratics } of tables) {
      const first = firstOf(s, where)
      for (let i = 0; i < s.size; i++) {
        const flat = first + (s.places[i] ?? 0)
        h[s.offset + i] = at(linear, flat)
        for (const { t, quadratic } of quadratics)
          for (let j = 0; j < t.size; j++) {
            // Q has Σ q_ij δ_i δ_j: Λ = −(q + qᵀ)
            const q = at(quadratic, flat * t.size + j)
            const x = s.offset + i
            const y = t.offset + j
            lambda[x * n + y] = at(lambda, x * n + y) - q
            lambda[y * n + x] = at(lambda, y * n + x) - q
          }
      }
    }
    if (!lambda.every(Number.isFinite) || !h.every(Number.isFinite)) continue
    withoutTerms(lambda, h, n)
    const condition = conditionEstimate(lambda, 0, n)
    // singular up to rounding: what a solve would give in the directions without information is rounding alone
    const singular = condition * n * RANK_TOLERANCE >= 1
    if (singular || !solveSpd(lambda, 0, h, 0, delta, 0, n)) solveSemidefinite(lambda, h, delta, n)
    context.onSystem(condition)
    for (const s of slots) {
      const trial = f64(context.memory, `trial:${s.param}`)
      const start = f64(context.memory, pivotOf(s.param, context))
      const support = bounds(layoutOf(context, s.param))
      const first = firstOf(s, where)
      for (let i = 0; i < s.size; i++) {
        const flat = first + (s.places[i] ?? 0)
        trial[flat] = clamp(at(start, flat) + at(delta, i + s.offset), support.low, support.high)
      }
      if (slots.length === 1 && layoutOf(context, s.param).support.kind === 'ordered')
        orderRows(trial, s, where, lambda, n)
    }
  }
  for (const s of slots)
    if (layoutOf(context, s.param).support.kind === 'ordered' && s.own.length === 0) orderAll(s, solve, context)
}

/** What the shifts of a param begin at: its value at the E-step, unless pivots stand apart. */
function pivotOf(param: string, { memory }: SolveContext): string {
  const apart = pivotBuffer(param)
  return memory.buffers.has(apart) ? apart : `param:${param}`
}

/** An element that no term of Q reads does not move; on the diagonal of Λ it has a 1, and the rest is solved as without it. */
function withoutTerms(lambda: Float64Array, h: Float64Array, n: number): void {
  if (n === 1) return
  for (let i = 0; i < n; i++)
    if (h[i] === 0 && lambda[i * n + i] === 0 && lambda.subarray(i * n, (i + 1) * n).every((x) => x === 0))
      lambda[i * n + i] = 1
}

/** Flat positions over the dimensions `own`, at 0 in the others. */
function placesOf(shape: readonly number[], own: readonly number[]): Int32Array {
  const strides = stridesOf(shape)
  let places: readonly number[] = [0]
  for (const p of own)
    places = places.flatMap((at) => Array.from({ length: shape[p] ?? 1 }, (_, i) => at + i * (strides[p] ?? 0)))
  return Int32Array.from(places)
}

/** Flat position of the first element of a batch. */
function firstOf({ shape, batch }: Slot, where: readonly number[]): number {
  const strides = stridesOf(shape)
  return batch.reduce((flat, p, i) => flat + (strides[p] ?? 0) * (where[i] ?? 0), 0)
}

function stridesOf(shape: readonly number[]): readonly number[] {
  return shape.map((_, p) => shape.slice(p + 1).reduce((a, extent) => a * extent, 1))
}

function unflatten(flat: number, shape: readonly number[]): readonly number[] {
  const out: number[] = []
  let rest = flat
  for (let i = shape.length - 1; i >= 0; i--) {
    const extent = shape[i] ?? 1
    out.unshift(rest % extent)
    rest = Math.floor(rest / extent)
  }
  return out
}

/** An ordered row that is solved element by element: pool adjacent violators, weighted by the curvature. */
function orderAll(s: Slot, solve: Solve, context: SolveContext): void {
  const id = solve.tables.get(`quadratic ${s.param}|${s.param}`)
  if (id === undefined) return
  const q = f64(context.memory, id)
  const trial = f64(context.memory, `trial:${s.param}`)
  const width = s.shape.at(-1) ?? 1
  for (let r = 0; r * width < trial.length; r++) {
    const weights = Array.from({ length: width }, (_, i) => Math.max(0, -at(q, r * width + i)))
    isotonic(trial, r * width, weights).forEach((v, i) => {
      trial[r * width + i] = v
    })
  }
}

/** An ordered row that is solved jointly: feasible as it is, or pooled with the diagonal of Λ as weights. */
function orderRows(trial: Float64Array, s: Slot, where: readonly number[], lambda: Float64Array, n: number): void {
  const first = firstOf(s, where)
  const flats = Array.from(s.places, (place) => first + place)
  if (flats.length < 2) return
  const values = Float64Array.from(flats, (f) => at(trial, f))
  isotonic(
    values,
    0,
    flats.map((_, i) => Math.max(0, at(lambda, (s.offset + i) * n + s.offset + i))),
  ).forEach((v, i) => {
    trial[flats[i] ?? 0] = v
  })
}
