/** The numbers of the point shown: params, posteriors, what a fit says; and the runs that are kept. */
import type { Controller } from '../session/controller.js'
import { isStale, type KeptState, likelihoodName, number, type State, shownRun } from '../session/state.js'
import type { FileKind, FitSummary, IntervalsView } from '../workers/messages.js'
import { Complaints } from './data-panel.js'
import { download } from './download.js'
import { NewRowsSection } from './new-rows-section.js'
import { ParamsSection } from './params-section.js'
import { PosteriorTable } from './posterior-table.js'
import { ResidualsSection } from './residuals-section.js'
import { RunsSection } from './runs-section.js'

interface Props {
  readonly state: State
  readonly controller: Controller
}

export function NumbersPanel({ state, controller }: Props) {
  const shown = shownRun(state)
  if (shown === null || shown.run.point === null)
    return <p class="empty">Params and posteriors appear here when a run has begun.</p>
  const { point } = shown.run
  const { summary } = shown
  return (
    <div class={`numbers${isStale(state, shown) ? ' is-stale' : ''}`}>
      {summary !== null && (
        <section aria-label="Fit">
          <h2>Fit</h2>
          {shown.last > shown.fitted && (
            <p class="hint">The run has gone on since: these are the numbers where the fit ended.</p>
          )}
          <dl class="facts">
            <Fact name={likelihoodName(shown.run)} value={number(summary.logLikelihood)} full={summary.logLikelihood} />
            {summary.objective !== summary.logLikelihood && (
              <Fact name="objective" value={number(summary.objective)} full={summary.objective} />
            )}
            {summary.withinSS !== null && <Fact name="within-cluster sum" value={number(summary.withinSS)} />}
            {!Number.isNaN(summary.bic) && <Fact name="BIC" value={number(summary.bic, 2)} />}
            {!Number.isNaN(summary.aic) && <Fact name="AIC" value={number(summary.aic, 2)} />}
            {summary.certainty !== null && (
              <Fact
                name="certainty"
                value={number(summary.certainty, 3)}
                says={`From 0, any value of the latents, to 1, certain; their entropy is ${number(summary.entropy ?? Number.NaN)} nats`}
              />
            )}
            <Fact name="params" value={String(summary.parameters)} />
            <Fact name="observations" value={summary.observations.toLocaleString('en')} />
            <Fact name="iterations" value={String(summary.iterations)} />
            {summary.bound !== 'exact' && (
              <Fact name="objective is" value={BOUNDS.get(summary.bound) ?? summary.bound} />
            )}
          </dl>
          {summary.notes.map((note) => (
            <p class="hint" key={note}>
              {note}
            </p>
          ))}
          <Complaints list={summary.warnings} kind="warning" label="Warnings of the fit" />
          <p class="files">
            <button
              type="button"
              onClick={() => download('fit.json', withIntervals(summary.file, shown.intervals), 'application/json')}
            >
              Download fit.json
            </button>
            <MadeFiles state={state} controller={controller} shown={shown} summary={summary} />
          </p>
        </section>
      )}
      <ParamsSection state={state} controller={controller} shown={shown} point={point} />
      {point.latents.map((l) => (
        <PosteriorTable key={l.name} latent={l} />
      ))}
      <ResidualsSection state={state} controller={controller} shown={shown} />
      <NewRowsSection key={shown.run.id} state={state} controller={controller} shown={shown} />
      <RunsSection state={state} controller={controller} shown={shown} />
    </div>
  )
}

const FILES: readonly { readonly kind: FileKind; readonly name: string; readonly says: string }[] = [
  { kind: 'rows', name: 'rows.csv', says: 'The rows of the data, each with the posterior of its latents' },
  {
    kind: 'filled',
    name: 'filled.csv',
    says: 'The rows of the data, with missing cells filled, and how certain they are',
  },
  {
    kind: 'report',
    name: 'report.html',
    says: 'Parameters, pictures and derivation as one page that needs no other file',
  },
]

interface FilesProps extends Props {
  readonly shown: KeptState
  readonly summary: FitSummary
}

/** What a fit gives beside its own file. */
function MadeFiles({ state, controller, shown, summary }: FilesProps) {
  const has = (kind: FileKind): boolean =>
    kind === 'report' || (kind === 'filled' ? summary.missing > 0 : (shown.run.point?.latents ?? []).length > 0)
  return FILES.filter((f) => has(f.kind)).map(({ kind, name, says }) => (
    <button
      type="button"
      key={kind}
      title={says}
      disabled={state.work.kind !== 'idle' || isStale(state, shown)}
      onClick={() =>
        void controller.asides.file(kind).then((made) => {
          if (made !== null) download(made.name, made.text, made.type)
        })
      }
    >
      Download {name}
    </button>
  ))
}

/** The fit file with the standard errors that were found. */
function withIntervals(file: string, intervals: IntervalsView | null): string {
  if (intervals === null) return file
  const { warnings, ...fit } = JSON.parse(file) as { readonly warnings: readonly unknown[] }
  const more = intervals.warnings.map(({ code, message }) => ({ code, message }))
  const all = { ...fit, ...JSON.parse(intervals.fields), warnings: [...warnings, ...more] }
  return `${JSON.stringify(all, null, 1)}\n`
}

const BOUNDS = new Map([
  ['variational', 'a lower bound'],
  ['quadrature', 'by quadrature'],
  ['monte-carlo', 'by random draws'],
])

interface FactProps {
  readonly name: string
  readonly value: string
  /** With all of its digits. */
  readonly full?: number
  readonly says?: string
}

function Fact({ name, value, full, says }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd title={full === undefined ? says : String(full)}>{value}</dd>
    </div>
  )
}
