/** How the rows of a table lie in a buffer. */
import { idx, literal, sameExpr } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { k } from '../kernel/index.js'
import type { KExpr, SizeKey } from '../kernel/types.js'
import { extentOf, type Lowerer } from './lowerer.js'

/**
 * The size symbol of the lengths where the second loop runs to the length of the first one's sequence: such rows lie
 * flat, sequence after sequence, as ragged data does. Else null: one extent for each loop, padded where it varies.
 */
export function flatLengths(loops: readonly IndexVar[]): string | null {
  const [outer, inner] = loops
  if (outer === undefined || inner === undefined || literal(outer.from) !== 1 || literal(inner.from) !== 1) return null
  const { to } = inner
  const [at] = to.kind === 'ref' && to.space === 'size' ? to.index : []
  return to.kind === 'ref' && at !== undefined && sameExpr(at, idx(outer)) ? to.name : null
}

/** Extents of the rows of a table. */
export function rowShape(loops: readonly IndexVar[], lowerer: Lowerer): readonly SizeKey[] {
  const flat = flatLengths(loops)
  if (flat === null) return loops.map((l) => lowerer.size(extentOf(l)))
  const total: Expr = { kind: 'ref', space: 'size', name: `${flat}#total`, index: [] }
  return [lowerer.size(total), ...loops.slice(2).map((l) => lowerer.size(extentOf(l)))]
}

/** Where a row lies, from its 0-based position along each loop. */
export function rowAt(loops: readonly IndexVar[], positions: readonly KExpr[], lowerer: Lowerer): readonly KExpr[] {
  const flat = flatLengths(loops)
  const [outer, inner, ...rest] = positions
  if (flat === null || outer === undefined || inner === undefined) return positions
  return [k.add(k.load(lowerer.offsets(flat), outer), inner), ...rest]
}
