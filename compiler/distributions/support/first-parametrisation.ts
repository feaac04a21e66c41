/** Arguments of any parametrisation as those of the first one, which samplers take. */
import type { Distribution, NumericArgument } from '../types.js'
import { choleskyOf, invertLower, product, transpose } from './matrices.js'
import { asMatrix, asNumber, asVector } from './numeric-arguments.js'

type NumericArguments = ReadonlyMap<string, NumericArgument>

/** By `from>to`: the argument `to` of the first parametrisation as a function of `from`. */
const conversions: ReadonlyMap<string, (x: NumericArgument) => NumericArgument> = new Map([
  ['var>sd', (x) => number(x, Math.sqrt)],
  ['precision>sd', (x) => number(x, (p) => 1 / Math.sqrt(p))],
  ['scale>rate', (x) => number(x, (s) => 1 / s)],
  ['log>rate', (x) => number(x, Math.exp)],
  ['logit>p', probability],
  ['precision>cov', inverse],
])

/**
 * The arguments under the names of the first parametrisation.
 *
 * @throws Error where an argument of the first parametrisation is no known function of those given
 */
export function firstParametrisation({ signature }: Distribution, args: NumericArguments): NumericArguments {
  const first = signature.parametrisations[0]?.arguments.map((a) => a.name) ?? []
  const foreign = [...args.keys()].filter((name) => !first.includes(name))
  return new Map(
    first.map((name) => {
      const own = args.get(name)
      if (own !== undefined) return [name, own]
      for (const from of foreign) {
        const value = args.get(from)
        const convert = conversions.get(`${from}>${name}`)
        if (convert !== undefined && value !== undefined) return [name, convert(value)]
      }
      throw new Error(`${signature.name} cannot be drawn from by ${foreign.join(', ')}: its sampler takes ${name}`)
    }),
  )
}

function number(x: NumericArgument, f: (x: number) => number): number {
  return f(asNumber(x))
}

/** 1/(1 + e^(−l)) of a number; the softmax of a vector. */
function probability(x: NumericArgument): NumericArgument {
  const v = asVector(x)
  if (v === null) return number(x, (l) => 1 / (1 + Math.exp(-l)))
  const largest = Math.max(...v)
  const weights = v.map((l) => Math.exp(l - largest))
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map((w) => w / total)
}

/** A = L Lᵀ, so A⁻¹ = L⁻ᵀ L⁻¹. */
function inverse(x: NumericArgument): NumericArgument {
  const root = invertLower(choleskyOf(asMatrix(x) ?? []))
  return product(transpose(root), root)
}
