import type { BoundModel, ComponentState } from './contract.js'

/** Smallest variance of a component over that of the data, and smallest expected count (contracts.md, "Numbers"). */
export const LEAST_RELATIVE_VARIANCE = 1e-4
export const LEAST_COUNT = 2.5
/** The same for components without a spread of their own: they have a bounded likelihood, and only emptiness is wrong. */
export const LEAST_SHARED_COUNT = 0.5

/** Components that are degenerate at `params`: of too small a spread, or of too few rows. */
export function degenerateComponents(model: BoundModel, params: Float64Array): ComponentState[] {
  return model.components(params).filter((state) => isCollapsed(state) || isEmpty(state))
}

/** The component's smallest variance is below 1e-4 of that of the data in its direction; a variance that is no number too. */
export function isCollapsed(state: ComponentState): boolean {
  return state.relativeVariance !== null && !(state.relativeVariance >= LEAST_RELATIVE_VARIANCE)
}

/** The component expects too few rows: 2.5 where it has a spread of its own; a count that is no number too. */
export function isEmpty(state: ComponentState): boolean {
  return !(state.expectedCount >= (state.ownSpread ? LEAST_COUNT : LEAST_SHARED_COUNT))
}
