import type { Controller } from '../session/controller.js'
import type { State } from '../session/state.js'

interface Props {
  readonly state: State
  readonly controller: Controller
}

/** Which columns each name of the model takes: found by name, or chosen here. */
export function ColumnMapping({ state, controller }: Props) {
  const facts = state.compiled?.model?.facts
  if (facts === undefined || facts.data.length === 0) return null
  const columns = [...new Set(state.files.flatMap((f) => f.columns.map((c) => c.name)))]
  const { controls } = state.project
  const bound = new Map(state.binding?.data.map((d) => [d.name, d.columns]))
  const choose = (name: string, chosen: readonly string[]): void => {
    const next = new Map(controls.columns)
    if (chosen.length === 0) next.delete(name)
    else next.set(name, chosen)
    controller.setControls({ columns: next })
  }
  return (
    <fieldset class="mapping">
      <legend>Columns of the model</legend>
      {facts.data.map((d) => {
        const chosen = controls.columns.get(d.name)
        const now = chosen ?? bound.get(d.name) ?? []
        return (
          <div class="mapped" key={d.name}>
            <span class="name">{d.name}</span>
            <span class="hint">{d.type}</span>
            {d.dims <= 1 ? (
              <select
                aria-label={`Column of ${d.name}`}
                value={now[0] ?? ''}
                onChange={(e) => choose(d.name, e.currentTarget.value === '' ? [] : [e.currentTarget.value])}
              >
                <option value="">{now.length === 0 ? 'no column' : 'by its name'}</option>
                {columns.map((c) => (
                  <option key={c} value={c}>
                    {c}
                  </option>
                ))}
              </select>
            ) : (
              <span class="several">
                {columns.length > 40 ? (
                  <span>{now.length === 0 ? 'no columns' : `${now.length} columns`}</span>
                ) : (
                  columns.map((c) => (
                    <label class="check" key={c}>
                      <input
                        type="checkbox"
                        checked={now.includes(c)}
                        onChange={(e) =>
                          choose(d.name, e.currentTarget.checked ? [...now, c] : now.filter((other) => other !== c))
                        }
                      />
                      {c}
                    </label>
                  ))
                )}
              </span>
            )}
          </div>
        )
      })}
      {(controls.groupBy !== null || facts.data.some((d) => d.type.includes(']['))) && (
        <label class="mapped">
          <span>Sequences by</span>
          <select
            value={controls.groupBy ?? ''}
            onChange={(e) =>
              controller.setControls({ groupBy: e.currentTarget.value === '' ? null : e.currentTarget.value })
            }
          >
            <option value="">no column</option>
            {columns.map((c) => (
              <option key={c} value={c}>
                {c}
              </option>
            ))}
          </select>
        </label>
      )}
    </fieldset>
  )
}
