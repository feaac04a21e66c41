/** Cells given all others, latents integrated out, beside closed forms and quadrature of SciPy: peers/predictive.py. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkCells } from '../../compiler/bind/residuals/cell-checks.js'
import { boundSource } from '../playground/bound-example.js'

type Case = Readonly<Record<string, unknown>>
const peer: Readonly<Record<string, Case>> = JSON.parse(
  readFileSync(new URL('../conformance/peers/predictive.json', import.meta.url), 'utf8'),
)

/** log P(X < x), log P(X ≤ x), log P(X ≥ x), log P(X > x), mean and sd of each cell; null is −∞, or no such moment. */
type Told = readonly (readonly (number | null)[])[]

/**
 * @param error of logs of probabilities, and of standardised residuals, relatively
 * @param level of the nodes of each posterior
 */
async function agrees(
  source: string,
  name: string,
  of: string,
  params: readonly string[],
  error = 1e-8,
  level = 0,
): Promise<void> {
  const known = peer[name]
  if (known === undefined) throw new Error(`no case ${name}`)
  const entries = Object.entries(known)
  const data = Object.fromEntries(entries.filter(([key]) => key !== 'told' && !params.includes(key)))
  const { model, start } = boundSource(source, data)
  const values = await start(Object.fromEntries(entries.filter(([key]) => params.includes(key))))
  for (const b of model.derivation.eStep.blocks)
    if (level > 0) expect(model.numbers.nodes.setLevel(b.id, level)).toBe(true)
  const found = checkCells(model, values).find((a) => a.data === of)
  expect(found?.reason).toBeNull()
  expect(found?.lost).toBe(0)
  const told = known.told as Told
  expect(found?.checks.length).toBe(told.length)
  const observed = (known[of] as readonly (number | readonly number[])[]).flat() as readonly number[]
  const near = (a: number | null, b: number, what: string): void => {
    expect(Math.abs((a ?? Number.NaN) - b), `${what}: ${a} for ${b}`).toBeLessThanOrEqual(
      error * Math.max(1, Math.abs(b)),
    )
  }
  found?.checks.forEach((c, i) => {
    const [mean, sd] = told[i]?.slice(4) ?? []
    const ours = [...c.below, ...c.above]
    told[i]?.slice(0, 4).forEach((theirs, side) => {
      const what = `tail ${side + 1} of cell ${i + 1}`
      if (theirs === null) expect(ours[side], what).toBeLessThan(-600)
      else near(ours[side] ?? null, theirs, what)
    })
    if (mean == null || sd == null) expect(c.residual, `cell ${i + 1}`).toBeNull()
    else near(c.residual, ((observed[i] ?? Number.NaN) - mean) / sd, `residual of cell ${i + 1}`)
  })
}

const ownRates = `model Counts
data g : category[N]
data t : positive[N]
data y : count[N]
param a, b : positive
for j in levels(g) { latent r ~ Gamma(a, b) }
for n in 1..N { y[n] ~ Poisson(r[g[n]] * t[n]) }`

for (const size of ['small', 'middle', 'large'])
  test(`counts with Gamma rates are negative binomial: ${size} shapes`, () =>
    agrees(ownRates, `counts ${size}`, 'y', ['a', 'b']))

for (const size of ['small', 'large'])
  test(`successes with Beta probabilities are beta-binomial: ${size} shapes`, () =>
    agrees(
      `model Successes
data g : category[N]
data n, y : count[N]
param a, b : positive
for j in levels(g) { latent p ~ Beta(a, b) }
for i in 1..N { y[i] ~ Binomial(n[i], p[g[i]]) }`,
      `successes ${size}`,
      'y',
      ['a', 'b'],
    ))

test('waiting times with Gamma rates are Lomax, which may have no mean or no variance', () =>
  agrees(
    `model Times
data g : category[N]
data x : positive[N]
param a, b : positive
for j in levels(g) { latent r ~ Gamma(a, b) }
for n in 1..N { x[n] ~ Exponential(r[g[n]]) }`,
    'times',
    'x',
    ['a', 'b'],
  ))

