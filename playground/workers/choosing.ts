/** Candidates compared: values of a const, each fitted, with what the criteria say. */
import { agreement } from '../../api/select/agreement.js'
import { type Candidate, type Criterion, criteria } from '../../api/select/candidate.js'
import { type Selection, type SelectProgress, select } from '../../api/select/select.js'
import { AbortError } from '../../runtime/errors.js'
import { jumpsIn, modeFacts, scheduleOf } from '../session/modes.js'
import type { CandidateView, ChoiceView, ChooseRequest } from './messages.js'
import type { ModelOverData } from './model-over-data.js'

export async function chosen(
  over: ModelOverData,
  { controls, name, values, compare }: ChooseRequest,
  signal: { readonly aborted: boolean },
  say: (text: string) => void,
): Promise<ChoiceView> {
  const { mode, seed, restarts, tolerance, maxIterations, init, accelerate } = controls
  const fix = over.fixOf(controls)
  const options = {
    ...over.common,
    ...scheduleOf(controls),
    ...(fix.size === 0 ? {} : { fix }),
    ...(controls.standardize && mode !== 'vb' ? { standardize: true } : {}),
    mode,
    seed,
    // the others begin with one start of their own accord
    ...(modeFacts(mode).steps ? { restarts } : {}),
    tolerance,
    maxIterations,
    init,
    accelerate: jumpsIn(mode) ? accelerate : null,
    folds: compare.folds,
    draws: compare.draws,
    ...(compare.against === null ? {} : { against: compare.against }),
    signal,
    over: new Map([[name, values]]),
    onProgress: (p: SelectProgress) => say(progressInWords(name, values, p)),
  }
  const { selection, stopped } = await whole(select(over.model, over.tables, options))
  return {
    name,
    candidates: selection.candidates.map((c, i) => candidateView(c, values[i] ?? Number.NaN)),
    best: Object.fromEntries([...selection.bestBy].map(([by, c]) => [by, selection.candidates.indexOf(c)])),
    sentences: agreement(selection).sentences,
    folds: selection.folds,
    compare,
    tests: selection.tests,
    notes: selection.notes,
    stopped,
  }
}

/** A selection, among what was done when it was stopped. */
async function whole(
  running: Promise<Selection>,
): Promise<{ readonly selection: Selection; readonly stopped: boolean }> {
  try {
    return { selection: await running, stopped: false }
  } catch (error) {
    if (!(error instanceof AbortError) || error.partial === null) throw error
    return { selection: error.partial as Selection, stopped: true }
  }
}

function candidateView({ figures, reason }: Candidate, value: number): CandidateView {
  const of = (by: Criterion): number => figures?.[by] ?? Number.NaN
  return {
    value,
    logLikelihood: figures?.logLikelihood ?? Number.NaN,
    parameters: figures?.parameters ?? 0,
    figures: Object.fromEntries(criteria.map((by) => [by, of(by)])),
    cvError: figures?.cvError ?? Number.NaN,
    reason: figures !== null && reason === '' ? null : reason,
  }
}

function progressInWords(name: string, values: readonly number[], p: SelectProgress): string {
  const which = `${name} = ${values[p.candidate] ?? ''} (${p.candidate + 1} of ${p.candidates})`
  if (p.phase === 'test') return `test of ${which}: ${p.done} of ${p.of} draws`
  return p.phase === 'folds' ? `${which}: ${p.done} of ${p.of} folds` : `fitting ${which}`
}
