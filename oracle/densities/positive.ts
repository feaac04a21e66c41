/**
 * Distributions on half-lines and intervals. Densities as in Johnson, Kotz and Balakrishnan, Continuous Univariate
 * Distributions, 2nd ed. (LogNormal 14.1, Gamma 17.1, Exponential 19.1, Pareto 20.1, Weibull 21.1, Beta 25.1,
 * Uniform 26.1); InverseGamma and Pareto in the parametrisation of Stan, shape first for both.
 */
import { lbeta, lgamma, logPhi, xlog1py, xlogy } from '../special-functions.js'
import { type Arguments, type Density, POSITIVE, scalar } from './types.js'

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI)

export const logNormal: Density = scalar({
  name: 'LogNormal',
  numbers: ['mean', 'sd'],
  support: () => POSITIVE,
  log(x, a) {
    if (x === 0) return Number.NEGATIVE_INFINITY
    const z = logNormalZ(x, a)
    return -HALF_LOG_TWO_PI - Math.log(a.number('sd')) - Math.log(x) - (z * z) / 2
  },
  logCdf: (x, a) => (x <= 0 ? Number.NEGATIVE_INFINITY : logPhi(logNormalZ(x, a))),
  logSurvival: (x, a) => (x <= 0 ? 0 : logPhi(-logNormalZ(x, a))),
})

function logNormalZ(x: number, a: Arguments): number {
  return (Math.log(x) - a.number('mean')) / a.number('sd')
}

/** Density rate^shape x^{shape − 1} e^{−rate x} / Γ(shape); scale = 1 / rate. */
export const gamma: Density = scalar({
  name: 'Gamma',
  numbers: ['shape', 'rate', 'scale'],
  support: () => POSITIVE,
  log(x, a) {
    const shape = a.number('shape')
    const logRate = a.has('rate') ? Math.log(a.number('rate')) : -Math.log(a.number('scale'))
    const exponent = a.has('rate') ? a.number('rate') * x : x / a.number('scale')
    return shape * logRate - lgamma(shape) + xlogy(shape - 1, x) - exponent
  },
})

/** Density scale^shape x^{−shape − 1} e^{−scale/x} / Γ(shape). */
export const inverseGamma: Density = scalar({
  name: 'InverseGamma',
  numbers: ['shape', 'scale'],
  support: () => POSITIVE,
  log(x, a) {
    if (x === 0) return Number.NEGATIVE_INFINITY
    const shape = a.number('shape')
    const scale = a.number('scale')
    return shape * Math.log(scale) - lgamma(shape) - (shape + 1) * Math.log(x) - scale / x
  },
})

export const exponential: Density = scalar({
  name: 'Exponential',
  numbers: ['rate'],
  support: () => POSITIVE,
  log: (x, a) => Math.log(a.number('rate')) - a.number('rate') * x,
  logCdf: (x, a) => (x <= 0 ? Number.NEGATIVE_INFINITY : Math.log(-Math.expm1(-a.number('rate') * x))),
  logSurvival: (x, a) => (x <= 0 ? 0 : -a.number('rate') * x),
})

/** Survival function exp(−(x/scale)^shape). */
export const weibull: Density = scalar({
  name: 'Weibull',
  numbers: ['shape', 'scale'],
  support: () => POSITIVE,
  log(x, a) {
    const shape = a.number('shape')
    const z = x / a.number('scale')
    return Math.log(shape / a.number('scale')) + xlogy(shape - 1, z) - z ** shape
  },
  logCdf: (x, a) =>
    x <= 0 ? Number.NEGATIVE_INFINITY : Math.log(-Math.expm1(-((x / a.number('scale')) ** a.number('shape')))),
  logSurvival: (x, a) => (x <= 0 ? 0 : -((x / a.number('scale')) ** a.number('shape'))),
})

/** Density shape scale^shape / x^{shape + 1} for x ≥ scale. */
export const pareto: Density = scalar({
  name: 'Pareto',
  numbers: ['shape', 'scale'],
  support: (a) => ({ kind: 'interval', low: a.number('scale'), high: Number.POSITIVE_INFINITY }),
  log(x, a) {
    const shape = a.number('shape')
    return Math.log(shape) + shape * Math.log(a.number('scale')) - (shape + 1) * Math.log(x)
  },
  logCdf: (x, a) =>
    x <= a.number('scale')
      ? Number.NEGATIVE_INFINITY
      : Math.log(-Math.expm1(a.number('shape') * Math.log(a.number('scale') / x))),
  logSurvival: (x, a) => (x <= a.number('scale') ? 0 : a.number('shape') * Math.log(a.number('scale') / x)),
})

/** |Z| for Z normal with mean 0 and the given sd. */
export const halfNormal: Density = scalar({
  name: 'HalfNormal',
  numbers: ['sd'],
  support: () => POSITIVE,
  log(x, a) {
    const sd = a.number('sd')
    const z = x / sd
    return Math.LN2 - HALF_LOG_TWO_PI - Math.log(sd) - (z * z) / 2
  },
  logSurvival: (x, a) => (x <= 0 ? 0 : Math.LN2 + logPhi(-x / a.number('sd'))),
  logCdf: (x, a) => (x <= 0 ? Number.NEGATIVE_INFINITY : Math.log(-Math.expm1(Math.LN2 + logPhi(-x / a.number('sd'))))),
})

export const beta: Density = scalar({
  name: 'Beta',
  numbers: ['a', 'b'],
  support: () => ({ kind: 'interval', low: 0, high: 1 }),
  log(x, a) {
    const p = a.number('a')
    const q = a.number('b')
    return xlogy(p - 1, x) + xlog1py(q - 1, -x) - lbeta(p, q)
  },
})

export const uniform: Density = scalar({
  name: 'Uniform',
  numbers: ['low', 'high'],
  support: (a) => ({ kind: 'interval', low: a.number('low'), high: a.number('high') }),
  log: (_, a) => -Math.log(a.number('high') - a.number('low')),
  logCdf: (x, a) => Math.log(Math.min(1, Math.max(0, uniformPart(x, a)))),
  logSurvival: (x, a) => Math.log(Math.min(1, Math.max(0, 1 - uniformPart(x, a)))),
})

function uniformPart(x: number, a: Arguments): number {
  return (x - a.number('low')) / (a.number('high') - a.number('low'))
}
