/** Modes beside EM where the posterior is a product of factors. */
import { describe, expect, it } from 'vitest'
import { unitBatches } from '../../api/unit-batches.js'
import { batchProgram } from '../../compiler/modes/batch-program.js'
import { compileOrThrow } from '../../index.js'
import { randomSource } from '../../runtime/random.js'
import { crossedGroups } from './models.js'

const random = randomSource(5, 9)
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
const pick = (p: readonly number[]): number => {
  let u = random.uniform()
  return Math.max(
    0,
    p.findIndex((x) => {
      u -= x
      return u < 0
    }),
  )
}

const topics = (K: number) => `model Topics
data doc, word : category[N]
data n_times   : count[N]
param words_of : simplex[${K}, levels(word)]
for d in levels(doc) { latent topics_of : simplex[${K}] ~ Dirichlet(0.5) }
for n in 1..N weight n_times[n] {
  latent z ~ Categorical(topics_of[doc[n]])
  word[n] ~ Categorical(words_of[z])
}`

/** Documents of one topic, or of two in equal parts; a topic has words of its own and shares the rest. */
function corpus(documents: number, words: number, K: number, length: number) {
  const rows: { doc: string; word: string; n_times: number }[] = []
  for (let d = 0; d < documents; d++) {
    const [first, second] = [d % K, random.uniform() < 0.5 ? d % K : (d + 1) % K]
    const counts = new Map<number, number>()
    for (let i = 0; i < length; i++) {
      const topic = random.uniform() < 0.5 ? first : second
      const p = times(words, (w) => (w % K === topic ? 12 : 1))
      const total = p.reduce((a, b) => a + b, 0)
      const w = pick(p.map((x) => x / total))
      counts.set(w, (counts.get(w) ?? 0) + 1)
    }
    for (const [w, n_times] of counts) rows.push({ doc: `d${d}`, word: `w${w}`, n_times })
  }
  return { doc: rows.map((r) => r.doc), word: rows.map((r) => r.word), n_times: rows.map((r) => r.n_times) }
}

/** ψ by its asymptotic series after steps upwards (Abramowitz and Stegun 1964, 6.3.18). */
function digamma(x: number): number {
  let [at, out] = [x, 0]
  for (; at < 12; at++) out -= 1 / at
  const r = 1 / (at * at)
  return out + Math.log(at) - 0.5 / at - r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r / 240)))
}

/** One iteration of Blei, Ng and Jordan (2003), section 5.3, its E-step to the end: words_of as K × V. */
function iteration(
  rows: readonly { readonly doc: number; readonly word: number; readonly n: number }[],
  documents: number,
  wordsOf: readonly (readonly number[])[],
  alpha: number,
): number[][] {
  const K = wordsOf.length
  let gamma = times(documents, () => times(K, () => 1))
  const phi = (d: number, w: number): number[] => {
    const p = times(K, (k) => Math.exp(digamma(gamma[d]?.[k] ?? 0)) * (wordsOf[k]?.[w] ?? 0))
    const total = p.reduce((a, b) => a + b, 0)
    return p.map((x) => x / total)
  }
  for (let sweep = 0; sweep < 4000; sweep++) {
    const next = times(documents, () => times(K, () => alpha))
    for (const { doc, word, n } of rows)
      phi(doc, word).forEach((p, k) => {
        const own = next[doc] ?? []
        own[k] = (own[k] ?? 0) + n * p
      })
    gamma = next
  }
  const out = wordsOf.map((row) => row.map(() => 0))
  for (const { doc, word, n } of rows)
    phi(doc, word).forEach((p, k) => {
      const own = out[k] ?? []
      own[word] = (own[word] ?? 0) + n * p
    })
  return out.map((row) => row.map((x) => x / row.reduce((a, b) => a + b, 0)))
}

const crossedData = (rows: number, columns: number) => {
  const cells = times(rows * columns, (c) => [Math.floor(c / columns), c % columns] as const)
  const rate = [
    [0.9, 0.2],
    [0.3, 0.8],
  ]
  return {
    g: cells.map(([i]) => `g${i}`),
    h: cells.map(([, j]) => `h${j}`),
    y: cells.map(([i, j]) => random.uniform() < (rate[i % 2]?.[j % 2] ?? 0)),
  }
}

