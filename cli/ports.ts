/**
 * What the command line needs of the library. `library-ports.ts` makes it from the public API; tests make it from
 * nothing. Everything a user can get wrong comes back as a value, never as an exception.
 */
import type { Criterion, DataResiduals, FitCheckpoint, Selection, SelectProgress, Simulation } from '../index.js'
import type { Diagnostic } from '../lang/diagnostics/types.js'
import type { Source } from '../lang/source.js'
import type { Init } from '../runtime/contract.js'
import type { BoundData, CellOrigin, DataDeclaration, DataProblem, DataStream, Table } from '../runtime/data/types.js'
import type { FitResult } from '../runtime/result.js'
import type { FitProgress } from '../runtime/search.js'

export interface Ports {
  readonly version: string
  compile(source: Source): CompileOutcome
  /** Canonical layout; no text where the file does not parse. */
  format(source: Source): { readonly text?: string; readonly diagnostics: readonly Diagnostic[] }
  select(
    models: readonly ModelPort[],
    data: DataRequest,
    fitting: FitCall,
    call: SelectCall,
  ): Promise<Outcome<SelectPort>>
  /** What runs this: numbers of another may differ in their last digits. */
  readonly machine: string
  /** Whether a fit could go on from a checkpoint; null where a document is none that can be read. */
  readCheckpoint(document: unknown): Promise<{ readonly finished: boolean } | null>
  /** A fit from parsed JSON, or the sentence that says why it is none. */
  loadFit(document: unknown): { readonly fit?: FitPort; readonly problem?: string }
}

export interface CompileOutcome {
  readonly model?: ModelPort
  /** Errors and warnings; with errors there is no model. */
  readonly diagnostics: readonly Diagnostic[]
}

export interface ModelPort {
  readonly name: string
  /** Sizes that stand in for consts that `--set` overrides are applied by `fit`. */
  readonly declarations: readonly DataDeclaration[]
  /** Names of its params. */
  readonly params: readonly string[]
  /** No document where the model has none in this mode: the diagnostics say why. */
  derivation(mode: FitMode): {
    readonly document?: DerivationText
    readonly diagnostics: readonly Diagnostic[]
  }
  /** How latents are integrated out, and which rule gives each block of params, as in a fit file. */
  plan(mode: FitMode): unknown
  /** The derivation with the numbers of one iteration. */
  worked(data: DataRequest, call: WorkedCall): Promise<WorkedOutcome>
  certify(options: { readonly seed: number }): Promise<Certificate>
  /** A stand-alone program, or the reason why there is none. */
  emit(target: 'js'): Promise<{ readonly text: string } | { readonly declined: string }>
  fit(data: DataRequest, options: FitCall): Promise<FitOutcome>
  simulate(params: ReadonlyMap<string, unknown>, call: SimulateCall): SimulateOutcome
}

export interface SimulateCall {
  readonly sizes: ReadonlyMap<string, number | readonly number[]>
  readonly set: ReadonlyMap<string, unknown>
  readonly seed: number
  /** Without tables: everything is drawn. */
  readonly data: DataRequest
  readonly keepMissing: boolean
}

export type SimulateOutcome =
  | { readonly kind: 'simulation'; readonly simulation: Simulation }
  | { readonly kind: 'data'; readonly problems: readonly DataProblem[] }
  | { readonly kind: 'usage'; readonly message: string }

/** What an iteration begins from. */
export interface WorkedCall {
  readonly set: ReadonlyMap<string, unknown>
  readonly start: ReadonlyMap<string, unknown> | null
  readonly seed: number
  readonly mode: FitMode
}

export type WorkedOutcome =
  | { readonly kind: 'document'; readonly document: DerivationText }
  | { readonly kind: 'data'; readonly problems: readonly DataProblem[] }
  | { readonly kind: 'model'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'usage'; readonly message: string }

/** A derivation as a document. */
export interface DerivationText {
  toText(): string
  toMarkdown(): string
  toLatex(options: { readonly fragment: boolean }): string
  toHtml(options: { readonly katexStyles: string }): string
  /** Every line with the rule that it rests on and the statement that it comes from. */
  readonly lines: unknown
}

/** Tables and how they bind. */
export interface DataRequest {
  readonly tables: readonly Table[]
  readonly columns: ReadonlyMap<string, readonly string[]>
  readonly groupBy: string | null
}

export const fitModes = ['em', 'hard', 'anneal', 'cem', 'sem', 'online', 'vb'] as const
export type FitMode = (typeof fitModes)[number]

export const backends = ['wasm', 'js', 'interpret'] as const
export type Backend = (typeof backends)[number]

