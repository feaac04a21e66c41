/** What a reader works on: everything that a share link carries and that is kept in the browser. */
import type { Init } from '../../runtime/contract.js'
import type { Mode } from './view.js'

export type Acceleration = 'squarem' | 'anderson'
export type WeightKind = 'frequency' | 'sampling'

/** Extents of a picture whose pixels are rows, row by row. */
export interface Picture {
  readonly width: number
  readonly height: number
}

/** A file of data as text, one of a gallery example by name, or one that is too large to be kept with the project. */
export type ProjectFile =
  | { readonly kind: 'text'; readonly name: string; readonly text: string; readonly image?: Picture }
  | { readonly kind: 'example'; readonly example: string; readonly name: string }
  | { readonly kind: 'local'; readonly name: string; readonly bytes: number }

/** The controls of the Run panel. */
export interface RunControls {
  readonly mode: Mode
  /** The other mode runs beside it, from the same start. */
  readonly compare: boolean
  readonly seed: number
  readonly restarts: number
  readonly tolerance: number
  readonly maxIterations: number
  readonly init: Init
  /** Jumps between the steps of EM in a fit; null: none. */
  readonly accelerate: Acceleration | null
  /** What weights of rows are, where the model has any: it changes standard errors alone. */
  readonly weights: WeightKind
  /** Rows of a batch: of the modes online and hard; null: 256 of online, all of hard. */
  readonly batch: number | null
  /** Numbers of schedules of modes by name; what is left out is as the mode has it. */
  readonly schedule: ReadonlyMap<string, number>
  /** Columns are fitted at mean 0 and sd 1. */
  readonly standardize: boolean
  /** Params that stay at these values, nested as in a result; null in a cell that is free. */
  readonly fix: ReadonlyMap<string, unknown>
  /** Values of consts, and of scalar data, as they were typed; checked when a run begins. */
  readonly set: ReadonlyMap<string, string>
  /** Columns for each name of the model, where the reader chose them. */
  readonly columns: ReadonlyMap<string, readonly string[]>
  /** Column that says which sequence a row belongs to. */
  readonly groupBy: string | null
  /** Start values by param, nested arrays as in a result; params left out are started by the seed. */
  readonly start: ReadonlyMap<string, unknown>
}

export type Area = 'model' | 'data' | 'code' | 'see' | 'bound' | 'derivation' | 'numbers' | 'choose'

export interface Project {
  /** The example it began as; null for one of the reader's own. */
  readonly example: string | null
  readonly source: string
  readonly files: readonly ProjectFile[]
  readonly controls: RunControls
  /** Iteration to show when the link is opened; it is gone to only when the reader runs. */
  readonly iteration: number | null
  /** The area that is open where only one fits. */
  readonly area: Area
}

/** What a project may ask for at most. */
export const MOST_RESTARTS = 1000
export const MOST_ITERATIONS = 1_000_000

export const plainControls: RunControls = {
  mode: 'em',
  compare: false,
  seed: 1,
  restarts: 20,
  tolerance: 1e-9,
  maxIterations: 10_000,
  init: 'auto',
  accelerate: null,
  weights: 'frequency',
  batch: null,
  schedule: new Map(),
  standardize: false,
  fix: new Map(),
  set: new Map(),
  columns: new Map(),
  groupBy: null,
  start: new Map(),
}
