import { describe, it } from 'vitest'
import { type Conditioned, JointGaussian, logSum } from './joint-gaussian.js'
import { answers, near } from './structures.js'

/** A mixture of Gaussians worked out one by one: log, and moments of a variable over it. */
function mixed(parts: readonly { readonly weight: number; readonly given: Conditioned }[]): {
  readonly log: number
  share(i: number): number
  mean(name: string): number
  variance(name: string): number
} {
  const logs = parts.map((p) => Math.log(p.weight) + p.given.log)
  const log = logSum(logs)
  const share = (i: number): number => Math.exp((logs[i] ?? 0) - log)
  const mean = (name: string): number => parts.reduce((s, p, i) => s + share(i) * p.given.mean(name), 0)
  return {
    log,
    share,
    mean,
    variance: (name) =>
      parts.reduce((s, p, i) => s + share(i) * (p.given.covariance(name, name) + p.given.mean(name) ** 2), 0) -
      mean(name) ** 2,
  }
}

const V = [
  [
    [1, 0.3],
    [0.3, 0.5],
  ],
  [
    [0.6, -0.1],
    [-0.1, 0.8],
  ],
]
const mu = [
  [0, 0.5],
  [1, 2],
]
const pi = [0.3, 0.7]

describe('mixtures of factor analysers', () => {
  const rows = [
    [1, 0.5],
    [-0.4, 2],
  ]
  it('with loadings and means of their own', () => {
    const W = [
      [[1], [0.5]],
      [[-0.3], [0.8]],
    ]
    const parts = rows.map((x) =>
      mixed(
        [0, 1].map((k) => ({
          weight: pi[k] ?? 0,
          given: x
            .reduce(
              (g, _, d) => g.add(`x${d}`, mu[k]?.[d] ?? 0, { f: W[k]?.[d]?.[0] ?? 0 }, [0.25, 0.49][d] ?? 1),
              new JointGaussian().add('f', 0, {}, 1),
            )
            .given({ x0: x[0] ?? 0, x1: x[1] ?? 0 }),
        })),
      ),
    )
    const a = answers('mixture-of-factors', { x: rows }, { pi, W, mu, psi: [0.5, 0.7] })
    a.log(parts.reduce((s, p) => s + p.log, 0)).fisher()
    near(a.probability(a.cell('z', 2), 2), parts[1]?.share(1) ?? 0)
    a.moments(a.cell('f', 2, 1), parts[1]?.mean('f') ?? 0, parts[1]?.variance('f') ?? 0)
  })
  it('with missing cells', () => {
    const W = [
      [1, 0.5],
      [-0.3, 0.8],
    ]
    const x = [
      [1, null],
      [-0.4, 2],
    ]
    const parts = x.map((row) =>
      mixed(
        [0, 1].map((k) => ({
          weight: pi[k] ?? 0,
          given: row
            .reduce(
              (g, _, d) => g.add(`x${d}`, mu[k]?.[d] ?? 0, { f: W[k]?.[d] ?? 0 }, [0.25, 0.64][k] ?? 1),
              new JointGaussian().add('f', 0, {}, 1),
            )
            .given(Object.fromEntries(row.flatMap((v, d) => (v === null ? [] : [[`x${d}`, v]])))),
        })),
      ),
    )
    const a = answers('mixture-of-ppca', { x }, { pi, W, mu, sigma: [0.5, 0.8] })
    a.log(parts.reduce((s, p) => s + p.log, 0)).fisher()
    a.moments(a.cell('x', 1, 2), parts[0]?.mean('x1') ?? 0, parts[0]?.variance('x1') ?? 0)
  })
})

describe('deconvolution', () => {
  const S = [
    [
      [0.2, 0.05],
      [0.05, 0.3],
    ],
    [
      [0.5, 0],
      [0, 0.1],
    ],
  ]
  const x = [
    [1, 0.5],
    [-0.4, 2],
  ]
  const worked = (R: readonly (readonly (readonly number[])[])[]) =>
    x.map((row, n) =>
      mixed(
        [0, 1].map((k) => ({
          weight: pi[k] ?? 0,
          given: new JointGaussian()
            .addVector(['v1', 'v2'], mu[k] ?? [], [{}, {}], V[k] ?? [])
            .addVector(
              ['x1', 'x2'],
              [0, 0],
              [0, 1].map((d) => ({ v1: R[n]?.[d]?.[0] ?? 0, v2: R[n]?.[d]?.[1] ?? 0 })),
              S[n] ?? [],
            )
            .given({ x1: row[0] ?? 0, x2: row[1] ?? 0 }),
        })),
      ),
    )
  const eye = [
    [1, 0],
    [0, 1],
  ]
  it('with the noise covariance of each row', () => {
    const parts = worked([eye, eye])
    const a = answers('deconvolution', { x, S }, { pi, mu, V })
      .log(parts.reduce((s, p) => s + p.log, 0))
      .fisher()
    a.moments(a.cell('v', 1, 2), parts[0]?.mean('v2') ?? 0, parts[0]?.variance('v2') ?? 0)
    near(a.probability(a.cell('z', 1), 1), parts[0]?.share(0) ?? 0)
  })
  it('with the projection of each row', () => {
    const R = [
      [
        [1, 1],
        [0, 0.5],
      ],
      [
        [0, 1],
        [1, -1],
      ],
    ]
    const parts = worked(R)
    const a = answers('deconvolution-projected', { x, R, S }, { pi, mu, V })
    a.log(parts.reduce((s, p) => s + p.log, 0)).fisher()
    a.moments(a.cell('v', 2, 1), parts[1]?.mean('v1') ?? 0, parts[1]?.variance('v1') ?? 0)
  })
  it('with cells that are missing', () => {
    const holes = [
      [1, null],
      [null, null],
    ]
    const part = mixed(
      [0, 1].map((k) => ({
        weight: pi[k] ?? 0,
        given: new JointGaussian()
          .addVector(['v1', 'v2'], mu[k] ?? [], [{}, {}], V[k] ?? [])
          .add('x1', 0, { v1: 1 }, 0.09)
          .given({ x1: 1 }),
      })),
    )
    const a = answers('deconvolution-holes', { x: holes }, { pi, mu, V }).log(part.log).fisher()
    a.moments(a.cell('v', 1, 2), part.mean('v2'), part.variance('v2'))
    a.moments(a.cell('v', 2, 1), 0.7, 0.3 * 1 + 0.7 * 0.6 + 0.3 * 0.7)
  })
})

