import { readFileSync } from 'node:fs'
import type {
  BoundModel,
  ComponentState,
  Expectation,
  FloorHit,
  LatentLayout,
  Maximisation,
  ParamLayout,
} from '../../runtime/contract.js'

/** Hand-coded models that satisfy `BoundModel`, to drive the runtime without the compiler. */

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN
const times = (count: number, value: number): number => (count === 0 ? 0 : count * value)

export function layout(name: string, offset: number, shape: number[], rest: Partial<ParamLayout> = {}): ParamLayout {
  return {
    name,
    offset,
    shape,
    length: shape.reduce((a, b) => a * b, 1),
    used: null,
    labels: shape.map(() => null),
    support: { kind: 'real' },
    components: [],
    role: 'other',
    ...rest,
  }
}

export function latentLayout(name: string, rows: number, values: number, exchangeable = true): LatentLayout {
  const labels = Array.from({ length: values }, (_, k) => String(k + 1))
  return { name, rows, shape: [rows], values, labels, exchangeable, declared: true }
}

const unused = {
  scalars: [],
  hasPrior: false,
  direct: false,
  latents: [],
  logPrior: () => 0,
  eStepFrom: (): Expectation => ({ logLikelihood: Number.NaN, statistics: new Float64Array(0), scale: 1 }),
  posterior: () => new Map<string, Float64Array>(),
  expected: () => new Map<string, number>(),
  components: (): ComponentState[] => [],
  identifiedParameters: () => null,
  derived: () => new Map<string, unknown>(),
  setFloor: () => {},
}

