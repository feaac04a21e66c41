import { describe, expect, it } from 'vitest'
import * as k from '../../../../compiler/kernel/build.js'
import type { Axis, Buffer, KernelOp } from '../../../../compiler/kernel/types.js'
import { emitKernel } from '../../../../compiler/targets/wasm/emit-kernel.js'

/** out[n] += exp(x[n, a, b, …]) over so many axes of two values. */
function bytesFor(depth: number): number {
  const axes: Axis[] = Array.from({ length: depth }, (_, i) => ({ id: `a${i}`, name: 'a', size: 'two' }))
  const rows: Axis = { id: 'n', name: 'n', size: 'N' }
  const shape = ['N', ...axes.map((a) => a.size)]
  const buffers: Buffer[] = [
    { id: 'x', space: 'data', type: 'f64', shape },
    { id: 'out', space: 'sum', type: 'f64', shape: axes.map((a) => a.size) },
  ]
  const at = axes.map((a) => k.axis(a))
  const value = k.call('exp', k.load('x', k.axis(rows), ...at))
  const ops: KernelOp[] = [{ op: 'scatterAdd', out: 'out', axes: [rows, ...axes], at, value }]
  const sizes = new Map([
    ['two', 2],
    ['N', 64],
  ])
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

describe('generated code', () => {
  it('writes short loops out only as long as it stays short', () => {
    const [few, many] = [bytesFor(3), bytesFor(10)]
    expect(many).toBeLessThan(4 * few)
    expect(many).toBeLessThan(20_000)
  })
})
