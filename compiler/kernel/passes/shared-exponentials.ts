/**
 * The exponentials of a log-sum-exp serve again where posteriors are made of it: with t = max_z ψ_z and w_z = exp(ψ_z − t),
 *
 *   m = log Σ_z exp ψ_z = t + log Σ_z w_z,   exp(ψ_z − m) = w_z · (1 / Σ_z w_z).
 *
 * Where t is infinite so is m, as before. Page: docs/kernel-passes/shared-exponentials.md.
 */
import * as k from '../build.js'
import { printKernelExpr, printKernelOp } from '../print.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../types.js'
import { expressionsOf, mapChildren, walk } from '../visit.js'
import { type Contract, inBlocks, sumsOfLogs } from './block-logarithms.js'
import { rewriteOp } from './rewrite-op.js'
import type { KernelPass, PassContext, RowProgram } from './types.js'

type Reduce = KernelOp & { readonly op: 'reduce' }
type Load = KExpr & { readonly k: 'load' }

/** m = log Σ_z exp ψ_z, as one operation takes it. */
interface LogSum {
  readonly op: Reduce
  readonly psi: Load
  readonly over: Axis
  /** t, w, and 1 / Σ w. */
  readonly top: string
  readonly weights: string
  readonly inverse: string
}

export const sharedExponentials: KernelPass = {
  name: 'shared-exponentials',
  apply(program, context) {
    const sums = new Map<string, LogSum>()
    const rows: KernelOp[] = []
    const added: Buffer[] = []
    const applied: string[] = []
    const done = new Set<KernelOp>()
    program.rows.forEach((op, i) => {
      if (done.has(op)) return
      const later = program.rows.slice(i + 1)
      const sum = logSum(op, context)
      if (sum === null || !later.some((other) => quotients(other, sum) > 0)) {
        rows.push(rewritten(op, sums))
        return
      }
      sums.set(sum.op.out, sum)
      added.push(...buffersOf(sum, program.buffers))
      applied.push(`exponentials of ${sum.psi.buffer} for ${sum.op.out}`)
      const { before, log, after } = parts(sum)
      const inSums = sumsWithout(sum, later, sums, program)
      rows.push(...before)
      if (inSums === null) rows.push(log)
      else {
        for (const other of inSums) done.add(other)
        const scratch = (name: string): string => {
          const id = context.fresh(`${name} ${op.op === 'reduce' ? op.out : ''}`)
          added.push({ id, space: 'scratch', type: 'f64', shape: [] })
          return id
        }
        const [row] = sum.op.axes
        const terms = program.sizes.get(sum.over.size)
        if (row === undefined || terms === undefined) throw new Error(`${sum.op.out} has no rows`)
        const at = (buffer: string): KExpr => k.load(buffer, ...sum.op.at)
        const made = { log, row, top: at(sum.top), sum: at(sum.inverse), terms }
        rows.push(...inBlocks(made, inSums, scratch))
        applied.push(`one logarithm for sums of ${sum.op.out}`)
      }
      rows.push(after)
    })
    if (applied.length === 0) return { program, applied, declined: [] }
    return { program: { ...program, rows, buffers: [...program.buffers, ...added] }, applied, declined: [] }
  },
}

/** An operation that is m[at] = log Σ_z exp ψ[…, z] over one plain axis; each index of ψ is an axis. */
function logSum(op: KernelOp, context: PassContext): LogSum | null {
  if (op.op !== 'reduce' || op.kind !== 'logSumExp' || op.value.k !== 'load') return null
  const [over, ...more] = op.over
  if (over === undefined || more.length > 0 || over.ragged !== undefined) return null
  const plain = [...op.value.at, ...op.at].every((index) => index.k === 'axis')
  const own = op.axes.every((axis) => axis.ragged === undefined)
  const used = op.value.at.filter((index) => index.k === 'axis' && index.axis === over.id).length
  if (!plain || !own || used !== 1 || op.axes.every((axis) => axis.id !== context.rows.axis)) return null
  const name = (what: string): string => context.fresh(`${what} ${op.out}`)
  return { op, psi: op.value, over, top: name('top'), weights: name('weights'), inverse: name('inverse') }
}

function buffersOf({ op, psi, top, weights, inverse }: LogSum, buffers: readonly Buffer[]): Buffer[] {
  const shaped = (id: string, like: string): Buffer[] => {
    const buffer = buffers.find((b) => b.id === like)
    return buffer === undefined ? [] : [{ ...buffer, id }]
  }
  return [...shaped(top, op.out), ...shaped(weights, psi.buffer), ...shaped(inverse, op.out)]
}

