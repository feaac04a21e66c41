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
    const draws = once(() => sampled(distribution, args, DRAWS))

    it('samples its support', () => {
      const logDensity = numericDensity(distribution, withoutTotal(args))
      for (const x of draws().slice(0, 2000)) {
        expect(distribution.inSupport(x, args), describeCase(args, x)).toBe(true)
        expect(Number.isFinite(logDensity(x))).toBe(true)
      }
    })

    it('samples with its moments', () => {
      for (const { of, value } of expectations) {
        const products = draws().map((x) => of.reduce((product, place) => product * read(x, place), 1))
        expectMean(products, value, `${label} ${JSON.stringify(of)}`)
      }
      if (expectations.length === 0) skipped(`${name} ${label}`, 'moments', 'none has an estimate of finite variance')
    })
  })
})

/** The value, made when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
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
