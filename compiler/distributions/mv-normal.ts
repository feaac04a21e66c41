import { add, idx, inverse, log, logdet, mul, num, PI, sub, sum } from '../algebra/build.js'
import { argument, component, sizeOf } from './support/arguments.js'
import { drawNormal } from './support/draw-normal.js'
import { latexCall } from './support/latex-call.js'
import { at, choleskyOf } from './support/matrices.js'
import { matrixOfTensor } from './support/matrix-of-tensor.js'
import { asVector, broadcastArgument, matrixArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = −D/2 log 2π − ½ log |cov| − ½ (x − mean)ᵀ cov⁻¹ (x − mean); with P = cov⁻¹, +½ log |P| − ½ (…)ᵀ P (…).
 * Anderson (2003), An Introduction to Multivariate Statistical Analysis, section 2.3.
 */
export const MvNormal: Distribution = {
  signature: {
    name: 'MvNormal',
    summary: 'A Gaussian vector, by its mean and its covariance or precision matrix.',
    parametrisations: [
      {
        arguments: [
          { name: 'mean', support: 'real', rank: 1 },
          { name: 'cov', support: 'covariance', rank: 2 },
        ],
      },
      {
        arguments: [
          { name: 'mean', support: 'real', rank: 1 },
          { name: 'precision', support: 'covariance', rank: 2 },
        ],
      },
    ],
    value: { support: 'real', rank: 1, sizeOf: 'mean', discrete: false },
  },
  logDensity(value, args, context) {
    const order = sizeOf(value)
    const mean = argument(args, 'mean')
    const byPrecision = args.has('precision')
    const matrix = argument(args, byPrecision ? 'precision' : 'cov')
    const operand = matrixOfTensor(matrix, context)
    const i = context.index('i', order)
    const j = context.index('j', order)
    const weight = byPrecision ? matrix.at([idx(i), idx(j)]) : inverse(operand, idx(i), idx(j))
    const deviation = (k: typeof i) => sub(component(value, idx(k)), component(mean, idx(k)))
    return add(
      mul(num(-1, 2), order, log(mul(num(2), PI))),
      mul(byPrecision ? num(1, 2) : num(-1, 2), logdet(operand)),
      mul(num(-1, 2), sum(i, sum(j, mul(weight, deviation(i), deviation(j))))),
    )
  },
  vectorMoments(args, context) {
    const mean = argument(args, 'mean')
    const matrix = argument(args, args.has('precision') ? 'precision' : 'cov')
    const operand = matrixOfTensor(matrix, context)
    return {
      mean: (i) => component(mean, i),
      covariance: (i, j) => (args.has('precision') ? inverse(operand, i, j) : matrix.at([i, j])),
    }
  },
  inSupport(value, args) {
    const x = asVector(value)
    return x !== null && x.length === matrixArgument(args, 'cov').length && x.every(Number.isFinite)
  },
  sample(args, random) {
    const lower = choleskyOf(matrixArgument(args, 'cov'))
    const mean = broadcastArgument(args, 'mean', lower.length)
    const z = lower.map(() => drawNormal(random))
    return mean.map((m, i) => z.reduce((total, zj, j) => total + at(lower, i, j) * zj, m))
  },
  latex: (args) => latexCall('MvNormal', args),
}
