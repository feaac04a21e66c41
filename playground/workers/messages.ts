/** Messages between the page and its two workers. Every request has an id; an answer bears that of its request. */
import type { BoundContour } from '../../api/pictures.js'
import type { BootstrapTest } from '../../api/select/bootstrap-test.js'
import type { Criterion } from '../../api/select/candidate.js'
import type { Estimate } from '../../api/uncertainty/types.js'
import type { DerivationStep } from '../../compiler/derivation/types.js'
import type { LanguageRequest } from '../../compiler/service/language-service.js'
import type { Diagnostic } from '../../lang/diagnostics/types.js'
import type { Span } from '../../lang/source.js'
import type { ErrorKind } from '../../runtime/uncertainty.js'
import type { RunControls } from '../session/project.js'
import type {
  ArrayView,
  BoundCurveView,
  BoundDirection,
  ColumnRef,
  DensityRequest,
  DensityView,
  DirectionView,
  EllipsesView,
  LinesView,
  Mode,
  RunView,
  TraceView,
} from '../session/view.js'
import type { RunNews } from './kept-iterates.js'

/** A failure that a reader can do something about: one sentence, and what helps where there is such a thing. */
export interface Complaint {
  readonly code: string | null
  readonly message: string
  readonly help: string | null
}

export type Answer<T> =
  | { readonly id: number; readonly kind: 'answer'; readonly value: T }
  | { readonly id: number; readonly kind: 'refused'; readonly complaints: readonly Complaint[] }

// -- compile worker -----------------------------------------------------------------------------------------------------

/** A const that can be set, and what else the controls need to know of a model. */
export interface ModelFacts {
  readonly name: string
  readonly consts: readonly { readonly name: string; readonly value: string; readonly isNumber: boolean }[]
  readonly data: readonly { readonly name: string; readonly type: string; readonly dims: number }[]
  readonly params: readonly { readonly name: string; readonly type: string }[]
  readonly latents: readonly { readonly name: string; readonly type: string }[]
  readonly hard: boolean
  /** Rows have weights. */
  readonly weighted: boolean
}

/** One update of the plan, for the margin of the editor. */
export interface PlanLine {
  readonly kind: 'e-step' | 'm-step'
  readonly names: readonly string[]
  /** These names in the letters of the derivation. */
  readonly letters: readonly string[]
  readonly rule: string
  /** The update in one line of text, in the letters of the derivation, where it has one. */
  readonly update: string | null
  readonly closedForm: boolean
  /** Declaration of the first name. */
  readonly span: Span | null
}

export interface Compiled {
  readonly diagnostics: readonly Diagnostic[]
  /** null where the model has errors. */
  readonly model: { readonly facts: ModelFacts; readonly plan: readonly PlanLine[] } | null
}

export interface DerivationView {
  readonly title: string
  readonly steps: readonly DerivationStep[]
}

/** Generated code of a model, as text to read. */
export interface CodeView {
  readonly parts: readonly { readonly title: string; readonly text: string }[]
}

/** What the compile worker is asked, and what it answers. */
export interface CompileCalls {
  compile(request: { readonly source: string }): Compiled
  plan(request: { readonly source: string; readonly mode: Mode }): readonly PlanLine[]
  derivation(request: { readonly source: string; readonly mode: Mode }): DerivationView
  latex(request: { readonly source: string; readonly mode: Mode; readonly fragment: boolean }): string
  /** Operations of the kernels; or the JavaScript that they are compiled to where scripts may be generated. */
  language(request: LanguageRequest): unknown
  code(request: { readonly source: string; readonly mode: Mode; readonly target: 'kernels' | 'javascript' }): CodeView
}

// -- fit worker ---------------------------------------------------------------------------------------------------------

/** Column of a file as it was read. */
export interface ColumnPreview {
  readonly name: string
  readonly type: 'number' | 'whole number' | 'category' | 'yes/no' | 'text' | 'empty'
  readonly missing: number
  /** Number of different values where there are at most 1000. */
  readonly distinct: number | null
}

export interface FilePreview {
  readonly name: string
  readonly rows: number
  readonly columns: readonly ColumnPreview[]
  /** The first rows as text; null where missing. */
  readonly head: readonly (readonly (string | null)[])[]
  /** Whole arrays of a JSON file, by name and extents. */
  readonly arrays: readonly { readonly name: string; readonly shape: readonly number[] }[]
}

export interface BindingView {
  readonly data: readonly ArrayView[]
  /** Sizes that count rows of data, which a simulation may have others of. */
  readonly rowSizes: readonly string[]
  readonly sizes: readonly (readonly [string, number])[]
  readonly warnings: readonly Complaint[]
}

