/** Effective draws of a posterior below which their weights say nothing. */
export const LEAST_EFFECTIVE = 10

/** Why a fit by draws is not to be trusted. */
export const fewEffective = (effective: number, draws: number): string =>
  `of ${draws} draws of a posterior ${Number(effective.toPrecision(3))} count (below ${LEAST_EFFECTIVE}): it is far from ` +
  'Normal in too many dimensions for draws that are weighted by importance'
