import { describe, it } from 'vitest'
import { JointGaussian, logSum, normalDensity } from './joint-gaussian.js'
import { answers, near } from './structures.js'

/** Every sequence of `length` states out of 0 … states − 1. */
function paths(length: number, states: number): readonly (readonly number[])[] {
  let all: number[][] = [[]]
  for (let t = 0; t < length; t++) all = all.flatMap((p) => Array.from({ length: states }, (_, k) => [...p, k]))
  return all
}

/** log Σ over paths of exp(weight), and the share of the paths that `holds`. */
function enumerated(
  all: readonly (readonly number[])[],
  weight: (path: readonly number[]) => number,
): { readonly log: number; share(holds: (path: readonly number[]) => boolean): number } {
  const weights = all.map(weight)
  const total = weights.reduce((a, b) => a + b, 0)
  return {
    log: Math.log(total),
    share: (holds) => all.reduce((s, p, i) => s + (holds(p) ? (weights[i] ?? 0) / total : 0), 0),
  }
}

const poisson = (k: number, rate: number): number => {
  let p = Math.exp(-rate)
  for (let i = 1; i <= k; i++) p *= rate / i
  return p
}

const start = [0.6, 0.4]
const step = [
  [0.7, 0.3],
  [0.2, 0.8],
]
const chain = (p: readonly number[]): number =>
  p.reduce((w, k, t) => w * (t === 0 ? (start[k] ?? 0) : (step[p[t - 1] ?? 0]?.[k] ?? 0)), 1)

