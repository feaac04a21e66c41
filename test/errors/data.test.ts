import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { run } from '../../cli/run.js'
import { allEntries } from '../../lang/diagnostics/catalogue.js'
import { bindData } from '../../runtime/data/bind.js'
import { parseColumnsOption } from '../../runtime/data/columns-option.js'
import { dataCodes, dataWarnings } from '../../runtime/data/problems.js'
import { readTable } from '../../runtime/data/read-table.js'
import type { DataProblem, Table } from '../../runtime/data/types.js'
import { fakeHost, fakePorts } from '../cli/fake.js'
import { declare } from '../support/declare.js'

interface MalformedCase {
  readonly file: string
  readonly model: string
  readonly args: readonly string[]
  readonly code: string
  readonly row?: number
  readonly column?: string
}

const folder = new URL('data/', import.meta.url)
const cases: readonly MalformedCase[] = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8'))

function problemsOf({ file, model, args }: MalformedCase): readonly DataProblem[] {
  const files = [file]
  const columns = new Map<string, readonly string[]>()
  let groupBy: string | null = null
  for (let i = 0; i < args.length; i += 2) {
    const value = args[i + 1] ?? ''
    if (args[i] === '--data') files.push(value)
    if (args[i] === '--group-by') groupBy = value
    if (args[i] !== '--columns') continue
    const option = parseColumnsOption(value)
    if (typeof option === 'string') throw new Error(option)
    columns.set(option.name, option.columns)
  }
  const tables: Table[] = []
  for (const name of files) {
    const read = readTable(name, readFileSync(new URL(name, folder)))
    if (read.value === undefined) return read.problems
    tables.push(read.value)
  }
  return bindData(declare(model), tables, { columns, groupBy }).problems
}

describe('malformed data', () => {
  it.each(cases)('$file is $code', (one) => {
    const [problem] = problemsOf(one)
    expect(problem?.code).toBe(one.code)
    if (one.row !== undefined) expect(problem?.row).toBe(one.row)
    if (one.column !== undefined) expect(problem?.column).toBe(one.column)
    expect(problem?.message).toMatch(/\S/)
    expect(problem?.message).not.toMatch(/undefined|NaN|\[object|\bnull\b/)
  })

  it.each(cases)('$file ends the command line with status 3 and no file', async ({ file, model, args, code }) => {
    const host = fakeHost({ 'm.estep': model })
    for (const name of readdirSync(folder)) host.files.set(name, readFileSync(new URL(name, folder)))
    const status = await run(
      ['fit', 'm.estep', '--data', file, ...args, '--out', 'f.json', '--json'],
      host,
      fakePorts(),
    )
    expect(status).toBe(3)
    expect(JSON.parse(host.out)).toMatchObject({ ok: false, problems: [{ code }] })
    expect(host.err).toContain(`error[${code}]`)
    expect(host.err).not.toMatch(/^\s+at /m)
    expect(host.written.size).toBe(0)
  })

  it('is at least 40 files, no more than three with one code', () => {
    const byCode = new Map<string, number>()
    for (const { code } of cases) byCode.set(code, (byCode.get(code) ?? 0) + 1)
    expect(cases.length).toBeGreaterThanOrEqual(40)
    expect(Math.max(...byCode.values())).toBeLessThanOrEqual(3)
  })
})

describe('the catalogue', () => {
  const entries = new Map(allEntries().map((entry) => [entry.code, entry]))
  it.each([...Object.values(dataCodes), ...Object.values(dataWarnings)])('explains %s', (code) => {
    const entry = entries.get(code)
    expect(entry?.severity).toBe(code.startsWith('W') ? 'warning' : 'error')
    expect(entry?.explanation.length).toBeGreaterThan(40)
  })

  it('has no other codes of data', () => {
    const known = new Set<string>([...Object.values(dataCodes), ...Object.values(dataWarnings)])
    expect([...entries.keys()].filter((code) => /^[EW]3/.test(code) && !known.has(code))).toEqual([])
  })
})
