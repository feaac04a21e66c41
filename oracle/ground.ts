/**
 * Grounding: the statements of a typed model, unrolled over the data into factors. Each factor is a log density as a
 * function of params and cells; cells are the elements of latents and the missing cells of data.
 */
import type { Span } from '../lang/source.js'
import type { SymbolId, TDistribution, TExpr, TStatement, TypedModel } from '../lang/typed/types.js'
import { asNumber, at, flatten, range, zip } from './arrays.js'
import { densities } from './densities/index.js'
import { bind, domainValues, type Environment, evaluate, number, storedOf, subscriptValues, truth } from './evaluate.js'
import { type Law, lawLogDensity, lawOf } from './law.js'
import { collect, collectDistribution, fixedTruth, noReads } from './reads.js'
import { type Cell, cellName, cellsIn, isCell, isList, resolve, select, type Stored } from './stored.js'
import { type OracleData, OracleError, type Values } from './types.js'
import { makeWorld, newCell, symbolOf, type World } from './world.js'

/** The value of each cell; NaN where it is not known. */
export type Lookup = (cell: Cell) => number

export interface Factor {
  readonly kind: 'sample' | 'equation' | 'condition'
  readonly span: Span
  /** Product of the enclosing weights: what the factor counts for where no latent is shared between copies. */
  readonly weight: number
  /** Every cell it may read, those it defines included. */
  readonly cells: readonly Cell[]
  /** Cells its value depends on besides those it defines. */
  readonly parents: readonly Cell[]
  /** Cells that enclosing conditions read. */
  readonly guards: readonly Cell[]
  /** log density, without the weight; 0 where an enclosing `if` on latents does not hold. */
  logDensity(params: Values, lookup: Lookup): number
  /** False where an enclosing `if` on latents or params does not hold. */
  active(params: Values, lookup: Lookup): boolean
  /** Of an equation: left − right, all elements. */
  residuals(params: Values, lookup: Lookup): readonly number[]
  /** Of a condition: bounds on single cells that it implies. They narrow integrals; the condition is tested all the same. */
  readonly comparisons: readonly Comparison[]
}

/** The cell lies above or below the bound. */
export interface Comparison {
  readonly cell: Cell
  readonly direction: 'above' | 'below'
  bound(params: Values, lookup: Lookup): number
}

/** How a cell comes about: an element of the left side of a sample statement. */
export interface Definition {
  readonly cell: Cell
  readonly factor: Factor
  readonly target: Stored
  /** Position within the target, from 0, one per dimension. */
  readonly path: readonly number[]
  readonly kind: 'discrete' | 'continuous' | 'point'
  law(params: Values, lookup: Lookup): Law
}

/** A weighted copy of part of the model: `weight` independent copies of its factors with its own cells. */
export interface Block {
  readonly weight: number
  readonly factors: Factor[]
  readonly children: Block[]
  readonly cells: Cell[]
  readonly parent: Block | null
}

export interface Prior {
  readonly span: Span
  logDensity(params: Values): number
}

export interface Ground {
  readonly model: TypedModel
  readonly world: World
  readonly root: Block
  /** All factors of all blocks, in order of the file. */
  readonly factors: readonly Factor[]
  readonly priors: readonly Prior[]
  /** By cell id; more than one where branches of an `if` declare the same latent. */
  readonly definitions: ReadonlyMap<number, readonly Definition[]>
}

interface Guard {
  readonly condition: TExpr
  readonly holds: boolean
  readonly env: Environment
}

interface Instance {
  readonly statement: Extract<TStatement, { kind: 'sample' | 'observe-equation' | 'observe-condition' }>
  readonly env: Environment
  readonly guards: readonly Guard[]
  readonly block: Block
  readonly weight: number
  readonly target: Stored | null
}

const UNKNOWN: Lookup = () => Number.NaN

/** Grounds a model on data; `consts` override those of the model by name. Throws OracleError where they do not fit. */
export function ground(model: TypedModel, data: OracleData, consts: Values = new Map()): Ground {
  const world = makeWorld(model, data, consts)
  const root: Block = { weight: 1, factors: [], children: [], cells: [], parent: null }
  const env: Environment = { world, bound: new Map(), params: new Map(), lookup: UNKNOWN }
  const instances: Instance[] = []
  unroll(model.statements, { env, guards: [], block: root, weight: 1 }, instances)
  const factors: Factor[] = []
  const priors: Prior[] = []
  const definitions = new Map<number, Definition[]>()
  for (const instance of instances) {
    const { statement } = instance
    if (statement.kind === 'sample' && statement.role === 'prior') {
      priors.push(priorOf(statement, instance))
      continue
    }
    const factor = factorOf(instance)
    factors.push(factor)
    instance.block.factors.push(factor)
    if (statement.kind === 'sample') define(statement.distribution, instance, factor, definitions)
  }
  for (const factor of factors) {
    const loose = factor.cells.find((c) => !definitions.has(c.id))
    if (loose !== undefined) throw new OracleError(`${cellName(loose)} is missing and nothing says how it is distributed`)
  }
  checkBlocks(root, new Set())
  return { model, world, root, factors, priors, definitions }
}

