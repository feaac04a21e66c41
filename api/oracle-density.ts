import { numericDensity } from '../compiler/distributions/support/numeric-density.js'
import type { Distribution, NumericArgument } from '../compiler/distributions/types.js'
import { densities } from '../oracle/densities/index.js'
import type { Density } from '../oracle/densities/types.js'

/**
 * A distribution of the caller's as the oracle reads it. Where the oracle has its own density nothing is passed on; else
 * the certificate judges the derivation from this density, and the laws of distributions judge the density.
 */
export function densityForOracle(d: Distribution): readonly Density[] {
  const { name, value, parametrisations } = d.signature
  if (densities.has(name) || value.rank !== 0) return []
  const { support, discrete } = value
  const high = support === 'unit' || support === 'bool' ? 1 : Number.POSITIVE_INFINITY
  const low = support === 'real' || support === 'int' ? Number.NEGATIVE_INFINITY : 0
  return [
    {
      name,
      rank: 0,
      discrete,
      argumentRanks: new Map(parametrisations.flatMap((p) => p.arguments.map((a) => [a.name, a.rank] as const))),
      logDensity(x, given) {
        const chosen = parametrisations.find((p) => p.arguments.every((a) => given.has(a.name)))
        const args = new Map(
          (chosen?.arguments ?? []).map((a) => [a.name, given.get(a.name) as NumericArgument] as const),
        )
        if (typeof x !== 'number' || Number.isNaN(x)) return Number.NaN
        return chosen === parametrisations[0] && !d.inSupport(x, args)
          ? Number.NEGATIVE_INFINITY
          : numericDensity(d, args)(x)
      },
      support: () => ({ kind: discrete ? 'integers' : 'interval', low, high }),
    },
  ]
}