const days = `model Days
const S = 2
data  day : category[T]
data  y : count[T]
param start : simplex[S]
param step  : simplex[S, S, S]
param rate  : positive[S]
for d in levels(day) { latent mood[d] ~ Categorical(start) }
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[mood[day[t]], z[t-1]]) }
for t in 1..T { y[t] ~ Poisson(rate[z[t]]) }`

const daysData = {
  day: times(48, (t) => `d${String(Math.floor(t / 6)).padStart(2, '0')}`),
  y: times(48, (t) => Math.floor((t % 12 < 6 ? 2 : 6) * (0.4 + 1.2 * random.uniform()))),
}

type Nested = number | readonly Nested[]
const at = (x: unknown, ...index: readonly number[]): number =>
  Number(index.reduce<unknown>((v, i) => (v as readonly Nested[])[i], x))

describe('hard', () => {
  it('crossed groups: the objective is that of data and labels, and no label of one group is better', async () => {
    const data = crossedData(8, 9)
    const fit = await compileOrThrow(crossedGroups).fit(data, { mode: 'hard', restarts: 5 })
    const [a, b] = ['a', 'b'].map((l) => [...(fit.posterior(l).modes ?? [])]) as [number[], number[]]
    const joint = (z: readonly number[], w: readonly number[]): number =>
      [
        ...z.map((k) => Math.log(at(fit.params.p, k))),
        ...w.map((k) => Math.log(at(fit.params.q, k))),
        ...data.y.map((y, n) => {
          const r = at(fit.params.r, z[Math.floor(n / 9)] ?? 0, w[n % 9] ?? 0)
          return Math.log(y ? r : 1 - r)
        }),
      ].reduce((s, x) => s + x, 0)
    expect(fit.objective).toBeCloseTo(joint(a, b), 9)
    for (const [i, k] of a.entries()) expect(joint(a.with(i, 1 - k), b)).toBeLessThanOrEqual(fit.objective + 1e-9)
    for (const [j, k] of b.entries()) expect(joint(a, b.with(j, 1 - k))).toBeLessThanOrEqual(fit.objective + 1e-9)
    // and so are the params the shares that the labels give
    expect(at(fit.params.p, 0)).toBeCloseTo(a.filter((k) => k === 0).length / 8, 9)
  })

  it('a path and the moods of its days: the path is the best of all given the moods', async () => {
    const fit = await compileOrThrow(days).fit(daysData, { mode: 'hard', restarts: 3 })
    const [path, moods] = ['z', 'mood'].map((l) => [...(fit.posterior(l).modes ?? [])]) as [number[], number[]]
    const emission = (t: number, k: number): number => {
      const [y, rate] = [daysData.y[t] ?? 0, at(fit.params.rate, k)]
      return y * Math.log(rate) - rate - times(y, (i) => Math.log(i + 1)).reduce((s, x) => s + x, 0)
    }
    const step = (t: number, from: number, to: number): number =>
      Math.log(at(fit.params.step, moods[Math.floor(t / 6)] ?? 0, from, to))
    const ofMoods = moods.reduce((s, k) => s + Math.log(at(fit.params.start, k)), 0)
    const ofPath = path.reduce((s, k, t) => {
      const arrived = t === 0 ? Math.log(at(fit.params.start, k)) : step(t, path[t - 1] ?? 0, k)
      return s + arrived + emission(t, k)
    }, 0)
    expect(fit.objective).toBeCloseTo(ofMoods + ofPath, 8)
    // the best of all paths, by maxima forward
    let best = times<number>(2, (k) => Math.log(at(fit.params.start, k)) + emission(0, k))
    for (let t = 1; t < 48; t++) {
      const before = best
      best = times(2, (k) => Math.max(...before.map((x, j) => x + step(t, j, k))) + emission(t, k))
    }
    expect(ofPath).toBeCloseTo(Math.max(...best), 8)
  })

  it('refuses cem with what to do', async () => {
    const fit = compileOrThrow(crossedGroups).fit(crossedData(4, 4), { mode: 'cem' })
    await expect(fit).rejects.toThrow(/most probable class of each given the others is what mode hard takes/)
  })
})

