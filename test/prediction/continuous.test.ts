import { expect, test } from 'vitest'
import { JointGaussian, logSum, normalDensity } from '../oracle/joint-gaussian.js'
import { fitAt, named, numbers } from './fit-at.js'

const near = (actual: number | undefined, wanted: number): void => {
  expect(Math.abs((actual ?? Number.NaN) - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)))
}

const factors = `model Factors
data  x : real[N, 3]
param W   : real[3, 2]
param mu  : real[3]
param psi : positive[3]
for n in 1..N {
  latent f : real[2] ~ Normal(0, 1)
  x[n] ~ Normal(mu + W * f, psi)
}`

test('factor scores and their covariance are those of the joint distribution', async () => {
  const [W, mu, psi] = [
    [
      [1, 0.5],
      [-0.7, 2],
      [0.3, 0.1],
    ],
    [1, 2, 3],
    [0.5, 0.8, 1.1],
  ]
  const rows = [
    [0.1, 2.5, 3.3],
    [2, -1, 2.2],
  ]
  const fit = await fitAt(factors, { x: rows }, { W, mu, psi })
  const f = named((await fit.predict({ x: rows })).latents, 'f')
  expect([f.kind, f.shape, f.own, f.parameters?.family]).toEqual(['continuous', [2], [2], 'MvNormal'])
  rows.forEach((row, n) => {
    const joint = new JointGaussian().add('f1', 0, {}, 1).add('f2', 0, {}, 1)
    for (const [d, m] of mu.entries())
      joint.add(`x${d}`, m, { f1: W[d]?.[0] ?? 0, f2: W[d]?.[1] ?? 0 }, (psi[d] ?? 0) ** 2)
    const given = joint.given(Object.fromEntries(row.map((v, d) => [`x${d}`, v])))
    ;['f1', 'f2'].forEach((a, i) => {
      near(f.mean?.[n * 2 + i], given.mean(a))
      near(f.variance?.[n * 2 + i], given.covariance(a, a))
      near(f.sd?.[n * 2 + i], Math.sqrt(given.covariance(a, a)))
      for (const [j, b] of ['f1', 'f2'].entries()) near(f.covariance?.[n * 4 + i * 2 + j], given.covariance(a, b))
    })
  })
})

test('the states of a vector chain have covariances, beyond the pattern of the sparse precision', async () => {
  // the two elements of a state are joined by neither statement: only the data of both tie them
  const text = `model TwoLevels
data  y : real[T]
param q, r : positive
latent x[1] : real[2] ~ Normal(0, 1)
for t in 2..T { latent x[t] : real[2] ~ Normal(x[t-1], q) }
for t in 1..T { y[t] ~ Normal(x[t, 1] + x[t, 2], r) }`
  const y = [1, -0.5, 2]
  const fit = await fitAt(text, { y }, { q: 0.7, r: 0.4 })
  const x = named((await fit.predict({ y })).latents, 'x')
  const joint = new JointGaussian()
  y.forEach((_, t) => {
    for (const i of [1, 2]) joint.add(`x${t}${i}`, 0, t === 0 ? {} : { [`x${t - 1}${i}`]: 1 }, t === 0 ? 1 : 0.49)
    joint.add(`y${t}`, 0, { [`x${t}1`]: 1, [`x${t}2`]: 1 }, 0.16)
  })
  const given = joint.given(Object.fromEntries(y.map((v, t) => [`y${t}`, v])))
  y.forEach((_, t) => {
    for (const i of [0, 1]) {
      near(x.mean?.[t * 2 + i], given.mean(`x${t}${i + 1}`))
      for (const j of [0, 1])
        near(x.covariance?.[t * 4 + i * 2 + j], given.covariance(`x${t}${i + 1}`, `x${t}${j + 1}`))
    }
  })
})

