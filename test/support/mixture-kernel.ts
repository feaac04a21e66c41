/** One data pass of a full-covariance normal mixture, written by hand as kernel operations: N rows, D columns, K components. */
import { k } from '../../compiler/kernel/index.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../compiler/kernel/types.js'

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const c: Axis = { id: 'k', name: 'k', size: 'K' }
const i: Axis = { id: 'i', name: 'i', size: 'D' }
const j: Axis = { id: 'j', name: 'j', size: 'D' }

function residual(axis: Axis): KExpr {
  return k.sub(k.load('x', k.axis(n), k.axis(axis)), k.load('mu', k.axis(c), k.axis(axis)))
}

export const mixtureBuffers: readonly Buffer[] = [
  { id: 'x', space: 'data', type: 'f64', shape: ['N', 'D'], rows: 'rows' },
  { id: 'mu', space: 'param', type: 'f64', shape: ['K', 'D'] },
  { id: 'P', space: 'derived', type: 'f64', shape: ['K', 'D', 'D'] },
  { id: 'logdet', space: 'derived', type: 'f64', shape: ['K'] },
  { id: 'logpi', space: 'derived', type: 'f64', shape: ['K'] },
  { id: 'score', space: 'scratch', type: 'f64', shape: ['N', 'K'], rows: 'rows' },
  { id: 'norm', space: 'scratch', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 'r', space: 'scratch', type: 'f64', shape: ['N', 'K'], rows: 'rows' },
  { id: 'S0', space: 'sum', type: 'f64', shape: ['K'] },
  { id: 'S1', space: 'sum', type: 'f64', shape: ['K', 'D'] },
  { id: 'S2', space: 'sum', type: 'f64', shape: ['K', 'D', 'D'] },
  { id: 'objective', space: 'sum', type: 'f64', shape: [] },
]

const quadratic = k.sum(i, k.sum(j, k.mul(k.load('P', k.axis(c), k.axis(i), k.axis(j)), residual(i), residual(j))))
const score = k.add(
  k.load('logpi', k.axis(c)),
  k.mul(k.num(-0.5), k.load('logdet', k.axis(c))),
  k.mul(k.num(-0.5), quadratic),
)
const weight = k.load('r', k.axis(n), k.axis(c))

export const mixtureOps: readonly KernelOp[] = [
  k.mapOver('score', [n, c], score),
  {
    op: 'reduce',
    kind: 'logSumExp',
    out: 'norm',
    axes: [n],
    over: [c],
    at: [k.axis(n)],
    value: k.load('score', k.axis(n), k.axis(c)),
  },
  k.mapOver('r', [n, c], k.call('exp', k.sub(k.load('score', k.axis(n), k.axis(c)), k.load('norm', k.axis(n))))),
  { op: 'contract', out: 'S0', axes: [c, n], at: [k.axis(c)], factors: [weight] },
  { op: 'contract', out: 'S1', axes: [c, i, n], at: [k.axis(c), k.axis(i)], factors: [weight, residual(i)] },
  {
    op: 'contract',
    out: 'S2',
    axes: [c, i, j, n],
    at: [k.axis(c), k.axis(i), k.axis(j)],
    factors: [weight, residual(i), residual(j)],
  },
  { op: 'contract', out: 'objective', axes: [n], at: [], factors: [k.load('norm', k.axis(n))] },
]
