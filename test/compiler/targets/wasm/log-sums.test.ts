import { describe, expect, it } from 'vitest'
import { k } from '../../../../compiler/kernel/index.js'
import type { Axis, Buffer, KernelOp } from '../../../../compiler/kernel/types.js'
import { compileWasm } from '../../../../compiler/targets/wasm/index.js'
import { logarithmIn } from '../../../../compiler/targets/wasm/lower-log-sum.js'
import { seededRandom } from '../../../laws/support/random.js'

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const buffers: readonly Buffer[] = [
  { id: 'x', space: 'data', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 't', space: 'data', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 'sum', space: 'sum', type: 'f64', shape: [] },
]
const x = k.load('x', k.axis(n))
const t = k.load('t', k.axis(n))
const rows = 2500
const random = seededRandom(3)

/** Σ t + log x in blocks of so many rows. */
function sumOf(values: (row: number) => number, block: number) {
  const op: KernelOp = { op: 'contract', out: 'sum', axes: [n], at: [], factors: [k.add(t, k.call('log', x))] }
  const sum = new Float64Array(1)
  const arrays = new Map([
    ['x', Float64Array.from({ length: rows }, (_, i) => values(i))],
    ['t', Float64Array.from({ length: rows }, () => random())],
    ['sum', sum],
  ])
  const kernel = compileWasm([op], buffers)
  for (let from = 0; from < rows; from += block)
    kernel.run(
      { sizes: new Map([['N', rows]]), buffers: arrays },
      { table: 'rows', axis: 'n', from, to: Math.min(rows, from + block) },
    )
  let wanted = 0
  for (let i = 0; i < rows; i++) wanted += (arrays.get('t')?.[i] ?? 0) + Math.log(arrays.get('x')?.[i] ?? 0)
  return { found: sum[0] ?? 0, wanted }
}

describe('sums of logarithms over rows', () => {
  it.each<readonly [string, (row: number) => number]>([
    ['numbers of a log-sum-exp', () => 1 + 7 * random()],
    ['the same number below √2', () => 1.41],
    ['large numbers', () => 1e300 * random()],
    ['subnormal numbers', () => 1e-310 * random()],
    ['numbers of all sizes', () => 10 ** (600 * random() - 300)],
  ])('%s', (_, values) => {
    for (const block of [7, 256, 1024, 2500]) {
      const { found, wanted } = sumOf(values, block)
      expect(Math.abs(found - wanted)).toBeLessThan(1e-14 * Math.max(rows, Math.abs(wanted)))
    }
  })

  it.each([0, -1, Number.NaN, Infinity])('%d among them', (odd) => {
    const { found, wanted } = sumOf((i) => (i === 777 ? odd : 2), 256)
    expect(found).toBe(wanted)
  })

  it('are seen where one logarithm is added, with whatever stands beside it', () => {
    const log = k.call('log', x)
    expect(logarithmIn(log)).toEqual({ of: x, beside: null })
    expect(logarithmIn(k.add(t, log, x))).toEqual({ of: x, beside: k.add(t, x) })
    for (const other of [t, k.add(log, k.call('log', t)), k.mul(t, log)]) expect(logarithmIn(other)).toBeNull()
  })
})