test('over discrete latents a mean is a mixture of means, and a variance is total', async () => {
  const text = `model SpikeAndSlab
data  y : real[N]
param w  : simplex[2]
param mu : real[2]
param tau : positive[2]
for n in 1..N {
  latent z ~ Categorical(w)
  latent v : real[2] ~ Normal(mu[z], tau[z])
  y[n] ~ Normal(v[1] + v[2], 1)
}`
  const [w, mu, tau] = [
    [0.3, 0.7],
    [0, 2],
    [0.2, 1.5],
  ]
  const y = 1.2
  const fit = await fitAt(text, { y: [y] }, { w, mu, tau })
  const v = named((await fit.predict({ y: [y] })).latents, 'v')
  expect(v.parameters).toBe(null)
  const parts = w.map((p, k) => {
    const [m, t] = [mu[k] ?? 0, (tau[k] ?? 0) ** 2]
    const gain = t / (1 + 2 * t)
    return {
      log: Math.log(p * normalDensity(y, 2 * m, 1 + 2 * t)),
      mean: m + gain * (y - 2 * m),
      variance: t - t * gain,
      covariance: -t * gain,
    }
  })
  const total = logSum(parts.map((p) => p.log))
  const over = (of: (p: (typeof parts)[number]) => number): number =>
    parts.reduce((s, p) => s + Math.exp(p.log - total) * of(p), 0)
  const mean = over((p) => p.mean)
  near(v.mean?.[0], mean)
  near(
    v.variance?.[1],
    over((p) => p.variance + (p.mean - mean) ** 2),
  )
  near(
    v.covariance?.[1],
    over((p) => p.covariance + (p.mean - mean) ** 2),
  )
})

test('a conjugate latent has its family and its parameters', async () => {
  const text = `model Pumps
data  y : count[N]
data  t : positive[N]
param a, b : positive
for n in 1..N {
  latent theta ~ Gamma(a, b)
  y[n] ~ Poisson(theta * t[n])
}`
  const data = { y: [5, 1, 40000], t: [94.3, 15.7, 2] }
  const fit = await fitAt(text, data, { a: 0.8, b: 1.3 })
  const theta = named((await fit.predict(data)).latents, 'theta')
  expect(theta.parameters?.family).toBe('Gamma')
  data.y.forEach((y, n) => {
    const [shape, rate] = [0.8 + y, 1.3 + (data.t[n] ?? 0)]
    near(theta.parameters?.values.get('shape')?.[n], shape)
    near(theta.parameters?.values.get('rate')?.[n], rate)
    near(theta.mean?.[n], shape / rate)
    // a large shape: as a difference of raw moments nothing would be left of it
    expect((theta.variance?.[n] ?? 0) / (shape / rate ** 2)).toBeCloseTo(1, 12)
  })
})

test('a Dirichlet has the covariance of its elements', async () => {
  const text = `model Shares
data  y : count[N, 3]
param alpha : positive[3]
for n in 1..N {
  latent p : simplex[3] ~ Dirichlet(alpha)
  y[n] ~ Multinomial(p)
}`
  const alpha = [0.5, 1.5, 2]
  const y = [[3, 0, 1]]
  const fit = await fitAt(text, { y }, { alpha })
  const p = named((await fit.predict({ y })).latents, 'p')
  const a = alpha.map((x, i) => x + (y[0]?.[i] ?? 0))
  const total = a.reduce((s, x) => s + x, 0)
  // Kotz, Balakrishnan and Johnson (2000), section 49.1
  a.forEach((x, i) => {
    near(p.mean?.[i], x / total)
    a.forEach((other, j) => {
      const wanted = ((i === j ? x * total : 0) - x * other) / (total ** 2 * (total + 1))
      near(p.covariance?.[i * 3 + j], wanted)
    })
  })
})

