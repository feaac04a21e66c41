/**
 * Generalised linear M-steps: blocks whose part of Q is Σ w f(η) plus what is linear or quadratic in the block, η linear
 * in it and w f concave. Newton with the full Hessian is Fisher scoring there, since the links are canonical or the
 * curvature is kept exact, and from anywhere it climbs to the one maximum.
 */
import { literal } from '../../algebra/build.js'
import type { Monomial } from '../../algebra/monomial.js'
import type { Expr } from '../../algebra/types.js'
import { some } from '../../algebra/visit.js'
import type { RowTerm } from '../../mstep/types.js'

export interface RegressionRule {
  readonly id: string
  /** What it is called in prose. */
  readonly name: string
  /** Its term, as a sentence. */
  readonly statement: string
  readonly citation: string
}

const GLM = 'McCullagh and Nelder (1989), Generalized Linear Models'

export const REGRESSION_RULES = {
  logistic: {
    id: 'logistic-regression',
    name: 'logistic regression',
    statement: '−w log(1 + e^η) with w ≥ 0 and η linear in the block, beside linear terms: a logistic regression',
    citation: `${GLM}, section 4.4`,
  },
  multinomial: {
    id: 'multinomial-logit',
    name: 'multinomial logit',
    statement: '−w log Σ_j e^η_j with w ≥ 0 and η_j linear in the block, beside linear terms: a multinomial logit',
    citation: `${GLM}, section 5.2; Jordan and Jacobs (1994), Hierarchical mixtures of experts and the EM algorithm`,
  },
  poisson: {
    id: 'poisson-regression',
    name: 'Poisson regression with a log link',
    statement:
      '−w e^η with w ≥ 0 (weights, exposures) and η linear in the block, beside linear terms: a Poisson regression with a log link',
    citation: `${GLM}, section 6.2`,
  },
  gamma: {
    id: 'gamma-regression',
    name: 'Gamma regression with a log link',
    statement:
      '−w y e^−η, y the response, and η linear in the block, beside linear terms: a Gamma regression with a log link',
    citation: `${GLM}, section 8.3`,
  },
  negativeBinomial: {
    id: 'negative-binomial-regression',
    name: 'negative binomial regression with a log link',
    statement:
      '−w log(r + e^η) with r and w ≥ 0 and η linear in the block, beside linear terms: a negative binomial regression with a log link',
    citation: 'Lawless (1987), Negative binomial and mixed Poisson regression',
  },
  probit: {
    id: 'probit-regression',
    name: 'probit regression',
    statement: 'w log Φ(η) with w ≥ 0 and η linear in the block, beside linear terms: a probit regression',
    citation: 'Albert and Chib (1993), Bayesian analysis of binary and polychotomous response data; Pratt (1981)',
  },
} as const satisfies Readonly<Record<string, RegressionRule>>

type Kind = keyof typeof REGRESSION_RULES

interface RegressionInput {
  readonly names: ReadonlySet<string>
  readonly monomials: readonly Monomial[]
  readonly rowTerms: readonly RowTerm[]
  readonly isNonnegative: (e: Expr) => boolean
  /** The data that a term is the density of. */
  readonly response: (term: RowTerm) => string | null
}

/** The regression that a block of params is, or null. One term that is none of them closes all. */
export function regressionOf(input: RegressionInput): RegressionRule | null {
  const kinds = new Set<Kind>()
  for (const r of input.rowTerms) {
    const kind = kindOfTerm(r.expr, input, input.response(r))
    if (kind === null) return null
    kinds.add(kind)
  }
  for (const m of input.monomials) {
    const own = m.atoms.filter((a) => readsNames(a.base, input.names))
    if (own.every((a) => a.base.kind === 'ref') && own.reduce((n, a) => n + a.power.n / a.power.d, 0) <= 2) continue
    const product: Expr = {
      kind: 'mul',
      factors: [m.coefficient, ...own.map((a): Expr => ({ kind: 'pow', base: a.base, exponent: a.power }))],
    }
    const kind = kindOfTerm(product, input, null)
    if (kind === null) return null
    kinds.add(kind)
  }
  const [only] = kinds
  return kinds.size === 1 && only !== undefined ? REGRESSION_RULES[only] : null
}

const readsNames = (e: Expr, names: ReadonlySet<string>): boolean =>
  some(e, (n) => n.kind === 'ref' && (n.space === 'param' || n.space === 'shift') && names.has(n.name))

