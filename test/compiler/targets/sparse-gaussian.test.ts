import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { k, printKernelOp, verifyKernel } from '../../../compiler/kernel/index.js'
import type { Axis, Buffer, KernelOp } from '../../../compiler/kernel/types.js'
import { inverseSpd, logdetSpd } from '../../../compiler/numerics/index.js'
import { compileInterpreter, interpreterSupports } from '../../../compiler/targets/interpreter/index.js'
import { compileJavaScript, emitJavaScript, javaScriptSupports } from '../../../compiler/targets/javascript/index.js'
import type { CompileKernel, Memory } from '../../../compiler/targets/memory.js'

const targets: readonly (readonly [string, CompileKernel])[] = [
  ['interpreter', compileInterpreter],
  ['javascript', compileJavaScript],
]

/** A name that would be trouble if it reached the source. */
const EVIL = `"];alert\`1\`;//`

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const a: Axis = { id: 'a', name: 'a', size: 'P' }
const buffers: readonly Buffer[] = [
  { id: 'cell', space: 'data', type: 'i32', shape: ['N'], rows: 'rows' },
  { id: 'other', space: 'data', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 'q', space: 'scratch', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 'one', space: 'derived', type: 'f64', shape: ['P'] },
  { id: 'prior', space: 'derived', type: 'f64', shape: ['P'] },
  { id: EVIL, space: 'table', type: 'f64', shape: ['P'] },
  { id: 'mean', space: 'table', type: 'f64', shape: ['P'] },
  { id: 'logdet', space: 'sum', type: 'f64', shape: [] },
  { id: 'found', space: 'state', type: 'f64', shape: ['N'], rows: 'rows' },
]

const op: KernelOp & { readonly op: 'sparseGaussian' } = {
  op: 'sparseGaussian',
  order: 'P',
  entries: [
    { rows: 'one', columns: 'one', values: 'prior' },
    { rows: 'cell', columns: 'other', values: 'q' },
  ],
  linear: EVIL,
  mean: 'mean',
  logdet: 'logdet',
  covariance: EVIL,
}
const load = k.load
const at = (axis: Axis) => k.axis(axis)
const pair = k.covariance(EVIL, load('cell', at(n)), load('other', at(n)))
const twice = k.covariance(EVIL, load('other', at(n)), load('cell', at(n)))
const ops: readonly KernelOp[] = [
  k.mapOver('q', [n], k.mul(k.num(0.25), k.add(at(n), k.num(1)))),
  k.mapOver('one', [a], at(a)),
  op,
  k.mapOver('found', [n], k.add(pair, twice)),
]
const read = ops.slice(3)

function makeMemory(): Memory & { readonly buffers: Map<string, Float64Array | Int32Array> } {
  return {
    sizes: new Map([
      ['N', 4],
      ['P', 4],
    ]),
    buffers: new Map<string, Float64Array | Int32Array>([
      // Λ gets 0.25 at (0, 1), 0.5 at (2, 1), twice 0.75 at (2, 2) and nothing from the last row.
      ['cell', Int32Array.of(0, 2, 2, -1)],
      ['other', Float64Array.of(1, 1, 2, 3)],
      ['q', new Float64Array(4)],
      ['one', new Float64Array(4)],
      ['prior', Float64Array.of(1, 1.5, 2, 2.5, 99)],
      [EVIL, Float64Array.of(1, 2, 3, 4)],
      ['mean', new Float64Array(4)],
      ['logdet', new Float64Array(1)],
      ['found', new Float64Array(4)],
    ]),
    sparse: new Map(),
  }
}

const precision = Float64Array.of(2, 0.25, 0, 0, 0.25, 3, 0.5, 0, 0, 0.5, 5.5, 0, 0, 0, 0, 5)

function invert(matrix: Float64Array, order: number): Float64Array {
  const out = new Float64Array(matrix.length)
  inverseSpd(matrix, 0, out, 0, order)
  return out
}

function near(found: ArrayLike<number> | undefined, expected: readonly number[]): void {
  expect(found?.length).toBe(expected.length)
  expected.forEach((value, i) => {
    if (Number.isNaN(value)) expect(found?.[i]).toBeNaN()
    else expect(Math.abs((found?.[i] ?? Number.NaN) - value)).toBeLessThan(1e-13 * (1 + Math.abs(value)))
  })
}

function product(matrix: Float64Array, vector: readonly number[]): number[] {
  return vector.map((_, i) => vector.reduce((sum, x, j) => sum + (matrix[i * vector.length + j] ?? 0) * x, 0))
}

