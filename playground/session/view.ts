/**
 * What the panels see of a run at one moment: plain data that went through `postMessage`. Numbers lie flat and row-major
 * in typed arrays, beside their shape. Components bear the numbers of the run (from 0), not those of a report.
 */
import type { DataArray } from '../../api/charts/columns.js'
import type { Mode } from '../../api/mode-options.js'
import type { BoundContour, BoundCurve } from '../../api/pictures.js'

export type { Mode }

/** One param at the moment shown. */
export interface ParamView {
  readonly name: string
  /** Extents, outermost first; empty for a number. */
  readonly shape: readonly number[]
  /** Used elements of each row of the last dimension where it is ragged; null where dense. */
  readonly used: readonly number[] | null
  /** Names along each dimension that runs over levels, else null. */
  readonly labels: readonly (readonly string[] | null)[]
  readonly support: string
  readonly role: 'location' | 'weight' | 'spread' | 'other'
  /** Dimensions that run over the values of a latent. */
  readonly components: readonly { readonly latent: string; readonly dimension: number }[]
  readonly values: Float64Array
  /** Variational Bayes: `values` are means of the posterior, with these sds. */
  readonly sd?: Float64Array | null
  /** Cells that are held at given values; left out where none is. */
  readonly held?: readonly boolean[]
}

/** Posterior of one latent, given the params that the last E-step was made at. */
export interface LatentView {
  readonly name: string
  readonly kind: 'discrete' | 'count' | 'continuous'
  /** false for the latent of a `Mixture` or of missing cells, which has no name of the user's. */
  readonly declared: boolean
  /** Extents of its plates. */
  readonly shape: readonly number[]
  readonly rows: number
  /** How often each row counts; null or left out where rows count once. */
  readonly weights?: Float64Array | null
  /** Lengths of the sequences where the second plate is ragged: rows are those of the sequences, one after another. */
  readonly lengths: readonly number[] | null
  /** The rows follow on one another, as those of a chain; each sequence begins at one of these rows. */
  readonly beginnings: Int32Array | null
  /** A statement on it reads another of its rows: `Stepper.pictures.follows(name)`, of continuous chains too. */
  readonly follows?: boolean
  /** Names of the rows along each plate that runs over levels, else null. */
  readonly rowLabels: readonly (readonly string[] | null)[]
  /** Extents of the array of one row; empty for a number. */
  readonly own: readonly number[]
  /** Names of the values of a discrete latent. */
  readonly labels: readonly string[]
  /** rows × labels: responsibilities; null for a latent that is a number. */
  readonly probabilities: Float64Array | null
  /** Most probable value of each row, from 0; in hard mode those that the step took. */
  readonly modes: Int32Array | null
  /** rows × own; null for a discrete latent. */
  readonly means: Float64Array | null
  readonly sd: Float64Array | null
}

/** One array of data as it was bound. */
export interface ArrayView extends DataArray {
  readonly missing: number
  /** Its rows are the pixels of an image, row by row. */
  readonly image?: { readonly width: number; readonly height: number } | null
}

/** Where a run stands. After phase E, q is the posterior at `params`; after phase M, `params` have moved and q has not. */
export interface PointView {
  readonly iteration: number
  readonly phase: 'E' | 'M'
  readonly params: readonly ParamView[]
  readonly latents: readonly LatentView[]
  /** log p(data; params); that of data and labels in hard mode and cem, a lower bound in vb; −Infinity is legal at a start. */
  readonly logLikelihood: number
  /** log-likelihood + log prior: what EM raises. */
  readonly objective: number
  /** ELBO(q, params): equals `objective` after an E-step. */
  readonly elbo: number
  /** objective − ELBO ≥ 0, the divergence of q from the posterior: 0 after an E-step. */
  readonly gap: number
}

/** Objectives of one start, the start itself first. */
export interface TraceView {
  readonly seed: number
  readonly objectives: readonly number[]
  /** Left after a few iterations, since others were more promising. */
  readonly brief: boolean
  readonly degenerate: boolean
  readonly best: boolean
}

