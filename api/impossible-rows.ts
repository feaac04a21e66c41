/** Rows to which a model gives probability 0 at its params: nothing can be said of their latents. */

import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { PosteriorReports } from '../compiler/bind/posterior-reports.js'
import type { DataProblem } from '../runtime/data/types.js'
import { problem } from './errors.js'

/** Rows that are named; of the others their number is told. */
const NAMED = 5

/** `n = 2, 7 and 9`: the rows of probability 0 (or of a given kind), plate by plate; null where there are none. */
export function impossibleRows(
  model: ProgramModel,
  params: Float64Array,
  is: (logLikelihood: number) => boolean = (v) => v === Number.NEGATIVE_INFINITY,
  before = 0,
): string | null {
  const parts = new PosteriorReports(model, { contributions: true }).at(params).contributions.flatMap((c) => {
    const rows = [...c.values].flatMap((v, i) => (is(v) ? [before + i + 1] : []))
    if (c.plate === null || rows.length === 0) return []
    const more = rows.length > NAMED ? `, … (${rows.length} of ${c.values.length})` : ''
    return [`${c.plate} = ${rows.slice(0, NAMED).join(', ')}${more}`]
  })
  return parts.length === 0 ? null : parts.join('; ')
}

/** What `predict` says of such rows, `before` of which come before those of the model. */
export function impossibleRowsWarning(
  model: ProgramModel,
  params: Float64Array,
  before: number,
): readonly DataProblem[] {
  if (Number.isFinite(model.eStep(params).logLikelihood)) return []
  const rows = impossibleRows(model, params, undefined, before)
  return rows === null
    ? []
    : [problem('W539', `rows of probability 0 at the fitted params have no posterior: ${rows}`, null)]
}
