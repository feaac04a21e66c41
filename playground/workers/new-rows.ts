/** A fit over rows that it has not seen: what their log-likelihood is, and their posteriors as a file. */
import { DataError, OptionError } from '../../api/errors.js'
import { posteriorCsv, rowsWithPosteriors } from '../../api/rows/posterior-rows.js'
import { readTable } from '../../runtime/data/read-table.js'
import type { Table } from '../../runtime/data/types.js'
import { ofProblem } from './complaints.js'
import { fitAtEnd } from './fit-at-end.js'
import type { KeptRun } from './kept-run.js'
import type { GivenFile, NewRowsView } from './messages.js'
import type { Engine } from './model-over-data.js'

/** @throws DataError where the rows do not fit the model or the fit */
export async function newRows(
  kept: KeptRun,
  files: readonly GivenFile[],
  { backend, javascript }: Engine,
): Promise<NewRowsView> {
  const tables = files.flatMap(tableOf)
  const fit = await fitAtEnd(kept)
  const options = { ...(backend === undefined ? {} : { backend }), ...(javascript === undefined ? {} : { javascript }) }
  const score = await fit.score(tables, options)
  const { latents, rows } = await fit.predict(tables, { ...options, rows: true, covariance: false })
  const count = score.contributions.reduce((n, { plate, values }) => n + (plate === null ? 0 : values.length), 0)
  const text =
    latents.length === 0 ? null : (rowsWithPosteriors({ latents, rows }, false) ?? posteriorCsv(latents, false))
  return {
    logLikelihood: score.logLikelihood,
    isBound: fit.result.bound === 'variational',
    rows: count,
    warnings: score.warnings.map(ofProblem),
    file: text === null ? null : { name: 'predicted.csv', text, type: 'text/csv' },
  }
}

function tableOf({ name, content }: GivenFile): readonly Table[] {
  if (content === null) throw new OptionError(`${name} has no contents`)
  const { value, problems } = readTable(name, content)
  if (value === undefined) throw new DataError(problems)
  return [value]
}