/** One run that is kept: the iterates of one start that was followed, and the traces of the others. */
export interface RunView {
  readonly id: number
  readonly mode: Mode
  readonly seed: number
  /** What tells it from the others, in few words: `K = 3, start 2`. */
  readonly label: string
  readonly traces: readonly TraceView[]
  /** Objectives of the iterates that can be gone back to. */
  readonly objectives: readonly number[]
  readonly status: 'ready' | 'running' | 'stopped' | 'converged' | 'limit' | 'failed'
  readonly point: PointView | null
  /** Text, data or controls have changed since: it is shown, marked as stale. */
  readonly stale: boolean
}

/** What See, Bound and the tables are made of. */
export interface FitView {
  readonly model: string
  readonly data: readonly ArrayView[]
  /** The runs that are kept, oldest first. */
  readonly runs: readonly RunView[]
  /** The run whose point is shown, and the one beside it where two are compared. */
  readonly shown: number
  readonly beside: number | null
}

// -- asked of the fit worker --------------------------------------------------------------------------------------------

/** Values of the densities along one column of an array. */
export interface CurveRequest {
  readonly kind: 'curve'
  readonly data: string
  /** Column of the array, from 0. */
  readonly column: number
  readonly x: Float64Array
}

export type DensityRequest = CurveRequest

/**
 * Densities of the components, each times its weight, and their sum, as the compiled model gives them at the point's
 * params. One number for each x; levels of a category count from 0. Columns that are not asked for are summed out.
 */
export interface DensityView {
  readonly latent: string | null
  readonly labels: readonly string[]
  readonly components: readonly Float64Array[]
  readonly total: Float64Array
}

/** A column of an array, from 0. */
export interface ColumnRef {
  readonly data: string
  readonly column: number
}

/** Means and covariances (xx, xy, yy) of the components in two columns; null where a component is no Gaussian. */
export interface EllipsesView {
  readonly latent: string | null
  readonly labels: readonly string[]
  readonly components: readonly ({
    readonly mean: readonly [number, number]
    readonly covariance: readonly [number, number, number]
  } | null)[]
}

/** Means of y over values of x, one array a component, and sds where they are known (else NaN). */
export interface LinesView {
  readonly latent: string | null
  readonly labels: readonly string[]
  readonly means: readonly Float64Array[]
  readonly sds: readonly Float64Array[]
}

/** A line through the params of a point. */
export type BoundDirection =
  /** One number of a param; the others stay, but for a simplex, whose other weights keep their proportions. */
  | { readonly kind: 'param'; readonly param: string; readonly index: readonly number[] }
  /** Through θ(t) and θ(t+1). */
  | { readonly kind: 'step' }
  /** Through θ(t), parallel to the way from the start of the run to its last iterate. */
  | { readonly kind: 'line' }

export interface DirectionView {
  readonly direction: BoundDirection
  /** `mu[2]`, or `start to end`. */
  readonly label: string
}

/** The objective and the bound along a line, for q of iteration t (that of θ(t)). */
export interface BoundCurveView extends BoundCurve {
  readonly iteration: number
}

/** Answers for the shown point of a run; each rejects with an Error whose message is a sentence for the reader. */
export interface PointQueries {
  /** null where the column has no density that can be drawn. */
  density(run: number, request: DensityRequest): Promise<DensityView | null>
  /** null where no component is Gaussian in the two columns, or rows differ. */
  ellipses(run: number, x: ColumnRef, y: ColumnRef): Promise<EllipsesView | null>
  /** null where the density of y does not read x, or has no mean. */
  lines(run: number, x: ColumnRef, y: ColumnRef, at: Float64Array): Promise<LinesView | null>
  directions(run: number): Promise<readonly DirectionView[]>
  /** null where nothing moves along the line. */
  boundCurve(run: number, direction: BoundDirection, points: number): Promise<BoundCurveView | null>
  /** null where the model has more than one number as param. */
  boundContour(run: number, points: number): Promise<BoundContour | null>
}

/** Props of the panels See and Bound. */
export interface ViewPanelProps {
  readonly view: FitView
  readonly queries: PointQueries
  /** The reader goes to an iterate of a run. */
  onScrub?(run: number, iteration: number): void
}