/** Operations that do without m but for its sums over rows: these; null where there are others, or none. */
function sumsWithout(
  sum: LogSum,
  later: readonly KernelOp[],
  sums: ReadonlyMap<string, LogSum>,
  { buffers }: RowProgram,
): readonly Contract[] | null {
  const [row, ...others] = sum.op.axes
  if (row === undefined || others.length > 0) return null
  const found = sumsOfLogs(
    sum.op.out,
    row,
    later.map((op) => rewritten(op, sums)),
    buffers,
  )
  // as they were before they were rewritten: a sum of m has nothing to rewrite
  return found === null
    ? null
    : sumsOfLogs(
        sum.op.out,
        row,
        later.filter((op) => found.some((one) => isSame(one, op))),
        buffers,
      )
}

const isSame = (a: KernelOp, b: KernelOp): boolean => printKernelOp(a) === printKernelOp(b)

const rewritten = (op: KernelOp, sums: ReadonlyMap<string, LogSum>): KernelOp =>
  rewriteOp(op, { expr: (expr) => withWeights(expr, sums), axis: (axis) => axis })

function parts({ op, psi, over, top, weights, inverse }: LogSum): {
  readonly before: readonly KernelOp[]
  readonly log: KernelOp & { readonly op: 'map' }
  readonly after: KernelOp
} {
  const { axes, at } = op
  const most = k.load(top, ...at)
  const total = k.div(k.num(1), k.load(inverse, ...at))
  const infinite = k.compare('==', k.call('abs', most), k.num(Number.POSITIVE_INFINITY))
  return {
    before: [
      { op: 'reduce', kind: 'max', out: top, axes, over: [over], at, value: psi },
      { op: 'map', out: weights, axes: [...axes, over], at: psi.at, value: k.call('expNonPositive', k.sub(psi, most)) },
      { op: 'reduce', kind: 'sum', out: inverse, axes, over: [over], at, value: k.load(weights, ...psi.at) },
    ],
    log: {
      op: 'map',
      out: op.out,
      axes,
      at,
      value: k.select(infinite, most, k.add(most, k.call('log', k.load(inverse, ...at)))),
    },
    after: { op: 'map', out: inverse, axes, at, value: total },
  }
}

/** How often an operation asks for exp(ψ − m). */
function quotients(op: KernelOp, sum: LogSum): number {
  let count = 0
  for (const expr of expressionsOf(op))
    walk(expr, (part) => {
      if (quotient(part, sum) !== null) count++
    })
  return count
}

/** exp(ψ[…, z] − m[…]) as w · (1 / Σ w), for any letter z; null for anything else. */
function quotient(expr: KExpr, { op, psi, over, weights, inverse }: LogSum): KExpr | null {
  if (expr.k !== 'call' || expr.fn !== 'exp') return null
  const [difference] = expr.args
  if (difference?.k !== 'sub' || difference.left.k !== 'load' || difference.right.k !== 'load') return null
  const { left, right } = difference
  if (left.buffer !== psi.buffer || right.buffer !== op.out) return null
  // the same unit: indices of ψ and of m agree where the operation's do
  const letters = new Map<string, string>()
  for (const [own, found] of [
    [psi.at, left.at],
    [op.at, right.at],
  ] as const)
    for (const [i, index] of own.entries()) {
      if (index.k !== 'axis' || index.axis === over.id) continue
      const key = printKernelExpr(found[i] ?? k.num(0))
      if ((letters.get(index.axis) ?? key) !== key) return null
      letters.set(index.axis, key)
    }
  return k.mul(k.load(weights, ...left.at), k.load(inverse, ...right.at))
}

/** ψ > m + c as w · (1 / Σ w) > e^c. */
function comparison(expr: KExpr, sum: LogSum): KExpr | null {
  if (expr.k !== 'compare' || expr.operator !== '>' || expr.right.k !== 'add') return null
  const [m, by, ...more] = expr.right.args
  if (m === undefined || by?.k !== 'num' || more.length > 0) return null
  const least = Math.exp(by.value)
  if (least < LEAST || !Number.isFinite(least)) return null
  const made = quotient(k.call('exp', k.sub(expr.left, m)), sum)
  return made === null ? null : k.compare('>', made, k.num(least))
}

/** Far from where numbers underflow. */
const LEAST = 1e-290

function withWeights(expr: KExpr, sums: ReadonlyMap<string, LogSum>): KExpr {
  for (const sum of sums.values()) {
    const made = quotient(expr, sum) ?? comparison(expr, sum)
    if (made !== null) return made
  }
  return mapChildren(expr, (part) => withWeights(part, sums))
}
