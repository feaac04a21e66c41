/** The log density of one instance of a statement, with the cells it reads. */
import type { TExpr } from '../lang/typed/types.js'
import { flatten, zip } from './arrays.js'
import { rankOf } from './distribution-rank.js'
import { type Environment, evaluate, number, storedOf, subscriptValues, truth } from './evaluate.js'
import type { Comparison, Factor, Instance, Lookup } from './ground-types.js'
import { addLogs, type Law, lawAt, lawLogDensity, lawOf } from './law.js'
import { collect, collectDistribution, noReads } from './reads.js'
import { type Cell, cellsIn, isCell, isList, resolve, type Stored, select } from './stored.js'
import type { Values } from './types.js'
import { symbolOf } from './world.js'

/** The environment of an instance at given params and latents. */
export function environment(env: Environment, params: Values, lookup: Lookup): Environment {
  return { ...env, params, lookup }
}

export function factorOf(instance: Instance): Factor {
  const { statement, env, guards, target } = instance
  const reads = noReads()
  for (const g of guards) collect(g.condition, g.env, reads)
  const guardCells = [...reads.cells]
  const active = (params: Values, lookup: Lookup): boolean =>
    guards.every((g) => truth(g.condition, environment(g.env, params, lookup)) === g.holds)
  const shared = { span: statement.span, weight: instance.weight, params: reads.params, guards: guardCells, active }
  switch (statement.kind) {
    case 'sample': {
      collectDistribution(statement.distribution, env, reads)
      const left = target ?? []
      const parents = [...reads.cells]
      const { distribution } = statement
      const sample = (cells: readonly Cell[], density: (law: Law, lookup: Lookup) => number): Factor => ({
        ...shared,
        kind: 'sample',
        cells: [...new Set([...parents, ...cells])],
        parents,
        comparisons: [],
        residuals: () => [],
        without(gone) {
          const values = valuesOf(left, rankOf(distribution, env.world)).filter(
            (v) => !cellsIn(v.stored).some((c) => gone.has(c)),
          )
          if (values.length === 0) return null
          return sample(
            values.flatMap((v) => cellsIn(v.stored)),
            (law, lookup) => addLogs(values.map((v) => lawLogDensity(lawAt(law, v.path), resolve(v.stored, lookup)))),
          )
        },
        logDensity: (params, lookup) =>
          active(params, lookup) ? density(lawOf(distribution, environment(env, params, lookup)), lookup) : 0,
      })
      return sample(cellsIn(left), (law, lookup) => lawLogDensity(law, resolve(left, lookup)))
    }
    case 'observe-equation': {
      collect(statement.left, env, reads)
      collect(statement.right, env, reads)
      const residuals = (params: Values, lookup: Lookup): readonly number[] => {
        const inner = environment(env, params, lookup)
        return flatten(zip(evaluate(statement.left, inner), evaluate(statement.right, inner), (a, b) => a - b))
      }
      return {
        ...shared,
        kind: 'equation',
        cells: [...reads.cells],
        parents: [...reads.cells],
        comparisons: [],
        residuals,
        without: () => null,
        logDensity: (params, lookup) =>
          !active(params, lookup) || residuals(params, lookup).every((r) => Math.abs(r) < 1e-9)
            ? 0
            : Number.NEGATIVE_INFINITY,
      }
    }
    case 'observe-condition': {
      collect(statement.condition, env, reads)
      return {
        ...shared,
        kind: 'condition',
        cells: [...reads.cells],
        parents: [...reads.cells],
        comparisons: guards.length > 0 ? [] : comparisonsIn(statement.condition, env),
        residuals: () => [],
        without: () => null,
        logDensity: (params, lookup) =>
          !active(params, lookup) || truth(statement.condition, environment(env, params, lookup))
            ? 0
            : Number.NEGATIVE_INFINITY,
      }
    }
  }
}

interface Value {
  readonly stored: Stored
  /** To a leaf of it. */
  readonly path: readonly number[]
}

/** The independent values on the left of `~`: all of it where the rank of one is not known. */
function valuesOf(left: Stored, rank: number | null): readonly Value[] {
  const visit = (stored: Stored, path: readonly number[], depth: number): readonly Value[] => {
    if (depth > 0 && isList(stored)) return stored.flatMap((s, i) => visit(s, [...path, i], depth - 1))
    return [{ stored, path: [...path, ...new Array<number>(rank ?? 0).fill(0)] }]
  }
  return visit(left, [], rank === null ? 0 : depthOf(left) - rank)
}

function depthOf(stored: Stored): number {
  const [first] = isList(stored) ? stored : []
  return first === undefined ? 0 : 1 + depthOf(first)
}

/** The bounds on single cells that a condition implies, such as both of `a < z and z <= b`. */
function comparisonsIn(e: TExpr, env: Environment): readonly Comparison[] {
  if (e.kind === 'and') return [...comparisonsIn(e.left, env), ...comparisonsIn(e.right, env)]
  if (e.kind !== 'compare' || e.operator === '==' || e.operator === '!=') return []
  const less = e.operator === '<' || e.operator === '<='
  return [
    ...boundOn(e.left, e.right, less ? 'below' : 'above', env),
    ...boundOn(e.right, e.left, less ? 'above' : 'below', env),
  ]
}

function boundOn(side: TExpr, other: TExpr, direction: 'above' | 'below', env: Environment): Comparison[] {
  const cell = cellOf(side, env)
  if (cell === null) return []
  const reads = noReads()
  collect(other, env, reads)
  if (reads.cells.has(cell)) return []
  return [{ cell, direction, bound: (params, lookup) => number(other, environment(env, params, lookup)) }]
}

/** The one cell an expression is, if it is one. */
function cellOf(e: TExpr, env: Environment): Cell | null {
  if (e.kind !== 'ref') return null
  const symbol = symbolOf(env.world, e.symbol)
  if (symbol.kind !== 'latent' && symbol.kind !== 'data') return null
  const reads = noReads()
  for (const s of e.subscripts) if (s.kind === 'at') collect(s.index, env, reads)
  if (reads.varies) return null
  const stored = select(storedOf(e.symbol, env.world), subscriptValues(e.subscripts, env))
  return isCell(stored) ? stored : null
}
