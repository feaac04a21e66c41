import { describe, expect, it } from 'vitest'
import { k, verifyKernel } from '../../../compiler/kernel/index.js'
import type { Axis, Buffer, KernelOp } from '../../../compiler/kernel/types.js'
import { compileInterpreter, interpreterSupports } from '../../../compiler/targets/interpreter/index.js'
import { compileJavaScript, javaScriptSupports } from '../../../compiler/targets/javascript/index.js'
import type { CompileKernel, RowBlock } from '../../../compiler/targets/memory.js'
import { compileWasm } from '../../../compiler/targets/wasm/index.js'

const targets: readonly (readonly [string, CompileKernel])[] = [
  ['interpreter', compileInterpreter],
  ['javascript', compileJavaScript],
  ['wasm', compileWasm],
]

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const c: Axis = { id: 'c', name: 'c', size: 'C' }
const i: Axis = { id: 'i', name: 'i', size: 'C' }
const t: Axis = { id: 't', name: 't', size: 'T', ragged: { sizes: 'len', at: k.axis(n) } }
const buffers: readonly Buffer[] = [
  { id: 'x', space: 'data', type: 'f64', shape: ['N', 'C'], rows: 'rows' },
  { id: 'y', space: 'data', type: 'f64', shape: ['N', 'T'], rows: 'rows' },
  { id: 'g', space: 'data', type: 'i32', shape: ['N'], rows: 'rows' },
  { id: 'len', space: 'data', type: 'i32', shape: ['N'], rows: 'rows' },
  { id: 'A', space: 'derived', type: 'f64', shape: ['G', 'C', 'C'] },
  { id: 'B', space: 'derived', type: 'f64', shape: ['G', 'C', 'C'] },
  { id: 'b', space: 'derived', type: 'f64', shape: ['G', 'C'] },
  { id: 'v', space: 'table', type: 'f64', shape: ['G', 'C'] },
  { id: 'd', space: 'table', type: 'f64', shape: ['G'] },
  { id: 'count', space: 'table', type: 'i32', shape: ['G'] },
  { id: 'q', space: 'scratch', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 'p', space: 'scratch', type: 'f64', shape: ['N', 'C'], rows: 'rows' },
  { id: 'kept', space: 'state', type: 'f64', shape: ['N', 'C'], rows: 'rows' },
  { id: 'alpha', space: 'scratch', type: 'f64', shape: ['T', 'C'] },
  { id: 'S', space: 'sum', type: 'f64', shape: ['C'] },
  { id: 'total', space: 'sum', type: 'f64', shape: [] },
]
const gAxis: Axis = { id: 'g', name: 'g', size: 'G' }

function makeMemory() {
  return {
    sizes: new Map([
      ['N', 4],
      ['C', 2],
      ['T', 3],
      ['G', 2],
    ]),
    buffers: new Map<string, Float64Array | Int32Array>([
      ['x', Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
      ['y', Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)],
      ['g', Int32Array.of(1, 0, 1, -1)],
      ['len', Int32Array.of(2, 0, 3, 1)],
      ['A', Float64Array.of(4, 2, 2, 5, 1, 2, 2, 1)],
      ['B', new Float64Array(8)],
      ['b', Float64Array.of(2, 1, 1, 1)],
      ['v', new Float64Array(4)],
      ['d', new Float64Array(2)],
      ['count', new Int32Array(2)],
      ['q', new Float64Array(4).fill(9)],
      ['p', new Float64Array(8).fill(9)],
      ['kept', new Float64Array(8)],
      ['alpha', new Float64Array(6)],
      ['S', new Float64Array(2)],
      ['total', new Float64Array(1)],
    ]),
  }
}

const block: RowBlock = { table: 'rows', axis: 'n', from: 1, to: 3 }

interface Case {
  readonly name: string
  readonly ops: readonly KernelOp[]
  readonly block?: RowBlock
  readonly expected: Readonly<Record<string, readonly number[]>>
}

