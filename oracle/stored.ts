/**
 * Data and latents in one form: nested arrays whose leaves are numbers or cells. A cell stands for a number that is not
 * known: one element of a latent, or one missing cell of a data array.
 */
import type { SymbolId } from '../lang/typed/types.js'
import { OracleError, type Value } from './types.js'

export interface Cell {
  /** Position in an assignment. */
  readonly id: number
  readonly symbol: SymbolId
  readonly name: string
  /** From 1, one per dimension. */
  readonly indices: readonly number[]
}

/** null: no such element (a latent that is not declared at this index). */
export type Stored = number | Cell | null | readonly Stored[]

/** A subscript with its value: one index from 1, all, or a range with both ends. `any`: an index that is not known yet. */
export type Index =
  | { readonly kind: 'at'; readonly index: number }
  | { readonly kind: 'any' | 'all' }
  | { readonly kind: 'slice'; readonly from: number | null; readonly to: number | null }

export function isList(stored: Stored): stored is readonly Stored[] {
  return Array.isArray(stored)
}

export function isCell(stored: Stored): stored is Cell {
  return stored !== null && typeof stored === 'object' && !isList(stored)
}

export function cellName(cell: Cell): string {
  return cell.indices.length === 0 ? cell.name : `${cell.name}[${cell.indices.join(', ')}]`
}

/** What the subscripts pick; an `any` dimension is kept whole. */
export function select(stored: Stored, subscripts: readonly Index[]): Stored {
  const [first, ...rest] = subscripts
  if (first === undefined) return stored
  if (!isList(stored)) {
    if (stored === null) return null
    throw new OracleError('more subscripts than dimensions')
  }
  if (first.kind === 'at') return select(element(stored, first.index), rest)
  const part = first.kind === 'slice' ? stored.slice((first.from ?? 1) - 1, first.to ?? stored.length) : stored
  return part.map((s) => select(s, rest))
}

function element(list: readonly Stored[], index: number): Stored {
  const found = list[index - 1]
  if (found === undefined) throw new OracleError(`index ${index} is outside 1..${list.length}`)
  return found
}

/** All cells, in order. */
export function cellsIn(stored: Stored): Cell[] {
  if (isList(stored)) return stored.flatMap(cellsIn)
  return isCell(stored) ? [stored] : []
}

/** Numbers for cells. */
export function resolve(stored: Stored, lookup: (cell: Cell) => number): Value {
  if (typeof stored === 'number') return stored
  if (isList(stored)) return stored.map((s) => resolve(s, lookup))
  if (stored === null) throw new OracleError('a latent is read where it is not declared')
  return lookup(stored)
}
