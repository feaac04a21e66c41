/** The code that runs: operations of the kernels, and the JavaScript that they can be compiled to. */
import { useState } from 'preact/hooks'
import type { Controller } from '../session/controller.js'
import { programZip } from '../session/program-zip.js'
import { type State, shownRun } from '../session/state.js'
import type { Mode } from '../session/view.js'
import type { CodeView } from '../workers/messages.js'
import { copyText, download } from './download.js'
import { useAnswer } from './use-answer.js'

interface Props {
  readonly state: State
  readonly controller: Controller
}

const TARGETS = [
  { id: 'program', label: 'Program', says: 'A program of its own that fits this model: node fit.mjs data.csv' },
  { id: 'kernels', label: 'Kernels', says: 'What the compiler made of the model: loops over rows, tables and sums.' },
  { id: 'javascript', label: 'JavaScript', says: 'The same kernels as generated JavaScript.' },
] as const

/** Characters of one part that are shown; all of them are copied. */
const MOST_SHOWN = 60_000

async function codeOf(
  controller: Controller,
  source: string,
  mode: Mode,
  target: (typeof TARGETS)[number]['id'],
): Promise<CodeView & { readonly target: typeof target }> {
  if (target !== 'program') return { ...(await controller.compiler.call('code', { source, mode, target })), target }
  return { parts: [{ title: 'fit.mjs', text: await controller.program(source) }], target }
}

async function zipped(controller: Controller, program: string): Promise<Uint8Array<ArrayBuffer>> {
  const { strToU8, zipSync } = await import('fflate')
  const { source, controls } = controller.state.project
  const parts = programZip(program, source, await controller.files.givenFiles(), controls)
  return zipSync(
    Object.fromEntries(
      parts.map(({ name, content }) => [name, typeof content === 'string' ? strToU8(content) : content]),
    ),
  )
}

export function CodePanel({ state, controller }: Props) {
  const [target, setTarget] = useState<(typeof TARGETS)[number]['id']>('kernels')
  const [copied, setCopied] = useState(false)
  const { source, controls } = state.project
  const ready = state.compiled?.model != null && state.compiledRevision === state.revision.source
  const { mode } = shownRun(state)?.run ?? controls
  const asked = useAnswer(
    () => (ready ? codeOf(controller, source, mode, target) : null),
    [ready, ready ? source : null, mode, target],
  )
  // the answer of before stays until the next one comes, but never as what was asked for now
  const parts = asked.value?.target === target ? asked.value.parts : []
  const isProgram = target === 'program'
  const all = isProgram ? (parts[0]?.text ?? '') : parts.map((p) => `// ${p.title}\n${p.text}`).join('\n\n')
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
        {isProgram && all !== '' && (
          <>
            <button type="button" onClick={() => download('fit.mjs', all, 'text/javascript')}>
              Download fit.mjs
            </button>
            <button
              type="button"
              onClick={() => void zipped(controller, all).then((z) => download('estep.zip', z, 'application/zip'))}
            >
              Download a zip that runs
            </button>
          </>
        )}
        <span class="hint" role="status">
          {copied ? 'copied' : ''}
        </span>
      </div>
      <p class="hint">{TARGETS.find((t) => t.id === target)?.says}</p>
      {asked.error !== null && <p class="empty">{asked.error}</p>}
      {!ready && parts.length === 0 && <p class="empty">The code appears here when the model has no errors.</p>}
      {ready && asked.value?.target === target && parts.length === 0 && (
        <p class="empty">There is no code: nothing in the model is computed yet.</p>
      )}
      {parts.map((part) => (
        <section key={part.title} aria-label={part.title}>
          <h3>{part.title}</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
          <pre tabIndex={0}>{part.text.length > MOST_SHOWN ? `${part.text.slice(0, MOST_SHOWN)}\n…` : part.text}</pre>
        </section>
      ))}
    </div>
  )
}
