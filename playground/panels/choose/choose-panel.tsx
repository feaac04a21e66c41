/** Choosing the value of a const: every candidate fitted, and what the criteria say of them. */
import { useState } from 'preact/hooks'
import type { BootstrapTest } from '../../../api/select/bootstrap-test.js'
import type { Criterion } from '../../../api/select/candidate.js'
import type { Controller } from '../../session/controller.js'
import { basisOf, number, type State, whyNot } from '../../session/state.js'
import { Whole } from '../../ui/number-field.js'
import { ScrollRegion } from '../../ui/scroll-region.js'
import type { CandidateView, ChoiceView, Comparison } from '../../workers/messages.js'
import { CriteriaChart } from './criteria-chart.js'
import '../../charts/charts.css'

interface Props {
  readonly state: State
  readonly controller: Controller
}

/** Candidates at once. */
const MOST = 12
const FOLDS = [0, 3, 5, 10] as const
/** Of a test: p-values down to 0.05, 0.01, 0.002. */
const DRAWS = [0, 19, 99, 499] as const

export function ChoosePanel({ state, controller }: Props) {
  const consts = (state.compiled?.model?.facts.consts ?? []).filter(
    (c) => c.isNumber && Number.isInteger(currentValue(c, state)),
  )
  if (state.compiled?.model == null)
    return <p class="empty">Values of a const can be compared when the model has no errors.</p>
  if (consts.length === 0)
    return (
      <p class="empty">
        Nothing to choose: the model has no const that is a whole number, such as the number of components in{' '}
        <span class="name">const K = 2</span>.
      </p>
    )
  return (
    <div class="choosing chart-panel">
      <ChooseForm key={consts.map((c) => c.name).join()} state={state} controller={controller} consts={consts} />
      {state.choice === null ? (
        <p class="hint">
          Every value is fitted from several starts. AIC, BIC and ICL weigh the fit against the number of params;
          cross-validation asks how well rows are predicted that a fit has not seen.
        </p>
      ) : (
        <Result
          state={state}
          controller={controller}
          choice={state.choice.choice}
          stale={state.choice.basis !== basisOf(state)}
        />
      )}
    </div>
  )
}

type Const = NonNullable<NonNullable<State['compiled']>['model']>['facts']['consts'][number]

const currentValue = (c: Const, { project }: Pick<State, 'project'>): number =>
  Number(project.controls.set.get(c.name) ?? c.value)

function ChooseForm({ state, controller, consts }: Props & { readonly consts: readonly Const[] }) {
  const [name, setName] = useState(consts[0]?.name ?? '')
  const chosen = consts.find((c) => c.name === name) ?? consts[0]
  // the panel is made anew when it is looked at again: it begins with what was compared last
  const last = state.choice?.choice ?? null
  const compared = last === null || last.name !== chosen?.name ? [] : last.candidates.map((c) => c.value)
  const [range, setRange] = useState<readonly [number, number] | null>(
    compared.length === 0 ? null : [Math.min(...compared), Math.max(...compared)],
  )
  const [compare, setCompare] = useState<Comparison>(last?.compare ?? { folds: 0, against: null, draws: 0 })
  if (chosen === undefined) return null
  const now = currentValue(chosen, state)
  const [from, to] = range ?? [Math.max(1, Math.min(now, 1)), Math.max(now + 2, 4)]
  const why = whyNot(state) ?? (to < from ? 'The last value is before the first.' : null)
  const values = Array.from({ length: Math.min(MOST, to - from + 1) }, (_, i) => from + i)
  return (
    <form
      class="choose-form"
      aria-label="Candidates"
      onSubmit={(e) => {
        e.preventDefault()
        void controller.asides.choose(chosen.name, values, compare)
      }}
    >
      {consts.length > 1 ? (
        <label>
          Const
          <select
            value={chosen.name}
            onChange={(e) => {
              setName(e.currentTarget.value)
              setRange(null)
            }}
          >
            {consts.map((c) => (
              <option key={c.name}>{c.name}</option>
            ))}
          </select>
        </label>
      ) : (
        <span class="name">{chosen.name}</span>
      )}
      <Whole label="from" value={from} least={0} onValue={(x) => setRange([x, Math.max(x, to)])} />
      <Whole label="to" value={to} least={0} onValue={(x) => setRange([Math.min(x, from), x])} />
      <ComparisonFields
        compare={compare}
        columns={[...new Set(state.files.flatMap((f) => f.columns.map((c) => c.name)))]}
        onChange={setCompare}
      />
      <button
        type="submit"
        class="primary"
        disabled={why !== null || state.work.kind !== 'idle'}
        title={why ?? undefined}
      >
        {state.work.kind === 'choose' ? 'Under way …' : 'Compare'}
      </button>
      {state.project.controls.fix.size > 0 && (
        <p class="hint">Holds {[...state.project.controls.fix.keys()].join(', ')} in every candidate.</p>
      )}
      {to - from + 1 > MOST && (
        <p class="hint">
          At most {MOST} candidates at once: the last is {values.at(-1)}.
        </p>
      )}
      {state.work.kind === 'choose' && <p class="busy">{state.said}</p>}
    </form>
  )
}

