/**
 * Exact sums and integrals over the latents of each unit, by running through all of their values. A weighted block is a
 * factor of its surroundings: `weight` times the log of the sum over its own latents, given those it reads outside.
 */
import { at } from './arrays.js'
import type { Assignment } from './assignment.js'
import { type Choices, choicesOf } from './choices.js'
import { integrateGroup } from './continuous.js'
import type { Block, Ground } from './ground-types.js'
import { addLogs } from './law.js'
import { logSumExp } from './special-functions.js'
import { type Cell, cellName } from './stored.js'
import { type Group, type Item, type Structure, structureOf, type Unit } from './structure.js'
import { OracleError, type Values } from './types.js'
import type { BlockResult, GroupResult, Method, Piece, UnitProblem, UnitResult } from './unit-result.js'

const MAX_PIECES = 5_000_000
const MAX_COUNT = 20_000
/** Terms of an infinite sum are taken until each of the last ten is e⁻⁴⁵ of the sum or less. */
const NEGLIGIBLE = 45

/** Answers for one setting of the params; what was computed once is kept. */
export class Solver implements UnitProblem {
  private readonly results = new Map<Block, Map<string, BlockResult>>()
  /** Densities evaluated so far. */
  evaluations = 0

  constructor(
    readonly ground: Ground,
    readonly params: Values,
    /** Densities evaluated beyond which the answer is refused. */
    private readonly maxEvaluations = Number.POSITIVE_INFINITY,
  ) {}

  structure(block: Block): Structure {
    return structureOf(this.ground, block)
  }

  /** The sum over a block's own latents, given the cells outside that it reads. */
  solve(block: Block, outer: Assignment): BlockResult {
    const structure = this.structure(block)
    const key = structure.outer.map((c) => outer.get(c)).join()
    let known = this.results.get(block)
    if (known === undefined) {
      known = new Map()
      this.results.set(block, known)
    }
    let result = known.get(key)
    if (result === undefined) {
      result = this.compute(structure, outer)
      known.set(key, result)
    }
    return result
  }

  /** The log of what an item contributes, given all cells it reads. */
  itemLog(item: Item, a: Assignment, cost = 1): number {
    if (item.kind === 'factor') {
      this.evaluations += cost
      if (this.evaluations > this.maxEvaluations) throw new OracleError('too many combinations of latents to enumerate')
      return item.factor.logDensity(this.params, a.lookup)
    }
    return item.block.weight === 0 ? 0 : item.block.weight * this.solve(item.block, a).log
  }

  private compute(structure: Structure, outer: Assignment): BlockResult {
    const constant = addLogs(structure.constant.map((item) => this.itemLog(item, outer)))
    const errors = structure.constant.map((item) =>
      item.kind === 'block' ? item.block.weight * this.solve(item.block, outer).error : 0,
    )
    const units = structure.units.map((unit) => this.computeUnit(unit, outer))
    return {
      constant,
      units,
      log: addLogs([constant, ...units.map((u) => u.log)]),
      error: [...errors, ...units.map((u) => u.error)].reduce((a, b) => a + b, 0),
    }
  }

  private computeUnit(unit: Unit, outer: Assignment): UnitResult {
    const a = outer.copy()
    const pieces: Piece[] = []
    let method: Method = 'enumeration'
    let error = 0
    const known = new Map<string, GroupResult>()
    const integral = (group: Group, i: number): GroupResult => {
      const key = `${i}: ${group.reads.map((c) => a.get(c)).join()}`
      const result = known.get(key) ?? integrateGroup(this, group, a)
      known.set(key, result)
      return result
    }
    const leaf = (before: number): number => {
      const values = unit.discrete.map((c) => a.get(c))
      const groups = unit.continuous.map(integral)
      for (const g of groups) if (g.method !== 'enumeration') method = g.method
      error = Math.max(
        error,
        groups.reduce((t, g) => t + g.error, 0),
      )
      const log = addLogs([before, ...groups.map((g) => g.log)])
      if (log > Number.NEGATIVE_INFINITY) pieces.push({ values, log, groups })
      if (pieces.length > MAX_PIECES) throw new OracleError('too many combinations of latents to enumerate')
      return log
    }
    const visit = (i: number, log: number): number => {
      const cell = unit.discrete[i]
      if (cell === undefined) return leaf(log)
      const ready = at(unit.ready, i)
      const branch = (value: number): number => {
        a.set(cell, value)
        const next = addLogs([log, ...ready.map((item) => this.itemLog(item, a))])
        if (Number.isNaN(next)) throw new OracleError(`a density is not a number (${cellName(cell)} = ${value})`)
        const total = next === Number.NEGATIVE_INFINITY ? next : visit(i + 1, next)
        a.clear(cell)
        return total
      }
      return sumOver(choicesOf(this.ground, unit, cell, this.params, a), cell, branch)
    }
    const log = visit(0, 0)
    return { unit, log, error, method, pieces }
  }
}

function sumOver(choices: Choices, cell: Cell, branch: (value: number) => number): number {
  if (choices.kind === 'finite') return logSumExp(choices.values.map(branch))
  const terms: number[] = []
  let total = Number.NEGATIVE_INFINITY
  let quiet = 0
  for (let k = choices.from; k <= choices.from + MAX_COUNT; k++) {
    const term = branch(k)
    terms.push(term)
    total = logSumExp([total, term])
    quiet = total > Number.NEGATIVE_INFINITY && term < total - NEGLIGIBLE ? quiet + 1 : 0
    if (quiet >= 10) return logSumExp(terms)
  }
  if (total === Number.NEGATIVE_INFINITY) return total
  throw new OracleError(`the count ${cellName(cell)} has no bound and its sum does not end by ${MAX_COUNT}`)
}
