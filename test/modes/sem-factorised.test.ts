/** Stochastic EM where the posterior is known by factors only: sweeps of draws against posteriors added up or integrated here. */
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { programOf } from '../../api/mode-program.js'
import { DrawnModel } from '../../compiler/bind/drawn-model.js'
import { writtenOut } from '../../compiler/bind/written-out.js'
import { drawnProgram } from '../../compiler/modes/drawn-program.js'
import { CompileError, compileOrThrow } from '../../index.js'
import type { Expectation } from '../../runtime/contract.js'
import { randomSource } from '../../runtime/random.js'
import { crossedGroups, groupsOfKinds, topicsOf, twoChains } from './models.js'

const random = randomSource(5, 3)
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
const logNormal = (x: number, mean: number, sd: number): number =>
  -0.5 * Math.log(2 * Math.PI) - Math.log(sd) - 0.5 * ((x - mean) / sd) ** 2

interface Own {
  readonly source: string
  readonly data: Readonly<Record<string, readonly unknown[]>>
}

/** The model that draws, and its first draw at params. */
function drawing({ source, data }: Own, params: readonly number[]) {
  const own = compileOrThrow(source).bind(data as never, {}, null)
  const { derivation } = own.model
  expect(derivation.eStep.factorised).not.toBeNull()
  const { memory: _, ...settings } = own.settings
  const model = new DrawnModel(derivation, programOf(drawnProgram(derivation)), own.data, settings)
  const at = Float64Array.from(params)
  expect(at).toHaveLength(model.length)
  own.model.eStep(at, { seed: 1 })
  model.setDraw(1, -1)
  const first = model.drawnGiven(own.model.posterior(at), at)
  if (first === null) throw new Error('draws do not depend on each other')
  return { model, at, first }
}

/** Averages of what is read of each draw, with their standard errors by means of batches. */
function averages(
  { model, at, first }: ReturnType<typeof drawing>,
  sweeps: number,
  read: (e: Expectation) => readonly number[],
): readonly { readonly mean: number; readonly error: number }[] {
  const BATCHES = 40
  const length = Math.floor(sweeps / BATCHES)
  let now = first
  const means: number[][] = []
  for (let batch = -2; batch < BATCHES; batch++) {
    const sums: number[] = []
    for (let t = 0; t < length; t++) {
      model.setDraw(7, (batch + 2) * length + t)
      now = model.eStep(at, now)
      read(now).forEach((x, i) => {
        sums[i] = (sums[i] ?? 0) + x
      })
    }
    // those before are to be forgotten
    if (batch >= 0) means.push(sums.map((s) => s / length))
  }
  return times(means[0]?.length ?? 0, (i) => {
    const own = means.map((m) => m[i] ?? 0)
    const mean = total(own) / BATCHES
    return { mean, error: Math.sqrt(total(own.map((x) => (x - mean) ** 2)) / (BATCHES * (BATCHES - 1))) }
  })
}

function expectAverages(all: ReturnType<typeof averages>, exact: readonly number[], largest: number): void {
  expect(all).toHaveLength(exact.length)
  all.forEach(({ mean, error }, i) => {
    expect(error).toBeLessThan(largest)
    expect(Math.abs(mean - (exact[i] ?? Number.NaN))).toBeLessThan(4.5 * error + 1e-9)
  })
}

/** Combinations of `count` values below `values`. */
const combinations = (count: number, values: number): readonly (readonly number[])[] =>
  times(values ** count, (c) => times(count, (i) => Math.floor(c / values ** i) % values))

/** Σ over configurations of their probability, from logs without a constant, times what is read of each. */
function expectations<T>(
  all: readonly T[],
  log: (of: T) => number,
  read: (of: T) => readonly number[],
): readonly number[] {
  const logs = all.map(log)
  const top = logs.reduce((a, b) => Math.max(a, b))
  const weights = logs.map((l) => Math.exp(l - top))
  const mass = total(weights)
  const out: number[] = []
  all.forEach((of, c) => {
    read(of).forEach((x, i) => {
      out[i] = (out[i] ?? 0) + (x * (weights[c] ?? 0)) / mass
    })
  })
  return out
}

