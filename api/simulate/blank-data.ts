/** Data of the right sizes in which everything that is to be drawn is missing. */
import type { DataSymbol, Dim, ModelSymbol, SizeSymbol, SymbolId, TypedModel } from '../../lang/typed/types.js'
import { densities } from '../../oracle/densities/index.js'
import { type Environment, evaluate } from '../../oracle/evaluate.js'
import { OracleError, type Values } from '../../oracle/types.js'
import type { World } from '../../oracle/world.js'
import type { BoundArray } from '../../runtime/data/types.js'
import { OptionError } from '../errors.js'
import type { DataRoles } from './roles.js'

/** What is known before anything is drawn. */
export interface Basis {
  readonly sizes: ReadonlyMap<string, number>
  readonly lengths: ReadonlyMap<string, Int32Array>
  readonly levels: ReadonlyMap<string, readonly (readonly string[])[]>
  /** Data that is given; of data that is drawn, what it was: its missing cells, totals and limits. */
  readonly arrays: ReadonlyMap<string, BoundArray>
  readonly columns: ReadonlyMap<string, readonly string[]>
}

/** An environment in which sizes and consts have values, and data as far as it is given. */
export function basisEnvironment(model: TypedModel, basis: Basis, consts: Values): Environment {
  const world: World = {
    symbols: new Map(model.symbols.map((s) => [s.id, s])),
    data: { sizes: basis.sizes, lengths: basis.lengths, levels: basis.levels, arrays: basis.arrays },
    consts,
    densities,
    stored: new Map(),
    cells: [],
  }
  return { world, bound: new Map(), params: new Map(), lookup: () => Number.NaN }
}

/** Every array of the model: drawn ones missing throughout, weights 1, the others as they are given. */
export function blankArrays(
  model: TypedModel,
  basis: Basis,
  roles: DataRoles,
  consts: Values,
): ReadonlyMap<string, BoundArray> {
  const env = basisEnvironment(model, basis, consts)
  const arrays = new Map<string, BoundArray>()
  const wanting: string[] = []
  for (const s of model.symbols) {
    if (s.kind !== 'data') continue
    const given = basis.arrays.get(s.name)
    const fill = roles.drawn.has(s.id) ? Number.NaN : roles.weights.has(s.id) ? 1 : null
    if (fill === null && given === undefined) wanting.push(`\`${s.name}\``)
    else if (fill === null && given !== undefined) arrays.set(s.name, given)
    else arrays.set(s.name, filled(s, given ?? null, fill ?? Number.NaN, env))
  }
  if (wanting.length > 0)
    throw new OptionError(
      `the model does not draw ${wanting.join(', ')}: it takes ${wanting.length === 1 ? 'it' : 'them'} as given; ` +
        'give the data with --data FILE',
    )
  return arrays
}

function filled(s: DataSymbol, given: BoundArray | null, value: number, env: Environment): BoundArray {
  const { shape, offsets } = given ?? shapeOf(s, env)
  const length = (offsets === null ? shape : shape.slice(1)).reduce((a, b) => a * b, 1)
  return { name: s.name, values: new Float64Array(length).fill(value), shape, offsets, missing: 0 }
}

function shapeOf(s: DataSymbol, env: Environment): Pick<BoundArray, 'shape' | 'offsets'> {
  const dims = [...s.type.batch, ...s.type.core]
  let offsets: Int32Array | null = null
  const shape = dims.map((dim) => {
    if (dim.raggedBy === null) return extent(dim, s, env)
    const size = sizeSymbol(dim, env.world.symbols)
    const lengths = size === null ? undefined : env.world.data.lengths.get(size.name)
    if (lengths === undefined)
      throw new OptionError(
        `the lengths of the sequences of \`${s.name}\` are not known: ${size === null ? 'give its data' : `say --size ${size.name}=50, or ${size.name}=[20, 30] for each`}`,
      )
    const ends = [0]
    for (const n of Array.from(lengths)) ends.push((ends.at(-1) ?? 0) + n)
    offsets = Int32Array.from(ends)
    return ends.at(-1) ?? 0
  })
  return { shape, offsets }
}

function extent(dim: Dim, s: DataSymbol, env: Environment): number {
  const size = sizeSymbol(dim, env.world.symbols)
  if (size?.origin === 'dimension' && size.rank === 0 && !env.world.data.sizes.has(size.name))
    throw new OptionError(`how large is \`${size.name}\`? say --size ${size.name}=500, or give data with --data FILE`)
  try {
    const n = evaluate(dim.size, env)
    if (typeof n === 'number' && Number.isInteger(n) && n >= 0) return n
  } catch (e) {
    if (!(e instanceof OracleError)) throw e
  }
  throw new OptionError(`the size of \`${s.name}\` is not known: give data with --data FILE`)
}

function sizeSymbol(dim: Dim, symbols: ReadonlyMap<SymbolId, ModelSymbol>): SizeSymbol | null {
  const s = dim.size.kind === 'ref' ? symbols.get(dim.size.symbol) : undefined
  return s?.kind === 'size' ? s : null
}
