/** Everything the page shows, and how it changes. The reducer is pure; what takes time is the controller's. */
import type { Span } from '../../lang/source.js'
import type {
  BindingView,
  ChoiceView,
  Compiled,
  Complaint,
  FilePreview,
  FitSummary,
  IntervalsView,
  PlanLine,
  ResidualsView,
  RunState,
} from '../workers/messages.js'
import { modeFacts } from './modes.js'
import type { Area, Project, RunControls } from './project.js'
import type { ArrayView, RunView, TraceView } from './view.js'

/** Runs that are kept. */
export const MOST_RUNS = 8

export interface KeptState extends RunState {
  /** Text and data that it was made of: it is stale when they are others now. */
  readonly basis: string
  readonly data: readonly ArrayView[]
  readonly summary: FitSummary | null
  /** The last half-step when the fit ended: the run may have gone on since. */
  readonly fitted: number
  /** Standard errors that were asked for, at the end of the fit. */
  readonly intervals: IntervalsView | null
  readonly residuals: ResidualsView | null
  readonly source: string
  /** What was held. */
  readonly fix: RunControls['fix']
}

/** Candidates that were compared; stale when text or data are others now. */
export interface KeptChoice {
  readonly choice: ChoiceView
  readonly basis: string
}

/** Data that was drawn from the model stands in the place of the reader's own, which can be put back. */
export interface DrawnData {
  readonly says: string
  readonly before: Pick<Project, 'files'> & Pick<RunControls, 'columns' | 'groupBy'>
}

/** A search over starts that was stopped before its end. */
export interface StoppedSearch {
  /** The run that shows how far it came. */
  readonly run: number
  /** What it was made of; it goes on where that is there still. */
  readonly made: string
  readonly checkpoint: string
}

export type Work =
  | { readonly kind: 'idle' }
  | {
      readonly kind:
        | 'step'
        | 'play'
        | 'finish'
        | 'fit'
        | 'starting'
        | 'intervals'
        | 'residuals'
        | 'file'
        | 'new rows'
        | 'beside'
        | 'choose'
        | 'draw'
      readonly run: number
      readonly stopping: boolean
    }

export interface State {
  readonly project: Project
  /** Text and data as numbers that change with them. */
  readonly revision: { readonly source: number; readonly data: number }
  readonly compiled: Compiled | null
  /** The revision of the text that `compiled` belongs to. */
  readonly compiledRevision: number
  readonly files: readonly FilePreview[]
  readonly reading: boolean
  readonly fileComplaints: readonly Complaint[]
  readonly binding: BindingView | null
  /** Data that is known before it has been read: that of the example the page opens with. */
  readonly opening: readonly ArrayView[]
  readonly bindComplaints: readonly Complaint[]
  readonly runs: readonly KeptState[]
  readonly shown: number | null
  readonly beside: number | null
  readonly choice: KeptChoice | null
  readonly drawn: DrawnData | null
  readonly work: Work
  readonly stopped: StoppedSearch | null
  /** Traces of the run under way. */
  readonly underWay: { readonly run: number; readonly traces: readonly TraceView[] } | null
  /** What the live region says. */
  readonly said: string
  readonly notice: { readonly kind: 'error' | 'info'; readonly text: string; readonly help: string | null } | null
  readonly presenting: boolean
}

export type Action =
  | { readonly kind: 'open'; readonly project: Project }
  | { readonly kind: 'edit'; readonly source: string }
  | { readonly kind: 'compiled'; readonly compiled: Compiled; readonly revision: number }
  | { readonly kind: 'controls'; readonly controls: Partial<RunControls> }
  | { readonly kind: 'files'; readonly files: Project['files'] }
  | { readonly kind: 'reading' }
  | { readonly kind: 'read'; readonly files: readonly FilePreview[]; readonly complaints: readonly Complaint[] }
  | { readonly kind: 'bound'; readonly binding: BindingView }
  | { readonly kind: 'unbound'; readonly complaints: readonly Complaint[] }
  | { readonly kind: 'work'; readonly work: Work }
  | { readonly kind: 'moved'; readonly state: RunState; readonly summary?: FitSummary }
  | { readonly kind: 'progress'; readonly run: number; readonly traces: readonly TraceView[]; readonly said: string }
  | { readonly kind: 'intervals'; readonly run: number; readonly intervals: IntervalsView | null }
  | { readonly kind: 'residuals'; readonly run: number; readonly residuals: ResidualsView }
  | { readonly kind: 'stopped'; readonly search: StoppedSearch | null }
  | { readonly kind: 'chosen'; readonly choice: ChoiceView }
  | { readonly kind: 'drawn'; readonly drawn: DrawnData | null }
  | { readonly kind: 'show'; readonly run: number; readonly beside: number | null }
  | { readonly kind: 'forget'; readonly runs: readonly number[] }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'notice'; readonly notice: State['notice'] }
  | { readonly kind: 'present'; readonly on: boolean }
  | { readonly kind: 'area'; readonly area: Area }