const crossed = {
  source: crossedGroups,
  data: {
    g: times(24, (n) => `g${Math.floor(n / 6)}`),
    h: times(24, (n) => `h${n % 3}`),
    y: times(24, (n) => random.uniform() < ((Math.floor(n / 6) + (n % 3)) % 2 === 0 ? 0.75 : 0.35)),
  },
}
const crossedParams = [0.55, 0.45, 0.35, 0.65, 0.7, 0.4, 0.3, 0.6]

/** log p(y; params) of the crossed groups, and log p(y, a, b), by enumeration. */
const crossedJoint =
  (params: readonly number[]) =>
  (labels: readonly number[]): number => {
    const [a, b] = [labels.slice(0, 4), labels.slice(4)]
    const said = total(
      crossed.data.y.map((y, n) => {
        const r = params[4 + 2 * (a[Math.floor(n / 6)] ?? 0) + (b[n % 3] ?? 0)] ?? 0
        return Math.log(y ? r : 1 - r)
      }),
    )
    return said + total(a.map((k) => Math.log(params[k] ?? 0))) + total(b.map((k) => Math.log(params[2 + k] ?? 0)))
  }

describe('draws by factors', () => {
  it('crossed groups: all labels together', () => {
    const own = drawing(crossed, crossedParams)
    const read = (labels: readonly number[]): readonly number[] => [
      ...labels,
      // neighbours together, which no product of factors tells
      (labels[0] ?? 0) * (labels[4] ?? 0),
      (labels[1] ?? 0) * (labels[2] ?? 0),
    ]
    const exact = expectations(combinations(7, 2), crossedJoint(crossedParams), read)
    const drawn = averages(own, 8000, () => {
      const p = own.model.posterior(own.at)
      const labels = ['a', 'b'].flatMap((l) => [...(p.get(l) ?? [])].filter((_, i) => i % 2 === 1))
      expect(labels.every((x) => x === 0 || x === 1)).toBe(true)
      return read(labels)
    })
    expectAverages(drawn, exact, 0.03)
  })

  it('two chains side by side, and a Normal latent of all places', () => {
    const T = 5
    const y = [2.1, 3.4, 0.4, 2.5, 1.2]
    const [A, B] = [
      [
        [0.7, 0.3],
        [0.2, 0.8],
      ],
      [
        [0.6, 0.4],
        [0.3, 0.7],
      ],
    ]
    const own = drawing(
      {
        source: twoChains,
        data: { y },
      },
      [...(A ?? []).flat(), ...(B ?? []).flat(), 0, 1.5, 0, 1, 0.8],
    )
    // e is integrated out: given the path y is Normal, e has its posterior
    const given = (path: readonly number[]) => {
      const rest = times(T, (t) => (y[t] ?? 0) - 1.5 * (path[t] ?? 0) - (path[T + t] ?? 0))
      const precision = 1 + T / 0.64
      return { rest, mean: total(rest) / 0.64 / precision, variance: 1 / precision }
    }
    const log = (path: readonly number[]): number => {
      const [u, v] = [path.slice(0, T), path.slice(T)]
      const step = (of: readonly (readonly number[])[], z: readonly number[]): number =>
        total(times(T - 1, (t) => Math.log(of[z[t] ?? 0]?.[z[t + 1] ?? 0] ?? 0)))
      const { rest, mean, variance } = given(path)
      const normal = total(rest.map((r) => logNormal(r, mean, 0.8))) + logNormal(mean, 0, 1) + 0.5 * Math.log(variance)
      return step(A ?? [], u) + step(B ?? [], v) + normal
    }
    const exact = expectations(combinations(2 * T, 2), log, (path) => {
      const { mean, variance } = given(path)
      return [...path, (path[0] ?? 0) * (path[T] ?? 0), (path[1] ?? 0) * (path[2] ?? 0), mean, mean ** 2 + variance]
    })
    const drawn = averages(own, 8000, () => {
      const p = own.model.posterior(own.at)
      const path = ['u', 'v'].flatMap((l) => [...(p.get(l) ?? [])].filter((_, i) => i % 2 === 1))
      const e = own.model.continuous(own.at).get('e')
      expect(e?.variance[0]).toBe(0)
      const at = e?.mean[0] ?? Number.NaN
      return [...path, (path[0] ?? 0) * (path[T] ?? 0), (path[1] ?? 0) * (path[2] ?? 0), at, at * at]
    })
    expectAverages(drawn, exact, 0.05)
  })

  it('a mean and a precision that are both latent', () => {
    const y = [1.1, 0.3, 2.4, 1.9, -0.6, 1.4]
    const own = drawing(
      {
        source: `model Unknown
data y : real[N]
param a : real
latent m ~ Normal(a, 1.2)
latent tau ~ Gamma(2, 1.5)
for n in 1..N { y[n] ~ Normal(m, precision=tau) }`,
        data: { y },
      },
      [0.5],
    )
    const grid: (readonly [number, number])[] = []
    for (let m = -4; m < 6; m += 0.02) for (let tau = 0.005; tau < 8; tau += 0.02) grid.push([m, tau])
    const exact = expectations(
      grid,
      ([m, tau]) =>
        logNormal(m, 0.5, 1.2) + Math.log(tau) - 1.5 * tau + total(y.map((x) => logNormal(x, m, 1 / Math.sqrt(tau)))),
      ([m, tau]) => [m, tau, m * m, tau * m * m],
    )
    const drawn = averages(own, 20_000, () => {
      const c = own.model.continuous(own.at)
      const [m, tau] = [c.get('m')?.mean[0] ?? Number.NaN, c.get('tau')?.mean[0] ?? Number.NaN]
      return [m, tau, m * m, tau * m * m]
    })
    expectAverages(drawn, exact, 0.03)
  })

  it('topics: words with the documents integrated out', () => {
    const [doc, word] = [
      [0, 0, 0, 0, 1, 1, 1, 1],
      [0, 0, 1, 2, 2, 2, 1, 0],
    ]
    const beta = [0.6, 0.3, 0.1, 0.15, 0.25, 0.6]
    const own = drawing(
      {
        source: topicsOf(false),
        data: { doc: doc.map((d) => `d${d}`), word: word.map((w) => `w${w}`) },
      },
      beta,
    )
    const counts = (z: readonly number[], d: number): readonly [number, number] => [
      z.filter((k, n) => doc[n] === d && k === 0).length,
      z.filter((k, n) => doc[n] === d && k === 1).length,
    ]
    const rising = (n: number): number => total(times(n, (i) => Math.log(0.5 + i)))
    const exact = expectations(
      combinations(8, 2),
      (z) =>
        total(z.map((k, n) => Math.log(beta[3 * k + (word[n] ?? 0)] ?? 0))) +
        total([0, 1].flatMap((d) => counts(z, d).map(rising))),
      (z) => [...z, ...[0, 1].map((d) => (0.5 + counts(z, d)[0]) / 5)],
    )
    const drawn = averages(own, 10_000, () => {
      const z = [...(own.model.posterior(own.at).get('z') ?? [])].filter((_, i) => i % 2 === 1)
      const topics = own.model.continuous(own.at).get('topics_of')?.mean ?? []
      expect((topics[0] ?? 0) + (topics[1] ?? 0)).toBeCloseTo(1, 12)
      return [...z, topics[0] ?? Number.NaN, topics[2] ?? Number.NaN]
    })
    expectAverages(drawn, exact, 0.03)
  })
})

