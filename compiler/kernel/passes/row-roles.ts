import type { Buffer, KExpr, KernelOp } from '../types.js'
import { axesOf, childrenOf, expressionsOf } from '../visit.js'
import { Degrees, isRowIndex, NoPolynomial, type RowRoles } from './degrees.js'

export interface FoundRoles {
  readonly kind: 'roles'
  readonly roles: RowRoles
  readonly degrees: Degrees
  /** Columns of which nothing is asked but which cells are missing. */
  readonly holes: ReadonlySet<string>
}

export type ManyRoles =
  | { readonly kind: 'roles'; readonly choices: readonly FoundRoles[] }
  | { readonly kind: 'declined'; readonly declined: string }

interface Rows {
  readonly table: string
  readonly axis: string
}

/** Sets of columns that are looked at. */
const MOST_TRIED = 24

/**
 * Roles of the columns of a row with which all terms of sums have degree 2 or less. A column is polynomial unless
 * something that depends on it has to be the same in all rows of a key. Where there is a product of three, one of them that
 * multiplies all that a row adds to sums is its weight; else one belongs to the key, and there is a choice for each.
 */
export function rolesOf(
  ops: readonly KernelOp[],
  buffers: readonly Buffer[],
  rows: Rows,
  columns: readonly string[],
): ManyRoles {
  const byId = new Map(buffers.map((b) => [b.id, b]))
  const read = readBeyondHoles(ops, rows.axis)
  const holes = new Set(columns.filter((id) => !read.has(id)))
  const find = (from: ReadonlySet<string>, weight: string | null): Found =>
    withoutConstants(ops, byId, rows, from, holes, weight)
  const choices: FoundRoles[] = []
  let declined: string | null = null
  const queue: ReadonlySet<string>[] = [new Set(columns)]
  const seen = new Set<string>()
  for (let at = 0; at < queue.length && at < MOST_TRIED; at++) {
    const candidates = queue[at] ?? new Set<string>()
    const plain = find(candidates, null)
    if (plain.kind === 'roles') choices.push(plain)
    if (plain.kind !== 'none') continue
    declined ??= plain.error.message
    const involved = [...plain.error.from]
    const weighted = involved
      .filter((id) => byId.get(id)?.shape.length === 1)
      .map((weight) => find(without(candidates, [weight]), weight))
      .find((found) => found.kind === 'roles')
    if (weighted?.kind === 'roles') choices.push(weighted)
    else if (plain.error.why !== 'degree') continue
    else
      for (const id of involved) {
        const rest = without(candidates, [id])
        if (!seen.has([...rest].join())) queue.push(rest)
        seen.add([...rest].join())
      }
  }
  if (choices.length > 0) return { kind: 'roles', choices }
  return { kind: 'declined', declined: declined ?? 'no sum is a polynomial of a column' }
}

type Found = FoundRoles | { readonly kind: 'none'; readonly error: NoPolynomial }

/** The columns that are polynomial, of those that may be: without those that something has to be the same for. */
function withoutConstants(
  ops: readonly KernelOp[],
  buffers: ReadonlyMap<string, Buffer>,
  rows: Rows,
  from: ReadonlySet<string>,
  holes: ReadonlySet<string>,
  weight: string | null,
): Found {
  let polynomial = from
  for (;;) {
    try {
      const degrees = new Degrees(ops, buffers, rows, { polynomial, weight })
      const left = without(polynomial, holes)
      if (left.size > 0) return { kind: 'roles', roles: { polynomial: left, weight }, degrees, holes }
      const error = new NoPolynomial('no sum is a polynomial of a column', 'constant', new Set())
      return { kind: 'none', error }
    } catch (error) {
      if (!(error instanceof NoPolynomial)) throw error
      const left = without(polynomial, error.from)
      const isLast = ![...left].some((id) => !holes.has(id))
      if (error.why !== 'constant' || isLast || (weight !== null && error.from.has(weight)))
        return { kind: 'none', error }
      polynomial = left
    }
  }
}

const without = (ids: ReadonlySet<string>, gone: Iterable<string>): ReadonlySet<string> => {
  const left = new Set(ids)
  for (const id of gone) left.delete(id)
  return left
}

/** Columns that are read at the row for more than whether a cell is missing. */
function readBeyondHoles(ops: readonly KernelOp[], axis: string): ReadonlySet<string> {
  const read = new Set<string>()
  const visit = (expr: KExpr): void => {
    if (expr.k === 'load' && isRowIndex(expr.at, axis)) read.add(expr.buffer)
    if (expr.k === 'reduce' && expr.axis.ragged !== undefined) read.add(expr.axis.ragged.sizes)
    const [only] = childrenOf(expr)
    const isHole = expr.k === 'call' && expr.fn === 'isNaN' && only?.k === 'load' && isRowIndex(only.at, axis)
    for (const part of isHole ? only.at : childrenOf(expr)) visit(part)
  }
  const all = (op: KernelOp): void => {
    for (const expr of expressionsOf(op)) visit(expr)
    for (const { ragged } of axesOf(op)) if (ragged !== undefined) read.add(ragged.sizes)
    if (op.op === 'gather') read.add(op.from)
    if (op.op === 'small') for (const id of [op.matrix, op.rightHandSide]) if (id !== undefined) read.add(id)
    if (op.op === 'scan' || op.op === 'repeat') for (const step of op.step) all(step)
  }
  for (const op of ops) all(op)
  return read
}
