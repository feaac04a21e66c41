import { describe, expect, it } from 'vitest'
import { k } from '../../../../compiler/kernel/index.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../../../compiler/kernel/types.js'
import { compileInterpreter } from '../../../../compiler/targets/interpreter/index.js'
import type { CompileKernel } from '../../../../compiler/targets/memory.js'
import { accessesOf } from '../../../../compiler/targets/wasm/accesses.js'
import { compileWasm } from '../../../../compiler/targets/wasm/index.js'
import { twoAtOnce } from '../../../../compiler/targets/wasm/two-at-once.js'

/** Recurrences over sequences of letters: forward, and backward with sums over both sequences and sums by letter. */
const r: Axis = { id: 'r', name: 'r', size: 'R' }
const t: Axis = { id: 't', name: 't', size: 'T', ragged: { sizes: 'lengths', at: k.axis('r') } }
const i: Axis = { id: 'i', name: 'i', size: 'S' }
const j: Axis = { id: 'j', name: 'j', size: 'S' }

const buffers: readonly Buffer[] = [
  { id: 'lengths', space: 'data', type: 'i32', shape: ['R'] },
  { id: 'begins', space: 'data', type: 'i32', shape: ['R'] },
  { id: 'y', space: 'data', type: 'i32', shape: ['places'] },
  { id: 'weight', space: 'data', type: 'f64', shape: ['R'] },
  { id: 'step', space: 'derived', type: 'f64', shape: ['S', 'S'] },
  { id: 'chances', space: 'derived', type: 'f64', shape: ['L', 'S'] },
  { id: 'state', space: 'scratch', type: 'f64', shape: ['S'] },
  { id: 'along', space: 'scratch', type: 'f64', shape: ['T', 'S'] },
  { id: 'back', space: 'scratch', type: 'f64', shape: ['S'] },
  { id: 'own', space: 'scratch', type: 'f64', shape: [] },
  { id: 'pairs', space: 'sum', type: 'f64', shape: ['S', 'S'] },
  { id: 'letters', space: 'sum', type: 'f64', shape: ['L', 'S'] },
  { id: 'total', space: 'sum', type: 'f64', shape: [] },
  { id: 'ends', space: 'state', type: 'f64', shape: ['R'] },
]

const letter: KExpr = k.load('y', k.add(k.load('begins', k.axis(r)), k.axis(t)))
const chance = (state: Axis): KExpr => k.load('chances', letter, k.axis(state))
const inner: Axis = { id: 'inner', name: 'i', size: 'S' }
const stepped = (from: string): KExpr =>
  k.sum(inner, k.mul(k.load(from, k.axis(inner)), k.load('step', k.axis(inner), k.axis(j))))
const map = (out: string, axes: readonly Axis[], at: readonly KExpr[], value: KExpr): KernelOp => ({
  op: 'map',
  out,
  axes,
  at,
  value,
})

const forward: KernelOp = {
  op: 'scan',
  axis: t,
  reverse: false,
  carry: [],
  step: [
    map('along', [j], [k.axis(t), k.axis(j)], k.mul(stepped('state'), chance(j))),
    map('state', [j], [k.axis(j)], k.load('along', k.axis(t), k.axis(j))),
    map('own', [], [], k.add(k.load('own'), k.load('state', k.num(0)))),
  ],
}
const backward: KernelOp = {
  op: 'scan',
  axis: t,
  reverse: true,
  carry: [],
  step: [
    {
      op: 'contract',
      out: 'pairs',
      axes: [i, j],
      at: [k.axis(i), k.axis(j)],
      factors: [k.load('along', k.axis(t), k.axis(i)), k.load('back', k.axis(j))],
    },
    {
      op: 'scatterAdd',
      out: 'letters',
      axes: [j],
      at: [letter, k.axis(j)],
      value: k.mul(k.load('along', k.axis(t), k.axis(j)), k.load('back', k.axis(j))),
    },
    map('state', [j], [k.axis(j)], k.mul(stepped('back'), chance(j))),
    map('back', [j], [k.axis(j)], k.load('state', k.axis(j))),
  ],
}
/** The first state, by the first letter: asked for lane by lane. */
const beginning: KExpr = k.select(
  k.compare('<', k.axis(j), k.num(2)),
  k.load('chances', k.load('y', k.load('begins', k.axis(r))), k.axis(j)),
  k.num(0),
)
const along: readonly KernelOp[] = [
  { op: 'fill', out: 'own', value: 0 },
  map('state', [j], [k.axis(j)], k.add(k.load('weight', k.axis(r)), beginning)),
  forward,
  map('back', [j], [k.axis(j)], k.add(k.load('weight', k.axis(r)), k.axis(j))),
  backward,
  { op: 'contract', out: 'total', axes: [], at: [], factors: [k.load('own')] },
  map('ends', [], [k.axis(r)], k.load('back', k.num(1))),
]
const scan = (step: readonly KernelOp[], more: object = { independent: true }): KernelOp => ({
  op: 'scan',
  axis: r,
  reverse: false,
  carry: [],
  step,
  ...more,
})

