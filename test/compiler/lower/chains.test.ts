/** Forward–backward against the same recursions in logs throughout, where numbers are of any size. */
import { describe, expect, test } from 'vitest'
import type { ProgramModel } from '../../../compiler/bind/bound-model.js'
import { compileOrThrow } from '../../../index.js'

const alike = compileOrThrow(`
model Chain
const S = 3
data  y : real?[T]
param start : simplex[S]
param step  : simplex[S, S]
param m     : real[S]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Normal(m[z[t]], 1) }
`)

/** The same chain with a step that depends on the place, as far as the compiler can tell. */
const varying = compileOrThrow(`
model Chain
const S = 3
data  y : real?[T]
data  scale : positive[T]
param start : simplex[S]
param step  : simplex[S, S]
param m     : real[S]
latent z[1] ~ Categorical(start)
for t in 2..T {
  latent z[t] ~ Categorical([step[z[t-1], k] * scale[t] for k in 1..S])
}
for t in 1..T { y[t] ~ Normal(m[z[t]], 1) }
`)

interface Params {
  readonly start: readonly number[]
  readonly step: readonly (readonly number[])[]
  readonly m: readonly number[]
}

const logSumExp = (xs: readonly number[]): number => {
  const most = Math.max(...xs)
  return most === Number.NEGATIVE_INFINITY ? most : most + Math.log(xs.reduce((s, x) => s + Math.exp(x - most), 0))
}

/** log p(y), the posterior of each place and the expected number of steps. */
function inLogs(y: readonly number[], p: Params) {
  const states = p.start.map((_, k) => k)
  const evidence = y.map((v) =>
    p.m.map((m) => (Number.isNaN(v) ? 0 : -0.5 * (v - m) ** 2 - 0.5 * Math.log(2 * Math.PI))),
  )
  const at = (rows: readonly (readonly number[])[], t: number, k: number): number => rows[t]?.[k] ?? Number.NaN
  const log = (i: number, j: number): number => Math.log(p.step[i]?.[j] ?? 0)
  const forward: number[][] = []
  for (let t = 0; t < y.length; t++)
    forward.push(
      states.map(
        (j) =>
          at(evidence, t, j) +
          (t === 0 ? Math.log(p.start[j] ?? 0) : logSumExp(states.map((i) => at(forward, t - 1, i) + log(i, j)))),
      ),
    )
  const backward: number[][] = y.map(() => states.map(() => 0))
  for (let t = y.length - 2; t >= 0; t--)
    backward[t] = states.map((i) =>
      logSumExp(states.map((j) => log(i, j) + at(evidence, t + 1, j) + at(backward, t + 1, j))),
    )
  const total = logSumExp(forward.at(-1) ?? [])
  return {
    total,
    posterior: y.map((_, t) => states.map((k) => Math.exp(at(forward, t, k) + at(backward, t, k) - total))),
    steps: states.map((i) =>
      states.map((j) =>
        y
          .slice(1)
          .reduce(
            (s, _, t) =>
              s + Math.exp(at(forward, t, i) + log(i, j) + at(evidence, t + 1, j) + at(backward, t + 1, j) - total),
            0,
          ),
      ),
    ),
  }
}

function flat(model: ProgramModel, p: Params): Float64Array {
  const out = new Float64Array(model.length)
  const set = (name: string, values: readonly number[]): void => {
    const offset = model.params.find((x) => x.name === name)?.offset
    if (offset === undefined) throw new Error(`no param ${name}`)
    out.set(values, offset)
  }
  set('start', p.start)
  set('step', p.step.flat())
  set('m', p.m)
  return out
}

const even = [1 / 3, 1 / 3, 1 / 3]
const identity = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 1 : 0)))
const leftToRight = [
  [0.9, 0.1, 0],
  [0, 0.8, 0.2],
  [0, 0, 1],
]
const sticky = [
  [0.9, 0.05, 0.05],
  [0.1, 0.8, 0.1],
  [0.3, 0.3, 0.4],
]
const noise = (n: number, f: (t: number) => number): number[] =>
  Array.from({ length: n }, (_, t) => f(t) + Math.sin(12.9898 * t + 1) * 0.8)

