import type { Controller } from '../session/controller.js'
import type { RunControls } from '../session/project.js'
import type { State } from '../session/state.js'

interface Props {
  readonly state: State
  readonly controller: Controller
}

/** What a run begins with: mode, start, consts. */
export function RunSettings({ state, controller }: Props) {
  const { controls } = state.project
  const facts = state.compiled?.model?.facts ?? null
  const set = (more: Partial<RunControls>): void => controller.setControls(more)
  const noHard = facts !== null && !facts.hard
  return (
    <fieldset class="settings" disabled={state.work.kind !== 'idle'}>
      <legend class="aside">Settings of a run</legend>
      <label>
        E-step
        <select value={controls.mode} onChange={(e) => set({ mode: e.currentTarget.value === 'hard' ? 'hard' : 'em' })}>
          <option value="em">soft (EM)</option>
          <option value="hard" disabled={noHard}>
            hard (most probable values)
          </option>
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={controls.compare}
          disabled={noHard}
          onChange={(e) => set({ compare: e.currentTarget.checked })}
        />
        both side by side
      </label>
      <Whole label="Seed" value={controls.seed} least={0} onValue={(seed) => set({ seed })} />
      <Whole label="Starts of a fit" value={controls.restarts} least={1} onValue={(restarts) => set({ restarts })} />
      <label>
        Starts by
        <select
          value={controls.init}
          onChange={(e) => {
            const { value } = e.currentTarget
            set({ init: value === 'random' || value === 'kmeans++' ? value : 'auto' })
          }}
        >
          <option value="auto">auto</option>
          <option value="kmeans++">k-means++</option>
          <option value="random">random</option>
        </select>
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
      {controls.start.size > 0 && (
        <span class="given">
          Starts at given values of {[...controls.start.keys()].join(', ')}
          <button type="button" class="quiet" onClick={() => set({ start: new Map() })}>
            leave them out
          </button>
        </span>
      )}
    </fieldset>
  )
}

/** A const that is as the model has it is not set. */
function withValue(set: ReadonlyMap<string, string>, name: string, value: string, own: string) {
  const next = new Map(set)
  if (value.trim() === '' || value.trim() === own) next.delete(name)
  else next.set(name, value.trim())
  return next
}

interface WholeProps {
  readonly label: string
  readonly value: number
  readonly least: number
  readonly onValue: (value: number) => void
}

function Whole({ label, value, least, onValue }: WholeProps) {
  return (
    <label>
      {label}
      <input
        type="number"
        min={least}
        step={1}
        value={value}
        onChange={(e) => {
          const next = Number(e.currentTarget.value)
          if (Number.isSafeInteger(next) && next >= least) onValue(next)
          else e.currentTarget.value = String(value)
        }}
      />
    </label>
  )
}
