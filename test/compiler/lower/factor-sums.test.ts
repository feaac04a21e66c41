/** Sums of products, factor by factor: the same numbers by fewer loops. */
import { describe, expect, it } from 'vitest'
import { k } from '../../../compiler/kernel/index.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../../compiler/kernel/types.js'
import { axesOf } from '../../../compiler/kernel/visit.js'
import { factorSums } from '../../../compiler/lower/factor-sums.js'
import { compileInterpreter } from '../../../compiler/targets/interpreter/index.js'
import { seededRandom } from '../../laws/support/random.js'

const SIZES = new Map([
  ['N', 5],
  ['I', 2],
  ['J', 3],
  ['L', 4],
])
const axes: readonly Axis[] = ['n', 'i', 'j', 'l'].map((name) => ({ id: name, name, size: name.toUpperCase() }))
const table = (id: string, names: string): Buffer => ({
  id,
  space: id === 'out' ? 'sum' : names.startsWith('n') ? 'data' : 'derived',
  type: 'f64',
  shape: [...names].map((name) => name.toUpperCase()),
  ...(names.startsWith('n') ? { rows: 'n' } : {}),
})

/** Sums over all axes into a table over those of `to`, of loads over the named axes. */
function addition(
  to: string,
  parts: readonly string[],
  product: (...args: readonly KExpr[]) => KExpr,
): { readonly op: KernelOp; readonly buffers: readonly Buffer[] } {
  const buffers = [table('out', to), ...parts.map((names, p) => table(`f${p}`, names))]
  const load = (id: string, names: string): KExpr => k.load(id, ...[...names].map((name) => k.axis(name)))
  const value = product(...parts.map((names, p) => load(`f${p}`, names)))
  return { op: { op: 'scatterAdd', out: 'out', axes, at: [...to].map((name) => k.axis(name)), value }, buffers }
}

function sums(op: KernelOp, buffers: readonly Buffer[], seed: number, zeros: boolean): Float64Array {
  const random = seededRandom(seed)
  const length = (b: Buffer): number => b.shape.reduce((n, key) => n * (SIZES.get(key) ?? 0), 1)
  const arrays = new Map(
    buffers.map((b) => [
      b.id,
      b.id === 'out'
        ? new Float64Array(length(b))
        : Float64Array.from({ length: length(b) }, () => (zeros && random() < 0.3 ? 0 : random() - 0.5)),
    ]),
  )
  compileInterpreter([op], buffers).run({ sizes: SIZES, buffers: arrays }, null)
  return arrays.get('out') ?? new Float64Array(0)
}

const hasRows = (buffers: readonly Buffer[]) => (id: string) => buffers.find((b) => b.id === id)?.rows !== undefined

/** Loops around the dearest sum of an expression. */
function width(e: KExpr): number {
  if (e.k === 'reduce') return 1 + width(e.body)
  if (e.k === 'mul' || e.k === 'mul0') return Math.max(0, ...e.args.map(width))
  return e.k === 'select' ? width(e.then) : 0
}

describe('sums of products', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', ['n', 'i', 'j', 'l']],
    ['', ['ni', 'ij', 'jl', 'nl']],
    ['i', ['nj', 'ij', 'nl', 'il']],
    ['ij', ['nl', 'il', 'j', 'nj']],
    ['l', ['ni', 'nj', 'nl', 'n']],
  ]
  for (const [to, parts] of cases)
    for (const [name, product] of [
      ['mul', k.mul],
      ['mul0', k.mul0],
    ] as const)
      it(`${name} of ${parts.join(' ')} over ${to === '' ? 'nothing' : to} are the same, with fewer loops`, () => {
        const { op, buffers } = addition(to, parts, product)
        const factored = factorSums(op, hasRows(buffers))
        expect(axesOf(factored).length).toBeLessThan(axes.length)
        // rows stay outside
        expect(axesOf(factored)[0]?.id).toBe('n')
        if (factored.op !== 'scatterAdd') throw new Error('no addition')
        expect(axesOf(factored).length + width(factored.value)).toBeLessThanOrEqual(axes.length)
        for (let seed = 1; seed <= 10; seed++) {
          const [plain, quick] = [op, factored].map((o) => sums(o, buffers, seed, name === 'mul0'))
          plain?.forEach((x, i) => {
            expect(Math.abs(x - (quick?.[i] ?? Number.NaN))).toBeLessThan(1e-13)
          })
        }
      })

  it('stay as they are where one factor depends on everything', () => {
    const { op, buffers } = addition('', ['nijl', 'n'], k.mul)
    expect(factorSums(op, hasRows(buffers))).toEqual(op)
  })

  it('stay behind their condition', () => {
    const { op, buffers } = addition('', ['ni', 'ij', 'jl', 'nl'], k.mul)
    if (op.op !== 'scatterAdd') throw new Error('no addition')
    const guarded: KernelOp = { ...op, value: k.select(k.compare('>', k.axis('n'), k.num(1)), op.value, k.num(0)) }
    const factored = factorSums(guarded, hasRows(buffers))
    if (factored.op !== 'scatterAdd') throw new Error('no addition')
    expect(factored.value.k).toBe('select')
    expect(axesOf(factored).length).toBeLessThan(axes.length)
    const [plain, quick] = [guarded, factored].map((o) => sums(o, buffers, 3, false))
    expect(Math.abs((plain?.[0] ?? 0) - (quick?.[0] ?? Number.NaN))).toBeLessThan(1e-13)
  })
})