export function initial(project: Project, opening: readonly ArrayView[] = []): State {
  return {
    project,
    revision: { source: 0, data: 0 },
    compiled: null,
    compiledRevision: -1,
    files: [],
    reading: false,
    fileComplaints: [],
    binding: null,
    opening,
    bindComplaints: [],
    runs: [],
    shown: null,
    beside: null,
    choice: null,
    drawn: null,
    work: { kind: 'idle' },
    stopped: null,
    underWay: null,
    said: '',
    notice: null,
    presenting: false,
  }
}

/** Text and data that a run made now would belong to. */
export const basisOf = ({ revision }: Pick<State, 'revision'>): string => `${revision.source} ${revision.data}`

/** Controls that change how data bind. */
const BINDING: readonly (keyof RunControls)[] = ['columns', 'groupBy']

export function reduce(s: State, a: Action): State {
  switch (a.kind) {
    case 'open':
      return {
        ...initial(a.project),
        revision: { source: s.revision.source + 1, data: s.revision.data + 1 },
        presenting: s.presenting,
      }
    case 'edit': {
      if (a.source === s.project.source) return s
      const project = { ...s.project, source: a.source }
      return { ...s, project, revision: { ...s.revision, source: s.revision.source + 1 } }
    }
    case 'compiled':
      return a.revision !== s.revision.source ? s : { ...s, compiled: a.compiled, compiledRevision: a.revision }
    case 'controls': {
      const project = { ...s.project, controls: { ...s.project.controls, ...a.controls } }
      const data = BINDING.some((key) => key in a.controls) ? s.revision.data + 1 : s.revision.data
      return { ...s, project, revision: { ...s.revision, data } }
    }
    case 'files':
      return {
        ...s,
        project: { ...s.project, files: a.files },
        drawn: null,
        revision: { ...s.revision, data: s.revision.data + 1 },
      }
    case 'reading':
      return { ...s, reading: true, fileComplaints: [] }
    case 'read':
      return { ...s, reading: false, files: a.files, fileComplaints: a.complaints }
    case 'bound':
      return { ...s, binding: a.binding, bindComplaints: [] }
    case 'unbound':
      return { ...s, binding: null, bindComplaints: a.complaints }
    case 'work':
      return { ...s, work: a.work, underWay: a.work.kind === 'idle' ? null : s.underWay }
    case 'moved':
      return moved(s, a.state, a.summary ?? null)
    case 'progress':
      return { ...s, underWay: { run: a.run, traces: a.traces }, said: a.said }
    case 'intervals':
      return { ...s, runs: s.runs.map((r) => (r.run.id === a.run ? { ...r, intervals: a.intervals } : r)) }
    case 'residuals':
      return { ...s, runs: s.runs.map((r) => (r.run.id === a.run ? { ...r, residuals: a.residuals } : r)) }
    case 'stopped':
      return { ...s, stopped: a.search }
    case 'chosen':
      return { ...s, choice: { choice: a.choice, basis: basisOf(s) } }
    case 'drawn':
      return { ...s, drawn: a.drawn }
    case 'show':
      return { ...s, shown: a.run, beside: a.beside === a.run ? null : a.beside }
    case 'forget': {
      const runs = s.runs.filter((r) => !a.runs.includes(r.run.id))
      const kept = (id: number | null): number | null => (runs.some((r) => r.run.id === id) ? id : null)
      return { ...s, runs, shown: kept(s.shown) ?? runs.at(-1)?.run.id ?? null, beside: kept(s.beside) }
    }
    case 'say':
      return { ...s, said: a.text }
    case 'notice':
      return { ...s, notice: a.notice }
    case 'present':
      return { ...s, presenting: a.on }
    case 'area':
      return { ...s, project: { ...s.project, area: a.area } }
  }
}