/** Where a run stands: sent with every answer that moves it. */
export interface RunState {
  readonly run: RunView
  /** Half-steps that can be gone to: 0 the start, 1 its E-step, 2 the M-step after it, … */
  readonly position: number
  readonly last: number
  /** Why the run failed. */
  readonly complaint: Complaint | null
  /** Iterates that are new since the last answer about the run; the page keeps them. */
  readonly news: RunNews | null
  /** The data in the units of the run, where these are others than those of the data. */
  readonly data?: readonly ArrayView[]
}

export interface BeginRequest {
  readonly run: number
  readonly controls: RunControls
  readonly mode: Mode
  /** Begins where that run began. */
  readonly sameAs: number | null
  /** Begins at these params, laid out as a run of the same model has them. */
  readonly params: Float64Array | null
  readonly label: string
}

export interface FitRequest extends BeginRequest {
  /** Where a search stood that was stopped, as JSON text: it goes on from there. */
  readonly resume: string | null
}

/** What a fit has to say beside its numbers. */
export interface FitSummary {
  readonly logLikelihood: number
  readonly objective: number
  readonly bic: number
  readonly aic: number
  /** Of k-means and its like: squared distances to the means; null elsewhere. */
  readonly withinSS: number | null
  /** How certain the discrete latents are, from 0 to 1; null where there are none. */
  readonly certainty: number | null
  readonly entropy: number | null
  readonly parameters: number
  readonly observations: number
  readonly converged: boolean
  readonly stop: string
  readonly iterations: number
  readonly bound: string
  /** The way that the fit took, in sentences. */
  readonly notes: readonly string[]
  readonly warnings: readonly Complaint[]
  /** Cells of the data that are missing and can be filled. */
  readonly missing: number
  /** The fit file, as `estep fit --json` writes it. */
  readonly file: string
}

export interface IntervalsRequest {
  readonly run: number
  readonly kind: ErrorKind
  /** Fits of the bootstrap. */
  readonly replicates: number
  readonly weights: RunControls['weights']
}

/** Standard errors of a fit, one for each cell of its params; NaN where there is none. */
export interface IntervalsView {
  readonly kind: ErrorKind
  /** Where they come from, in a sentence. */
  readonly says: string
  readonly params: readonly {
    readonly name: string
    readonly errors: Float64Array
    readonly low: Float64Array
    readonly high: Float64Array
  }[]
  /** Of numbers of top-level `let`s. */
  readonly others: readonly Estimate[]
  readonly warnings: readonly Complaint[]
  /** What the fit file has of them, as JSON. */
  readonly fields: string
}

/** One column of data, or an array, beside what the fit says of it. */
export interface ResidualView {
  readonly name: string
  readonly kind: 'numbers' | 'counts' | 'labels'
  readonly sentences: readonly string[]
  /** Shares of equal parts of (0, 1) in the probability below each value; null for labels. */
  readonly histogram: readonly number[] | null
  /** Of labels. */
  readonly frequencies: readonly { readonly value: string; readonly observed: number; readonly expected: number }[]
}

export interface ResidualsView {
  readonly arrays: readonly ResidualView[]
}

export interface ChooseRequest {
  readonly controls: RunControls
  /** A const, and its values. */
  readonly name: string
  readonly values: readonly number[]
  readonly compare: Comparison
}

/** How candidates are compared, beside the criteria. */
export interface Comparison {
  /** 0: no cross-validation. */
  readonly folds: number
  /** A column of known labels that the classification of rows held out is set beside; null: none. */
  readonly against: string | null
  /** Draws of the likelihood-ratio tests of neighbours; 0: no tests. */
  readonly draws: number
}

/** NaN stands for a figure that there is not. */
export interface CandidateView {
  readonly value: number
  readonly logLikelihood: number
  readonly parameters: number
  readonly figures: { readonly [by in Criterion]?: number }
  readonly cvError: number
  /** Why it has no figures, or none of the cross-validation. */
  readonly reason: string | null
}

export interface ChoiceView {
  readonly name: string
  readonly candidates: readonly CandidateView[]
  /** The best by each criterion, by its place among the candidates. */
  readonly best: { readonly [by in Criterion]?: number }
  /** Whether the criteria agree. */
  readonly sentences: readonly string[]
  readonly folds: { readonly count: number; readonly word: string } | null
  readonly compare: Comparison
  /** Each value beside the next, until a test finds no difference. */
  readonly tests: readonly BootstrapTest[]
  readonly notes: readonly string[]
  /** It was stopped before all candidates were fitted. */
  readonly stopped: boolean
}

export interface DrawRequest {
  /** At the params where this run stands. */
  readonly run: number
  /** Sizes that are to be others; empty: as many rows as the data has. */
  readonly sizes: ReadonlyMap<string, number>
  readonly seed: number
  readonly latents: boolean
}

/** Data as a file. */
export interface DrawnView {
  readonly name: string
  readonly text: string
  /** Column that says which sequence a row belongs to. */
  readonly groupBy: string | null
}