function run(compile: CompileKernel, lengths: readonly number[], S: number): Readonly<Record<string, number[]>> {
  const R = lengths.length
  const places = Math.max(
    1,
    lengths.reduce((a, b) => a + b, 0),
  )
  const sizes = new Map([
    ['R', R],
    ['S', S],
    ['L', 4],
    ['T', Math.max(1, ...lengths)],
    ['places', places],
  ])
  const extent = ({ shape }: Buffer): number => shape.reduce((n, key) => n * (sizes.get(key) ?? 0), 1)
  const arrays = new Map(
    buffers.map((b) => [b.id, b.type === 'i32' ? new Int32Array(extent(b)) : new Float64Array(extent(b))] as const),
  )
  const set = (id: string, of: (index: number) => number): void => {
    arrays.get(id)?.forEach((_, index, all) => {
      all[index] = of(index)
    })
  }
  let begin = 0
  set('lengths', (n) => lengths[n] ?? 0)
  set('begins', (n) => {
    const own = begin
    begin += lengths[n] ?? 0
    return own
  })
  set('y', (n) => (n * n + (n >> 1)) % 4)
  set('weight', (n) => 1 + (n % 3) / 7)
  set('step', (n) => (1 + Math.sin(n)) / S)
  set('chances', (n) => 0.8 + 0.3 * Math.cos(5 * n))
  const kernel = compile([scan(along)], buffers)
  for (let from = 0; from < R; from += 5)
    kernel.run({ sizes, buffers: arrays }, { table: 'r', axis: 'r', from, to: Math.min(R, from + 5) })
  return Object.fromEntries(['pairs', 'letters', 'total', 'ends'].map((id) => [id, [...(arrays.get(id) ?? [])]]))
}

const pairing = (op: KernelOp) =>
  twoAtOnce([op], new Map(buffers.map((b) => [b.id, b])), accessesOf([op], 'r'), 'r', () => 9)

describe('two sequences at once', () => {
  it.each<readonly [string, readonly number[]]>([
    ['one', [4]],
    ['two alike', [6, 6]],
    ['the first longer', [9, 2]],
    ['the second longer', [1, 7, 3]],
    ['some empty', [0, 3, 2, 0, 0, 0, 5]],
    ['odd in each block of 5', [3, 8, 1, 4, 4, 6, 2, 2, 9, 5, 7]],
  ])('give what one after another gives: %s', (_, lengths) => {
    for (const S of [2, 3, 4, 5, 8, 9]) {
      const [found, wanted] = [run(compileWasm, lengths, S), run(compileInterpreter, lengths, S)]
      for (const [id, values] of Object.entries(wanted))
        values.forEach((value, n) => {
          expect(Math.abs((found[id]?.[n] ?? Number.NaN) - value)).toBeLessThanOrEqual(1e-13 * Math.abs(value))
        })
    }
  })

  it('go along both recurrences together, with scratch of their own', () => {
    const two = pairing(scan(along))
    expect(two?.together.size).toBe(2)
    expect([...(two?.own ?? [])].sort()).toEqual(['along', 'back', 'own', 'state'])
  })

  const small: KernelOp = { op: 'small', kind: 'inverse', axes: [], at: [], order: 'S', matrix: 'step', out: 'pairs' }
  it.each<readonly [string, KernelOp]>([
    ['what one leaves may be read by the next', scan(along, {})],
    [
      'nothing is shared',
      scan([map('own', [], [], k.num(0)), { ...forward, step: forward.step.slice(1) } as KernelOp]),
    ],
    ['there are matrices', scan([...along, small])],
    ['a sum is read', scan([...along, map('own', [], [], k.load('total'))])],
    ['a table of all is written', scan([...along, map('step', [i], [k.axis(i), k.axis(i)], k.num(1))])],
  ])('are not taken where %s', (_, op) => {
    expect(pairing(op)).toBeNull()
  })
})
