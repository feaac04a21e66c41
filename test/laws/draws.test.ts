/** Draws of every distribution lie in its support and have its moments. */
import { describe, expect, it } from 'vitest'
import { distributions } from '../../compiler/distributions/index.js'
import { asMatrix, asNumber, asVector } from '../../compiler/distributions/support/numeric-arguments.js'
import type { NumericArgument } from '../../compiler/distributions/types.js'
import { Rayleigh } from './fixtures/rayleigh.js'
import { DRAWS, sampled } from './support/draws.js'
import { anchorsOf, describeCase, expectMean, skipped } from './support/expectations.js'
import { type Arguments, numericDensity } from './support/numeric-density.js'

describe.each([...distributions, Rayleigh].map((d) => [d.signature.name, d] as const))('%s', (name, distribution) => {
  describe.each(anchorsOf(name).moments)('with $arguments', ({ arguments: args, expectations }) => {
    const label = describeCase(args)

    // in one test, because draws are what takes the time
    it('samples its support, with its moments', () => {
      const draws = sampled(distribution, args, DRAWS)
      const logDensity = numericDensity(distribution, withoutTotal(args))
      const outside = draws
        .slice(0, 2000)
        .filter((x) => !distribution.inSupport(x, args) || !Number.isFinite(logDensity(x)))
      expect(outside, label).toEqual([])
      for (const { of, value } of expectations) {
        const products = draws.map((x) => of.reduce((product, place) => product * read(x, place), 1))
        expectMean(products, value, `${label} ${JSON.stringify(of)}`)
      }
      if (expectations.length === 0) skipped(`${name} ${label}`, 'moments', 'none has an estimate of finite variance')
    })
  })
})

/** The element at a 0-based place. */
function read(x: NumericArgument, place: readonly number[]): number {
  const [i, j] = place
  if (i === undefined) return asNumber(x)
  if (j === undefined) return asVector(x)?.[i] ?? Number.NaN
  return asMatrix(x)?.[i]?.[j] ?? Number.NaN
}

/** `total` is an argument of Multinomial's sampler only. */
const withoutTotal = (args: Arguments): Arguments => new Map([...args].filter(([name]) => name !== 'total'))
