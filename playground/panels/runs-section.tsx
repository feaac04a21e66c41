/** The runs that are kept, and the one that is shown beside another. */
import { useState } from 'preact/hooks'
import type { Controller } from '../session/controller.js'
import { type KeptState, number, type State } from '../session/state.js'
import { ScrollRegion } from '../ui/scroll-region.js'
import type { BesideView } from '../workers/messages.js'

interface Props {
  readonly state: State
  readonly controller: Controller
  readonly shown: KeptState
}

interface Beside {
  readonly first: string
  readonly second: string
  readonly view: BesideView
}

export function RunsSection({ state, controller, shown }: Props) {
  const [beside, setBeside] = useState<Beside | null>(null)
  if (state.runs.length < 2) return null
  const compare = async ({ run }: KeptState): Promise<void> => {
    const view = await controller.asides.beside(run.id)
    setBeside(view === null ? null : { first: shown.run.label, second: run.label, view })
  }
  return (
    <section aria-label="Runs">
      <h2>Runs</h2>
      <ul class="runs">
        {state.runs.map((r) => (
          <li key={r.run.id} class={r === shown ? 'is-shown' : ''}>
            <button type="button" class="link" onClick={() => controller.runs.look(r.run.id)}>
              {r.run.label}
            </button>
            <span class="figure">{number(r.run.objectives.at(-1) ?? Number.NaN)}</span>
            <span class="actions">
              {r !== shown && (
                <button
                  type="button"
                  class="quiet"
                  aria-label={`Compare with ${r.run.label}`}
                  disabled={state.work.kind !== 'idle'}
                  onClick={() => void compare(r)}
                >
                  compare
                </button>
              )}
              <button
                type="button"
                class="quiet"
                aria-label={`Forget ${r.run.label}`}
                onClick={() => controller.runs.forget([r.run.id])}
              >
                forget
              </button>
            </span>
          </li>
        ))}
      </ul>
      {beside !== null && <SideBySide beside={beside} />}
    </section>
  )
}

function SideBySide({ beside: { first, second, view } }: { readonly beside: Beside }) {
  return (
    <>
      {view.components.map((says) => (
        <p class="hint" key={says}>
          {says}
        </p>
      ))}
      <ScrollRegion label="Two runs side by side">
        <table class="param">
          <caption class="aside">
            {first} beside {second}
          </caption>
          <thead>
            <tr>
              <th scope="col">at the end</th>
              <th scope="col">{first}</th>
              <th scope="col">{second}</th>
              <th scope="col">difference</th>
            </tr>
          </thead>
          <tbody>
            {view.rows.map((row) => (
              <tr key={row.label}>
                <th scope="row">{row.label}</th>
                <td>{number(row.first)}</td>
                <td>{number(row.second)}</td>
                <td>{number(row.second - row.first)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {view.alone.length > 0 && <p class="hint">Of other shapes, or in one run alone: {view.alone.join(', ')}</p>}
    </>
  )
}
