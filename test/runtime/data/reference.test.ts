import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bindData } from '../../../runtime/data/bind.js'
import { parseColumnsOption } from '../../../runtime/data/columns-option.js'
import { readTable } from '../../../runtime/data/read-table.js'
import { declare } from '../../support/declare.js'

interface ReferenceRun {
  readonly id: string
  readonly model: string
  /** A path, or the text of a CSV file. */
  readonly data: string
  readonly args: readonly string[]
}

const folder = new URL('../../conformance/', import.meta.url)
const runs: readonly ReferenceRun[] = JSON.parse(readFileSync(new URL('models/index.json', folder), 'utf8'))

/** Missing cells of each reference data set that has some. */
const missing = new Map([
  ['A38-airquality-mvn-missing', 44],
  ['A39-faithful-gmm-missing', 86],
  ['A53-image2-gmm-full-missing', 123],
])

describe('the reference data binds to the reference models', () => {
  it.each(runs)('$id', ({ id, model, data, args }) => {
    const text = data.includes('\n') ? data : readFileSync(new URL(data, folder))
    const table = readTable(data.includes('\n') ? 'inline' : data, text).value
    const columns = new Map<string, readonly string[]>()
    for (const [i, arg] of args.entries()) {
      const option = arg === '--columns' ? parseColumnsOption(args[i + 1] ?? '') : null
      if (option !== null && typeof option !== 'string') columns.set(option.name, option.columns)
    }
    const source = readFileSync(new URL(`models/${model}`, folder), 'utf8')
    expect(table).toBeDefined()
    const { value, problems } = bindData(declare(source), table === undefined ? [] : [table], { columns })
    expect(problems).toEqual([])
    expect(value?.warnings).toEqual([])
    const total = [...(value?.arrays.values() ?? [])].reduce((sum, array) => sum + array.missing, 0)
    expect(total).toBe(missing.get(id) ?? 0)
  })

  it('has its files', () => {
    for (const { data } of runs) if (!data.includes('\n')) expect(existsSync(new URL(data, folder))).toBe(true)
  })
})
