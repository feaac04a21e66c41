/**
 * The integral over continuous cells that are connected, the discrete ones given. What is jointly quadratic is integrated in closed
 * form, the rest by quadrature around it: a Gamma scale by nodes, and at each node the Gaussian cells that it scales.
 */
import { at, range } from './arrays.js'
import type { Assignment } from './assignment.js'
import { activeDefinition } from './cell-support.js'
import { apply, cellsOf, equationsOf, isLine, isMoving, planSteps, readBy, type Step } from './continuous-steps.js'
import { product } from './dense.js'
import { type Found, gaussianOverSome, type Look, type Part } from './gaussian.js'
import type { Factor } from './ground-types.js'
import { type SpaceIntegral, spaceIntegral } from './space-integral.js'
import { type Cell, cellName, cellsIn } from './stored.js'
import type { Group, Item } from './structure.js'
import { OracleError } from './types.js'
import type { GroupResult, Outcome, UnitProblem } from './unit-result.js'

type Integral = Omit<GroupResult, 'group'>

const MAX_QUADRATURE = 3
/** In logits: 1 − p is 1e-12 there, of which a double holds four digits. */
const UNRESOLVED = 27.6
/** Log density below that of the integral at which a node counts for nothing. */
const FAR = 80
/** One density of an integrand, in units of one of an enumeration: there are many, and each is cheap. */
const COST = 0.08

export function integrateGroup(problem: UnitProblem, group: Group, a: Assignment): GroupResult {
  const integral = new Integrand(problem, group, a).integrate()
  for (const cell of group.cells) a.clear(cell)
  return { ...integral, group }
}

/** The log density of a group as a function of coordinates on the real line, in parts. */
class Integrand {
  private readonly steps: readonly Step[]
  private readonly dimension: number
  private readonly parts: readonly Part[]
  /** Coordinates that the value of a cell depends on. */
  private readonly sources = new Map<Cell, readonly number[]>()

  constructor(
    private readonly problem: UnitProblem,
    private readonly group: Group,
    private readonly a: Assignment,
  ) {
    const { steps, dimension } = planSteps(problem, group, a)
    this.steps = steps
    this.dimension = dimension
    for (const step of steps) {
      const own =
        step.kind === 'coordinate'
          ? [step.coordinate]
          : step.kind === 'stick'
            ? range(step.coordinate, step.coordinate + step.cells.length - 2)
            : readBy(problem, step).flatMap((c) => this.sources.get(c) ?? [])
      for (const cell of cellsOf(step)) this.sources.set(cell, [...new Set(own)])
    }
    this.parts = this.makeParts()
  }

  integrate(): Integral {
    const all = range(0, this.dimension - 1)
    const origin = all.map(() => 0)
    if (this.dimension === 0) {
      const log = this.value(origin)
      const outcomes: Outcome[] =
        log === Number.NEGATIVE_INFINITY ? [] : [{ kind: 'point', values: this.values(origin), log }]
      return { log, error: 0, method: 'enumeration', outcomes }
    }
    const lines = this.steps.flatMap((s) => (s.kind === 'coordinate' && isLine(s) ? [s.coordinate] : []))
    if (lines.length === this.dimension) {
      const found = gaussianOverSome(this.parts, origin, lines)
      if (found !== null) {
        const { log } = found.gaussian
        return { log, error: 0, method: 'gaussian', outcomes: [this.outcome(found, origin, lines, log)] }
      }
    }
    return this.quadrature(all, this.gaussianAmong(lines))
  }