/** log Normal(y; mean, covariance). */
function logMvNormal(
  y: readonly number[],
  mean: readonly number[],
  covariance: readonly (readonly number[])[],
): number {
  const d = y.map((x, i) => x - (mean[i] ?? 0))
  const cholesky = new CholeskyDecomposition(new Matrix(covariance.map((row) => [...row])))
  const logdet = 2 * total(cholesky.lowerTriangularMatrix.diagonal().map(Math.log))
  const solved = cholesky.solve(Matrix.columnVector(d)).to1DArray()
  return -0.5 * (y.length * Math.log(2 * Math.PI) + logdet + total(d.map((x, i) => x * (solved[i] ?? 0))))
}

const sameGroup = (of: readonly number[], variance: number, i: number, j: number): number =>
  of[i] === of[j] ? variance : 0

describe('draws by factors of Normal latents', () => {
  const g = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
  const h = [0, 0, 1, 1, 0, 1, 0, 1, 0, 1]
  const y = [3.2, 2.1, 1.4, 2.6, -0.3, 0.4, 0.9, -0.2, 1.9, 1.1]
  const columns = { g: g.map((i) => `g${i}`), h: h.map((j) => `h${j}`), y }

  it('given discrete ones of the same factor, beside others', () => {
    const own = drawing(
      {
        source: groupsOfKinds,
        data: columns,
      },
      [0.6, 0.4, 0.2, 2.2, 0.8, 0.9],
    )
    const covariance = y.map((_, i) =>
      y.map((_y, j) => sameGroup(g, 1, i, j) + sameGroup(h, 0.64, i, j) + (i === j ? 0.81 : 0)),
    )
    const read = (a: readonly number[]): readonly number[] => [...a, (a[0] ?? 0) * (a[2] ?? 0)]
    const exact = expectations(
      combinations(3, 2),
      (a) =>
        total(a.map((k) => Math.log(k === 1 ? 0.4 : 0.6))) +
        logMvNormal(
          y,
          g.map((i) => (a[i] === 1 ? 2.2 : 0.2)),
          covariance,
        ),
      read,
    )
    const drawn = averages(own, 12_000, () =>
      read([...(own.model.posterior(own.at).get('a') ?? [])].filter((_, i) => i % 2 === 1)),
    )
    expectAverages(drawn, exact, 0.03)
  })

  it('one system over crossed groups, beside a latent precision', () => {
    const own = drawing(
      {
        source: `model Crossed
data g, h : category[N]
data y : real[N]
param a, t : positive
latent tau ~ Gamma(3, 2)
for i in levels(g) { latent e[i] ~ Normal(0, a) }
for j in levels(h) { latent f[j] ~ Normal(0, t) }
for n in 1..N { y[n] ~ Normal(e[g[n]] + f[h[n]], precision=tau) }`,
        data: columns,
      },
      [1.1, 0.8],
    )
    const grid = times(1000, (i) => 0.006 * (i + 0.5))
    const exact = expectations(
      grid,
      (tau) =>
        2 * Math.log(tau) -
        2 * tau +
        logMvNormal(
          y,
          y.map(() => 0),
          y.map((_, i) =>
            y.map((_y, j) => sameGroup(g, 1.21, i, j) + sameGroup(h, 0.64, i, j) + (i === j ? 1 / tau : 0)),
          ),
        ),
      (tau) => [tau, tau * tau],
    )
    const drawn = averages(own, 12_000, () => {
      const tau = own.model.continuous(own.at).get('tau')?.mean[0] ?? Number.NaN
      return [tau, tau * tau]
    })
    expectAverages(drawn, exact, 0.1)
  })
})

