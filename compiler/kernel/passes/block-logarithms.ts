/**
 * Σ_n m_n and Σ_n |m_n| of a log-sum-exp m_n = t_n + log s_n, with 1 ≤ s_n ≤ K, one block of rows after another. Where all m
 * of a block have the same sign, Σ |m| = |Σ m|, and they do where all t ≥ 0, or all t ≤ −log K. Then no m is needed by itself,
 * and targets take one logarithm for Π s. Page: docs/kernel-passes/shared-exponentials.md.
 */
import * as k from '../build.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../types.js'
import { buffersReadByOp, buffersWritten } from '../visit.js'

/** A sum over rows of m or |m|. */
export type Contract = KernelOp & { readonly op: 'contract' }

export interface LogOfSum {
  /** m, made by an operation over rows, as it is written. */
  readonly log: KernelOp & { readonly op: 'map' }
  readonly row: Axis
  /** t[n] and s[n]. */
  readonly top: KExpr
  readonly sum: KExpr
  /** K. */
  readonly terms: number
}

/** The operations that read m, where all of them are sums over rows of m or |m|; null where there are others. */
export function sumsOfLogs(
  m: string,
  row: Axis,
  later: readonly KernelOp[],
  buffers: readonly Buffer[],
): readonly Contract[] | null {
  const readers = later.filter((op) => buffersReadByOp(op).has(m) || buffersWritten(op).has(m))
  const isSum = (op: KernelOp): op is Contract =>
    op.op === 'contract' &&
    op.at.length === 0 &&
    op.axes.length === 1 &&
    op.axes[0]?.id === row.id &&
    op.factors.length === 1 &&
    op.factors.every((factor) => isLoad(factor, m) || isMagnitude(factor, m)) &&
    buffers.some((b) => b.id === op.out && b.space === 'sum')
  const sums = readers.filter(isSum)
  return sums.length > 0 && sums.length === readers.length ? sums : null
}

const isLoad = (expr: KExpr | undefined, buffer: string): boolean => expr?.k === 'load' && expr.buffer === buffer

const isMagnitude = (expr: KExpr, buffer: string): boolean =>
  expr.k === 'call' && expr.fn === 'abs' && isLoad(expr.args[0], buffer)

/** m and its sums, block by block: `scratch` makes a number that the rows of a block share. */
export function inBlocks(
  { log, row, top, sum, terms }: LogOfSum,
  sums: readonly Contract[],
  scratch: (name: string) => string,
): readonly KernelOp[] {
  const names = ['maybe positive', 'maybe negative', 'unsure', 'sum of logarithms'] as const
  const [positive = '', negative = '', unsure = '', total = ''] = names.map(scratch)
  const count = (out: string, factor: KExpr): KernelOp => ({
    op: 'contract',
    out,
    axes: [row],
    at: [],
    factors: [factor],
  })
  // where a t is infinite or NaN, s is NaN
  const isUsual = k.compare('<=', k.call('abs', k.load(total)), k.num(Number.MAX_VALUE))
  const isSure = k.compare('==', k.load(unsure), k.num(0))
  return [
    ...[positive, negative, total].map((out): KernelOp => ({ op: 'fill', out, value: 0 })),
    { op: 'contract', out: total, axes: [row], at: [], factors: [k.add(top, k.call('log', sum))] },
    // s may be rounded above K
    count(positive, k.compare('>', top, k.num(-1e-9 - Math.log(terms)))),
    count(negative, k.compare('<', top, k.num(0))),
    k.mapOver(unsure, [], k.select(isUsual, k.mul(k.load(positive), k.load(negative)), k.num(1))),
    ...sums.map((op): KernelOp => {
      const own = op.factors[0]?.k === 'call' ? k.call('abs', k.load(total)) : k.load(total)
      return { ...op, axes: [], factors: [k.select(isSure, own, k.num(0))] }
    }),
    { op: 'repeat', times: 1, until: unsure, step: [log, ...sums, { op: 'fill', out: unsure, value: 0 }] },
  ]
}
