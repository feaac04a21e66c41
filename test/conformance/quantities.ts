import type { CaseId, CaseReference } from './cases.js'

/** A number or nested arrays of numbers. */
export type Nested = number | readonly Nested[]
export type Params = Readonly<Record<string, unknown>>

/** One quantity of the reference (a path in the case's `params`) and the same quantity from a fit's params. */
export interface Quantity {
  readonly of: string
  readonly fit: (params: Params) => Nested
  /** How many leading axes run over components whose order is free: 2 for the transitions of a chain. */
  readonly components: 0 | 1 | 2
  /** What is allowed, where the case says it in words of its own. */
  readonly tolerance?: keyof CaseReference['tolerance']
}

const each = (of: string, fit: Quantity['fit']): Quantity => ({ of, fit, components: 1 })
const between = (of: string, fit: Quantity['fit']): Quantity => ({ of, fit, components: 2 })
const whole = (of: string, fit: Quantity['fit'], tolerance?: Quantity['tolerance']): Quantity =>
  tolerance === undefined ? { of, fit, components: 0 } : { of, fit, components: 0, tolerance }
export const param = (name: string) => (params: Params) => nested(params[name], name)
const square = (value: Nested): Nested => (typeof value === 'number' ? value * value : value.map(square))
export const rows = (value: Nested): readonly Nested[] => (typeof value === 'number' ? [value] : value)
const column = (value: Nested): Nested => rows(value).map((v) => [v])
const squared = (name: string) => (params: Params) => square(param(name)(params))

const weights = each('weights', param('pi'))
const means = each('means', param('mu'))
const meansOfColumn = each('means', (p) => column(param('mu')(p)))
const spreads = each('covariances', squared('sigma'))
const matrices = each('covariances', param('Sigma'))
const common = whole('covariances', param('Sigma'))
const spherical = [weights, means, spreads]
const full = [weights, means, matrices]
const tied = [weights, means, common]
const equalLine = [weights, meansOfColumn, whole('covariances', (p) => [[square(param('sigma')(p))]])]
const unequalLine = [weights, meansOfColumn, spreads]
const labelled = [whole('weights', param('pi')), whole('means', param('mu'))]
const rates = [each('weights', param('w')), each('lambda', param('rate'))]
const item = (j: number) => (p: Params) => rows(param('theta')(p)).map((theta) => rows(theta)[j] ?? Number.NaN)
const lines = (p: Params): Nested => {
  const [a, b] = [rows(param('a')(p)), rows(param('b')(p))]
  return a.map((v, k) => [v, b[k] ?? Number.NaN])
}

const chain = [each('initial', param('start')), between('transition', param('step'))]
const poissonChain = [...chain, each('lambda', param('rate'))]
const centres = [each('centers', param('mu'))]
const mixedEffects = [whole('random_sd', param('t')), whole('residual_sd', param('s'))]

/** W Wᵀ: what is identified of loadings that may be rotated, signs included. */
const outer = (params: Params): readonly (readonly number[])[] => {
  const loadings = rows(param('W')(params)).map((row) => rows(row).map(Number))
  return loadings.map((a) => loadings.map((b) => a.reduce((sum, v, q) => sum + v * (b[q] ?? Number.NaN), 0)))
}
/** W Wᵀ + diag(psi²). */
const implied = (params: Params): Nested => {
  const noise = rows(squared('psi')(params)).map(Number)
  return outer(params).map((row, i) => row.map((v, j) => (i === j ? v + (noise[i] ?? Number.NaN) : v)))
}
const factors = [
  whole('mean', param('mu'), 'impliedCovarianceRel'),
  whole('impliedCovariance', implied, 'impliedCovarianceRel'),
]
const components = [
  whole('mean', param('mu'), 'WWtRel'),
  whole('sigma2', squared('sigma'), 'sigma2Rel'),
  whole('WWt', outer, 'WWtRel'),
]

/** P(word | document) of a pLSA fit, documents and words brought from sorted levels into the order of the published table. */
const fitted =
  (documents: readonly string[], words: readonly string[]) =>
  (params: Params): Nested => {
    const topics = rows(param('topics_of')(params))
    const perTopic = rows(param('words_of')(params))
    const at = (row: Nested | undefined, i: number): number => {
      const value = row === undefined ? undefined : rows(row)[i]
      return typeof value === 'number' ? value : Number.NaN
    }
    const place = (names: readonly string[]) => names.map((name) => [...names].sort().indexOf(name))
    const [d, w] = [place(documents), place(words)]
    return d.map((doc) =>
      w.map((word) => perTopic.reduce((sum: number, row, k) => sum + at(topics[doc], k) * at(row, word), 0)),
    )
  }
const parts = Array.from({ length: 20 }, (_, i) => `part${i + 1}`)
const frequent =
  'her she you his mr him my elizabeth they your me darcy said mrs much am bennet bingley jane miss one we know herself'.split(
    ' ',
  )

