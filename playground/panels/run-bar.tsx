/** The controls of a run: fit, half-steps, play, stop, scrubbing, and what a run begins with. */
import { useState } from 'preact/hooks'
import type { Controller } from '../session/controller.js'
import { isStale, number, pointInWords, type State, shownRun, whyNoSteps, whyNot } from '../session/state.js'
import { Icon } from '../ui/icons.js'
import { RunSettings } from './run-settings.js'

interface Props {
  readonly state: State
  readonly controller: Controller
}

export function RunBar({ state, controller }: Props) {
  const [settings, setSettings] = useState(false)
  const why = whyNot(state)
  const busy = state.work.kind !== 'idle'
  const cannot = why !== null || busy
  const noSteps = why ?? whyNoSteps(state)
  const cannotStep = noSteps !== null || busy
  return (
    <section class="run-bar" aria-label="Run">
      <div class="transport">
        <button
          type="button"
          class="primary"
          disabled={cannot}
          title={why ?? FIT}
          onClick={() => void controller.runs.fit()}
        >
          Fit
        </button>
        {controller.runs.canGoOn && !busy && (
          <button type="button" disabled={cannot} title={why ?? GO_ON} onClick={() => void controller.runs.goOn()}>
            Go on
          </button>
        )}
        <StepButton state={state} controller={controller} disabled={cannotStep} why={noSteps} />
        {busy ? (
          <button type="button" class="stop" onClick={() => void controller.runs.stop()}>
            <Icon name="stop" />
            Stop
          </button>
        ) : (
          <button
            type="button"
            disabled={cannotStep}
            title={noSteps ?? PLAY}
            onClick={() => void controller.runs.play()}
          >
            <Icon name="play" />
            Play
          </button>
        )}
        <button
          type="button"
          disabled={cannotStep}
          title={noSteps ?? FINISH}
          onClick={() => void controller.runs.finish()}
        >
          <Icon name="finish" />
          <span class="wide-only">To the end</span>
          <span class="narrow-only aside">To the end</span>
        </button>
      </div>
      <Scrubber state={state} controller={controller} />
      <div class="starts">
        <button
          type="button"
          disabled={cannotStep}
          title={noSteps ?? SAME}
          onClick={() => void controller.runs.sameStart()}
        >
          Same start
        </button>
        <button
          type="button"
          disabled={cannotStep}
          title={noSteps ?? NEW}
          onClick={() => void controller.runs.newStart()}
        >
          New start
        </button>
        <button type="button" class="quiet" aria-expanded={settings} onClick={() => setSettings(!settings)}>
          Settings <span aria-hidden="true">{settings ? '▴' : '▾'}</span>
        </button>
      </div>
      {whyNoSteps(state) !== null && shownRun(state) !== null && <p class="no-steps hint">{whyNoSteps(state)}</p>}
      {settings && <RunSettings state={state} controller={controller} />}
    </section>
  )
}

interface StepProps extends Props {
  readonly disabled: boolean
  readonly why: string | null
}

const FIT = 'Several starts, the best of which runs to its end (as estep fit does)'
const GO_ON = 'On with the search that was stopped: it comes to what it would have come to'
const PLAY = 'E-step and M-step in turn, slowly'
const FINISH = 'On from here until it has converged'
const SAME = 'A new run from the start of this one, with the settings as they are now'
const NEW = 'A new run from the next start'

function StepButton({ state, controller, disabled, why }: StepProps) {
  const shown = shownRun(state)
  // a new run begins with its E-step
  const next = shown === null || !controller.runs.goesOn || shown.position % 2 === 0 ? 'E' : 'M'
  const says = next === 'E' ? 'The posterior of the latents, given the params' : 'The params that raise the bound most'
  return (
    <button
      type="button"
      class={`step step-${next}`}
      disabled={disabled}
      title={why ?? says}
      onClick={() => void controller.runs.step()}
    >
      <Icon name="step" />
      Step {next}
    </button>
  )
}

function Scrubber({ state, controller }: Props) {
  const shown = shownRun(state)
  const said = state.underWay === null ? (shown === null ? '' : pointInWords(shown)) : state.said
  const last = shown?.last ?? 1
  return (
    <div class="scrub">
      <input
        type="range"
        min={0}
        max={last}
        step={1}
        value={shown?.position ?? 0}
        disabled={shown === null || state.work.kind !== 'idle'}
        aria-label="Iterations of the run"
        aria-valuetext={shown === null ? 'no run yet' : pointInWords(shown)}
        onInput={(e) => shown !== null && void controller.runs.show(shown.run.id, Number(e.currentTarget.value))}
      />
      <p class="where">
        {shown === null && state.underWay === null ? (
          <Beginning state={state} controller={controller} />
        ) : (
          <>
            <span>{said}</span>
            {shown !== null && state.underWay === null && <Status state={state} />}
          </>
        )}
      </p>
    </div>
  )
}

/** What there is to do before anything was run. */
function Beginning({ state, controller }: Props) {
  const { iteration } = state.project
  const noSteps = whyNoSteps(state)
  if (noSteps !== null) return <span class="hint">{noSteps}</span>
  if (state.work.kind === 'fit')
    return <span class="hint">The fit runs: it looks for a start first. Stop ends it.</span>
  if (iteration === null || iteration === 0) return <span class="hint">Step through one iteration, or fit.</span>
  return (
    <>
      <span class="hint">Step through one iteration, or fit. The link was made at iteration {iteration}.</span>
      <button type="button" disabled={whyNot(state) !== null} onClick={() => void controller.runs.goTo(iteration)}>
        Go to iteration {iteration}
      </button>
    </>
  )
}

function Status({ state }: { readonly state: State }) {
  const shown = shownRun(state)
  if (shown === null) return null
  const { status, point } = shown.run
  const words = {
    ready: null,
    running: null,
    stopped: 'stopped',
    converged: 'converged',
    limit: 'not converged',
    failed: 'failed',
  }
  const word = shown.position === shown.last ? words[status] : null
  return (
    <>
      {point !== null && point.phase === 'M' && Number.isFinite(point.gap) && (
        <span class="chip">gap {number(point.gap)}</span>
      )}
      {word !== null && <span class={`chip chip-${status}`}>{word}</span>}
      {isStale(state, shown) && <span class="chip chip-stale">stale: the text or the data has changed</span>}
    </>
  )
}
