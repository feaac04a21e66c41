/** Elements that have just been stored or read are not loaded again, and what has been written since is. */
import { describe, expect, it } from 'vitest'
import { k } from '../../../../compiler/kernel/index.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../../../compiler/kernel/types.js'
import { compileInterpreter } from '../../../../compiler/targets/interpreter/index.js'
import { compileWasm } from '../../../../compiler/targets/wasm/index.js'

const time: Axis = { id: 't', name: 't', size: 'T' }
const c: Axis = { id: 'c', name: 'c', size: 'C' }
const r: Axis = { id: 'r', name: 'r', size: 'R' }
const buffers: readonly Buffer[] = [
  { id: 'key', space: 'data', type: 'i32', shape: ['T'] },
  { id: 'a', space: 'table', type: 'f64', shape: ['C'] },
  { id: 'b', space: 'table', type: 'f64', shape: ['C'] },
  { id: 'm', space: 'table', type: 'f64', shape: ['R', 'C'] },
]
/** More than what is written out. */
const sizes = { T: 7, C: 5, R: 3, L: 11 }
const key = k.load('key', k.axis(time))
const at = k.axis

/** Uniform on 0, 1, … , below − 1, from a seed. */
function draws(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Steps of a recurrence over few elements, of which each reads what others have written, also where only data says so. */
function steps(draw: (below: number) => number, depth = 0): KernelOp[] {
  const pick = <T>(...list: readonly [...T[], T]): T => list[draw(list.length)] ?? (list[list.length - 1] as T)
  const rows = (): KExpr => pick<KExpr>(key, k.num(draw(sizes.R)), k.call('mod', k.axis(time), k.num(2)))
  const alongC = (): KExpr => pick<KExpr>(k.load('a', at(c)), k.load('b', at(c)), k.load('m', rows(), at(c)))
  // an element that another one of the same operation is made of is not among those that it makes
  const alone = (except = ''): KExpr =>
    pick(
      ...(except === 'a' ? [] : [k.load('a', k.num(draw(sizes.C)))]),
      ...(except === 'm' ? [] : [k.load('m', rows(), k.num(1))]),
      k.load(except === 'b' ? 'a' : 'b', k.num(draw(sizes.C))),
    )
  // a sum is not read while it is added to
  const beside = (): KExpr => pick<KExpr>(k.load('a', at(c)), k.load('b', at(c)), k.load('b', k.num(draw(sizes.C))))
  const half = (e: KExpr): KExpr => k.mul(k.num(0.5), e)
  const step = (): KernelOp => {
    switch (draw(depth === 0 ? 8 : 7)) {
      case 0: {
        const out = pick('a', 'b')
        return k.mapOver(out, [c], k.add(half(alongC()), half(k.mul(alongC(), alone(out)))))
      }
      case 1:
        return { op: 'map', out: 'm', axes: [c], at: [rows(), at(c)], value: k.add(half(alongC()), half(alone('m'))) }
      case 2:
        return {
          op: 'map',
          out: pick('a', 'b'),
          axes: [],
          at: [k.num(draw(sizes.C))],
          value: half(k.add(alone(), alone())),
        }
      case 3:
        return { op: 'scatterAdd', out: 'm', axes: [c], at: [rows(), at(c)], value: half(k.mul(beside(), beside())) }
      case 4:
        return {
          op: 'contract',
          out: 'm',
          axes: [r, c],
          at: [at(r), at(c)],
          factors: [k.load('a', at(r)), k.load('b', at(c))],
        }
      case 5:
        return pick<KernelOp>({ op: 'fill', out: 'b', value: 0.25 }, { op: 'fill', out: 'a', value: 0 })
      case 6:
        return k.mapOver('a', [c], k.select(k.compare('>', alone('a'), k.num(0.3)), alongC(), half(alone('a'))))
      default:
        return { op: 'scan', axis: { id: 's', name: 's', size: 'L' }, reverse: false, carry: [], step: steps(draw, 1) }
    }
  }
  return Array.from({ length: 3 + draw(5) }, step)
}

const memory = () => ({
  sizes: new Map(Object.entries(sizes)),
  buffers: new Map<string, Float64Array | Int32Array>([
    ['key', Int32Array.of(0, 2, 1, 1, 0, 2, 2)],
    ['a', Float64Array.of(0.3, 0.1, 0.4, 0.1, 0.5)],
    ['b', Float64Array.of(0.9, 0.2, 0.6, 0.5, 0.3)],
    ['m', Float64Array.from({ length: 15 }, (_, i) => (i % 4) / 4)],
  ]),
})

describe('elements in registers', () => {
  it('are those in memory: 400 recurrences', () => {
    for (let seed = 1; seed <= 400; seed++) {
      const ops: KernelOp[] = [{ op: 'scan', axis: time, reverse: seed % 2 === 0, carry: [], step: steps(draws(seed)) }]
      const [known, made] = [memory(), memory()]
      compileInterpreter(ops, buffers).run(known, null)
      compileWasm(ops, buffers).run(made, null)
      for (const id of ['a', 'b', 'm'])
        made.buffers.get(id)?.forEach((value, i) => {
          const exact = known.buffers.get(id)?.[i] ?? Number.NaN
          const isSame = Object.is(value, exact) || Math.abs(value - exact) <= 1e-12 * Math.abs(exact) + 1e-300
          expect(isSame, `seed ${seed}: ${id}[${i}] is ${value}, not ${exact}`).toBe(true)
        })
    }
  })
})
