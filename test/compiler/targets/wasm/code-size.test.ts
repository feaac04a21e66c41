import { describe, expect, it } from 'vitest'
import * as k from '../../../../compiler/kernel/build.js'
import type { Axis, Buffer, KernelOp } from '../../../../compiler/kernel/types.js'
import { emitKernel } from '../../../../compiler/targets/wasm/emit-kernel.js'

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const sizes = new Map([
  ['two', 2],
  ['six', 6],
  ['N', 64],
])

function bytesOf(ops: readonly KernelOp[], buffers: readonly Buffer[]): number {
  const kernel = emitKernel({
    ops,
    buffers,
    sizes,
    rows: { table: 'rows', axis: 'n' },
    blockRows: 32,
    windowRows: 64,
    resident: new Map(),
    shared: false,
    encode: { relaxed: false },
  })
  return kernel.bytes.length
}

/** out[…] += exp(x[n, a, b, …]) over so many axes of two values. */
function bytesFor(depth: number): number {
  const axes: Axis[] = Array.from({ length: depth }, (_, i) => ({ id: `a${i}`, name: 'a', size: 'two' }))
  const shape = ['N', ...axes.map((a) => a.size)]
  const at = axes.map((a) => k.axis(a))
  const value = k.call('exp', k.load('x', k.axis(n), ...at))
  return bytesOf(
    [{ op: 'scatterAdd', out: 'out', axes: [n, ...axes], at, value }],
    [
      { id: 'x', space: 'data', type: 'f64', shape },
      { id: 'out', space: 'sum', type: 'f64', shape: axes.map((a) => a.size) },
    ],
  )
}

/** So many tables of six by six values for each row, each with tables of its own to read. */
function bytesForTables(count: number): number {
  const [a, b]: Axis[] = ['a', 'b'].map((id) => ({ id, name: id, size: 'six' }))
  if (a === undefined || b === undefined) throw new Error('no axes')
  const names = Array.from({ length: count }, (_, i) => `${i}`)
  return bytesOf(
    names.map((i) => ({
      op: 'map',
      out: `out ${i}`,
      axes: [n, a],
      at: [k.axis(n), k.axis(a)],
      value: k.sum(b, k.mul(k.load(`x ${i}`, k.axis(n), k.axis(b)), k.load(`table ${i}`, k.axis(a), k.axis(b)))),
    })),
    names.flatMap((i): Buffer[] => [
      { id: `x ${i}`, space: 'data', type: 'f64', shape: ['N', 'six'], rows: 'rows' },
      { id: `table ${i}`, space: 'param', type: 'f64', shape: ['six', 'six'] },
      { id: `out ${i}`, space: 'scratch', type: 'f64', shape: ['N', 'six'], rows: 'rows' },
    ]),
  )
}

describe('generated code', () => {
  it('writes short loops out only as long as it stays short', () => {
    const [few, many] = [bytesFor(3), bytesFor(10)]
    expect(many).toBeLessThan(4 * few)
    expect(many).toBeLessThan(20_000)
  })

  it('writes no more loops out once it is long', () => {
    const [few, more, many] = [bytesForTables(5), bytesForTables(10), bytesForTables(100)]
    expect(many - more).toBeLessThan(0.6 * 18 * (more - few))
  })
})