for (const [target, compile] of targets) {
  describe(`sparse Gaussians in the ${target} target`, () => {
    it('have mean, log-determinant and covariances', () => {
      expect(verifyKernel(ops, buffers)).toEqual([])
      const memory = makeMemory()
      const kernel = compile(ops, buffers)
      const inverse = invert(precision, 4)
      for (let repeat = 0; repeat < 2; repeat++) {
        kernel.run(memory, null)
        near(memory.buffers.get('mean'), product(inverse, [1, 2, 3, 4]))
        near(memory.buffers.get('logdet'), [logdetSpd(precision, 0, 4)])
        near(memory.buffers.get('found'), [2 * (inverse[1] ?? 0), 2 * (inverse[9] ?? 0), 2 * (inverse[10] ?? 0), 0])
      }
    })

    it('are read by other kernels, in blocks too', () => {
      const memory = makeMemory()
      compile(ops.slice(0, 3), buffers).run(memory, null)
      const inverse = invert(precision, 4)
      expect(verifyKernel(read, buffers)).not.toEqual([])
      expect(verifyKernel(read, buffers, { inverses: new Set([EVIL]) })).toEqual([])
      const kernel = compile(read, buffers)
      for (const from of [0, 2]) kernel.run(memory, { table: 'rows', axis: 'n', from, to: from + 2 })
      near(memory.buffers.get('found'), [2 * (inverse[1] ?? 0), 2 * (inverse[9] ?? 0), 2 * (inverse[10] ?? 0), 0])
    })

    it('leave out cells that no entry names', () => {
      const memory = makeMemory()
      const without: KernelOp = { ...op, entries: op.entries.slice(1) }
      const covariance = k.mapOver('prior', [a], k.covariance(EVIL, at(a), at(a)))
      memory.buffers.set('cell', Int32Array.of(0, -1, 2, 0))
      memory.buffers.set('other', Float64Array.of(0, 1, 2, Number.NaN))
      compile([...ops.slice(0, 2), without, covariance], buffers).run(memory, null)
      near(memory.buffers.get('mean'), [1 / 0.5, 0, 3 / 1.5, 0])
      near(memory.buffers.get('logdet'), [Math.log(0.75)])
      near(memory.buffers.get('prior')?.subarray(0, 4), [2, 1, 2 / 3, 1])
    })

    it('follow positions that change', () => {
      const memory = makeMemory()
      const kernel = compile(ops, buffers)
      kernel.run(memory, null)
      memory.buffers.get('cell')?.set([3, 3, -1, 0])
      kernel.run(memory, null)
      const changed = Float64Array.of(2, 0, 0, 1, 0, 3, 0, 0.75, 0, 0, 4, 0, 1, 0.75, 0, 5)
      const inverse = invert(changed, 4)
      near(memory.buffers.get('mean'), product(inverse, [1, 2, 3, 4]))
      near(memory.buffers.get('found'), [2 * (inverse[7] ?? 0), 2 * (inverse[7] ?? 0), 0, 2 * (inverse[3] ?? 0)])
    })

    it('are NaN where the precision is not positive definite', () => {
      const memory = makeMemory()
      memory.buffers.get('prior')?.set([1, -1])
      compile(ops, buffers).run(memory, null)
      for (const id of ['mean', 'logdet']) expect(memory.buffers.get(id)?.every(Number.isNaN)).toBe(true)
      near(memory.buffers.get('found'), [Number.NaN, Number.NaN, Number.NaN, 0])
    })

    it('say what is wrong', () => {
      const memory = makeMemory()
      const kernel = compile(ops, buffers)
      const block = { table: 'rows', axis: 'n', from: 0, to: 2 }
      expect(() => kernel.run(memory, block)).toThrow(/whole tables/)
      expect(() => compile(read, buffers).run(memory, null)).toThrow(/before it is computed/)
      const { sizes, buffers: arrays } = memory
      expect(() => kernel.run({ sizes, buffers: arrays }, null)).toThrow(/no place for the sparse inverse/)
      const reads = (row: number, column: number): KernelOp =>
        k.mapOver('found', [n], k.covariance(EVIL, k.num(row), k.num(column)))
      kernel.run(memory, null)
      expect(() => compile([reads(0, 2)], buffers).run(memory, null)).toThrow(/no element at 0, 2/)
      expect(() => compile([reads(4, 0)], buffers).run(memory, null)).toThrow(/no element at 4, 0/)
      expect(() => compile([reads(-2, 0)], buffers).run(memory, null)).toThrow(/no element at -2, 0/)
      for (const wrong of [4, -2, Number.POSITIVE_INFINITY]) {
        memory.buffers.get('other')?.fill(wrong)
        expect(() => kernel.run(memory, null)).toThrow(/out of range/)
      }
      expect(() => compile(read, buffers).run(memory, null)).toThrow(/before it is computed/)
      const scan: KernelOp = { op: 'scan', axis: n, reverse: false, carry: [], step: [op] }
      expect(() => compile([scan], buffers)).toThrow(/stands in no scan/)
    })

    it('guard what may be outside the pattern', () => {
      const memory = makeMemory()
      const guarded = k.select(k.compare('<', at(n), k.num(3)), k.covariance(EVIL, at(n), at(n)), k.num(7))
      const outside = k.select(k.compare('>', load('logdet'), k.num(1e9)), k.covariance(EVIL, at(n), k.num(9)), guarded)
      compile([...ops.slice(0, 3), k.mapOver('found', [n], outside)], buffers).run(memory, null)
      const inverse = invert(precision, 4)
      near(memory.buffers.get('found'), [inverse[0] ?? 0, inverse[5] ?? 0, inverse[10] ?? 0, 7])
    })
  })
}

