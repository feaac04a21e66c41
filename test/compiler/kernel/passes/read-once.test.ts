import { describe, expect, it } from 'vitest'
import { k, printKernelOp } from '../../../../compiler/kernel/index.js'
import { copiedData } from '../../../../compiler/kernel/passes/copied-data.js'
import { plainRows } from '../../../../compiler/kernel/passes/index.js'
import { readOnce } from '../../../../compiler/kernel/passes/read-once.js'
import { readOnceInScans } from '../../../../compiler/kernel/passes/read-once-in-scans.js'
import type { KernelPass, PassContext } from '../../../../compiler/kernel/passes/types.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../../../compiler/kernel/types.js'
import { buffersWritten } from '../../../../compiler/kernel/visit.js'
import { compileInterpreter } from '../../../../compiler/targets/interpreter/index.js'
import { compileJavaScript } from '../../../../compiler/targets/javascript/index.js'
import type { CompileKernel } from '../../../../compiler/targets/memory.js'
import { compileWasm } from '../../../../compiler/targets/wasm/index.js'

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const z: Axis = { id: 'z', name: 'z', size: 'K' }
const j: Axis = { id: 'j', name: 'j', size: 'J' }
const scratch = (id: string, size: string): Buffer => ({
  id,
  space: 'scratch',
  type: 'f64',
  shape: ['N', size],
  rows: 'rows',
})
const buffers: readonly Buffer[] = [
  { id: 'x', space: 'data', type: 'f64', shape: ['N', 'J'], rows: 'rows' },
  { id: 'y', space: 'data', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 'other', space: 'param', type: 'i32', shape: ['J'] },
  scratch('w', 'K'),
  scratch('squares', 'J'),
  scratch('doubled', 'J'),
  scratch('wide', 'J + 1'),
  { id: 'sum', space: 'sum', type: 'f64', shape: ['K', 'J'] },
  { id: 'total', space: 'sum', type: 'f64', shape: ['J'] },
]
const rows = 13
const sizesFor = (K: number): Map<string, number> =>
  new Map([
    ['N', rows],
    ['K', K],
    ['J', 3],
    ['J + 1', 4],
  ])
const at = (axis: Axis): KExpr => k.axis(axis)
const xAt = (index: KExpr): KExpr => k.load('x', at(n), index)
const other = k.load('other', at(j))
const weights = k.mapOver('w', [n, z], k.add(k.load('y', at(n)), at(z)))
const products = k.mapOver('squares', [n, j], k.mul(xAt(at(j)), xAt(other)))
const sum: KernelOp = {
  op: 'contract',
  out: 'sum',
  axes: [n, z, j],
  at: [at(z), at(j)],
  factors: [k.load('w', at(n), at(z)), k.load('squares', at(n), at(j))],
}

function applied(pass: KernelPass, ops: readonly KernelOp[], K = 2) {
  const sizes = sizesFor(K)
  const context: PassContext = {
    sizes,
    rows: { table: 'rows', axis: 'n', size: 'N' },
    fresh: (prefix) => prefix,
    isComplete: () => true,
  }
  return pass.apply(plainRows(ops, buffers, context), context)
}

/** What operations leave in the sums, in blocks of 5 rows. */
function sums(compile: CompileKernel, ops: readonly KernelOp[], K = 2): readonly (readonly number[])[] {
  const sizes = sizesFor(K)
  const length = ({ shape }: Buffer): number => shape.reduce((product, key) => product * (sizes.get(key) ?? 0), 1)
  const arrays = new Map(
    buffers.map((b) => [b.id, b.type === 'i32' ? new Int32Array(length(b)) : new Float64Array(length(b))] as const),
  )
  arrays.get('x')?.forEach((_, i, x) => {
    x[i] = Math.sin(i)
  })
  arrays.get('y')?.forEach((_, i, y) => {
    y[i] = Math.cos(i)
  })
  arrays.get('other')?.set([2, 0, 1])
  const kernel = compile(ops, buffers)
  for (let from = 0; from < rows; from += 5)
    kernel.run({ sizes, buffers: arrays }, { table: 'rows', axis: 'n', from, to: Math.min(rows, from + 5) })
  return ['sum', 'total'].map((id) => [...(arrays.get(id) ?? [])])
}