/** The kind of Σ weight · f(η), the sums outermost. */
function kindOfTerm(e: Expr, input: RegressionInput, response: string | null): Kind | null {
  if (e.kind === 'sum') return kindOfTerm(e.body, input, response)
  if (e.kind === 'case' && literal(e.otherwise) === 0) return kindOfTerm(e.then, input, response)
  const { names, isNonnegative } = input
  const factors = (e.kind === 'mul' ? e.factors : [e]).flatMap((f) => (f.kind === 'mul' ? f.factors : [f]))
  const own = factors.filter((f) => readsNames(f, names))
  const [only] = own.map(unpowered)
  const weights = factors.filter((f) => !own.includes(f))
  const number = weights.reduce((p, w) => p * (literal(w) ?? 1), 1)
  // successes and failures are both counts: what is left of the trials is as little negative as the response
  const isWeight = (w: Expr): boolean =>
    literal(w) !== null || isSum(w) || isNonnegative(w) || (response !== null && readsData(w, response))
  if (only === undefined || !weights.every(isWeight)) return null
  if (own.length > 1) {
    // Π e^{η_i}
    return number < 0 && own.every((f) => isExponential(unpowered(f), names)) ? 'poisson' : null
  }
  if (only.kind === 'expect') return kindOfTerm({ kind: 'mul', factors: [...weights, only.body] }, input, response)
  if (only.kind !== 'call') return null
  const [arg] = only.args
  if (arg === undefined) return null
  if (only.fn === 'logPhi') return number > 0 && isLinear(arg, names) ? 'probit' : null
  if (only.fn === 'logLogistic') return number > 0 && isLinear(arg, names) ? 'logistic' : null
  if (number >= 0) return null
  if (only.fn === 'log1pexp') return isLinear(arg, names) ? 'logistic' : null
  if (only.fn === 'log1p') return isExponential(arg, names) ? 'negativeBinomial' : null
  if (only.fn === 'exp') {
    const ofResponse = response !== null && weights.some((w) => readsData(w, response))
    return isLinear(arg, names) ? (ofResponse ? 'gamma' : 'poisson') : null
  }
  if (only.fn !== 'log') return null
  if (arg.kind === 'sum') return isExponential(arg.body, names) ? 'multinomial' : null
  if (arg.kind !== 'add') return null
  const moving = arg.terms.filter((t) => readsNames(t, names))
  if (moving.length > 1 && moving.every((t) => isExponential(t, names))) return 'multinomial'
  const still = arg.terms.filter((t) => !readsNames(t, names))
  return moving.length === 1 && moving.every((t) => isExponential(t, names)) && still.every(isNonnegative)
    ? 'negativeBinomial'
    : null
}

/** What a power is of, where it is 1 or of e^η, whose powers are of its kind. */
const unpowered = (e: Expr): Expr =>
  e.kind === 'pow' && (e.exponent.n === e.exponent.d || (e.base.kind === 'call' && e.base.fn === 'exp')) ? e.base : e

/** A sum over rows that the driver has by its name: of weights, when it stands before a function of η. */
const isSum = (e: Expr): boolean => e.kind === 'ref' && e.space === 'stat'

const readsData = (e: Expr, name: string): boolean =>
  some(e, (n) => n.kind === 'ref' && n.space === 'data' && n.name === name)

/** weight · e^η. */
function isExponential(e: Expr, names: ReadonlySet<string>): boolean {
  if (e.kind === 'mul') {
    const own = e.factors.filter((f) => readsNames(f, names))
    return own.length === 1 && own.every((f) => isExponential(f, names))
  }
  const [arg] = e.kind === 'call' && e.fn === 'exp' ? e.args : []
  return arg !== undefined && isLinear(arg, names)
}

/** Linear in the block: no function and no product of its elements. */
function isLinear(e: Expr, names: ReadonlySet<string>): boolean {
  if (!readsNames(e, names)) return true
  switch (e.kind) {
    case 'ref':
      return true
    case 'add':
      return e.terms.every((t) => isLinear(t, names))
    case 'mul': {
      const own = e.factors.filter((f) => readsNames(f, names))
      return own.length === 1 && own.every((f) => isLinear(f, names))
    }
    case 'sum':
      return isLinear(e.body, names)
    case 'case':
      return isLinear(e.then, names) && isLinear(e.otherwise, names)
    default:
      return false
  }
}

/** The rule of an id, or undefined. */
export const regressionRule = (id: string): RegressionRule | undefined =>
  Object.values(REGRESSION_RULES).find((r) => r.id === id)
