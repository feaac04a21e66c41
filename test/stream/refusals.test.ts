import { describe, expect, it } from 'vitest'
import { compileOrThrow, DataError, type FitCallOptions, OptionError, rowsTable } from '../../index.js'
import { allEntries } from '../../lang/diagnostics/catalogue.js'
import { clusters, rowsOf } from './simulated.js'

const columns = {
  x: Array.from({ length: 600 }, (_, n) => ((n * 7) % 11) / 2),
  y: Array.from({ length: 600 }, (_, n) => (n * 5) % 3),
  g: Array.from({ length: 600 }, (_, n) => 'abc'[n % 3] ?? ''),
}
const rows = () => rowsTable('data', rowsOf({ model: '', columns, levels: ['g'], start: {} }))

async function refusal(model: string, options: FitCallOptions = {}, more: readonly unknown[] = []) {
  try {
    await compileOrThrow(model).fit([rows(), ...more], { restarts: 1, maxIterations: 2, ...options })
  } catch (error) {
    if (error instanceof DataError) return error.problems[0]
    throw error
  }
  throw new Error('it was fitted')
}

describe('a model that needs all rows', () => {
  it.each<readonly [string, string, string]>([
    [
      'a chain',
      `model Chain
const K = 2
data y : count[N]
param P : simplex[K, K]
param r : positive[K]
latent s[1] ~ Categorical([0.5, 0.5])
for n in 2..N { latent s[n] ~ Categorical(P[s[n-1]]) }
for n in 1..N { y[n] ~ Poisson(r[s[n]]) }`,
      'through `s`',
    ],
    [
      'a param for each row',
      `model Own
data x : real[N]
param m : real[N]
param s : positive
for n in 1..N { m[n] ~ Normal(0, 1) }
for n in 1..N { x[n] ~ Normal(m[n], s) }`,
      '`m` has a value for each row',
    ],
    [
      'a latent of groups',
      `model Groups
data x : real[N]
data g : category[N]
param m : real
param s, t : positive
for j in levels(g) { latent b[j] ~ Normal(m, t) }
for n in 1..N { x[n] ~ Normal(b[g[n]], s) }`,
      'through `b`',
    ],
    [
      'the number of the row',
      `model Trend
const K = 2
data x : real[N]
param a, b : real[K]
param s : positive
param pi : simplex[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(a[z] + b[z] * n, s)
}`,
      'the number of a row',
    ],
    [
      'a row beside another one',
      `model Lag
data x : real[N]
param a, b : real
param s : positive
for n in 2..N { x[n] ~ Normal(a + b * x[n-1], s) }`,
      'needs all of its 600 rows at once',
    ],
  ])('%s', async (_, model, why) => {
    const problem = await refusal(model)
    expect(problem?.code).toBe('E422')
    expect(problem?.message).toContain(why)
    expect(problem?.help).toMatch(/sample|memory/)
    // and in memory it is fitted
    const { g, ...numbers } = columns
    const data = model.includes('category') ? { ...numbers, g } : numbers
    await expect(compileOrThrow(model).fit(data, { restarts: 1, maxIterations: 1 })).resolves.toBeDefined()
  })

  it('hard mode keeps a label for each row', async () => {
    const problem = await refusal(clusters(1).model, {
      mode: 'hard',
      columns: { x: ['x', 'y'] },
    })
    expect(problem?.code).toBe('E422')
    expect(problem?.message).toContain('hard mode')
  })
})

describe('data that are read by rows', () => {
  const mean = 'for n in 1..N { x[n] ~ Normal(m, 1) }'
  it.each<readonly [string, string, FitCallOptions, string]>([
    [
      'sequences',
      'data x : real[R][T]\nparam m : real\nfor r in 1..R { for t in 1..T { x[r, t] ~ Normal(m, 1) } }',
      { groupBy: 'g' },
      '--group-by',
    ],
    [
      'sequences without a column',
      'data x : real[R][T]\nparam m : real\nfor r in 1..R { for t in 1..T { x[r, t] ~ Normal(m, 1) } }',
      {},
      'sequences',
    ],
    ['a fixed number of rows', `const N = 600\ndata x : real[N]\nparam m : real\n${mean}`, {}, 'fixes the number'],
    ['rows of two kinds', `data x : real[N]\ndata y : real[M]\nparam m : real\n${mean}`, {}, 'counted by N and by M'],
  ])('%s', async (_, model, options, why) => {
    const problem = await refusal(`model M\n${model}`, options)
    expect(problem?.code).toBe('E363')
    expect(problem?.message).toContain(why)
  })

  it('rows that come from another file too', async () => {
    const z = rowsTable('other', rowsOf({ model: '', columns: { z: [1, 2] }, levels: [], start: {} }))
    const { all: _, ...inMemory } = z
    const problem = await refusal(`model M\ndata x, z : real[N]\nparam m : real\n${mean}`, {}, [inMemory])
    expect(problem).toMatchObject({ code: 'E360' })
    const both = await refusal(`model M\ndata x, z : real[N]\nparam m : real\n${mean}`, {}, [z])
    expect(both).toMatchObject({ code: 'E363', message: expect.stringContaining('other cannot be read beside it') })
  })

  it('levels are not numbers, nor numbers levels', async () => {
    const problem = await refusal('model M\ndata g : real[N]\nparam m : real\nfor n in 1..N { g[n] ~ Normal(m, 1) }')
    expect(problem).toMatchObject({ code: 'E341', column: 'g' })
  })

  it('cells are checked against their type, with their row', async () => {
    const problem = await refusal(
      `model M\ndata y : positive[N]\nparam m : real\nfor n in 1..N { y[n] ~ Normal(m, 1) }`,
    )
    expect(problem).toMatchObject({ code: 'E344', row: 1, column: 'y', value: '0' })
    expect(problem?.message).toContain('199 more such cells')
  })

  it('too little memory for any rows at all', async () => {
    const problem = await refusal(`model M\ndata x : real[N]\nparam m : real\n${mean}`, { memory: 100_000 })
    expect(problem?.code).toBe('E364')
  })

  it('there is no posterior of all rows', async () => {
    const fit = await compileOrThrow(`model M\ndata x : real[N]\nparam m : real\n${mean}`).fit([rows()])
    expect(() => fit.posteriors()).toThrow(OptionError)
    await expect(fit.impute()).rejects.toThrow(OptionError)
    await expect(fit.predict([rows()])).rejects.toThrow(OptionError)
  })

  it.each(['E312', 'E313', 'E314', 'E363', 'E364', 'E422'])('estep explain %s has something to say', (code) => {
    expect(allEntries().find((entry) => entry.code === code)?.explanation.length).toBeGreaterThan(100)
  })
})
