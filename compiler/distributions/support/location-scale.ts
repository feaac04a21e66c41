import type { DistributionSignature } from '../../../lang/signature.js'
import { div, sub } from '../../algebra/build.js'
import type { Expr } from '../../algebra/types.js'
import type { Tensor } from '../types.js'
import { scalar } from './arguments.js'

/** A density on the reals with the arguments location (real) and scale (positive). */
export const locationScaleSignature = (name: string, summary: string): DistributionSignature => ({
  name,
  summary,
  parametrisations: [
    {
      arguments: [
        { name: 'location', support: 'real', rank: 0 },
        { name: 'scale', support: 'positive', rank: 0 },
      ],
    },
  ],
  value: { support: 'real', rank: 0, discrete: false },
})

/** (x − location)/scale. */
export const standardised = (x: Expr, args: ReadonlyMap<string, Tensor>): Expr =>
  div(sub(x, scalar(args, 'location')), scalar(args, 'scale'))
