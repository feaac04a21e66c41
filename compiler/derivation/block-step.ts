/** The E-step of a block of continuous latents. */
import type { Expr } from '../algebra/types.js'
import type { ContinuousBlock, EStepStep } from '../estep/types.js'
import { conjugateStep } from './conjugate-step.js'
import { gaussianStep } from './gaussian-step.js'
import { momentLines } from './moments.js'
import { nodeStep } from './node-step.js'
import type { FormulaContext } from './print.js'
import type { DerivationStep } from './types.js'

export function blockStep(
  b: ContinuousBlock,
  step: EStepStep | undefined,
  demanded: readonly Extract<Expr, { kind: 'expect' }>[],
  c: FormulaContext,
): DerivationStep {
  switch (b.kind) {
    case 'gaussian':
      return gaussianStep(b, step, momentLines(b, demanded, c), c)
    case 'conjugate':
      return conjugateStep(b, step, momentLines(b, demanded, c), c)
    case 'nodes':
      return nodeStep(b, step, demanded, c)
  }
}
