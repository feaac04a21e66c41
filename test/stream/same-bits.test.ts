import { describe, expect, it } from 'vitest'
import { compileOrThrow, rowsTable } from '../../index.js'
import type { BoundModel } from '../../runtime/contract.js'
import { classes, clusters, counts, regressions, rowsOf, type Simulated } from './simulated.js'

const simulated: readonly (readonly [string, (rows: number) => Simulated])[] = [
  ['clusters', clusters],
  ['weighted regressions', regressions],
  ['latent classes with missing cells', classes],
  ['a regression of counts', counts],
]

/** Rows in memory are merged where many are equal, which other rows cannot be: their sums are those of JavaScript. */
const backends = [
  ['generated WebAssembly', {}, simulated.filter(([, make]) => make !== classes)],
  ['JavaScript', { backend: 'js' }, simulated],
] as const
const cases = backends.flatMap(([by, backend, models]) =>
  models.map(([name, make]) => [`${name}, by ${by}`, make, backend] as const),
)

/** So little that a window has 16,384 rows, the least there is. */
const LEAST_MEMORY = 4e6

const plain = (json: unknown): unknown => JSON.parse(JSON.stringify(json))

describe('rows that do not lie in memory', () => {
  it.each(cases)('%s: from a given start every bit is that of a fit in memory', async (_, make, backend) => {
    const one = make(40_000)
    const model = compileOrThrow(one.model)
    const options = { start: one.start, maxIterations: 2, tolerance: 0, memory: LEAST_MEMORY, ...backend }
    const source = rowsOf(one)
    const streamed = await model.fit([rowsTable('data', source)], options)
    expect(source.reads).toBeGreaterThan(20)
    const inMemory = await model.fit(one.columns, options)
    // data is longer than the rank of scores is looked for, in a sample it may be
    // the entropy of the classification wants all rows at once
    const { parameters: _p, bic: _b, aic: _a, entropy: _e, certainty: _c, ...wanted } = inMemory.toJSON()
    expect(plain(streamed.toJSON())).toMatchObject(plain(wanted) as Record<string, unknown>)
    expect(streamed.toJSON().observations).toBe(inMemory.toJSON().observations)
  })

  it.each(cases)('%s: starts over few rows are those of a fit in memory', async (_, make, backend) => {
    const one = make(1500)
    const model = compileOrThrow(one.model)
    const options = { restarts: 1, maxIterations: 30, ...backend }
    const streamed = await model.fit([rowsTable('data', rowsOf(one))], options)
    const inMemory = await model.fit(one.columns, options)
    const { entropy: _e, certainty: _c, ...wanted } = inMemory.toJSON()
    expect(plain(streamed.toJSON())).toEqual(plain(wanted))
  })

  it('rows that are merged in memory give the same but for rounding', async () => {
    const one = classes(40_000)
    const model = compileOrThrow(one.model)
    const options = { start: one.start, maxIterations: 3, tolerance: 0, memory: LEAST_MEMORY }
    const streamed = await model.fit([rowsTable('data', rowsOf(one))], options)
    const inMemory = await model.fit(one.columns, options)
    streamed.trace.forEach((objective, i) => {
      expect(Math.abs(objective / (inMemory.trace[i] ?? 0) - 1)).toBeLessThan(1e-12)
    })
  })

  it.each([...simulated])('%s: components expect as many rows as in memory', async (_, make) => {
    const one = make(20_000)
    const model = compileOrThrow(one.model)
    const options = { start: one.start, maxIterations: 1, tolerance: 0, memory: LEAST_MEMORY }
    const states = [
      await model.fit([rowsTable('data', rowsOf(one))], options),
      await model.fit(one.columns, options),
    ].map((fit) => {
      const { own } = fit as unknown as { readonly own: { readonly model: BoundModel; readonly params: Float64Array } }
      return own.model.components(own.params)
    })
    const [streamed = [], inMemory = []] = states
    expect(streamed.length).toBe(inMemory.length)
    streamed.forEach(({ latent, value, expectedCount }, i) => {
      expect([latent, value]).toEqual([inMemory[i]?.latent, inMemory[i]?.value])
      expect(Math.abs(expectedCount / (inMemory[i]?.expectedCount ?? Number.NaN) - 1)).toBeLessThan(1e-10)
    })
  })

  it('several starts compete over a sample, and the best runs on over all rows', async () => {
    const one = clusters(60_000)
    const model = compileOrThrow(one.model)
    const seen: number[] = []
    const streamed = await model.fit([rowsTable('data', rowsOf(one))], {
      restarts: 4,
      memory: LEAST_MEMORY,
      onIteration: ({ objective }) => seen.push(objective),
    })
    const inMemory = await model.fit(one.columns, { restarts: 4 })
    expect(streamed.converged).toBe(true)
    expect(streamed.logLikelihood).toBeCloseTo(inMemory.logLikelihood, 4)
    // a sample of 15,625 rows has about a quarter of the log-likelihood
    expect(seen.some((objective) => objective > 0.3 * streamed.objective)).toBe(true)
    expect(streamed.toJSON().observations).toBe(60_000)
    expect(streamed.starts.length).toBe(1)
  })
})
