import { describe, expect, it } from 'vitest'
import { k, verifyKernel } from '../../../compiler/kernel/index.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../../compiler/kernel/types.js'
import { mixtureBuffers, mixtureOps } from '../../support/mixture-kernel.js'

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const d: Axis = { id: 'd', name: 'd', size: 'D' }
const buffers: readonly Buffer[] = [
  { id: 'x', space: 'data', type: 'f64', shape: ['N', 'D'], rows: 'rows' },
  { id: 'len', space: 'data', type: 'i32', shape: ['N'], rows: 'rows' },
  { id: 'q', space: 'scratch', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 'A', space: 'derived', type: 'f64', shape: ['N', 'D', 'D'] },
  { id: 'L', space: 'derived', type: 'f64', shape: ['N', 'D', 'D'] },
  { id: 's', space: 'sum', type: 'f64', shape: [] },
]
const at = (value: KExpr, axes: readonly Axis[] = [n]): KernelOp => ({
  op: 'map',
  out: 'q',
  axes,
  at: [k.axis(n)],
  value,
})

const bad: readonly (readonly [string, KernelOp, RegExp])[] = [
  ['an unbound axis', at(k.axis('m')), /axis m is not bound/],
  ['an axis bound by a reduction only', at(k.add(k.sum(d, k.axis(d)), k.axis(d))), /axis d is not bound/],
  ['an axis bound twice', at(k.sum(n, k.axis(n))), /axis n is bound twice/],
  ['an unknown buffer', at(k.load('nobody')), /buffer nobody is not declared/],
  ['too few indices', at(k.load('x', k.axis(n))), /x has rank 2, not 1/],
  ['a wrong output position', { ...at(k.num(1)), at: [] } as KernelOp, /q has rank 1, not 0/],
  ['a write to data', { op: 'fill', out: 'x', value: 0 }, /space data/],
  [
    'a computed position of contract',
    {
      op: 'contract',
      out: 'q',
      axes: [n],
      at: [k.add(k.axis(n), k.num(1))],
      factors: [],
    },
    /plain axis/,
  ],
  ['a call with too many arguments', at(k.call('exp', k.num(1), k.num(2))), /exp is given 2/],
  ['ragged extents that are floats', at(k.sum({ ...d, ragged: { sizes: 'q', at: k.axis(n) } }, k.num(1))), /not i32/],
  [
    'a ragged axis outside what it depends on',
    {
      op: 'contract',
      out: 's',
      axes: [{ ...d, ragged: { sizes: 'len', at: k.axis(n) } }, n],
      at: [],
      factors: [],
    },
    /axis n is not bound/,
  ],
  [
    'a solve without right-hand side',
    {
      op: 'small',
      kind: 'solveSpd',
      axes: [n],
      at: [k.axis(n)],
      order: 'D',
      matrix: 'A',
      out: 'L',
    },
    /right-hand side/,
  ],
  [
    'a factorisation of the wrong order',
    {
      op: 'small',
      kind: 'cholesky',
      axes: [n],
      at: [k.axis(n)],
      order: 'N',
      matrix: 'A',
      out: 'L',
    },
    /is not the order N/,
  ],
  ['a gather into the wrong rank', { op: 'gather', out: 's', axes: [n], from: 'q', at: [k.axis(n)] }, /s has rank 0/],
  ['a carry that nobody writes', { op: 'scan', axis: n, reverse: false, carry: ['q'], step: [] }, /carry q/],
]

describe('verifyKernel', () => {
  it('accepts a legal program', () => {
    expect(verifyKernel(mixtureOps, mixtureBuffers)).toEqual([])
  })

  for (const [name, op, message] of bad) {
    it(`rejects ${name}`, () => {
      expect(verifyKernel([op], buffers).join('\n')).toMatch(message)
    })
  }

  it('rejects a buffer declared twice', () => {
    expect(verifyKernel([], [...buffers, ...buffers.slice(0, 1)])).toEqual(['buffer x is declared twice'])
  })

  it('lets a solve write params', () => {
    const theta: Buffer = { id: 'theta', space: 'param', type: 'f64', shape: [] }
    const op: KernelOp = { op: 'fill', out: 'theta', value: 0 }
    expect(verifyKernel([op], [theta])).toHaveLength(1)
    expect(verifyKernel([op], [theta], { writable: new Set(['param']) })).toEqual([])
  })
})
