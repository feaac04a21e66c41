import { describe, expect, test } from 'vitest'
import { DataCache } from '../../../../compiler/kernel/passes/data-cache.js'
import { mergeRows } from '../../../../compiler/kernel/passes/merge-rows.js'
import { PACKING_LIMITS, type PackedTables, packTables } from '../../../../compiler/kernel/passes/pack-tables.js'
import type { KExpr, KernelOp } from '../../../../compiler/kernel/types.js'
import { expressionsOf, walk } from '../../../../compiler/kernel/visit.js'
import { compileJavaScript } from '../../../../compiler/targets/javascript/index.js'
import { seededRandom } from '../../../laws/support/random.js'
import { MODELS } from './models.js'
import { difference, type Rows, rowPasses, sumsOf, TARGETS } from './row-passes.js'

const ROWS = 3000

type Packed = PackedTables & { readonly kind: 'packed' }

function packed(rows: Rows, limits = PACKING_LIMITS): Packed {
  const made = packTables(rows.program, rows.context, rows.data, new DataCache(), limits)
  if (made.kind === 'declined') throw new Error(made.declined)
  return made
}

/** How far apart the sums are that a program and its packed form leave. */
function apart(rows: Rows, made: Packed, count: number, compile = compileJavaScript): number {
  const data = new Map([...rows.data, ...made.data])
  const written = sumsOf(rows, count, compile)
  return difference(written, sumsOf({ ...rows, program: made.program, data }, count, compile, 64))
}

const only = (rows: readonly Rows[]): Rows => {
  const [one] = rows
  if (one === undefined || rows.length > 1) throw new Error('not one pass')
  return one
}

/** Calls of a function that an operation makes for a row, those inside `repeat` not counted. */
function calls(ops: readonly KernelOp[], fn: string): number {
  let count = 0
  const visit = (expr: KExpr): void => walk(expr, (part) => (part.k === 'call' && part.fn === fn ? count++ : null))
  for (const op of ops) for (const expr of op.op === 'repeat' ? [] : expressionsOf(op)) visit(expr)
  return count
}

/** What is packed of each model: keys by their digits and entries. */
const KEYS: Readonly<Partial<Record<keyof typeof MODELS, readonly (readonly [number, number])[]>>> = {
  'classes of items': [[4, 48]],
  // a missing cell is a value of its own
  'classes of items, some missing': [[3, 36]],
  'answers, weighted': [[3, 8]],
  'counts with excess zeros': [[1, 6]],
  // the three columns that a row has, the group among them
  'counts by group, with holes': [[3, 75]],
  'classes that depend on a covariate': [[4, 24]],
  'two latents': [[2, 12]],
  // tuples of group and x that occur, beside three items
  'items beside a measurement': [[4, 12 * 18]],
}

describe.each(Object.entries(KEYS))('%s', (name, keys) => {
  const { text, table } = MODELS[name as keyof typeof KEYS]

  test.each(Object.entries(TARGETS))('%s: packed tables leave the same sums', (_, compile) => {
    for (const rows of rowPasses(text, table(ROWS))) {
      const made = packed(rows)
      expect(made.keys.map(({ digits, entries }) => [digits, entries])).toEqual(keys)
      expect(apart(rows, made, ROWS, compile)).toBeLessThan(1e-12)
    }
  })

  test('merged rows can be packed', () => {
    for (const rows of rowPasses(text, table(ROWS))) {
      const merged = mergeRows(rows.program, rows.context, rows.data)
      if (merged.kind === 'declined') throw new Error(merged.declined)
      const few = { ...rows, ...merged, data: new Map([...rows.data, ...merged.data]) }
      const made = packTables(few.program, few.context, few.data, new DataCache(), { tableBytes: 2 ** 14, share: 2 })
      if (made.kind === 'declined') throw new Error(made.declined)
      const data = new Map([...few.data, ...made.data])
      const sums = sumsOf({ ...few, program: made.program, data }, merged.rows, compileJavaScript, 64)
      expect(difference(sumsOf(rows, ROWS, compileJavaScript), sums)).toBeLessThan(1e-12)
    }
  })
})

