/**
 * Distributions over vectors and matrices. MvNormal and Wishart as in Anderson, An Introduction to Multivariate
 * Statistical Analysis, 3rd ed. (2.3.26, 7.2); InverseWishart 7.7; MvStudentT as in Kotz and Nadarajah (1.1);
 * Dirichlet as in Kotz, Balakrishnan and Johnson (49.2).
 */
import { asMatrix, asVector, at, sum } from '../arrays.js'
import { cholesky, choleskyLogDet, choleskySolve, inverseQuadratic, quadratic } from '../dense.js'
import { lgamma, lgammaRatio, logFactorial, multivariateLgamma, xlogy } from '../special-functions.js'
import { type Density, definedOr, type Rank } from './types.js'

const NONE = Number.NEGATIVE_INFINITY

function ranks(...entries: readonly (readonly [string, Rank])[]): ReadonlyMap<string, Rank> {
  return new Map(entries)
}

function difference(x: readonly number[], mean: readonly number[]): readonly number[] {
  return x.map((v, i) => v - at(mean, i))
}

/** A covariance that is not positive definite has no density: −∞. */
export const mvNormal: Density = {
  name: 'MvNormal',
  rank: 1,
  discrete: false,
  argumentRanks: ranks(['mean', 1], ['cov', 2], ['precision', 2]),
  support: () => ({ kind: 'reals' }),
  logDensity(value, a) {
    const r = difference(asVector(value), a.vector('mean'))
    const constant = (-r.length / 2) * Math.log(2 * Math.PI)
    if (a.has('cov')) {
      const l = cholesky(a.matrix('cov'))
      return l === null ? NONE : constant - choleskyLogDet(l) / 2 - inverseQuadratic(l, r) / 2
    }
    const l = cholesky(a.matrix('precision'))
    return l === null ? NONE : constant + choleskyLogDet(l) / 2 - quadratic(a.matrix('precision'), r) / 2
  },
}

export const mvStudentT: Density = {
  name: 'MvStudentT',
  rank: 1,
  discrete: false,
  argumentRanks: ranks(['df', 0], ['mean', 1], ['scale', 2]),
  support: () => ({ kind: 'reals' }),
  logDensity(value, a) {
    const r = difference(asVector(value), a.vector('mean'))
    const df = a.number('df')
    const d = r.length
    const l = cholesky(a.matrix('scale'))
    if (l === null) return NONE
    const norm = lgammaRatio(df / 2, d / 2) - (d / 2) * Math.log(df * Math.PI) - choleskyLogDet(l) / 2
    return norm - ((df + d) / 2) * Math.log1p(inverseQuadratic(l, r) / df)
  },
}

/** With respect to Lebesgue measure on the first K − 1 coordinates. A number for `a` stands for that number K times. */
export const dirichlet: Density = {
  name: 'Dirichlet',
  rank: 1,
  discrete: false,
  argumentRanks: ranks(['a', 1]),
  support: () => ({ kind: 'simplex' }),
  logDensity(value, a) {
    const x = asVector(value)
    const alpha = a.vector('a')
    if (x.some((v) => v < 0) || Math.abs(sum(x) - 1) > 1e-8) return NONE
    const norm = lgamma(sum(alpha)) - sum(alpha.map(lgamma))
    return definedOr(norm + sum(x.map((v, i) => xlogy(at(alpha, i) - 1, v))))
  },
}

function isCount(x: number): boolean {
  return Number.isInteger(x) && x >= 0
}

function logMultinomialCoefficient(x: readonly number[]): number {
  return logFactorial(sum(x)) - sum(x.map(logFactorial))
}

/** The total is that of the value; the coefficient n!/∏ xᵢ! is part of the mass. */
export const multinomial: Density = {
  name: 'Multinomial',
  rank: 1,
  discrete: true,
  argumentRanks: ranks(['p', 1]),
  support: () => ({ kind: 'counts' }),
  logDensity(value, a) {
    const x = asVector(value)
    const p = a.vector('p')
    if (!x.every(isCount)) return NONE
    return definedOr(logMultinomialCoefficient(x) + sum(x.map((v, i) => xlogy(v, at(p, i)))))
  },
}

export const dirichletMultinomial: Density = {
  name: 'DirichletMultinomial',
  rank: 1,
  discrete: true,
  argumentRanks: ranks(['a', 1]),
  support: () => ({ kind: 'counts' }),
  logDensity(value, a) {
    const x = asVector(value)
    const alpha = a.vector('a')
    if (!x.every(isCount)) return NONE
    const total = sum(alpha)
    const cells = sum(x.map((v, i) => lgammaRatio(at(alpha, i), v)))
    return definedOr(logMultinomialCoefficient(x) + cells - lgammaRatio(total, sum(x)))
  },
}

/** tr(A⁻¹ B) from the Cholesky factor of A. */
function traceOfSolve(l: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  return sum(b.map((column, i) => at(choleskySolve(l, column), i)))
}

/** Density |S|^{(ν−d−1)/2} exp(−tr(V⁻¹ S)/2) / (2^{νd/2} |V|^{ν/2} Γ_d(ν/2)): the mean is ν V. */
export const wishart: Density = {
  name: 'Wishart',
  rank: 2,
  discrete: false,
  argumentRanks: ranks(['df', 0], ['scale', 2]),
  support: () => ({ kind: 'matrices' }),
  logDensity(value, a) {
    const s = asMatrix(value)
    const nu = a.number('df')
    const d = s.length
    const ls = cholesky(s)
    const lv = cholesky(a.matrix('scale'))
    if (ls === null || lv === null) return NONE
    const norm = ((nu * d) / 2) * Math.LN2 + (nu / 2) * choleskyLogDet(lv) + multivariateLgamma(d, nu / 2)
    return definedOr(((nu - d - 1) / 2) * choleskyLogDet(ls) - traceOfSolve(lv, s) / 2 - norm)
  },
}

/** Density |Λ|^{ν/2} |S|^{−(ν+d+1)/2} exp(−tr(Λ S⁻¹)/2) / (2^{νd/2} Γ_d(ν/2)): the mean is Λ/(ν − d − 1). */
export const inverseWishart: Density = {
  name: 'InverseWishart',
  rank: 2,
  discrete: false,
  argumentRanks: ranks(['df', 0], ['scale', 2]),
  support: () => ({ kind: 'matrices' }),
  logDensity(value, a) {
    const s = asMatrix(value)
    const nu = a.number('df')
    const d = s.length
    const ls = cholesky(s)
    const lambda = cholesky(a.matrix('scale'))
    if (ls === null || lambda === null) return NONE
    const norm = ((nu * d) / 2) * Math.LN2 + multivariateLgamma(d, nu / 2) - (nu / 2) * choleskyLogDet(lambda)
    return definedOr((-(nu + d + 1) / 2) * choleskyLogDet(ls) - traceOfSolve(ls, a.matrix('scale')) / 2 - norm)
  },
}
