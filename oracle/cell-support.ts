/** Where the value of a cell may lie, given the cells it depends on. */
import { asNumber, at, rank } from './arrays.js'
import type { Support } from './densities/types.js'
import type { Definition, Ground, Lookup } from './ground-types.js'
import { lawAt, lawSupport } from './law.js'
import { type Cell, isCell, isList, type Stored } from './stored.js'
import { OracleError, type Values } from './types.js'
import { symbolOf } from './world.js'

export type CellSupport =
  | { readonly kind: 'interval' | 'integers'; readonly low: number; readonly high: number }
  | { readonly kind: 'point'; readonly value: number }
  /** Element `position` (from 0) of a point on the simplex. */
  | { readonly kind: 'simplex'; readonly point: readonly Cell[]; readonly position: number }
  /** Declared inside an `if` that does not hold: there is no such latent. */
  | { readonly kind: 'absent' }

const REALS: CellSupport = { kind: 'interval', low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }

export function activeDefinition(ground: Ground, cell: Cell, params: Values, lookup: Lookup): Definition | null {
  const active = (ground.definitions.get(cell.id) ?? []).filter((d) => d.factor.active(params, lookup))
  return active[0] ?? null
}

export function cellSupport(ground: Ground, cell: Cell, params: Values, lookup: Lookup): CellSupport {
  const definition = activeDefinition(ground, cell, params, lookup)
  if (definition === null) return { kind: 'absent' }
  const { path } = definition
  const support = lawSupport(lawAt(definition.law(params, lookup), path)) ?? declaredSupport(ground, cell)
  switch (support.kind) {
    case 'interval':
    case 'integers':
      return support
    case 'point': {
      const value = rank(support.value) === 0 ? support.value : at(support.value as readonly number[], path.at(-1) ?? 0)
      return { kind: 'point', value: asNumber(value) }
    }
    case 'reals':
      return REALS
    case 'counts':
      return { kind: 'integers', low: 0, high: Number.POSITIVE_INFINITY }
    case 'simplex':
      return { kind: 'simplex', point: siblings(definition), position: path.at(-1) ?? 0 }
    case 'matrices':
      throw new OracleError(`latent matrices such as ${cell.name} are not integrated`)
  }
}

/** The cells of the vector that a cell is an element of. */
function siblings(definition: Definition): readonly Cell[] {
  let stored: Stored = definition.target
  for (const i of definition.path.slice(0, -1)) stored = isList(stored) ? at(stored, i) : stored
  const list = isList(stored) ? stored : []
  if (!list.every(isCell)) throw new OracleError(`${definition.cell.name} is a partly known point on the simplex`)
  return list.filter(isCell)
}

/** The support a latent was declared with, for a density written out by the user. */
function declaredSupport(ground: Ground, cell: Cell): Support {
  const symbol = symbolOf(ground.world, cell.symbol)
  if (symbol.kind !== 'latent' && symbol.kind !== 'data') throw new OracleError('a cell is neither latent nor data')
  switch (symbol.type.support.kind) {
    case 'positive':
    case 'nonnegative':
      return { kind: 'interval', low: 0, high: Number.POSITIVE_INFINITY }
    case 'unit':
      return { kind: 'interval', low: 0, high: 1 }
    case 'bool':
      return { kind: 'integers', low: 0, high: 1 }
    case 'count':
      return { kind: 'integers', low: 0, high: Number.POSITIVE_INFINITY }
    case 'real':
      return { kind: 'interval', low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
    default:
      throw new OracleError(`the range of ${cell.name} is not known under a Custom density`)
  }
}
