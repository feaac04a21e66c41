import { describe, expect, test } from 'vitest'
import { k, printKernelOp } from '../../../../compiler/kernel/index.js'
import { hoistParams } from '../../../../compiler/kernel/passes/hoist-params.js'
import { optimiseRows } from '../../../../compiler/kernel/passes/index.js'
import { splitSums } from '../../../../compiler/kernel/passes/split-sums.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../../../compiler/kernel/types.js'

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const z: Axis = { id: 'z', name: 'z', size: 'K' }
const d: Axis = { id: 'd', name: 'd', size: 'D' }

const buffers: readonly Buffer[] = [
  { id: 'x', space: 'data', type: 'f64', shape: ['N', 'D'] },
  { id: 'y', space: 'data', type: 'i32', shape: ['N', 'D'] },
  { id: 'sigma', space: 'param', type: 'f64', shape: ['K', 'D'] },
  { id: 'theta', space: 'param', type: 'f64', shape: ['K', 'D', 'L'] },
  { id: 'psi', space: 'scratch', type: 'f64', shape: ['N', 'K'], rows: 'n' },
  { id: 'step', space: 'scratch', type: 'f64', shape: ['K', 'K'] },
]
const of = (buffer: string, ...axes: readonly Axis[]): KExpr => k.load(buffer, ...axes.map((axis) => k.axis(axis)))
const log = (e: KExpr): KExpr => k.call('log', e)

function rewritten(rows: readonly KernelOp[], extents: Readonly<Record<string, number>> = {}) {
  let made = 0
  const sizes = new Map(Object.entries({ N: 100, K: 3, D: 2, L: 4, ...extents }))
  const context = {
    sizes,
    rows: { table: 'n', axis: 'n', size: 'N' },
    fresh: (prefix: string) => `${prefix} ${++made}`,
    isComplete: () => true,
  }
  const { program, records } = optimiseRows(rows, buffers, context, [splitSums, hoistParams])
  return {
    prelude: program.prelude.map(printKernelOp),
    rows: program.rows.map(printKernelOp),
    declined: records.flatMap((r) => r.declined),
  }
}

const psi = (value: KExpr): KernelOp => k.mapOver('psi', [n, z], value)
const over = 'for n < #N, z < #K: psi[n, z] ='

describe('hoist-params', () => {
  test('takes what no row changes out of a sum, once for equal parts', () => {
    const precision = k.pow(of('sigma', z, d), -2)
    const term = k.add(k.neg(log(of('sigma', z, d))), k.mul0(k.num(-0.5), k.pow(of('x', n, d), 2), precision))
    const got = rewritten([psi(k.sum(d, term)), psi(k.sum(d, k.mul0(of('x', n, d), k.num(-0.5), precision)))])
    expect(got.prelude).toEqual([
      'map       for z < #K: fixed 1[z] = sum[d < #D](-log(sigma[z, d]))',
      'map       for z < #K, d < #D: fixed 2[z, d] = mul0(-0.5, sigma[z, d]^(-2))',
    ])
    expect(got.rows).toEqual([
      `map       ${over} fixed 1[z] + sum[d < #D](mul0(fixed 2[z, d], x[n, d]^2))`,
      `map       ${over} sum[d < #D](mul0(fixed 2[z, d], x[n, d]))`,
    ])
  })

  test('makes a table over positions that rows choose, but not a longer one than there are rows', () => {
    const ops = [psi(k.sum(d, log(k.load('theta', k.axis(z), k.axis(d), of('y', n, d)))))]
    const got = rewritten(ops)
    expect(got.prelude).toEqual([
      'map       for z < #K, d < #D, level 1 < #L: fixed 2[z, d, level 1] = log(theta[z, d, level 1])',
    ])
    expect(got.rows).toEqual([`map       ${over} sum[d < #D](fixed 2[z, d, y[n, d]])`])
    expect(rewritten(ops, { L: 101 }).prelude).toEqual([])
  })

  test('leaves behind its guard what may reach outside a buffer', () => {
    const before = log(k.load('sigma', k.add(k.axis(z), k.num(-1)), k.num(0)))
    const inside = log(k.load('sigma', k.compare('==', k.axis(z), k.num(2)), k.num(0)))
    const guarded = (e: KExpr): KernelOp =>
      psi(k.mul(of('x', n, d), k.select(k.compare('>', of('x', n, d), k.num(0)), e, k.num(0))))
    const [first, second] = [rewritten([guarded(before)]), rewritten([guarded(inside)])]
    expect(first.prelude).toEqual([])
    expect(first.declined).toEqual(['log(sigma[z + -1, 0]): a guard keeps its positions inside their buffers'])
    expect(second.prelude).toEqual(['map       for z < #K: fixed 1[z] = log(sigma[z == 2, 0])'])
  })

  test('moves whole operations that no row changes, and what reads them follows', () => {
    const step: KernelOp = {
      op: 'map',
      out: 'step',
      axes: [z, { ...z, id: 'w' }],
      at: [k.axis(z), k.axis('w')],
      value: of('sigma', z, d),
    }
    const got = rewritten([step, psi(log(k.load('step', k.axis(z), k.num(0))))])
    expect(got.prelude).toEqual([printKernelOp(step), 'map       for z < #K: fixed 1[z] = log(step[z, 0])'])
    expect(got.rows).toEqual([`map       ${over} fixed 1[z]`])
  })
})