test('rows of ragged sequences lie one after another', async () => {
  const text = `model Levels
data  y : real[R][T]
param q, s : positive
for r in 1..R {
  latent m[1] ~ Normal(0, 1)
  for t in 2..T { latent m[t] ~ Normal(m[t-1], q) }
  for t in 1..T { y[r, t] ~ Normal(m[t], r) }
}`
    .replaceAll('param q, r', 'param q, s')
    .replace('m[t], r)', 'm[t], s)')
  const rows = { id: ['a', 'b', 'b', 'b'], y: [1, 2, 3, 4] }
  const fit = await fitAt(text, rows, { q: 0.5, s: 1 }, { groupBy: 'id' })
  const m = named((await fit.predict(rows)).latents, 'm')
  expect(m.rows).toBe(4)
  expect(m.lengths).toEqual([1, 3])
  const alone = named((await fit.predict({ id: ['b', 'b', 'b'], y: [2, 3, 4] })).latents, 'm')
  near(m.mean?.[0], 0.5)
  for (const [i, x] of numbers(alone.mean).entries()) near(m.mean?.[i + 1], x)
})

test('a group that the fit has not seen has the prior, where nothing of it is observed', async () => {
  const text = `model Intercepts
data  group : category[N]
data  y : real?[N]
param b, t, s : real
for g in levels(group) { latent u[g] ~ Normal(0, exp(t)) }
for n in 1..N { y[n] ~ Normal(b + u[group[n]], exp(s)) }`
  const seen = { group: ['p', 'p', 'q'], y: [1, 2, 3] }
  const fit = await fitAt(text, seen, { b: 0.5, t: 0.3, s: 0.1 })
  const u = named((await fit.predict({ group: ['p', 'new'], y: [1, null] })).latents, 'u')
  expect(u.rows).toBe(3)
  near(u.mean?.[2], 0)
  near(u.sd?.[2], Math.exp(0.3))
})

test('latents with an observed sum have variances: Binomial counts, and what the sum leaves of Normal ones', async () => {
  const grades = `model Grades
data  h, c, d : count
param mu : real in (0, 1/6)
latent a, b : count
[a, b, c, d] ~ Multinomial([1/2, mu, 2*mu, 1/2 - 3*mu])
observe h = a + b`
  const data = { h: 14, c: 9, d: 10 }
  const counts = (await (await fitAt(grades, data, { mu: 0.1 })).predict(data)).latents
  const share = 0.5 / 0.6
  near(named(counts, 'a').mean?.[0], 14 * share)
  for (const name of ['a', 'b']) near(named(counts, name).sd?.[0], Math.sqrt(14 * share * (1 - share)))

  const sums = `model Sums
data  y : real[N]
param m : real[3]
param s : positive[3]
for n in 1..N {
  latent u ~ Normal(m[1], s[1])
  latent v ~ Normal(m[2], s[2])
  latent w ~ Normal(m[3], s[3])
  observe y[n] = u + 2 * v + w
}`
  const params = { m: [1, 2, 3], s: [0.5, 1, 2] }
  const { latents } = await (await fitAt(sums, { y: [4, 9] }, params)).predict({ y: [4, 9] })
  const joint = new JointGaussian()
    .add('u', 1, {}, 0.25)
    .add('v', 2, {}, 1)
    .add('w', 3, {}, 4)
    .add('y', 0, { u: 1, v: 2, w: 1 }, 0)
  ;[4, 9].forEach((y, n) => {
    const given = joint.given({ y })
    for (const name of ['u', 'v', 'w']) {
      near(named(latents, name).mean?.[n], given.mean(name))
      near(named(latents, name).sd?.[n], Math.sqrt(given.covariance(name, name)))
    }
  })
})

test('covariances are left out where they are not wanted', async () => {
  const x = [[1, 2, 3]]
  const W = [
    [1, 0],
    [0, 1],
    [1, 1],
  ]
  const fit = await fitAt(factors, { x }, { W, mu: [0, 0, 0], psi: [1, 1, 1] })
  const [whole, short] = [await fit.predict({ x }), await fit.predict({ x }, { covariance: false })]
  expect(named(whole.latents, 'f').covariance?.length).toBe(4)
  expect(named(short.latents, 'f').covariance).toBe(null)
  expect(numbers(named(short.latents, 'f').mean)).toEqual(numbers(named(whole.latents, 'f').mean))
})