/** Spherical Gaussian mixture, one sd a component: pi simplex[K], mu real[K, D], sigma positive[K]. */
export function gaussianMixture(rows: readonly (readonly number[])[], K: number, exchangeable = true): BoundModel {
  const N = rows.length
  const D = rows[0]?.length ?? 0
  const centre = Array.from({ length: D }, (_, d) => rows.reduce((sum, row) => sum + at(row, d), 0) / N)
  const variance = centre.map((c, d) => rows.reduce((sum, row) => sum + (at(row, d) - c) ** 2, 0) / N)
  const meanVariance = variance.reduce((a, b) => a + b, 0) / D
  let floor = 0
  const components = [{ latent: 'z', dimension: 0 }]
  const params = [
    layout('pi', 0, [K], { support: { kind: 'simplex' }, components, role: 'weight' }),
    layout('mu', K, [K, D], { components, role: 'location' }),
    layout('sigma', K + K * D, [K], { support: { kind: 'positive' }, components, role: 'spread' }),
  ]
  const latent = latentLayout('z', N, K, exchangeable)
  const pi = (p: Float64Array, k: number): number => at(p, k)
  const mu = (p: Float64Array, k: number, d: number): number => at(p, K + k * D + d)
  const sigma = (p: Float64Array, k: number): number => at(p, K + K * D + k)

  const scores = (p: Float64Array, n: number): number[] =>
    Array.from({ length: K }, (_, k) => {
      const s = sigma(p, k)
      let square = 0
      for (let d = 0; d < D; d++) square += (at(rows[n] ?? [], d) - mu(p, k, d)) ** 2
      return Math.log(pi(p, k)) - D * (Math.log(s) + 0.5 * Math.log(2 * Math.PI)) - square / (2 * s * s)
    })
  const logSum = (values: readonly number[]): number => {
    const top = Math.max(...values)
    return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0))
  }
  const responsibilities = (p: Float64Array): Float64Array => {
    const r = new Float64Array(N * K)
    for (let n = 0; n < N; n++) {
      const score = scores(p, n)
      const total = logSum(score)
      score.forEach((value, k) => {
        r[n * K + k] = Math.exp(value - total)
      })
    }
    return r
  }
  const collect = (r: Float64Array): Float64Array => {
    const statistics = new Float64Array(K * (D + 2))
    for (let n = 0; n < N; n++) {
      for (let k = 0; k < K; k++) {
        const weight = at(r, n * K + k)
        const base = k * (D + 2)
        statistics[base] = at(statistics, base) + weight
        for (let d = 0; d < D; d++) {
          const x = at(rows[n] ?? [], d) - at(centre, d)
          statistics[base + 1 + d] = at(statistics, base + 1 + d) + weight * x
          statistics[base + 1 + D] = at(statistics, base + 1 + D) + weight * x * x
        }
      }
    }
    return statistics
  }
  const unitLogLikelihood = (p: Float64Array): Float64Array =>
    Float64Array.from({ length: N }, (_, n) => logSum(scores(p, n)))
  const q = (p: Float64Array, statistics: Float64Array): number => {
    let sum = 0
    for (let k = 0; k < K; k++) {
      const base = k * (D + 2)
      const count = at(statistics, base)
      let square = at(statistics, base + 1 + D)
      for (let d = 0; d < D; d++) {
        const m = mu(p, k, d) - at(centre, d)
        square += -2 * m * at(statistics, base + 1 + d) + count * m * m
      }
      const s = sigma(p, k)
      sum += times(count, Math.log(pi(p, k)) - D * Math.log(s)) - square / (2 * s * s)
    }
    return sum
  }

  return {
    ...unused,
    name: 'GaussianMixture',
    params,
    length: K * (D + 2),
    latents: [latent],
    observations: N,
    nominalParameters: K - 1 + K * D + K,
    sizes: new Map([
      ['N', N],
      ['D', D],
      ['K', K],
    ]),
    eStep(p) {
      const units = unitLogLikelihood(p)
      let logLikelihood = 0
      let scale = 0
      for (const unit of units) {
        logLikelihood += unit
        scale += Math.abs(unit)
      }
      return { logLikelihood, scale, statistics: collect(responsibilities(p)) }
    },
    eStepFrom(given) {
      return { logLikelihood: Number.NaN, scale: 1, statistics: collect(given.get('z') ?? new Float64Array(N * K)) }
    },
    mStep(p, { statistics }): Maximisation {
      const next = new Float64Array(p)
      const floored: FloorHit[] = []
      let total = 0
      for (let k = 0; k < K; k++) total += at(statistics, k * (D + 2))
      for (let k = 0; k < K; k++) {
        const base = k * (D + 2)
        const count = at(statistics, base)
        next[k] = count / total
        if (count === 0) continue
        let square = at(statistics, base + 1 + D)
        for (let d = 0; d < D; d++) {
          const m = at(statistics, base + 1 + d) / count
          next[K + k * D + d] = m + at(centre, d)
          square -= count * m * m
        }
        const least = Math.sqrt(floor * meanVariance)
        const sd = Math.sqrt(Math.max(0, square) / (count * D))
        if (sd < least) floored.push({ param: 'sigma', index: [k + 1], floor: least })
        next[K + K * D + k] = Math.max(sd, least)
      }
      return { params: next, floored }
    },
    gain: (p, { statistics }, trial) => q(trial, statistics) - q(p, statistics),
    unitLogLikelihood,
    posterior: (p) => new Map([['z', responsibilities(p)]]),
    components(p) {
      const r = responsibilities(p)
      return Array.from({ length: K }, (_, value): ComponentState => {
        let expectedCount = 0
        for (let n = 0; n < N; n++) expectedCount += at(r, n * K + value)
        return {
          latent: 'z',
          value,
          expectedCount,
          relativeVariance: sigma(p, value) ** 2 / Math.max(...variance),
          ownSpread: true,
        }
      })
    },
    interior(random) {
      const p = new Float64Array(K * (D + 2))
      for (let k = 0; k < K; k++) {
        p[k] = 1 / K
        for (let d = 0; d < D; d++) p[K + k * D + d] = at(centre, d) + (random() - 0.5) * Math.sqrt(at(variance, d))
        p[K + K * D + k] = Math.sqrt(meanVariance)
      }
      return p
    },
    derived: (p) => new Map<string, unknown>([['ratio', sigma(p, 0) / sigma(p, 1)]]),
    setFloor(value) {
      floor = value
    },
  }
}

/** Hidden grades: h = a + b, c, d from [1/2, mu, 2 mu, 1/2 − 3 mu], with the multinomial coefficient. */
export function grades(h: number, c: number, d: number): BoundModel {
  const total = h + c + d
  const lfactorial = (n: number): number =>
    Array.from({ length: n }, (_, i) => Math.log(i + 1)).reduce((a, b) => a + b, 0)
  const constant = lfactorial(total) - lfactorial(h) - lfactorial(c) - lfactorial(d)
  const b = (mu: number): number => (h * mu) / (0.5 + mu)
  const logLikelihood = (mu: number): number =>
    constant + times(h, Math.log(0.5 + mu)) + times(c, Math.log(2 * mu)) + times(d, Math.log(0.5 - 3 * mu))
  const q = (mu: number, count: number): number => times(count + c, Math.log(mu)) + times(d, Math.log(0.5 - 3 * mu))
  return {
    ...unused,
    name: 'Grades',
    params: [layout('mu', 0, [], { support: { kind: 'interval', low: 0, high: 1 / 6 } })],
    length: 1,
    scalars: ['b'],
    observations: total,
    nominalParameters: 1,
    sizes: new Map(),
    eStep(p) {
      const value = logLikelihood(at(p, 0))
      return { logLikelihood: value, statistics: Float64Array.of(b(at(p, 0))), scale: Math.abs(value) }
    },
    mStep(_, { statistics }) {
      const count = at(statistics, 0)
      return { params: Float64Array.of((count + c) / (6 * (count + c + d))), floored: [] }
    },
    gain: (p, { statistics }, trial) => q(at(trial, 0), at(statistics, 0)) - q(at(p, 0), at(statistics, 0)),
    unitLogLikelihood: (p) => Float64Array.of(logLikelihood(at(p, 0))),
    expected: (p) => new Map([['b', b(at(p, 0))]]),
    interior: (random) => Float64Array.of(random() / 6),
  }
}

