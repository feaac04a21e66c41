/** Residuals at the maximum of the likelihood beside those of base R and MASS, for models that these know: peers/residuals.R. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compileOrThrow, type DataResiduals, readTable } from '../../index.js'

const read = (path: string): string => readFileSync(new URL(`../conformance/${path}`, import.meta.url), 'utf8')

type Figures = Readonly<Record<string, number | readonly number[]>>
const peer: Readonly<Record<string, Figures>> = JSON.parse(read('peers/residuals.json'))

const list = (name: string, figure: string): readonly number[] => [peer[name]?.[figure] ?? []].flat()
const one = (name: string, figure: string): number => list(name, figure)[0] ?? Number.NaN

/** From R's maximum a few steps of EM, which stay there. */
async function residualsOf(source: string, file: string, start: Readonly<Record<string, unknown>>, data: string) {
  const { value: table } = readTable(file, read(`data/${file}`))
  if (table === undefined) throw new Error(file)
  const fit = await compileOrThrow(source).fit([table], { start, maxIterations: 3, tolerance: 0 })
  const found = (await fit.residuals()).arrays.find((a) => a.data === data)
  if (found === undefined) throw new Error(`no ${data}`)
  return found
}

const agree = (ours: readonly (number | null | undefined)[], theirs: readonly number[], digits = 5): void => {
  expect(theirs.length).toBeGreaterThan(0)
  theirs.forEach((x, n) => {
    expect(ours[n], `number ${n + 1}`).toBeCloseTo(x, digits)
  })
}

/** Each drawn place lies between P(X < x) and P(X ≤ x), and its quantile residual belongs to it. */
function liesBetween({ cells }: DataResiduals, name: string): void {
  const [below, above] = [list(name, 'below'), list(name, 'above')]
  below.forEach((low, n) => {
    expect(cells[n]?.pit).toBeGreaterThan(low - 1e-6)
    expect(cells[n]?.pit).toBeLessThan((above[n] ?? Number.NaN) + 1e-6)
  })
}

test('of a Poisson regression: Pearson residuals of glm', async () => {
  const source = `model Articles
data  art : count[N]
data  fem, ment : real[N]
param a, b, c : real
for n in 1..N { art[n] ~ Poisson(log = a + b * fem[n] + c * ment[n]) }`
  const [a, b, c] = list('poisson', 'beta')
  const own = await residualsOf(source, 'biochemists.csv', { a, b, c }, 'art')
  agree(
    own.cells.map((x) => x.residual),
    list('poisson', 'pearson'),
  )
  agree(own.histogram ?? [], list('poisson', 'tenths'))
  liesBetween(own, 'poisson')
})

test('of a logistic regression: probabilities, what is to be expected, and the Brier score', async () => {
  const source = `model Women
data  fem : bool[N]
data  ment : real[N]
param a, b : real
for n in 1..N { fem[n] ~ Bernoulli(logit = a + b * ment[n]) }`
  const [a, b] = list('logistic', 'beta')
  const own = await residualsOf(source, 'biochemists.csv', { a, b }, 'fem')
  agree(
    own.cells.map((x) => x.probability),
    list('logistic', 'probability'),
  )
  agree(own.frequencies?.map((f) => f.expected) ?? [], list('logistic', 'expected'), 3)
  expect(own.calibration?.brier).toBeCloseTo(one('logistic', 'brier'), 6)
})

test('of a negative binomial: Pearson residuals of glm.nb', async () => {
  const source = `model Days
data  days : count[N]
param size, mean : positive
for n in 1..N { days[n] ~ NegativeBinomial(size, mean) }`
  const name = 'negativeBinomial'
  const own = await residualsOf(source, 'quine_days.csv', { size: one(name, 'size'), mean: one(name, 'mean') }, 'days')
  agree(
    own.cells.map((x) => x.residual),
    list(name, 'pearson'),
    4,
  )
  liesBetween(own, name)
})

test('of a mixture of Poissons', async () => {
  const source = read('models/A18-earthquakes-poismix-k2.estep')
  const start = { w: list('poissonMixture', 'w'), rate: list('poissonMixture', 'rate') }
  const own = await residualsOf(source, 'earthquakes.csv', start, 'count')
  agree(
    own.cells.map((x) => x.residual),
    list('poissonMixture', 'pearson'),
  )
  agree(own.histogram ?? [], list('poissonMixture', 'tenths'))
  liesBetween(own, 'poissonMixture')
})

test('of a mixture of regressions: places, quantile residuals, and the distance from uniform of ks.test', async () => {
  const source = read('models/A20-npreg-mixreg.estep')
  const name = 'regressions'
  const start = { w: list(name, 'w'), b: [list(name, 'b1'), list(name, 'b2')], sigma: list(name, 'sigma') }
  const own = await residualsOf(source, 'npreg.csv', start, 'yn')
  const of = (pick: 'pit' | 'quantile' | 'residual'): readonly (number | null)[] => own.cells.map((x) => x[pick])
  agree(of('pit'), list(name, 'pit'))
  agree(of('quantile'), list(name, 'quantile'))
  agree(of('residual'), list(name, 'residual'))
  expect(own.distance?.value).toBeCloseTo(one(name, 'distance'), 5)
})