  /** Nodes over the coordinates that are not Gaussian; at each, the others in closed form. */
  private quadrature(all: readonly number[], gaussian: readonly number[]): Integral {
    const outer = all.filter((c) => !gaussian.includes(c))
    if (outer.length > MAX_QUADRATURE) {
      const names = this.group.cells.map(cellName).join(', ')
      throw new OracleError(
        `${names}: ${outer.length} continuous latents are not jointly Gaussian; quadrature takes at most ${MAX_QUADRATURE}`,
      )
    }
    const point = (t: readonly number[]): number[] => {
      const s = all.map(() => 0)
      outer.forEach((c, i) => {
        s[c] = at(t, i)
      })
      return s
    }
    const inner = new WeakMap<readonly number[], Found>()
    let look: Look | undefined
    /** The largest density of a node at which the others were no Gaussian to the digits that are there. */
    let lost = Number.NEGATIVE_INFINITY
    const f = (t: readonly number[]): number => {
      const s = point(t)
      if (gaussian.length === 0) return this.value(s)
      const found = gaussianOverSome(this.parts, s, gaussian, look)
      if (found === null) {
        const there = [...s]
        gaussian.forEach((c, i) => {
          there[c] = look?.centre[i] ?? 0
        })
        lost = Math.max(lost, this.value(there))
        return Number.NEGATIVE_INFINITY
      }
      look = found.look
      inner.set(t, found)
      return found.gaussian.log
    }
    const integral = spaceIntegral(f, outer.length)
    // nodes over all of them, unless what is lost is far from where the mass is
    if (lost > integral.log - FAR && all.length <= MAX_QUADRATURE) return this.quadrature(all, [])
    const outcomes = integral.nodes.map((node): Outcome => {
      const s = point(node.at)
      const found = inner.get(node.at)
      if (found !== undefined) return this.outcome(found, s, gaussian, node.log)
      return { kind: 'point', values: this.values(s), log: node.log }
    })
    return {
      log: integral.log,
      error: integral.error + this.massAtEnds(outer, integral),
      method: 'quadrature',
      outcomes,
    }
  }

  /**
   * Share of the integral at values of a bounded interval so near its upper end that a double no longer tells the
   * distance: a density that grows there, as of a Beta with b < 1, is known to so much.
   */
  private massAtEnds(outer: readonly number[], integral: SpaceIntegral): number {
    const bounded = outer.map((c) =>
      this.steps.some(
        (s) => s.kind === 'coordinate' && s.coordinate === c && s.fixed !== null && Number.isFinite(s.fixed.high),
      ),
    )
    return integral.nodes.reduce(
      (mass, node) =>
        bounded.some((b, i) => b && at(node.at, i) > UNRESOLVED) ? mass + Math.exp(node.log - integral.log) : mass,
      0,
    )
  }

  /** As many of the lines as are jointly Gaussian given the other coordinates, found by trying at two points. */
  private gaussianAmong(lines: readonly number[]): readonly number[] {
    const probes = [0, 0.5].map((x) => range(0, this.dimension - 1).map((c) => (lines.includes(c) ? 0 : x)))
    const holds = (over: readonly number[]): boolean =>
      over.length > 0 && probes.every((s) => gaussianOverSome(this.parts, s, over) !== null)
    if (lines.length < this.dimension && holds(lines)) return lines
    const some = lines.filter((c) => holds([c]))
    return some.length < lines.length && holds(some) ? some : []
  }

  private outcome({ gaussian }: Found, s: readonly number[], over: readonly number[], log: number): Outcome {
    const position = new Map(over.map((c, i) => [c, i]))
    const moves = (cell: Cell): boolean => (this.sources.get(cell) ?? []).some((c) => position.has(c))
    const centre = [...s]
    over.forEach((c, i) => {
      centre[c] = at(gaussian.mean, i)
    })
    const cells = this.group.cells.filter(moves)
    const lines = new Map(this.steps.flatMap((x) => (x.kind === 'coordinate' ? [[x.cell, x.coordinate] as const] : [])))
    const follows = cells.some((c) => !lines.has(c))
    this.assign(centre)
    const mean = cells.map((c) => this.a.get(c))
    const values = this.group.cells.map((c) => (moves(c) ? Number.NaN : this.a.get(c)))
    // cells as linear functions of the coordinates: what follows from others does so linearly, or f were not quadratic
    const slopes = over.map((c, i) => {
      if (!follows) return cells.map((cell) => (lines.get(cell) === c ? 1 : 0))
      const step = Math.sqrt(at(at(gaussian.covariance, i), i))
      this.assign(centre.map((x, j) => (j === c ? x + step : x)))
      return cells.map((cell, k) =>
        lines.has(cell) ? (lines.get(cell) === c ? 1 : 0) : (this.a.get(cell) - at(mean, k)) / step,
      )
    })
    const jacobian = cells.map((_, k) => slopes.map((column) => at(column, k)))
    const covariance = follows
      ? product(product(jacobian, gaussian.covariance), slopes)
      : cells.map((x) =>
          cells.map((y) => at(at(gaussian.covariance, indexOf(lines, position, x)), indexOf(lines, position, y))),
        )
    return { kind: 'gaussian', values, log, cells, mean, covariance }
  }

