/** One run of a reference case from one start, plain or accelerated. */
import { fitModel } from '../../runtime/fit.js'
import type { FitRequest } from '../../runtime/options.js'
import type { StartValues } from '../../runtime/start-values.js'
import type { SeedCase } from './seed-run.js'

export interface RunEnd {
  readonly passes: number
  readonly objective: number
  readonly converged: boolean
  /** Its params, as a start. */
  readonly start: StartValues
}

export async function runFrom(of: SeedCase, request: FitRequest): Promise<RunEnd> {
  // nodes and draws of one fit would be there in the next
  const bound = of.bound.bound === 'exact' ? of.bound : of.bind()
  const outcome = await fitModel(bound, { ...request, restarts: 1 }, { pause: () => Promise.resolve() })
  if (!outcome.ok) throw new Error(outcome.problems.map((p) => p.message).join('\n'))
  const { passes, objective, converged, params } = outcome.result
  return { passes, objective: Number(objective), converged, start: new Map(Object.entries(params)) }
}
