import { describe, expect, test } from 'vitest'
import { packTables } from '../../../../compiler/kernel/passes/pack-tables.js'
import { MODELS } from './models.js'
import { difference, rowPasses, sumsOf, TARGETS } from './row-passes.js'

const ROWS = 3000

const PACKED = Object.entries(MODELS).filter(([name]) => name !== 'rounded reals')

describe.each(PACKED)('%s', (name, { text, table }) => {
  test.each(Object.entries(TARGETS))('%s: packed tables leave the same sums', (_, compile) => {
    for (const rows of rowPasses(text, table(ROWS))) {
      const packed = packTables(rows.program, rows.context, rows.data)
      if (packed.kind === 'declined') throw new Error(`${name}: ${packed.declined}`)
      console.log(name, packed.keys, packed.applied)
      const written = sumsOf(rows, ROWS, compile)
      const data = new Map([...rows.data, ...packed.data])
      const made = sumsOf({ ...packed, context: rows.context, data, memory: rows.memory }, ROWS, compile, 64)
      expect(difference(written, made)).toBeLessThan(1e-12)
    }
  })
})