  private assign(s: readonly number[]): number {
    for (const cell of this.group.cells) this.a.clear(cell)
    return this.steps.reduce((log, step) => log + apply(this.problem, this.group, step, s, this.a), 0)
  }

  private values(s: readonly number[]): number[] {
    this.assign(s)
    return this.group.cells.map((c) => this.a.get(c))
  }

  private value(s: readonly number[]): number {
    let total = 0
    for (const part of this.parts) {
      const value = part.value(s)
      if (value === Number.NEGATIVE_INFINITY || Number.isNaN(value)) return value
      total += value
    }
    return total
  }

  /** One part for each item and each Jacobian; a single one where bounds move with other cells. */
  private makeParts(): readonly Part[] {
    const items = this.items()
    const { problem, group, a } = this
    if (this.steps.some(isMoving)) {
      const value = (s: readonly number[]): number => {
        const jacobian = this.assign(s)
        if (Number.isNaN(jacobian)) return Number.NEGATIVE_INFINITY
        return items.reduce(
          (t, item) => (t === Number.NEGATIVE_INFINITY ? t : t + problem.itemLog(item, a, COST)),
          jacobian,
        )
      }
      return [{ coordinates: range(0, this.dimension - 1), value }]
    }
    const stepOf = new Map(this.steps.flatMap((step) => cellsOf(step).map((c) => [c, step] as const)))
    const stepsFor = (cells: readonly Cell[]): readonly Step[] => {
      const wanted = new Set<Step>()
      const visit = (cell: Cell): void => {
        const step = stepOf.get(cell)
        if (step === undefined || wanted.has(step)) return
        wanted.add(step)
        for (const c of readBy(problem, step)) visit(c)
      }
      for (const c of cells) visit(c)
      return this.steps.filter((s) => wanted.has(s))
    }
    const coordinates = (cells: readonly Cell[]): readonly number[] => [
      ...new Set(cells.flatMap((c) => this.sources.get(c) ?? [])),
    ]
    const ofItems = items.map((item): Part => {
      const steps = stepsFor(item.cells)
      return {
        coordinates: coordinates(item.cells),
        value(s) {
          for (const step of steps) apply(problem, group, step, s, a)
          return problem.itemLog(item, a, COST)
        },
      }
    })
    const jacobians = this.steps.flatMap((step): readonly Part[] => {
      if (isLine(step) || step.kind === 'absent' || step.kind === 'point') return []
      const cells = cellsOf(step)
      const before = stepsFor(cells)
      return [
        {
          coordinates: coordinates(cells),
          value: (s) => before.reduce((_, x) => apply(problem, group, x, s, a), 0),
        },
      ]
    })
    return [...ofItems, ...jacobians]
  }

  /** What is left to evaluate: not the equations, and not the factors of cells that have all their mass at one value. */
  private items(): readonly Item[] {
    const points = new Set(this.steps.flatMap((s) => (s.kind === 'point' ? [s.cell] : [])))
    const dropped = new Set<Factor>(equationsOf(this.group))
    for (const cell of points) {
      const definition = activeDefinition(this.problem.ground, cell, this.problem.params, this.a.lookup)
      if (definition === null) continue
      const { factor, target } = definition
      if (!cellsIn(target).every((c) => points.has(c) || !factor.cells.includes(c)))
        throw new OracleError(
          `${cellName(cell)} has all its mass at one value and shares a factor with cells that do not`,
        )
      dropped.add(factor)
    }
    return this.group.items.filter((i) => i.kind === 'block' || !dropped.has(i.factor))
  }
}

function indexOf(lines: ReadonlyMap<Cell, number>, position: ReadonlyMap<number, number>, cell: Cell): number {
  return position.get(lines.get(cell) ?? -1) ?? -1
}
