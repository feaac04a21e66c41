import { describe, expect, it } from 'vitest'
import { k, verifyKernel } from '../../../../compiler/kernel/index.js'
import { plainRows } from '../../../../compiler/kernel/passes/index.js'
import { sharedExponentials } from '../../../../compiler/kernel/passes/shared-exponentials.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../../../compiler/kernel/types.js'
import { buffersWritten } from '../../../../compiler/kernel/visit.js'
import { compileInterpreter } from '../../../../compiler/targets/interpreter/index.js'
import { compileJavaScript } from '../../../../compiler/targets/javascript/index.js'
import { compileWasm } from '../../../../compiler/targets/wasm/index.js'

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const z: Axis = { id: 'z', name: 'z', size: 'K' }
const buffers: readonly Buffer[] = [
  { id: 'psi', space: 'scratch', type: 'f64', shape: ['N', 'K'], rows: 'rows' },
  { id: 'm', space: 'scratch', type: 'f64', shape: ['N'], rows: 'rows' },
  { id: 'post', space: 'scratch', type: 'f64', shape: ['N', 'K'], rows: 'rows' },
  { id: 'loglik', space: 'sum', type: 'f64', shape: [] },
  { id: 'scale', space: 'sum', type: 'f64', shape: [] },
]
const at = (axis: Axis): KExpr => k.axis(axis)
const psi = k.load('psi', at(n), at(z))
const m = k.load('m', at(n))
const logSum: KernelOp = { op: 'reduce', kind: 'logSumExp', out: 'm', axes: [n], over: [z], at: [at(n)], value: psi }
const posterior = (value: KExpr): KernelOp => ({ op: 'map', out: 'post', axes: [n, z], at: [at(n), at(z)], value })
const usual = posterior(k.select(k.compare('>', psi, k.add(m, k.num(-300))), k.call('exp', k.sub(psi, m)), k.num(0)))

const sizes = new Map([
  ['N', 6],
  ['K', 3],
])
const inf = Number.POSITIVE_INFINITY
const densities: readonly number[] = [
  -1,
  -2,
  -3,
  -1000,
  -1001,
  -1002,
  -inf,
  -4,
  -inf,
  -inf,
  -inf,
  -inf,
  800,
  0,
  -800,
  5,
  5,
  5,
]

function optimised(ops: readonly KernelOp[]) {
  let names = 0
  const context = {
    sizes,
    rows: { table: 'rows', axis: 'n', size: 'N' },
    fresh: (prefix: string) => `${prefix} ${names++}`,
    isComplete: () => true,
  }
  return sharedExponentials.apply(plainRows(ops, buffers, context), context)
}

function run(compile: typeof compileInterpreter, ops: readonly KernelOp[], all: readonly Buffer[], psis = densities) {
  const memory = {
    sizes,
    buffers: new Map(all.map(({ id, shape }) => [id, new Float64Array([1, 6, 18][shape.length] ?? 0)])),
  }
  memory.buffers.get('psi')?.set(psis)
  compile(ops, all).run(memory, { table: 'rows', axis: 'n', from: 0, to: 6 })
  const values = (id: string): number[] => [...(memory.buffers.get(id) ?? [])]
  const [loglik = Number.NaN] = values('loglik')
  const [scale = Number.NaN] = values('scale')
  return { m: values('m'), post: values('post'), loglik, scale }
}

describe('shared-exponentials', () => {
  it('takes each exponential once, with the same posteriors', () => {
    const { program, applied } = optimised([logSum, usual])
    expect(applied).toHaveLength(1)
    expect(JSON.stringify(program.rows)).not.toContain('logSumExp')
    expect(JSON.stringify(program.rows)).not.toContain('"exp"')
    const wanted = run(compileInterpreter, [logSum, usual], buffers)
    for (const compile of [compileInterpreter, compileJavaScript, compileWasm]) {
      const found = run(compile, program.rows, program.buffers)
      wanted.m.forEach((value, i) => {
        if (Number.isFinite(value)) expect(found.m[i]).toBeCloseTo(value, 12)
        else expect(found.m[i]).toBe(value)
      })
      wanted.post.forEach((value, i) => {
        expect(found.post[i]).toBeCloseTo(value, 12)
      })
    }
  })

  it.each([
    ['no posterior asks for them', [logSum]],
    ['the quotient is that of another unit', [logSum, posterior(k.call('exp', k.sub(psi, k.load('m', k.num(0)))))]],
    ['the posterior comes first', [usual, logSum]],
    ['the sum is over something else than elements', [{ ...logSum, value: k.mul(k.num(2), psi) }, usual]],
  ] as const)('leaves it where %s', (_, ops) => {
    const { program, applied } = optimised(ops)
    expect(applied).toEqual([])
    expect(program.rows).toEqual(ops)
  })

  const sum = (out: string, factor: KExpr): KernelOp => ({ op: 'contract', out, axes: [n], at: [], factors: [factor] })
  const withSums = [logSum, usual, sum('loglik', m), sum('scale', k.call('abs', m))]

  it.each<readonly [string, readonly number[]]>([
    ['all are negative', [-1, -2, -3, -1000, -1001, -1002, -inf, -4, -inf, -7, -8, -9, -3, -3, -3, -800, -801, -5]],
    ['all are positive', [1, 2, 3, 1000, 1001, 1002, -inf, 4, -inf, 7, 8, 9, 3, 3, 3, 800, 801, 5]],
    ['signs differ', [1, 2, 3, -1000, -1001, -1002, -inf, 4, -inf, 7, 8, 9, 3, 3, 3, -800, 801, 5]],
    [
      'a sum is positive and no term is',
      [-1, -1, -1, -5, -6, -7, -0.1, -0.2, -0.3, -4, -4, -4, -1, -2, -3, -4, -5, -6],
    ],
    ['a row is impossible', [-1, -2, -3, -inf, -inf, -inf, -1, -4, -inf, -7, -8, -9, -3, -3, -3, -800, -801, -5]],
    ['a density is infinite', [-1, -2, -3, inf, -2, -2, -1, -4, -inf, -7, -8, -9, -3, -3, -3, -800, -801, -5]],
    ['something is no number', [-1, -2, -3, Number.NaN, -2, -2, -1, -4, -inf, -7, -8, -9, -3, -3, -3, -800, -801, -5]],
  ])('needs no logarithm of its own for sums over rows: %s', (_, values) => {
    const { program } = optimised(withSums)
    const outside = program.rows.filter((op) => op.op !== 'repeat')
    expect(outside.flatMap((op) => [...buffersWritten(op)])).not.toContain('m')
    expect(verifyKernel(program.rows, program.buffers)).toEqual([])
    const wanted = run(compileInterpreter, withSums, buffers, values)
    for (const compile of [compileInterpreter, compileJavaScript, compileWasm]) {
      const found = run(compile, program.rows, program.buffers, values)
      for (const [one, other] of [
        [found.loglik, wanted.loglik],
        [found.scale, wanted.scale],
      ] as const)
        if (Number.isFinite(other)) expect(Math.abs(one - other)).toBeLessThan(1e-12 * wanted.scale)
        else expect(one).toBe(other)
    }
  })

  it.each<readonly [string, readonly KernelOp[]]>([
    ['something else reads it', [...withSums, sum('scale', k.mul(m, m))]],
    ['its sums have weights', [logSum, usual, sum('loglik', k.mul(m, k.load('post', at(n), k.num(0))))]],
  ])('keeps each logarithm where %s', (_, ops) => {
    const { program } = optimised(ops)
    expect(program.rows.some((op) => op.op === 'map' && op.out === 'm')).toBe(true)
  })
})
