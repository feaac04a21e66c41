/**
 * The integral over a unit's continuous cells, its discrete ones given. Cells are brought to the real line (identity,
 * logarithm, logit, stick-breaking for a point on the simplex); a quadratic log density is integrated in closed form,
 * anything else by quadrature.
 */

import type { Assignment } from './assignment.js'
import { activeDefinition, type CellSupport, cellSupport } from './cell-support.js'
import { linearIn } from './choices.js'
import { cubature, denseNodes, gaussianIntegral } from './gaussian.js'
import type { Comparison, Factor } from './ground-types.js'
import { addLogs } from './law.js'
import { spaceIntegral } from './space-integral.js'
import { logLogistic } from './special-functions.js'
import { type Cell, cellName, cellsIn } from './stored.js'
import type { Item, Unit } from './structure.js'
import { OracleError } from './types.js'
import type { Atom, Method, UnitProblem } from './unit-result.js'

interface Integral {
  readonly log: number
  readonly error: number
  readonly method: Method
  /** Values of all cells of the unit. */
  readonly atoms: readonly Atom[]
}

/** How a cell gets its value: from coordinate number `coordinate`, or from the cells before it. */
type Step =
  | { readonly kind: 'coordinate'; readonly cell: Cell; readonly coordinate: number; readonly fixed: Interval | null }
  | { readonly kind: 'stick'; readonly cells: readonly Cell[]; readonly coordinate: number }
  | { readonly kind: 'solved'; readonly cell: Cell; readonly equation: Factor }
  | { readonly kind: 'point'; readonly cell: Cell }
  | { readonly kind: 'absent'; readonly cell: Cell }

interface Interval {
  readonly low: number
  readonly high: number
}

/** At most this many dimensions get nodes that are exact for any smooth function; more get those exact for quadratics. */
const DENSE_DIMENSIONS = 2

export function integrateContinuous(problem: UnitProblem, unit: Unit, a: Assignment): Integral {
  const values = (): number[] => unit.cells.map((c) => a.get(c))
  if (unit.continuous.length === 0) {
    return { log: 0, error: 0, method: 'enumeration', atoms: [{ values: values(), log: 0 }] }
  }
  const { steps, dimension } = planSteps(problem, unit, a)
  const items = itemsFor(problem, unit, steps, a)
  const assign = (s: readonly number[]): number => {
    for (const cell of unit.continuous) a.clear(cell)
    return steps.reduce((log, step) => log + apply(problem, unit, step, s, a), 0)
  }
  const f = (s: readonly number[]): number => {
    const jacobian = assign(s)
    return Number.isNaN(jacobian)
      ? Number.NEGATIVE_INFINITY
      : addLogs([jacobian, ...items.map((i) => problem.itemLog(i, a))])
  }
  const finish = (
    result: { readonly log: number; readonly error: number; readonly method: Method },
    nodes: readonly { readonly at: readonly number[]; readonly log: number }[],
  ): Integral => {
    const atoms = nodes.map((node) => {
      assign(node.at)
      return { values: values(), log: node.log }
    })
    for (const cell of unit.continuous) a.clear(cell)
    return { ...result, atoms }
  }
  if (dimension === 0) {
    const log = f([])
    const nodes = log === Number.NEGATIVE_INFINITY ? [] : [{ at: [], log }]
    return finish({ log, error: 0, method: 'enumeration' }, nodes)
  }
  if (steps.every((s) => s.kind !== 'stick' && (s.kind !== 'coordinate' || isLine(s.fixed)))) {
    const g = gaussianIntegral(f, dimension)
    if (g !== null) {
      const nodes =
        dimension <= DENSE_DIMENSIONS
          ? denseNodes(g).map((n) => ({ ...n, log: n.log + g.log }))
          : cubature(g).map((s) => ({ at: s, log: g.log - Math.log(2 * dimension) }))
      return finish({ log: g.log, error: 0, method: 'gaussian' }, nodes)
    }
  }
  if (dimension > 3) {
    const names = unit.continuous.map(cellName).join(', ')
    throw new OracleError(
      `${names}: ${dimension} continuous latents are not jointly Gaussian; quadrature takes at most 3`,
    )
  }
  const integral = spaceIntegral(f, dimension)
  return finish({ log: integral.log, error: integral.error, method: 'quadrature' }, integral.nodes)
}

