/**
 * How continuous cells get their values from coordinates on the real line: identity, logarithm, logit,
 * stick-breaking for a point on the simplex; a cell may also follow from others, by an equation or as a point mass.
 */
import type { Assignment } from './assignment.js'
import { type CellSupport, cellSupport } from './cell-support.js'
import { linearIn } from './choices.js'
import type { Comparison, Factor } from './ground-types.js'
import { logLogistic } from './special-functions.js'
import { type Cell, cellName } from './stored.js'
import type { Group } from './structure.js'
import { OracleError } from './types.js'
import type { UnitProblem } from './unit-result.js'

/** How a cell gets its value: from coordinate number `coordinate`, or from the cells before it. */
export type Step =
  | { readonly kind: 'coordinate'; readonly cell: Cell; readonly coordinate: number; readonly fixed: Interval | null }
  | { readonly kind: 'stick'; readonly cells: readonly Cell[]; readonly coordinate: number }
  | { readonly kind: 'solved'; readonly cell: Cell; readonly equation: Factor }
  | { readonly kind: 'point'; readonly cell: Cell }
  | { readonly kind: 'absent'; readonly cell: Cell }

export interface Interval {
  readonly low: number
  readonly high: number
}

export interface Steps {
  readonly steps: readonly Step[]
  /** Number of coordinates. */
  readonly dimension: number
}

export function cellsOf(step: Step): readonly Cell[] {
  return step.kind === 'stick' ? step.cells : [step.cell]
}

/** The coordinate is the cell's value. */
export function isLine(step: Step): boolean {
  if (step.kind !== 'coordinate' || step.fixed === null) return false
  return step.fixed.low === Number.NEGATIVE_INFINITY && step.fixed.high === Number.POSITIVE_INFINITY
}

export function planSteps(problem: UnitProblem, group: Group, a: Assignment): Steps {
  const solved = solvedCells(group)
  const steps: Step[] = []
  const done = new Set<Cell>()
  let dimension = 0
  for (const cell of group.cells) {
    if (done.has(cell)) continue
    done.add(cell)
    const equation = solved.get(cell)
    const support = cellSupport(problem.ground, cell, problem.params, a.lookup)
    if (support.kind === 'absent' || support.kind === 'point') steps.push({ kind: support.kind, cell })
    else if (equation !== undefined) steps.push({ kind: 'solved', cell, equation })
    else if (support.kind === 'simplex') {
      for (const c of support.point) done.add(c)
      steps.push({ kind: 'stick', cells: support.point, coordinate: dimension })
      dimension += support.point.length - 1
    } else if (support.kind === 'interval') {
      const bounds = narrowed(problem, group, cell, support, a)
      const moves = Number.isNaN(bounds.low) || Number.isNaN(bounds.high)
      steps.push({ kind: 'coordinate', cell, coordinate: dimension, fixed: moves ? null : bounds })
      dimension += 1
    } else throw new OracleError(`${cellName(cell)} is not continuous`)
  }
  return { steps, dimension }
}

export function equationsOf(group: Group): Factor[] {
  return group.items.flatMap((i) => (i.kind === 'factor' && i.factor.kind === 'equation' ? [i.factor] : []))
}

/** For each equation the last of its continuous cells, which it determines. */
function solvedCells(group: Group): ReadonlyMap<Cell, Factor> {
  const solved = new Map<Cell, Factor>()
  for (const equation of equationsOf(group)) {
    const last = group.cells.findLast((c) => equation.cells.includes(c) && !solved.has(c))
    if (last !== undefined) solved.set(last, equation)
  }
  return solved
}

/** The step goes by the values of other cells in a way that depends on their order: bounds that move. */
export function isMoving(step: Step): boolean {
  return step.kind === 'coordinate' && step.fixed === null
}