describe('Gaussian chains', () => {
  const observed = (y: readonly (number | null)[]): Record<string, number> =>
    Object.fromEntries(y.flatMap((v, t) => (v === null ? [] : [[`y${t + 1}`, v] as const])))
  it('a local level with a missing value', () => {
    const y = [1, null, 2.5, 2]
    const joint = new JointGaussian().add('m1', 1, {}, 9)
    for (const t of [2, 3, 4]) joint.add(`m${t}`, 0, { [`m${t - 1}`]: 1 }, 0.49)
    for (const t of [1, 2, 3, 4]) joint.add(`y${t}`, 0, { [`m${t}`]: 1 }, 0.25)
    const given = joint.given(observed(y))
    const a = answers('local-level', { y }, { level_var: 0.49, noise_var: 0.25, first: 1 }).log(given.log)
    a.moments(a.cell('m', 2), given.mean('m2'), given.covariance('m2', 'm2')).fisher()
    near(a.covariance(a.cell('m', 2), a.cell('m', 3)), given.covariance('m2', 'm3'))
  })
  it('keeps its digits where the first state is nearly free', () => {
    const y = [1000.3, 1001.2, 999.4]
    const joint = new JointGaussian().add('m1', 0, {}, 9)
    for (const t of [2, 3]) joint.add(`m${t}`, 0, { [`m${t - 1}`]: 1 }, 1e-4)
    for (const t of [1, 2, 3]) joint.add(`y${t}`, 0, { [`m${t}`]: 1 }, 0.25)
    const given = joint.given(observed(y))
    const a = answers('local-level', { y }, { level_var: 1e-4, noise_var: 0.25, first: 0 }).log(given.log)
    a.moments(a.cell('m', 3), given.mean('m3'), given.covariance('m3', 'm3'))
  })
  it('a level with a slope', () => {
    const joint = new JointGaussian().add('l1', 0, {}, 4).add('b1', 0, {}, 1)
    for (const t of [2, 3, 4]) {
      joint.add(`b${t}`, 0, { [`b${t - 1}`]: 1 }, 0.04)
      joint.add(`l${t}`, 0, { [`l${t - 1}`]: 1, [`b${t - 1}`]: 1 }, 0.09)
    }
    for (const t of [1, 2, 3, 4]) joint.add(`y${t}`, 0, { [`l${t}`]: 1 }, 0.25)
    const y = [0.5, 1, 2.5, 2]
    const given = joint.given(observed(y))
    const a = answers('local-trend', { y }, { l: 0.3, b: 0.2, s: 0.5 }).log(given.log)
    a.moments(a.cell('slope', 3), given.mean('b3'), given.covariance('b3', 'b3')).fisher()
  })
  it('vectors', () => {
    const A = [
      [0.8, 0.3],
      [-0.2, 0.9],
    ]
    const C = [
      [1, 0.5],
      [0.2, 1],
    ]
    const Q = [
      [0.3, 0.1],
      [0.1, 0.2],
    ]
    const row = (m: readonly (readonly number[])[], i: number, t: number): Record<string, number> => ({
      [`p${t}`]: m[i]?.[0] ?? 0,
      [`q${t}`]: m[i]?.[1] ?? 0,
    })
    const joint = new JointGaussian().add('p1', 0, {}, 1).add('q1', 0, {}, 1)
    for (const t of [2, 3]) joint.addVector([`p${t}`, `q${t}`], [0, 0], [row(A, 0, t - 1), row(A, 1, t - 1)], Q)
    for (const t of [1, 2, 3]) joint.add(`u${t}`, 0, row(C, 0, t), 0.25).add(`v${t}`, 0, row(C, 1, t), 0.16)
    const given = joint.given({ u1: 1, v1: 0.5, u2: 0.2, v2: -0.4, u3: 1.5, v3: 1 })
    const y = [
      [1, 0.5],
      [0.2, -0.4],
      [1.5, 1],
    ]
    const a = answers('vector-chain', { y }, { A, C, Q, r: [0.5, 0.4] }).log(given.log)
    near(a.covariance(a.cell('x', 1, 1), a.cell('x', 2, 2)), given.covariance('p1', 'q2'))
    a.moments(a.cell('x', 3, 2), given.mean('q3'), given.covariance('q3', 'q3')).fisher()
  })
  it('an autoregression seen through noise, in sequences of unequal length', () => {
    const sequences = [[0.5, 1, 0.2], [2]]
    const parts = sequences.map((y) => {
      const joint = new JointGaussian().add('x1', 0, {}, 1)
      for (let t = 2; t <= y.length; t++) joint.add(`x${t}`, 0, { [`x${t - 1}`]: 0.8 }, 0.09)
      for (let t = 1; t <= y.length; t++) joint.add(`y${t}`, 0, { [`x${t}`]: 1 }, 0.25)
      return joint.given(observed(y))
    })
    const log = parts.reduce((s, p) => s + p.log, 0)
    const a = answers('autoregressive-noise', { y: sequences }, { phi: 0.8, q: 0.3, s: 0.5 }).log(log).fisher()
    a.moments(a.cell('x', 1, 2), parts[0]?.mean('x2') ?? 0, parts[0]?.covariance('x2', 'x2') ?? 0)
  })
  it('order 2, seen through noise', () => {
    const joint = new JointGaussian().add('x1', 0, {}, 1).add('x2', 0, {}, 1)
    for (const t of [3, 4]) joint.add(`x${t}`, 0, { [`x${t - 1}`]: 0.5, [`x${t - 2}`]: 0.3 }, 0.09)
    for (const t of [1, 2, 3, 4]) joint.add(`y${t}`, 0, { [`x${t}`]: 1 }, 0.25)
    const y = [0.5, 1, 0.2, -0.3]
    const given = joint.given(observed(y))
    const a = answers('autoregressive-order-2-noise', { y }, { phi: 0.5, psi: 0.3, q: 0.3, s: 0.5 }).log(given.log)
    a.moments(a.cell('x', 1), given.mean('x1'), given.covariance('x1', 'x1')).fisher()
  })
  it('an observed autoregression with missing cells', () => {
    const y = [0.5, null, 0.2, null, null, 1]
    const joint = new JointGaussian().add('y1', 0.3, {}, 1)
    for (const t of [2, 3, 4, 5, 6]) joint.add(`y${t}`, 0.1, { [`y${t - 1}`]: 0.7 }, 0.16)
    const given = joint.given(observed(y))
    const a = answers('autoregressive-1-missing', { y }, { c: 0.1, phi: 0.7, m: 0.3, s: 0.4 }).log(given.log)
    a.moments(a.cell('y', 4), given.mean('y4'), given.covariance('y4', 'y4')).fisher()
    near(a.covariance(a.cell('y', 4), a.cell('y', 5)), given.covariance('y4', 'y5'))
  })
  it('of order 2', () => {
    const y = [0.5, null, 0.2, null, 1]
    const joint = new JointGaussian().add('y1', 0, {}, 4).add('y2', 0.1, {}, 4)
    for (const t of [3, 4, 5]) joint.add(`y${t}`, 0.1, { [`y${t - 1}`]: 0.7, [`y${t - 2}`]: -0.2 }, 0.16)
    const given = joint.given(observed(y))
    const a = answers('autoregressive-2-missing', { y }, { c: 0.1, phi: 0.7, psi: -0.2, s: 0.4 }).log(given.log)
    a.moments(a.cell('y', 2), given.mean('y2'), given.covariance('y2', 'y2')).fisher()
    near(a.covariance(a.cell('y', 2), a.cell('y', 4)), given.covariance('y2', 'y4'))
  })
})