interface Context {
  readonly env: Environment
  readonly guards: readonly Guard[]
  readonly block: Block
  readonly weight: number
}

function unroll(statements: readonly TStatement[], context: Context, out: Instance[]): void {
  for (const s of statements) {
    switch (s.kind) {
      case 'for':
        for (const i of domainValues(s.domain, context.env)) {
          const env = bind(context.env, [[s.index, i]])
          const weight = s.weight === null ? 1 : number(s.weight, env)
          const inner = weight === 1 ? context.block : childBlock(context.block, weight)
          unroll(s.body, { ...context, env, block: inner, weight: context.weight * weight }, out)
        }
        break
      case 'if': {
        const holds = fixedTruth(s.condition, context.env)
        for (const branch of [true, false]) {
          if (holds === !branch) continue
          const guard: Guard = { condition: s.condition, holds: branch, env: context.env }
          const guards = holds === null ? [...context.guards, guard] : context.guards
          unroll(branch ? s.then : s.otherwise, { ...context, guards }, out)
        }
        break
      }
      case 'sample': {
        const target = s.role === 'prior' ? null : targetOf(s.target, context.env)
        out.push({ statement: s, ...context, target })
        break
      }
      case 'observe-equation':
      case 'observe-condition':
        out.push({ statement: s, ...context, target: null })
        break
    }
  }
}

function childBlock(parent: Block, weight: number): Block {
  if (!(weight >= 0)) throw new OracleError(`a weight is ${weight}`)
  const block: Block = { weight, factors: [], children: [], cells: [], parent }
  parent.children.push(block)
  return block
}

/** The left side of `~` as numbers and cells; cells of latents are made here. */
function targetOf(e: TExpr, env: Environment): Stored {
  if (e.kind === 'vector') return e.elements.map((x) => targetOf(x, env))
  if (e.kind !== 'ref') return evaluate(e, env)
  const symbol = symbolOf(env.world, e.symbol)
  if (symbol.kind !== 'data' && symbol.kind !== 'latent') return evaluate(e, env)
  const subscripts = subscriptValues(e.subscripts, env)
  if (symbol.kind === 'latent') {
    const dims = [...symbol.type.batch, ...symbol.type.core]
    const extend = (indices: readonly number[]): void => {
      const position = indices.length
      const dim = dims[position]
      if (dim === undefined) {
        declare(env.world, symbol.id, symbol.name, indices)
        return
      }
      const s = subscripts[position]
      if (s?.kind === 'at') {
        extend([...indices, s.index])
        return
      }
      const size = evaluate(dim.size, env)
      const n = typeof size === 'number' ? size : asNumber(at(size, at(indices, dim.raggedBy ?? 0) - 1))
      const [from, to] = s?.kind === 'slice' ? [s.from ?? 1, s.to ?? n] : [1, n]
      for (const i of range(from, to)) extend([...indices, i])
    }
    extend([])
  }
  return select(storedOf(e.symbol, env.world), subscripts)
}

/** Puts a cell at these indices of a latent, unless another branch did. */
function declare(world: World, id: SymbolId, name: string, indices: readonly number[]): void {
  const put = (stored: Stored | undefined, position: number): Stored => {
    if (position === indices.length) return stored ?? newCell(world, id, name, indices)
    const list = stored === undefined || stored === null ? [] : isList(stored) ? [...stored] : []
    const i = at(indices, position)
    if (!Number.isInteger(i) || i < 1) throw new OracleError(`${name} is declared at index ${i}`)
    while (list.length < i) list.push(null)
    list[i - 1] = put(list[i - 1] ?? undefined, position + 1)
    return list
  }
  world.stored.set(id, put(world.stored.get(id), 0))
}

function environment(env: Environment, params: Values, lookup: Lookup): Environment {
  return { ...env, params, lookup }
}

