/** What a simulation begins from: sizes, levels and given data, out of a fit, of data, of params and of what is asked for. */
import type { ArrayType, ModelSymbol, SizeSymbol, SymbolId, TypedModel } from '../../lang/typed/types.js'
import type { Value, Values } from '../../oracle/types.js'
import { type BindOptions, bindData } from '../../runtime/data/bind.js'
import { didYouMean } from '../../runtime/data/nearest-name.js'
import { dataCodes } from '../../runtime/data/problems.js'
import type { BoundData, DataDeclaration, Table } from '../../runtime/data/types.js'
import { DataError, OptionError } from '../errors.js'
import type { Basis } from './blank-data.js'
import type { DataRoles } from './roles.js'

/** Sizes by name; of a ragged length one number for all sequences, or one for each. */
export type SizeRequest = ReadonlyMap<string, number | readonly number[]>

export interface BasisRequest {
  readonly model: TypedModel
  readonly roles: DataRoles
  readonly declarations: readonly DataDeclaration[]
  /** Empty where there is no data. */
  readonly tables: readonly Table[]
  readonly binding: BindOptions
  /** Sizes of the fit; empty without one. */
  readonly fitted: ReadonlyMap<string, number>
  readonly params: Values
  readonly sizes: SizeRequest
}

export function basisOf(request: BasisRequest): Basis {
  const { model, params } = request
  const symbols = new Map(model.symbols.map((s) => [s.id, s]))
  const named = new Map(model.symbols.flatMap((s) => (s.kind === 'size' ? [[s.name, s] as const] : [])))
  const bound = boundData(request)
  const inParams = sizesOfParams(model, symbols, params)
  const levels = new Map([...inParams.levels, ...(request.binding.frozenLevels ?? []), ...(bound?.levels ?? [])])
  const sizes = new Map<string, number>()
  for (const [name, n] of request.fitted) if (named.has(name)) sizes.set(name, n)
  for (const [name, n] of [...inParams.sizes, ...(bound?.sizes ?? [])]) sizes.set(name, n)
  const lengths = new Map(bound?.lengths ?? [])
  for (const [name, asked] of request.sizes) {
    const size = named.get(name)
    if (size === undefined) throw new OptionError(noSuchSize(name, [...named.keys()]))
    const fixed = size.origin === 'length' ? undefined : (inParams.sizes.get(name) ?? bound?.sizes.get(name))
    if (size.origin === 'length' || size.rank === 1) {
      if (lengths.has(name)) throw new OptionError(`the data says what \`${name}\` is: leave it out of the sizes`)
      continue
    }
    if (typeof asked !== 'number') throw new OptionError(`the size \`${name}\` is one number`)
    if (fixed !== undefined && fixed !== asked)
      throw new OptionError(
        `\`${name}\` cannot be ${asked}: it is ${fixed} in the ${inParams.sizes.has(name) ? 'params' : 'data'}`,
      )
    sizes.set(name, asked)
  }
  for (const [name, lists] of levels) if (lists.length === 1) sizes.set(name, lists[0]?.length ?? 0)
  for (const [name, asked] of request.sizes) {
    const size = named.get(name)
    if (size !== undefined && (size.origin === 'length' || size.rank === 1))
      lengths.set(name, lengthsOf(size, asked, sizes, model))
  }
  const columns = new Map([...(request.binding.columns ?? []), ...(bound?.columns ?? [])])
  return { sizes, lengths, levels, arrays: bound?.arrays ?? new Map(), columns }
}

