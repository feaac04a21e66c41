/** What holds for every distribution. They are found in the index; a new one is held to this without a line here. */
import { describe, expect, it } from 'vitest'
import { distributionByName, distributions, signatures } from '../../compiler/distributions/index.js'
import { asMatrix, asNumber, asVector } from '../../compiler/distributions/support/numeric-arguments.js'
import type { Distribution, NumericArgument } from '../../compiler/distributions/types.js'
import { Rayleigh } from './fixtures/rayleigh.js'
import { type Anchors, kebab, readAnchors } from './support/anchors.js'
import {
  type Arguments,
  numericDensity,
  numericDomain,
  numericMass,
  numericMoments,
} from './support/numeric-density.js'
import { seededRandom } from './support/random.js'
import { scalarMass, totalMass } from './support/total-mass.js'

const DRAWS = 20_000
const STANDARD_ERRORS = 5
/** Relative to the size of the log density, and absolute below 1. */
const AGREEMENT = 1e-11

for (const distribution of [...distributions, Rayleigh]) {
  const { name, parametrisations, value: values } = distribution.signature
  describe(name, () => {
    const anchors = anchorsOf(name)

    it('has at least 20 published values and 3 sets of arguments', () => {
      expect(anchors.points.length).toBeGreaterThanOrEqual(20)
      expect(anchors.moments.length).toBeGreaterThanOrEqual(3)
    })

    it('agrees with the published values in every parametrisation', () => {
      for (const point of anchors.points) {
        for (const args of point.parametrisations) {
          const found = densityInSupport(distribution, args, point.parametrisations[0] ?? args, point.value)
          expectClose(found, point.logDensity, AGREEMENT, () => describeCase(args, point.value))
        }
      }
    })

    it('has published values for every parametrisation, with the arguments of the signature', () => {
      parametrisations.forEach((parametrisation, i) => {
        const given = anchors.points.flatMap((p) => p.parametrisations[i] ?? [])
        expect(given.length).toBeGreaterThanOrEqual(20)
        for (const args of given) expect([...args.keys()]).toEqual(parametrisation.arguments.map((a) => a.name))
      })
    })

    it('has the support of the published values, where its log density is finite', () => {
      let outside = 0
      for (const point of anchors.points) {
        const args = point.parametrisations[0] ?? new Map()
        const inside = distribution.inSupport(point.value, args)
        expect(inside, describeCase(args, point.value)).toBe(Number.isFinite(point.logDensity))
        if (inside) expect(numericDensity(distribution, args)(point.value)).toBeGreaterThan(-Infinity)
        else outside += 1
      }
      if (outside === 0) skipped(name, 'support', 'every finite value of the right shape is in it')
      else expect(outside).toBeGreaterThanOrEqual(2)
    })

    it('refuses values that are not of its kind', () => {
      const args = anchors.moments[0]?.arguments ?? new Map()
      expect(distribution.inSupport(Number.NaN, args)).toBe(false)
      expect(distribution.inSupport(Infinity, args)).toBe(false)
      expect(distribution.inSupport(values.rank === 1 ? 0.5 : [0.5, 0.5], args)).toBe(false)
      expect(distribution.inSupport(values.rank === 2 ? [1] : [[1, 0]], args)).toBe(false)
    })

    it('has a domain exactly where its values are discrete numbers', () => {
      const args = anchors.moments[0]?.arguments ?? new Map()
      const domain = numericDomain(distribution, args)
      expect(domain !== null).toBe(values.discrete && values.rank === 0)
      if (domain === null) return
      expect(domain.low).toBeLessThanOrEqual(domain.high)
      expect(distribution.inSupport(domain.low - 1, args)).toBe(false)
      if (domain.high < Infinity) expect(distribution.inSupport(domain.high + 1, args)).toBe(false)
    })

    describe.each(anchors.moments)('with $arguments', ({ arguments: args, expectations }) => {
      const label = describeCase(args)
      const draws = sampled(distribution, args, DRAWS)

      it('has total mass 1', () => {
        const found = totalMass(distribution, args, draws.slice(0, 2000))
        if ('reason' in found) skipped(`${name} ${label}`, 'total mass', found.reason)
        else expect(Math.abs(found.mass - 1)).toBeLessThanOrEqual(found.tolerance)
      })

      it('samples its support', () => {
        const logDensity = numericDensity(distribution, withoutTotal(args))
        for (const x of draws.slice(0, 2000)) {
          expect(distribution.inSupport(x, args), describeCase(args, x)).toBe(true)
          expect(Number.isFinite(logDensity(x))).toBe(true)
        }
      })

      it('samples with its moments', () => {
        for (const { of, value } of expectations) {
          const products = draws.map((x) => of.reduce((product, place) => product * read(x, place), 1))
          expectMean(products, value, `${label} ${JSON.stringify(of)}`)
        }
        if (expectations.length === 0) skipped(`${name} ${label}`, 'moments', 'none has an estimate of finite variance')
      })

      it('samples with its distribution function', () => {
        if (values.rank > 0) return skipped(name, 'distribution function', `values of rank ${values.rank}`)
        const numbers = draws.map((x) => asNumber(x) ?? Number.NaN)
        const sorted = [...numbers].sort((a, b) => a - b)
        for (const q of [0.05, 0.25, 0.5, 0.9, 0.99]) {
          // the bound comes from one half of the draws and is tried on the other, so that the two are independent
          const bound = sorted.length === 0 ? Number.NaN : quantile(numbers.slice(0, DRAWS / 2), q)
          const { mass } = scalarMass(distribution, args, numbers.slice(0, 2000), bound)
          const below = numbers.slice(DRAWS / 2).map((x) => (x <= bound ? 1 : 0))
          expectMean(below, mass, `${label} P(x ≤ ${bound})`, Math.sqrt(Math.max(0, mass * (1 - mass))))
        }
      })
    })

    it('has the published mean and variance, where they are in closed form', () => {
      const moments = anchors.moments.flatMap(({ arguments: args, expectations }) => {
        const found = numericMoments(distribution, args)
        return found === null ? [] : [{ args, found, expectations }]
      })
      if (moments.length === 0) return skipped(name, 'closed-form moments', 'it has none')
      for (const { args, found, expectations } of moments)
        for (const { of, value } of expectations)
          if (of.every((place) => place.length === 0))
            expectClose(of.length === 1 ? found.mean : found.variance + found.mean ** 2, value, 1e-9, () =>
              describeCase(args),
            )
    })

    it('has the published masses in the form that is linear in probabilities', () => {
      if (distribution.mass === undefined) return skipped(name, 'masses', 'it has its log density only')
      for (const point of anchors.points)
        for (const args of point.parametrisations)
          if (Number.isFinite(point.logDensity) && typeof point.value === 'number')
            expectClose(
              numericMass(distribution, args, point.value) ?? Number.NaN,
              Math.exp(point.logDensity),
              1e-11,
              () => describeCase(args, point.value),
            )
    })

    it('prints every argument', () => {
      const first = parametrisations[0]?.arguments.map((a) => `\\${a.name}`) ?? []
      const text = distribution.latex(first)
      for (const argument of first) expect(text).toContain(argument)
    })
  })
}