describe('discrete chains', () => {
  it('one, of counts', () => {
    const count = [1, 0, 4, 2]
    const rate = [1, 4]
    const all = enumerated(paths(4, 2), (p) =>
      p.reduce((w, k, t) => w * poisson(count[t] ?? 0, rate[k] ?? 0), chain(p)),
    )
    const a = answers('chain-poisson', { count }, { start, step, rate }).log(all.log).fisher()
    near(
      a.probability(a.cell('z', 2), 2),
      all.share((p) => p[1] === 1),
    )
  })
  it('of order 2', () => {
    const y = [0.3, 1.4, -0.2, 2]
    const mu = [0, 1.5]
    const second = [
      [0.9, 0.1],
      [0.3, 0.7],
    ]
    const third = [
      [
        [0.8, 0.2],
        [0.4, 0.6],
      ],
      [
        [0.5, 0.5],
        [0.1, 0.9],
      ],
    ]
    const all = enumerated(paths(4, 2), (p) =>
      p.reduce((w, k, t) => {
        const from = t === 0 ? start[k] : t === 1 ? second[p[0] ?? 0]?.[k] : third[p[t - 2] ?? 0]?.[p[t - 1] ?? 0]?.[k]
        return w * (from ?? 0) * normalDensity(y[t] ?? 0, mu[k] ?? 0, 0.64)
      }, 1),
    )
    const a = answers('chain-order-2', { y }, { first: start, second, step: third, mu, sigma: 0.8 })
      .log(all.log)
      .fisher()
    near(
      a.probability(a.cell('z', 3), 1),
      all.share((p) => p[2] === 0),
    )
  })
  it('two side by side', () => {
    const y = [0.3, 1.4, -0.2]
    const [a1, b1] = [
      [0, 1],
      [0.5, 2],
    ]
    const Q = [
      [0.6, 0.4],
      [0.5, 0.5],
    ]
    // states 0 … 3 stand for pairs
    const all = enumerated(paths(3, 4), (p) =>
      p.reduce((w, k, t) => {
        const [u, v] = [k >> 1, k & 1]
        const before = p[t - 1] ?? 0
        const from =
          t === 0 ? (start[u] ?? 0) * ([0.3, 0.7][v] ?? 0) : (step[before >> 1]?.[u] ?? 0) * (Q[before & 1]?.[v] ?? 0)
        return w * from * normalDensity(y[t] ?? 0, (a1[u] ?? 0) + (b1[v] ?? 0), 0.64)
      }, 1),
    )
    const a = answers('chains-side-by-side', { y }, { p: start, q: [0.3, 0.7], P: step, Q, a: a1, b: b1, s: 0.8 })
    a.log(all.log).fisher()
    near(
      a.probability(a.cell('v', 2), 2),
      all.share((p) => ((p[1] ?? 0) & 1) === 1),
    )
  })
  it('the second following the first', () => {
    const Q = [
      step,
      [
        [0.5, 0.5],
        [0.9, 0.1],
      ],
    ]
    const [x, y] = [
      [0, 3],
      [2, 1],
    ]
    const all = enumerated(paths(2, 4), (p) =>
      p.reduce((w, k, t) => {
        const [u, v] = [k >> 1, k & 1]
        const before = p[t - 1] ?? 0
        const from =
          t === 0
            ? (start[u] ?? 0) * ([0.3, 0.7][v] ?? 0)
            : (step[before >> 1]?.[u] ?? 0) * (Q[before >> 1]?.[before & 1]?.[v] ?? 0)
        return w * from * poisson(y[t] ?? 0, [1, 3][u] ?? 0) * poisson(x[t] ?? 0, [0.5, 2][v] ?? 0)
      }, 1),
    )
    answers('chains-coupled', { y, x }, { p: start, q: [0.3, 0.7], P: step, Q, a: [1, 3], b: [0.5, 2] })
      .log(all.log)
      .fisher()
  })
  it('a mixture of them, over ragged sequences', () => {
    const y = [[1, 0, 4], [2]]
    const w = [0.3, 0.7]
    const first = [start, [0.1, 0.9]]
    const steps = [
      step,
      [
        [0.5, 0.5],
        [0.9, 0.1],
      ],
    ]
    const rate = [
      [1, 4],
      [0.5, 2],
    ]
    const parts = y.map((counts) =>
      enumerated(
        [0, 1].flatMap((c) => paths(counts.length, 2).map((p) => [c, ...p])),
        ([c = 0, ...p]) =>
          p.reduce((s, k, t) => {
            const from = t === 0 ? first[c]?.[k] : steps[c]?.[p[t - 1] ?? 0]?.[k]
            return s * (from ?? 0) * poisson(counts[t] ?? 0, rate[c]?.[k] ?? 0)
          }, w[c] ?? 0),
      ),
    )
    const a = answers('chain-mixture', { y }, { w, start: first, step: steps, rate })
    a.log(parts.reduce((s, p) => s + p.log, 0)).fisher()
    near(a.probability(a.cell('c', 1), 2), parts[0]?.share((p) => p[0] === 1) ?? 0)
    near(a.probability(a.cell('z', 1, 3), 1), parts[0]?.share((p) => p[3] === 0) ?? 0)
  })
  it('emissions of levels, ragged', () => {
    const emit = [
      [0.2, 0.8],
      [0.7, 0.3],
    ]
    const y = [
      [0, 1, 1],
      [1, 0],
    ]
    const log = y.reduce(
      (s, row) =>
        s +
        enumerated(paths(row.length, 2), (p) => p.reduce((w, k, t) => w * (emit[k]?.[row[t] ?? 0] ?? 0), chain(p))).log,
      0,
    )
    answers('chain-ragged', { y: y.map((r) => r.map((v) => (v === 0 ? 'a' : 'b'))) }, { start, step, emit })
      .log(log)
      .fisher()
  })
  it('regressions as emissions', () => {
    const [y, x] = [
      [1, 2, 0.5],
      [0, 1, -1],
    ]
    const all = enumerated(paths(3, 2), (p) =>
      p.reduce(
        (w, k, t) =>
          w * normalDensity(y[t] ?? 0, ([0, 1][k] ?? 0) + ([0.5, -1][k] ?? 0) * (x[t] ?? 0), [0.25, 0.64][k] ?? 1),
        chain(p),
      ),
    )
    answers('chain-covariates', { y, x }, { start, step, a: [0, 1], b: [0.5, -1], s: [0.5, 0.8] })
      .log(all.log)
      .fisher()
  })
  it('emissions that follow the value before', () => {
    const y = [1, 2, 0.5]
    const all = enumerated(paths(3, 2), (p) =>
      p.reduce((w, k, t) => {
        const mean = ([0, 1][k] ?? 0) + (t === 0 ? 0 : ([0.5, -0.4][k] ?? 0) * (y[t - 1] ?? 0))
        return w * normalDensity(y[t] ?? 0, mean, t === 0 ? 1 : 0.36)
      }, chain(p)),
    )
    answers('chain-autoregressive', { y }, { start, step, a: [0, 1], b: [0.5, -0.4], s: 0.6 })
      .log(all.log)
      .fisher()
  })
  it('from left to right', () => {
    const y = [[0.1, 0.8, 2.2]]
    const moves = [
      [0.6, 0.4, 0],
      [0, 0.7, 0.3],
      [0, 0, 1],
    ]
    const all = enumerated(paths(3, 3), (p) =>
      p.reduce((w, k, t) => {
        const from = t === 0 ? [1, 0, 0][k] : moves[p[t - 1] ?? 0]?.[k]
        return w * (from ?? 0) * normalDensity(y[0]?.[t] ?? 0, k, 0.25)
      }, 1),
    )
    const a = answers('chain-left-to-right', { y }, { stay: [0.6, 0.7], mu: [0, 1, 2], s: 0.5 })
      .log(all.log)
      .fisher()
    near(
      a.probability(a.cell('z', 1, 3), 3),
      all.share((p) => p[2] === 2),
    )
  })
  it('states that share their emissions', () => {
    const y = [1, 0, 3]
    const moves = [
      [0.6, 0.3, 0.1],
      [0.2, 0.7, 0.1],
      [0.3, 0.3, 0.4],
    ]
    const all = enumerated(paths(3, 3), (p) =>
      p.reduce((w, k, t) => {
        const from = t === 0 ? [0.5, 0.3, 0.2][k] : moves[p[t - 1] ?? 0]?.[k]
        return w * (from ?? 0) * poisson(y[t] ?? 0, k < 2 ? 0.8 : 2.5)
      }, 1),
    )
    answers('chain-shared-emissions', { y }, { start: [0.5, 0.3, 0.2], step: moves, rate: [0.8, 2.5] })
      .log(all.log)
      .fisher()
  })
  it('an observed chain with missing cells', () => {
    const y = ['a', null, null, 'b', 'a']
    const all = enumerated(paths(5, 2), (p) =>
      p.every((k, t) => y[t] === null || y[t] === (k === 0 ? 'a' : 'b')) ? chain(p) : 0,
    )
    const a = answers('chain-observed-missing', { y }, { start, step }).log(all.log).fisher()
    near(
      a.probability(a.cell('y', 3), 2),
      all.share((p) => p[2] === 1),
    )
  })
  it('emissions that are vectors with missing cells', () => {
    const x = [
      [0.2, 1],
      [null, 2],
      [1.5, null],
    ]
    const mu = [
      [0, 0],
      [1, 2],
    ]
    const Sigma = [
      [
        [1, 0.3],
        [0.3, 0.5],
      ],
      [
        [0.6, -0.1],
        [-0.1, 0.8],
      ],
    ]
    const all = paths(3, 2).map((p) => ({
      p,
      log: p.reduce(
        (s, k, t) => {
          const joint = new JointGaussian().addVector(['a', 'b'], mu[k] ?? [], [{}, {}], Sigma[k] ?? [])
          const [u, v] = x[t] ?? []
          return s + joint.given({ ...(u == null ? {} : { a: u }), ...(v == null ? {} : { b: v }) }).log
        },
        Math.log(chain(p)),
      ),
    }))
    const log = logSum(all.map((x) => x.log))
    const a = answers('chain-missing', { x }, { start, step, mu, Sigma }).log(log).fisher()
    const predicted = all.reduce((s, { p, log: l }) => {
      const k = p[1] ?? 0
      const joint = new JointGaussian().addVector(['a', 'b'], mu[k] ?? [], [{}, {}], Sigma[k] ?? []).given({ b: 2 })
      return s + Math.exp(l - log) * joint.mean('a')
    }, 0)
    near(a.mean(a.cell('x', 2, 1)), predicted)
  })
})
