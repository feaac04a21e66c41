/**
 * Distributions on the real line. Densities as in Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions,
 * 2nd ed. (Normal 13.1, Cauchy 16.3, Logistic 23.3, Laplace 24.1, Student 28.2); von Mises as in Mardia and Jupp 3.5.4.
 */
import { lgammaRatio, logBesselI0, logLogistic, logPhi } from '../special-functions.js'
import { type Arguments, type Density, REALS, scalar } from './types.js'

function normalSd(a: Arguments): number {
  if (a.has('sd')) return a.number('sd')
  return a.has('var') ? Math.sqrt(a.number('var')) : 1 / Math.sqrt(a.number('precision'))
}

/** Normal by mean and sd, var or precision. With sd 0 all mass is at the mean: the density is not defined, its support is. */
export const normal: Density = scalar({
  name: 'Normal',
  numbers: ['mean', 'sd', 'var', 'precision'],
  support: (a) => (normalSd(a) === 0 ? { kind: 'point', value: a.number('mean') } : REALS),
  log(x, a) {
    const sd = normalSd(a)
    if (sd === 0) return Number.NEGATIVE_INFINITY
    const z = (x - a.number('mean')) / sd
    return -0.5 * Math.log(2 * Math.PI) - Math.log(sd) - (z * z) / 2
  },
  logCdf: (x, a) => logPhi((x - a.number('mean')) / normalSd(a)),
  logSurvival: (x, a) => logPhi((a.number('mean') - x) / normalSd(a)),
})

export const studentT: Density = scalar({
  name: 'StudentT',
  numbers: ['df', 'mean', 'scale'],
  support: () => REALS,
  log(x, a) {
    const df = a.number('df')
    const scale = a.number('scale')
    const z = (x - a.number('mean')) / scale
    const norm = lgammaRatio(df / 2, 0.5) - 0.5 * Math.log(df * Math.PI) - Math.log(scale)
    return norm - ((df + 1) / 2) * Math.log1p((z * z) / df)
  },
})

export const laplace: Density = scalar({
  name: 'Laplace',
  numbers: ['location', 'scale'],
  support: () => REALS,
  log(x, a) {
    const scale = a.number('scale')
    return -Math.log(2 * scale) - Math.abs(x - a.number('location')) / scale
  },
  logCdf: (x, a) => laplaceLogCdf((x - a.number('location')) / a.number('scale')),
  logSurvival: (x, a) => laplaceLogCdf((a.number('location') - x) / a.number('scale')),
})

function laplaceLogCdf(z: number): number {
  return z <= 0 ? z - Math.LN2 : Math.log1p(-0.5 * Math.exp(-z))
}

export const logisticDistribution: Density = scalar({
  name: 'Logistic',
  numbers: ['location', 'scale'],
  support: () => REALS,
  log(x, a) {
    const scale = a.number('scale')
    const z = (x - a.number('location')) / scale
    return logLogistic(z) + logLogistic(-z) - Math.log(scale)
  },
  logCdf: (x, a) => logLogistic((x - a.number('location')) / a.number('scale')),
  logSurvival: (x, a) => logLogistic((a.number('location') - x) / a.number('scale')),
})

export const cauchy: Density = scalar({
  name: 'Cauchy',
  numbers: ['location', 'scale'],
  support: () => REALS,
  log(x, a) {
    const scale = a.number('scale')
    const z = (x - a.number('location')) / scale
    return -Math.log(Math.PI * scale) - Math.log1p(z * z)
  },
  logCdf: (x, a) => cauchyLogCdf((x - a.number('location')) / a.number('scale')),
  logSurvival: (x, a) => cauchyLogCdf((a.number('location') - x) / a.number('scale')),
})

function cauchyLogCdf(z: number): number {
  return Math.log(z < 0 ? Math.atan(-1 / z) / Math.PI : 0.5 + Math.atan(z) / Math.PI)
}

/** On the circle: any real value is an angle in radians; as a latent it ranges over one turn around 0. */
export const vonMises: Density = {
  ...scalar({
    name: 'VonMises',
    numbers: ['mean', 'concentration'],
    support: () => REALS,
    log(x, a) {
      const kappa = a.number('concentration')
      return kappa * Math.cos(x - a.number('mean')) - Math.log(2 * Math.PI) - logBesselI0(kappa)
    },
  }),
  support: () => ({ kind: 'interval', low: -Math.PI, high: Math.PI }),
}
