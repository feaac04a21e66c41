/** The derivation as a readable document, made from the objects that are executed. */
export { type DerivationDocument, derivationDocument, withSpans } from './document.js'
export { type PlanJson, planJson, updateText } from './plan-json.js'
export { derivationSteps } from './steps.js'
export type { Block, DerivationStep, Inline, StepKind } from './types.js'
export type { PrintedNumbers, WorkedIteration, WorkedParam } from './worked-steps.js'
