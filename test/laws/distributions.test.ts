/** What holds for every distribution. They are found in the index; a new one is held to this without a line here. */
import { describe, expect, it } from 'vitest'
import { distributionByName, distributions, signatures } from '../../compiler/distributions/index.js'
import type { Distribution, NumericArgument } from '../../compiler/distributions/types.js'
import { Rayleigh } from './fixtures/rayleigh.js'
import { anchorsOf, describeCase, expectClose, skipped } from './support/expectations.js'
import {
  type Arguments,
  numericDensity,
  numericDomain,
  numericMass,
  numericMoments,
} from './support/numeric-density.js'

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

/** The log density, −∞ outside the support, which is asked in terms of the first parametrisation. */
function densityInSupport(
  distribution: Distribution,
  args: Arguments,
  first: Arguments,
  value: NumericArgument,
): number {
  return distribution.inSupport(value, first) ? numericDensity(distribution, args)(value) : -Infinity
}
