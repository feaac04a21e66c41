/** Sums of logs that are exponentiated at once as products of probabilities. */
import * as k from '../build.js'
import { printKernelExpr } from '../print.js'
import type { Axis, KExpr, KernelOp } from '../types.js'
import { buffersReadByOp, buffersWritten } from '../visit.js'
import type { Additions } from './additions.js'
import type { TableKeys } from './keyed-items.js'
import { lookUp, type PackedSum, packedValue } from './pack-terms.js'
import type { PassContext } from './types.js'

type MapOp = KernelOp & { readonly op: 'map' }
type ReduceOp = KernelOp & { readonly op: 'reduce' }

/**
 * A packed sum ψ whose only uses are m = log Σ_k exp ψ and maps of exp(ψ − m): by position in the list of operations.
 */
export interface ProbabilityForm {
  readonly sum: number
  readonly total: { readonly at: number; readonly op: ReduceOp }
  readonly shares: readonly { readonly at: number; readonly op: MapOp; readonly least: number | null }[]
}

/** Where ψ of the packed sum at position `at` is used in no other way; null where it is. */
export function probabilityForm(ops: readonly KernelOp[], at: number, packed: PackedSum): ProbabilityForm | null {
  if (packed.rest.length > 0) return null
  const psi = packed.sum.op.out
  const own = packed.sum.op.at.map((index) => (index.k === 'axis' ? index.axis : null))
  if (own.includes(null) || new Set(own).size < own.length) return null
  if (ops.filter((op) => buffersWritten(op).has(psi)).length > 1) return null
  const readers = ops.flatMap((op, i) => (buffersReadByOp(op).has(psi) ? [{ op, at: i }] : []))
  const [first, ...others] = readers
  if (first === undefined || first.at < at || first.op.op !== 'reduce' || first.op.kind !== 'logSumExp') return null
  const total = first.op
  if (!isPsi(total.value, [...total.axes, ...total.over], packed)) return null
  if (ops.filter((op) => buffersWritten(op).has(total.out)).length > 1) return null
  const shares = others.flatMap(({ op, at }) => {
    const share = op.op === 'map' ? shareOf(op, packed, total) : null
    return share === null || op.op !== 'map' ? [] : [{ at, op, least: share.least }]
  })
  return shares.length === others.length ? { sum: at, total: { at: first.at, op: total }, shares } : null
}

/** A load of ψ at the row and at one axis for each of its others. */
function isPsi(expr: KExpr, axes: readonly Axis[], { sum }: PackedSum): expr is KExpr & { readonly k: 'load' } {
  if (expr.k !== 'load' || expr.buffer !== sum.op.out) return false
  const ids = expr.at.map((index) => (index.k === 'axis' ? index.axis : null))
  if (ids[0] !== sum.row.id || new Set(ids).size !== ids.length) return false
  return ids.every((id) => axes.some((axis) => axis.id === id && axis.ragged === undefined))
}

/** exp(ψ − m), or the same where ψ > m + `least` and else 0. */
function shareOf(op: MapOp, packed: PackedSum, total: ReduceOp): { readonly least: number | null } | null {
  const { value } = op
  const [share, when] =
    value.k === 'select' && value.otherwise.k === 'num' && value.otherwise.value === 0
      ? [value.then, value.when]
      : [value, null]
  if (share.k !== 'call' || share.fn !== 'exp') return null
  const [difference] = share.args
  if (difference?.k !== 'sub' || !isPsi(difference.left, op.axes, packed)) return null
  const { left, right } = difference
  if (right.k !== 'load' || right.buffer !== total.out) return null
  // m is that of the same element: the axes of ψ that the maximum does not run over
  const names = new Map(
    total.value.k === 'load'
      ? total.value.at.map((index, i) => [index.k === 'axis' ? index.axis : '', left.at[i]] as const)
      : [],
  )
  const own = total.at.map((index) => (index.k === 'axis' ? names.get(index.axis) : undefined))
  if (own.length !== right.at.length) return null
  if (own.some((index, i) => index === undefined || !isSame(index, right.at[i]))) return null
  if (when === null) return { least: null }
  if (when.k !== 'compare' || when.operator !== '>' || !isSame(when.left, left)) return null
  const bound = when.right
  if (bound.k !== 'add' || bound.args.length !== 2 || !isSame(right, bound.args[0])) return null
  const [, least] = bound.args
  return least?.k === 'num' ? { least: least.value } : null
}

function isSame(a: KExpr, b: KExpr | undefined): boolean {
  return b !== undefined && printKernelExpr(a) === printKernelExpr(b)
}

/**
 * Below this, products of probabilities have lost digits to underflow, or all of them. A term that is lost is below
 * 1e-307, a share of 1e-107 of a larger total.
 */
const LEAST_TOTAL = 1e-200

/**
 * p = Π_g t_g[key_g, k] with tables t_g = exp(log t_g − M_g), M_g the largest element, so that no factor is above 1 and no
 * product of some of them below that of all. Then m = log Σ_k p + Σ_g M_g and exp(ψ − m) = p / Σ_k p.
 *
 * Where Σ_k p is so small that products have underflown (or is NaN), the row is done in logs: p becomes exp(ψ − m) and
 * Σ_k p becomes 1. One test for each block decides whether there are such rows.
 */
