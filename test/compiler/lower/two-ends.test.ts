/** A long chain from both of its ends against the same chain from one end to the other, in numbers of any size. */
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { bindProgram, type ProgramModel } from '../../../compiler/bind/bound-model.js'
import { RowsInTwo } from '../../../compiler/bind/ends-of-chain.js'
import { buffersReadByOp, verifyKernel } from '../../../compiler/kernel/index.js'
import type { Buffer } from '../../../compiler/kernel/types.js'
import { compileOrThrow } from '../../../index.js'
import { seededRandom } from '../../laws/support/random.js'

type Data = Readonly<Record<string, unknown>>

const random = seededRandom(11)
const list = <T>(count: number, one: (t: number) => T): readonly T[] => Array.from({ length: count }, (_, t) => one(t))
const letters = (count: number): readonly string[] =>
  list(count, (t) => 'abcdef'[Math.floor((t % 40 < 20 ? 3 : 6) * random())] ?? 'a')
const numbers = (count: number): readonly number[] => list(count, (t) => (t % 30 < 15 ? 0 : 3) + 4 * (random() - 0.5))

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
data x : real[T]
param start : simplex[S]
param step : simplex[S, S]
param m, a : real[S]
param sd : positive[S]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Normal(m[z[t]] + a[z[t]] * x[t], sd[z[t]]) }`

const weighted = `model M
const S = 3
data y : count[T]
data w : positive[T]
param start : simplex[S]
param step : simplex[S, S]
param rate : positive[S]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Poisson(rate[z[t]] * w[t]) }`

const second = `model M
const S = 2
data y : real[T]
param start : simplex[S]
param next : simplex[S, S]
param step : simplex[S, S, S]
param m : real[S]
latent z[1] ~ Categorical(start)
latent z[2] ~ Categorical(next[z[1]])
for t in 3..T { latent z[t] ~ Categorical(step[z[t-2], z[t-1]]) }
for t in 1..T { y[t] ~ Normal(m[z[t]], 1) }`

const coupled = `model M
const S = 2
data y : real[T]
param startU, startZ : simplex[S]
param u1, z1 : simplex[S, S]
param m : real[S, S]
latent u[1] ~ Categorical(startU)
latent z[1] ~ Categorical(startZ)
for t in 2..T {
  latent u[t] ~ Categorical(u1[u[t-1]])
  latent z[t] ~ Categorical(z1[z[t-1]])
}
for t in 1..T { y[t] ~ Normal(m[u[t], z[t]], 1) }`

const places = 4001
const cases: readonly (readonly [string, string, Data])[] = [
  ...[2, 3, 5, 8].map((s) => [`${s} states`, categories(s), { y: letters(places) }] as const),
  ['an even number of places', categories(4), { y: letters(4000) }],
  [
    'gaussian emissions with inputs, some missing',
    normal,
    { y: numbers(places).map((v, t) => (t % 7 === 2 ? null : v)), x: list(places, random) },
  ],
  [
    'counts with exposures',
    weighted,
    { y: list(places, (t) => Math.floor((t % 50 < 25 ? 3 : 9) * random())), w: list(places, () => 0.5 + random()) },
  ],
  ['order 2', second, { y: numbers(places) }],
  ['two chains behind the same data', coupled, { y: numbers(places) }],
]

/** A model, and the same one without plain numbers, which goes from one end to the other. */
function both(text: string, data: Data): readonly [ProgramModel, ProgramModel] {
  const { model } = compileOrThrow(text).bind(data, { backend: 'wasm' })
  const { derivation, program, data: bound, options } = model
  return [model, bindProgram({ ...derivation, program: { ...program, linear: null } }, bound, options)]
}

const isUnsafe = (model: ProgramModel): number | undefined =>
  model.memory.blocks.buffers.get(model.program.linear?.unsafe ?? '')?.[0]

function paramsOf(model: ProgramModel, values: Readonly<Record<string, readonly number[]>>): Float64Array {
  const out = new Float64Array(model.params.reduce((n, p) => n + p.length, 0))
  for (const p of model.params) out.set(values[p.name] ?? [], p.offset)
  return out
}

function expectNear(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(wanted.length)
  for (let i = 0; i < wanted.length; i++) {
    const [x = Number.NaN, y = Number.NaN] = [found[i], wanted[i]]
    expect(Math.abs(x - y) / Math.max(1, Math.abs(y))).toBeLessThan(tolerance)
  }
}

let runs: MockInstance
beforeEach(() => {
  runs = vi.spyOn(RowsInTwo.prototype, 'run')
})
afterEach(() => {
  runs.mockRestore()
})

describe('a chain from both ends', () => {
  it.each(cases)('gives what it gives from one end to the other: %s', (_, text, data) => {
    const [ends, whole] = both(text, data)
    const theta = ends.separated(seededRandom(3))
    const [a, b] = [ends.eStep(theta), whole.eStep(theta)]
    expect(runs).toHaveBeenCalledTimes(1)
    expect(isUnsafe(ends)).toBe(0)
    expectNear([a.logLikelihood, a.scale], [b.logLikelihood, b.scale], 1e-12)
    expectNear(a.statistics, b.statistics, 1e-11)
    const next = ends.mStep(theta, a).params
    expectNear(next, whole.mStep(theta, b).params, 1e-10)
    // arrays and sums of the last run are left behind
    const [c, d] = [ends.eStep(next), whole.eStep(next)]
    expect(c.logLikelihood).toBeGreaterThan(a.logLikelihood)
    expectNear([c.logLikelihood, ...c.statistics], [d.logLikelihood, ...d.statistics], 1e-11)
    expectNear([ends.eStep(theta).logLikelihood], [a.logLikelihood], 1e-300)
    // the log-likelihood alone takes no statistics
    runs.mockClear()
    expectNear([ends.logLikelihood(next)], [d.logLikelihood], 1e-12)
    expect(runs).toHaveBeenCalledTimes(1)
  })

  it('consists of legal operations, and hands over no more than its arrays and sums', () => {
    for (const [, text, data] of cases) {
      const { program } = compileOrThrow(text).bind(data, { backend: 'js' }).model
      const roads = [...(program.linear?.passes.values() ?? [])].map(({ ends }) => ends)
      for (const one of roads.flatMap((ends) => [ends?.evaluation, ends?.objective])) {
        if (one === undefined) expect.fail('no ends')
        const { before, first, between, second, after, sizes, kept, sums } = one
        const counts: Buffer = { id: sizes.counts, space: 'data', type: 'i32', shape: [sizes.counts] }
        const buffers = [...program.buffers, counts]
        expect(verifyKernel([...before, first, ...between, second, ...after], buffers)).toEqual([])
        for (const id of sums) expect(buffersReadByOp(first).has(id), id).toBe(false)
        expect(kept.length).toBeGreaterThan(1)
      }
    }
  })

  const even = [1 / 3, 1 / 3, 1 / 3]
  const stay = [1, 0, 0, 0, 1, 0, 0, 0, 1]
  const sticky = [0.9, 0.05, 0.05, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4]
  it.each([
    [
      'a path that falls behind and wins in the end',
      (t: number) => (t < 1400 ? 0 : 20),
      { start: even, step: stay },
      1,
    ],
    ['a path that wins early', (t: number) => (t < 1600 ? 0 : 20), { start: even, step: stay }, 1],
    ['no way back', (t: number) => (t === 7 ? 40 : 0), { start: [1, 0, 0], step: [0.9, 0.1, 0, 0, 1, 0, 0, 0, 1] }, 1],
    ['no way to', (t: number) => (t === 2990 ? 0 : 40), { start: even, step: [1, 0, 0, 0.1, 0.9, 0, 0, 0, 1] }, 1],
    ['an observation at 10,000 sd', (t: number) => (t === 2500 ? 1e4 : t % 30), { start: even, step: sticky }, 0],
  ] as const)(
    'says where numbers are too far apart, and the chain is done otherwise: %s',
    (_, one, numbersOf, unsafe) => {
      const [ends, whole] = both(normal, { y: list(3000, one), x: list(3000, () => 0) })
      const theta = paramsOf(ends, { ...numbersOf, m: [0, 20, 60], a: [0, 0, 0], sd: [1, 1, 1] })
      const [a, b] = [ends.eStep(theta), whole.eStep(theta)]
      expect(runs).toHaveBeenCalledTimes(1)
      expect(isUnsafe(ends)).toBe(unsafe)
      expectNear([a.logLikelihood, ...a.statistics], [b.logLikelihood, ...b.statistics], 1e-11)
    },
  )

  it('finds impossible data impossible, wherever that shows', () => {
    for (const at of [3, 1999, 2000, 2001, 3990]) {
      const [ends] = both(categories(2), { y: list(4000, (t) => (t === at ? 'c' : t % 2 === 0 ? 'a' : 'b')) })
      const theta = paramsOf(ends, { start: [0.5, 0.5], step: [0.5, 0.5, 0.5, 0.5], b: [0.5, 0.5, 0, 0.5, 0.5, 0] })
      expect(ends.eStep(theta).logLikelihood).toBe(Number.NEGATIVE_INFINITY)
      expect(isUnsafe(ends)).toBe(1)
    }
  })
})

describe('a thread that is late', () => {
  it('may still write to arrays that nobody reads', async () => {
    const { run } = RowsInTwo.prototype
    runs.mockRestore()
    const [ends] = both(categories(3), { y: letters(places) })
    const theta = ends.separated(seededRandom(3))
    const wanted = ends.eStep(theta)
    const used: Float64Array[] = []
    let through: (() => void)[] = []
    runs = vi.spyOn(RowsInTwo.prototype, 'run').mockImplementation(function (this: RowsInTwo, memory) {
      run.call(this, memory)
      for (const array of this.kept.values()) if (array instanceof Float64Array) used.push(array)
      return new Promise<void>((resolve) => through.push(resolve))
    })
    const again = (): void => {
      const found = ends.eStep(theta)
      expect(found.logLikelihood).toBe(wanted.logLikelihood)
      expect(found.statistics).toEqual(wanted.statistics)
      for (const array of used) array.fill(Number.NaN)
    }
    for (let i = 0; i < 3; i++) again()
    const own = new Set(used)
    expect(own.size).toBe(used.length)
    // once it is through they serve again
    for (const resolve of through) resolve()
    through = []
    await new Promise((resolve) => setTimeout(resolve))
    for (let i = 0; i < 3; i++) {
      again()
      for (const resolve of through) resolve()
      await new Promise((resolve) => setTimeout(resolve))
    }
    expect(new Set(used).size).toBeLessThan(own.size + 3)
  })
})

describe('one end to the other', () => {
  it('is how a short chain is done', () => {
    for (const count of [1, 2, 15, 16, 17, 60]) {
      const [ends, whole] = both(categories(3), { y: letters(count) })
      const theta = ends.separated(seededRandom(3))
      expectNear([ends.eStep(theta).logLikelihood], [whole.eStep(theta).logLikelihood], 1e-12)
    }
    expect(runs).not.toHaveBeenCalled()
  })

  it('is how several sequences are done, and chains whose posterior something else reads', () => {
    const sequences = categories(3)
      .replace('category[T]', 'category[R][T]')
      .replace('latent z[1]', 'for r in 1..R {\nlatent z[1]')
      .replace('y[t] ~', 'y[r, t] ~')
    const { program } = compileOrThrow(`${sequences}\n}`).bind({ y: [letters(5), letters(7)] }, { backend: 'js' }).model
    expect([...(program.linear?.passes.values() ?? [])].map(({ ends }) => ends)).toEqual([null])
  })
})