/** Data as it is given; where columns of what is to be drawn are not there, the rest of it. */
function boundData({ declarations, tables, binding, roles, model }: BasisRequest): BoundData | null {
  const set = binding.set ?? new Map()
  const drawn = new Set(
    model.symbols.flatMap((s) => (roles.drawn.has(s.id) || roles.weights.has(s.id) ? [s.name] : [])),
  )
  const wanted = tables.length > 0 ? declarations : declarations.filter((d) => set.has(d.name))
  if (wanted.length === 0) return null
  const all = bindData(wanted, tables, binding)
  if (all.value !== undefined) return all.value
  const absent: readonly string[] = [dataCodes.noColumn, dataCodes.whichColumns, dataCodes.columnCount]
  if (!all.problems.some((p) => absent.includes(p.code))) throw new DataError(all.problems)
  const columns = new Map([...(binding.columns ?? [])].filter(([name]) => !drawn.has(name)))
  const rest = bindData(
    wanted.filter((d) => !drawn.has(d.name)),
    tables,
    { ...binding, columns },
  )
  if (rest.value === undefined) throw new DataError(rest.problems)
  return rest.value
}

function lengthsOf(
  size: SizeSymbol,
  asked: number | readonly number[],
  sizes: ReadonlyMap<string, number>,
  model: TypedModel,
): Int32Array {
  if (typeof asked !== 'number') return Int32Array.from(asked)
  const sequences = sequencesOf(size, model)
  const count = sequences === null ? undefined : sizes.get(sequences)
  if (count === undefined)
    throw new OptionError(
      `how many sequences are there? say --size ${sequences ?? 'R'}=10 beside ${size.name}=${asked}`,
    )
  return new Int32Array(count).fill(asked)
}

/** Name of the size that counts the sequences with these lengths. */
function sequencesOf(size: SizeSymbol, model: TypedModel): string | null {
  for (const s of model.symbols) {
    if (s.kind !== 'data') continue
    const dims = [...s.type.batch, ...s.type.core]
    const own = dims.find((d) => d.raggedBy !== null && d.size.kind === 'ref' && d.size.symbol === size.id)
    const outer = own === undefined ? undefined : dims[own.raggedBy ?? 0]?.size
    if (outer?.kind !== 'ref') continue
    const symbol = model.symbols.find((x) => x.id === outer.symbol)
    return symbol?.name ?? null
  }
  return null
}

interface Found {
  readonly sizes: Map<string, number>
  readonly levels: Map<string, readonly (readonly string[])[]>
}

/** Sizes that the values of params have; levels are numbered where nothing else names them. */
function sizesOfParams(model: TypedModel, symbols: ReadonlyMap<SymbolId, ModelSymbol>, params: Values): Found {
  const found: Found = { sizes: new Map(), levels: new Map() }
  for (const s of model.symbols) {
    const value = s.kind === 'param' ? params.get(s.name) : undefined
    if (s.kind === 'param' && value !== undefined) visit(s.type, value, symbols, found)
  }
  return found
}

function visit(type: ArrayType, value: Value, symbols: ReadonlyMap<SymbolId, ModelSymbol>, found: Found): void {
  const dims = [...type.batch, ...type.core]
  const walk = (part: Value, path: readonly number[]): void => {
    const dim = dims[path.length]
    if (dim === undefined || typeof part === 'number') return
    const size = dim.size.kind === 'ref' ? symbols.get(dim.size.symbol) : undefined
    if (size?.kind === 'size') {
      if (size.origin === 'levels') {
        const list = part.map((_, i) => String(i + 1))
        const lists = [...(found.levels.get(size.name) ?? [])]
        lists[size.rank === 0 ? 0 : (path[dim.raggedBy ?? 0] ?? 0)] = list
        found.levels.set(size.name, lists)
      } else if (size.rank === 0) found.sizes.set(size.name, part.length)
    }
    part.forEach((p, i) => {
      walk(p, [...path, i])
    })
  }
  walk(value, [])
}

function noSuchSize(name: string, known: readonly string[]): string {
  const list =
    known.length === 0 ? 'the model has no sizes' : `the model has ${known.map((n) => `\`${n}\``).join(', ')}`
  return `there is no size \`${name}\`: ${didYouMean(name, known) ?? list}`
}