export function inProbabilities(
  form: ProbabilityForm,
  packed: PackedSum,
  keys: TableKeys,
  adds: Additions,
  context: PassContext,
): ReadonlyMap<number, readonly KernelOp[]> {
  const { sum } = packed
  const { op: reduce } = form.total
  const { row } = sum
  const tables = packed.tables.map((logs) => {
    const most = adds.table('largest', 'derived', [])
    const table = adds.table('table', 'derived', logs.shape)
    const axes = [keys.entry(logs.group), ...sum.axes]
    const value = k.load(logs.table, ...axes.map((axis) => k.axis(axis)))
    adds.prelude.push({ op: 'reduce', kind: 'max', out: most, axes: [], over: axes, at: [], value })
    // all impossible: nothing to divide by
    const finite = k.select(k.compare('>', k.load(most), k.num(Number.NEGATIVE_INFINITY)), k.load(most), k.num(0))
    adds.prelude.push(k.mapOver(most, [], finite))
    adds.prelude.push(k.mapOver(table, axes, k.call('exp', k.sub(value, k.load(most)))))
    return { ...logs, table, most }
  })
  const shift = adds.table('shift', 'derived', [])
  adds.prelude.push(k.mapOver(shift, [], k.add(...tables.map(({ most }) => k.load(most)))))
  const extents = shapeAt(sum.op.at, sum, context)
  const totals = shapeAt(reduce.at, { axes: [...reduce.axes, ...reduce.over], row }, context)
  const products = adds.scratch('product', extents)
  const total = adds.scratch('total', totals)
  const scale = adds.scratch('inverse total', totals)
  const exact = adds.scratch('log total', totals)
  const open = adds.scratch('underflown', [])

  const sumAxes = reduce.axes
  const totalAt = k.load(total, ...reduce.at)
  const isSound = k.compare('>=', totalAt, k.num(LEAST_TOTAL))
  const psi = reduce.value.k === 'load' ? reduce.value.at : []
  const inLogs: KernelOp[] = [
    { ...sum.op, value: packedValue(packed, keys) },
    { ...reduce, out: exact },
    {
      op: 'map',
      out: products,
      axes: [...reduce.axes, ...reduce.over],
      at: psi,
      value: k.select(
        isSound,
        k.load(products, ...psi),
        k.select(
          k.compare('>', reduce.value, k.add(k.load(exact, ...reduce.at), k.num(-300))),
          k.call('exp', k.sub(reduce.value, k.load(exact, ...reduce.at))),
          k.num(0),
        ),
      ),
    },
    {
      op: 'map',
      out: reduce.out,
      axes: sumAxes,
      at: reduce.at,
      value: k.select(isSound, k.load(reduce.out, ...reduce.at), k.load(exact, ...reduce.at)),
    },
    { op: 'map', out: total, axes: sumAxes, at: reduce.at, value: k.select(isSound, totalAt, k.num(1)) },
    { op: 'fill', out: open, value: 0 },
  ]
  const factors = tables.map(({ table, group }) => lookUp(table, group, sum, keys))
  const out = new Map<number, readonly KernelOp[]>()
  out.set(form.sum, [{ ...sum.op, out: products, value: k.mul(...factors) }])
  out.set(form.total.at, [
    { ...reduce, kind: 'sum', out: total, value: k.load(products, ...psi) },
    {
      op: 'map',
      out: reduce.out,
      axes: sumAxes,
      at: reduce.at,
      value: k.add(k.call('log', totalAt), k.load(shift)),
    },
    { op: 'fill', out: open, value: 0 },
    { op: 'scatterAdd', out: open, axes: sumAxes, at: [], value: k.not(isSound) },
    { op: 'repeat', times: 1, until: open, step: inLogs },
    { op: 'map', out: scale, axes: sumAxes, at: reduce.at, value: k.div(k.num(1), totalAt) },
  ])
  for (const { at, op, least } of form.shares) out.set(at, [share(op, products, scale, least)])
  return out
}

/** p · (1/Σ p), 0 where it is below exp(least). */
function share(op: MapOp, products: string, scale: string, least: number | null): MapOp {
  const exp = op.value.k === 'select' ? op.value.then : op.value
  const difference = exp.k === 'call' ? exp.args[0] : undefined
  if (difference?.k !== 'sub' || difference.left.k !== 'load' || difference.right.k !== 'load') return op
  const value = k.mul(k.load(products, ...difference.left.at), k.load(scale, ...difference.right.at))
  return {
    ...op,
    value: least === null ? value : k.select(k.compare('>', value, k.num(Math.exp(least))), value, k.num(0)),
  }
}

/** Extents of a place in scratch of the row. */
function shapeAt(
  at: readonly KExpr[],
  { axes, row }: { readonly axes: readonly Axis[]; readonly row: Axis },
  { rows }: PassContext,
): readonly string[] {
  return at.map((index) => {
    if (index.k !== 'axis' || index.axis === row.id) return rows.size
    return axes.find((axis) => axis.id === index.axis)?.size ?? rows.size
  })
}
