/** Data drawn from a model at given params. */
import type { Distribution, RandomSource } from '../../compiler/distributions/types.js'
import type { SymbolId, TExpr, TypedModel } from '../../lang/typed/types.js'
import type { Density } from '../../oracle/densities/types.js'
import { bind, domainValues, type Environment, number } from '../../oracle/evaluate.js'
import { OracleError, type Value, type Values } from '../../oracle/types.js'
import { makeWorld } from '../../oracle/world.js'
import type { BoundArray, BoundData } from '../../runtime/data/types.js'
import { numberFromJson } from '../../runtime/json.js'
import { OptionError } from '../errors.js'
import { missingCells, takeRows } from '../take-rows.js'
import { type DrawnValue, drawAncestrally } from './ancestral.js'
import { type Basis, basisEnvironment, blankArrays } from './blank-data.js'
import { keptReductions } from './kept-reductions.js'
import { type DataRoles, dataRoles } from './roles.js'
import { Simulation } from './simulation.js'

export interface SimulateRequest {
  readonly model: TypedModel
  readonly basis: Basis
  /** Values of consts, as `set` has them. */
  readonly set: ReadonlyMap<string, unknown>
  readonly params: Values
  /** Figures of the data of an earlier fit. */
  readonly reductions: ReadonlyMap<string, readonly number[]>
  readonly distributions: ReadonlyMap<string, Distribution>
  readonly densities: readonly Density[]
  readonly random: RandomSource
  readonly seed: number
  /** Cells that are missing in the data are missing again. */
  readonly keepMissing: boolean
  readonly groupBy: string | null
}

/** @throws OptionError where the model cannot be run forwards from what is given */
export function simulate(request: SimulateRequest): Simulation {
  try {
    return simulated(request)
  } catch (e) {
    if (e instanceof OracleError) throw new OptionError(`the model cannot be simulated here: ${e.message}`)
    if (e instanceof RangeError)
      throw new OptionError('the model reads too long a chain of later values to be simulated')
    throw e
  }
}

function simulated(request: SimulateRequest): Simulation {
  const { model, set } = request
  const roles = dataRoles(model)
  const consts = new Map<string, Value>()
  for (const s of model.symbols)
    if (s.kind === 'const' && set.has(s.name)) consts.set(s.name, nestedValue(set.get(s.name)))
  const basis = withCopies(model, request.basis, roles, consts)
  const known = knownEnvironment(model, basis, consts)
  const kept = keptReductions(model, roles.drawn, known, request.reductions)
  const all: Values = new Map([...consts, ...kept.values])
  checkShapes(model, request.params, basisEnvironment(model, basis, consts))
  const drawn = drawAncestrally({
    model: kept.model,
    blank: blankArrays(model, basis, roles, consts),
    basis,
    consts: all,
    params: request.params,
    distributions: request.distributions,
    densities: request.densities,
    random: request.random,
  })
  const arrays = new Map<string, BoundArray>()
  const blank = blankArrays(model, basis, roles, consts)
  for (const s of model.symbols) {
    const array = s.kind === 'data' ? blank.get(s.name) : undefined
    if (s.kind !== 'data' || array === undefined) continue
    const category = s.type.support.kind === 'category'
    if (!roles.drawn.has(s.id)) {
      arrays.set(s.name, array)
      continue
    }
    const before = request.keepMissing ? (basis.arrays.get(s.name)?.values ?? null) : null
    const cells = flat(drawn.valueOf(s.id)).map((x, i) => {
      const was = before?.[i]
      return was !== undefined && (category ? was < 0 : Number.isNaN(was)) ? Number.NaN : x
    })
    const values = category ? Int32Array.from(cells, (x) => (Number.isNaN(x) ? -1 : x - 1)) : Float64Array.from(cells)
    const missing = missingCells(values)
    arrays.set(s.name, { ...array, values, missing, ...(s.type.optional ? { origins: [] } : {}) })
  }
  const { sizes, lengths, levels, columns } = basis
  const bound: BoundData = { sizes, lengths, levels, columns, arrays, warnings: [] }
  const latents = new Map(
    model.symbols.flatMap((s) => (s.kind === 'latent' ? [[s.name, drawn.valueOf(s.id)] as const] : [])),
  )
  return new Simulation({
    model,
    seed: request.seed,
    bound,
    drawn: roles.drawn,
    latents,
    groupBy: request.groupBy,
  })
}

