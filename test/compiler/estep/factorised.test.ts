/** Factorised posteriors: which latents stay together, and their numbers against formulas and programs of their own. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { derive } from '../../../compiler/derive.js'
import { distributionByName } from '../../../compiler/distributions/index.js'
import { planFilter } from '../../../compiler/estep/filtered.js'
import { compile, compileOrThrow } from '../../../index.js'
import { typedModel } from '../../certify/certified.js'
import { crossedGroups } from '../../modes/models.js'

interface Factorised {
  readonly factors: readonly { readonly latents: readonly string[]; readonly joinedWith: readonly string[] }[]
  readonly declined: readonly { readonly code: string }[]
}

const certified = (name: string): string =>
  readFileSync(new URL(`../../certify/models/${name}.estep`, import.meta.url), 'utf8')

function factorsOf(text: string): readonly (readonly string[])[] {
  const plan = compileOrThrow(text).plan as { readonly factorised?: Factorised }
  return plan.factorised?.factors.map((f) => f.latents) ?? []
}

const [m0, p0, a0, b0] = [0.5, 0.3, 2, 1.5]
const independent = `model M
data x : real[N]
latent tau ~ Gamma(${a0}, ${b0})
latent mu ~ Normal(${m0}, precision=${p0})
for n in 1..N { x[n] ~ Normal(mu, precision=tau) }`

describe('which latents stay together', () => {
  test.each([
    ['latent-dirichlet', [['theta'], ['z']]],
    ['latent-dirichlet-bayesian', [['theta'], ['phi'], ['z']]],
    ['scaled-intercepts', [['lambda', 'mu'], ['u']]],
    ['crossed-groups', [['z'], ['w']]],
    // one system over all places of the chain, which is updated first
    ['switching-level', [['m'], ['z']]],
    ['mood-of-days', [['mood'], ['z']]],
  ] as const)('%s', (name, factors) => {
    expect(factorsOf(certified(name))).toEqual(factors)
  })

  test('what has an exact posterior together is one factor', () => {
    // a class and the factor scores of its rows go together; the precision of each group does not
    const text = `model M
data g : category[N]
data x : real[N]
param w : simplex[2]
param m : real[2]
for i in levels(g) { latent tau ~ Gamma(2, 2) }
for n in 1..N {
  latent z ~ Categorical(w)
  latent f ~ Normal(m[z], 1)
  x[n] ~ Normal(f, precision=tau[g[n]])
}`
    expect(factorsOf(text).map((f) => [...f].sort())).toEqual([['tau'], ['f', 'z']])
  })

  test('an exact posterior is left exact', () => {
    expect(factorsOf(certified('mixture-of-factors'))).toEqual([])
    // a mean with a precision that is a multiple of that of its rows
    expect(factorsOf(certified('normal-gamma'))).toEqual([])
    expect(compileOrThrow(certified('nested-classes')).plan).not.toHaveProperty('factorised')
  })

  test('a Normal latent with its spread has no filtered states', () => {
    const chain = typedModel(`model M
data y : real[T]
param a : positive
latent v ~ InverseGamma(2, a)
latent m[1] ~ Normal(0, var=v)
for t in 2..T { latent m[t] ~ Normal(m[t-1], var=v / 4) }
for t in 1..T { y[t] ~ Normal(m[t], var=v) }`)
    const { eStep } = derive(chain, distributionByName).value ?? {}
    expect(eStep?.bound).toBe('exact')
    expect(eStep === undefined ? '' : planFilter(eStep)).toContain('the spread of `m` is latent too')
  })

  test('the plan says what closed the exact E-step', () => {
    const { factorised } = compileOrThrow(independent).plan as unknown as {
      readonly factorised: Factorised
    }
    expect(factorised.declined.map((d) => d.code)).toEqual(['E402'])
    expect(factorised.factors.map((f) => f.joinedWith)).toEqual([['mu'], ['tau']])
  })

  test('in hard mode factors take their most probable values in turn', () => {
    const model = compileOrThrow(certified('crossed-groups'))
    expect(JSON.stringify(model.hardDerivation)).toContain('iterated conditional modes')
  })

  test('a network is one array of latents, and stays refused', () => {
    const { ok, diagnostics } = compile(`model M
const K = 2
data x : real[I, I]
param p : simplex[K]
param mu : real[K, K]
for i in 1..I { latent u[i] ~ Categorical(p) }
for i in 1..I { for j in 1..I { x[i, j] ~ Normal(mu[u[i], u[j]], 1) } }`)
    expect(ok).toBe(false)
    expect(diagnostics.map((d) => d.code)).toEqual(['E405'])
  })
})

describe('numbers', () => {
  test('a mean and a precision with priors of their own: Bishop (2006), section 10.1.3', async () => {
    const x = [1.2, -0.4, 2.3, 0.7, 1.9, 3.1]
    const fit = await compileOrThrow(independent).fit({ x }, { tolerance: 1e-14 })
    const n = x.length
    const total = x.reduce((a, b) => a + b, 0)
    const shape = a0 + n / 2
    let [mean, expected, rate] = [0, 1, b0]
    for (let i = 0; i < 1000; i++) {
      const variance = 1 / (p0 + n * expected)
      mean = variance * (p0 * m0 + expected * total)
      rate = b0 + x.reduce((s, v) => s + (v - mean) ** 2 + variance, 0) / 2
      expected = shape / rate
    }
    const tau = fit.posterior('tau')
    const mu = fit.posterior('mu')
    expect(fit.result.bound).toBe('variational')
    expect(tau.parameters?.values.get('shape')?.[0]).toBeCloseTo(shape, 10)
    expect(tau.parameters?.values.get('rate')?.[0]).toBeCloseTo(rate, 7)
    expect(mu.mean?.[0]).toBeCloseTo(mean, 7)
    expect(mu.variance?.[0]).toBeCloseTo(1 / (p0 + n * expected), 7)
    expect(fit.result.warnings.map((w) => w.code)).toContain('W534')
  })

  test('factors of a matrix: coordinate ascent written out', async () => {
    const rows = 4
    const columns = 3
    const value = (i: number, j: number): number => Math.sin(3 * i + j) + 0.5 * i * (j - 1)
    const cells = Array.from({ length: rows * columns }, (_, c) => [Math.floor(c / columns), c % columns] as const)
    const model = compileOrThrow(`model M
data row, col : category[N]
data x : real[N]
for i in levels(row) { latent u ~ Normal(0, 1) }
for j in levels(col) { latent v ~ Normal(0, 1) }
for n in 1..N { x[n] ~ Normal(u[row[n]] * v[col[n]], 0.5) }`)
    const data = {
      row: cells.map(([i]) => `r${i}`),
      col: cells.map(([, j]) => `c${j}`),
      x: cells.map(([i, j]) => value(i, j)),
    }
    const fit = await model.fit(data, { tolerance: 1e-14, restarts: 6 })
    const bounds = [1, -1, 0.5].map((start) => ascent(value, rows, columns, 0.25, start))
    expect(fit.logLikelihood).toBeCloseTo(Math.max(...bounds), 6)
    // new rows at the same place have the same bound
    const score = await fit.score(data)
    expect(score.logLikelihood).toBeCloseTo(fit.logLikelihood, 6)
    const sum = score.contributions.reduce((s, c) => s + c.values.reduce((a, b) => a + b, 0), 0)
    expect(sum).toBeCloseTo(score.logLikelihood, 6)
  })
})

/** The bound of x[i, j] ~ Normal(u[i] v[j], σ²), u and v standard Normal, at the end of coordinate ascent. */
function ascent(x: (i: number, j: number) => number, rows: number, columns: number, s2: number, start: number): number {
  const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)
  let u = range(rows).map(() => ({ m: 0, v: 1 }))
  let v = range(columns).map((j) => ({ m: start * (1 + j), v: 0.1 }))
  for (let sweep = 0; sweep < 20_000; sweep++) {
    u = range(rows).map((i) => {
      const precision = 1 + v.reduce((s, q) => s + q.m ** 2 + q.v, 0) / s2
      return { m: v.reduce((s, q, j) => s + q.m * x(i, j), 0) / s2 / precision, v: 1 / precision }
    })
    v = range(columns).map((j) => {
      const precision = 1 + u.reduce((s, q) => s + q.m ** 2 + q.v, 0) / s2
      return { m: u.reduce((s, q, i) => s + q.m * x(i, j), 0) / s2 / precision, v: 1 / precision }
    })
  }
  const prior = [...u, ...v].reduce((s, q) => s - (q.m ** 2 + q.v) / 2 + 0.5 + 0.5 * Math.log(q.v), 0)
  return u.reduce(
    (s, a, i) =>
      v.reduce((t, b, j) => {
        const square = x(i, j) ** 2 - 2 * x(i, j) * a.m * b.m + (a.m ** 2 + a.v) * (b.m ** 2 + b.v)
        return t - 0.5 * Math.log(2 * Math.PI * s2) - square / (2 * s2)
      }, s),
    prior,
  )
}

