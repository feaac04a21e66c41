/** The most probable path against hmmlearn 0.3.3 (`test/conformance/peers/hard_mode.py`), and on a long chain. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileOrThrow, type Fit, type FitCallOptions, loadFit, readTable } from '../../index.js'

const read = (path: string): string => readFileSync(new URL(`../conformance/${path}`, import.meta.url), 'utf8')

function table(file: string) {
  const { value } = readTable(file, read(`data/${file}`))
  if (value === undefined) throw new Error(file)
  return value
}

const chain = {
  model: compileOrThrow(read('models/A27-earthquakes-hmm-k3.estep')),
  data: [table('earthquakes.csv')],
  params: {
    start: [0.5, 0.3, 0.2],
    step: [
      [0.9, 0.07, 0.03],
      [0.05, 0.85, 0.1],
      [0.02, 0.18, 0.8],
    ],
    rate: [13, 20, 30],
  },
  log: -338.28655786149164,
  marginal: -330.25574474995415,
  path: '11111333333222222221111222222222222222222233333333322222232222222222333222222222211111111111111111111111111',
}

const geyser = {
  model: compileOrThrow(read('models/A29-geyser-gausshmm-k2.estep')),
  data: [table('geyser.csv')],
  params: {
    start: [0.4, 0.6],
    step: [
      [0.05, 0.95],
      [0.6, 0.4],
    ],
    mu: [55, 82],
    sigma: [6, 7],
  },
  log: -1117.9106635547562,
  path: '22122212212121221212212121212222212121212121212121212121212221212121221212221222221212121212121212121212121212122121212121222122222221222221222222212121212122222222121212122212121221212212121212122212121221221212121212222122222221212122221221222122121222121212221222121212212122222222121212121212122',
}

/** A fit whose params are these. */
async function at(peer: typeof chain | typeof geyser, options: FitCallOptions): Promise<Fit> {
  return peer.model.fit(peer.data, { start: peer.params, maxIterations: 1, trace: true, ...options })
}

describe('the most probable path', () => {
  it.each([
    ['Poisson, three states', chain],
    ['Gaussian, two states', geyser],
  ])('%s: in the first E-step of a fit', async (_, peer) => {
    for (const backend of ['js', 'interpret'] as const) {
      const [first] = (await at(peer, { mode: 'hard', backend })).toJSON().iterates ?? []
      expect(first?.objective).toBeCloseTo(peer.log, 9)
      expect(first?.labels?.z?.join('')).toBe(peer.path)
    }
  })

  it.each([
    ['Poisson, three states', chain],
    ['Gaussian, two states', geyser],
  ])('%s: of new rows', async (_, peer) => {
    const fitted = await at(peer, {})
    const fit = loadFit(JSON.parse(JSON.stringify({ ...fitted.toJSON(), params: peer.params })))
    const hard = (await fit.predict(peer.data, { hard: true })).latents[0]
    const soft = (await fit.predict(peer.data)).latents[0]
    expect(Array.from(hard?.modes ?? [], (k) => k + 1).join('')).toBe(peer.path)
    expect(hard?.probabilities).toEqual(soft?.probabilities)
  })

  it('keeps the marginal log-likelihood beside the complete-data one', async () => {
    const [first] = (await at(chain, { mode: 'hard' })).toJSON().iterates ?? []
    expect(first?.logLikelihood).toBeCloseTo(chain.marginal, 9)
  })

  it('of several sequences is that of each', async () => {
    const ragged = `model Many
const S = 2
data  waiting : real[R][T]
param start : simplex[S]
param step  : simplex[S, S]
param mu    : real[S]
param sigma : positive[S]
for r in 1..R {
  latent z[r, 1] ~ Categorical(start)
  for t in 2..T[r] { latent z[r, t] ~ Categorical(step[z[r, t-1]]) }
  for t in 1..T[r] { waiting[r, t] ~ Normal(mu[z[r, t]], sigma[z[r, t]]) }
}`
    const values = read('data/geyser.csv')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => Number(line.split(',')[1]))
    const fit = await compileOrThrow(ragged).fit(
      { waiting: [values.slice(0, 100), values.slice(100)] },
      { mode: 'hard', start: geyser.params, maxIterations: 1, trace: true },
    )
    const [first] = fit.toJSON().iterates ?? []
    expect(first?.objective).toBeCloseTo(-1118.3161286628654, 9)
  })

  it('is found in one walk along 20,000 places', async () => {
    const waiting = Array.from({ length: 20_000 }, (_, t) => 70 + 15 * Math.sin(t * t) + (t % 7))
    const fit = await geyser.model.fit(
      { waiting },
      { mode: 'hard', start: geyser.params, maxIterations: 3, trace: true },
    )
    const { iterates = [] } = fit.toJSON()
    const [first] = iterates
    // the joint density of the path, place by place
    const path = (first?.labels?.z ?? []).map((k) => Number(k) - 1)
    const { start, step, mu, sigma } = geyser.params
    let log = Math.log(start[path[0] ?? 0] ?? 0)
    path.forEach((k, t) => {
      if (t > 0) log += Math.log(step[path[t - 1] ?? 0]?.[k] ?? 0)
      const s = sigma[k] ?? 1
      log -= 0.5 * (((waiting[t] ?? 0) - (mu[k] ?? 0)) / s) ** 2 + Math.log(s * Math.sqrt(2 * Math.PI))
    })
    expect(Math.abs((Number(first?.objective) - log) / log)).toBeLessThan(1e-12)
    // no change of one place or of two neighbours is better
    const local = (t: number, a: number, b: number): number => {
      const at = (i: number): number => (i === t ? a : i === t + 1 ? b : (path[i] ?? -1))
      let sum = 0
      for (let i = t; i <= t + 2 && i < path.length; i++) {
        sum += i === 0 ? Math.log(start[at(0)] ?? 0) : Math.log(step[at(i - 1)]?.[at(i)] ?? 0)
        if (i < t + 2)
          sum -= 0.5 * (((waiting[i] ?? 0) - (mu[at(i)] ?? 0)) / (sigma[at(i)] ?? 1)) ** 2 + Math.log(sigma[at(i)] ?? 1)
      }
      return sum
    }
    let better = 0
    for (let t = 0; t + 1 < path.length; t++)
      for (const [a, b] of [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ] as const)
        if (local(t, a, b) > local(t, path[t] ?? 0, path[t + 1] ?? 0) + 1e-9) better++
    expect(better).toBe(0)
  })
})
