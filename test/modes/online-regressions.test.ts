/** Online EM where the M-step is numerical and goes over the rows: Titterington's recursion. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { intervalChart } from '../../compiler/targets/solve/charts.js'
import { recursiveStep } from '../../compiler/targets/solve/newton.js'
import { compileOrThrow, type FitData, readTable, rowsTable } from '../../index.js'
import { randomSource } from '../../runtime/random.js'
import { rowsOf } from '../stream/simulated.js'

const random = randomSource(5, 9)
const normal = (): number => Math.sqrt(-2 * Math.log(random.uniform())) * Math.cos(2 * Math.PI * random.uniform())
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
const logistic = (x: number): number => 1 / (1 + Math.exp(-x))
const exponential = (): number => -Math.log(random.uniform())

function poisson(mean: number): number {
  let [count, left] = [0, mean - exponential()]
  while (left > 0) {
    count++
    left -= exponential()
  }
  return count
}

const rows = 1500
const x = times(rows, normal)
const late = times(rows, () => random.uniform() < 0.4)
const line = (n: number, one: readonly [number, number], two: readonly [number, number]): number => {
  const [a, b] = late[n] === true ? two : one
  return a + b * (x[n] ?? 0)
}

const classes = (params: string, statement: string) => `model Classes
data  x : real[N]
${params}
param w : simplex[2]
param a, b : real[2]
for n in 1..N {
  latent z ~ Categorical(w)
  ${statement}
}`

const several = classes('data y : bool[N, 4]', 'for j in 1..4 { y[n, j] ~ Bernoulli(logit = a[z] + b[z] * x[n]) }')
const answers = times(rows, (n) => times(4, () => random.uniform() < logistic(line(n, [-1, -1], [1, 2]))))

const cases: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
  ['logistic regressions', several, { x, y: answers }],
  [
    'Poisson regressions',
    classes('data y : count[N]', 'y[n] ~ Poisson(exp(a[z] + b[z] * x[n]))'),
    { x, y: times(rows, (n) => poisson(Math.exp(line(n, [0.3, -0.5], [2, 0.3])))) },
  ],
  [
    'Weibull regressions, whose shapes are positive',
    classes('data y : positive[N]\nparam k : positive[2]', 'y[n] ~ Weibull(k[z], exp(a[z] + b[z] * x[n]))'),
    {
      x,
      y: times(rows, (n) => Math.exp(line(n, [0, -0.4], [3, 0.5])) * exponential() ** (late[n] === true ? 1 / 3 : 0.8)),
    },
  ],
  [
    'ordinal regressions, whose cuts are ordered',
    classes(
      'data y : category[N, 2]\nparam c : ordered[3]',
      'for j in 1..2 { y[n, j] ~ Ordinal(b[z] * x[n], c) }',
    ).replace('param a, b', 'param b'),
    {
      x: x.slice(0, 700),
      y: times(700, (n) =>
        times(2, () => {
          const e = line(n, [0, -1], [0, 2]) + Math.log(1 / random.uniform() - 1)
          return `${(e > -1 ? 1 : 0) + (e > 0.5 ? 1 : 0) + (e > 2 ? 1 : 0)}`
        }),
      ),
    },
  ],
  [
    'a mixture of experts, whose regressions have closed forms and whose gate has none',
    `model Experts
data  x, y : real[N]
param g : real[2]
param a, b : real[2]
param s : positive[2]
for n in 1..N {
  latent z ~ Categorical(softmax(concat(0, g[1] + g[2] * x[n])))
  y[n] ~ Normal(a[z] + b[z] * x[n], s[z])
}`,
    {
      x,
      y: times(rows, (n) =>
        random.uniform() < logistic(0.5 + 2 * (x[n] ?? 0))
          ? 1 + 2 * (x[n] ?? 0) + 0.5 * normal()
          : -1 - (x[n] ?? 0) + normal(),
      ),
    },
  ],
]

/** The trace that a recursion written out here gives, and its params. */
interface Recursion {
  readonly trace: readonly number[]
  readonly w: readonly number[]
  readonly a: readonly number[]
  readonly b: readonly number[]
}

