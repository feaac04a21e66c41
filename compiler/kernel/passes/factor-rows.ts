import type { Axis, Buffer, KernelOp, SizeKey } from '../types.js'
import { axesOf, expressionsOf } from '../visit.js'
import { costOf, extentOf } from './cost.js'
import { type DataArrays, DataCache } from './data-cache.js'
import { type RowColumn, takeRows } from './distinct-rows.js'
import { type Cells, Homogeneous } from './homogeneous.js'
import { type FactoredRows, type RowFactors, rowFactors } from './row-factors.js'
import { rowKey, rowStride } from './row-key.js'
import { type FoundRoles, rolesOf } from './row-roles.js'
import type { FewerRows, PassContext, RowProgram } from './types.js'

export type FactoredProgram = FewerRows<'factored'>

/** Factors pay where they have at most this share of the rows, */
export const WORTH_FACTORING = 0.25
/** and where those that no other pass has do not take longer than so many passes over the rows as they were written. */
const MOST_PASSES = 4

/**
 * The rows of triangular factors for those that enter all sums at most quadratically. With the key of a row fixed, let each
 * term of a sum be a polynomial of degree 2 or less in its cells x: a quadratic form q(1, x). Where RᵀR = Σ_n (1, x_n)ᵀ(1, x_n)
 * over the rows of one key,
 *
 *     Σ_n q(1, x_n) = Σ_i q(R_i),
 *
 * so that D cells leave D + 1 rows for each key. The column of R that stands for 1 is made part of all values
 * (`homogeneous.ts`): sums are the same up to rounding. Weights of rows are part of R.
 *
 * Golub and Van Loan, Matrix Computations, 4th ed., section 5.2. Page: docs/kernel-passes/factor-rows.md.
 */
export function factorRows(
  program: RowProgram,
  context: PassContext,
  data: DataArrays,
  cache: DataCache = new DataCache(),
  worth: number = WORTH_FACTORING,
): FactoredProgram {
  const declined = (why: string): FactoredProgram => ({ kind: 'declined', declined: why })
  const key = rowKey(program.rows, program.buffers, context.rows)
  if (key.kind === 'declined') return key
  const found = rolesOf(program.rows, program.buffers, context.rows, key.columns)
  if (found.kind === 'declined') return found
  const of = program.sizes.get(key.axis.size) ?? 0
  const columns: Column[] = []
  for (const id of key.columns) {
    const buffer = program.buffers.find((b) => b.id === id)
    const values = data.get(id)
    if (buffer === undefined || values === undefined) return declined(`${id} is not bound`)
    if (program.sizes.get(buffer.shape[0] ?? '') !== of) return declined(`${id} is not as long as its table`)
    columns.push({ id, buffer, values, stride: rowStride(buffer, program.sizes) })
  }
  const most = Math.floor(worth * of)
  const work = workOf(program.rows, program.sizes, key.axis)
  let last = 'there are no roles'
  for (const choice of found.choices) {
    const parts = partsOf(columns, choice)
    const made = factors(parts, of, most, work, cache)
    if (made.kind === 'factors') return written(program, context, key.axis, choice, parts, made, cache)
    last = made.declined
  }
  return declined(last)
}

interface Column extends RowColumn {
  readonly id: string
  readonly buffer: Buffer
}

interface Parts {
  readonly polynomial: readonly Column[]
  readonly key: readonly Column[]
  readonly holes: readonly Column[]
  readonly weight: Column | null
}

function partsOf(columns: readonly Column[], { roles, holes }: FoundRoles): Parts {
  const isOther = (id: string): boolean => !roles.polynomial.has(id) && !holes.has(id) && id !== roles.weight
  return {
    polynomial: columns.filter(({ id }) => roles.polynomial.has(id)),
    key: columns.filter(({ id }) => isOther(id)),
    holes: columns.filter(({ id }) => holes.has(id)),
    weight: columns.find(({ id }) => id === roles.weight) ?? null,
  }
}

