/** Which values a distribution has at the ends of its arguments and of its support, where a density is 0 or infinite. */
import { describe, expect, it } from 'vitest'
import { distributionByName } from '../../compiler/distributions/index.js'
import type { NumericArgument } from '../../compiler/distributions/types.js'

type Args = Readonly<Record<string, NumericArgument>>

const IDENTITY = [
  [1, 0],
  [0, 1],
]

/** Distribution, arguments, values inside, values outside. */
const EDGES: readonly (readonly [string, Args, readonly NumericArgument[], readonly NumericArgument[]])[] = [
  ['Bernoulli', { p: 0 }, [0], [1, 0.5, 2]],
  ['Bernoulli', { p: 1 }, [1], [0]],
  ['Binomial', { n: 3, p: 0 }, [0], [1, 3, -1]],
  ['Binomial', { n: 3, p: 1 }, [3], [0, 2, 4]],
  ['Binomial', { n: 3, p: 0.5 }, [0, 3], [1.5, 4]],
  ['BetaBinomial', { n: 2, a: 1, b: 1 }, [0, 2], [3, 0.5, [1]]],
  ['Poisson', { rate: 0 }, [0], [1]],
  ['Poisson', { rate: 2 }, [0, 1], [0.5, -1, [1]]],
  ['Geometric', { p: 1 }, [0], [1]],
  ['Geometric', { p: 0 }, [], [0, 1]],
  ['Geometric', { p: 0.5 }, [0, 7], [0.5]],
  ['NegativeBinomial', { size: 2, mean: 0 }, [0], [1]],
  ['NegativeBinomial', { size: 2, mean: 1 }, [0, 4], [0.5]],
  ['Categorical', { p: [0.5, 0, 0.5] }, [1, 3], [2, 0, 4, 1.5, [1]]],
  ['Ordinal', { location: 0, cuts: [0, 1] }, [1, 3], [0, 4, 2.5]],
  ['Gamma', { shape: 1, rate: 1 }, [0, 1], [-1, Number.POSITIVE_INFINITY]],
  ['Gamma', { shape: 2, rate: 1 }, [1], [0]],
  ['Gamma', { shape: 0.5, rate: 1 }, [1], [0]],
  ['Weibull', { shape: 1, scale: 1 }, [0, 1], [-1]],
  ['Weibull', { shape: 2, scale: 1 }, [1], [0]],
  ['InverseGamma', { shape: 2, scale: 1 }, [1], [0, -1]],
  ['LogNormal', { mean: 0, sd: 1 }, [1], [0, -1]],
  ['HalfNormal', { sd: 1 }, [0, 1], [-1]],
  ['Exponential', { rate: 1 }, [0], [-1, [0]]],
  ['Pareto', { shape: 1, scale: 2 }, [2, 3], [1.9, Number.POSITIVE_INFINITY]],
  ['Beta', { a: 1, b: 1 }, [0, 0.5, 1], [-0.1, 1.1, [0.5]]],
  ['Beta', { a: 2, b: 1 }, [0.5, 1], [0]],
  ['Beta', { a: 1, b: 2 }, [0, 0.5], [1]],
  ['Uniform', { low: 0, high: 1 }, [0, 1], [-0.1, 1.1]],
  [
    'Dirichlet',
    { a: [1, 1] },
    [
      [0.5, 0.5],
      [0, 1],
    ],
    [[0.5, 0.4], [0.5, 0.25, 0.25], [-0.5, 1.5], 1],
  ],
  ['Dirichlet', { a: [2, 1] }, [[1, 0]], [[0, 1]]],
  [
    'Multinomial',
    { p: [0.5, 0, 0.5] },
    [[1, 0, 2]],
    [
      [1, 1, 1],
      [1, 2],
      [0.5, 0, 1],
      [1, 0, 2, 0],
    ],
  ],
  ['DirichletMultinomial', { a: [1, 2] }, [[0, 3]], [[1, 2, 3], [0.5, 1], 1]],
  [
    'MvNormal',
    { mean: [0, 0], cov: IDENTITY },
    [[1, 2]],
    [[1], [1, 2, 3], [1, Number.NaN], [Number.POSITIVE_INFINITY, 0], 1],
  ],
  ['MvStudentT', { df: 3, mean: [0, 0], scale: IDENTITY }, [[1, 2]], [[1], [1, 2, 3], [1, Number.NaN], 1]],
  [
    'Wishart',
    { df: 3, scale: IDENTITY },
    [IDENTITY],
    [
      [[1]],
      [
        [1, 2],
        [2, 1],
      ],
      1,
    ],
  ],
  [
    'InverseWishart',
    { df: 3, scale: IDENTITY },
    [IDENTITY],
    [
      [[1]],
      [
        [1, 2],
        [2, 1],
      ],
      1,
    ],
  ],
  ['Dirac', { v: 2 }, [2], [1, [2]]],
]

describe('the support at its edges', () => {
  it.each(EDGES)('of %s with %j', (name, args, inside, outside) => {
    const distribution = distributionByName.get(name)
    if (distribution === undefined) throw new Error(`no ${name}`)
    const has = (value: NumericArgument): boolean => distribution.inSupport(value, new Map(Object.entries(args)))
    expect(inside.filter((x) => !has(x))).toEqual([])
    expect(outside.filter(has)).toEqual([])
  })

  it('holds the draws at the ends of the arguments', () => {
    const draws = (name: string, args: Args): ReadonlySet<NumericArgument> => {
      let n = 0
      const random = (): number => ((n++ * 0.618034) % 1) * 0.999 + 0.0005
      const make = (): NumericArgument | undefined =>
        distributionByName.get(name)?.sample(new Map(Object.entries(args)), random)
      return new Set(Array.from({ length: 50 }, () => make() ?? Number.NaN))
    }
    expect(draws('Geometric', { p: 1 })).toEqual(new Set([0]))
    expect(draws('Bernoulli', { p: 0 })).toEqual(new Set([0]))
    expect(draws('Bernoulli', { p: 1 })).toEqual(new Set([1]))
    expect(draws('Binomial', { n: 3, p: 1 })).toEqual(new Set([3]))
    expect(draws('Poisson', { rate: 0 })).toEqual(new Set([0]))
  })
})