describe('mode sem of a factorised posterior', () => {
  const options = { mode: 'sem', schedule: { burn: 100, keep: 1500 } } as const

  it('averages to the maximum of the likelihood itself, which that of the bound is not', {
    timeout: 60_000,
  }, async () => {
    const [groups, rows] = [150, 3]
    const own = randomSource(8, 2)
    const normal = (): number => Math.sqrt(-2 * Math.log(own.uniform())) * Math.cos(2 * Math.PI * own.uniform())
    const spread = (): number => 1.5 / Math.sqrt((-Math.log(own.uniform()) - Math.log(own.uniform())) / 2)
    const effects = times(groups, () => normal() * spread())
    const y = effects.flatMap((u) => times(rows, () => u + normal()))
    const g = effects.flatMap((_, i) => times(rows, () => `g${i}`))
    // of the means of groups: Normal given lambda, which is integrated out on a grid of its logarithm
    const means = effects.map((_, i) => total(y.slice(rows * i, rows * (i + 1))) / rows)
    const logLikelihood = (t: number): number =>
      total(
        means.map((mean) =>
          Math.log(
            total(
              times(1200, (i) => {
                const lambda = Math.exp(-8 + 0.01 * i)
                return Math.exp(
                  2 * Math.log(2 * lambda) - 2 * lambda + logNormal(mean, 0, Math.sqrt(t ** 2 / lambda + 1 / rows)),
                )
              }),
            ),
          ),
        ),
      )
    const highest = times(60, (i) => 1.4 + 0.005 * i).reduce((a, b) => (logLikelihood(b) > logLikelihood(a) ? b : a))
    const model = compileOrThrow(`model Heavy
data g : category[N]
data y : real[N]
param t : positive
for i in levels(g) {
  latent lambda ~ Gamma(2, 2)
  latent mu ~ Normal(0, precision=lambda / t^2)
}
for n in 1..N { y[n] ~ Normal(mu[g[n]], 1) }`)
    const em = await model.fit({ g, y }, { restarts: 3 })
    const sem = await model.fit({ g, y }, options)
    expect(sem.toJSON()).toMatchObject({ mode: 'sem', stop: 'completed', draws: { keep: 1500, estimate: 'average' } })
    expect(Math.abs(Number(em.params.t) - highest)).toBeGreaterThan(0.05)
    expect(Math.abs(Number(sem.params.t) - highest)).toBeLessThan(0.03)
    // what is told is the bound, which is highest where EM ends
    expect(sem.logLikelihood).toBeLessThanOrEqual(em.logLikelihood + 1e-6)
  })

  it('walks by factors whose params come to an edge: labels that are possible there are found', async () => {
    const few = {
      g: ['a', 'a', 'a', 'b', 'b', 'b'],
      h: ['c', 'd', 'e', 'c', 'd', 'e'],
      y: [true, false, true, false, true, false],
    }
    const model = compileOrThrow(crossedGroups)
    const sem = await model.fit(few as never, { mode: 'sem', schedule: { burn: 50, keep: 50 } })
    // two kinds of each that tell each outcome apart
    expect(sem.logLikelihood).toBeGreaterThan(-5)
    expect(Number.isFinite(Number(sem.toJSON().draws?.meanObjective))).toBe(true)
  })

  it('is refused where all unknowns are latents', async () => {
    const fit = compileOrThrow(`model Mean
data x : real[N]
latent m ~ Normal(0, 3)
for n in 1..N { x[n] ~ Normal(m, 1) }`).fit({ x: [1, 2, 3] }, { mode: 'sem' })
    await expect(fit).rejects.toThrow(CompileError)
    await expect(fit).rejects.toThrow(/averages params, and all unknowns of the model are latents/)
  })
})