function expectSameSums(before: readonly KernelOp[], after: readonly KernelOp[]): void {
  const wanted = sums(compileInterpreter, before)
  for (const compile of [compileInterpreter, compileJavaScript, compileWasm])
    sums(compile, after).forEach((values, i) => {
      values.forEach((value, e) => {
        expect(value).toBeCloseTo(wanted[i]?.[e] ?? Number.NaN, 12)
      })
    })
}

describe('read-once', () => {
  it('makes a product where the only sum that has it adds it up', () => {
    const { program } = applied(readOnce, [weights, products, sum])
    expect(program.rows).toHaveLength(2)
    expect(printKernelOp(program.rows[1] ?? sum)).toContain('w[n, z] * (x[n, j] * x[n, other[j]])')
    expectSameSums([weights, products, sum], program.rows)
  })

  it('puts the position of the reader in', () => {
    const turned: KernelOp = { ...sum, factors: [k.load('w', at(n), at(z)), k.load('squares', at(n), other)] }
    const { program } = applied(readOnce, [weights, products, turned])
    expect(printKernelOp(program.rows[1] ?? sum)).toContain('x[n, other[j]] * x[n, other[other[j]]]')
    expectSameSums([weights, products, turned], program.rows)
  })

  it('makes values of values that are made where they are read', () => {
    const doubled = k.mapOver('doubled', [n, j], k.add(k.load('squares', at(n), at(j)), xAt(at(j))))
    const reader: KernelOp = { ...sum, factors: [k.load('w', at(n), at(z)), k.load('doubled', at(n), at(j))] }
    const ops = [weights, products, doubled, reader]
    const { program, applied: done } = applied(readOnce, ops)
    expect(done).toContain('squares')
    expect(program.rows.some((op) => buffersWritten(op).has('squares'))).toBe(false)
    expectSameSums(ops, program.rows)
  })

  const again: KernelOp = {
    op: 'contract',
    out: 'total',
    axes: [n, j],
    at: [at(j)],
    factors: [k.load('squares', at(n), at(j))],
  }
  it.each<readonly [string, readonly KernelOp[], number]>([
    ['it is read more often', [weights, products, sum], 5],
    ['two operations read it', [weights, products, sum, again], 2],
    ['it is read at two places', [weights, products, { ...sum, factors: [...sum.factors, ...sum.factors] }], 2],
    ['what it is made of changes', [weights, products, k.mapOver('x', [n, j], k.num(1)), sum], 2],
    ['it is dear', [weights, k.mapOver('squares', [n, j], k.call('exp', xAt(at(j)))), sum], 2],
    ['it is read in rounds', [weights, products, { op: 'repeat', times: 2, until: 'y', step: [sum] }], 2],
  ])('leaves it where %s', (_, ops, K) => {
    const { program } = applied(readOnce, ops, K)
    expect(program.rows.some((op) => op.op === 'map' && op.out === 'squares')).toBe(true)
  })
})