/** Cells that a step follows from. */
export function readBy(problem: UnitProblem, step: Step): readonly Cell[] {
  if (step.kind === 'solved') return step.equation.cells.filter((c) => c !== step.cell)
  if (step.kind !== 'point') return []
  return (problem.ground.definitions.get(step.cell.id) ?? []).flatMap((d) => d.factor.parents)
}

/** Gives the step's cells their values; returns the log of the Jacobian. */
export function apply(problem: UnitProblem, group: Group, step: Step, s: readonly number[], a: Assignment): number {
  switch (step.kind) {
    case 'absent':
      a.set(step.cell, 0)
      return 0
    case 'point': {
      a.clear(step.cell)
      const support = cellSupport(problem.ground, step.cell, problem.params, a.lookup)
      a.set(step.cell, support.kind === 'point' ? support.value : Number.NaN)
      return 0
    }
    case 'solved': {
      const linear = linearIn(step.equation, step.cell, problem.params, a)
      if (linear === null || step.equation.residuals(problem.params, a.lookup).length !== 1)
        throw new OracleError(`an observed equation is not linear in ${cellName(step.cell)}`)
      a.set(step.cell, -linear.constant / linear.slope)
      return -Math.log(Math.abs(linear.slope))
    }
    case 'stick':
      return breakStick(step.cells, s.slice(step.coordinate), a)
    case 'coordinate': {
      const t = s[step.coordinate] ?? Number.NaN
      if (step.fixed !== null) {
        const [value, jacobian] = fromLine(t, step.fixed.low, step.fixed.high)
        a.set(step.cell, value)
        return jacobian
      }
      a.clear(step.cell)
      const support: CellSupport = cellSupport(problem.ground, step.cell, problem.params, a.lookup)
      if (!('low' in support)) throw new OracleError(`${cellName(step.cell)} changes its kind`)
      const { low, high } = narrowed(problem, group, step.cell, support, a)
      const [value, jacobian] = fromLine(t, low, high)
      a.set(step.cell, value)
      return jacobian
    }
  }
}

/** The support cut down by observed conditions, as far as their bounds are known by now. */
function narrowed(problem: UnitProblem, group: Group, cell: Cell, support: Interval, a: Assignment): Interval {
  let { low, high } = support
  const comparisons = group.items.flatMap((i): readonly Comparison[] =>
    i.kind === 'factor' ? i.factor.comparisons : [],
  )
  for (const c of comparisons) {
    if (c.cell !== cell) continue
    const bound = c.bound(problem.params, a.lookup)
    if (Number.isNaN(bound)) continue
    if (c.direction === 'above') low = Math.max(low, bound)
    else high = Math.min(high, bound)
  }
  return { low, high }
}

/** A point of (low, high) from one of the real line, with the log of the derivative. */
function fromLine(t: number, low: number, high: number): readonly [number, number] {
  const infinite = Number.POSITIVE_INFINITY
  if (low === -infinite && high === infinite) return [t, 0]
  if (high === infinite) return [low + Math.exp(t), t]
  if (low === -infinite) return [high - Math.exp(t), t]
  if (!(low < high)) return [Number.NaN, Number.NaN]
  const width = high - low
  const value = t < 0 ? low + width * Math.exp(logLogistic(t)) : high - width * Math.exp(logLogistic(-t))
  return [value, Math.log(width) + logLogistic(t) + logLogistic(-t)]
}

/** Stick-breaking: x₁ = v₁, x₂ = v₂(1 − v₁), … with vₖ = logistic(tₖ); the last cell takes what is left. */
function breakStick(cells: readonly Cell[], t: readonly number[], a: Assignment): number {
  let logRest = 0
  let jacobian = 0
  cells.forEach((cell, k) => {
    const coordinate = t[k]
    if (k === cells.length - 1 || coordinate === undefined) {
      a.set(cell, Math.exp(logRest))
      return
    }
    a.set(cell, Math.exp(logRest + logLogistic(coordinate)))
    jacobian += logRest + logLogistic(coordinate) + logLogistic(-coordinate)
    logRest += logLogistic(-coordinate)
  })
  return jacobian
}