/** `work`: of a pass for a row. */
function factors(parts: Parts, of: number, most: number, work: number, cache: DataCache): FactoredRows {
  const cells = parts.polynomial.reduce((sum, { stride }) => sum + stride, 0)
  const declined = (why: string): FactoredRows => ({ kind: 'declined', declined: why })
  if (cells + 1 > most) return declined(`factors of ${cells} columns have more than ${most} rows`)
  const { polynomial, key, holes, weight } = parts
  const lists = [polynomial, key, holes, weight === null ? [] : [weight]]
  const name = `factors of ${of}, ${most} at most: ${lists.map((list) => list.map(({ id }) => id).join()).join('; ')}`
  const from = lists.flat().map(({ values }) => values)
  if (2 * cells * cells > MOST_PASSES * work && !cache.has(name, from))
    return declined(`a factor of ${cells} columns costs more than ${MOST_PASSES} passes`)
  return cache.made(name, from, () => rowFactors({ ...parts, weight: weight?.values ?? null }, of, most))
}

/** The program over the rows of the factors. */
function written(
  program: RowProgram,
  context: PassContext,
  rows: Axis,
  { roles, degrees }: FoundRoles,
  parts: Parts,
  made: RowFactors,
  cache: DataCache,
): FactoredProgram {
  const added = new Added(context.fresh(`factors of ${context.rows.table}`), context)
  const unit = added.data('unit', made.unit)
  const square = added.data('unit squared', made.square)
  const own = parts.polynomial.map(({ id, buffer }, i): readonly [string, Cells] => {
    const like = { ...buffer, type: 'f64' as const }
    const rows = added.data(`factor ${id}`, made.own[i], like, context.isComplete(id))
    return [id, { own: rows, centre: added.data(`centre ${id}`, made.centre[i], like) }]
  })
  const taken = [...parts.key, ...parts.holes].map((column): readonly [string, string] => {
    const values = cache.made(`rows ${column.id}`, [column.values, made.like], () => takeRows(column, made.like))
    return [column.id, added.data(`factored ${column.id}`, values, column.buffer, context.isComplete(column.id))]
  })
  const axis = { ...rows, size: added.size }
  const writer = new Homogeneous(degrees, { axis, roles, cells: new Map(own), key: new Map(taken), unit, square })
  const sizes = new Map(program.sizes).set(added.size, made.rows)
  const resized = (b: Buffer): Buffer =>
    b.space === 'scratch' && b.rows === context.rows.table ? { ...b, shape: [added.size, ...b.shape.slice(1)] } : b
  return {
    kind: 'factored',
    program: {
      ...program,
      rows: program.rows.map((op) => writer.op(op)),
      sizes,
      buffers: [...program.buffers.map(resized), ...added.buffers],
    },
    context: {
      rows: { ...context.rows, size: added.size },
      sizes: new Map(context.sizes).set(added.size, made.rows),
      fresh: (prefix) => context.fresh(prefix),
      isComplete: (buffer) => added.complete.get(buffer) ?? context.isComplete(buffer),
    },
    data: added.arrays,
    rows: made.rows,
    of: program.sizes.get(rows.size) ?? 0,
  }
}

/** Data with a row for each of the factors. */
class Added {
  readonly buffers: Buffer[] = []
  readonly arrays = new Map<string, Float64Array | Int32Array>()
  readonly complete = new Map<string, boolean>()

  constructor(
    readonly size: SizeKey,
    private readonly context: PassContext,
  ) {}

  data(
    prefix: string,
    values: Float64Array | Int32Array = new Float64Array(0),
    like?: Buffer,
    complete = true,
  ): string {
    const id = this.context.fresh(prefix)
    this.arrays.set(id, values)
    this.complete.set(id, complete)
    this.buffers.push({
      id,
      space: 'data',
      type: like?.type ?? 'f64',
      shape: [this.size, ...(like?.shape.slice(1) ?? [])],
    })
    return id
  }
}

/** Additions and multiplications for a row, as it is written. */
function workOf(ops: readonly KernelOp[], sizes: ReadonlyMap<SizeKey, number>, rows: Axis): number {
  return ops.reduce((sum, op) => {
    const loops = axesOf(op).filter((axis) => axis.id !== rows.id)
    const own = expressionsOf(op).reduce((cost, expr) => cost + 1 + costOf(expr, sizes), 0)
    const inside = op.op === 'scan' || op.op === 'repeat' ? workOf(op.step, sizes, rows) : 0
    const order = op.op === 'small' ? (sizes.get(op.order) ?? 1) ** 2 : 1
    return sum + extentOf(loops, sizes) * (order * own + inside)
  }, 0)
}