/** What each case compares, by name; an empty list where the case asks for the log-likelihood alone. */
export const quantities: Readonly<Record<CaseId, readonly Quantity[]>> = {
  'A01-grade-full': [whole('mu', param('mu'))],
  'A02-grade-hidden': [whole('mu', param('mu'))],
  'A03-grade-only-c': [whole('theta', param('theta'))],
  'A04-faithful-gmm-spherical': spherical,
  'A05-faithful-gmm-diag': spherical,
  'A06-faithful-gmm-full': full,
  'A07-faithful-gmm-tied': tied,
  'A08-iris-gmm-full': full,
  'A09-galaxies-k3-equal': equalLine,
  'A09-galaxies-k3-unequal': unequalLine,
  'A09-galaxies-k4-equal': equalLine,
  'A09-galaxies-k4-unequal': unequalLine,
  'A09-galaxies-k5-equal': equalLine,
  'A09-galaxies-k5-unequal': unequalLine,
  'A09-galaxies-k6-equal': equalLine,
  'A09-galaxies-k6-unequal': unequalLine,
  'A11-iris-qda': [...labelled, whole('covariances', param('Sigma'))],
  'A12-iris-lda': [...labelled, whole('covariance', param('Sigma'))],
  'A13-iris-kmeans': centres,
  'A14-faithful-kmeans': centres,
  'A15-lsat6-lca-k2': [each('weights', param('w')), each('theta', param('theta'))],
  'A16-haireye-lca-k2': [
    each('weights', param('w')),
    each('theta.Hair', item(0)),
    each('theta.Eye', item(1)),
    each('theta.Sex', item(2)),
  ],
  'A16-haireye-lca-k3': [],
  'A17-discoveries-poismix-k2': rates,
  'A18-earthquakes-poismix-k2': rates,
  'A18-earthquakes-poismix-k3': rates,
  'A19-biochemists-zip': [whole('pi', param('p')), whole('lambda', param('lambda'))],
  'A20-npreg-mixreg': [each('weights', param('w')), each('coefficients', param('b')), each('sigma', param('sigma'))],
  'A21-co2-mixreg-equalvar': [each('weights', param('w')), each('coefficients', lines), whole('sigma', param('sigma'))],
  'A22-co2-mixreg-unequalvar': [
    each('weights', param('w')),
    each('coefficients', lines),
    each('sigma', param('sigma')),
  ],
  'A23-dlr-linkage': [whole('t', param('t'))],
  'A24-abo': ['p', 'q', 'r'].map((name, i) => whole(name, (p) => rows(param('f')(p))[i] ?? Number.NaN)),
  'A25-quine-negbin': [whole('shape', param('a')), whole('rate', param('b'))],
  'A26-lirat-betabinomial': [whole('a', param('a')), whole('b', param('b'))],
  'A27-earthquakes-hmm-k2': poissonChain,
  'A27-earthquakes-hmm-k3': poissonChain,
  'A28-discoveries-hmm-k2': poissonChain,
  'A29-geyser-gausshmm-k2': [...chain, each('mean', param('mu')), each('sd', param('sigma'))],
  'A30-newcomb-t4': [whole('location', param('mu')), whole('scale', param('sigma'))],
  'A31-newcomb-t-free': [whole('location', param('mu')), whole('scale', param('sigma')), whole('df', param('nu'))],
  'A32-stackloss-mvt5': [whole('location', param('m')), whole('scaleMatrix', param('S'))],
  'A33-ability-fa1': factors,
  'A34-ability-fa2': factors,
  'A35-attitude-fa1': factors,
  'A36-attitude-ppca1': components,
  'A37-iris-ppca2': components,
  'A38-airquality-mvn-missing': [whole('mean', param('mu')), whole('covariance', param('Sigma'))],
  'A39-faithful-gmm-missing': full,
  'A40-faithful-map-gmm': full,
  'A41-galaxies-map-gmm-k4': [
    weights,
    meansOfColumn,
    each('covariances', (p) => rows(column(param('v')(p))).map((v) => [v])),
  ],
  'A42-veteran-exp-censored': [whole('rate', param('rate'))],
  'A43-veteran-expmix-censored': [each('weights', param('w')), each('rates', param('rate'))],
  'A44-orthodont-random-intercept': [whole('b0', param('b0')), whole('b1', param('b1')), ...mixedEffects],
  'A45-dyestuff-random-effect': [whole('m', param('m')), ...mixedEffects],
  // The maximum lies at tau = 0, which EM approaches slowly: the likelihood is compared, and mu within what the case allows.
  'A46-eight-schools-eb': [whole('mu', param('mu'), 'muAbs')],
  'A47-bcg-eb': [whole('mu', param('mu')), whole('tau', param('tau'))],
  'A48-pumps-gamma-poisson-eb': [whole('shape', param('a')), whole('rate', param('b'))],
  'A49-nile-local-level': [
    whole('observation_variance', param('noise_var')),
    whole('state_variance', param('level_var')),
  ],
  'A50-caith-plsa-k2': [
    whole(
      'fittedWordGivenDocument',
      fitted(['blue', 'light', 'medium', 'dark'], ['fair', 'red', 'medium', 'dark', 'black']),
    ),
  ],
  'A51-pride-plsa-k3': [whole('fittedWordGivenDocument', fitted(parts, frequent))],
  'A52-image1-gmm-diag': spherical,
  'A52-image1-gmm-full': full,
  'A52-image1-gmm-spherical': spherical,
  'A52-image1-gmm-tied': tied,
  'A53-image2-gmm-full-missing': full,
  'A54-image2-complete-gmm-full': full,
}

export function nested(value: unknown, name: string): Nested {
  if (typeof value === 'number') return value
  if (Array.isArray(value)) return value.map((v) => nested(v, name))
  throw new Error(`${name} is not made of numbers`)
}
