import { describe, expect, it } from 'vitest'
import { k, printKernelOp } from '../../../../compiler/kernel/index.js'
import { plainRows } from '../../../../compiler/kernel/passes/index.js'
import { rowByRow } from '../../../../compiler/kernel/passes/row-by-row.js'
import type { PassContext } from '../../../../compiler/kernel/passes/types.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../../../compiler/kernel/types.js'
import { compileInterpreter } from '../../../../compiler/targets/interpreter/index.js'
import { compileJavaScript } from '../../../../compiler/targets/javascript/index.js'
import type { CompileKernel } from '../../../../compiler/targets/memory.js'
import { compileWasm } from '../../../../compiler/targets/wasm/index.js'

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const z: Axis = { id: 'z', name: 'z', size: 'K' }
const ofRow = { type: 'f64', rows: 'rows' } as const
const buffers: readonly Buffer[] = [
  { id: 'key', space: 'data', type: 'i32', shape: ['N'], rows: 'rows' },
  { id: 'x', space: 'data', shape: ['N'], ...ofRow },
  { id: 'table', space: 'derived', type: 'f64', shape: ['E', 'K'] },
  { id: 'product', space: 'scratch', shape: ['N', 'K'], ...ofRow },
  { id: 'post', space: 'scratch', shape: ['N', 'K'], ...ofRow },
  { id: 'total', space: 'scratch', shape: ['N'], ...ofRow },
  { id: 'log', space: 'scratch', shape: ['N'], ...ofRow },
  { id: 'loglik', space: 'sum', type: 'f64', shape: [] },
  { id: 'by key', space: 'sum', type: 'f64', shape: ['E', 'K'] },
  { id: 'moments', space: 'sum', type: 'f64', shape: ['K'] },
]
const rows = 13
const entries = 4
const at = (axis: Axis): KExpr => k.axis(axis)
const row = (id: string): KExpr => k.load(id, at(n))
const value = (id: string): KExpr => k.load(id, at(n), at(z))

const product = k.mapOver('product', [n, z], k.mul(k.load('table', row('key'), at(z)), row('x')))
const total: KernelOp = {
  op: 'reduce',
  kind: 'sum',
  out: 'total',
  axes: [n],
  over: [z],
  at: [at(n)],
  value: value('product'),
}
const log = k.mapOver('log', [n], k.call('log', row('total')))
const loglik: KernelOp = { op: 'contract', out: 'loglik', axes: [n], at: [], factors: [row('log')] }
const post = k.mapOver('post', [n, z], k.div(value('product'), row('total')))
const byKey: KernelOp = {
  op: 'scatterAdd',
  out: 'by key',
  axes: [n, z],
  at: [row('key'), at(z)],
  value: value('post'),
}
const moments: KernelOp = {
  op: 'contract',
  out: 'moments',
  axes: [n, z],
  at: [at(z)],
  factors: [value('post'), row('x')],
}
const all = [product, total, log, post, loglik, byKey, moments]

function applied(ops: readonly KernelOp[], K: number) {
  const sizes = sizesFor(K)
  const context: PassContext = {
    sizes,
    rows: { table: 'rows', axis: 'n', size: 'N' },
    fresh: (prefix) => prefix,
    isComplete: () => true,
  }
  return rowByRow.apply(plainRows(ops, buffers, context), context)
}

const sizesFor = (K: number): Map<string, number> =>
  new Map([
    ['N', rows],
    ['K', K],
    ['E', entries],
  ])

/** What operations leave in the sums, in blocks of 5 rows. */
function sums(compile: CompileKernel, ops: readonly KernelOp[], K: number): readonly (readonly number[])[] {
  const sizes = sizesFor(K)
  const length = ({ shape }: Buffer): number => shape.reduce((size, key) => size * (sizes.get(key) ?? 0), 1)
  const arrays = new Map(
    buffers.map((b) => [b.id, b.type === 'i32' ? new Int32Array(length(b)) : new Float64Array(length(b))] as const),
  )
  arrays.get('key')?.forEach((_, i, key) => {
    key[i] = (3 * i) % entries
  })
  for (const id of ['x', 'table'])
    arrays.get(id)?.forEach((_, i, x) => {
      x[i] = 1.5 + Math.sin(i)
    })
  const kernel = compile(ops, buffers)
  for (let from = 0; from < rows; from += 5)
    kernel.run({ sizes, buffers: arrays }, { table: 'rows', axis: 'n', from, to: Math.min(rows, from + 5) })
  return ['loglik', 'by key', 'moments'].map((id) => [...(arrays.get(id) ?? [])])
}

const targets = [
  ['interpreter', compileInterpreter],
  ['JavaScript', compileJavaScript],
  ['WebAssembly', compileWasm],
] as const

describe('rows with keys', () => {
  it('are taken one after another, and what is dear after them', () => {
    const { program } = applied(all, 3)
    const words = program.rows.map((op) =>
      printKernelOp(op)
        .split('\n')
        .map((line) => line.trim().split(' ')[0]),
    )
    expect(words).toEqual([['scan', 'map', 'reduce', 'map', 'scatter', 'contract'], ['map'], ['contract']])
  })

  for (const [name, compile] of targets)
    it.each([2, 3, 4, 5, 8])(`give the same sums with %i values (${name})`, (K) => {
      const { program } = applied(all, K)
      const before = sums(compileInterpreter, all, K)
      sums(compile, program.rows, K).forEach((sum, i) => {
        sum.forEach((x, j) => {
          expect(x / (before[i]?.[j] ?? Number.NaN)).toBeCloseTo(1, 14)
        })
      })
    })

  it.each([
    ['no row has a key', [total, log, post, loglik, moments], 3],
    ['the values are too many to be written out', all, 9],
    ['there is one value', all, 1],
    [
      'a function is made of each value',
      [k.mapOver('product', [n, z], k.call('exp', k.load('table', row('key'), at(z))))],
      3,
    ],
    [
      'what another operation reads is laid out otherwise',
      [product, k.mapOver('post', [n, z], k.call('exp', value('product')))],
      3,
    ],
  ] as const)('stay as they are where %s', (_, ops, K) => {
    const { program, applied: done } = applied(ops, K)
    expect(done).toEqual([])
    expect(program.rows).toEqual(ops)
  })
})