function priorOf(statement: Extract<TStatement, { kind: 'sample' }>, instance: Instance): Prior {
  return {
    span: statement.span,
    logDensity(params) {
      const env = environment(instance.env, params, UNKNOWN)
      return instance.weight * lawLogDensity(lawOf(statement.distribution, env), evaluate(statement.target, env))
    },
  }
}

function factorOf(instance: Instance): Factor {
  const { statement, env, guards, target } = instance
  const reads = noReads()
  for (const g of guards) collect(g.condition, g.env, reads)
  const guardCells = [...reads.cells]
  const active = (params: Values, lookup: Lookup): boolean =>
    guards.every((g) => truth(g.condition, environment(g.env, params, lookup)) === g.holds)
  const shared = { span: statement.span, weight: instance.weight, guards: guardCells, active }
  switch (statement.kind) {
    case 'sample': {
      collectDistribution(statement.distribution, env, reads)
      const left = target ?? []
      const parents = [...reads.cells]
      return {
        ...shared,
        kind: 'sample',
        cells: [...new Set([...parents, ...cellsIn(left)])],
        parents,
        comparisons: [],
        residuals: () => [],
        logDensity: (params, lookup) =>
          active(params, lookup)
            ? lawLogDensity(lawOf(statement.distribution, environment(env, params, lookup)), resolve(left, lookup))
            : 0,
      }
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
        logDensity: (params, lookup) =>
          !active(params, lookup) || truth(statement.condition, environment(env, params, lookup))
            ? 0
            : Number.NEGATIVE_INFINITY,
      }
    }
  }
}

/** The bounds on single cells that a condition implies, such as both of `a < z and z <= b`. */
function comparisonsIn(e: TExpr, env: Environment): readonly Comparison[] {
  if (e.kind === 'and') return [...comparisonsIn(e.left, env), ...comparisonsIn(e.right, env)]
  if (e.kind !== 'compare' || e.operator === '==' || e.operator === '!=') return []
  const less = e.operator === '<' || e.operator === '<='
  return [...boundOn(e.left, e.right, less ? 'below' : 'above', env), ...boundOn(e.right, e.left, less ? 'above' : 'below', env)]
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

function define(
  distribution: TDistribution,
  instance: Instance,
  factor: Factor,
  definitions: Map<number, Definition[]>,
): void {
  const target = instance.target ?? []
  const visit = (stored: Stored, path: readonly number[]): void => {
    if (isList(stored)) {
      stored.forEach((s, i) => {
        visit(s, [...path, i])
      })
    } else if (isCell(stored)) {
      const definition: Definition = {
        cell: stored,
        factor,
        target,
        path,
        kind: kindOf(distribution, stored, instance.env.world),
        law: (params, lookup) => lawOf(distribution, environment(instance.env, params, lookup)),
      }
      const existing = definitions.get(stored.id)
      if (existing === undefined) {
        definitions.set(stored.id, [definition])
        instance.block.cells.push(stored)
      } else {
        existing.push(definition)
      }
    }
  }
  visit(target, [])
}

function kindOf(d: TDistribution, cell: Cell, world: World): 'discrete' | 'continuous' | 'point' {
  switch (d.kind) {
    case 'plain':
      if (d.name === 'Dirac') return 'point'
      return densities.get(d.name)?.discrete === true ? 'discrete' : 'continuous'
    case 'mixture': {
      const kinds = (
        d.components.kind === 'listed' ? d.components.components : [d.components.component]
      ).map((c) => kindOf(c, cell, world))
      return kinds.every((k) => k !== 'continuous') ? 'discrete' : 'continuous'
    }
    case 'truncated':
    case 'censored':
      return kindOf(d.of, cell, world)
    case 'custom': {
      const symbol = symbolOf(world, cell.symbol)
      const support = symbol.kind === 'latent' || symbol.kind === 'data' ? symbol.type.support.kind : 'real'
      return ['int', 'count', 'bool', 'category'].includes(support) ? 'discrete' : 'continuous'
    }
  }
}

/** A cell of a weighted block may be read in that block and inside it only: elsewhere it is not clear which copy is meant. */
function checkBlocks(block: Block, visible: ReadonlySet<Cell>): void {
  const here = new Set([...visible, ...block.cells])
  for (const factor of block.factors) {
    const foreign = factor.cells.find((c) => !here.has(c))
    if (foreign !== undefined)
      throw new OracleError(`${cellName(foreign)} belongs to a weighted block and is read outside of it`)
  }
  for (const child of block.children) checkBlocks(child, here)
}
