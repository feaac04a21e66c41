import { betaFamily } from './beta.js'
import { dirichletFamily } from './dirichlet.js'
import { gammaFamily, inverseGammaFamily } from './gamma.js'
import { inverseWishartFamily } from './inverse-wishart.js'
import { logNormalFamily } from './log-normal.js'
import { poissonFamily } from './poisson.js'
import type { Family, FamilyStatistic } from './types.js'
import { wishartFamily } from './wishart.js'

/** Every family that a latent may have as its posterior, the Normal apart. */
export const FAMILIES: readonly Family[] = [
  gammaFamily,
  inverseGammaFamily,
  betaFamily,
  dirichletFamily,
  logNormalFamily,
  poissonFamily,
  wishartFamily,
  inverseWishartFamily,
]

/** The family of a latent with these statistics on its support, or null. */
export function recogniseFamily(support: string, statistics: ReadonlySet<FamilyStatistic>): Family | null {
  return (
    FAMILIES.find(
      (f) =>
        f.supports.some((s) => s === support) && [...statistics].every((s) => f.statistics.some((own) => own === s)),
    ) ?? null
  )
}

export type { Axes, Family, FamilyParameter, FamilyStatistic, Natural } from './types.js'
