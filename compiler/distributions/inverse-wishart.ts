import { add, div, idx, inverse, log, logdet, mul, neg, num, sum } from '../algebra/build.js'
import { argument, scalar, sizeOf } from './support/arguments.js'
import { drawBartlett } from './support/draw-bartlett.js'
import { latexCall } from './support/latex-call.js'
import { logMultivariateGamma } from './support/log-multivariate-gamma.js'
import { choleskyOf, invertLower, isCovariance, product, transpose } from './support/matrices.js'
import { matrixOfTensor } from './support/matrix-of-tensor.js'
import { asMatrix, matrixArgument, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * X⁻¹ is Wishart(df, scale⁻¹): log p(X) = df/2 log |scale| − df D/2 log 2 − log Γ_D(df/2)
 * − (df + D + 1)/2 log |X| − ½ tr(scale X⁻¹), with respect to the elements on and above the diagonal; df > D − 1.
 * Anderson (2003), An Introduction to Multivariate Statistical Analysis, section 7.7.1.
 */
export const InverseWishart: Distribution = {
  signature: {
    name: 'InverseWishart',
    summary: 'A matrix whose inverse is Wishart with df and the inverse of scale; conjugate to a covariance matrix.',
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
    const scale = argument(args, 'scale')
    const operand = matrixOfTensor(value, context)
    const i = context.index('i', order)
    const j = context.index('j', order)
    const trace = sum(i, sum(j, mul(scale.at([idx(i), idx(j)]), inverse(operand, idx(j), idx(i)))))
    return add(
      mul(half, logdet(matrixOfTensor(scale, context))),
      neg(mul(half, order, log(num(2)))),
      neg(logMultivariateGamma(half, order, context)),
      neg(mul(add(half, div(add(order, num(1)), num(2))), logdet(operand))),
      mul(num(-1, 2), trace),
    )
  },
  inSupport(value, args) {
    const x = asMatrix(value)
    return x !== null && x.length === matrixArgument(args, 'scale').length && isCovariance(x)
  },
  // scale = L Lᵀ and A Aᵀ ~ Wishart(df, I): (L⁻ᵀ A)(L⁻ᵀ A)ᵀ ~ Wishart(df, scale⁻¹), whose inverse is (A⁻¹ Lᵀ)ᵀ (A⁻¹ Lᵀ)
  sample(args, random) {
    const lower = choleskyOf(matrixArgument(args, 'scale'))
    const bartlett = drawBartlett(numberArgument(args, 'df'), lower.length, random)
    const root = product(invertLower(bartlett), transpose(lower))
    return product(transpose(root), root)
  },
  latex: (args) => latexCall('InverseWishart', args),
}
