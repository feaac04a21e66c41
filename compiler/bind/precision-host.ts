/** What the precision of posteriors by nodes needs of a program over bound data. */
import type { Derivation } from '../derive.js'
import type { NodeBlock } from '../estep/types.js'
import { extentOf } from '../lower/lowerer.js'
import { f64 } from '../targets/solve/types.js'
import type { Expectations } from './expectations.js'
import type { ProgramMemory } from './memory.js'
import type { PrecisionHost } from './node-precision.js'
import { rowWeights } from './row-weights.js'

export function precisionHost(
  derivation: Derivation,
  memory: ProgramMemory,
  expectations: Expectations,
): PrecisionHost {
  const { numbers } = memory
  const values = (b: NodeBlock): number =>
    b.scope.reduce((n, s) => n * (numbers.extent(s.latent.high) - numbers.extent(s.latent.low) + 1), 1)
  return {
    rules: numbers.nodes,
    evaluate: (params) => expectations.objective(params),
    weights: (params, buffer) => f64(expectations.calibrate(params), buffer),
    posteriors: (b) => b.loops.reduce((n, l) => n * numbers.extent(extentOf(l.index)), values(b)),
    rowWeights: (b) => rowWeights(derivation, numbers, b.latents[0]?.latent.name ?? ''),
    values,
    resize: () => memory.resize(),
  }
}
