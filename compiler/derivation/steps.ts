/** The whole derivation as steps, in the order of a lecture. */
import type { Expr } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import { qTerms } from '../mstep/plan.js'
import { algorithmStep } from './algorithm-step.js'
import { boundStep } from './bound-step.js'
import { eSteps } from './e-step-steps.js'
import { factorisationSteps } from './factorised-steps.js'
import { hardBoundStep, isHard } from './hard-steps.js'
import { blockStep } from './m-step-steps.js'
import { marginalStep } from './marginal-step.js'
import { liftingStep, likelihoodStep, modelStep, notationStep } from './model-steps.js'
import { notationOf } from './notation.js'
import type { FormulaContext } from './print.js'
import { qStep } from './q-step.js'
import type { DerivationStep } from './types.js'
import type { UpdateContext } from './update-types.js'
import { updateContext, updateOf } from './updates.js'
import { type WorkedIteration, workedSteps } from './worked-steps.js'

/** What a derivation is called. */
export function derivationTitle(d: Derivation): string {
  const what = !hasLatents(d)
    ? 'the estimate'
    : isHard(d)
      ? 'hard EM'
      : d.eStep.factorised === null
        ? 'the EM algorithm'
        : 'the variational EM algorithm'
  return `${d.model.name}: ${what}, derived`
}

const hasLatents = (d: Derivation): boolean =>
  d.eStep.tables.some((t) => t.latents.length > 0) || d.eStep.countGroups.length > 0 || d.eStep.blocks.length > 0

/** What the updates read, and Q itself where one of them is numerical. */
function demandedBy(d: Derivation, context: UpdateContext): readonly Expr[] {
  const updates = d.mStep.steps.flatMap((s) => updateOf(s, context).equations.map((e) => e.right))
  const left = d.mStep.steps.flatMap((s) => updateOf(s, context).equations.map((e) => e.left))
  const numeric = d.mStep.steps.some((s) => s.kind === 'newton')
  return [...left, ...updates, ...(numeric ? qTerms(d.lifted) : [])]
}

/** The steps in the order of a lecture. */
export function derivationSteps(d: Derivation, iteration: WorkedIteration | null = null): readonly DerivationStep[] {
  const notation = notationOf(d)
  const c: FormulaContext = { notation, named: [], means: 'expectation' }
  const latent = hasLatents(d)
  const context = updateContext(d, notation)
  const lifting = latent ? liftingStep(c) : null
  const first = [notationStep(c), modelStep(c), likelihoodStep(c, latent)]
  const e = latent ? eSteps(c, demandedBy(d, context)) : []
  // with no params there is nothing to maximise
  const q = d.mStep.steps.length === 0 ? [] : [qStep(c, latent)]
  const blocks = d.mStep.steps.map((s) => blockStep(s, context, c, latent))
  const updates = blocks.map((b) => b.lines)
  return [
    ...first,
    ...(latent ? [marginalStep(c), isHard(d) ? hardBoundStep(c) : boundStep(c), ...factorisationSteps(c)] : []),
    ...(lifting === null ? [] : [lifting]),
    ...e,
    ...q,
    ...blocks.map((b) => b.step),
    algorithmStep(d, c, e, updates, latent),
    ...(iteration === null ? [] : workedSteps(d, c, iteration)),
  ]
}
