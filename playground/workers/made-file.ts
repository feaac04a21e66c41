/** A fit as files to keep: what the command line writes with `predict --out`, `predict --impute --out` and `report`. */
import { OptionError } from '../../api/errors.js'
import { imputedCsv } from '../../api/rows/imputed-rows.js'
import { posteriorCsv, rowsWithPosteriors } from '../../api/rows/posterior-rows.js'
import type { Table } from '../../runtime/data/types.js'
import { fitAtEnd } from './fit-at-end.js'
import type { KeptRun } from './kept-run.js'
import type { FileKind, MadeFile } from './messages.js'

/** @param tables the data as the page has them now */
export async function madeFile(tables: readonly Table[], kept: KeptRun, kind: FileKind): Promise<MadeFile> {
  const fit = await fitAtEnd(kept)
  switch (kind) {
    case 'rows': {
      const latents = fit.posteriors() ?? []
      if (latents.length === 0) throw new OptionError('the model has no latent, and its rows have no posterior')
      const text = rowsWithPosteriors({ latents, rows: fit.tableRows(tables) }, false) ?? posteriorCsv(latents, false)
      return { name: 'rows.csv', text, type: 'text/csv' }
    }
    case 'filled': {
      const made = imputedCsv(await fit.impute(), tables, true)
      if ('reason' in made) throw new OptionError(made.reason)
      return { name: 'filled.csv', text: made.text, type: 'text/csv' }
    }
    case 'report':
      return { name: 'report.html', text: await fit.report(), type: 'text/html' }
  }
}