interface ComparisonProps {
  readonly compare: Comparison
  /** Columns of the data, any of which may hold known labels. */
  readonly columns: readonly string[]
  readonly onChange: (compare: Comparison) => void
}

/** What candidates are compared by beside AIC, BIC and ICL. */
function ComparisonFields({ compare, columns, onChange }: ComparisonProps) {
  const { folds, against, draws } = compare
  return (
    <>
      <label>
        Cross-validation
        <select value={folds} onChange={(e) => onChange({ ...compare, folds: Number(e.currentTarget.value) })}>
          {FOLDS.map((n) => (
            <option key={n} value={n} disabled={n === 0 && against !== null}>
              {n === 0 ? 'none' : `${n} folds`}
            </option>
          ))}
        </select>
      </label>
      <label title={LABELS}>
        Known labels
        <select
          value={against ?? ''}
          onChange={(e) => {
            const column = e.currentTarget.value === '' ? null : e.currentTarget.value
            onChange({ ...compare, against: column, folds: column !== null && folds === 0 ? 5 : folds })
          }}
        >
          <option value="">none</option>
          {columns.map((c) => (
            <option key={c} value={c}>
              {c}
            </option>
          ))}
        </select>
      </label>
      <label title={TEST}>
        Test of neighbours
        <select value={draws} onChange={(e) => onChange({ ...compare, draws: Number(e.currentTarget.value) })}>
          {DRAWS.map((n) => (
            <option key={n} value={n}>
              {n === 0 ? 'none' : `${n} draws`}
            </option>
          ))}
        </select>
      </label>
    </>
  )
}

const LABELS = 'A column that says which class a row is of: what is predicted for rows held out is set beside it'
const TEST = 'Is the larger model better than chance makes it? Data are drawn from the smaller fit, and both are fitted'

const plain = (x: number): string => number(x, 2)
/** The criteria in the order of the table, and how their figures are written. */
const COLUMNS: readonly {
  readonly by: Criterion
  readonly label: string
  readonly write: (x: number) => string
}[] = [
  { by: 'aic', label: 'AIC', write: plain },
  { by: 'bic', label: 'BIC', write: plain },
  { by: 'icl', label: 'ICL', write: plain },
  { by: 'elbo', label: 'ELBO', write: plain },
  { by: 'cv', label: 'CV', write: plain },
  { by: 'error', label: 'error', write: (x) => (Number.isFinite(x) ? `${(100 * x).toFixed(1)} %` : number(x)) },
  { by: 'rand', label: 'Rand', write: (x) => number(x, 3) },
]

