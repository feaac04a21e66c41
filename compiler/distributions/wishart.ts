import { add, div, idx, inverse, log, logdet, mul, neg, num, sub, sum } from '../algebra/build.js'
import { argument, scalar, sizeOf } from './support/arguments.js'
import { drawBartlett } from './support/draw-bartlett.js'
import { latexCall } from './support/latex-call.js'
import { logMultivariateGamma } from './support/log-multivariate-gamma.js'
import { choleskyOf, isCovariance, product, transpose } from './support/matrices.js'
import { matrixOfTensor } from './support/matrix-of-tensor.js'
import { asMatrix, matrixArgument, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(X) = (df − D − 1)/2 log |X| − ½ tr(scale⁻¹ X) − df D/2 log 2 − df/2 log |scale| − log Γ_D(df/2),
 * with respect to the elements on and above the diagonal; df > D − 1; the mean is df · scale.
 * Anderson (2003), An Introduction to Multivariate Statistical Analysis, theorem 7.2.2.
 */
export const Wishart: Distribution = {
  signature: {
    name: 'Wishart',
    summary: 'The scatter matrix of df Gaussian vectors with covariance scale; conjugate to a precision matrix.',
    parametrisations: [
      {
        arguments: [
          { name: 'df', support: 'positive', rank: 0 },
          { name: 'scale', support: 'covariance', rank: 2 },
        ],
      },
    ],
    value: { support: 'covariance', rank: 2, sizeOf: 'scale', discrete: false },
  },
  logDensity(value, args, context) {
    const half = div(scalar(args, 'df'), num(2))
    const order = sizeOf(value)
    const scale = matrixOfTensor(argument(args, 'scale'), context)
    const i = context.index('i', order)
    const j = context.index('j', order)
    const trace = sum(i, sum(j, mul(inverse(scale, idx(i), idx(j)), value.at([idx(j), idx(i)]))))
    return add(
      mul(sub(half, div(add(order, num(1)), num(2))), logdet(matrixOfTensor(value, context))),
      mul(num(-1, 2), trace),
      neg(mul(half, order, log(num(2)))),
      neg(mul(half, logdet(scale))),
      neg(logMultivariateGamma(half, order, context)),
    )
  },
  inSupport(value, args) {
    const x = asMatrix(value)
    return x !== null && x.length === matrixArgument(args, 'scale').length && isCovariance(x)
  },
  sample(args, random) {
    const lower = choleskyOf(matrixArgument(args, 'scale'))
    const root = product(lower, drawBartlett(numberArgument(args, 'df'), lower.length, random))
    return product(root, transpose(root))
  },
  latex: (args) => latexCall('Wishart', args),
}
