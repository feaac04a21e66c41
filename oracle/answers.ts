/** What certificates and tests ask: log-likelihood, posteriors, brute-force Q, priors. Natural logs, all constants. */
import { at, flatten } from './arrays.js'
import { Assignment } from './assignment.js'
import { activeDefinition } from './cell-support.js'
import { Solver } from './enumerate.js'
import { cubature, denseNodes } from './gaussian.js'
import type { Block, Ground } from './ground-types.js'
import { addLogs } from './law.js'
import { logSumExp } from './special-functions.js'
import { type Cell, cellName, isCell, isList, select } from './stored.js'
import type { Item } from './structure.js'
import { OracleError, type Values } from './types.js'
import type { BlockResult, GroupResult, Method, UnitResult } from './unit-result.js'

export interface LogLikelihood {
  /** log p(data; params). */
  readonly value: number
  /** Estimate of its absolute error beyond rounding: 0 where everything was enumerated or Gaussian. */
  readonly error: number
  /** Per unit: its latents, its log-normaliser and how it was found. Weighted blocks are inside `rest` or a unit. */
  readonly units: readonly {
    readonly cells: readonly string[]
    readonly log: number
    readonly error: number
    readonly method: Method
  }[]
  /** Factors that read no latent, and weighted blocks that share none. */
  readonly rest: number
}

export interface PosteriorRow {
  /** One value per asked cell: categories from 1, bools 0 and 1. */
  readonly values: readonly number[]
  readonly probability: number
}

function start(ground: Ground): Assignment {
  return Assignment.empty(ground.world.cells.length)
}

/** log p(data; params), with its parts. */
export function logLikelihoodParts(ground: Ground, params: Values): LogLikelihood {
  const result = new Solver(ground, params).solve(ground.root, start(ground))
  return {
    value: result.log,
    error: result.error,
    units: result.units.map((u) => ({
      cells: u.unit.cells.map(cellName),
      log: u.log,
      error: u.error,
      method: u.method,
    })),
    rest: result.constant,
  }
}

/** log p(data; params). */
export function logLikelihood(ground: Ground, params: Values): number {
  return new Solver(ground, params).solve(ground.root, start(ground)).log
}

/** log density of the priors at params, their constants included; 0 where there are none. */
export function logPrior(ground: Ground, params: Values): number {
  return addLogs(ground.priors.map((p) => p.logDensity(params)))
}

/** The cell of one element of a latent, or of one missing data cell; indices from 1, one per dimension. */
export function cellAt(ground: Ground, name: string, indices: readonly number[] = []): Cell {
  for (const symbol of ground.model.symbols) {
    if (symbol.name !== name || (symbol.kind !== 'latent' && symbol.kind !== 'data')) continue
    const stored = ground.world.stored.get(symbol.id)
    if (stored === undefined) continue
    const found = select(
      stored,
      indices.map((index) => ({ kind: 'at', index }) as const),
    )
    if (isCell(found)) return found
    const what = isList(found) ? 'needs more indices' : 'is not latent'
    throw new OracleError(`${name}[${indices.join(', ')}] ${what}`)
  }
  throw new OracleError(`there is no latent or data ${name}`)
}

/** All cells: elements of latents in order of their declaration, missing data cells first. */
export function allCells(ground: Ground): readonly Cell[] {
  return ground.world.cells.filter((c) => ground.definitions.has(c.id))
}

/**
 * E[f(values of cells) | data; params]. Within a weighted block it is that of one copy. Exact for any f over discrete
 * cells; with up to two jointly Gaussian cells and under quadrature, for smooth f; with more Gaussian cells, for cubics.
 */
export function expectation(
  ground: Ground,
  params: Values,
  cells: readonly Cell[],
  f: (values: readonly number[]) => number,
  solver = new Solver(ground, params),
): number {
  let total = 0
  visitPosterior(solver, ground.root, start(ground), new Set(cells), 1, (a, probability) => {
    total += probability * f(cells.map((c) => a.get(c)))
  })
  return total
}

/** E of several functions at once. */
export function expectations(
  ground: Ground,
  params: Values,
  cells: readonly Cell[],
  f: (values: readonly number[]) => readonly number[],
  solver = new Solver(ground, params),
): readonly number[] {
  return resolvedExpectations(ground, params, cells, f, solver).map((e) => e.value)
}

/** Nodes of less probability count for nothing, unless the function grows as fast as they fall. */
const TAIL = 1e-13

export interface Resolved {
  readonly value: number
  /** What the outermost nodes contribute: large where the expectation is infinite, or nearly so. */
  readonly tail: number
}