describe('frequencies of rows that belong to groups', () => {
  const source = topicsOf(false)
    .replace('data doc', 'data w : count[N]\ndata doc')
    .replace('for n in 1..N {', 'for n in 1..N weight w[n] {')
  const data = { doc: ['a', 'a', 'b', 'b'], word: ['x', 'y', 'x', 'z'], w: [3, 1, 0, 2] }

  it('are written out, and what a row has goes to each of its copies', () => {
    const { model } = compileOrThrow(source).bind(data as never, {}, null)
    const written = writtenOut(model)
    const arrays = written?.data.arrays
    expect([...(arrays?.get('doc')?.values ?? [])]).toEqual([0, 0, 0, 0, 1, 1])
    expect([...(arrays?.get('word')?.values ?? [])]).toEqual([0, 0, 0, 1, 2, 2])
    expect([...(arrays?.get('w')?.values ?? [])]).toEqual([1, 1, 1, 1, 1, 1])
    const z = Float64Array.from([0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6])
    expect([...(written?.spread(new Map([['z', z]])).get('z') ?? [])]).toEqual([
      0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.2, 0.8, 0.4, 0.6, 0.4, 0.6,
    ])
  })

  it('stay where copies would not be rows: one that is read beside the next, or a weight on a part of what is said', () => {
    const bind = (text: string) => compileOrThrow(text).bind(data as never, {}, null).model
    const classes = (extra: string): string => `model Classes
data word : category[N]
data w : count[N]
param p : simplex[2]
param q : simplex[2, levels(word)]
for n in 1..N weight w[n] {
  latent z ~ Categorical(p)
  word[n] ~ Categorical(q[z])
}${extra}`
    expect(writtenOut(bind(classes('')))).not.toBeNull()
    const twice = classes('')
      .replace('w : count', 'w, v : count')
      .concat('\nparam l : positive\nfor n in 1..N { v[n] ~ Poisson(l) }')
    const own = compileOrThrow(twice).bind({ ...data, v: [1, 2, 3, 4] } as never, {}, null).model
    expect(writtenOut(own)).toBeNull()
    // the same rows with another weight
    const others = compileOrThrow(twice.replace('{ v[n]', 'weight v[n] { w[n]'))
    expect(writtenOut(others.bind({ ...data, v: [1, 2, 3, 4] } as never, {}, null).model)).toBeNull()
  })
})
