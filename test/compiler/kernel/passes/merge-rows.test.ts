import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { k } from '../../../../compiler/kernel/index.js'
import { distinctRows, takeRows } from '../../../../compiler/kernel/passes/distinct-rows.js'
import { mergeRows } from '../../../../compiler/kernel/passes/merge-rows.js'
import { rowKey } from '../../../../compiler/kernel/passes/row-key.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../../../compiler/kernel/types.js'
import { seededRandom } from '../../../laws/support/random.js'
import { MODELS } from './models.js'
import { difference, rowPasses, sumsOf, TARGETS } from './row-passes.js'

const ROWS = 400

describe.each(Object.entries(MODELS))('%s', (name, { text, table }) => {
  test.each(Object.entries(TARGETS))('%s: merged rows leave the same sums', (_, compile) => {
    for (const rows of rowPasses(text, table(ROWS))) {
      const merged = mergeRows(rows.program, rows.context, rows.data)
      if (merged.kind === 'declined') throw new Error(`${name}: ${merged.declined}`)
      expect(merged.of).toBe(ROWS)
      expect(merged.rows).toBeLessThan(0.7 * ROWS)
      const written = sumsOf(rows, ROWS, compile)
      const data = new Map([...rows.data, ...merged.data])
      const made = sumsOf({ ...merged, data, memory: rows.memory }, merged.rows, compile)
      expect(written.get('loglik')?.[0]).toBeLessThan(0)
      expect(difference(written, made)).toBeLessThan(1e-12)
    }
  })
})

describe('the key of a row', () => {
  const n: Axis = { id: 'n', name: 'n', size: 'N' }
  const c: Axis = { id: 'c', name: 'c', size: 'K' }
  const m: Axis = { id: 'm', name: 'm', size: 'N' }
  const t: Axis = { id: 't', name: 't', size: 'T', ragged: { sizes: 'lengths', at: k.axis(n) } }
  const buffers: readonly Buffer[] = [
    { id: 'x', space: 'data', type: 'f64', shape: ['N'] },
    { id: 'y', space: 'data', type: 'i32', shape: ['N', 'T'] },
    { id: 'lengths', space: 'data', type: 'i32', shape: ['N'] },
    { id: 'theta', space: 'param', type: 'f64', shape: ['K', 'N'] },
    { id: 'effect', space: 'param', type: 'f64', shape: ['N'] },
    { id: 'given z', space: 'given', type: 'f64', shape: ['N', 'K'] },
    { id: 'kept', space: 'state', type: 'f64', shape: ['N'], rows: 'rows' },
    { id: 'p', space: 'scratch', type: 'f64', shape: ['N', 'K'], rows: 'rows' },
    { id: 'flag', space: 'scratch', type: 'f64', shape: [] },
    { id: 's', space: 'sum', type: 'f64', shape: ['K'] },
  ]
  const rows = { table: 'rows', axis: 'n' }
  const x = k.load('x', k.axis(n))
  const p = k.load('p', k.axis(n), k.axis(c))
  const fill = (value: KExpr): KernelOp => k.mapOver('p', [n, c], value)
  const add = (value: KExpr): KernelOp => ({ op: 'scatterAdd', out: 's', axes: [n, c], at: [k.axis(c)], value })
  const declined = (...ops: readonly KernelOp[]): string => {
    const key = rowKey(ops, buffers, rows)
    return key.kind === 'declined' ? key.declined : `key ${key.columns.join()}`
  }

  test('holds every column that is read at the row, the lengths of its sequences included', () => {
    const long = k.sum(t, k.load('theta', k.axis(c), k.load('y', k.axis(n), k.axis(t))))
    expect(declined(fill(k.add(x, long)), add(p))).toBe('key x,lengths,y')
  })

  test.each<readonly [string, KExpr]>([
    ['the number of a row is used as a value', k.add(x, k.axis(n))],
    ['the number of a row is used as a value', k.add(x, k.load('theta', k.axis(c), k.axis(n)))],
    ['the number of a row is used as a value', k.load('x', k.add(k.axis(n), k.num(-1)))],
    ['each row has its own effect', k.add(x, k.load('effect', k.axis(n)))],
    ['each row has its own given z', k.add(x, k.load('given z', k.axis(n), k.axis(c)))],
    ['each row has its own kept', k.add(x, k.load('kept', k.axis(n)))],
    ["another row's p is read", k.add(x, k.sum(m, k.load('p', k.axis(m), k.axis(c))))],
    ['no data is read row by row', k.num(2)],
  ])('declined: %s', (why, value) => {
    expect(declined(fill(value), add(p))).toBe(why)
  })

  test('declined: what rows leave is no sum', () => {
    expect(declined(fill(x), k.mapOver('kept', [n], x))).toBe('each row has its own kept')
    expect(declined(fill(x), { op: 'map', out: 's', axes: [c], at: [k.axis(c)], value: k.num(1) })).toBe(
      's is no sum over rows',
    )
    expect(declined({ op: 'reduce', kind: 'sum', out: 'flag', axes: [], over: [n], at: [], value: x })).toBe(
      'rows are coupled',
    )
    expect(declined(add(x), { op: 'scan', axis: n, reverse: false, carry: ['p'], step: [fill(x)] })).toBe(
      'rows follow on one another',
    )
  })

  test('a scalar that rows add to may stop an iteration, and is no value', () => {
    const open: KernelOp = { op: 'scatterAdd', out: 'flag', axes: [n], at: [], value: k.compare('>', x, k.num(1)) }
    const loop: KernelOp = {
      op: 'repeat',
      times: 3,
      until: 'flag',
      step: [{ op: 'fill', out: 'flag', value: 0 }, open],
    }
    expect(declined(loop, add(x))).toBe('key x')
    expect(declined(loop, fill(k.load('flag')), add(p))).toBe('rows read flag, which other rows add to')
  })
})

