import type { Distribution, NumericArgument } from '../../../compiler/distributions/types.js'
import type { Arguments } from './numeric-density.js'
import { seededRandom } from './random.js'

/** Draws that moments are compared on. */
export const DRAWS = 20_000

export function sampled(distribution: Distribution, args: Arguments, count: number): readonly NumericArgument[] {
  const random = seededRandom(20_240_229)
  return Array.from({ length: count }, () => distribution.sample(args, random))
}
