/** The state of a fit as plain JSON that gives back the same bits. */
import type { Json } from '../json.js'
import type { StartEnd } from '../start-end.js'
import { numbersToText } from './bits.js'
import type { FitState } from './fit-record.js'
import { modeToJson } from './mode-to-json.js'
import { componentToJson, exact, momentToJson, runToJson } from './run-to-json.js'
import type { SearchState, StartState } from './search-record.js'

/** `pause` resolves in a later turn of the event loop: a state may be large. */
export async function stateToJson(state: FitState, pause: () => Promise<void>): Promise<Json> {
  const { finished, sample, chosen, main, mode } = state
  return {
    finished,
    sample: sample === null ? null : await searchToJson(sample, pause),
    chosen: chosen === null || chosen === 'none' ? chosen : { seed: chosen.seed, params: numbersToText(chosen.params) },
    main: await searchToJson(main, pause),
    mode: mode === null ? null : modeToJson(mode),
  }
}

async function searchToJson({ levels, starts }: SearchState, pause: () => Promise<void>): Promise<Json> {
  const written: Json[] = []
  for (const start of starts) {
    await pause()
    written.push(start === null ? null : startToJson(start))
  }
  return { levels, starts: written }
}

const startToJson = ({ legs, past, end, moment }: StartState): Json => ({
  legs,
  past: past.map(({ objective, stop, degenerate }) => ({
    objective: exact(objective),
    stop,
    degenerate: degenerate.map(componentToJson),
  })),
  end: endToJson(end),
  moment: moment === null ? null : momentToJson(moment),
})

const endToJson = ({ seed, brief, degenerate, run }: StartEnd): Json => ({
  seed,
  brief,
  degenerate: degenerate.map(componentToJson),
  run: runToJson(run),
})
