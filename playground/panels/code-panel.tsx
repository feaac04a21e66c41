/** The code that runs: operations of the kernels, and the JavaScript that they can be compiled to. */
import { useState } from 'preact/hooks'
import type { Controller } from '../session/controller.js'
import { type State, shownRun } from '../session/state.js'
import { copyText } from './download.js'
import { useAnswer } from './use-answer.js'

interface Props {
  readonly state: State
  readonly controller: Controller
}

const TARGETS = [
  { id: 'kernels', label: 'Kernels', says: 'What the compiler made of the model: loops over rows, tables and sums.' },
  { id: 'javascript', label: 'JavaScript', says: 'The same kernels as generated JavaScript.' },
] as const

export function CodePanel({ state, controller }: Props) {
  const [target, setTarget] = useState<(typeof TARGETS)[number]['id']>('kernels')
  const [copied, setCopied] = useState(false)
  const { source, controls } = state.project
  const ready = state.compiled?.model != null && state.compiledRevision === state.revision.source
  const { mode } = shownRun(state)?.run ?? controls
  const asked = useAnswer(
    () => (ready ? controller.compiler.call('code', { source, mode, target }) : null),
    [ready, ready ? source : null, mode, target],
  )
  const parts = asked.value?.parts ?? []
  const all = parts.map((p) => `// ${p.title}\n${p.text}`).join('\n\n')
  return (
    <div class={`code${ready ? '' : ' is-stale'}`}>
      <div class="tools">
        <fieldset class="choice">
          <legend class="aside">What is shown</legend>
          {TARGETS.map((t) => (
            <label key={t.id}>
              <input
                type="radio"
                name="target"
                checked={t.id === target}
                onChange={() => {
                  setTarget(t.id)
                  setCopied(false)
                }}
              />
              {t.label}
            </label>
          ))}
        </fieldset>
        <button type="button" disabled={all === ''} onClick={() => void copyText(all).then(setCopied)}>
          Copy
        </button>
        <span class="hint" role="status">
          {copied ? 'copied' : ''}
        </span>
      </div>
      <p class="hint">{TARGETS.find((t) => t.id === target)?.says}</p>
      {asked.error !== null && <p class="empty">{asked.error}</p>}
      {!ready && parts.length === 0 && <p class="empty">The code appears here when the model has no errors.</p>}
      {parts.map((part) => (
        <section key={part.title} aria-label={part.title}>
          <h3>{part.title}</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
          <pre tabIndex={0}>{part.text}</pre>
        </section>
      ))}
    </div>
  )
}