function moved(s: State, state: RunState, summary: FitSummary | null): State {
  const before = s.runs.find((r) => r.run.id === state.run.id)
  const made = {
    basis: basisOf(s),
    data: state.data ?? s.binding?.data ?? [],
    source: s.project.source,
    fix: s.project.controls.fix,
    intervals: null,
    residuals: null,
    fitted: state.last,
  }
  const kept: KeptState =
    before === undefined
      ? { ...made, ...state, data: made.data, summary }
      : { ...before, ...state, data: before.data, summary: summary ?? before.summary, ...atEnd(before, state) }
  const runs = before === undefined ? [...s.runs, kept] : s.runs.map((r) => (r === before ? kept : r))
  return { ...s, runs }
}

/** What was asked at the end of a run belongs to that: it goes when the run goes on. */
const atEnd = (before: KeptState, { last }: RunState): Partial<KeptState> =>
  last === before.last ? {} : { intervals: null, residuals: null }

/** The run that is looked at. */
export const shownRun = (s: State): KeptState | null => s.runs.find((r) => r.run.id === s.shown) ?? null

/** Which half of an iteration came last; null at a start. */
export function lastStep(s: State): PlanLine['kind'] | null {
  const shown = shownRun(s)
  if (shown === null || shown.position === 0) return null
  return shown.position % 2 === 1 ? 'e-step' : 'm-step'
}

/** The declarations of what that half dealt with; null where the text is another now. */
export function lastStepSpan(s: State): Span | null {
  const kind = lastStep(s)
  if (kind === null || s.compiledRevision !== s.revision.source) return null
  const spans = (s.compiled?.model?.plan ?? []).flatMap((l) => (l.kind === kind && l.span !== null ? [l.span] : []))
  if (spans.length === 0) return null
  return { start: Math.min(...spans.map((x) => x.start)), end: Math.max(...spans.map((x) => x.end)) }
}

export const isStale = (s: State, run: KeptState): boolean => run.basis !== basisOf(s)

/** What the browser keeps: the reader's own data where data that was drawn stands in its place. */
export function projectToKeep({ project, drawn }: Pick<State, 'project' | 'drawn'>): Project {
  if (drawn === null) return project
  const { files, ...mapping } = drawn.before
  return { ...project, files, controls: { ...project.controls, ...mapping } }
}

/** Runs as the panels see them. */
export function runViews(s: State): readonly RunView[] {
  return s.runs.map((r) => ({ ...r.run, stale: isStale(s, r) }))
}

/** Why a run cannot go on by single steps, in a sentence; null where it can. */
export function whyNoSteps({ project }: Pick<State, 'project'>): string | null {
  const { steps, mode } = modeFacts(project.controls.mode)
  return steps ? null : `The mode ${mode} has no single steps: press Fit.`
}

export const isBusy = (s: State): boolean => s.work.kind !== 'idle'

/** Why nothing can be run now, in a sentence; null where it can. */
export function whyNot(s: State): string | null {
  if (s.compiled === null || s.compiledRevision !== s.revision.source) return 'The model is being compiled.'
  if (s.compiled.model === null) return 'The model has errors.'
  if (s.reading) return 'The data is being read.'
  const [complaint] = s.bindComplaints
  if (complaint !== undefined) return `The data does not fit the model: ${complaint.message}.`
  if (s.binding === null) return 'The data is being bound to the model.'
  return null
}

/** `iteration 12, log-likelihood −1709.5`. */
export function pointInWords({ run }: RunState): string {
  const { point } = run
  if (point === null) return ''
  const step =
    point.iteration === 0 && point.phase === 'M'
      ? 'start'
      : `iteration ${point.iteration}, after the ${point.phase}-step`
  return `${step}, ${likelihoodName(run)} ${number(point.logLikelihood)}`
}

/** What `logLikelihood` of a point is called. */
export const likelihoodName = ({ mode }: Pick<RunView, 'mode'>): string =>
  mode === 'vb' ? 'lower bound' : 'log-likelihood'

/** With a minus sign, and as many digits as differ from one iteration to the next. */
export function number(x: number, digits = 4): string {
  if (x === Number.NEGATIVE_INFINITY) return '−∞'
  if (!Number.isFinite(x)) return '–'
  const size = Math.abs(x)
  const text =
    size !== 0 && (size >= 1e7 || size < 1e-4) ? x.toExponential(digits) : x.toFixed(size >= 1e5 ? 1 : digits)
  return text.replace('-', '−').replace('e+', 'e')
}