describe('classes and intercepts', () => {
  it('a class and an intercept for each group', () => {
    const group = ['a', 'a', 'b']
    const y = [1, 0.4, 2]
    const parts = ['a', 'b'].map((g) =>
      mixed(
        [0, 1].map((k) => {
          const joint = new JointGaussian().add('u', [0, 1.5][k] ?? 0, {}, 0.49)
          const own = y.flatMap((v, n) => (group[n] === g ? [[`y${n}`, v] as const] : []))
          for (const [name] of own) joint.add(name, 0, { u: 1 }, 0.25)
          return { weight: pi[k] ?? 0, given: joint.given(Object.fromEntries(own)) }
        }),
      ),
    )
    const a = answers('intercepts-in-classes', { group, y }, { w: pi, m: [0, 1.5], t: 0.7, s: 0.5 })
    a.log(parts.reduce((s, p) => s + p.log, 0)).fisher()
    near(a.probability(a.cell('c', 1), 2), parts[0]?.share(1) ?? 0)
    a.moments(a.cell('u', 1), parts[0]?.mean('u') ?? 0, parts[0]?.variance('u') ?? 0)
  })
  it('regressions with a line for each class and an intercept for each group', () => {
    const [x, y] = [[[0, 1, 2]], [[0.5, 1, 2.5]]]
    const part = mixed(
      [0, 1].map((k) => {
        const joint = new JointGaussian().add('u', 0, {}, [0.25, 1][k] ?? 1)
        for (const j of [0, 1, 2]) joint.add(`y${j}`, ([0, 1][k] ?? 0) + ([1, -0.5][k] ?? 0) * j, { u: 1 }, 0.16)
        return { weight: pi[k] ?? 0, given: joint.given({ y0: 0.5, y1: 1, y2: 2.5 }) }
      }),
    )
    const a = answers('mixed-regressions', { x, y }, { w: pi, a: [0, 1], b: [1, -0.5], t: [0.5, 1], s: 0.4 })
    a.log(part.log).fisher().moments(a.cell('u', 1), part.mean('u'), part.variance('u'))
  })
  it('a level whose noise switches: one Gaussian for each way it may have switched', () => {
    const y = [0.5, 1, 3]
    const ways = [0, 1, 2, 3, 4, 5, 6, 7].map((w) => [w & 1, (w >> 1) & 1, (w >> 2) & 1])
    const part = mixed(
      ways.map((z) => {
        const joint = new JointGaussian()
          .add('m0', 0, {}, 1)
          .add('m1', 0, { m0: 1 }, 0.09)
          .add('m2', 0, { m1: 1 }, 0.09)
        z.forEach((k, t) => {
          joint.add(`y${t}`, 0, { [`m${t}`]: 1 }, [0.04, 4][k] ?? 1)
        })
        return {
          weight: z.reduce((w, k) => w * ([0.8, 0.2][k] ?? 0), 1),
          given: joint.given({ y0: 0.5, y1: 1, y2: 3 }),
        }
      }),
    )
    const a = answers('switching-level', { y }, { p: [0.8, 0.2], s: [0.2, 2], q: 0.3 })
      .log(part.log)
      .fisher()
    a.moments(a.cell('m', 3), part.mean('m2'), part.variance('m2'))
    near(
      a.probability(a.cell('z', 3), 2),
      ways.reduce((s, z, i) => s + (z[2] === 1 ? part.share(i) : 0), 0),
    )
  })
})

describe('spike and slab', () => {
  it('two normals for the prior', () => {
    const part = mixed(
      [0, 1].map((k) => ({
        weight: [0.7, 0.3][k] ?? 0,
        given: new JointGaussian()
          .add('theta', [0, 1.5][k] ?? 0, {}, [0.01, 4][k] ?? 1)
          .add('y', 0, { theta: 1 }, 0.25)
          .given({ y: 1.1 }),
      })),
    )
    const a = answers('spike-and-slab', { y: [1.1], se: [0.5] }, { w: 0.3, mu: [0, 1.5], tau: [0.1, 2] })
    a.log(part.log).fisher().moments(a.cell('theta', 1), part.mean('theta'), part.variance('theta'))
    near(a.probability(a.cell('s', 1), 1), part.share(1))
  })
  it('an effect that is there or not: without it, its prior', () => {
    const part = mixed(
      [0, 1].map((k) => ({
        weight: [0.7, 0.3][k] ?? 0,
        given: new JointGaussian().add('theta', 0, {}, 4).add('y', 0, { theta: k }, 0.25).given({ y: 1.1 }),
      })),
    )
    const a = answers('spike-at-zero', { y: [1.1], se: [0.5] }, { w: 0.3, tau: 2 })
      .log(part.log)
      .fisher()
    a.moments(a.cell('theta', 1), part.mean('theta'), part.variance('theta'))
  })
})