describe('classes of items', () => {
  const { text, table } = MODELS['classes of items']
  const rows = (): Rows => only(rowPasses(text, table(ROWS)))
  const values = (own: Rows, param: string): Float64Array => {
    const found = own.memory.buffers.get(`param:${param}`)
    if (!(found instanceof Float64Array)) throw new Error(`${param} is not bound`)
    return found
  }

  test('neither logs nor exponentials are left for a row, but the log of its probability', () => {
    const { program } = packed(rows())
    expect([calls(program.rows, 'log'), calls(program.rows, 'exp')]).toEqual([1, 0])
  })

  test('several keys, where one table would be too long', () => {
    // tables of 3 classes: 48 entries are 1,152 bytes, 2 · 3 · 4 and 2 are 624, 8 and 6 are 336
    for (const [tableBytes, entries] of [
      [1000, [8, 6]],
      [300, [4, 3, 4]],
    ] as const) {
      const made = packed(rows(), { tableBytes, share: 1 })
      expect(made.keys.map((key) => key.entries).sort()).toEqual([...entries].sort())
      expect(apart(rows(), made, ROWS)).toBeLessThan(1e-12)
    }
  })

  test.each(Object.entries(TARGETS))('%s: rows of which products underflow are done in logs', (_, compile) => {
    const own = rows()
    // the last level of each item is next to impossible in every class, and each class has another scale
    const theta = values(own, 'theta')
    const levels = theta.length / 12
    for (let c = 0; c < 3; c++)
      for (const [j, last] of [1, 2, 3, 1].entries()) theta[(c * 4 + j) * levels + last] = 10 ** -(90 + 5 * c + 3 * j)
    for (const limits of [PACKING_LIMITS, { tableBytes: 1000, share: 1 }]) {
      const made = packed(own, limits)
      const written = sumsOf(own, ROWS, compile)
      // four of them at once are 1e-360: no number, were the rows not done in logs
      expect(written.get('loglik')?.[0]).toBeLessThan(-300 * ROWS)
      expect(written.get('loglik')?.[0]).toBeGreaterThan(-1e7)
      expect(apart(own, made, ROWS, compile)).toBeLessThan(1e-12)
    }
  })

  test('impossible rows, and params that are no numbers, are as they were', () => {
    for (const value of [0, Number.NaN]) {
      const own = rows()
      const theta = values(own, 'theta')
      for (let c = 0; c < 3; c++) theta[(theta.length / 3) * c] = value
      const [loglik] = sumsOf(own, ROWS, compileJavaScript).get('loglik') ?? []
      expect(loglik).toBe(value === 0 ? Number.NEGATIVE_INFINITY : Number.NaN)
      expect(apart(own, packed(own), ROWS)).toBeLessThan(1e-12)
    }
  })

  test('every row impossible', () => {
    const own = rows()
    values(own, 'pi').fill(0)
    expect(apart(own, packed(own), ROWS)).toBeLessThan(1e-12)
  })
})

test('what has too many values stays as it is written, beside what has few', () => {
  const { text, table } = MODELS['items beside a measurement']
  const random = seededRandom(4)
  const x = Array.from({ length: ROWS }, () => random())
  const rows = only(rowPasses(text, { ...table(ROWS), x }))
  const made = packed(rows)
  expect(made.keys).toEqual([{ digits: 3, entries: 12 }])
  expect(made.applied).toEqual(['psi n1 z: a sum of 1 tables', '2 sums by key'])
  expect(apart(rows, made, ROWS)).toBeLessThan(1e-12)
})

test('one item of many that has too many values is summed on its own', () => {
  const { text } = MODELS['classes of items']
  const random = seededRandom(9)
  const names = Array.from({ length: 40 }, (_, i) => `l${i}`)
  const y = Array.from({ length: ROWS }, () => [2, 40, 3].map((levels) => names[Math.floor(levels * random())]))
  const rows = only(rowPasses(text, { y }))
  const made = packed(rows, { tableBytes: 8 * 3 * 50, share: 1 })
  expect(made.keys).toEqual([{ digits: 2, entries: 6 }])
  expect(apart(rows, made, ROWS)).toBeLessThan(1e-12)
})

describe('declined', () => {
  test('reals that do not repeat', () => {
    const random = seededRandom(3)
    const rows = only(rowPasses(MODELS['rounded reals'].text, { x: Array.from({ length: 500 }, () => random()) }))
    expect(packTables(rows.program, rows.context, rows.data)).toEqual({
      kind: 'declined',
      declined: 'no two look-ups fit into one table',
    })
  })

  test('answers that a number of the row weighs', () => {
    const { text, table } = MODELS['abilities by quadrature']
    const rows = only(rowPasses(text, table(50)))
    expect(packTables(rows.program, rows.context, rows.data)).toEqual({
      kind: 'declined',
      declined: 'no terms of a sum are functions of discrete data',
    })
  })

  test('so few rows that tables would cost as much', () => {
    const { text, table } = MODELS['classes of items']
    const rows = only(rowPasses(text, table(12)))
    expect(packTables(rows.program, rows.context, rows.data)).toEqual({
      kind: 'declined',
      declined: 'no two look-ups fit into one table',
    })
  })
})
