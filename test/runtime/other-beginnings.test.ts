/** Where sequences begin: every corner of the distribution of first values is tried from the best end. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileOrThrow, readTable } from '../../index.js'

const conformance = (path: string): string => readFileSync(new URL(`../conformance/${path}`, import.meta.url), 'utf8')
const source = conformance('models/A28-discoveries-hmm-k2.estep')
const published = -206.054100031302
const data = () => {
  const { value } = readTable('discoveries.csv', conformance('data/discoveries.csv'))
  if (value === undefined) throw new Error('no table')
  return [value]
}

describe('a chain whose starts all begin in the wrong state', () => {
  // the best of these 20 starts begins in the state of many discoveries: -206.1790
  const seed = 4001

  test('is begun in the other one and reaches the published maximum', async () => {
    const fit = await compileOrThrow(source).fit(data(), { columns: { count: ['count'] }, seed })
    expect(fit.logLikelihood).toBeCloseTo(published, 5)
    expect(fit.starts.length).toBe(20)
    expect(fit.starts.filter((s) => Number(s.objective) > published - 1e-3).length).toBe(1)
    expect(fit.trace).toEqual([...fit.trace].sort((a, b) => a - b))
  })

  test('and its iterates keep the inequalities of EM where the trace goes on', async () => {
    const fit = await compileOrThrow(source).fit(data(), { columns: { count: ['count'] }, seed, trace: true })
    const rows = fit.iterates ?? []
    expect(rows.map((row) => row.iteration)).toEqual(rows.map((_, i) => i))
    expect(rows.map((row) => row.objective)).toEqual(fit.trace)
    for (const [i, row] of rows.entries()) {
      const next = rows[i + 1]
      if (next === undefined) continue
      expect(row.elboAfterM).toBeGreaterThanOrEqual(row.objective - 1e-9)
      expect(next.objective).toBeGreaterThanOrEqual(row.elboAfterM - 1e-9)
    }
    expect(fit.toJSON().iterations).toBe(rows.length - 1)
  })

  test('stays where its values say that it begins', async () => {
    const start = {
      start: [0, 1],
      step: [
        [0.94, 0.06],
        [0.28, 0.72],
      ],
      rate: [2.4, 5.7],
    }
    const fit = await compileOrThrow(source).fit(data(), { columns: { count: ['count'] }, start })
    expect(fit.logLikelihood).toBeCloseTo(-206.17899, 4)
  })
})

test('a given distribution of the first value leaves nothing to try', async () => {
  const given = source.replace(/param start.*\n/u, '').replace('Categorical(start)', 'Categorical([0.01, 0.99])')
  const fit = await compileOrThrow(given).fit(data(), { columns: { count: ['count'] }, seed: 1 })
  expect(fit.converged).toBe(true)
  expect(fit.trace).toEqual([...fit.trace].sort((a, b) => a - b))
})