/** The same with what is known of their truncation, given that all of the cells exist. */
export function resolvedExpectations(
  ground: Ground,
  params: Values,
  cells: readonly Cell[],
  f: (values: readonly number[]) => readonly number[],
  solver = new Solver(ground, params),
): readonly Resolved[] {
  let totals: readonly Resolved[] = []
  let existing = 0
  visitPosterior(solver, ground.root, start(ground), new Set(cells), 1, (a, probability) => {
    if (cells.some((c) => activeDefinition(ground, c, params, a.lookup) === null)) return
    existing += probability
    const values = f(cells.map((c) => a.get(c)))
    totals = values.map((v, i) => {
      const term = probability * v
      const { value, tail } = totals[i] ?? { value: 0, tail: 0 }
      return { value: value + term, tail: tail + (probability < TAIL ? Math.abs(term) : 0) }
    })
  })
  return totals.map(({ value, tail }) => ({ value: value / existing, tail: tail / existing }))
}

/**
 * Joint posterior probabilities of discrete cells: one row per combination of values with positive probability. A solver
 * that is handed on keeps what it found for other cells.
 */
export function posterior(
  ground: Ground,
  params: Values,
  cells: readonly Cell[],
  solver = new Solver(ground, params),
): readonly PosteriorRow[] {
  const rows = new Map<string, { values: readonly number[]; probability: number }>()
  visitPosterior(solver, ground.root, start(ground), new Set(cells), 1, (a, probability) => {
    const values = cells.map((c) => a.get(c))
    const row = rows.get(values.join())
    if (row === undefined) rows.set(values.join(), { values, probability })
    else row.probability += probability
  })
  return [...rows.values()].sort((a, b) => compareValues(a.values, b.values))
}

function compareValues(a: readonly number[], b: readonly number[]): number {
  for (const [i, x] of a.entries()) {
    const d = x - (b[i] ?? 0)
    if (d !== 0) return d
  }
  return 0
}

/** Calls `visit` for each combination of the posterior's atoms in the units that hold the wanted cells. */
function visitPosterior(
  solver: Solver,
  block: Block,
  a: Assignment,
  wanted: ReadonlySet<Cell>,
  probability: number,
  visit: (a: Assignment, probability: number) => void,
): void {
  const result = solver.solve(block, a)
  const holds = (b: Block): boolean => b.cells.some((c) => wanted.has(c)) || b.children.some(holds)
  const children = block.children.filter(holds)
  const read = new Set(children.flatMap((c) => solver.structure(c).outer))
  const units = result.units.filter((u) => u.unit.cells.some((c) => wanted.has(c) || read.has(c)))
  const descend = (i: number, p: number): void => {
    const child = children[i]
    if (child === undefined) visit(a, p)
    else visitPosterior(solver, child, a, wanted, p, (_, q) => descend(i + 1, q))
  }
  const asked = new Set([...wanted, ...read])
  const each = (i: number, p: number): void => {
    const unit = units[i]
    if (unit === undefined) descend(0, p)
    else forEachAtom(unit, a, asked, 'smooth', (q) => each(i + 1, p * q))
  }
  each(0, probability)
}

/**
 * Runs through the ways in which a unit comes out, with their posterior probabilities, the values of `asked` cells (and
 * perhaps of others) being assigned. Gaussian cells take the values of a rule that is exact for cubics, or up to two
 * dimensions for smooth functions.
 */
function forEachAtom(
  result: UnitResult,
  a: Assignment,
  asked: ReadonlySet<Cell>,
  exactFor: 'cubic' | 'smooth',
  visit: (probability: number) => void,
): void {
  if (result.log === Number.NEGATIVE_INFINITY)
    throw new OracleError('the data has probability 0: there is no posterior')
  const { unit } = result
  for (const piece of result.pieces) {
    const probability = Math.exp(piece.log - result.log)
    if (probability === 0) continue
    unit.discrete.forEach((cell, i) => {
      a.set(cell, at(piece.values, i))
    })
    const groups = piece.groups.filter((g) => g.group.cells.some((c) => asked.has(c)))
    const each = (i: number, p: number): void => {
      const group = groups[i]
      if (group === undefined) visit(p)
      else forEachOutcome(group, a, asked, exactFor, (q) => each(i + 1, p * q))
    }
    each(0, probability)
  }
  for (const cell of unit.cells) a.clear(cell)
}