function isLine(interval: Interval | null): boolean {
  return interval !== null && interval.low === Number.NEGATIVE_INFINITY && interval.high === Number.POSITIVE_INFINITY
}

function planSteps(problem: UnitProblem, unit: Unit, a: Assignment): { steps: readonly Step[]; dimension: number } {
  const solved = solvedCells(unit)
  const steps: Step[] = []
  const done = new Set<Cell>()
  let dimension = 0
  for (const cell of unit.continuous) {
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
      const bounds = narrowed(problem, unit, cell, support, a)
      const moves = Number.isNaN(bounds.low) || Number.isNaN(bounds.high)
      steps.push({ kind: 'coordinate', cell, coordinate: dimension, fixed: moves ? null : bounds })
      dimension += 1
    } else throw new OracleError(`${cellName(cell)} is not continuous`)
  }
  return { steps, dimension }
}

function equationsOf(unit: Unit): Factor[] {
  return unit.late.flatMap((i) => (i.kind === 'factor' && i.factor.kind === 'equation' ? [i.factor] : []))
}

/** For each equation the last of its continuous cells, which it determines. */
function solvedCells(unit: Unit): ReadonlyMap<Cell, Factor> {
  const solved = new Map<Cell, Factor>()
  for (const equation of equationsOf(unit)) {
    const last = unit.continuous.findLast((c) => equation.cells.includes(c) && !solved.has(c))
    if (last !== undefined) solved.set(last, equation)
  }
  return solved
}

/** What is left to evaluate: not the equations, and not the factors of cells that have all their mass at one value. */
function itemsFor(problem: UnitProblem, unit: Unit, steps: readonly Step[], a: Assignment): readonly Item[] {
  const points = new Set(steps.flatMap((s) => (s.kind === 'point' ? [s.cell] : [])))
  const dropped = new Set<Factor>(equationsOf(unit))
  for (const cell of points) {
    const definition = activeDefinition(problem.ground, cell, problem.params, a.lookup)
    if (definition === null) continue
    if (!cellsIn(definition.target).every((c) => points.has(c)))
      throw new OracleError(
        `${cellName(cell)} has all its mass at one value and shares a factor with cells that do not`,
      )
    dropped.add(definition.factor)
  }
  return unit.late.filter((i) => i.kind === 'block' || !dropped.has(i.factor))
}

/** Gives the step's cells their values; returns the log of the Jacobian. */
function apply(problem: UnitProblem, unit: Unit, step: Step, s: readonly number[], a: Assignment): number {
  switch (step.kind) {
    case 'absent':
      a.set(step.cell, 0)
      return 0
    case 'point': {
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
      const support: CellSupport | Interval =
        step.fixed ?? cellSupport(problem.ground, step.cell, problem.params, a.lookup)
      if (!('low' in support)) throw new OracleError(`${cellName(step.cell)} changes its kind`)
      const { low, high } = step.fixed ?? narrowed(problem, unit, step.cell, support, a)
      const [value, jacobian] = fromLine(t, low, high)
      a.set(step.cell, value)
      return jacobian
    }
  }
}

/** The support cut down by observed conditions, as far as their bounds are known by now. */
function narrowed(problem: UnitProblem, unit: Unit, cell: Cell, support: Interval, a: Assignment): Interval {
  let { low, high } = support
  const comparisons = unit.late.flatMap((i): readonly Comparison[] => (i.kind === 'factor' ? i.factor.comparisons : []))
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
