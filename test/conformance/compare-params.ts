import type { CaseId, CaseReference } from './cases.js'

/** A number or nested arrays of numbers. */
export type Nested = number | readonly Nested[]
export type Params = Readonly<Record<string, unknown>>

/** One quantity of the reference (a path in the case's `params`) and the same quantity from a fit's params. */
interface Quantity {
  readonly of: string
  readonly fit: (params: Params) => Nested
  /** true where the first axis runs over components whose order is free. */
  readonly components: boolean
}

export interface Comparison {
  /** Largest |estimate − reference| under the best order of the components; null where the case compares none. */
  readonly error: number | null
  readonly within: boolean
}

const each = (of: string, fit: Quantity['fit']): Quantity => ({ of, fit, components: true })
const whole = (of: string, fit: Quantity['fit']): Quantity => ({ of, fit, components: false })
const param = (name: string) => (params: Params) => nested(params[name], name)
const square = (value: Nested): Nested => (typeof value === 'number' ? value * value : value.map(square))
const rows = (value: Nested): readonly Nested[] => (typeof value === 'number' ? [value] : value)
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
// the states of a chain are reported in the order of the reference
const chain = [whole('initial', param('start')), whole('transition', param('step'))]
const counts = [...chain, whole('lambda', param('rate'))]
const item = (j: number) => (p: Params) => rows(param('theta')(p)).map((theta) => rows(theta)[j] ?? Number.NaN)
const lines = (p: Params): Nested => {
  const [a, b] = [rows(param('a')(p)), rows(param('b')(p))]
  return a.map((v, k) => [v, b[k] ?? Number.NaN])
}

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
const quantities: Readonly<Record<CaseId, readonly Quantity[]>> = {
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
  'A27-earthquakes-hmm-k2': counts,
  'A27-earthquakes-hmm-k3': counts,
  'A28-discoveries-hmm-k2': counts,
  'A29-geyser-gausshmm-k2': [...chain, whole('mean', param('mu')), whole('sd', param('sigma'))],
  'A40-faithful-map-gmm': full,
  'A41-galaxies-map-gmm-k4': [
    weights,
    meansOfColumn,
    each('covariances', (p) => rows(column(param('v')(p))).map((v) => [v])),
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
  'A54-image2-complete-gmm-full': full,
}

/** Compares a fit's params with the reference, up to the order of components. */
export function compareParams(id: CaseId, reference: CaseReference, params: Params): Comparison {
  const compared = quantities[id]
  if (compared.length === 0) return { error: null, within: true }
  const allowed = allowance(reference.tolerance)
  const pairs = compared.map((q) => ({
    components: q.components,
    reference: nested(lookup(reference.params, q.of), q.of),
    fit: q.fit(params),
  }))
  const first = pairs.find((p) => p.components)
  const orders = first === undefined ? [[]] : permutations(rows(first.reference).length)
  let best = { error: Number.POSITIVE_INFINITY, ratio: Number.POSITIVE_INFINITY }
  for (const order of orders) {
    const distances = pairs.map((p) =>
      distance(p.reference, p.components ? order.map((k) => rows(p.fit)[k] ?? Number.NaN) : p.fit, allowed),
    )
    const ratio = Math.max(...distances.map((d) => d.ratio))
    if (ratio < best.ratio) best = { error: Math.max(...distances.map((d) => d.error)), ratio }
  }
  return { error: best.error, within: best.ratio <= 1 }
}

/**
 * Largest |estimate − expected| up to one order of components, for the examples. The order moves the first n entries of
 * every array that has so many: those that a value beyond the components has too, such as noise, stay.
 */
export function compareValues(expected: Readonly<Record<string, Nested>>, params: Params): number {
  const names = Object.keys(expected)
  const value = (name: string): Nested => expected[name] ?? Number.NaN
  const lengths = [...new Set(names.map((name) => rows(value(name)).length))].filter((n) => n > 1 && n <= 6)
  const worst = (order: readonly number[]): number =>
    Math.max(
      ...names.map((name) => {
        const fit = param(name)(params)
        const moved = typeof fit !== 'number' && rows(value(name)).length >= order.length
        const reordered = moved ? rows(fit).map((_, k) => rows(fit)[order[k] ?? k] ?? Number.NaN) : fit
        return distance(value(name), reordered, () => 1).error
      }),
    )
  return Math.min(worst([]), ...lengths.flatMap((n) => permutations(n).map(worst)))
}

function allowance(tolerance: CaseReference['tolerance']): (reference: number) => number {
  const { paramsAbs, paramsRel, fittedAbs } = tolerance
  if (typeof paramsAbs === 'number') return () => paramsAbs
  if (typeof fittedAbs === 'number') return () => fittedAbs
  if (typeof paramsRel === 'number') return (reference) => paramsRel * Math.abs(reference) + 1e-4
  throw new Error('the case gives no tolerance for its params')
}

/** Infinite where shapes differ or a number is missing. */
function distance(
  reference: Nested,
  fit: Nested,
  allowed: (reference: number) => number,
): { error: number; ratio: number } {
  const [expected, found] = [flat(reference), flat(fit)]
  let [error, ratio] = [0, 0]
  for (const [i, r] of expected.entries()) {
    const difference = Math.abs((found[i] ?? Number.NaN) - r)
    error = Math.max(error, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference)
    ratio = Math.max(ratio, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / allowed(r))
  }
  return expected.length === found.length
    ? { error, ratio }
    : { error: Number.POSITIVE_INFINITY, ratio: Number.POSITIVE_INFINITY }
}

const flat = (value: Nested): readonly number[] => (typeof value === 'number' ? [value] : value.flatMap(flat))

function permutations(n: number): number[][] {
  if (n === 0) return [[]]
  return permutations(n - 1).flatMap((rest) =>
    Array.from({ length: n }, (_, at) => [...rest.slice(0, at), n - 1, ...rest.slice(at)]),
  )
}

function lookup(record: Params, path: string): unknown {
  return path.split('.').reduce((value: unknown, key) => (isRecord(value) ? value[key] : undefined), record)
}

const isRecord = (value: unknown): value is Params => typeof value === 'object' && value !== null

function nested(value: unknown, name: string): Nested {
  if (typeof value === 'number') return value
  if (Array.isArray(value)) return value.map((v) => nested(v, name))
  throw new Error(`${name} is not made of numbers`)
}
