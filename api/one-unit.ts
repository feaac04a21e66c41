/** Rows of which none adds to the log-likelihood by itself. */
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import type { Contributions } from '../compiler/bind/posterior-reports.js'
import type { DataProblem } from '../runtime/data/types.js'
import { problem } from './errors.js'

/** Says so where a score has one number for all rows. */
export function oneUnitWarning(
  { derivation, program }: ProgramModel,
  contributions: readonly Contributions[],
): readonly DataProblem[] {
  const [only, second] = contributions
  const hasRows = derivation.graph.factors.some((f) => f.role === 'likelihood' && f.loops.length > 0)
  const names = program.latents.flatMap((l) => (l.introduced ? [] : [`\`${l.name}\``]))
  if (second !== undefined || only?.plate !== null || only.values.length > 1 || !hasRows || names.length === 0)
    return []
  return [
    problem(
      'W538',
      `all rows hang together through ${names.join(', ')}: their log-likelihood is one number, and no row adds to it by itself`,
      null,
    ),
  ]
}