const load = k.load
const at = k.axis
const q = load('q', at(n))
const sumRow = k.sum(c, load('x', at(n), at(c)))
const NOT = Number.NaN

const cases: readonly Case[] = [
  { name: 'map', ops: [k.mapOver('q', [n], sumRow)], expected: { q: [3, 7, 11, 15] } },
  { name: 'map in a block', ops: [k.mapOver('q', [n], sumRow)], block, expected: { q: [7, 11, 9, 9] } },
  {
    name: 'map of state in a block, which keeps its global rows',
    ops: [k.mapOver('q', [n], sumRow), k.mapOver('kept', [n, c], k.add(q, at(c)))],
    block,
    expected: { kept: [0, 0, 7, 8, 11, 12, 0, 0] },
  },
  {
    name: 'map with its row axis inside',
    ops: [k.mapOver('p', [n, c], k.mul(at(n), k.size('C'), at(c)))],
    expected: { p: [0, 0, 0, 2, 0, 4, 0, 6] },
  },
  {
    name: 'map to a computed place',
    ops: [{ op: 'map', out: 'd', axes: [gAxis], at: [k.sub(k.num(1), at(gAxis))], value: at(gAxis) }],
    expected: { d: [1, 0] },
  },
  {
    name: 'map that reads what it writes',
    ops: [
      {
        op: 'map',
        out: 'd',
        axes: [gAxis],
        at: [at(gAxis)],
        value: k.add(k.num(1), k.select(k.compare('>', at(gAxis), k.num(0)), load('d', k.num(0)), k.num(4))),
      },
    ],
    expected: { d: [5, 6] },
  },
  {
    name: 'contract over rows with the rows innermost',
    ops: [{ op: 'contract', out: 'S', axes: [c, n], at: [at(c)], factors: [load('x', at(n), at(c)), at(n)] }],
    expected: { S: [34, 40] },
  },
  {
    name: 'contract in a block adds to what is there',
    ops: [
      { op: 'fill', out: 'S', value: 100 },
      { op: 'contract', out: 'S', axes: [n, c], at: [at(c)], factors: [load('x', at(n), at(c))] },
    ],
    block,
    expected: { S: [108, 110] },
  },
  {
    name: 'contract of nothing counts, ragged axes included',
    ops: [{ op: 'contract', out: 'total', axes: [n, t], at: [], factors: [] }],
    expected: { total: [6] },
  },
  {
    name: 'contract over a ragged axis',
    ops: [{ op: 'contract', out: 'q', axes: [n, t], at: [at(n)], factors: [load('y', at(n), at(t))] }],
    block,
    expected: { q: [9, 33, 9, 9] },
  },
  {
    name: 'scatterAdd by a key, a missing key guarded',
    ops: [
      {
        op: 'scatterAdd',
        out: 'd',
        axes: [n],
        at: [k.call('max', load('g', at(n)), k.num(0))],
        value: k.select(k.compare('>=', load('g', at(n)), k.num(0)), load('x', at(n), k.num(0)), k.num(0)),
      },
    ],
    expected: { d: [3, 6] },
  },
  {
    name: 'scatterAdd into integers',
    ops: [{ op: 'scatterAdd', out: 'count', axes: [n], at: [k.call('mod', at(n), k.num(2))], value: k.num(1) }],
    expected: { count: [2, 2] },
  },
  {
    name: 'gather',
    ops: [{ op: 'gather', out: 'v', axes: [gAxis, c], from: 'x', at: [load('g', at(gAxis)), at(c)] }],
    expected: { v: [3, 4, 1, 2] },
  },
  {
    name: 'reduce to a sum, a maximum and a log-sum-exp',
    ops: (['sum', 'max', 'logSumExp'] as const).map((kind, row) => ({
      op: 'reduce',
      kind,
      out: 'q',
      axes: [],
      over: [gAxis, c],
      at: [k.num(row)],
      value: k.add(at(gAxis), at(c)),
    })),
    expected: { q: [4, 2, Math.log(1 + 2 * Math.E + Math.E ** 2), 9] },
  },
  {
    name: 'reduce over a ragged axis, empty too',
    ops: [{ op: 'reduce', kind: 'max', out: 'q', axes: [n], over: [t], at: [at(n)], value: load('y', at(n), at(t)) }],
    expected: { q: [2, -Infinity, 9, 10] },
  },
  {
    // d doubles until both are at least 20: three rounds from 3 and 7
    name: 'repeat while a flag is not 0',
    ops: [
      k.mapOver('d', [gAxis], k.add(k.num(3), k.mul(k.num(4), at(gAxis)))),
      { op: 'fill', out: 'total', value: 1 },
      {
        op: 'repeat',
        times: 50,
        until: 'total',
        step: [
          k.mapOver('d', [gAxis], k.mul(k.num(2), load('d', at(gAxis)))),
          { op: 'fill', out: 'total', value: 0 },
          {
            op: 'scatterAdd',
            out: 'total',
            axes: [gAxis],
            at: [],
            value: k.compare('<', load('d', at(gAxis)), k.num(20)),
          },
        ],
      },
    ],
    expected: { d: [24, 56], total: [0] },
  },
  {
    name: 'repeat, at most so often',
    ops: [
      { op: 'fill', out: 'total', value: 1 },
      {
        op: 'repeat',
        times: 3,
        until: 'total',
        step: [{ op: 'scatterAdd', out: 'total', axes: [n], at: [], value: q }],
      },
    ],
    // q is 9 in each of four rows
    expected: { total: [109] },
  },
  {
    name: 'repeat of nothing where the flag is 0',
    ops: [{ op: 'repeat', times: 3, until: 'total', step: [{ op: 'fill', out: 'total', value: 5 }] }],
    expected: { total: [0] },
  },
  {
    name: 'fill of scratch in a block',
    ops: [{ op: 'fill', out: 'p', value: -0.5 }],
    block,
    expected: { p: [-0.5, -0.5, -0.5, -0.5, 9, 9, 9, 9] },
  },
  {
    name: 'fill of state in a block',
    ops: [{ op: 'fill', out: 'kept', value: 1 }],
    block,
    expected: { kept: [0, 0, 1, 1, 1, 1, 0, 0] },
  },
  {
    name: 'fill with what is not a number',
    ops: [
      { op: 'fill', out: 'S', value: NOT },
      { op: 'fill', out: 'd', value: -Infinity },
    ],
    expected: { S: [NOT, NOT], d: [-Infinity, -Infinity] },
  },
  {
    name: 'small inverse; NaN where the matrix is not positive definite',
    ops: [{ op: 'small', kind: 'inverse', axes: [gAxis], at: [at(gAxis)], order: 'C', matrix: 'A', out: 'B' }],
    expected: { B: [0.3125, -0.125, -0.125, 0.25, NOT, NOT, NOT, NOT] },
  },
  {
    name: 'small logdet',
    ops: [{ op: 'small', kind: 'logdet', axes: [gAxis], at: [at(gAxis)], order: 'C', matrix: 'A', out: 'd' }],
    expected: { d: [Math.log(16), NOT] },
  },
  {
    name: 'small cholesky',
    ops: [{ op: 'small', kind: 'cholesky', axes: [gAxis], at: [at(gAxis)], order: 'C', matrix: 'A', out: 'B' }],
    expected: { B: [2, 0, 1, 2, NOT, NOT, NOT, NOT] },
  },
  {
    name: 'small solve',
    ops: [
      {
        op: 'small',
        kind: 'solveSpd',
        axes: [gAxis],
        at: [at(gAxis)],
        order: 'C',
        matrix: 'A',
        rightHandSide: 'b',
        out: 'v',
      },
    ],
    expected: { v: [0.5, 0, NOT, NOT] },
  },
  {
    name: 'scan forward and backward',
    ops: [false, true].map((reverse) => ({
      op: 'scan',
      axis: { id: 's', name: 's', size: 'T' },
      reverse,
      carry: ['alpha'],
      step: [
        {
          op: 'map',
          out: 'alpha',
          axes: [c],
          at: [at('s'), at(c)],
          value: k.select(
            k.compare('==', at('s'), k.num(reverse ? 2 : 0)),
            k.add(k.num(1), load('alpha', at('s'), at(c))),
            k.add(
              load('alpha', at('s'), at(c)),
              k.sum(i, load('alpha', k.add(at('s'), k.num(reverse ? 1 : -1)), at(i))),
            ),
          ),
        },
      ],
    })),
    expected: { alpha: [25, 25, 12, 12, 5, 5] },
  },
  {
    name: 'operations that share a row loop',
    ops: [
      k.mapOver('p', [n, c], k.add(load('x', at(n), at(c)), k.num(1))),
      { op: 'reduce', kind: 'sum', out: 'q', axes: [n], over: [c], at: [at(n)], value: load('p', at(n), at(c)) },
      k.mapOver('p', [n, c], k.div(load('p', at(n), at(c)), q)),
      { op: 'contract', out: 'S', axes: [c, n], at: [at(c)], factors: [load('p', at(n), at(c))] },
      { op: 'contract', out: 'total', axes: [n], at: [], factors: [q] },
      { op: 'contract', out: 'total', axes: [c], at: [], factors: [load('S', at(c))] },
    ],
    block,
    expected: { S: [4 / 9 + 6 / 13, 5 / 9 + 7 / 13], total: [24], q: [9, 13, 9, 9] },
  },
  {
    name: 'a loop that must not be shared: the second operation reads another row',
    ops: [
      k.mapOver('q', [n], sumRow),
      k.mapOver('p', [n, c], k.load('q', k.sub(k.num(3), at(n)))),
      k.mapOver('q', [n], k.num(0)),
    ],
    expected: { p: [15, 15, 11, 11, 7, 7, 3, 3], q: [0, 0, 0, 0] },
  },
]