describe('online', () => {
  const K = 2
  const data = corpus(30, 6, K, 20)
  const model = compileOrThrow(topics(K))
  const own = model.bind(data, {}, null)
  const { memory: _memory, ...settings } = own.settings
  const found = unitBatches(own.model, batchProgram(own.model.derivation, 'sum'), settings, 'online')
  const wordsOf = times(K, (k) => times(6, (w) => (w % K === k ? 0.25 : 1 / 12)))
  const params = Float64Array.from(wordsOf.flat())
  const levels = (names: readonly string[]) => new Map([...new Set(names)].sort().map((name, i) => [name, i] as const))

  it('one batch of all documents is an iteration with its E-step to the end', () => {
    if (typeof found === 'string') throw new Error(found)
    expect(found.counts).toEqual([30])
    const batches = found.batches([Int32Array.from({ length: 30 }, (_, i) => i)])
    batches.setPivot(params)
    const seen = batches.eStepOver(params, 0, 30)
    const turn = { statistics: seen.statistics, share: 1, gamma: 1, curvature: null }
    const { params: next } = batches.learnt(params, { ...seen, logLikelihood: Number.NaN }, turn, 0, 30)
    const [docs, words] = [levels(data.doc), levels(data.word)]
    const rows = data.doc.map((d, i) => ({
      doc: docs.get(d) ?? 0,
      word: words.get(data.word[i] ?? '') ?? 0,
      n: data.n_times[i] ?? 0,
    }))
    iteration(rows, 30, wordsOf, 0.5)
      .flat()
      .forEach((x, i) => {
        expect(next[i]).toBeCloseTo(x, 5)
      })
  })

  it('the sums of batches are those of all documents', () => {
    if (typeof found === 'string') throw new Error(found)
    const batches = found.batches([Int32Array.from({ length: 30 }, (_, i) => (i * 7) % 30)])
    batches.setPivot(params)
    const whole = own.model.eStep(params)
    const parts = [0, 8, 9].map((from, i) => batches.eStepOver(params, from, [8, 9, 30][i] ?? 30))
    expect(parts.reduce((n, p) => n + p.logLikelihood, 0) / whole.logLikelihood).toBeCloseTo(1, 8)
    whole.statistics.forEach((s, i) => {
      expect(Math.abs(parts.reduce((n, p) => n + (p.statistics[i] ?? 0), 0) - s)).toBeLessThan(1e-4 * (1 + Math.abs(s)))
    })
  })

  it('comes near to the bound of EM', async () => {
    const three = compileOrThrow(topics(3))
    const many = corpus(200, 9, 3, 25)
    const em = await three.fit(many, { restarts: 2, tolerance: 1e-7 })
    const options = { mode: 'online', batch: 20, restarts: 2, schedule: { passes: 12 } } as const
    const online = await three.fit(many, options)
    expect(Math.abs(em.logLikelihood - online.logLikelihood)).toBeLessThan(2e-3 * Math.abs(em.logLikelihood))
    // far above what one topic for all gives
    const counts = new Map<string, number>()
    many.word.forEach((w, i) => {
      counts.set(w, (counts.get(w) ?? 0) + (many.n_times[i] ?? 0))
    })
    const one = [...counts.values()].reduce((l, n) => l + n * Math.log(n / (200 * 25)), 0)
    expect(online.logLikelihood).toBeGreaterThan(one + 100)
    expect(online.toJSON().batches).toMatchObject({ rows: 20, perPass: 10, units: true })
  }, 120_000)

  it('a word that the first batch has not seen stays possible', async () => {
    const rare = { doc: [...data.doc, 'd0', 'd17'], word: [...data.word, 'x', 'y'], n_times: [...data.n_times, 1, 1] }
    const options = { mode: 'online', batch: 5, restarts: 1, schedule: { passes: 5 } } as const
    const fit = await model.fit(rare, options)
    expect((await model.fit(rare, options)).logLikelihood).toBe(fit.logLikelihood)
    expect(fit.logLikelihood).toBeGreaterThan(Number.NEGATIVE_INFINITY)
    expect(fit.result.trace.every((x) => Number.isFinite(Number(x)))).toBe(true)
  })

  it('refuses with the reason where the factors tie all of the data together', async () => {
    const fit = compileOrThrow(crossedGroups).fit(crossedData(6, 6), { mode: 'online', batch: 2 })
    await expect(fit).rejects.toThrow(/all of its rows reach one another through `a`, `b`/)
    const shared = topics(2).replace(
      'param words_of : simplex[2, levels(word)]',
      'for k in 1..2 { latent words_of : simplex[levels(word)] ~ Dirichlet(0.1) }',
    )
    const topicsToo = compileOrThrow(shared).fit(data, { mode: 'online', batch: 5 })
    await expect(topicsToo).rejects.toThrow(/`word` reads `words_of` otherwise than at its own row/)
  })
})
