/** Hard mode of counts that share out an observed total: the most probable split, against all splits. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../index.js'
import { lgamma } from '../../oracle/special-functions.js'

/** All ways to share a total out over k counts. */
function splits(total: number, k: number): readonly (readonly number[])[] {
  if (k === 1) return [[total]]
  return Array.from({ length: total + 1 }, (_, first) =>
    splits(total - first, k - 1).map((rest) => [first, ...rest]),
  ).flat()
}

/** log of Π p_i^x_i / x_i!. */
const logOf = (x: readonly number[], p: readonly number[]): number =>
  x.reduce((sum, n, i) => sum + (n === 0 ? 0 : n * Math.log(p[i] ?? 0)) - lgamma(n + 1), 0)

const names = ['a', 'b', 'c', 'd']

/** Rows of totals of k counts with fixed shares; the rest of one cell gives the model a param. */
const shared = (p: readonly number[]): string => `model Shared
data  h, r : count[N]
param mu : real in (0, 1)
for n in 1..N {
  latent ${names.slice(0, p.length).join(', ')} : count
  [${names
    .slice(0, p.length)
    .map((x) => `${x}[n]`)
    .join(', ')}, r[n]] ~ Multinomial([${p.map((x) => `${x} * mu`).join(', ')}, 1 - mu])
  observe h[n] = ${names
    .slice(0, p.length)
    .map((x) => `${x}[n]`)
    .join(' + ')}
}`

describe('the most probable split', () => {
  it.each([
    [[0.3, 0.7]],
    [[0.5, 0.5]],
    [[0.2, 0.3, 0.5]],
    [[0.05, 0.9, 0.05]],
    [[0.25, 0.25, 0.25, 0.25]],
    [[0.61, 0.02, 0.3, 0.07]],
    [[0, 0.4, 0.6]],
  ])('of every total to 14 is one that no other is more probable than: %j', (p) => {
    const h = Array.from({ length: 15 }, (_, n) => n)
    for (const backend of ['js', 'wasm', 'interpret'] as const) {
      const model = compileOrThrow(shared(p)).bind({ h, r: h }, { mode: 'hard', backend }).model
      const params = Float64Array.of(0.4)
      const counts = model.countMeans(params)
      let sum = 0
      h.forEach((total) => {
        const x = names.slice(0, p.length).map((name) => counts.get(name)?.[total] ?? Number.NaN)
        expect(x.reduce((a, b) => a + b, 0)).toBe(total)
        expect(x.every(Number.isInteger)).toBe(true)
        const best = Math.max(
          ...splits(total, p.length)
            .map((s) => logOf(s, p))
            .filter((v) => !Number.isNaN(v)),
        )
        expect(logOf(x, p)).toBeGreaterThanOrEqual(best - 1e-12 * Math.abs(best))
        // the multinomial density of all cells
        sum += lgamma(2 * total + 1) - lgamma(total + 1) + best + total * (Math.log(0.4) + Math.log(0.6))
      })
      expect(model.eStep(params).logLikelihood).toBeCloseTo(sum, 9)
    }
  })
})

describe('the fit', () => {
  const grades = `model Grades
data h, c, d : count
param mu : real in (0, 1/6)
latent a, b : count
[a, b, c, d] ~ Multinomial([1/2, mu, 2*mu, 1/2 - 3*mu])
observe h = a + b`

  it('never lowers the complete-data log-likelihood, and ends where neither half can raise it', async () => {
    const set = { h: 20, c: 10, d: 10 }
    const model = compileOrThrow(grades)
    const fit = (await model.fit([], { mode: 'hard', set, restarts: 5 })).toJSON()
    const trace = fit.trace.map(Number)
    expect(fit.converged).toBe(true)
    trace.slice(1).forEach((l, t) => {
      expect(l).toBeGreaterThanOrEqual((trace[t] ?? 0) - 1e-12 * Math.abs(l))
    })
    // over all b the best mu is (b + c) / (6(b + c + d)), and the best pair of them is an end
    const complete = (b: number, mu: number): number =>
      logOf([20 - b, b, 10, 10], [0.5, mu, 2 * mu, 0.5 - 3 * mu]) + lgamma(41)
    const ends = Array.from({ length: 21 }, (_, b) => ({ b, mu: (b + 10) / (6 * (b + 20)) })).filter(({ b, mu }) =>
      Array.from({ length: 21 }, (_, other) => other).every((other) => complete(other, mu) <= complete(b, mu) + 1e-12),
    )
    const own = ends.find(({ mu }) => Math.abs(mu - Number(fit.params.mu)) < 1e-9)
    expect(own).toBeDefined()
    expect(Number(fit.objective)).toBeCloseTo(complete(own?.b ?? 0, own?.mu ?? 0), 9)
    expect(Number(fit.objective)).toBeLessThan(Number(fit.logLikelihood))
  })

  it('says so in the derivation', () => {
    const text = compileOrThrow(grades).hardDerivation.toText()
    expect(text).toContain('the most probable a, b')
    expect(text).toContain('(a, b) = argmax_{a + b = h} (½)^a μ^b / (a! b!)')
    expect(text.replace(/\s+/g, ' ')).toContain('fewer units than there are counts are left')
    expect(text).toContain('Q(θ) = b log μ')
    expect(text).not.toContain('E[')
  })
})
