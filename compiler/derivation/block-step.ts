/** The E-step of a block of continuous latents. */
import type { Expr } from '../algebra/types.js'
import type { ContinuousBlock, EStepStep } from '../estep/types.js'
import { conjugateStep } from './conjugate-step.js'
import { gaussianStep } from './gaussian-step.js'
import { momentLines } from './moments.js'
import type { FormulaContext } from './print.js'
import type { DerivationStep } from './types.js'

export function blockStep(
  b: ContinuousBlock,
  step: EStepStep | undefined,
  demanded: readonly Extract<Expr, { kind: 'expect' }>[],
  c: FormulaContext,
): DerivationStep {
  const moments = momentLines(b, demanded, c)
  return b.kind === 'gaussian' ? gaussianStep(b, step, moments, c) : conjugateStep(b, step, moments, c)
}
