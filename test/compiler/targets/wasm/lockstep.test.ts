import { describe, expect, it } from 'vitest'
import { k } from '../../../../compiler/kernel/index.js'
import type { Axis, Buffer, KernelOp } from '../../../../compiler/kernel/types.js'
import { compileInterpreter } from '../../../../compiler/targets/interpreter/index.js'
import type { CompileKernel } from '../../../../compiler/targets/memory.js'
import { Code, f64x2, get, op } from '../../../../compiler/targets/wasm/code.js'
import { compileWasm } from '../../../../compiler/targets/wasm/index.js'
import { inLockstep } from '../../../../compiler/targets/wasm/lockstep.js'
import { expNonPositive, lgamma } from '../../../../compiler/targets/wasm/math/index.js'
import { ifAny } from '../../../../compiler/targets/wasm/math/vector.js'

describe('values in lockstep', () => {
  it('are made an instruction of each after another', () => {
    const code = new Code('run', ['v128', 'v128'])
    const made = inLockstep(
      code,
      code.params.map((x) => () => expNonPositive(code, get(x))),
    )
    expect(made).toHaveLength(2)
    const sets = code.open.flatMap((s) => (s.w === 'set' ? [s.value] : []))
    expect(sets).toHaveLength(code.open.length)
    const names = sets.map((value) => (value.w === 'op' ? value.op : value.w))
    expect(names.filter((_, i) => i % 2 === 0)).toEqual(names.filter((_, i) => i % 2 === 1))
    const nested = sets.filter((value) => value.w === 'op' && value.args.some((arg) => arg.w === 'op'))
    expect(nested).toEqual([])
  })

  it('stay one after another where there is more than assignments, or not as many', () => {
    const branching = new Code('run', ['v128', 'v128'])
    inLockstep(
      branching,
      branching.params.map((x) => () => {
        ifAny(branching, get(x), () => {})
        return get(x)
      }),
    )
    expect(branching.open.map((s) => s.w)).toEqual(['if', 'if'])
    const uneven = new Code('run', ['v128'])
    const [x] = uneven.params
    if (x === undefined) throw new Error('no param')
    inLockstep(uneven, [
      () => uneven.bind(op('f64x2.add', get(x), f64x2(1))),
      () => uneven.bind(op('f64x2.mul', op('f64x2.add', get(x), f64x2(1)), get(x))),
    ])
    expect(uneven.open).toHaveLength(2)
  })

  it('alone are what they were', () => {
    const [one, other] = [new Code('run', ['v128']), new Code('run', ['v128'])]
    const x = get({ index: 0, type: 'v128' })
    inLockstep(one, [() => lgamma(one, x)])
    lgamma(other, x)
    expect(one.open).toEqual(other.open)
  })
})

describe('guarded products side by side', () => {
  const n: Axis = { id: 'n', name: 'n', size: 'N' }
  const c: Axis = { id: 'c', name: 'c', size: 'C' }
  const buffers: readonly Buffer[] = [
    { id: 'x', space: 'data', type: 'f64', shape: ['N', 'C'], rows: 'rows' },
    { id: 'a', space: 'derived', type: 'f64', shape: ['C'] },
    { id: 'p', space: 'state', type: 'f64', shape: ['N', 'C'], rows: 'rows' },
  ]
  const at = [k.axis(n), k.axis(c)]
  const sum = k.add(k.mul0(k.load('a', k.axis(c)), k.load('x', ...at)), k.sum(c, k.load('x', ...at)))
  const ops: readonly KernelOp[] = [{ op: 'map', out: 'p', axes: [n, c], at, value: sum }]
  const { POSITIVE_INFINITY: inf, NaN: nan } = Number

  function products(compile: CompileKernel, a: readonly number[], x: readonly number[]): readonly number[] {
    const [columns, rows] = [a.length, x.length / a.length]
    const p = new Float64Array(x.length).fill(9)
    const sizes = new Map([
      ['N', rows],
      ['C', columns],
    ])
    const all = new Map([
      ['x', Float64Array.from(x)],
      ['a', Float64Array.from(a)],
      ['p', p],
    ])
    compile(ops, buffers).run({ sizes, buffers: all }, { table: 'rows', axis: 'n', from: 0, to: rows })
    return [...p]
  }

  it.each([
    ['plain numbers', [2, -3, 0.5, 0]],
    ['infinite ones', [inf, -inf, 0, 1]],
    ['what is no number', [nan, 0, 1, inf]],
  ])('are 0 where a factor is, with %s', (_, a) => {
    const x = [0, 1, 2, 0, 0, -1, 5, 3, 1, 0, 0, 0, 4, 0, 7, -2, 0, 0, 0, 0]
    expect(products(compileWasm, a, x)).toEqual(products(compileInterpreter, a, x))
  })
})