describe('the index', () => {
  it('has each name once', () => {
    expect(distributionByName.size).toBe(distributions.length)
    expect(new Set(signatures.map((s) => s.name)).size).toBe(signatures.length)
    for (const d of distributions) expect(signatures).toContain(d.signature)
  })

  it('names arguments that exist', () => {
    for (const { name, value, parametrisations } of signatures) {
      const first = parametrisations[0]?.arguments.map((a) => a.name) ?? []
      for (const named of [value.sizeOf, value.indexOf]) if (named !== undefined) expect(first, name).toContain(named)
    }
  })
})

describe('a number for a vector argument', () => {
  it.each([
    ['Dirichlet', new Map([['a', 2]]), new Map([['a', [2, 2, 2]]]), [0.2, 0.5, 0.3]],
    [
      'MvNormal',
      new Map<string, NumericArgument>([
        ['mean', 1],
        [
          'cov',
          [
            [2, 0.5],
            [0.5, 1],
          ],
        ],
      ]),
      new Map<string, NumericArgument>([
        ['mean', [1, 1]],
        [
          'cov',
          [
            [2, 0.5],
            [0.5, 1],
          ],
        ],
      ]),
      [0.2, 3],
    ],
  ] satisfies [string, Arguments, Arguments, NumericArgument][])(
    'stands for equal elements: %s',
    (name, short, long, value) => {
      const distribution = distributionByName.get(name)
      if (distribution === undefined) throw new Error(`no ${name}`)
      expectClose(
        numericDensity(distribution, short)(value),
        numericDensity(distribution, long)(value),
        1e-14,
        () => name,
      )
      expect(distribution.inSupport(value, short)).toBe(true)
    },
  )
})