function flat(value: DrawnValue): readonly number[] {
  if (value === null) return [Number.NaN]
  return typeof value === 'number' ? [value] : value.flatMap(flat)
}

/** A const or a param as nested numbers; truth values are 0 and 1. */
export function nestedValue(given: unknown): Value {
  if (Array.isArray(given)) return given.map(nestedValue)
  if (ArrayBuffer.isView(given) && 'length' in given) return Array.from(given as unknown as ArrayLike<number>)
  if (typeof given === 'boolean') return Number(given)
  const value = numberFromJson(given)
  if (value === undefined) throw new OptionError(`\`${String(given)}\` is not a number or an array of numbers`)
  return value
}

/** All data with its values; null where some is not given. */
function knownEnvironment(model: TypedModel, basis: Basis, consts: Values): Environment | null {
  if (!model.symbols.every((s) => s.kind !== 'data' || basis.arrays.has(s.name))) return null
  return { world: makeWorld(model, basis, consts), bound: new Map(), params: new Map(), lookup: () => Number.NaN }
}

/** A row of weight w stands for w rows: as many are drawn. */
function withCopies(model: TypedModel, basis: Basis, roles: DataRoles, consts: Values): Basis {
  let own: Basis = basis
  for (const s of model.statements) {
    if (s.kind !== 'for' || s.weight === null) continue
    const size = s.domain.kind === 'range' && s.domain.to.kind === 'ref' ? s.domain.to.symbol : null
    const column = s.weight.kind === 'ref' ? s.weight.symbol : null
    const known = knownEnvironment(model, own, consts)
    if (size === null || column === null || !roles.weights.has(column) || known === null) continue
    const rows: number[] = []
    for (const n of domainValues(s.domain, known))
      for (let left = copies(s.weight, n, bind(known, [[s.index, n]])); left > 0; left--) rows.push(n - 1)
    own = { ...own, ...takeRows(model, { ...own, warnings: [] }, size, rows) }
    if (otherLoops(model, column, s.index)) break
  }
  return own
}

function copies(weight: TExpr, n: number, env: Environment): number {
  const w = number(weight, env)
  if (!Number.isInteger(w) || w < 0)
    throw new OptionError(`the weight of row ${n} is ${w}: only whole numbers of copies of a row can be simulated`)
  return w
}

/** true where another loop has the same weights, whose rows are then copied already. */
function otherLoops(model: TypedModel, column: SymbolId, index: SymbolId): boolean {
  return model.statements.some(
    (s) => s.kind === 'for' && s.index !== index && s.weight?.kind === 'ref' && s.weight.symbol === column,
  )
}

/** @throws OptionError where a param is not given, or has another shape than the model says */
function checkShapes(model: TypedModel, params: Values, env: Environment): void {
  const missing = model.symbols.filter((s) => s.kind === 'param' && !params.has(s.name)).map((s) => `\`${s.name}\``)
  if (missing.length > 0)
    throw new OptionError(`values are needed for ${missing.join(', ')}: a model is simulated at given params`)
  for (const s of model.symbols) {
    const value = s.kind === 'param' ? params.get(s.name) : undefined
    if (s.kind !== 'param' || value === undefined) continue
    const dims = [...s.type.batch, ...s.type.core]
    const walk = (part: Value, path: readonly number[]): void => {
      const dim = dims[path.length]
      const at = path.length === 0 ? s.name : `${s.name}[${path.map((i) => i + 1).join(', ')}]`
      if (dim === undefined || typeof part === 'number') {
        if (dim === undefined && typeof part === 'number') {
          if (Number.isNaN(part)) throw new OptionError(`the value of ${at} is missing`)
          return
        }
        throw new OptionError(
          `the value of ${at} is ${dim === undefined ? 'an array' : 'a number'} where the model has ${dim === undefined ? 'a number' : 'an array'}`,
        )
      }
      if (dim.raggedBy === null) {
        const n = number(dim.size, env)
        if (n !== part.length)
          throw new OptionError(`the value of ${at} has ${part.length} elements, and the model says ${n}`)
      }
      part.forEach((p, i) => {
        walk(p, [...path, i])
      })
    }
    walk(value, [])
  }
}
