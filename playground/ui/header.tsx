import type { State } from '../session/state.js'

interface Props {
  readonly state: State
  readonly onGallery: () => void
  readonly onShare: () => void
  readonly onPresent: () => void
  readonly onReset: () => void
}

export function Header({ state, onGallery, onShare, onPresent, onReset }: Props) {
  const name = state.compiled?.model?.facts.name ?? null
  return (
    <header class="head">
      <h1>
        <span class="logo">Estep</span>
        {name !== null && <span class="model-name">{name}</span>}
      </h1>
      <nav aria-label="Playground">
        <button type="button" onClick={onGallery}>
          Gallery
        </button>
        <button type="button" onClick={onShare}>
          Share
        </button>
        <button type="button" aria-pressed={state.presenting} onClick={onPresent}>
          Present
        </button>
        <button type="button" onClick={onReset} title="The example as it was, without your changes">
          Reset
        </button>
      </nav>
    </header>
  )
}