/** Titterington (1984), equation 9, of two logistic regressions of four answers of a row, with a Normal(0, 2) prior of b. */
function written(x: readonly number[], y: readonly (readonly boolean[])[], batch: number, passes: number): Recursion {
  const count = x.length
  const share = count / batch
  let [w, sums] = [
    [0.5, 0.5],
    [0, 0],
  ]
  const theta: [number, number][] = [
    [-0.5, -0.3],
    [0.5, 0.8],
  ]
  // row-major, of both classes
  const curvature = [new Float64Array(4), new Float64Array(4)]
  const trace: number[] = []
  let t = 0
  const mean = (k: number, at: number): number => logistic((theta[k]?.[0] ?? 0) + (theta[k]?.[1] ?? 0) * at)
  const jointOf = (n: number): readonly number[] => {
    const yes = (y[n] ?? []).filter((v) => v).length
    const at = x[n] ?? 0
    return [0, 1].map((k) => (w[k] ?? 0) * mean(k, at) ** yes * (1 - mean(k, at)) ** (4 - yes))
  }
  // all rows are the sample, whose sums are there before the first batch
  for (let n = 0; n < count; n++) {
    const joint = jointOf(n)
    sums = sums.map((s, k) => s + (joint[k] ?? 0) / ((joint[0] ?? 0) + (joint[1] ?? 0)))
  }
  const logPrior = (): number =>
    theta.reduce((sum, [, b]) => sum - b ** 2 / 8 - Math.log(2) - Math.log(2 * Math.PI) / 2, 0)
  for (let pass = 0; pass < passes; pass++) {
    let scored = 0
    for (let from = 0; from < count; from += batch) {
      t++
      const gamma = (t - 1 + 2) ** -0.7
      const own = [0, 0]
      const gradients = [
        [0, 0],
        [0, 0],
      ]
      const hessians = [new Float64Array(4), new Float64Array(4)]
      for (let n = from; n < from + batch; n++) {
        const at = x[n] ?? 0
        const yes = (y[n] ?? []).filter((v) => v).length
        const joint = jointOf(n)
        const total = (joint[0] ?? 0) + (joint[1] ?? 0)
        scored += Math.log(total)
        joint.forEach((p, k) => {
          const r = p / total
          const m = mean(k, at)
          own[k] = (own[k] ?? 0) + share * r
          const [g, h] = [gradients[k] ?? [], hessians[k] ?? new Float64Array(4)]
          const features = [1, at]
          features.forEach((f, i) => {
            g[i] = (g[i] ?? 0) + share * r * (yes - 4 * m) * f
            features.forEach((f2, j) => {
              h[2 * i + j] = (h[2 * i + j] ?? 0) - share * r * 4 * m * (1 - m) * f * f2
            })
          })
        })
      }
      theta.forEach((own, k) => {
        const [g = [], h, mean] = [gradients[k], hessians[k], curvature[k]]
        if (h === undefined || mean === undefined) throw new Error('two classes')
        g[1] = (g[1] ?? 0) - own[1] / 4
        h[3] = (h[3] ?? 0) - 1 / 4
        for (let i = 0; i < 4; i++) mean[i] = (mean[i] ?? 0) + (t === 1 ? 1 : gamma) * ((h[i] ?? 0) - (mean[i] ?? 0))
        const [p = 0, q = 0, , s = 0] = mean
        const det = p * s - q * q
        const [g0 = 0, g1 = 0] = g
        own[0] -= (gamma * (s * g0 - q * g1)) / det
        own[1] -= (gamma * (p * g1 - q * g0)) / det
      })
      sums = sums.map((s, k) => s + gamma * ((own[k] ?? 0) - s))
      w = sums.map((s) => s / ((sums[0] ?? 0) + (sums[1] ?? 0)))
    }
    trace.push(scored + logPrior())
  }
  return { trace, w, a: theta.map(([a]) => a), b: theta.map(([, b]) => b) }
}

