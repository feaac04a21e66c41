/** Params at the point shown: their values, what is held, and how sure the fit is of them. */
import { useState } from 'preact/hooks'
import type { ErrorKind } from '../../runtime/uncertainty.js'
import type { Controller } from '../session/controller.js'
import { type KeptState, number, type State } from '../session/state.js'
import type { PointView } from '../session/view.js'
import { Whole } from '../ui/number-field.js'
import { ScrollRegion } from '../ui/scroll-region.js'
import { Complaints } from './data-panel.js'
import { type Hold, ParamTable } from './param-table.js'

interface Props {
  readonly state: State
  readonly controller: Controller
  readonly shown: KeptState
  readonly point: PointView
}

export function ParamsSection({ state, controller, shown, point }: Props) {
  const { fix } = state.project.controls
  const busy = state.work.kind !== 'idle'
  const isEnd = shown.position >= shown.last - 1
  const intervals = isEnd ? shown.intervals : null
  const holdOf = (name: string, isPosterior: boolean): Hold | null =>
    isPosterior
      ? null
      : {
          value: fix.get(name),
          disabled: busy,
          onHold(value) {
            const next = new Map(fix)
            if (value === null) next.delete(name)
            else next.set(name, value)
            controller.setControls({ fix: next })
          },
        }
  const isOther = JSON.stringify([...fix]) !== JSON.stringify([...shown.fix])
  return (
    <section aria-label="Params">
      <h2>Params</h2>
      {point.params.length === 0 && (
        <p class="hint">The params have posteriors in this mode, which begin with the first E-step.</p>
      )}
      {point.params.some((p) => p.sd != null) && <p class="hint">Means of the posterior ± its standard deviations.</p>}
      {isOther && <p class="changed">What is held has changed: it takes effect with the next run.</p>}
      {point.params.map((p) => (
        <ParamTable
          key={p.name}
          param={p}
          errors={intervals?.params.find((x) => x.name === p.name) ?? null}
          hold={holdOf(p.name, p.sd != null)}
        />
      ))}
      <Uncertainty state={state} controller={controller} shown={shown} />
      {intervals !== null && <Others intervals={intervals} />}
      {shown.intervals !== null && !isEnd && (
        <p class="hint">The intervals belong to the last iteration, and are shown there.</p>
      )}
    </section>
  )
}

const KINDS: readonly { readonly kind: ErrorKind; readonly label: string; readonly says: string }[] = [
  { kind: 'information', label: 'information', says: 'How sharply the log-likelihood curves at its maximum.' },
  {
    kind: 'sandwich',
    label: 'sandwich',
    says: 'Holds where the model is not quite true; it needs many independent rows.',
  },
  { kind: 'bootstrap', label: 'bootstrap', says: 'Draws rows with replacement and fits again, many times.' },
  {
    kind: 'parametric',
    label: 'parametric bootstrap',
    says: 'Draws data from the fit and fits again, many times: also where all rows hang together, as in one long chain.',
  },
]

/** Standard errors of the fit that is shown, asked for by a button: they may take long. */
function Uncertainty({ state, controller, shown }: Omit<Props, 'point'>) {
  const [kind, setKind] = useState<ErrorKind>('information')
  const [replicates, setReplicates] = useState(200)
  const { mode } = shown.run
  if (mode === 'vb') return null
  if (mode !== 'em' && mode !== 'anneal')
    return (
      <p class="hint">Standard errors are those of the maximum of the likelihood: fit in the mode soft or anneal.</p>
    )
  const { weights } = state.project.controls
  const isWeighted = state.compiled?.model?.facts.weighted === true
  const isSample = isWeighted && weights === 'sampling'
  const chosen = isSample && kind === 'information' ? 'sandwich' : kind
  return (
    <form
      class="uncertainty"
      aria-label="Standard errors"
      onSubmit={(e) => {
        e.preventDefault()
        void controller.asides.intervals(chosen, replicates)
      }}
    >
      <label>
        Intervals by
        <select
          value={chosen}
          onChange={(e) => setKind(KINDS.find((k) => k.kind === e.currentTarget.value)?.kind ?? 'information')}
        >
          {KINDS.map((k) => (
            <option key={k.kind} value={k.kind} disabled={isSample && k.kind === 'information'}>
              {k.label}
            </option>
          ))}
        </select>
      </label>
      {isWeighted && (
        <label>
          A weight is
          <select
            value={weights}
            onChange={(e) =>
              controller.setControls({ weights: e.currentTarget.value === 'sampling' ? 'sampling' : 'frequency' })
            }
          >
            <option value="frequency">how often a row was seen</option>
            <option value="sampling">how many members of the population a row stands for</option>
          </select>
        </label>
      )}
      {(chosen === 'bootstrap' || chosen === 'parametric') && (
        <Whole label="Fits" says="Data are drawn anew so often" value={replicates} least={10} onValue={setReplicates} />
      )}
      <button type="submit" disabled={state.work.kind !== 'idle'}>
        {state.work.kind === 'intervals' ? 'Under way …' : 'Find intervals'}
      </button>
      <p class="hint">
        {KINDS.find((k) => k.kind === chosen)?.says}
        {shown.run.status !== 'converged' && ' They belong to a maximum, and this run has not converged.'}
      </p>
    </form>
  )
}

/** Where the intervals come from, and those of numbers that are no params. */
function Others({ intervals }: { readonly intervals: NonNullable<KeptState['intervals']> }) {
  return (
    <>
      <p class="hint intervals-say">{intervals.says}</p>
      <Complaints list={intervals.warnings} kind="warning" label="Warnings of the standard errors" />
      {intervals.others.length > 0 && (
        <ScrollRegion label="Intervals of numbers made from the params">
          <table class="param">
            <caption>Made from the params</caption>
            <tbody>
              {intervals.others.slice(0, 60).map((e) => (
                <tr key={`${e.name} ${e.index.join()}`}>
                  <th scope="row">{e.index.length === 0 ? e.name : `${e.name}[${e.index.join(', ')}]`}</th>
                  <td>
                    <span class="figure">{number(e.value)}</span>
                    <span class="interval">
                      {e.low === null || e.high === null ? 'no error' : `${number(e.low, 3)} to ${number(e.high, 3)}`}
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
    </>
  )
}
