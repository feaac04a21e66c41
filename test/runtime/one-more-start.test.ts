/** The three quickest of twenty starts share the way to a lower maximum: one more start is run to its end. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compileOrThrow, readTable } from '../../index.js'

const read = (path: string): string => readFileSync(new URL(`../conformance/${path}`, import.meta.url), 'utf8')

test('where all runs come to one maximum, another start runs on', async () => {
  const { value } = readTable('galaxies.csv', read('data/galaxies.csv'))
  if (value === undefined) throw new Error('no table')
  const model = compileOrThrow(read('models/A09-galaxies-k5-equal.estep'))
  const fit = await model.fit([value], { columns: { x: ['velocity'] }, seed: 25001 })
  const [lower, published] = [-205.28298, -204.60541]
  const at = (objective: number): number =>
    fit.starts.filter((start) => Math.abs(Number(start.objective) - objective) < 1e-3).length
  expect(at(lower)).toBe(3)
  expect(at(published)).toBe(1)
  expect(fit.logLikelihood).toBeCloseTo(published, 4)
})
