import type { Controller } from '../session/controller.js'
import { jumpsIn, type ModeFacts, modeFacts, modes } from '../session/modes.js'
import { type Acceleration, MOST_ITERATIONS, MOST_RESTARTS, type RunControls } from '../session/project.js'
import type { State } from '../session/state.js'
import { Decimal, Whole } from '../ui/number-field.js'
import { useAnswer } from './use-answer.js'

interface Props {
  readonly state: State
  readonly controller: Controller
}

const INITS: readonly (readonly [RunControls['init'], string])[] = [
  ['auto', 'auto'],
  ['kmeans++', 'k-means++'],
  ['random', 'random'],
  ['split', 'splitting'],
  ['hierarchical', 'joining rows'],
]

const ACCELERATIONS: readonly (readonly [Acceleration, string])[] = [
  ['squarem', 'SQUAREM'],
  ['anderson', 'Anderson'],
]

/** What a run begins with: mode, start, units, consts. */
export function RunSettings({ state, controller }: Props) {
  const { controls } = state.project
  const facts = state.compiled?.model?.facts ?? null
  const set = (more: Partial<RunControls>): void => controller.setControls(more)
  const refused = useAnswer(
    () => (state.binding === null ? null : controller.asides.refusedModes()),
    [state.binding],
  ).value
  const mode = modeFacts(controls.mode)
  const why = refused?.get(mode.mode) ?? null
  const noHard = facts !== null && !facts.hard
  const isCompared = controls.mode === 'em' || controls.mode === 'hard'
  return (
    <fieldset class="settings" disabled={state.work.kind !== 'idle'}>
      <legend class="aside">Settings of a run</legend>
      <label>
        Mode
        <select
          value={mode.mode}
          onChange={(e) => set({ mode: modes.find((m) => m.mode === e.currentTarget.value)?.mode ?? 'em' })}
        >
          {modes.map((m) => (
            <option key={m.mode} value={m.mode} disabled={m.mode !== mode.mode && refused?.has(m.mode) === true}>
              {m.label}
            </option>
          ))}
        </select>
      </label>
      {isCompared && (
        <label class="check">
          <input
            type="checkbox"
            checked={controls.compare}
            disabled={noHard}
            onChange={(e) => set({ compare: e.currentTarget.checked })}
          />
          soft and hard side by side
        </label>
      )}
      <Schedule mode={mode} controls={controls} set={set} />
      <Whole label="Seed" value={controls.seed} least={0} onValue={(seed) => set({ seed })} />
      {mode.steps && (
        <Whole
          label="Starts of a fit"
          value={controls.restarts}
          least={1}
          most={MOST_RESTARTS}
          onValue={(restarts) => set({ restarts })}
        />
      )}
      <label>
        Starts by
        <select
          value={controls.init}
          onChange={(e) => set({ init: INITS.find(([init]) => init === e.currentTarget.value)?.[0] ?? 'auto' })}
        >
          {INITS.map(([init, label]) => (
            <option key={init} value={init}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {jumpsIn(mode.mode) && (
        <label title={ACCELERATE}>
          Acceleration
          <select
            value={controls.accelerate ?? ''}
            onChange={(e) =>
              set({ accelerate: ACCELERATIONS.find(([how]) => how === e.currentTarget.value)?.[0] ?? null })
            }
          >
            <option value="">none</option>
            {ACCELERATIONS.map(([how, label]) => (
              <option key={how} value={how}>
                {label}
              </option>
            ))}
          </select>
        </label>
      )}
      <Whole
        label="At most iterations"
        says="A run ends after so many iterations, converged or not"
        value={controls.maxIterations}
        least={1}
        most={MOST_ITERATIONS}
        onValue={(maxIterations) => set({ maxIterations })}
      />
      <Decimal
        label="Tolerance"
        says={TOLERANCE}
        value={controls.tolerance}
        least={0}
        most={0.1}
        onValue={(tolerance) => set({ tolerance })}
      />
      <label class="check" title={mode.mode === 'vb' ? NOT_IN_VB : STANDARDISE}>
        <input
          type="checkbox"
          checked={controls.standardize && mode.mode !== 'vb'}
          disabled={mode.mode === 'vb'}
          onChange={(e) => set({ standardize: e.currentTarget.checked })}
        />
        standardise columns
      </label>
      {(facts?.consts ?? []).map((c) => (
        <label key={c.name}>
          <span class="name">{c.name}</span>
          <input
            type="text"
            class="const"
            size={Math.max(4, Math.min(16, c.value.length))}
            inputMode={c.isNumber ? 'decimal' : 'text'}
            value={controls.set.get(c.name) ?? c.value}
            onChange={(e) => set({ set: withValue(controls.set, c.name, e.currentTarget.value, c.value) })}
          />
        </label>
      ))}
      <Given
        says="Starts at given values of"
        leave="leave them out"
        values={controls.start}
        onLeave={() => set({ start: new Map() })}
      />
      <Given says="Holds" leave="let go" values={controls.fix} onLeave={() => set({ fix: new Map() })} />
      {controls.set.size > 0 && state.bindComplaints.length > 0 && (
        <p class="mode-says" role="alert">
          <span class="refused">{state.bindComplaints[0]?.message}</span>
        </p>
      )}
      <p class="mode-says">
        {why === null ? (
          <>
            {mode.says}
            {controls.accelerate !== null && jumpsIn(mode.mode) && JUMPS}
          </>
        ) : (
          <span class="refused">
            This model has no mode {mode.mode}: {why}
          </span>
        )}
      </p>
    </fieldset>
  )
}

const TOLERANCE =
  'Relative to the objective: a run has converged when neither its last gain nor what is left to gain is more'
const ACCELERATE = 'A fit jumps ahead between the steps of EM, where the objective approves'
const JUMPS = ' Fit jumps ahead between the steps; Step, Play and To the end make the plain steps of EM.'
const STANDARDISE = 'Fits columns at mean 0 and sd 1, and gives params and log-likelihood in the units of the data'
const NOT_IN_VB = 'Priors are in the units of the data: variational Bayes takes these as they are'

interface GivenProps {
  readonly says: string
  readonly leave: string
  readonly values: ReadonlyMap<string, unknown>
  readonly onLeave: () => void
}

/** Params whose values are given. */
function Given({ says, leave, values, onLeave }: GivenProps) {
  if (values.size === 0) return null
  return (
    <span class="given">
      {says} {[...values.keys()].join(', ')}
      <button type="button" class="quiet" onClick={onLeave}>
        {leave}
      </button>
    </span>
  )
}

interface ScheduleProps {
  readonly mode: ModeFacts
  readonly controls: RunControls
  readonly set: (more: Partial<RunControls>) => void
}

/** The numbers of the mode. */
function Schedule({ mode, controls, set }: ScheduleProps) {
  const takesBatch = mode.mode === 'online' || mode.mode === 'hard'
  const numbers = mode.mode === 'hard' && controls.batch === null ? [] : mode.schedule
  return (
    <>
      {takesBatch && (
        <label title="Rows of a batch; empty: all rows at once in the mode hard, 256 online">
          Batch
          <input
            type="number"
            min={1}
            step={1}
            placeholder={mode.mode === 'hard' ? 'all' : '256'}
            value={controls.batch ?? ''}
            onChange={(e) => {
              const next = Number(e.currentTarget.value)
              if (e.currentTarget.value.trim() === '') set({ batch: null })
              else if (Number.isSafeInteger(next) && next >= 1) set({ batch: next })
              else e.currentTarget.value = String(controls.batch ?? '')
            }}
          />
        </label>
      )}
      {numbers.map(({ name, label, says, value }) => (
        <Decimal
          key={name}
          label={label}
          says={says}
          value={controls.schedule.get(name) ?? value}
          onValue={(next) => {
            const schedule = new Map(controls.schedule)
            if (next === value) schedule.delete(name)
            else schedule.set(name, next)
            set({ schedule })
          }}
        />
      ))}
    </>
  )
}

/** A const that is as the model has it is not set. */
function withValue(set: ReadonlyMap<string, string>, name: string, value: string, own: string) {
  const next = new Map(set)
  if (value.trim() === '' || value.trim() === own) next.delete(name)
  else next.set(name, value.trim())
  return next
}
