/** The modes of families, on numbers: each maximises the terms of Q that its coefficients stand for. */

import { toNumber } from '../../algebra/rational.js'
import type { Solve } from '../../lower/program.js'
import type { BetaStep, DirichletStep, GeneralisedGammaStep, MatrixStep } from '../../mstep/types.js'
import { inverseSpd } from '../../numerics/index.js'
import { floorSpectrum } from './floor-spectrum.js'
import { at, bounds, clamp, f64, indexOf, layoutOf, type SolveContext, tableOf } from './types.js'

/** p = max(A, 0)/Σ max(A, 0); a row without any weight keeps its value. */
export function solveDirichlet(step: DirichletStep, solve: Solve, context: SolveContext): void {
  const [name] = step.params
  if (name === undefined) return
  const layout = layoutOf(context, name)
  const a = tableOf(solve, 'coefficients', context.memory)
  const p = f64(context.memory, `trial:${name}`)
  const width = layout.shape.at(-1) ?? 1
  const rows = a.length / width
  for (let r = 0; r < rows; r++) {
    const used = layout.used?.[r % (layout.used.length || 1)] ?? width
    let total = 0
    for (let i = 0; i < used; i++) total += Math.max(0, at(a, r * width + i))
    if (!(total > 0) || !Number.isFinite(total)) continue
    for (let i = 0; i < used; i++) {
      const own = Math.max(0, at(a, r * width + i))
      // a share that only underflow takes to 0 would make A log 0 of a small A
      p[r * width + i] = own > 0 ? Math.max(own / total, Number.MIN_VALUE) : 0
    }
  }
}

/** u = (A h + B l)/(A + B), clamped to the declared support; without any weight it keeps its value. */
export function solveBeta(step: BetaStep, solve: Solve, context: SolveContext): void {
  const [name] = step.params
  if (name === undefined) return
  const above = tableOf(solve, 'above', context.memory)
  const below = tableOf(solve, 'below', context.memory)
  const bound = (role: string): number => at(f64(context.memory, solve.bounds.get(role) ?? ''), 0)
  const low = bound('low')
  const high = bound('high')
  const u = f64(context.memory, `trial:${name}`)
  const support = bounds(layoutOf(context, name))
  for (let i = 0; i < u.length; i++) {
    const a = Math.max(0, at(above, i))
    const b = Math.max(0, at(below, i))
    if (!(a + b > 0)) continue
    let x = low + ((high - low) * a) / (a + b)
    // an end that only rounding reaches would make B log 0 of a small B
    if (a > 0 && b > 0) x = clamp(x, beside(low, high), beside(high, low))
    u[i] = clamp(x, support.low, support.high)
  }
}

/** The number next to an end of an interval, on the side of the other end. */
function beside(end: number, other: number): number {
  let step = (other - end) * 2 ** -53
  while (end + step === end) step *= 2
  return end + step
}

/** u^a = −A/(a B). A log coefficient of 0 puts u on the edge; spreads stop at their floor. */
export function solveGeneralisedGamma(step: GeneralisedGammaStep, solve: Solve, context: SolveContext): void {
  const [name] = step.params
  if (name === undefined) return
  const logs = tableOf(solve, 'logs', context.memory)
  const powers = tableOf(solve, 'powers', context.memory)
  const power = toNumber(step.power)
  const u = f64(context.memory, `trial:${name}`)
  const layout = layoutOf(context, name)
  const floors = step.spread === null ? null : context.floorOf(name)
  const support = step.link === 'exp' ? { low: 0, high: Number.POSITIVE_INFINITY } : bounds(layout)
  for (let i = 0; i < u.length; i++) {
    const a = at(logs, i)
    const b = at(powers, i)
    // A log u + B u^p has its maximum where −A/(p B) > 0 and A has the sign of p
    if (!Number.isFinite(a) || !Number.isFinite(b) || (a === 0 && b === 0) || a * power < 0) continue
    const raised = -a / (power * b)
    // a residual of 0, or below it by rounding, has its mode at the edge
    const edge = power > 0 ? Number.POSITIVE_INFINITY : 0
    let x = a !== 0 && !(raised > 0 && raised < Number.POSITIVE_INFINITY) ? edge : raised ** (1 / power)
    const floor = floors === null ? 0 : at(floors, i)
    const capped = step.spread?.kind === 'precision' && floor > 0
    if (Number.isNaN(x) || (x === Number.POSITIVE_INFINITY && !capped)) continue
    x = clamp(x, support.low, support.high)
    if (step.spread?.kind === 'precision') {
      if (floor > 0 && x > 1 / floor) {
        x = 1 / floor
        context.onFloor(name, indexOf(i, layout.shape), floor)
      }
    } else {
      const least = step.spread?.kind === 'sd' ? Math.sqrt(floor) : floor
      if (floor > 0 && x < least) {
        x = least
        context.onFloor(name, indexOf(i, layout.shape), least)
      }
    }
    u[i] = step.link === 'exp' ? Math.log(x) : x
  }
}

/** S = B/A (or S⁻¹ = −B/A), symmetrised, its spectrum floored in units of the data's standard deviations. */
export function solveMatrix(step: MatrixStep, solve: Solve, context: SolveContext): void {
  const [name] = step.params
  if (name === undefined) return
  const layout = layoutOf(context, name)
  const n = layout.shape.at(-1) ?? 1
  const logdets = tableOf(solve, 'logdets', context.memory)
  const traces = tableOf(solve, 'traces', context.memory)
  const out = f64(context.memory, `trial:${name}`)
  const floors = step.spread === null ? null : context.floorOf(name)
  const size = n * n
  const matrix = new Float64Array(size)
  for (let r = 0; r < logdets.length; r++) {
    const a = at(logdets, r)
    // A log|S| + tr(B S⁻¹) has its maximum at S = B/A for A < 0; A log|S| + tr(B S) at S⁻¹ = −B/A for A > 0
    if (!Number.isFinite(a) || (step.kind === 'inverse-wishart' ? a >= 0 : a <= 0)) continue
    const sign = step.kind === 'inverse-wishart' ? 1 : -1
    let finite = true
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const value = (sign * 0.5 * (at(traces, r * size + i * n + j) + at(traces, r * size + j * n + i))) / a
        matrix[i * n + j] = value
        finite &&= Number.isFinite(value)
      }
    if (!finite) continue
    if (step.kind === 'wishart') {
      if (!inverseSpd(matrix, 0, matrix, 0, n)) continue
    }
    if (floors !== null) {
      const hit = floorSpectrum(matrix, n, floors, r * n)
      if (hit) context.onFloor(name, indexOf(r, layout.shape.slice(0, -2)), at(floors, r * n))
    }
    out.set(matrix, r * size)
  }
}
