/** Chains in plain numbers against the same chains in numbers of any size, which take over where plain ones do not reach. */
import { describe, expect, test } from 'vitest'
import { bindProgram, type ProgramModel } from '../../../compiler/bind/bound-model.js'
import { compileOrThrow } from '../../../index.js'

type Backend = 'js' | 'wasm' | 'interpret'
type Data = Readonly<Record<string, unknown>>

function uniforms(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 4294967296
  }
}

/** A model, and the same one without its chains in plain numbers. */
function both(text: string, data: Data, backend: Backend): readonly [ProgramModel, ProgramModel] {
  const { model } = compileOrThrow(text).bind(data, { backend })
  const { derivation, program, data: bound, options } = model
  return [model, bindProgram({ ...derivation, program: { ...program, linear: null } }, bound, options)]
}

const isUnsafe = (model: ProgramModel): number | undefined =>
  model.memory.blocks.buffers.get(model.program.linear?.unsafe ?? '')?.[0]

/** Largest difference beside the size of what it is between, and of numbers around 1. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  let most = 0
  for (let i = 0; i < a.length; i++) {
    const [x = Number.NaN, y = Number.NaN] = [a[i], b[i]]
    if (Object.is(x, y) || x === y) continue
    most = Math.max(most, Math.abs(x - y) / Math.max(1, Math.abs(y)))
    if (!Number.isFinite(x - y)) return Number.POSITIVE_INFINITY
  }
  return most
}

function compare(text: string, data: Data, params: (m: ProgramModel) => Float64Array, backend: Backend, unsafe: 0 | 1) {
  const [plain, safe] = both(text, data, backend)
  const theta = params(plain)
  const [a, b] = [plain.eStep(theta), safe.eStep(theta)]
  expect(isUnsafe(plain)).toBe(unsafe)
  expect(distance([a.logLikelihood, a.scale], [b.logLikelihood, b.scale])).toBeLessThan(1e-12)
  expect(distance(plain.mStep(theta, a).params, safe.mStep(theta, b).params)).toBeLessThan(1e-11)
  expect(distance([plain.gain(theta, a, theta)], [0])).toBeLessThan(1e-12)
  const [found, wanted] = [plain.posterior(theta), safe.posterior(theta)]
  expect(plain.memory.whole().buffers.get(plain.program.linear?.unsafe ?? '')?.[0]).toBe(unsafe)
  for (const [latent, probabilities] of wanted)
    expect(distance(found.get(latent) ?? [], probabilities)).toBeLessThan(1e-11)
  expect(distance(plain.unitLogLikelihood(theta), safe.unitLogLikelihood(theta))).toBeLessThan(1e-11)
}

const inside =
  (seed: number) =>
  (model: ProgramModel): Float64Array =>
    model.interior(uniforms(seed))

const categories = (states: number): string => `model M
const S = ${states}
data y : category[T]
param start : simplex[S]
param step : simplex[S, S]
param b : simplex[S, levels(y)]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Categorical(b[z[t]]) }`

const normal = `model M
const S = 3
data y : real?[T]
param start : simplex[S]
param step : simplex[S, S]
param m : real[S]
param sd : positive[S]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Normal(m[z[t]], sd[z[t]]) }`

const ragged = `model M
const S = 2
data y : category?[R][T]
data x : real[R][T]
param start : simplex[S]
param second : simplex[S, S]
param step : simplex[S, S, S]
param b : simplex[S, levels(y)]
param m : real[S]
for r in 1..R {
  latent z[1] ~ Categorical(start)
  latent z[2] ~ Categorical(second[z[1]])
  for t in 3..T { latent z[t] ~ Categorical(step[z[t-1], z[t-2]]) }
  for t in 1..T { y[r, t] ~ Categorical(b[z[t]])
    x[r, t] ~ Normal(m[z[t]], 1) }
}`

const coupled = `model M
const S = 2
data y : real[T]
param startU, startZ : simplex[S]
param u1 : simplex[S, S]
param z1 : simplex[S, S]
param m : real[S, S]
latent u[1] ~ Categorical(startU)
latent z[1] ~ Categorical(startZ)
for t in 2..T {
  latent u[t] ~ Categorical(u1[u[t-1]])
  latent z[t] ~ Categorical(z1[z[t-1]])
}
for t in 1..T { y[t] ~ Normal(m[u[t], z[t]], 1) }`

const classes = `model M
const S = 3
const G = 2
data y : real[R, T]
param w : simplex[G]
param start : simplex[G, S]
param step : simplex[G, S, S]
param m : real[S]
for r in 1..R {
  latent g ~ Categorical(w)
  latent z[1] ~ Categorical(start[g])
  for t in 2..T { latent z[t] ~ Categorical(step[g, z[t-1]]) }
  for t in 1..T { y[r, t] ~ Normal(m[z[t]], 1) }
}`

const first = ragged
  .replace('  latent z[2] ~ Categorical(second[z[1]])\n', '')
  .replace('param second : simplex[S, S]\n', '')
  .replace('simplex[S, S, S]', 'simplex[S, S]')
  .replace('for t in 3..T', 'for t in 2..T')
  .replace('step[z[t-1], z[t-2]]', 'step[z[t-1]]')

const letters = (n: number, seed: number, levels = 5): string[] => {
  const u = uniforms(seed)
  return Array.from({ length: n }, () => 'abcdefghij'[Math.floor(levels * u())] ?? 'a')
}
const numbers = (n: number, seed: number): number[] => {
  const u = uniforms(seed)
  return Array.from({ length: n }, (_, t) => (t % 20 < 10 ? 0 : 4) + 3 * (u() - 0.5))
}

const sequences = (lengths: readonly number[]): Data => ({
  y: lengths.map((n) => letters(n, n, 3).map((c, i) => (i % 4 === 1 ? null : c))),
  x: lengths.map((n) => numbers(n, n)),
})

const cases: readonly (readonly [string, string, Data])[] = [
  ...[2, 3, 4, 5, 6, 7, 8, 9].map((s) => [`${s} states`, categories(s), { y: letters(61, s) }] as const),
  ...[1, 2, 3].map((t) => [`${t} places`, categories(3), { y: letters(t, 4) }] as const),
  ['gaussian emissions, some missing', normal, { y: numbers(60, 3).map((v, i) => (i % 7 === 2 ? null : v)) }],
  ['sequences of many lengths', first, sequences([3, 1, 17, 1, 2, 8])],
  ['sequences of many lengths, order 2', ragged, sequences([3, 2, 17, 2, 8])],
  ['two chains behind the same data', coupled, { y: numbers(40, 5) }],
  ['classes of sequences', classes, { y: [1, 2, 3, 4].map((r) => numbers(12, r)) }],
]

describe.each(['js', 'wasm', 'interpret'] as const)('%s', (backend) => {
  test.each(cases)('%s', (_, text, data) => {
    for (const seed of [1, 2]) compare(text, data, inside(seed), backend, 0)
  })
})

const withParams =
  (values: Readonly<Record<string, readonly number[]>>) =>
  (model: ProgramModel): Float64Array => {
    const out = new Float64Array(model.length)
    for (const { name, offset } of model.params) out.set(values[name] ?? [], offset)
    return out
  }

const even = [1 / 3, 1 / 3, 1 / 3]
const stay = [1, 0, 0, 0, 1, 0, 0, 0, 1]
const sticky = [0.9, 0.05, 0.05, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4]
const sd = [1, 1, 1]

describe.each(['js', 'wasm', 'interpret'] as const)('where plain numbers do not reach, %s', (backend) => {
  test.each([
    [
      'a path that falls behind by a thousand nats and wins in the end',
      [...Array<number>(10).fill(0), ...Array<number>(11).fill(20)],
      { start: even, step: stay, m: [0, 20, 60], sd },
      1,
    ],
    [
      'no way back from an early mistake',
      numbers(40, 2).map((v, t) => (t === 7 ? 60 : v)),
      { start: [1, 0, 0], step: [0.9, 0.1, 0, 0, 0.8, 0.2, 0, 0, 1], m: [0, 60, 90], sd },
      1,
    ],
    [
      'an observation at 10,000 sd',
      numbers(30, 1).map((v, t) => (t === 12 ? 1e4 : v)),
      { start: even, step: sticky, m: [0, 4, 8], sd },
      0,
    ],
    [
      'steps of probability 1e-300',
      [0, 0, 0, 30, 30, 30, 60, 60],
      { start: [1, 0, 0], step: [1, 1e-300, 0, 0, 1, 1e-300, 1e-300, 0, 1], m: [0, 30, 60], sd },
      1,
    ],
    [
      'states that are never left, near one another',
      numbers(30, 1).map((v) => v / 4),
      { start: even, step: stay, m: [0, 0.5, 1], sd },
      0,
    ],
  ] as const)('%s', (_, y, params, unsafe) => {
    compare(normal, { y }, withParams(params), backend, unsafe)
  })

  test('categories that a state never has', () => {
    const y = ['a', 'b', 'b', 'a', 'c', 'c', 'a', 'b']
    const b = [0.5, 0.5, 0, 0, 0.5, 0.5, 0.5, 0, 0.5]
    compare(categories(3), { y }, withParams({ start: even, step: sticky, b }), backend, 0)
  })

  test('impossible data', () => {
    const [plain] = both(categories(3), { y: ['a', 'b', 'c'] }, backend)
    const b = [0.5, 0.5, 0, 0.5, 0.5, 0, 0.5, 0.5, 0]
    const e = plain.eStep(withParams({ start: even, step: sticky, b })(plain))
    expect(isUnsafe(plain)).toBe(1)
    expect(e.logLikelihood).toBe(Number.NEGATIVE_INFINITY)
  })
})

test('over 100,000 places', { timeout: 120_000 }, () => {
  const [plain, safe] = both(categories(4), { y: letters(100_000, 9) }, 'wasm')
  const theta = inside(3)(plain)
  const [a, b] = [plain.eStep(theta), safe.eStep(theta)]
  expect(isUnsafe(plain)).toBe(0)
  expect(distance([a.logLikelihood], [b.logLikelihood])).toBeLessThan(1e-10)
  expect(distance(plain.mStep(theta, a).params, safe.mStep(theta, b).params)).toBeLessThan(1e-10)
})

test('a step that depends on the place has no plain numbers', () => {
  const text = normal
    .replace('param start', 'data scale : positive[T]\nparam start')
    .replace('Categorical(step[z[t-1]])', 'Categorical([step[z[t-1], k] * scale[t] for k in 1..S])')
  const { model } = compileOrThrow(text).bind({ y: [1, 2, 3], scale: [1, 1, 1] }, {})
  expect(model.program.linear).toBeNull()
})
