import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { byteSize, gigabytes } from '../../cli/stream/byte-sizes.js'
import { LineNumbers } from '../../cli/stream/line-numbers.js'
import { ScratchFile } from '../../cli/stream/scratch-file.js'
import { orderStatistics } from '../../compiler/bind/order-statistics.js'
import { DelimitedRows } from '../../runtime/data/stream/delimited-rows.js'
import { RowsError } from '../../runtime/data/stream/rows-error.js'
import { sampledRows } from '../../runtime/data/stream/sampled-rows.js'
import { randomSource } from '../../runtime/random.js'

describe('order statistics', () => {
  it('of more numbers than are sorted are those of the sorted ones', () => {
    const random = randomSource(5)
    const numbers = Float64Array.from({ length: 1_000_001 }, (_, i) =>
      i % 5 === 0 ? 0 : i % 7 === 0 ? -0 : (random.uniform() - 0.4) * 10 ** (i % 40),
    )
    const parts = [numbers.subarray(0, 300_000), numbers.subarray(300_000, 300_001), numbers.subarray(300_001)]
    const quantiles = [0, 0.1, 0.25, 0.5, 0.75, 1]
    const sorted = numbers.slice().sort()
    const wanted = quantiles.map((q) => sorted[Math.floor(q * 1_000_000)])
    expect(orderStatistics(() => parts, quantiles)).toEqual(wanted)
    expect(orderStatistics(() => [numbers.subarray(0, 999)], [0.5])).toEqual([numbers.slice(0, 999).sort()[499]])
    expect(orderStatistics(() => [], [0.5])).toEqual([0])
  })
})

describe('a sample of rows', () => {
  it('is all of few, and of many one from each stretch', () => {
    expect([...sampledRows(5, 10, 1)]).toEqual([0, 1, 2, 3, 4])
    for (const rows of [11, 15, 1000, 12_345_678]) {
      const sample = sampledRows(rows, 10, 3)
      expect(sample.length).toBe(10)
      sample.forEach((row, i) => {
        expect(row).toBeGreaterThanOrEqual(Math.floor((i * rows) / 10))
        expect(row).toBeLessThan(Math.floor(((i + 1) * rows) / 10))
      })
    }
    expect(sampledRows(1000, 10, 3)).not.toEqual(sampledRows(1000, 10, 4))
  })
})

describe('sizes of memory', () => {
  it.each<readonly [string, number]>([
    ['1GB', 1e9],
    ['1g', 1e9],
    ['512M', 512e6],
    ['2GiB', 2 * 1024 ** 3],
    ['1.5KB', 1500],
    ['8000000', 8e6],
    ['64 MB', 64e6],
  ])('%s', (text, bytes) => expect(byteSize('--memory')(text)).toBe(bytes))

  it.each(['', 'GB', '-1GB', '1GX', '0', '1e9', 'iB', '5iB', 'much'])('not `%s`', (text) => {
    expect(() => byteSize('--memory')(text)).toThrow('--memory takes a size')
  })

  it('are written short', () => {
    expect([3.2e9, 64e6, 1200].map(gigabytes)).toEqual(['3.2 GB', '64 MB', '2 KB'])
  })
})

describe('text in pieces', () => {
  const text = 'a;"b ""1"""\r\n1;"x\r\ny"\r\n\r\n2;z\r3;""\n'
  const wanted = {
    cells: [
      ['1', 'x\ny'],
      ['2', 'z'],
      ['3', ''],
    ],
    lines: [2, 5, 6],
  }

  it('gives the same records wherever it is cut', () => {
    for (let size = 1; size <= text.length; size++) {
      const rows = new DelimitedRows('t.csv', null)
      const cells: (readonly string[])[] = []
      const lines: number[] = []
      for (let at = 0; at <= text.length; at += size) {
        const records = at + size <= text.length + size - 1 ? rows.push(text.slice(at, at + size)) : rows.end()
        if ('code' in records) throw new Error(records.message)
        cells.push(...records.cells)
        lines.push(...records.lines)
      }
      const rest = rows.end()
      if ('code' in rest) throw new Error(rest.message)
      expect(rows.header).toEqual(['a', 'b "1"'])
      expect({ cells: [...cells, ...rest.cells], lines: [...lines, ...rest.lines] }).toEqual(wanted)
    }
  })

  it('does not take the rest of a file for one cell', () => {
    const rows = new DelimitedRows('t.csv', ',')
    expect(rows.push('a,b\n1,"2\n')).toMatchObject({ cells: [] })
    let problem: unknown = null
    for (let i = 0; i < 20 && problem === null; i++) {
      const records = rows.push('3,4\n'.repeat(250_000))
      if ('code' in records) problem = records
    }
    expect(problem).toMatchObject({ code: 'E308', row: 2 })
  })
})

describe('lines of rows', () => {
  it('are known where the rows stand one below the other in stretches', () => {
    const lines = new LineNumbers()
    const wanted = [2, 3, 4, 7, 8, 12, 13]
    for (const [row, line] of wanted.entries()) lines.add(row, line)
    expect(wanted.map((_, row) => lines.of(row))).toEqual(wanted)
  })
})

describe('a scratch file', () => {
  it('says that there is no room before it is written', () => {
    const scratch = new ScratchFile('big.csv')
    try {
      scratch.expect(1000)
      expect(() => scratch.expect(1e18)).toThrow(RowsError)
      expect(() => scratch.expect(1e18)).toThrow(/big\.csv .* scratch file of about 1000000000\.0 GB is needed/)
      scratch.append(Uint8Array.of(1, 2, 3))
      const two = new Uint8Array(2)
      scratch.read(two, 1)
      expect([...two]).toEqual([2, 3])
      expect(() => scratch.read(two, 2)).toThrow(/has been cut off/)
    } finally {
      scratch.close()
    }
  })

  it('needs a folder that can be written to', () => {
    const before = process.env.TMPDIR
    const folder = mkdtempSync(join(tmpdir(), 'estep-test-'))
    rmSync(folder, { recursive: true })
    process.env.TMPDIR = folder
    try {
      expect(() => new ScratchFile('big.csv')).toThrow(/cannot be written to \(ENOENT\)/)
    } finally {
      if (before === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = before
    }
  })
})
