import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bindData } from '../../../runtime/data/bind.js'
import { readTable } from '../../../runtime/data/read-table.js'
import type { Table } from '../../../runtime/data/types.js'
import { declare } from '../../support/declare.js'

const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`parquet/${name}`, import.meta.url))

function tableOf(name: string): Table {
  const { value, problems } = readTable(name, bytesOf(name))
  expect(problems).toEqual([])
  if (value === undefined) throw new Error('no table')
  return value
}

const cells = (table: Table, name: string): readonly unknown[] =>
  Array.from(table.columns.find((c) => c.name === name)?.cells ?? [])

const rows = Array.from({ length: 300 }, (_, i) => i)

/** What make.py writes. */
const written: Readonly<Record<string, readonly unknown[]>> = {
  x: rows.map((i) => (i % 7 === 3 ? null : i * 0.25 - 10)),
  single: rows.map((i) => i * 0.5),
  count: rows.map((i) => (i * i) % 17),
  long: rows.map((i) => (i % 100 === 99 ? String(2n ** 53n + 2n * BigInt(i)) : i === 0 ? 0 : -i)),
  place: rows.map((i) => (i % 11 === 5 ? null : ['Bern', 'Zürich', 'Genève'][i % 3])),
  kind: rows.map((i) => ['a', 'b'][i % 2]),
  flag: rows.map((i) => (i === 4 ? null : i % 3 === 0)),
  day: rows.map((i) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10)),
  price: rows.map((i) => i / 4),
}

describe('a Parquet file', () => {
  it.each(['snappy.parquet', 'zstd-v2.parquet', 'plain.parquet', 'gzip.parquet'])(
    '%s gives the cells that were written',
    (name) => {
      const table = tableOf(name)
      expect(table.rows).toBe(300)
      // nested columns are no cells
      expect(table.columns.map((c) => c.name)).toEqual(Object.keys(written))
      for (const [column, wanted] of Object.entries(written)) expect(cells(table, column), column).toEqual(wanted)
    },
  )

  it('is read with encodings of numbers without missing ones', () => {
    const table = tableOf('required.parquet')
    expect(cells(table, 'x')).toEqual(rows.map((i) => i / 3))
    expect(cells(table, 'y')).toEqual(rows)
  })

  it('binds like any table, whatever its name ends with', () => {
    const read = readTable('data.csv', bytesOf('snappy.parquet'))
    const declarations = declare(
      'model M\ndata x : real?[N]\ndata count : count[N]\ndata place : category?[N]\ndata flag : bool?[N]\n',
    )
    const { value, problems } = bindData(declarations, read.value === undefined ? [] : [read.value])
    expect(problems).toEqual([])
    expect(value?.arrays.get('x')?.missing).toBe(43)
    expect(value?.levels.get('place')).toEqual([['Bern', 'Genève', 'Zürich']])
    expect([...(value?.arrays.get('place')?.values.slice(0, 6) ?? [])]).toEqual([0, 2, 1, 0, 2, -1])
    expect([...(value?.arrays.get('flag')?.values.slice(0, 5) ?? [])]).toEqual([1, 0, 0, 1, Number.NaN])
  })

  it('says which row a cell is in that does not fit', () => {
    const { problems } = bindData(declare('model M\ndata x : positive[N]\n'), [tableOf('snappy.parquet')])
    expect(problems[0]).toMatchObject({ code: 'E344', row: 1, column: 'x', value: '-10' })
    const long = bindData(declare('model M\ndata long : int[N]\n'), [tableOf('plain.parquet')])
    expect(long.problems[0]).toMatchObject({ code: 'E348', row: 100, value: String(2n ** 53n + 198n) })
  })
})

describe('a Parquet file that cannot be read', () => {
  it.each([
    ['cut-off.parquet', 'E312'],
    ['lists-only.parquet', 'E312'],
    ['no-rows.parquet', 'E304'],
  ])('%s is %s', (name, code) => {
    const { value, problems } = readTable(name, bytesOf(name))
    expect(value).toBeUndefined()
    expect(problems[0]).toMatchObject({ code, source: name })
  })

  it('never throws, wherever a byte is changed', () => {
    const bytes = bytesOf('gzip.parquet')
    let refused = 0
    for (let at = 4; at < bytes.length; at += 41) {
      const broken = Uint8Array.from(bytes)
      broken[at] = (broken[at] ?? 0) ^ 0x5a
      const { value, problems } = readTable('broken.parquet', broken)
      expect(value === undefined).toBe(problems.length > 0)
      if (value === undefined) refused++
    }
    expect(refused).toBeGreaterThan(10)
  })
})
