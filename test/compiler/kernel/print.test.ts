import { describe, expect, it } from 'vitest'
import { k, printKernel, printKernelOp } from '../../../compiler/kernel/index.js'
import type { Axis, KernelOp } from '../../../compiler/kernel/types.js'
import { mixtureBuffers, mixtureOps } from '../../support/mixture-kernel.js'

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const t: Axis = { id: 't', name: 't', size: 'T', ragged: { sizes: 'len', at: k.axis(n) } }

describe('printKernel', () => {
  it('shows a mixture', () => {
    expect(printKernel(mixtureOps, mixtureBuffers)).toMatchInlineSnapshot(`
      "data    f64 x[#N, #D] rows of rows
      param   f64 mu[#K, #D]
      derived f64 P[#K, #D, #D]
      derived f64 logdet[#K]
      derived f64 logpi[#K]
      scratch f64 score[#N, #K] rows of rows
      scratch f64 norm[#N] rows of rows
      scratch f64 r[#N, #K] rows of rows
      sum     f64 S0[#K]
      sum     f64 S1[#K, #D]
      sum     f64 S2[#K, #D, #D]
      sum     f64 objective[]

      map       for n < #N, k < #K: score[n, k] = logpi[k] + -0.5 * logdet[k] + -0.5 * sum[i < #D](sum[j < #D](P[k, i, j] * (x[n, i] - mu[k, i]) * (x[n, j] - mu[k, j])))
      reduce    for n < #N: norm[n] = logSumExp[k < #K](score[n, k])
      map       for n < #N, k < #K: r[n, k] = exp(score[n, k] - norm[n])
      contract  for k < #K, n < #N: S0[k] += r[n, k]
      contract  for k < #K, i < #D, n < #N: S1[k, i] += r[n, k] * (x[n, i] - mu[k, i])
      contract  for k < #K, i < #D, j < #D, n < #N: S2[k, i, j] += r[n, k] * (x[n, i] - mu[k, i]) * (x[n, j] - mu[k, j])
      contract  for n < #N: objective += norm[n]"
    `)
  })

  it('shows every operation', () => {
    const ops: readonly KernelOp[] = [
      { op: 'fill', out: 'q', value: Number.NEGATIVE_INFINITY },
      { op: 'gather', out: 'q', axes: [n], from: 'mu', at: [k.load('g', k.axis(n))] },
      { op: 'scatterAdd', out: 's', axes: [n, t], at: [k.load('g', k.axis(n))], value: k.mul0(k.num(2), k.axis(t)) },
      {
        op: 'small',
        kind: 'solveSpd',
        axes: [n],
        at: [k.axis(n)],
        order: 'D',
        matrix: 'A',
        rightHandSide: 'b',
        out: 'y',
      },
      { op: 'scan', axis: n, reverse: true, carry: ['q'], step: [k.mapOver('q', [], k.not(k.load('q')))] },
      { op: 'rng', out: 'q', axes: [n], distribution: 'normal', stream: 3 },
    ]
    expect(ops.map(printKernelOp).join('\n')).toMatchInlineSnapshot(`
      "fill      q = −∞
      gather    for n < #N: q[n] = mu[g[n]]
      scatter   for n < #N, t < len[n]: s[g[n]] += mul0(2, t)
      small     for n < #N: y[n] = solveSpd(A[n], b[n]; #D)
      scan      backward n < #N carrying q
        map       q = not(q)
      rng       for n < #N: q = normal(stream 3)"
    `)
  })
})