for (const [target, compile] of targets) {
  describe(`operations in the ${target} target`, () => {
    for (const { name, ops, block: rows, expected } of cases) {
      it(name, () => {
        expect(verifyKernel(ops, buffers)).toEqual([])
        const memory = makeMemory()
        compile(ops, buffers).run(memory, rows ?? null)
        for (const [id, values] of Object.entries(expected)) {
          const array = [...(memory.buffers.get(id) ?? [])]
          expect(array.length).toBe(values.length)
          values.forEach((value, place) => {
            const found = array[place] ?? 0
            if (Number.isFinite(value)) expect(Math.abs(found - value)).toBeLessThan(1e-13 * (1 + Math.abs(value)))
            else expect(found).toBe(value)
          })
        }
      })
    }

    it('declines random numbers with a reason', () => {
      const ops: readonly KernelOp[] = [{ op: 'rng', out: 'q', axes: [n], distribution: 'normal', stream: 0 }]
      expect(interpreterSupports(ops)?.declined).toMatch(/rng/)
      expect(javaScriptSupports([{ op: 'scan', axis: c, reverse: false, carry: [], step: ops }])).not.toBeNull()
      expect(() => compile(ops, buffers)).toThrow(/rng/)
    })

    it('says what is wrong with its memory', () => {
      const kernel = compile([k.mapOver('q', [n], sumRow)], buffers)
      const memory = makeMemory()
      const without = (id: string) => new Map([...memory.buffers].filter(([other]) => other !== id))
      const size = new Map([['C', 2]])
      expect(() => kernel.run({ ...memory, buffers: without('x') }, null)).toThrow(/buffer x is not bound/)
      expect(() => kernel.run({ ...memory, sizes: size }, null)).toThrow(/size N is not bound/)
      const short = new Map([...memory.buffers, ['x', new Float64Array(3)] as const])
      expect(() => kernel.run({ ...memory, buffers: short }, null)).toThrow(/has 3 elements, its shape needs 8/)
      const wrong = new Map([...memory.buffers, ['x', new Int32Array(8)] as const])
      expect(() => kernel.run({ ...memory, buffers: wrong }, null)).toThrow(/type f64/)
    })
  })
}
