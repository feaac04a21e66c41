/** Data drawn from the model at the params shown: what a fit to it gives back tells what can be learnt from so many rows. */
import { useState } from 'preact/hooks'
import type { Controller } from '../session/controller.js'
import { type State, shownRun, whyNot } from '../session/state.js'
import { Whole } from '../ui/number-field.js'

interface Props {
  readonly state: State
  readonly controller: Controller
}

export function DrawData({ state, controller }: Props) {
  const [open, setOpen] = useState(false)
  const [seed, setSeed] = useState(1)
  const [latents, setLatents] = useState(false)
  const [sizes, setSizes] = useState<ReadonlyMap<string, number>>(new Map())
  const { drawn, binding } = state
  if (drawn !== null)
    return (
      <div class="drawn">
        <span>{drawn.says}</span>
        <button type="button" disabled={state.work.kind !== 'idle'} onClick={() => void controller.asides.putBack()}>
          Put your data back
        </button>
        <button type="button" class="quiet" onClick={() => setOpen(!open)} aria-expanded={open}>
          Draw again
        </button>
        {open && form()}
      </div>
    )
  return (
    <div class="draw">
      <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        Draw data from the model <span aria-hidden="true">{open ? '▴' : '▾'}</span>
      </button>
      {open && form()}
    </div>
  )

  function form() {
    const shown = shownRun(state)
    const why =
      shown === null
        ? 'Step or fit first: data is drawn at the params shown.'
        : shown.source !== state.project.source
          ? 'The run shown is of another text: step or fit first.'
          : whyNot(state)
    const now = new Map(binding?.sizes)
    return (
      <form
        class="draw-form"
        aria-label="Draw data from the model"
        onSubmit={(e) => {
          e.preventDefault()
          const others = [...sizes].filter(([name, n]) => now.get(name) !== n)
          void controller.asides.draw(new Map(others), seed, latents)
        }}
      >
        {(binding?.rowSizes ?? []).map((name) => (
          <Whole
            key={name}
            label={name}
            says="How many rows are drawn"
            value={sizes.get(name) ?? now.get(name) ?? 0}
            least={1}
            onValue={(n) => setSizes(new Map(sizes).set(name, n))}
          />
        ))}
        <Whole label="Seed" value={seed} least={0} onValue={setSeed} />
        <label class="check">
          <input type="checkbox" checked={latents} onChange={(e) => setLatents(e.currentTarget.checked)} />
          latents in columns of their own
        </label>
        <button type="submit" disabled={why !== null || state.work.kind !== 'idle'}>
          Draw
        </button>
        <p class="hint">{why ?? 'It takes the place of the data here, which can be put back.'}</p>
      </form>
    )
  }
}
