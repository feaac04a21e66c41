/** How many dimensions one value of a written distribution has. */
import type { TDistribution } from '../lang/typed/types.js'
import type { World } from './world.js'

/** Rank of one value of a distribution; null where the left side is one value whatever its rank. */
export function rankOf(d: TDistribution, world: World): number | null {
  switch (d.kind) {
    case 'plain':
      return world.densities.get(d.name)?.rank ?? null
    case 'truncated':
    case 'censored':
      return rankOf(d.of, world)
    case 'mixture':
    case 'custom':
      return null
  }
}