/** Where the state of a fit goes. */
export interface CheckpointPort {
  /** Least milliseconds between two of them. */
  readonly every: number
  write(state: FitCheckpoint): Promise<void>
}

/** Options of a fit; null means the default of the library. */
export interface FitCall {
  /** Values of consts and of scalar data, parsed. */
  readonly set: ReadonlyMap<string, unknown>
  /** Values of params that stay where they are, nested as in a result. */
  readonly fix: ReadonlyMap<string, unknown>
  /** Start values by param, nested as in a result; may be partial. */
  readonly start: ReadonlyMap<string, unknown> | null
  readonly init: Init
  readonly mode: FitMode
  /** Rows of a batch. */
  readonly batch: number | null
  /** Numbers of the mode's schedule, by name. */
  readonly schedule: Readonly<Record<string, number>> | null
  readonly seed: number
  readonly restarts: number | null
  readonly tolerance: number
  readonly maxIterations: number
  readonly floor: number
  /** Milliseconds. */
  readonly maxTime: number | null
  readonly accelerate: 'squarem' | 'anderson' | null
  readonly trace: boolean
  readonly standardize: boolean
  readonly errors: 'none' | 'information' | 'sandwich' | 'bootstrap' | 'parametric' | null
  /** Fits of the bootstrap. */
  readonly replicates: number | null
  readonly weights: 'frequency' | 'sampling' | null
  readonly mStep: 'auto' | 'gradient'
  readonly backend: Backend | null
  /** Workers that share the rows of large data. */
  readonly threads: number | null
  /** Bytes; for data that is read a part at a time. */
  readonly memory: number | null
  readonly checkpoint: CheckpointPort | null
  /** A parsed checkpoint to go on from; null: from the beginning. */
  readonly resume: unknown
  readonly signal: AbortSignal
  /** Called where data does not lie in memory, before the first iteration. */
  onStream(stream: DataStream): void
  onIteration(progress: FitProgress): void
}

/** How a fit, or a selection among fits, ended. */
export type Outcome<Done> =
  /** `partial`: aborted, the result holds the last iterate. */
  | { readonly kind: 'fit'; readonly fit: Done; readonly partial: boolean }
  /** Aborted before there was anything. */
  | { readonly kind: 'aborted' }
  | { readonly kind: 'data'; readonly problems: readonly DataProblem[] }
  /** The model cannot be fitted, for a reason that shows only now. */
  | { readonly kind: 'model'; readonly diagnostics: readonly Diagnostic[] }
  /** An option names something that is not there, or has a wrong shape. */
  | { readonly kind: 'usage'; readonly message: string; readonly help?: string }
  /** Numerically: no start came to an end. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

export type FitOutcome = Outcome<FitPort>

/** How candidates are made and compared; null means the default of the library. */
export interface SelectCall {
  readonly over: ReadonlyMap<string, readonly unknown[]>
  readonly by: Criterion | null
  readonly folds: number
  /** Column of known labels. */
  readonly against: string | null
  /** Draws of bootstrap tests, 0 for none. */
  readonly draws: number
  onProgress(progress: SelectProgress): void
}

export interface SelectPort {
  readonly selection: Selection
  readonly best: FitPort | null
}

export interface FitPort {
  toJSON(): FitResult
  /** How the params are laid out, for tables and for matching components. */
  readonly layout: readonly ParamView[]
  /** Data as it was bound; null in a fit that was loaded from a file. */
  readonly data: BoundData | null
  /** Posterior of the latents for the rows of the fit; null in a fit that was loaded. */
  posterior(): readonly LatentPosterior[] | null
  /** Of the data of the fit, by latent: the row of a table for each of its rows, where these are rows of a table. */
  rows(data: DataRequest): ReadonlyMap<string, TableRows>
  /** Data of which a table is larger than memory, so many rows at a time; a failure is the last of them. */
  parts(data: DataRequest, rows: number): AsyncIterable<PartOutcome>
  predict(data: DataRequest, options: PredictCall): Promise<PredictOutcome>
  impute(data: DataRequest): Promise<ImputeOutcome>
  score(data: DataRequest): Promise<ScoreOutcome>
  residuals(data: DataRequest): Promise<ResidualsOutcome>
  simulate(call: SimulateCall): SimulateOutcome
  /** One HTML file; `data` null: without pictures. */
  report(data: DataRequest | null, options: ReportCall): Promise<ReportOutcome>
}

export interface ReportCall {
  readonly frames: readonly number[] | null
  readonly katexStyles: string
}