/** What a fit gives as a file: its posteriors beside the rows of the data, the rows with missing cells filled, a report. */
export type FileKind = 'rows' | 'filled' | 'report'

/** A number of two runs. */
export interface BesideRow {
  readonly label: string
  readonly first: number
  readonly second: number
}

/** Two runs side by side. */
export interface BesideView {
  /** Which components of the second are those of the first, in sentences. */
  readonly components: readonly string[]
  readonly rows: readonly BesideRow[]
  /** Params that only one of them has, or whose shapes differ. */
  readonly alone: readonly string[]
}

/** Rows that a fit has not seen. */
export interface NewRowsView {
  readonly logLikelihood: number
  /** It is a lower bound of it. */
  readonly isBound: boolean
  /** Of the outermost plates. */
  readonly rows: number
  readonly warnings: readonly Complaint[]
  /** The rows with the posterior of their latents; null where the model has none. */
  readonly file: MadeFile | null
}

export interface MadeFile {
  readonly name: string
  readonly text: string
  readonly type: string
}

/** Why the model has no such mode, by mode; those that it has are left out. */
export type ModeRefusals = ReadonlyMap<Mode, string>

export interface GivenFile {
  readonly name: string
  readonly content: string | Uint8Array | null
}

export interface FitCalls {
  /** Reads files; those of before that are not named are forgotten. */
  load(request: { readonly files: readonly GivenFile[] }): {
    readonly files: readonly FilePreview[]
    readonly complaints: readonly Complaint[]
  }
  /** Compiles the model and binds the files to it. */
  bind(request: { readonly source: string; readonly controls: RunControls }): BindingView
  /** A new run, standing at its start. */
  begin(request: BeginRequest): RunState
  /** One half-step on from where a run stands. */
  step(request: { readonly run: number }): RunState
  show(request: { readonly run: number; readonly position: number }): RunState
  /** EM from the last point of a run until it has converged or is stopped. */
  finish(request: { readonly run: number }): RunState
  /** A search over starts, as `estep fit` makes it; the best one is kept with its iterates. */
  fit(request: FitRequest): { readonly state: RunState; readonly summary: FitSummary }
  forget(request: { readonly runs: readonly number[] }): null
  /** A run that a worker had that was ended; `files`: those it was made over, null where they are the ones loaded. */
  restore(request: {
    readonly state: RunState
    readonly kept: RunNews
    readonly files: readonly GivenFile[] | null
  }): null
  /** Modes that the model over its data has not. */
  refusedModes(request: null): ModeRefusals
  intervals(request: IntervalsRequest): IntervalsView
  residuals(request: { readonly run: number }): ResidualsView
  file(request: { readonly run: number; readonly kind: FileKind }): MadeFile
  beside(request: { readonly run: number; readonly other: number }): BesideView
  newRows(request: { readonly run: number; readonly files: readonly GivenFile[] }): NewRowsView
  choose(request: ChooseRequest): ChoiceView
  /** Data drawn from the model. */
  draw(request: DrawRequest): DrawnView
  /** A program that runs the algorithm by itself. */
  emit(request: { readonly source: string }): string
  density(request: { readonly run: number; readonly density: DensityRequest }): DensityView | null
  ellipses(request: { readonly run: number; readonly x: ColumnRef; readonly y: ColumnRef }): EllipsesView | null
  lines(request: {
    readonly run: number
    readonly x: ColumnRef
    readonly y: ColumnRef
    readonly at: Float64Array
  }): LinesView | null
  directions(request: { readonly run: number }): readonly DirectionView[]
  boundCurve(request: {
    readonly run: number
    readonly direction: BoundDirection
    readonly points: number
  }): BoundCurveView | null
  boundContour(request: { readonly run: number; readonly points: number }): BoundContour | null
}

/** Sent while a run is under way, ten times a second at most. */
export interface FitProgressMessage {
  readonly kind: 'progress'
  readonly run: number
  readonly iteration: number
  readonly objective: number
  readonly traces: readonly TraceView[]
  /** The last iterate, kept by the page should the worker have to be ended. */
  readonly params: Float64Array | null
}

/** How far something is that has no iterations to tell of. */
export interface SaidMessage {
  readonly kind: 'said'
  readonly text: string
}

/** Where a search over starts stands, as JSON text: the page only keeps it, should the search be stopped. */
export interface CheckpointMessage {
  readonly kind: 'checkpoint'
  readonly run: number
  readonly state: string
}

export type FitMessage = FitProgressMessage | SaidMessage | CheckpointMessage

/** Takes effect between two iterations. */
export interface StopMessage {
  readonly kind: 'stop'
}

export type Calls = { readonly [name: string]: (request: never) => unknown }

/** A request of one of these calls. */
export type RequestOf<C> = {
  [K in keyof C & string]: C[K] extends (request: infer R) => unknown
    ? { readonly id: number; readonly kind: 'call'; readonly call: K; readonly request: R }
    : never
}[keyof C & string]
