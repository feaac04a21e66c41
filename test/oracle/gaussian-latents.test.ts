import { describe, expect, it } from 'vitest'
import { logLikelihoodParts } from '../../oracle/answers.js'
import { JointGaussian } from './joint-gaussian.js'
import { answers, near } from './structures.js'

const W = [
  [1, 0.2],
  [0.5, -1],
  [-0.3, 0.4],
] as const

describe('factor analysis', () => {
  const x = [
    [1, 2, 0.5],
    [0, -0.7, -1],
  ]
  const mu = [0.2, 0, 0.1]
  const psi = [0.5, 0.7, 0.6]
  const row = (j: number) =>
    W.reduce(
      (g, w, d) => g.add(`x${d}`, mu[d] ?? 0, { f1: w[0], f2: w[1] }, (psi[d] ?? 0) ** 2),
      new JointGaussian().add('f1', 0, {}, 1).add('f2', 0, {}, 1),
    ).given(Object.fromEntries((x[j] ?? []).map((v, d) => [`x${d}`, v])))
  it('agrees with the joint inverted', () => {
    const a = answers('factor-analysis', { x }, { W, mu, psi }).log(row(0).log + row(1).log)
    const [f, g] = [a.cell('f', 2, 1), a.cell('f', 2, 2)]
    a.moments(f, row(1).mean('f1'), row(1).covariance('f1', 'f1')).fisher()
    near(a.covariance(f, g), row(1).covariance('f1', 'f2'))
  })
})

describe('probabilistic principal components with missing cells', () => {
  it('agrees with the joint inverted; the missing cell has the moments of a prediction', () => {
    const w = [1, 0.5, -0.3]
    const mu = [0.2, 0, 0.1]
    const joint = w.reduce(
      (g, c, d) => g.add(`x${d}`, mu[d] ?? 0, { f: c }, 0.49),
      new JointGaussian().add('f', 0, {}, 1),
    )
    const [one, two, three] = [
      joint.given({ x0: 1, x2: -0.4 }),
      joint.given({ x1: 2 }),
      joint.given({ x0: 0, x1: 1, x2: 2 }),
    ]
    const x = [
      [1, null, -0.4],
      [null, 2, null],
      [0, 1, 2],
    ]
    const a = answers('ppca-missing', { x }, { W: w.map((c) => [c]), mu, sigma: 0.7 })
    a.log(one.log + two.log + three.log).fisher()
    a.moments(a.cell('f', 1, 1), one.mean('f'), one.covariance('f', 'f'))
    a.moments(a.cell('x', 1, 2), one.mean('x1'), one.covariance('x1', 'x1'))
    near(a.covariance(a.cell('x', 2, 1), a.cell('x', 2, 3)), two.covariance('x0', 'x2'))
  })
})