describe('params with probabilities of 0 and 1', () => {
  const rows = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => ({ i, j, y: i === j || (i === 2 && j === 1) })))
  const data = { g: rows.map((x) => `g${x.i}`), h: rows.map((x) => `h${x.j}`), y: rows.map((x) => x.y) }

  /** log p(y, a, b). */
  const joint = (r: readonly number[], labels: readonly number[]): number =>
    rows.reduce((sum, { i, j, y }) => {
      const own = r[2 * (labels[i] ?? 0) + (labels[3 + j] ?? 0)] ?? 0
      return sum + Math.log(y ? own : 1 - own)
    }, 6 * Math.log(0.5))

  const all = Array.from({ length: 64 }, (_, c) => Array.from({ length: 6 }, (_x, i) => (c >> i) & 1))
  const { model } = compileOrThrow(crossedGroups).bind(data as never, {}, null)

  test.each([
    ['one block of 1', [0.5, 1, 0, 0.5]],
    ['no mixed block but one', [1, 0.3, 0, 0.4]],
    ['two', [0, 0.6, 0.2, 1]],
  ])('labels are found that are possible: %s', (_, r) => {
    const logs = all.map((labels) => joint(r, labels))
    const exact = Math.log(logs.reduce((sum, l) => sum + Math.exp(l), 0))
    expect(exact).toBeGreaterThan(Number.NEGATIVE_INFINITY)
    for (let seed = 1; seed <= 10; seed++) {
      const made = model.eStep(Float64Array.from([0.5, 0.5, 0.5, 0.5, ...r]), { seed })
      expect(made.logLikelihood).toBeLessThanOrEqual(exact + 1e-9)
      // a bound, though not always the best
      expect(made.logLikelihood).toBeGreaterThan(exact - 5)
    }
  })

  test('where none are, the bound is −∞', () => {
    const made = model.eStep(Float64Array.from([0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1]), { seed: 1 })
    expect(made.logLikelihood).toBe(Number.NEGATIVE_INFINITY)
  })
})
