import type { ParamLayout } from '../../runtime/contract.js'
import type { Derivation } from '../derive.js'
import { numericRoles } from '../mstep/numeric-roles.js'
import type { DataScale } from './data-scale.js'
import { scalePower } from './interior.js'

/** An sd of this part of the largest datum squares to what is rounded off beside that datum's square. */
const LEAST = 1e-7

/**
 * A spread so small beside the data that residuals are rounding: the likelihood grows without bound as it goes to 0, and is
 * known to no digit. Its element by name; null where there is none.
 */
export function collapsedSpread(
  d: Derivation,
  layouts: readonly ParamLayout[],
  scales: ReadonlyMap<string, DataScale>,
  params: Float64Array,
): string | null {
  const largest = Math.max(0, ...[...scales.values()].map((scale) => scale.largest))
  for (const { name, offset, length } of layouts) {
    const power = scalePower(name, d) ?? stationaryPower(name, d)
    if (power === null) continue
    for (let i = 0; i < length; i++) {
      const sd = (params[offset + i] ?? Number.NaN) ** (1 / power)
      if (sd <= LEAST * largest) return length === 1 ? name : `${name}[…]`
    }
  }
  return null
}

/** The same of a spread whose prior leaves no closed form: its role is read off the density, as those of numerical steps. */
function stationaryPower(name: string, d: Derivation): number | null {
  if (d.mStep.steps.find((s) => s.params.includes(name))?.kind !== 'stationary') return null
  const role = numericRoles(d.lifted, new Set([name]))[0]?.role
  return role === 'sd' ? 1 : role === 'variance' ? 2 : role === 'precision' ? -2 : null
}