function forEachOutcome(
  { group, outcomes }: GroupResult,
  a: Assignment,
  asked: ReadonlySet<Cell>,
  exactFor: 'cubic' | 'smooth',
  visit: (probability: number) => void,
): void {
  const norm = logSumExp(outcomes.map((o) => o.log))
  for (const outcome of outcomes) {
    const probability = Math.exp(outcome.log - norm)
    group.cells.forEach((cell, i) => {
      a.set(cell, at(outcome.values, i))
    })
    if (outcome.kind === 'point') {
      visit(probability)
      continue
    }
    const own = outcome.cells.flatMap((c, i) => (asked.has(c) ? [i] : []))
    const marginal = {
      mean: own.map((i) => at(outcome.mean, i)),
      covariance: own.map((i) => own.map((j) => at(at(outcome.covariance, i), j))),
    }
    for (const node of (own.length <= 2 && exactFor === 'smooth' ? denseNodes : cubature)(marginal)) {
      own.forEach((i, k) => {
        a.set(at(outcome.cells, i), at(node.at, k))
      })
      visit(probability * Math.exp(node.log))
    }
  }
}

/**
 * Brute-force Q: θ′ ↦ E[log p(data, latents; θ′) | data; θ], weights included, priors not. Observed equations are facts
 * and contribute nothing. The posterior is found once, so that many θ′ are cheap.
 */
export function expectedCompleteLogDensityAt(ground: Ground, paramsQ: Values): (paramsTrial: Values) => number {
  const solver = new Solver(ground, paramsQ)
  return (paramsTrial) => expectedBlock(solver, ground.root, start(ground), paramsTrial)
}

/** Q(θ′; θ) = E[log p(data, latents; θ′) | data; θ]. */
export function expectedCompleteLogDensity(ground: Ground, paramsQ: Values, paramsTrial: Values): number {
  return expectedCompleteLogDensityAt(ground, paramsQ)(paramsTrial)
}

/** A posterior probability of an impossible value that counts for nothing: 1 minus it is 1 in a double. */
const VANISHING = 1e-15

function expectedBlock(solver: Solver, block: Block, a: Assignment, trial: Values): number {
  const result: BlockResult = solver.solve(block, a)
  const itemValue = (item: Item): number => {
    if (item.kind === 'factor') return item.factor.kind === 'equation' ? 0 : item.factor.logDensity(trial, a.lookup)
    return item.block.weight === 0 ? 0 : item.block.weight * expectedBlock(solver, item.block, a, trial)
  }
  const terms = solver.structure(block).constant.map(itemValue)
  for (const unit of result.units)
    for (const { item, cells, rows, values: known } of itemPosteriors(unit, a)) {
      // a block depends on all params, and on which values it was entered with
      const key =
        item.kind === 'factor' ? [...item.factor.params].map((p) => flatten(trial.get(p) ?? [])).join(';') : null
      let total = key === null ? undefined : known.get(key)
      if (total === undefined) {
        total = addLogs(
          rows.map(({ values, probability }) => {
            cells.forEach((c, i) => {
              a.set(c, values[i] ?? Number.NaN)
            })
            const value = itemValue(item)
            // 0 · log 0, where the probability is not 0 by the last of rounding only
            return value === Number.NEGATIVE_INFINITY && probability < VANISHING ? 0 : probability * value
          }),
        )
        for (const c of cells) a.clear(c)
        if (known.size >= MEMORY) known.clear()
        if (key !== null) known.set(key, total)
      }
      terms.push(total)
    }
  return addLogs(terms)
}

/** Expectations of one item that are kept, by the values of its params. */
const MEMORY = 40

interface ItemPosterior {
  readonly item: Item
  /** Cells of the unit that the item reads. */
  readonly cells: readonly Cell[]
  /** Its expectation by the values of the params it reads, as far as known. */
  readonly values: Map<string, number>
  /** Their joint posterior. */
  readonly rows: readonly { readonly values: readonly number[]; readonly probability: number }[]
}

const known = new WeakMap<UnitResult, readonly ItemPosterior[]>()

/** Joint posterior of what each item of a unit reads: with it, an expectation runs over a few values, not over all. */
function itemPosteriors(unit: UnitResult, a: Assignment): readonly ItemPosterior[] {
  const found = known.get(unit)
  if (found !== undefined) return found
  const inside = new Set(unit.unit.cells)
  const all = [...unit.unit.ready.flat(), ...unit.unit.continuous.flatMap((g) => g.items)].map(
    (item): ItemPosterior => {
      const cells = item.cells.filter((c) => inside.has(c))
      const rows = new Map<string, { readonly values: readonly number[]; probability: number }>()
      forEachAtom(unit, a, new Set(cells), 'cubic', (probability) => {
        const values = cells.map((c) => a.get(c))
        const key = values.join()
        const row = rows.get(key)
        if (row === undefined) rows.set(key, { values, probability })
        else row.probability += probability
      })
      return { item, cells, rows: [...rows.values()], values: new Map() }
    },
  )
  known.set(unit, all)
  return all
}