describe('factors with structure', () => {
  it('a fixed and a tied loading', () => {
    const joint = [1, 0.6, 0.6, -0.4].reduce(
      (g, c, d) => g.add(`x${d}`, [0.1, 0, 0.3, -0.2][d] ?? 0, { f: c }, [0.5, 0.6, 0.7, 0.8][d] ?? 1),
      new JointGaussian().add('f', 0, {}, 1.44),
    )
    const given = joint.given({ x0: 1, x1: 0.5, x2: -1, x3: 0.2 })
    const psi = [0.5, 0.6, 0.7, 0.8].map(Math.sqrt)
    const a = answers(
      'tied-fixed-loadings',
      { x: [[1, 0.5, -1, 0.2]] },
      { w: 0.6, v: -0.4, mu: [0.1, 0, 0.3, -0.2], t: 1.2, psi },
    )
    a.log(given.log).moments(a.cell('f', 1), given.mean('f'), given.covariance('f', 'f')).fisher()
  })
  it('correlated factors', () => {
    const S = [
      [1.5, 0.4],
      [0.4, 0.8],
    ]
    const joint = W.reduce(
      (g, w, d) => g.add(`x${d}`, 0, { f1: w[0], f2: w[1] }, 0.25),
      new JointGaussian().addVector(['f1', 'f2'], [0, 0], [{}, {}], S),
    )
    const given = joint.given({ x0: 1, x1: 0.5, x2: -1 })
    const a = answers('correlated-factors', { x: [[1, 0.5, -1]] }, { W, S, psi: [0.5, 0.5, 0.5] }).log(given.log)
    near(a.covariance(a.cell('f', 1, 1), a.cell('f', 1, 2)), given.covariance('f1', 'f2'))
    a.moments(a.cell('f', 1, 2), given.mean('f2'), given.covariance('f2', 'f2'))
  })
  it('a factor that depends on another and on a covariate', () => {
    const joint = new JointGaussian()
      .add('f', 0, {}, 1)
      .add('g', 0.5 * 2, { f: 0.8 }, 1)
      .add('x1', 0, { f: 1 }, 0.36)
      .add('x2', 0, { f: -0.5 }, 0.36)
      .add('y1', 0, { g: 0.7 }, 0.49)
      .add('y2', 0, { g: 1.1 }, 0.49)
      .given({ x1: 1, x2: 0.3, y1: -0.4, y2: 2 })
    const a = answers(
      'regression-on-factors',
      { x: [[1, 0.3]], y: [[-0.4, 2]], c: [2] },
      { a: 0.8, b: 0.5, u: [1, -0.5], v: [0.7, 1.1], s: 0.6, r: 0.7 },
    )
    a.log(joint.log).moments(a.cell('g', 1), joint.mean('g'), joint.covariance('g', 'g')).fisher()
    near(a.covariance(a.cell('f', 1), a.cell('g', 1)), joint.covariance('f', 'g'))
  })
  it('a covariate measured with error', () => {
    const joint = new JointGaussian()
      .add('t', 0.3, {}, 1)
      .add('x', 0, { t: 1 }, 0.25)
      .add('y', 1, { t: 2 }, 0.16)
      .given({ x: 1.2, y: 2.5 })
    const a = answers('measured-twice', { x: [1.2], y: [2.5] }, { m: 0.3, a: 1, b: 2, t: 1, r: 0.5, s: 0.4 })
    a.log(joint.log).moments(a.cell('truth', 1), joint.mean('t'), joint.covariance('t', 't')).fisher()
  })
})