const spreads = {
  precision: ['latent u ~ Gamma(df / 2, rate = df / 2)', 's / sqrt(u)'],
  variance: ['latent v ~ InverseGamma(df / 2, df / 2)', 's * sqrt(v)'],
} as const
for (const [kind, [latent, sd]] of Object.entries(spreads))
  test(`with a ${kind} of their own numbers are Student's t`, () =>
    agrees(
      `model Spreads
data x : real[N]
param m : real
param s, df : positive
for n in 1..N {
  ${latent}
  x[n] ~ Normal(m, ${sd})
}`,
      'spreads',
      'x',
      ['m', 's', 'df'],
    ))

for (const [latent, mean, sd] of [
  ['s ~ Gamma(a, b)', '1 / sqrt(k * s)', '1 / sqrt(s[g[n]])'],
  ['s ~ InverseGamma(a, b)', 'sqrt(s / k)', 'sqrt(s[g[n]])'],
])
  test(`Normal means whose spread is a latent of their group: ${latent}`, () =>
    agrees(
      `model Means
data g : category[N]
data y : real[N]
param a, b, k : positive
param m0 : real
for j in levels(g) {
  latent ${latent}
  latent m ~ Normal(m0, ${mean})
}
for n in 1..N { y[n] ~ Normal(m[g[n]], ${sd}) }`,
      'means',
      'y',
      ['a', 'b', 'k', 'm0'],
    ))

test('a Normal latent under a logarithm', () =>
  agrees(
    `model Logs
data g : category[N]
data x : positive[N]
param m : real
param s, tau : positive
for j in levels(g) { latent u ~ Normal(0, tau) }
for n in 1..N { x[n] ~ LogNormal(m + u[g[n]], s) }`,
    'logs',
    'x',
    ['m', 's', 'tau'],
  ))

test('rates chosen by a discrete latent of their group', () =>
  agrees(
    `model Kinds
data g : category[N]
data y : count[N]
param pi : simplex[2]
param a, b : positive[2]
for j in levels(g) {
  latent z ~ Categorical(pi)
  latent r ~ Gamma(a[z], b[z])
}
for n in 1..N { y[n] ~ Poisson(r[g[n]]) }`,
    'kinds',
    'y',
    ['pi', 'a', 'b'],
  ))

test('intercepts whose posterior has no closed form', () =>
  agrees(
    `model Intercepts
data g : category[N]
data y : count[N]
param m : real
param s : positive
for j in levels(g) { latent u ~ Normal(0, s) }
for n in 1..N { y[n] ~ Poisson(log = m + u[g[n]]) }`,
    'intercepts',
    'y',
    ['m', 's'],
  ))

test('intercepts with slopes: nodes until they settle, of cells far off those without them', () =>
  agrees(
    `model Slopes
data g : category[N]
data x : real[N]
data y : count[N]
param m : real
param s, tau : positive
for j in levels(g) {
  latent u ~ Normal(0, s)
  latent v ~ Normal(0, tau)
}
for n in 1..N { y[n] ~ Poisson(log = m + u[g[n]] + v[g[n]] * x[n]) }`,
    'slopes',
    'y',
    ['m', 's', 'tau'],
    1e-4,
  ))

test('intercepts that are sums of four latents, whose posteriors are drawn', () =>
  agrees(
    `model Sums
data g : category[N]
data y : count[N]
param m : real
param s : positive
for j in levels(g) {
  latent a ~ Normal(0, s / 2)
  latent b ~ Normal(0, s / 2)
  latent c ~ Normal(0, s / 2)
  latent d ~ Normal(0, s / 2)
}
for n in 1..N { y[n] ~ Poisson(log = m + a[g[n]] + b[g[n]] + c[g[n]] + d[g[n]]) }`,
    'intercepts',
    'y',
    ['m', 's'],
    0.05,
    2,
  ))

test('angles of one of two kinds, on the turn from −π', () =>
  agrees(
    `model Angles
data x : real[N]
param pi : simplex[2]
param m : real[2]
param k : nonnegative[2]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ VonMises(m[z], k[z])
}`,
    'angles',
    'x',
    ['pi', 'm', 'k'],
  ))

test('coordinates of vectors with heavy tails', () =>
  agrees(
    `model RobustVectors
data x : real[N, 2]
param df : positive
param m : real[2]
param S : covariance[2]
for n in 1..N { x[n] ~ MvStudentT(df, m, S) }`,
    'robust vectors',
    'x',
    ['df', 'm', 'S'],
  ))
