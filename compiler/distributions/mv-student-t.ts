import { add, call, div, idx, inverse, log, logdet, mul, neg, num, PI, pow, sub, sum } from '../algebra/build.js'
import { StudentT } from './student-t.js'
import { argument, component, scalar, sizeOf } from './support/arguments.js'
import { drawGamma } from './support/draw-gamma.js'
import { drawNormal } from './support/draw-normal.js'
import { latexCall } from './support/latex-call.js'
import { at, choleskyOf } from './support/matrices.js'
import { matrixOfTensor } from './support/matrix-of-tensor.js'
import { asVector, broadcastArgument, matrixArgument, numberArgument } from './support/numeric-arguments.js'
import type { Distribution, Tensor } from './types.js'

/**
 * log p(x) = log Γ((df + D)/2) − log Γ(df/2) − D/2 log(π df) − ½ log |scale| − (df + D)/2 log(1 + δ/df), with
 * δ = (x − mean)ᵀ scale⁻¹ (x − mean).
 * Kotz, Nadarajah (2004), Multivariate t Distributions and Their Applications, equation 1.1.
 */
export const MvStudentT: Distribution = {
  signature: {
    name: 'MvStudentT',
    summary: 'A vector with heavy tails, by its mean and scale matrix.',
    parametrisations: [
      {
        arguments: [
          { name: 'df', support: 'positive', rank: 0 },
          { name: 'mean', support: 'real', rank: 1 },
          { name: 'scale', support: 'covariance', rank: 2 },
        ],
      },
    ],
    value: { support: 'real', rank: 1, sizeOf: 'mean', discrete: false },
  },
  logDensity(value, args, context) {
    const df = scalar(args, 'df')
    const order = sizeOf(value)
    const mean = argument(args, 'mean')
    const operand = matrixOfTensor(argument(args, 'scale'), context)
    const i = context.index('i', order)
    const j = context.index('j', order)
    const deviation = (k: typeof i) => sub(component(value, idx(k)), component(mean, idx(k)))
    const distance = sum(i, sum(j, mul(inverse(operand, idx(i), idx(j)), deviation(i), deviation(j))))
    return add(
      call('lgammaDelta', div(df, num(2)), div(order, num(2))),
      mul(num(-1, 2), order, log(mul(PI, df))),
      mul(num(-1, 2), logdet(operand)),
      neg(mul(num(1, 2), add(df, order), call('log1p', div(distance, df)))),
    )
  },
  // Kotz, Nadarajah (2004), Multivariate t Distributions and Their Applications, section 1.7
  coordinate(args, i) {
    const own = new Map<string, Tensor>([
      ['df', argument(args, 'df')],
      ['mean', { dims: [], at: () => component(argument(args, 'mean'), i) }],
      ['scale', { dims: [], at: () => pow(argument(args, 'scale').at([i, i]), { n: 1, d: 2 }) }],
    ])
    const [moments, tail] = [StudentT.moments?.(own), StudentT.tail?.(own)]
    if (moments === undefined || tail === undefined) throw new Error("Student's t has no moments or tails")
    return { ...moments, below: tail.below, above: tail.above }
  },
  inSupport(value, args) {
    const x = asVector(value)
    return x !== null && x.length === matrixArgument(args, 'scale').length && x.every(Number.isFinite)
  },
  sample(args, random) {
    const df = numberArgument(args, 'df')
    const lower = choleskyOf(matrixArgument(args, 'scale'))
    const mean = broadcastArgument(args, 'mean', lower.length)
    const z = lower.map(() => drawNormal(random))
    const spread = Math.sqrt((2 * drawGamma(df / 2, random)) / df)
    return mean.map((m, i) => m + z.reduce((total, zj, j) => total + at(lower, i, j) * zj, 0) / spread)
  },
  latex: (args) => latexCall('MvStudentT', args),
}