describe('sparse Gaussians', () => {
  it('agree between the targets and with dense routines', () => {
    const model = fc.integer({ min: 1, max: 12 }).chain((order) => {
      const cell = fc.constantFrom(Number.NaN, ...Array.from({ length: order + 1 }, (_, i) => i - 1))
      const row = fc.tuple(cell, cell, fc.double({ min: -1, max: 1, noNaN: true }))
      return fc.tuple(fc.constant(order), fc.array(row, { minLength: 1, maxLength: 30 }))
    })
    fc.assert(
      fc.property(model, ([order, rows]) => {
        const integer = (value: number): number => (Number.isNaN(value) ? -1 : value)
        const memories = targets.map(([, compile]) => {
          const memory: Memory = {
            sizes: new Map([
              ['N', rows.length],
              ['P', order],
            ]),
            buffers: new Map<string, Float64Array | Int32Array>([
              ['cell', Int32Array.from(rows, ([i]) => integer(i))],
              ['other', Float64Array.from(rows, ([, j]) => j)],
              ['q', Float64Array.from(rows, ([, , q]) => q)],
              ['one', new Float64Array(order)],
              ['prior', new Float64Array(order).fill(16)],
              [EVIL, Float64Array.from({ length: order }, (_, i) => i + 1)],
              ['mean', new Float64Array(order)],
              ['logdet', new Float64Array(1)],
              ['found', new Float64Array(rows.length)],
            ]),
            sparse: new Map(),
          }
          compile(ops.slice(1), buffers).run(memory, null)
          return memory.buffers
        })
        const [left, right] = memories
        for (const { id } of buffers) near(right?.get(id), [...(left?.get(id) ?? [])])
        const matrix = new Float64Array(order * order)
        const add = (i: number, j: number, q: number): void => {
          matrix[i * order + j] = (matrix[i * order + j] ?? 0) + q
          matrix[j * order + i] = (matrix[j * order + i] ?? 0) + q
        }
        for (let i = 0; i < order; i++) add(i, i, 16)
        for (const [i, j, q] of rows) if (i >= 0 && j >= 0) add(i, j, q)
        const inverse = invert(matrix, order)
        const linear = Array.from({ length: order }, (_, i) => i + 1)
        near(left?.get('mean'), product(inverse, linear))
        near(left?.get('logdet'), [logdetSpd(matrix, 0, order)])
        const expected = rows.map(([i, j]) => (i >= 0 && j >= 0 ? 2 * (inverse[i * order + j] ?? 0) : 0))
        near(left?.get('found'), expected)
      }),
    )
  })

  it('become code without a name of anybody', () => {
    const { source } = emitJavaScript(ops, buffers)
    expect(source).not.toMatch(/alert|["`\\]|\/\//)
    expect(source).toMatch(/h\d\(c0, v?\d*/)
  })

  it('are supported by both targets', () => {
    expect(interpreterSupports(ops)).toBeNull()
    expect(javaScriptSupports(ops)).toBeNull()
  })

  it('are printed', () => {
    const plain: KernelOp = { ...op, linear: 'h', covariance: 'V' }
    expect(printKernelOp(plain)).toBe(
      'sparse    mean, logdet, V = gaussian(h; prior at one, one; q at cell, other; #P)',
    )
    const diagonal = k.mapOver('found', [n], k.covariance('V', at(n), k.add(at(n), k.num(1))))
    expect(printKernelOp(diagonal)).toBe('map       for n < #N: found[n] = covariance(V; n, n + 1)')
    expect(k.covariance('V', k.num(-1), at(n))).toEqual(k.num(0))
  })

  it('are verified', () => {
    const problems = (wrong: Partial<typeof op>): string => verifyKernel([{ ...op, ...wrong }], buffers).join('\n')
    expect(problems({})).toBe('')
    expect(problems({ entries: [{ rows: 'cell', columns: 'one', values: 'q' }] })).toMatch(/one has another shape/)
    expect(problems({ entries: [{ rows: 'cell', columns: 'nobody', values: 'q' }] })).toMatch(/nobody is not declared/)
    expect(problems({ order: 'N' })).toMatch(/mean has not one element for each of N/)
    expect(problems({ mean: 'other' })).toMatch(/other is in space data/)
    expect(problems({ linear: 'cell', order: 'N', mean: 'q' })).toMatch(/cell is not f64/)
    expect(problems({ logdet: 'mean' })).toMatch(/mean has rank 1, not 0/)
    expect(verifyKernel([op, op], buffers).join()).toMatch(/is made twice/)
    expect(verifyKernel([...read, op], buffers).join()).toMatch(/is not made before/)
    const unbound = k.mapOver('logdet', [], k.covariance(EVIL, at(a), load('cell')))
    expect(verifyKernel([op, unbound], buffers).join()).toMatch(/axis a is not bound.*cell has rank 1/s)
    const scan: KernelOp = { op: 'scan', axis: n, reverse: false, carry: ['mean'], step: [op] }
    expect(verifyKernel([scan], buffers).join()).toMatch(/stands in no scan/)
  })
})