describe('read-once in scans', () => {
  const row: Axis = { id: 'row', name: 'n', size: 'N' }
  const own: readonly Buffer[] = [
    { id: 'pair', space: 'scratch', type: 'f64', shape: ['J'] },
    { id: 'next', space: 'scratch', type: 'f64', shape: ['J'] },
    { id: 'long', space: 'scratch', type: 'f64', shape: ['N', 'J'] },
  ]
  const pair = k.mapOver('pair', [j], k.mul(k.load('x', at(row), at(j)), k.load('x', k.num(0), at(j))))
  const adds: KernelOp = { op: 'contract', out: 'total', axes: [j], at: [at(j)], factors: [k.load('pair', at(j))] }
  const scan = (...step: readonly KernelOp[]): KernelOp => ({ op: 'scan', axis: row, reverse: false, carry: [], step })
  const inlined = (...ops: readonly KernelOp[]): readonly KernelOp[] =>
    readOnceInScans(ops, { declared: (id) => own.find((b) => b.id === id) ?? null, sizes: sizesFor(2) })

  it('makes a value where its only reader of the step is', () => {
    const before = scan(pair, adds)
    const after = inlined(before)
    expect(after).toEqual([
      scan({ ...adds, factors: [k.mul(k.load('x', at(row), at(j)), k.load('x', k.num(0), at(j)))] }),
    ])
  })

  it('makes one value of another where that is read', () => {
    const next = k.mapOver('next', [j], k.add(k.load('pair', at(j)), k.load('x', at(row), at(j))))
    const after = inlined(scan(pair, next, { ...adds, factors: [k.load('next', at(j))] }))
    const made = k.mul(k.load('x', at(row), at(j)), k.load('x', k.num(0), at(j)))
    expect(after).toEqual([
      scan(k.mapOver('next', [j], k.add(made, k.load('x', at(row), at(j)))), {
        ...adds,
        factors: [k.load('next', at(j))],
      }),
    ])
  })

  const half = k.mapOver('pair', [j], k.num(0))
  it.each<readonly [string, readonly KernelOp[]]>([
    ['the next step reads it', [scan(adds, pair)]],
    ['another scan reads what is left', [scan(pair, adds), scan(adds)]],
    ['two operations read it', [scan(pair, adds, adds)]],
    ['it is written again', [scan(pair, half, adds)]],
    ['what it is made of changes', [scan(pair, k.mapOver('x', [n, j], k.num(1)), adds)]],
    ['it is dear', [scan(k.mapOver('pair', [j], k.call('exp', k.load('x', at(row), at(j)))), adds)]],
    ['it is a part of an array', [scan(k.mapOver('long', [j], k.num(1)), adds)]],
    ['it is nobody’s own', [scan(k.mapOver('w', [j], k.num(1)), { ...adds, factors: [k.load('w', at(j))] })]],
  ])('leaves it where %s', (_, ops) => {
    expect(inlined(...ops)).toEqual(ops)
  })
})

describe('copied-data', () => {
  const copy: KernelOp = {
    op: 'map',
    out: 'wide',
    axes: [n, j],
    at: [at(n), k.add(at(j), k.num(1))],
    value: xAt(at(j)),
  }
  const reader: KernelOp = {
    op: 'contract',
    out: 'total',
    axes: [n, j],
    at: [at(j)],
    factors: [xAt(at(j)), k.load('wide', at(n), k.add(other, k.num(1)))],
  }

  it('reads the copy, which is made first', () => {
    const { program } = applied(copiedData, [k.mapOver('squares', [n, j], xAt(other)), copy, reader])
    expect(program.rows[0]).toEqual(copy)
    expect(program.rows.slice(1).map(printKernelOp).join()).not.toContain('x[')
    expectSameSums([copy, reader], applied(copiedData, [copy, reader]).program.rows)
  })

  it.each<readonly [string, readonly KernelOp[]]>([
    ['nothing else reads the data', [copy]],
    ['it is no copy', [{ ...copy, value: k.neg(xAt(at(j))) }, reader]],
    ['it copies to a place that changes', [{ ...copy, at: [at(n), other] }, reader]],
    ['another row is read', [copy, { ...reader, factors: [k.load('x', k.num(0), at(j))] }]],
  ])('leaves it where %s', (_, ops) => {
    const { program, applied: done } = applied(copiedData, ops)
    expect(done).toEqual([])
    expect(program.rows).toEqual(ops)
  })
})
