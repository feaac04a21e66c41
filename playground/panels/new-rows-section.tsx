/** A file of rows that the fit has not seen: how probable they are, and the posterior of their latents. */
import { useState } from 'preact/hooks'
import type { Controller } from '../session/controller.js'
import { isStale, type KeptState, number, type State } from '../session/state.js'
import type { NewRowsView } from '../workers/messages.js'
import { Complaints } from './data-panel.js'
import { download } from './download.js'

interface Props {
  readonly state: State
  readonly controller: Controller
  readonly shown: KeptState
}

export function NewRowsSection({ state, controller, shown }: Props) {
  const [found, setFound] = useState<{ readonly name: string; readonly view: NewRowsView } | null>(null)
  const { summary } = shown
  if (summary === null) return null
  const predict = async (files: readonly File[]): Promise<void> => {
    const given = await Promise.all(files.map(async (f) => ({ name: f.name, content: await f.text() })))
    const view = await controller.asides.newRows(given)
    setFound(view === null ? null : { name: files.map((f) => f.name).join(', '), view })
  }
  return (
    <section aria-label="New rows">
      <h2>New rows</h2>
      <label class="button">
        Predict rows of a file
        <input
          type="file"
          multiple
          class="aside"
          accept=".csv,.tsv,.tab,.json,.txt,text/csv,application/json"
          disabled={state.work.kind !== 'idle' || isStale(state, shown)}
          onChange={(e) => {
            const files = [...(e.currentTarget.files ?? [])]
            e.currentTarget.value = ''
            if (files.length > 0) void predict(files)
          }}
        />
      </label>
      {found === null ? (
        <p class="hint">
          How probable rows are that the fit has not seen, and the posterior of their latents, at the fitted params.
        </p>
      ) : (
        <>
          <p>{inWords(found.name, found.view, summary)}</p>
          <Complaints list={found.view.warnings} kind="warning" label="Warnings of the new rows" />
          <NewRowsFile view={found.view} />
        </>
      )}
    </section>
  )
}

function NewRowsFile({ view: { file } }: { readonly view: NewRowsView }) {
  if (file === null) return <p class="hint">The model has no latent, and its rows have no posterior.</p>
  return (
    <button type="button" onClick={() => download(file.name, file.text, file.type)}>
      Download {file.name}
    </button>
  )
}

function inWords(
  name: string,
  { logLikelihood, isBound, rows }: NewRowsView,
  summary: { readonly logLikelihood: number; readonly observations: number },
): string {
  const what = isBound ? 'a lower bound of the log-likelihood' : 'the log-likelihood'
  const total = `Of ${name} ${what} is ${number(logLikelihood)}`
  if (rows === 0) return `${total}.`
  const fitted = number(summary.logLikelihood / summary.observations)
  return `${total}: ${number(logLikelihood / rows)} for each of ${rows} rows, where the fit has ${fitted} for each of its own.`
}