function anchorsOf(name: string): Anchors {
  const anchors = readAnchors(name)
  if (anchors === null)
    throw new Error(
      `no published values for ${name}: add it to test/laws/anchors/generate.py, which writes ${kebab(name)}.json`,
    )
  return anchors
}

/** The log density, −∞ outside the support, which is asked in terms of the first parametrisation. */
function densityInSupport(
  distribution: Distribution,
  args: Arguments,
  first: Arguments,
  value: NumericArgument,
): number {
  return distribution.inSupport(value, first) ? numericDensity(distribution, args)(value) : -Infinity
}

function sampled(distribution: Distribution, args: Arguments, count: number): readonly NumericArgument[] {
  const random = seededRandom(20_240_229)
  return Array.from({ length: count }, () => distribution.sample(args, random))
}

function expectClose(found: number, wanted: number, tolerance: number, what: () => string): void {
  if (found === wanted) return
  const error = Math.abs(found - wanted) / Math.max(1, Math.abs(wanted))
  if (!(error <= tolerance)) expect.fail(`${what()}: ${found} where ${wanted} is published (error ${error})`)
}

/** The mean of the numbers is as expected, within five standard errors. */
function expectMean(numbers: readonly number[], wanted: number, what: string, sd = standardDeviation(numbers)): void {
  const error = Math.abs(mean(numbers) - wanted)
  const bound = (STANDARD_ERRORS * sd) / Math.sqrt(numbers.length) + 1e-7 * Math.max(1e-3, Math.abs(wanted))
  if (!(error <= bound)) expect.fail(`${what}: mean ${mean(numbers)} where ${wanted} is expected, bound ${bound}`)
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((total, x) => total + x, 0) / numbers.length
}

function standardDeviation(numbers: readonly number[]): number {
  const centre = mean(numbers)
  return Math.sqrt(numbers.reduce((total, x) => total + (x - centre) ** 2, 0) / (numbers.length - 1))
}

function quantile(numbers: readonly number[], q: number): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(q * numbers.length)] ?? Number.NaN
}

/** The element at a 0-based place. */
function read(x: NumericArgument, place: readonly number[]): number {
  const [i, j] = place
  if (i === undefined) return asNumber(x) ?? Number.NaN
  if (j === undefined) return asVector(x)?.[i] ?? Number.NaN
  return asMatrix(x)?.[i]?.[j] ?? Number.NaN
}

/** `total` is an argument of Multinomial's sampler only. */
const withoutTotal = (args: Arguments): Arguments => new Map([...args].filter(([name]) => name !== 'total'))

function describeCase(args: Arguments, value?: NumericArgument): string {
  const text = JSON.stringify(Object.fromEntries(args))
  return value === undefined ? text : `${text} at ${JSON.stringify(value)}`
}

const printed = new Set<string>()

/** Says, once, that a law cannot be tried, and why. */
function skipped(name: string, law: string, reason: string): void {
  const line = `${name}: ${law} not checked: ${reason}`
  if (!printed.has(line)) console.info(line)
  printed.add(line)
}
