/** Choosing the value of a const: every candidate fitted, and what the criteria say of them. */
import { useState } from 'preact/hooks'
import type { Controller } from '../../session/controller.js'
import { basisOf, number, type State, whyNot } from '../../session/state.js'
import { Whole } from '../../ui/number-field.js'
import { ScrollRegion } from '../../ui/scroll-region.js'
import type { CandidateView, ChoiceView } from '../../workers/messages.js'
import { CriteriaChart } from './criteria-chart.js'
import '../../charts/charts.css'

interface Props {
  readonly state: State
  readonly controller: Controller
}

/** Candidates at once. */
const MOST = 12
const FOLDS = [0, 3, 5, 10] as const

export function ChoosePanel({ state, controller }: Props) {
  const consts = (state.compiled?.model?.facts.consts ?? []).filter(
    (c) => c.isNumber && Number.isInteger(currentValue(c, state)),
  )
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
  const [folds, setFolds] = useState<number>(last?.folds?.count ?? 0)
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
        void controller.asides.choose(chosen.name, values, folds)
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
      <label>
        Cross-validation
        <select value={folds} onChange={(e) => setFolds(Number(e.currentTarget.value))}>
          {FOLDS.map((n) => (
            <option key={n} value={n}>
              {n === 0 ? 'none' : `${n} folds`}
            </option>
          ))}
        </select>
      </label>
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

const COLUMNS = [
  ['aic', 'AIC'],
  ['bic', 'BIC'],
  ['icl', 'ICL'],
  ['cv', 'CV'],
] as const

function Result({
  state,
  controller,
  choice,
  stale,
}: Props & { readonly choice: ChoiceView; readonly stale: boolean }) {
  const { candidates, name } = choice
  const columns = COLUMNS.filter(([by]) => candidates.some((c) => Number.isFinite(c.figures[by])))
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
              {columns.map(([by, label]) => (
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
                    {columns.map(([by]) => (
                      <td key={by}>
                        {number(c.figures[by] ?? Number.NaN, 2)}
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
      {choice.notes.map((note) => (
        <p class="hint" key={note}>
          {note}
        </p>
      ))}
    </div>
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