export interface ParamView {
  readonly name: string
  readonly shape: readonly number[]
  /** Labels of each dimension that runs over levels, else null. */
  readonly labels: readonly (readonly string[] | null)[]
  /** Position of the dimension that runs over the values of a component-like latent. */
  readonly components: readonly { readonly latent: string; readonly dimension: number }[]
}

/** See the library's type of the same name. */
export interface LatentPosterior {
  readonly name: string
  readonly kind: 'discrete' | 'count' | 'continuous'
  /** Extents of its plates; `rows` is their product where none is ragged. */
  readonly shape: readonly number[]
  /** Lengths of the sequences where the second plate is ragged: rows are those of the sequences, one after another. */
  readonly lengths?: readonly number[] | null
  readonly rows: number
  /** How often each row counts; null or left out where rows count once. */
  readonly weights?: Float64Array | null
  /** Names of the rows along each plate that runs over levels, else null. */
  readonly rowLabels: readonly (readonly string[] | null)[]
  /** Extents of one row's array, with `size` elements; empty for a number. */
  readonly own: readonly number[]
  readonly labels: readonly string[]
  /** rows × labels, row-major; null where the latent has no table of probabilities. */
  readonly probabilities: Float64Array | null
  /** 0-based most probable value of each row, on the most probable path for chains. */
  readonly modes: Int32Array | null
  /** Posterior means of a latent that is a number or a vector, rows × size. */
  readonly means: Float64Array | null
  readonly sd: Float64Array | null
  /** rows × size × size. */
  readonly covariance: Float64Array | null
  /** Of the family of the posterior, row by row, with the extents of one row's array of each. */
  readonly parameters: {
    readonly family: string
    readonly values: ReadonlyMap<string, Float64Array>
    readonly own: ReadonlyMap<string, readonly number[]>
  } | null
}

export interface PredictCall {
  /** The modes are the most probable values of all latents together. */
  readonly hard: boolean
  /** States of chains given the data up to their own place. */
  readonly filtered: boolean
  /** Covariances of vectors too. */
  readonly covariance: boolean
  /** With the rows of tables that latents stand beside. */
  readonly rows: boolean
}

/** What does not fit in new data, or fails on it. */
export type NewDataFailure =
  | { readonly kind: 'data'; readonly problems: readonly DataProblem[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

export type PartOutcome = { readonly kind: 'part'; readonly data: DataRequest; readonly rows: number } | NewDataFailure

export type ReportOutcome = { readonly kind: 'page'; readonly text: string } | NewDataFailure

export type PredictOutcome =
  | {
      readonly kind: 'posterior'
      readonly latents: readonly LatentPosterior[]
      /** By latent, the rows of a table that its rows are or belong to. */
      readonly rows: ReadonlyMap<string, TableRows>
      readonly warnings: readonly DataProblem[]
    }
  | NewDataFailure

/** See the library's type of the same name. */
export type TableRows =
  | { readonly kind: 'rows'; readonly table: Table; readonly rows: Int32Array }
  | { readonly kind: 'groups'; readonly table: Table; readonly of: Int32Array }

/** A filled cell; see the library's type of the same name. */
export interface ImputedCell {
  readonly index: readonly number[]
  readonly value: number | string | boolean
  readonly sd: number | null
  readonly probability: number | null
  readonly probabilities: ReadonlyMap<string, number> | null
  readonly origin: CellOrigin | null
}

export type ImputeOutcome =
  | {
      readonly kind: 'imputed'
      readonly arrays: readonly { readonly name: string; readonly cells: readonly ImputedCell[] }[]
      readonly warnings: readonly DataProblem[]
    }
  | NewDataFailure

export type ResidualsOutcome =
  | { readonly kind: 'residuals'; readonly arrays: readonly DataResiduals[]; readonly warnings: readonly DataProblem[] }
  | NewDataFailure

export type ScoreOutcome =
  | {
      readonly kind: 'score'
      readonly logLikelihood: number
      readonly contributions: readonly { readonly plate: string | null; readonly values: Float64Array }[]
      readonly warnings: readonly DataProblem[]
    }
  | NewDataFailure

/** One figure of the numerical proof of a derivation. */
export interface CertificateCheck {
  readonly name: string
  readonly passed: boolean
  /** Largest relative error found, and what is allowed. */
  readonly error: number
  readonly tolerance: number
  readonly detail: string
}

export interface Certificate {
  readonly passed: boolean
  readonly checks: readonly CertificateCheck[]
  /** Set where the model cannot be grounded on micro-data; it is then not certified. */
  readonly declined?: string
}