function Result({
  state,
  controller,
  choice,
  stale,
}: Props & { readonly choice: ChoiceView; readonly stale: boolean }) {
  const { candidates, name } = choice
  const columns = COLUMNS.filter(({ by }) => candidates.some((c) => Number.isFinite(c.figures[by])))
  const now =
    state.project.controls.set.get(name) ?? state.compiled?.model?.facts.consts.find((c) => c.name === name)?.value
  return (
    <div class={stale ? 'is-stale' : ''}>
      {stale && <p class="chip chip-stale">stale: the text or the data has changed</p>}
      {choice.stopped && <p class="chip chip-stopped">stopped: not all candidates were fitted</p>}
      <p class="verdict">{choice.sentences.join(' ')}</p>
      <CriteriaChart choice={choice} stale={stale} />
      <ScrollRegion label="Candidates">
        <table class="param candidates">
          <caption class="aside">Candidates</caption>
          <thead>
            <tr>
              <th scope="col">{name}</th>
              <td />
              <th scope="col">log-likelihood</th>
              <th scope="col">params</th>
              {columns.map(({ by, label }) => (
                <th scope="col" key={by}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {candidates.map((c, i) => (
              <tr key={c.value}>
                <th scope="row">{c.value}</th>
                <td>
                  <button
                    type="button"
                    class="quiet"
                    disabled={state.work.kind !== 'idle' || now === String(c.value)}
                    onClick={() =>
                      controller.setControls({ set: new Map(state.project.controls.set).set(name, String(c.value)) })
                    }
                  >
                    {now === String(c.value) ? 'in use' : 'use'}
                    <span class="aside">
                      {' '}
                      {name} = {c.value}
                    </span>
                  </button>
                </td>
                {Number.isFinite(c.logLikelihood) ? (
                  <>
                    <td>{number(c.logLikelihood, 2)}</td>
                    <td>{c.parameters}</td>
                    {columns.map(({ by, write }) => (
                      <td key={by}>
                        {write(c.figures[by] ?? Number.NaN)}
                        {choice.best[by] === i && <Best />}
                      </td>
                    ))}
                  </>
                ) : (
                  <td colSpan={2 + columns.length} class="failed">
                    failed
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <Reasons candidates={candidates} name={name} />
      {choice.folds !== null && (
        <p class="hint">
          CV is the log-likelihood of what is held out, in {choice.folds.count} folds by {choice.folds.word}; larger is
          better. The picture has it times −2.
        </p>
      )}
      {choice.compare.against !== null && (
        <p class="hint">
          Error is the share of the rows held out whose class is not that of {choice.compare.against}; Rand is 1 where
          the groups are the same, and about 0 by chance.
        </p>
      )}
      <Tests tests={choice.tests} />
      {choice.notes.map((note) => (
        <p class="hint" key={note}>
          {note}
        </p>
      ))}
    </div>
  )
}

/** Whether a larger value is better than chance makes it. */
function Tests({ tests }: { readonly tests: readonly BootstrapTest[] }) {
  if (tests.length === 0) return null
  return (
    <ScrollRegion label="Tests of neighbours">
      <table class="param tests">
        <caption>Likelihood-ratio tests, smallest value first, until one finds no difference</caption>
        <thead>
          <tr>
            <th scope="col">values</th>
            <th scope="col">2 · log ratio</th>
            <th scope="col">p</th>
            <th scope="col">draws</th>
          </tr>
        </thead>
        <tbody>
          {tests.map((t) => (
            <tr key={t.smaller}>
              <th scope="row">
                {t.name} = {t.smaller} against {t.larger}
              </th>
              <td>{plain(t.statistic)}</td>
              <td>
                {number(t.pValue, 3)} ± {number(t.pError, 3)}
              </td>
              <td>
                {t.draws}
                {t.failed > 0 && `, ${t.failed} failed`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  )
}

function Best() {
  return (
    <>
      <span aria-hidden="true"> ★</span>
      <span class="aside"> best</span>
    </>
  )
}

function Reasons({ candidates, name }: { readonly candidates: readonly CandidateView[]; readonly name: string }) {
  return (
    <>
      {candidates.flatMap((c) =>
        c.reason === null || c.reason === ''
          ? []
          : [
              <p class="hint" key={c.value}>
                {name} = {c.value}: {c.reason}
              </p>,
            ],
      )}
    </>
  )
}
