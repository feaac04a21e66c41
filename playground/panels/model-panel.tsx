/** The text of the model, what is wrong with it, and its plan: how each latent and each param is dealt with. */
import type { Diagnostic, Fix } from '../../lang/diagnostics/types.js'
import { positionAt, type Span } from '../../lang/source.js'
import type { Controller } from '../session/controller.js'
import { stepsOf } from '../session/modes.js'
import { lastStep, type State, shownRun } from '../session/state.js'
import type { Mode } from '../session/view.js'
import type { PlanLine } from '../workers/messages.js'
import { EditorHost } from './editor-host.js'
import { useAnswer } from './use-answer.js'

interface Props {
  readonly state: State
  readonly controller: Controller
  readonly dark: boolean
  /** The statement whose equation runs, or was clicked. */
  readonly highlight: Span | null
  /** Where the cursor is to go. */
  readonly reveal: { readonly offset: number } | null
  readonly onReveal: (offset: number) => void
  readonly onCursor: (offset: number) => void
}

export function ModelPanel({ state, controller, dark, highlight, reveal, onReveal, onCursor }: Props) {
  const { source } = state.project
  const old = state.compiledRevision !== state.revision.source
  const diagnostics = old ? [] : (state.compiled?.diagnostics ?? [])
  const { mode } = state.project.controls
  const model = state.compiled?.model ?? null
  // that of EM has come with the compiled model
  const asked = useAnswer(
    () => (mode === 'em' || model === null || old ? null : controller.compiler.call('plan', { source, mode })),
    [mode, state.compiled, old],
  )
  const plan = (mode === 'em' ? model?.plan : asked.value) ?? []
  const { mode: shownMode } = shownRun(state)?.run ?? { mode }
  const active = stepsOf(shownMode) === stepsOf(mode) ? lastStep(state) : null
  return (
    <div class="model">
      <EditorHost
        text={source}
        onChange={(text) => controller.edit(text)}
        service={controller.language}
        dark={dark}
        large={state.presenting}
        highlight={highlight}
        reveal={reveal}
        onCursor={onCursor}
      />
      {diagnostics.length > 0 && (
        <Diagnostics
          source={source}
          diagnostics={diagnostics}
          onReveal={onReveal}
          onFix={(fix) => controller.edit(applied(fix, source))}
        />
      )}
      {mode !== 'em' && model !== null && asked.error !== null && (
        <p class="hint">
          There is no plan in the mode {mode}: {asked.error}
        </p>
      )}
      {plan.length > 0 && <Plan plan={plan} mode={mode} stale={old} active={active} onReveal={onReveal} />}
    </div>
  )
}

/** A text with the edits of a fix, the last one first so that the others stay where they are. */
export function applied(fix: Fix, source: string): string {
  return [...fix.edits]
    .sort((a, b) => b.span.start - a.span.start)
    .reduce((text, { span, text: by }) => text.slice(0, span.start) + by + text.slice(span.end), source)
}

interface DiagnosticsProps {
  readonly source: string
  readonly diagnostics: readonly Diagnostic[]
  readonly onReveal: (offset: number) => void
  readonly onFix: (fix: Fix) => void
}

const MOST_SHOWN = 12

function Diagnostics({ source, diagnostics, onReveal, onFix }: DiagnosticsProps) {
  const shown = diagnostics.slice(0, MOST_SHOWN)
  return (
    <ul class="diagnostics" aria-label="Problems of the model">
      {shown.map((d) => (
        <li key={`${d.code} ${d.span.start} ${d.message}`} class={d.severity}>
          <button type="button" class="place" onClick={() => onReveal(d.span.start)}>
            {d.severity} {d.code}, line {positionAt(source, d.span.start).line}
          </button>
          <p>{d.message}</p>
          {d.help !== undefined && <p class="help">{d.help}</p>}
          {d.fix !== undefined && (
            <button type="button" class="fix" onClick={() => d.fix !== undefined && onFix(d.fix)}>
              {d.fix.title}
            </button>
          )}
        </li>
      ))}
      {diagnostics.length > MOST_SHOWN && <li class="hint">and {diagnostics.length - MOST_SHOWN} more</li>}
    </ul>
  )
}

interface PlanProps {
  readonly plan: readonly PlanLine[]
  readonly mode: Mode
  readonly stale: boolean
  readonly active: PlanLine['kind'] | null
  readonly onReveal: (offset: number) => void
}

function Plan({ plan, mode, stale, active, onReveal }: PlanProps) {
  return (
    <section class={`plan${stale ? ' is-stale' : ''}`} aria-label="Plan">
      <h2>{mode === 'em' ? 'Plan' : `Plan in the mode ${mode}`}</h2>
      <table>
        <tbody>
          {plan.map((line) => (
            <tr key={`${line.kind} ${line.names.join()}`} class={line.kind === active ? 'is-active' : ''}>
              <th scope="row">
                <span class={`step-sign step-${line.kind === 'e-step' ? 'E' : 'M'}`}>
                  {line.kind === 'e-step' ? 'E' : 'M'}
                </span>
                <button
                  type="button"
                  class="link"
                  title={`${line.names.join(', ')}: to the declaration`}
                  onClick={() => line.span !== null && onReveal(line.span.start)}
                >
                  {line.letters.join(', ')}
                </button>
              </th>
              <td>
                {line.update === null ? null : <code>{line.update}</code>}
                <span class="rule">
                  {line.rule}
                  {line.kind === 'm-step' && (line.closedForm ? ', closed form' : ', numerical')}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
