import type { DerivationStep, Line, Origin } from './types.js'

/** Where a line of a step comes from. */
export const originOf = (step: DerivationStep, line: Line): Origin => ({ ...step.origin, ...line.from })