const cases: readonly (readonly [string, readonly number[], Params])[] = [
  ['an ordinary chain', noise(60, (t) => (t % 20 < 10 ? 0 : 4)), { start: even, step: sticky, m: [0, 4, 8] }],
  [
    'a path that falls behind by a thousand nats and wins in the end',
    [...Array<number>(10).fill(0), ...Array<number>(11).fill(20)],
    { start: even, step: identity, m: [0, 20, 60] },
  ],
  [
    'a state that is left too early has no way back',
    noise(40, (t) => (t === 7 ? 60 : t < 30 ? 0 : 60)),
    { start: [1, 0, 0], step: leftToRight, m: [0, 60, 90] },
  ],
  ['an observation at 10,000 sd', noise(30, (t) => (t === 12 ? 1e4 : 0)), { start: even, step: sticky, m: [0, 4, 8] }],
  [
    'observations at 10,000 sd without a way back',
    noise(30, (t) => (t === 12 ? 1e4 : t > 20 ? -1e4 : 0)),
    { start: [1, 0, 0], step: leftToRight, m: [0, 4, 8] },
  ],
  [
    'missing cells',
    noise(30, (t) => (t % 3 === 0 ? Number.NaN : t)),
    { start: [0.2, 0.5, 0.3], step: sticky, m: [0, 12, 25] },
  ],
  [
    'steps of probability 1e-300',
    [0, 0, 0, 30, 30, 30, 60, 60],
    {
      start: [1, 0, 0],
      step: [
        [1, 1e-300, 0],
        [0, 1, 1e-300],
        [1e-300, 0, 1],
      ],
      m: [0, 30, 60],
    },
  ],
  ['a single place', [1.5], { start: [0.2, 0.3, 0.5], step: sticky, m: [0, 1, 2] }],
]

describe.each(cases)('%s', (_, y, p) => {
  const exact = inLogs(y, p)
  test.each([
    ['steps alike', alike],
    ['steps that vary', varying],
  ] as const)('%s', (which, source) => {
    const data = which === 'steps alike' ? { y } : { y, scale: y.map(() => 1) }
    const { model } = source.bind(data, {})
    const params = flat(model, p)
    const e = model.eStep(params)
    expect(Math.abs(e.logLikelihood - exact.total)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(exact.total)))
    const posterior = model.posterior(params).get('z') ?? new Float64Array(0)
    // logs of size 1e8 are known to 1e-8
    const digits = Math.max(1e-11, 4e-15 * Math.abs(exact.total))
    exact.posterior.flat().forEach((x, i) => {
      expect(Math.abs((posterior[i] ?? Number.NaN) - x)).toBeLessThanOrEqual(digits)
    })
    if (which !== 'steps alike' || y.length < 2) return
    const next = model.mStep(params, e).params
    const offset = model.params.find((x) => x.name === 'step')?.offset ?? 0
    exact.steps.forEach((row, i) => {
      const sum = row.reduce((a, b) => a + b, 0)
      if (sum < 1e-9) return
      row.forEach((x, j) => {
        expect(Math.abs((next[offset + 3 * i + j] ?? Number.NaN) - x / sum)).toBeLessThanOrEqual(100 * digits)
      })
    })
  })
})

test('three arrays of places × states, and time linear in the places', () => {
  const places = 20_000
  const y = noise(places, (t) => (t % 20 < 10 ? 0 : 4))
  const { model } = alike.bind({ y }, {})
  const long = [...model.memory.blocks.buffers.values()].filter((b) => b.length >= 3 * places)
  expect(long.map((b) => b.length)).toEqual([3 * places, 3 * places, 3 * places])
})

test('a chain of a million places stays finite', { timeout: 120_000 }, () => {
  const places = 1_000_000
  const y = noise(places, (t) => (t % 20 < 10 ? 0 : 4))
  const { model } = alike.bind({ y }, {})
  let params = flat(model, { start: even, step: sticky, m: [0.5, 3.5, 8] })
  let before = Number.NEGATIVE_INFINITY
  for (let i = 0; i < 2; i++) {
    const e = model.eStep(params)
    expect(Number.isFinite(e.logLikelihood)).toBe(true)
    expect(e.logLikelihood).toBeGreaterThan(before)
    before = e.logLikelihood
    params = model.mStep(params, e).params
    expect(params.every(Number.isFinite)).toBe(true)
  }
  const posterior = model.posterior(params).get('z') ?? new Float64Array(0)
  for (const t of [0, 1, places / 2, places - 1]) {
    const row = posterior.subarray(3 * t, 3 * t + 3)
    expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10)
  }
})