describe('distinct rows', () => {
  test('are those that differ in a bit', () => {
    const column = fc.array(fc.constantFrom(0, 1, -1, 2.5, Number.NaN, 1e300), { minLength: 2, maxLength: 60 })
    fc.assert(
      fc.property(column, fc.integer({ min: 1, max: 5 }), (values, levels) => {
        const rows = Math.floor(values.length / 2)
        const x = { values: Float64Array.from(values), stride: 2 }
        const g = { values: Int32Array.from({ length: rows }, (_, i) => (i * i) % levels), stride: 1 }
        const kinds = new Map<string, number[]>()
        for (let n = 0; n < rows; n++) {
          const id = `${values[2 * n]} ${values[2 * n + 1]} ${g.values[n]}`
          kinds.set(id, [...(kinds.get(id) ?? []), n])
        }
        const found = distinctRows([x, g], rows, rows)
        const first = [...(found?.first ?? [])]
        expect(first.toSorted((a, b) => a - b)).toEqual([...kinds.values()].map((at) => at[0]))
        expect(found?.kind.length).toBe(rows)
        for (const at of kinds.values()) {
          const kind = first.indexOf(at[0] ?? -1)
          for (const n of at) expect(found?.kind[n]).toBe(kind)
          expect(found?.times[kind]).toBe(at.length)
        }
        expect(found?.times.length).toBe(kinds.size)
        expect(distinctRows([x, g], rows, kinds.size - 1)).toBeNull()
      }),
    )
  })

  test('many rows: all kinds are found, and rows that hardly repeat are given up', () => {
    const random = seededRandom(5)
    const rows = 50_000
    const few = { values: Int32Array.from({ length: 3 * rows }, () => Math.floor(10 * random())), stride: 3 }
    const found = distinctRows([few], rows, rows)
    expect(found?.first.length).toBe(1000)
    expect(found?.times.reduce((a, b) => a + b, 0)).toBe(rows)
    // small integers: as numbers in a mixed radix they ascend
    const numbers = Array.from(found?.first ?? [], (row) => Number(few.values.slice(3 * row, 3 * row + 3).join('')))
    expect(numbers).toEqual(Array.from({ length: 1000 }, (_, number) => number))
    // each row twice, one after the other: a sample of all rows sees it
    const twice = { values: Float64Array.from({ length: rows }, (_, i) => Math.floor(i / 2) / 7), stride: 1 }
    expect(distinctRows([twice], rows, 0.7 * rows)?.first.length).toBe(rows / 2)
    const reals = { values: Float64Array.from({ length: rows }, () => random()), stride: 1 }
    expect(distinctRows([reals], rows, 0.7 * rows)).toBeNull()
  })

  test('rows are taken with all of their elements', () => {
    const values = Int32Array.of(1, 2, 3, 4, 5, 6)
    expect(takeRows({ values, stride: 2 }, Int32Array.of(2, 0))).toEqual(Int32Array.of(5, 6, 1, 2))
  })
})

test('rows that are nearly all distinct stay as they are', () => {
  const { text } = MODELS['rounded reals']
  const random = seededRandom(3)
  const [rows] = rowPasses(text, { x: Array.from({ length: 50 }, () => random()) })
  if (rows === undefined) throw new Error('no pass')
  expect(mergeRows(rows.program, rows.context, rows.data)).toEqual({
    kind: 'declined',
    declined: 'more than 0.7 of the 50 rows are distinct',
  })
})
