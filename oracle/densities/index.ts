/** The distributions the oracle knows, by name, and probabilities of intervals under them. */
import { OracleError, type Value } from '../types.js'
import {
  bernoulli,
  betaBinomial,
  binomial,
  categorical,
  geometric,
  negativeBinomial,
  ordinal,
  poisson,
} from './discrete.js'
import { beta, exponential, gamma, halfNormal, inverseGamma, logNormal, pareto, uniform, weibull } from './positive.js'
import { cauchy, laplace, logisticDistribution, normal, studentT, vonMises } from './real.js'
import { Arguments, type Density, scalar } from './types.js'
import {
  dirichlet,
  dirichletMultinomial,
  inverseWishart,
  multinomial,
  mvNormal,
  mvStudentT,
  wishart,
} from './vectors.js'

/** All mass at `v`: a mass of 1 there, also when the value is a real number. */
const dirac: Density = scalar({
  name: 'Dirac',
  discrete: true,
  numbers: ['v'],
  support: (a) => ({ kind: 'point', value: a.number('v') }),
  log: () => 0,
})

const all: readonly Density[] = [
  bernoulli,
  beta,
  betaBinomial,
  binomial,
  categorical,
  cauchy,
  dirac,
  dirichlet,
  dirichletMultinomial,
  exponential,
  gamma,
  geometric,
  halfNormal,
  inverseGamma,
  inverseWishart,
  laplace,
  logisticDistribution,
  logNormal,
  multinomial,
  mvNormal,
  mvStudentT,
  negativeBinomial,
  normal,
  ordinal,
  pareto,
  poisson,
  studentT,
  uniform,
  vonMises,
  weibull,
  wishart,
]

export const densities: ReadonlyMap<string, Density> = new Map(all.map((d) => [d.name, d]))

export function densityNamed(name: string, among: ReadonlyMap<string, Density> = densities): Density {
  const density = among.get(name)
  if (density === undefined) throw new OracleError(`the oracle has no density for ${name}`)
  return density
}

/** log density of one value under a distribution by name, with arguments by name. */
export function logDensity(name: string, value: Value, args: ReadonlyMap<string, Value>): number {
  return densityNamed(name).logDensity(value, new Arguments(args))
}
