/** Every distribution there is: one file each, and one import and one line of the list here. */
import type { DistributionSignature } from '../../lang/signature.js'
import { Bernoulli } from './bernoulli.js'
import { Beta } from './beta.js'
import { BetaBinomial } from './beta-binomial.js'
import { Binomial } from './binomial.js'
import { Categorical } from './categorical.js'
import { Cauchy } from './cauchy.js'
import { Dirac } from './dirac.js'
import { Dirichlet } from './dirichlet.js'
import { DirichletMultinomial } from './dirichlet-multinomial.js'
import { Exponential } from './exponential.js'
import { Gamma } from './gamma.js'
import { Geometric } from './geometric.js'
import { HalfNormal } from './half-normal.js'
import { InverseGamma } from './inverse-gamma.js'
import { InverseWishart } from './inverse-wishart.js'
import { Laplace } from './laplace.js'
import { LogNormal } from './log-normal.js'
import { Logistic } from './logistic.js'
import { Multinomial } from './multinomial.js'
import { MvNormal } from './mv-normal.js'
import { MvStudentT } from './mv-student-t.js'
import { NegativeBinomial } from './negative-binomial.js'
import { Normal } from './normal.js'
import { Ordinal } from './ordinal.js'
import { Pareto } from './pareto.js'
import { Poisson } from './poisson.js'
import { StudentT } from './student-t.js'
import type { Distribution } from './types.js'
import { Uniform } from './uniform.js'
import { VonMises } from './von-mises.js'
import { Weibull } from './weibull.js'
import { Wishart } from './wishart.js'

export const distributions: readonly Distribution[] = [
  Normal,
  LogNormal,
  Gamma,
  InverseGamma,
  Exponential,
  Beta,
  Weibull,
  Uniform,
  StudentT,
  Logistic,
  Laplace,
  Cauchy,
  HalfNormal,
  Pareto,
  VonMises,
  Bernoulli,
  Categorical,
  Ordinal,
  Binomial,
  Poisson,
  Geometric,
  NegativeBinomial,
  BetaBinomial,
  MvNormal,
  MvStudentT,
  Dirichlet,
  Multinomial,
  DirichletMultinomial,
  Wishart,
  InverseWishart,
  Dirac,
]

export const distributionByName: ReadonlyMap<string, Distribution> = new Map(
  distributions.map((d) => [d.signature.name, d]),
)

/** What the type checker is told. */
export const signatures: readonly DistributionSignature[] = distributions.map((d) => d.signature)
