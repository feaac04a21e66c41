import { describe, expect, it } from 'vitest'
import { k } from '../../../../compiler/kernel/index.js'
import type { Axis, Buffer, KernelOp } from '../../../../compiler/kernel/types.js'
import { compileInterpreter } from '../../../../compiler/targets/interpreter/index.js'
import { compileWasm } from '../../../../compiler/targets/wasm/index.js'
import { opsInStrips } from '../../../../compiler/targets/wasm/strips.js'
import { seededRandom } from '../../../laws/support/random.js'

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const d: Axis = { id: 'd', name: 'd', size: 'D' }
const z: Axis = { id: 'z', name: 'z', size: 'K' }
const buffers: readonly Buffer[] = [
  { id: 'x', space: 'data', type: 'f64', shape: ['N', 'D'], rows: 'rows' },
  { id: 'coefficients', space: 'param', type: 'f64', shape: ['K', 'D'] },
  { id: 'columns', space: 'scratch', type: 'f64', shape: ['N', 'D'], rows: 'rows' },
  { id: 'psi', space: 'scratch', type: 'f64', shape: ['N', 'K'], rows: 'rows' },
  { id: 'top', space: 'scratch', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 'total', space: 'sum', type: 'f64', shape: ['K'] },
  { id: 'tops', space: 'sum', type: 'f64', shape: [] },
]
const at = (buffer: string, ...axes: readonly Axis[]) => k.load(buffer, ...axes.map((axis) => k.axis(axis)))
const copied: KernelOp = { op: 'map', out: 'columns', axes: [n, d], at: [k.axis(n), k.axis(d)], value: at('x', n, d) }
const densities: KernelOp = {
  op: 'map',
  out: 'psi',
  axes: [n, z],
  at: [k.axis(n), k.axis(z)],
  value: k.sum(d, k.mul(at('columns', n, d), at('coefficients', z, d))),
}
const tops: KernelOp = {
  op: 'reduce',
  kind: 'max',
  out: 'top',
  axes: [n],
  at: [k.axis(n)],
  over: [z],
  value: at('psi', n, z),
}
const totals: readonly KernelOp[] = [
  { op: 'contract', out: 'total', axes: [n, z], at: [k.axis(z)], factors: [at('psi', n, z)] },
  { op: 'contract', out: 'tops', axes: [n], at: [], factors: [at('top', n)] },
]
const ops = [copied, densities, tops, ...totals]
const sized = (D: number, blockRows = 256) => ({
  ops,
  buffers,
  sizes: new Map([
    ['N', 1000],
    ['D', D],
    ['K', 3],
  ]),
  blockRows,
})

describe('operations in strips', () => {
  it('are those up to the first that adds up columns', () => {
    expect(opsInStrips(sized(4), 'n')).toBe(2)
  })

  it('are none where a row is much work, where blocks are short, and where nothing adds up', () => {
    expect(opsInStrips(sized(400), 'n')).toBe(0)
    expect(opsInStrips(sized(4, 16), 'n')).toBe(0)
    expect(opsInStrips({ ...sized(4), ops: [copied, ...totals] }, 'n')).toBe(0)
  })

  it.each([1, 2, 15, 16, 17, 31, 33, 255, 256, 257, 300])('give what whole blocks give, %d rows', (rows) => {
    const random = seededRandom(rows)
    const numbers = (length: number) => Float64Array.from({ length }, () => random() - 0.5)
    const [x, coefficients] = [numbers(rows * 4), numbers(12)]
    const sums = [compileInterpreter, compileWasm].map((compile) => {
      const arrays = new Map([
        ['x', x],
        ['coefficients', coefficients],
        ['columns', new Float64Array(rows * 4)],
        ['psi', new Float64Array(rows * 3)],
        ['top', new Float64Array(rows)],
        ['total', new Float64Array(3)],
        ['tops', new Float64Array(1)],
      ])
      const sizes = new Map([
        ['N', rows],
        ['D', 4],
        ['K', 3],
      ])
      compile(ops, buffers).run({ sizes, buffers: arrays }, { table: 'rows', axis: 'n', from: 0, to: rows })
      return [...(arrays.get('total') ?? []), ...(arrays.get('tops') ?? [])]
    })
    const [wanted = [], found = []] = sums
    expect(found).toHaveLength(4)
    found.forEach((sum, i) => {
      expect(Math.abs(sum - (wanted[i] ?? Number.NaN))).toBeLessThan(1e-13 * rows)
    })
  })
})
