/** The density of every distribution adds up to 1, and up to the share of draws below a bound. */
import { describe, expect, it } from 'vitest'
import { distributions } from '../../compiler/distributions/index.js'
import { asNumber } from '../../compiler/distributions/support/numeric-arguments.js'
import { Rayleigh } from './fixtures/rayleigh.js'
import { DRAWS, sampled } from './support/draws.js'
import { anchorsOf, describeCase, expectMean, skipped } from './support/expectations.js'
import { scalarMass, totalMass } from './support/total-mass.js'

describe.each([...distributions, Rayleigh].map((d) => [d.signature.name, d] as const))('%s', (name, distribution) => {
  describe.each(anchorsOf(name).moments)('with $arguments', ({ arguments: args }) => {
    const label = describeCase(args)
    const draws = sampled(distribution, args, DRAWS)

    it('has total mass 1', () => {
      const found = totalMass(distribution, args, draws.slice(0, 2000))
      if ('reason' in found) skipped(`${name} ${label}`, 'total mass', found.reason)
      else expect(Math.abs(found.mass - 1)).toBeLessThanOrEqual(found.tolerance)
    })

    it('samples with its distribution function', () => {
      if (distribution.signature.value.rank > 0)
        return skipped(name, 'distribution function', `values of rank ${distribution.signature.value.rank}`)
      const numbers = draws.map((x) => asNumber(x))
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
})

function quantile(numbers: readonly number[], q: number): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(q * numbers.length)] ?? Number.NaN
}