describe('random intercepts', () => {
  const y = [1, 2.5, -0.3, 0.4, 1.1]
  it('through an index column: one unit for each group', () => {
    const x = [0, 1, 2, 1, 0]
    const group = ['a', 'a', 'b', 'b', 'a']
    const joint = new JointGaussian().add('a', 0, {}, 0.81).add('b', 0, {}, 0.81)
    y.forEach((_, n) => {
      joint.add(`y${n}`, 0.2 + 0.5 * (x[n] ?? 0), { [group[n] ?? '']: 1 }, 0.25)
    })
    const given = joint.given(Object.fromEntries(y.map((v, n) => [`y${n}`, v])))
    const a = answers('random-intercepts', { group, x, y }, { b0: 0.2, b1: 0.5, t: 0.9, s: 0.5 }).log(given.log)
    a.moments(a.cell('u', 2), given.mean('b'), given.covariance('b', 'b')).fisher()
    expect(logLikelihoodParts(a.ground, a.params).units.map((u) => u.cells)).toEqual([['u[1]'], ['u[2]']])
  })
  it('with slopes that are correlated with them', () => {
    const S = [
      [1, 0.3],
      [0.3, 0.5],
    ]
    const x = [0, 1, 2, 1, 0]
    const joint = new JointGaussian().addVector(['i', 's'], [0.5, -0.2], [{}, {}], S)
    y.forEach((_, n) => {
      joint.add(`y${n}`, 0, { i: 1, s: x[n] ?? 0 }, 0.25)
    })
    const given = joint.given(Object.fromEntries(y.map((v, n) => [`y${n}`, v])))
    const a = answers('random-slopes', { group: y.map(() => 'a'), x, y }, { m: [0.5, -0.2], S, s: 0.5 }).log(given.log)
    near(a.covariance(a.cell('u', 1, 1), a.cell('u', 1, 2)), given.covariance('i', 's'))
    a.moments(a.cell('u', 1, 2), given.mean('s'), given.covariance('s', 's')).fisher()
  })
  it('crossed', () => {
    const subject = ['a', 'a', 'b', 'b', 'c']
    const item = ['p', 'q', 'p', 'q', 'q']
    const joint = new JointGaussian()
    for (const s of ['a', 'b', 'c']) joint.add(s, 0, {}, 0.49)
    for (const i of ['p', 'q']) joint.add(i, 0, {}, 1.21)
    y.forEach((_, n) => {
      joint.add(`y${n}`, 0.4, { [subject[n] ?? '']: 1, [item[n] ?? '']: 1 }, 0.16)
    })
    const given = joint.given(Object.fromEntries(y.map((v, n) => [`y${n}`, v])))
    const a = answers('crossed-intercepts', { subject, item, y }, { m: 0.4, t: 0.7, r: 1.1, s: 0.4 }).log(given.log)
    a.moments(a.cell('v', 1), given.mean('p'), given.covariance('p', 'p')).fisher()
    near(a.covariance(a.cell('u', 2), a.cell('v', 2)), given.covariance('b', 'q'))
  })
  it('nested plates', () => {
    const joint = new JointGaussian().add('a', 0.4, {}, 0.49)
    for (const j of [1, 2]) {
      joint.add(`b${j}`, 0, { a: 1 }, 0.36)
      for (const k of [1, 2]) joint.add(`y${j}${k}`, 0, { [`b${j}`]: 1 }, 0.25)
    }
    const given = joint.given({ y11: 1, y12: 0.5, y21: -0.3, y22: 2 })
    const data = {
      y: [
        [
          [1, 0.5],
          [-0.3, 2],
        ],
      ],
    }
    const a = answers('nested-intercepts', data, { m: 0.4, t: 0.7, r: 0.6, s: 0.5 }).log(given.log)
    a.moments(a.cell('b', 1, 2), given.mean('b2'), given.covariance('b2', 'b2')).fisher()
    near(a.covariance(a.cell('a', 1), a.cell('b', 1, 1)), given.covariance('a', 'b1'))
  })
  it('nested through columns, with a missing response', () => {
    const joint = new JointGaussian().add('s1', 0.4, {}, 0.49).add('s2', 0.4, {}, 0.49)
    for (const r of ['a', 'b', 'c']) joint.add(r, 0, {}, 0.36)
    const school = ['s1', 's1', 's2', 's2']
    const room = ['a', 'b', 'c', 'c']
    school.forEach((s, n) => {
      joint.add(`y${n}`, 0, { [s]: 1, [room[n] ?? '']: 1 }, 0.25)
    })
    const given = joint.given({ y0: 1, y2: -0.3, y3: 0.2 })
    const a = answers('nested-columns', { school, room, y: [1, null, -0.3, 0.2] }, { m: 0.4, t: 0.7, r: 0.6, s: 0.5 })
    a.log(given.log).moments(a.cell('y', 2), given.mean('y1'), given.covariance('y1', 'y1')).fisher()
  })
})

describe('a normal prior seen through known noise', () => {
  it('agrees with shrinkage written out', () => {
    const [mu, tau] = [5, 7]
    const data = { y: [28, 8, -3], se: [15, 10, 16] }
    const log = data.y.reduce((t, y, j) => {
      const v = tau ** 2 + (data.se[j] ?? 0) ** 2
      return t - 0.5 * ((y - mu) ** 2 / v + Math.log(2 * Math.PI * v))
    }, 0)
    const weight = tau ** 2 / (tau ** 2 + 10 ** 2)
    const a = answers('known-noise', data, { mu, tau }).log(log)
    a.moments(a.cell('theta', 2), mu + weight * (8 - mu), tau ** 2 * (1 - weight)).fisher()
  })
})
