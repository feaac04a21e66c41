/** Which of twenty starts run to their ends: those that differ, one for all that have come to the same, the user's own. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileOrThrow, type Fit, type FitCallOptions, readTable } from '../../index.js'

const read = (path: string): string => readFileSync(new URL(`../conformance/${path}`, import.meta.url), 'utf8')

async function fitted(model: string, data: string, options: FitCallOptions): Promise<Fit> {
  const { value } = readTable(data, read(`data/${data}`))
  if (value === undefined) throw new Error('no table')
  return compileOrThrow(read(`models/${model}.estep`)).fit([value], options)
}

const galaxies = (options: FitCallOptions): Promise<Fit> =>
  fitted('A09-galaxies-k5-equal', 'galaxies.csv', { columns: { x: ['velocity'] }, ...options })
const earthquakes = (options: FitCallOptions): Promise<Fit> =>
  fitted('A18-earthquakes-poismix-k3', 'earthquakes.csv', options)

const ended = (fit: Fit): readonly number[] =>
  fit.starts.filter((start) => !start.brief).map((start) => Number(start.objective))

describe('starts that run on', () => {
  it('lead elsewhere, though the quickest five lead to one lower maximum', async () => {
    const fit = await galaxies({ seed: 76_001 })
    const [lower, published] = [-205.28298, -204.60541]
    expect(ended(fit).filter((objective) => Math.abs(objective - lower) < 1e-3).length).toBeGreaterThanOrEqual(4)
    expect(fit.logLikelihood).toBeCloseTo(published, 4)
  })

  it('go on for those that have come to the same objective', async () => {
    const fit = await earthquakes({ seed: 1 })
    expect(fit.logLikelihood).toBeCloseTo(-356.84894, 4)
    // the other start that is tried when all come to one maximum comes to it too, and is left as well
    expect(ended(fit).length).toBe(1)
    const left = fit.starts.filter(({ brief, iterations }) => brief && iterations > 72)
    expect(left.length).toBeGreaterThanOrEqual(2)
    for (const { objective } of left)
      expect(Math.abs(Number(objective) - fit.logLikelihood)).toBeLessThan(2e-5 * Math.abs(fit.logLikelihood))
  })

  it('all reach their ends where they jump', async () => {
    const fit = await earthquakes({ seed: 1, accelerate: 'squarem' })
    expect(fit.starts.filter(({ brief, iterations }) => brief && iterations > 72)).toEqual([])
    expect(ended(fit).length).toBeGreaterThanOrEqual(3)
  })

  it('have the own start among them', async () => {
    // on the way to a maximum that others come to as well, and sooner
    const fit = await earthquakes({ restarts: 20, start: { rate: [12, 20, 32] } })
    expect(fit.starts[0]).toMatchObject({ brief: false, stop: 'tolerance' })
    expect(fit.logLikelihood).toBeCloseTo(-356.84894, 4)
  })
})
