/** Choosing among candidates: figures, folds, failures, known labels, the bootstrap test. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { unitsOf } from '../../api/select/units.js'
import { compileOrThrow, DataError, OptionError, readTable, type Selection, select } from '../../index.js'

const read = (path: string): string => readFileSync(path, 'utf8')

function table(path: string, text: string | Uint8Array = readFileSync(path)) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const { value } = readTable(path, bytes)
  if (value === undefined) throw new Error('no table')
  return value
}

const full = compileOrThrow(read('examples/old-faithful/full.estep'))
const faithful = [table('examples/old-faithful/faithful.csv')]

test('BIC, ICL and the rows held out take two components for Old Faithful', async () => {
  const chosen = await select(full, faithful, { over: { K: [1, 2] }, restarts: 2, folds: 3 })
  expect(chosen.best?.set.K).toBe(2)
  for (const by of ['bic', 'icl', 'cv'] as const) expect(chosen.bestBy.get(by)?.set.K).toBe(2)
  const two = chosen.candidates[1]?.figures
  expect(two?.logLikelihood).toBeCloseTo(-1130.264, 3)
  expect(two?.bic).toBeCloseTo(2322.192, 2)
  // the classification is nearly certain: ICL = BIC − 2 Σ log of the largest posterior probability
  const r = chosen.candidates[1]?.fit?.posterior('z').probabilities ?? new Float64Array(0)
  let [most, entropy] = [0, 0]
  for (let n = 0; n < r.length / 2; n++) {
    const [a = 0, b = 0] = [r[2 * n], r[2 * n + 1]]
    most += Math.log(Math.max(a, b))
    entropy -= (a > 0 ? a * Math.log(a) : 0) + (b > 0 ? b * Math.log(b) : 0)
  }
  expect(two?.icl).toBeCloseTo((two?.bic ?? 0) - 2 * most, 8)
  expect(two?.entropy).toBeCloseTo(entropy, 8)
  expect(chosen.folds).toEqual({ count: 3, word: 'row' })
})

test('the log-likelihood of rows held out is that of fits to the others', async () => {
  const normal = compileOrThrow(`model Normals
data  x : real[N]
param m : real
param s : positive
for n in 1..N { x[n] ~ Normal(m, s) }`)
  const x = [1, 4, 2, 8, 5, 7]
  const chosen = await select([normal], { x }, { folds: 6 })
  const leftOut = x.map((own, i) => {
    const rest = x.filter((_, j) => j !== i)
    const m = rest.reduce((a, b) => a + b, 0) / rest.length
    const v = rest.reduce((a, b) => a + (b - m) ** 2, 0) / rest.length
    return -0.5 * Math.log(2 * Math.PI * v) - (own - m) ** 2 / (2 * v)
  })
  const total = leftOut.reduce((a, b) => a + b, 0)
  expect(chosen.candidates[0]?.figures?.cv).toBeCloseTo(total, 9)
  const spread = leftOut.reduce((a, b) => a + (b - total / 6) ** 2, 0) / 5
  expect(chosen.candidates[0]?.figures?.cvError).toBeCloseTo(Math.sqrt(6 * spread), 9)
  expect(chosen.candidates[0]?.figures?.icl).toBeNull()
})

test('the same seed gives the same bytes', async () => {
  const line = compileOrThrow(`model Line
const K = 2
data  x : real[N]
param pi : simplex[K]
param mu : real[K]
param s  : positive
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], s)
}`)
  const x = Array.from({ length: 40 }, (_, i) => ((i * 37) % 40) / 10 + (i % 2) * 6)
  const run = async (seed: number): Promise<string> =>
    JSON.stringify(await select(line, { x }, { over: { K: [1, 2] }, restarts: 2, folds: 2, seed }))
  expect(await run(1)).toBe(await run(1))
  expect(await run(1)).not.toBe(await run(2))
})

describe('what is held out together', () => {
  const unitSizes = (source: string, data: unknown, options = {}): readonly number[] | string => {
    const model = compileOrThrow(source)
    const units = unitsOf(model.typed, model.boundData(data, options), new Map(), [])
    return units.kind === 'none'
      ? units.reason
      : units.units.map((u) => [...u.values()].reduce((n, rows) => n + rows.length, 0))
  }

  test('rows of a group that share a latent', () => {
    const grouped = `model Grouped
data  g : category[N]
data  y : real[N]
param m : real
param a, s : positive
for j in levels(g) { latent b[j] ~ Normal(0, a) }
for n in 1..N { y[n] ~ Normal(m + b[g[n]], s) }`
    expect(unitSizes(grouped, { g: ['u', 'v', 'u', 'w', 'v', 'u'], y: [1, 2, 3, 4, 5, 6] })).toEqual([3, 2, 1])
  })

  test('sequences, and the whole of a single one', () => {
    const chain = (dims: string, of: string, loop: string): string => `model Chain
const S = 2
data  y : count[${dims}]
param step : simplex[S, S]
param rate : positive[S]
${loop}
  latent z[1] ~ Categorical([0.5, 0.5])
  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T { y[${of}] ~ Poisson(rate[z[t]]) }
${loop === '' ? '' : '}'}`
    expect(unitSizes(chain('R][T', 'r, t', 'for r in 1..R {'), { y: [[1, 2], [3], [4, 5, 6]] })).toEqual([1, 1, 1])
    expect(unitSizes(chain('T', 't', ''), { y: [1, 2, 3] })).toBe(
      'all rows hang together: none can be left out without the others; a test of neighbours (--test) leaves none out',
    )
  })

  test('values that read those before them', () => {
    const regression = `model Auto
data  y : real[T]
param a : real
param s : positive
for t in 2..T { y[t] ~ Normal(a * y[t-1], s) }`
    expect(unitSizes(regression, { y: [1, 2, 3, 4] })).toMatch('all rows hang together')
  })

  test('nothing where every row has a param, or there are no rows', () => {
    const own = `model Own
data  y : real[N]
param m : real[N]
for n in 1..N { y[n] ~ Normal(m[n], 1) }`
    expect(unitSizes(own, { y: [1, 2] })).toMatch('`m` has a value for each row')
    const grades = read('examples/grades/hidden.estep')
    expect(unitSizes(grades, { h: 20, c: 10, d: 10 })).toMatch('is one value, not a row among others')
  })
})

test('groups are held out whole, and levels stay those of all data', async () => {
  const model = compileOrThrow(`model Grouped
const K = 1
data  g, c : category[N]
param w : simplex[K]
param p : simplex[K, levels(c)]
for j in levels(g) { latent z[j] ~ Categorical(w) }
for n in 1..N { c[n] ~ Categorical(p[z[g[n]]]) }`)
  const g = Array.from({ length: 40 }, (_, i) => `g${i % 10}`)
  const c = Array.from({ length: 40 }, (_, i) => (i === 7 ? 'rare' : i % 3 === 0 ? 'b' : 'a'))
  const chosen = await select(model, { g, c }, { over: { K: [1, 2] }, restarts: 2 })
  expect(chosen.folds?.word).toBe('group of rows')
  // the level of a single row has probability 0 in the fold that holds it out: said, not hidden
  expect(chosen.candidates[0]?.figures?.cv).toBe(Number.NEGATIVE_INFINITY)
  expect(chosen.best?.set.K).toBe(1)
})

test('one failed fit never loses the others', async () => {
  const chosen = await select(full, faithful, {
    over: { K: [0, 1, 2] },
    restarts: 2,
    folds: 0,
    start: { pi: [0.5, 0.5] },
  })
  const reasons = chosen.candidates.map((c) => c.reason)
  expect(reasons[2]).toBeNull()
  expect(reasons[1]).toMatch('`pi`')
  expect(chosen.best?.set.K).toBe(2)
  const json = JSON.parse(JSON.stringify(chosen))
  expect(json.candidates[1].failed).toMatch('2 elements')
  expect(json.best.set).toEqual({ K: 2 })
})

test('several models, and several consts', async () => {
  const spherical = compileOrThrow(read('examples/old-faithful/spherical.estep'))
  const chosen = await select([spherical, full], faithful, { over: { K: [1, 2] }, restarts: 2, folds: 0 })
  expect(chosen.candidates.map((c) => [c.index, c.set.K])).toEqual([
    [0, 1],
    [0, 2],
    [1, 1],
    [1, 2],
  ])
  expect(chosen.best?.index).toBe(1)
  await expect(select(full, faithful, { over: { L: [1] } })).rejects.toThrow('there is no const `L` to go over')
  await expect(select(full, faithful, { over: { K: [1] }, folds: 1 })).rejects.toThrow(OptionError)
  await expect(select(full, { x: [['a', 'b']] }, { over: { K: [1] } })).rejects.toThrow(DataError)
})

describe('known labels', () => {
  test('components are named by the rows that were fitted, and compared on those held out', async () => {
    const iris = [table('examples/iris/iris.csv')]
    const model = compileOrThrow(read('examples/iris/mixture.estep'))
    const options = { columns: { x: ['sl', 'sw', 'pl', 'pw'] }, over: { K: [2, 3] }, restarts: 5, against: 'species' }
    const chosen = await select(model, iris, options)
    expect(chosen.by).toBe('error')
    expect(chosen.best?.set.K).toBe(3)
    // two components cannot tell three species apart
    expect(chosen.candidates[0]?.figures?.error).toBeGreaterThanOrEqual(0.33)
    expect(chosen.candidates[1]?.figures?.error).toBeLessThan(0.15)
    expect(chosen.candidates[1]?.figures?.rand).toBeGreaterThan(0.7)
    // by BIC it would have been two
    expect(chosen.bestBy.get('bic')?.set.K).toBe(2)
  })

  test('labels that the model explains are taken away and predicted', async () => {
    const model = compileOrThrow(read('examples/iris/half-labelled.estep'))
    const chosen = await select(model, [table('examples/iris/iris.csv')], {
      columns: { x: ['sl', 'sw', 'pl', 'pw'], y: ['species'] },
      against: 'species',
    })
    // quadratic discriminant analysis, 5 folds: 2 to 3 % (MASS::qda leaving one out: 4 of 150)
    expect(chosen.best?.figures?.error).toBeLessThan(0.05)
    const strict = compileOrThrow(read('examples/iris/quadratic.estep'))
    await expect(
      select(strict, [table('examples/iris/iris.csv')], {
        columns: { x: ['sl', 'sw', 'pl', 'pw'], y: ['species'] },
        against: 'species',
      }),
    ).rejects.toThrow('declare it with `?`')
  })
})

test('the bootstrap test tells two components from one, and not three from two', async () => {
  const model = compileOrThrow(`model Two
const K = 2
data  x : real[N]
param pi    : simplex[K]
param mu    : real[K]
param sigma : positive
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], sigma)
}`)
  const { data } = model.simulate({ pi: [0.4, 0.6], mu: [0, 5], sigma: 1 }, { N: 40 }, { seed: 3 })
  const chosen: Selection = await select(model, data, {
    over: { K: [1, 2, 3] },
    restarts: 2,
    tolerance: 1e-6,
    folds: 0,
    draws: 19,
  })
  const [first, second] = chosen.tests
  expect(first?.pValue).toBe(1 / 20)
  expect(first?.pError).toBeCloseTo(Math.sqrt((1 / 20) * (19 / 20) * (1 / 19)), 12)
  expect(second?.smaller).toBe(2)
  expect(second?.pValue).toBeGreaterThan(0.05)
  expect(chosen.tests.length).toBe(2)
}, 60_000)

describe('with standardised columns', () => {
  const spherical = compileOrThrow(read('examples/old-faithful/spherical.estep'))
  const options = { folds: 2, restarts: 2, over: { K: [1] } }

  test('figures of a model that is the same in any unit are those of the data as they are', async () => {
    const [plain, standardised] = [
      await select(full, faithful, options),
      await select(full, faithful, { ...options, standardize: true }),
    ]
    const [a, b] = [plain.candidates[0]?.figures, standardised.candidates[0]?.figures]
    for (const of of ['logLikelihood', 'bic', 'cv', 'icl'] as const) expect(b?.[of]).toBeCloseTo(a?.[of] ?? 0, 4)
  })

  test('another model is compared by its density of the data, also of the rows held out', async () => {
    // one Normal with one sd for standardised columns is one with an sd for each column of the data as they are
    const diagonal = compileOrThrow(read('examples/old-faithful/diagonal.estep'))
    const chosen = await select(spherical, faithful, { ...options, standardize: true })
    const [one, other] = [chosen.candidates[0], (await select(diagonal, faithful, options)).candidates[0]]
    expect(one?.fit?.result.standardized?.sameModel).toBe(false)
    for (const of of ['logLikelihood', 'cv'] as const)
      expect(one?.figures?.[of]).toBeCloseTo(other?.figures?.[of] ?? 0, 6)
    expect(one?.figures?.icl).toBeCloseTo(one?.figures?.bic ?? 0, 6)
    expect(chosen.notes.join()).toContain('standardised, OldFaithful is another model')
  })

  test('the bootstrap test draws data in the units of the data', async () => {
    const chosen = await select(spherical, faithful, {
      over: { K: [1, 2] },
      folds: 0,
      restarts: 1,
      standardize: true,
      tolerance: 1e-4,
      draws: 9,
    })
    const [first] = chosen.tests
    expect(first?.draws).toBe(9)
    expect(first?.pValue).toBeCloseTo(0.1, 12)
  })
})

test('weights of a sample: criteria that take their sum for rows are not to be believed', async () => {
  const model = compileOrThrow(`model Weighted
data  y, w : positive[N]
param m : real
param s : positive
for n in 1..N weight w[n] { y[n] ~ Normal(m, s) }`)
  const data = { y: [1, 2, 4, 8], w: [10, 20.5, 3, 7] }
  const notes = async (weights: 'frequency' | 'sampling') =>
    (await select(model, data, { folds: 0, weights })).notes.join()
  expect(await notes('sampling')).toContain('AIC, BIC and ICL take their sum for a number of rows')
  expect(await notes('frequency')).toBe('')
})

test('a table with frequencies is held out as its rows written out are', async () => {
  const source = (weight: string) => `model Classes
const K = 2
data  a, b, c : bool[N]
data  w : count[N]
param pi : simplex[K]
param p, q, r : unit[K]
for n in 1..N${weight} {
  latent z ~ Categorical(pi)
  a[n] ~ Bernoulli(p[z])
  b[n] ~ Bernoulli(q[z])
  c[n] ~ Bernoulli(r[z])
}`
  const patterns = Array.from({ length: 8 }, (_, i) => [i & 1, (i >> 1) & 1, (i >> 2) & 1].map((x) => x === 1))
  const w = [60, 12, 14, 11, 13, 9, 12, 70]
  const columns = (rows: readonly (readonly boolean[])[]) => ({
    a: rows.map((r) => r[0]),
    b: rows.map((r) => r[1]),
    c: rows.map((r) => r[2]),
  })
  const out = patterns.flatMap((r, i) => Array.from({ length: w[i] ?? 0 }, () => r))
  const options = { over: { K: [1, 2] }, by: 'cv' as const, restarts: 3 }
  const counted = await select(compileOrThrow(source(' weight w[n]')), { ...columns(patterns), w }, options)
  const written = await select(compileOrThrow(source('')), { ...columns(out), w: out.map(() => 1) }, options)
  for (const [i, { figures }] of counted.candidates.entries()) {
    const other = written.candidates[i]?.figures
    // folds are dealt by chance: 201 rows, other ones in each
    expect(Math.abs((figures?.cv ?? 0) - (other?.cv ?? 0))).toBeLessThan(4)
    expect((figures?.cvError ?? 0) / (other?.cvError ?? 0)).toBeCloseTo(1, 1)
  }
  expect(counted.best?.set).toEqual({ K: 2 })
  expect(written.best?.set).toEqual({ K: 2 })
})