describe('numerical M-steps over rows, in batches', () => {
  it.each(cases)('%s come near to EM', async (_, source, data) => {
    const model = compileOrThrow(source)
    const em = await model.fit(data, { restarts: 2 })
    const online = await model.fit(data, { mode: 'online', batch: 100, restarts: 2, schedule: { passes: 8 } })
    expect(em.logLikelihood - online.logLikelihood).toBeLessThan(1)
    expect(em.logLikelihood - online.logLikelihood).toBeGreaterThan(-1e-4)
  })

  it('make the steps of the recursion written out, with a prior', async () => {
    const source = several.replace('param a, b : real[2]', 'param a : real[2]\nparam b : real[2] ~ Normal(0, 2)')
    const [own, given] = [x.slice(0, 600), answers.slice(0, 600)]
    const columns = Object.fromEntries(
      [0, 1, 2, 3].map((j) => [`y${j + 1}`, given.map((r) => (r[j] === true ? 1 : 0))] as const),
    )
    const table: FitData = [
      rowsTable('data', rowsOf({ model: '', columns: { x: own, ...columns }, levels: [], start: {} })),
    ]
    const start = { w: [0.5, 0.5], a: [-0.5, 0.5], b: [-0.3, 0.8] }
    for (const passes of [1, 3]) {
      const fit = await compileOrThrow(source).fit(table, { mode: 'online', batch: 100, schedule: { passes }, start })
      const hand = written(own, given, 100, passes)
      const trace = fit.toJSON().trace.slice(0, passes).map(Number)
      trace.forEach((v, i) => {
        expect(v / (hand.trace[i] ?? 0)).toBeCloseTo(1, 10)
      })
      for (const name of ['w', 'a', 'b'] as const)
        hand[name].forEach((v, i) => {
          expect(Number([fit.params[name]].flat(2)[i])).toBeCloseTo(v, 8)
        })
    }
  })

  it('under posteriors that stand as weighted points', async () => {
    const source = `model Rasch
data  y : bool[N, 6]
param ease  : real[6]
param sigma : positive
for n in 1..N {
  latent ability ~ Normal(0, sigma)
  for j in 1..6 { y[n, j] ~ Bernoulli(logit = ability + ease[j]) }
}`
    const y = times(500, () => {
      const ability = 1.3 * normal()
      return times(6, (j) => random.uniform() < logistic(ability + 0.4 * (j - 3)))
    })
    const model = compileOrThrow(source)
    const em = await model.fit({ y }, { restarts: 1 })
    const online = await model.fit(
      { y },
      { mode: 'online', batch: 50, restarts: 1, schedule: { passes: 12, power: 0.9 } },
    )
    expect(em.logLikelihood - online.logLikelihood).toBeLessThan(1)
    expect(em.logLikelihood - online.logLikelihood).toBeGreaterThan(-1e-4)
    expect(online.toJSON().accuracy?.error).toBeLessThan(1e-3)
  })

  it('go on where a second derivative is 0 times infinity', async () => {
    // a Weibull probability of a time between 0 and another
    const folder = new URL('../../examples/lifetimes/', import.meta.url)
    const model = compileOrThrow(readFileSync(new URL('intervals.estep', folder), 'utf8'))
    const { value } = readTable('mice.csv', readFileSync(new URL('mice.csv', folder)))
    if (value === undefined) throw new Error('no data')
    const start = { shape: 1, scale: [600, 600] }
    const em = await model.fit([value], { start })
    const online = await model.fit([value], { mode: 'online', batch: 30, start })
    expect(em.logLikelihood - online.logLikelihood).toBeLessThan(0.5)
  })

  it('take differences of the slope there', () => {
    const positive = intervalChart(0, Number.POSITIVE_INFINITY)
    const block = {
      pieces: [0, 1, 2].map((i) => ({ chart: positive, from: i, group: i === 2 ? 1 : 0, at: i % 2 })),
      size: 3,
      groups: [2, 1],
    }
    const objective = (isKnown: boolean) => ({
      value: ([a = 0, b = 0, c = 0]: Float64Array) => 3 * Math.log(a) - a * b - b + 2 * Math.log(b) + Math.log(c) - c,
      derivatives: (theta: Float64Array) => {
        const [a = 0, b = 0, c = 0] = theta
        return {
          value: objective(true).value(theta),
          gradient: Float64Array.of(3 / a - b, 2 / b - a - 1, 1 / c - 1),
          hessian: [
            Float64Array.of(isKnown ? -3 / a ** 2 : Number.NaN, -1, -1, -2 / b ** 2),
            Float64Array.of(-1 / c ** 2),
          ],
        }
      },
    })
    const start = Float64Array.of(2, 0.7, 1.4)
    const [exact, other] = [true, false].map((isKnown) => recursiveStep(block, objective(isKnown), start, 0.5, null))
    exact?.curvature.forEach((h, i) => {
      expect(other?.curvature[i]).toBeCloseTo(h, 7)
    })
    exact?.theta.forEach((v, i) => {
      expect(other?.theta[i]).toBeCloseTo(v, 7)
      expect(v).not.toBe(start[i])
    })
  })

  it('step towards weighted medians by the information of a Laplace density', async () => {
    const laplace = (): number => {
      const u = random.uniform() - 0.5
      return -Math.sign(u) * Math.log(1 - 2 * Math.abs(u))
    }
    const x = times(3000, (i) => (i % 3 === 0 ? 6 + 0.5 * laplace() : 1 + 1.5 * laplace()))
    // so many copies of each row leave the way as long as one does
    const f = x.map((_, i) => 100 + (i % 7))
    const model = compileOrThrow(`model Medians
data  x : real[N]
data  f : count[N]
param w : simplex[2]
param m : real[2]
param s : positive[2]
for n in 1..N weight f[n] {
  latent z ~ Categorical(w)
  x[n] ~ Laplace(m[z], s[z])
}`)
    const em = await model.fit({ x, f }, { restarts: 3 })
    const online = await model.fit({ x, f }, { mode: 'online', batch: 60, restarts: 3 })
    const [m = [], s = []] = [em.params.m, em.params.s] as readonly (readonly number[])[]
    const found = online.params.m as readonly number[]
    // within a standard error, s / √N, of the medians
    found.forEach((v, k) => {
      expect(Math.abs(v - (m[k] ?? 0))).toBeLessThan((s[k] ?? 0) / Math.sqrt(k === 0 ? 2000 : 1000))
    })
    expect((em.logLikelihood - online.logLikelihood) / 103).toBeLessThan(0.5)
    expect(JSON.stringify(model.derivationIn('online'))).toContain('the squared slopes of single records')
  })

  it('keep possible what few rows have', async () => {
    const rare = `model Rare
data  y : bool[N]
param p : unit
for n in 1..N { y[n] ~ Bernoulli(p) }`
    const y = times(40, (n) => n === 17)
    const fit = await compileOrThrow(rare).fit({ y }, { mode: 'online', batch: 4, schedule: { passes: 2 } })
    expect(fit.toJSON().stop).toBe('completed')
    expect(Number(fit.params.p)).toBeGreaterThan(0)
  })

  it('end where the sample of a long file has none of what a batch has', async () => {
    const y = times(60_000, (n) => (n === 59_990 ? 1 : 0))
    const rows = rowsTable('data', rowsOf({ model: '', columns: { y }, levels: [], start: {} }))
    const model = compileOrThrow(`model Rare
data  y : bool[N]
param p : unit
for n in 1..N { y[n] ~ Bernoulli(p) }`)
    const fit = await model.fit([rows], { mode: 'online', batch: 1000, memory: 2e6, schedule: { passes: 2 } })
    expect(fit.toJSON().stop).toBe('numerical')
    expect(JSON.stringify(fit.toJSON().warnings)).toMatch(/take larger batches/)
  })

  it('take so many unknowns that EM goes by L-BFGS', async () => {
    const wide = times(1200, () => times(52, normal))
    const effects = times(52, () => 0.4 * normal())
    const y = wide.map((r) => random.uniform() < logistic(0.3 + r.reduce((s, v, j) => s + v * (effects[j] ?? 0), 0)))
    const model = compileOrThrow(`model Wide
data  x : real[N, D]
data  y : bool[N]
param a : real
param b : real[D]
for n in 1..N { y[n] ~ Bernoulli(logit = a + dot(b, x[n])) }`)
    const em = await model.fit({ x: wide, y }, { restarts: 1 })
    const online = await model.fit(
      { x: wide, y },
      { mode: 'online', batch: 200, restarts: 1, schedule: { passes: 8, power: 0.8 } },
    )
    expect(em.logLikelihood - online.logLikelihood).toBeLessThan(1)
    expect(em.logLikelihood - online.logLikelihood).toBeGreaterThan(-1e-4)
  })

  it('refuses more of them than second derivatives are kept for', async () => {
    const wide = `model Wide
data  x : real[N, D]
data  y : bool[N]
param b : real[D]
for n in 1..N { y[n] ~ Bernoulli(logit = dot(b, x[n])) }`
    const table = times(5, () => times(401, normal))
    await expect(
      compileOrThrow(wide).fit({ x: table, y: [true, false, true, false, true] }, { mode: 'online', batch: 2 }),
    ).rejects.toThrow(/second derivatives by all 401 unknowns that depend on each other, and 400 are the most/)
  })

  it('hard EM in batches', async () => {
    const model = compileOrThrow(several)
    const whole = await model.fit({ x, y: answers }, { mode: 'hard', restarts: 2 })
    const parts = await model.fit(
      { x, y: answers },
      { mode: 'hard', batch: 100, restarts: 2, schedule: { passes: 10 } },
    )
    expect(Math.abs(whole.objective - parts.objective)).toBeLessThan(2)
  })

  it('rows with weights count as often', async () => {
    const source = several
      .replace('data  x : real[N]', 'data  x : real[N]\ndata  c : count[N]')
      .replace('1..N {', '1..N weight c[n] {')
    const data = { x: x.slice(0, 1500), y: answers.slice(0, 1500), c: times(1500, (n) => 1 + (n % 3)) }
    const model = compileOrThrow(source)
    const em = await model.fit(data, { restarts: 2 })
    const online = await model.fit(data, { mode: 'online', batch: 100, restarts: 2, schedule: { passes: 20 } })
    expect(em.logLikelihood - online.logLikelihood).toBeLessThan(1)
    expect(em.logLikelihood - online.logLikelihood).toBeGreaterThan(-1e-4)
  })
})