/** No latents: one mean and one sd, closed form. */
export function normalModel(values: readonly number[]): BoundModel {
  const N = values.length
  const logLikelihood = (p: Float64Array): number =>
    values.reduce(
      (sum, x) => sum - Math.log(at(p, 1)) - 0.5 * Math.log(2 * Math.PI) - (x - at(p, 0)) ** 2 / (2 * at(p, 1) ** 2),
      0,
    )
  return {
    ...unused,
    name: 'NormalModel',
    params: [layout('mu', 0, [], { role: 'location' }), layout('sigma', 1, [], { support: { kind: 'positive' } })],
    length: 2,
    direct: true,
    observations: N,
    nominalParameters: 2,
    sizes: new Map([['N', N]]),
    eStep: (p) => ({
      logLikelihood: logLikelihood(p),
      statistics: new Float64Array(0),
      scale: Math.abs(logLikelihood(p)),
    }),
    mStep() {
      const mean = values.reduce((a, b) => a + b, 0) / N
      const sd = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / N)
      return { params: Float64Array.of(mean, sd), floored: [] }
    },
    gain: (p, _, trial) => logLikelihood(trial) - logLikelihood(p),
    unitLogLikelihood: (p) => Float64Array.from(values, () => logLikelihood(p) / N),
    interior: (random) => Float64Array.of(random(), 1 + random()),
  }
}

/** Normal means with known standard errors: mu real, tau nonnegative. EM nears tau = 0 without reaching it. */
export function normalMeans(y: readonly number[], se: readonly number[]): BoundModel {
  const J = y.length
  const unitLogLikelihood = (p: Float64Array): Float64Array =>
    Float64Array.from(y, (value, j) => {
      const v = at(p, 1) ** 2 + at(se, j) ** 2
      return -0.5 * (Math.log(2 * Math.PI * v) + (value - at(p, 0)) ** 2 / v)
    })
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0)
  const posterior = (p: Float64Array): Float64Array => {
    const moments = new Float64Array(2 * J)
    y.forEach((value, j) => {
      const shrink = at(p, 1) ** 2 / (at(p, 1) ** 2 + at(se, j) ** 2)
      moments[2 * j] = at(p, 0) + shrink * (value - at(p, 0))
      moments[2 * j + 1] = shrink * at(se, j) ** 2
    })
    return moments
  }
  const q = (p: Float64Array, moments: Float64Array): number => {
    let total = 0
    for (let j = 0; j < J; j++) {
      const square = (at(moments, 2 * j) - at(p, 0)) ** 2 + at(moments, 2 * j + 1)
      total -= Math.log(at(p, 1)) + square / (2 * at(p, 1) ** 2)
    }
    return total
  }
  return {
    ...unused,
    name: 'NormalMeans',
    params: [layout('mu', 0, [], { role: 'location' }), layout('tau', 1, [], { support: { kind: 'nonnegative' } })],
    length: 2,
    observations: J,
    nominalParameters: 2,
    sizes: new Map([['J', J]]),
    eStep(p) {
      const units = unitLogLikelihood(p)
      return { logLikelihood: sum(units), statistics: posterior(p), scale: sum(units.map(Math.abs)) }
    },
    mStep(_, { statistics }) {
      let mean = 0
      for (let j = 0; j < J; j++) mean += at(statistics, 2 * j) / J
      let square = 0
      for (let j = 0; j < J; j++) square += ((at(statistics, 2 * j) - mean) ** 2 + at(statistics, 2 * j + 1)) / J
      return { params: Float64Array.of(mean, Math.sqrt(square)), floored: [] }
    },
    gain: (p, { statistics }, trial) => q(trial, statistics) - q(p, statistics),
    unitLogLikelihood,
    interior: (random) => Float64Array.of(10 * random(), 20 * random()),
  }
}

/** The rows of a CSV file of numbers in test/conformance/data. */
export function numbersFrom(file: string): number[][] {
  const path = new URL(`../conformance/data/${file}`, import.meta.url)
  const lines = readFileSync(path, 'utf8').trim().split(/\r?\n/u).slice(1)
  return lines.map((line) => line.split(',').map(Number))
}

/** Old Faithful, 2 spherical components. */
export const oldFaithful = (K = 2): BoundModel => gaussianMixture(numbersFrom('faithful.csv'), K)

/** Lets the event loop turn, for `FitHooks.pause`. */
export const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
