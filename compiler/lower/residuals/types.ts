/** What statements say of cells, as tables that operations fill. */
import type { Span } from '../../../lang/source.js'
import type { Expr, IndexVar } from '../../algebra/types.js'
import type { Derivation } from '../../derive.js'
import type { EStepPlan } from '../../estep/types.js'
import type { KernelOp } from '../../kernel/types.js'
import type { BlockHost } from '../block-host.js'
import type { Lowerer, LoweringContext } from '../lowerer.js'
import type { DrawnSource } from './cell-draws.js'
import type { PointSource } from './cell-points.js'
import type { Silenced } from './cell-silence.js'

/**
 * A statement over its rows and the values of the discrete latents that it reads: buffers [rows, values], ragged extents
 * padded. Of a Gaussian vector `mean`, `variance` and tails are [rows, own, values], one for each coordinate. Where it is
 * integrated over points these are one more dimension, the last one, of all but `share` and `holds`.
 */
export interface CellLaw {
  readonly data: string
  readonly index: readonly Expr[]
  readonly weights: readonly Expr[]
  readonly span: Span
  /** Its loops, and over what it is independent. */
  readonly rows: readonly IndexVar[]
  readonly values: readonly IndexVar[]
  readonly own: readonly IndexVar[]
  /** P(values | data); null where it reads no discrete latent. */
  readonly share: string | null
  /** 1 where the statement holds, else 0; null where it always does. */
  readonly holds: string | null
  /**
   * Log density of the datum. Under a factorised posterior what the cell adds to that of the latents that are integrated out, and
   * then their integral.
   */
  readonly logDensity: string
  /**
   * Under a factorised posterior, what the cell adds to the log of `share`; and whether `logDensity` is a part of it
   * too. null where `logDensity` is all of it.
   */
  readonly message: { readonly buffer: string; readonly withDensity: boolean } | null
  readonly mean: string | null
  readonly variance: string | null
  /**
   * log P(X ≤ x) and log P(X > x) at the datum, and of integers at the one before; null where they have no closed form, and
   * of vectors without points.
   */
  readonly tails: { readonly at: readonly [string, string]; readonly before: readonly [string, string] | null } | null
  /** Probability of each of the values of this index: [rows, values, masses]; null where values are not told apart. */
  readonly masses: { readonly buffer: string; readonly of: IndexVar } | null
  /** E[datum − mean | values] and E[(datum − mean)² | values] under the posterior, where the mean reads Normal latents. */
  readonly moments: { readonly first: string; readonly second: string } | null
  /** Where other continuous latents are integrated out over points. */
  readonly points: LawPoints | null
  /** Number of its array of data, from 1: what its statements are silenced by. */
  readonly number: number
  /** How many of `rows` are loops; what it says of the others is one observation, and `logDensity` is that of all of it. */
  readonly loops: number
  /** How the E-step can be taken with the statement silent: at once, with rows of Normal posteriors apart, or not. */
  readonly silenced: Silenced | null
  /**
   * Loops (by position) that tell its latents, where these belong to one row each and no row depends on another: then the
   * statement may be silenced at all of these rows at once. null where that is not so.
   */
  readonly ownLoops: readonly number[] | null
}

/** What is run once points are there; `mean` of the law is then the mean less the datum. */
export interface LawPoints {
  readonly source: PointSource | DrawnSource
  /** How many points at a time. */
  readonly count: number
  /** Log density of the posterior. */
  readonly logPosterior: string
  /** The datum [rows, own, values]; null where there are no moments. */
  readonly datum: string | null
  /** Density of the posterior where it is not one of a family; not run where nodes bring their weights. */
  readonly density: readonly KernelOp[]
  readonly weigh: readonly KernelOp[]
  readonly say: readonly KernelOp[]
  readonly masses: readonly KernelOp[]
}

/** Which values of integers are told apart: labels, or counts from 0 to less than so many. */
export type Told = 'labels' | number

export interface LoweredLaws {
  /** For each statement its law, or why there is none. */
  readonly laws: readonly (CellLaw | string)[]
  readonly ops: readonly KernelOp[]
}

/** What laws are made of beside the statements. */
export interface LawsHost {
  readonly told: ReadonlyMap<string, Told>
  readonly d: Derivation
  /** The E-step that is lowered. */
  readonly plan: EStepPlan
  readonly lowerer: Lowerer
  readonly context: LoweringContext
  readonly blocks: BlockHost
  /** Points that a statement is evaluated at at a time. */
  readonly points: number
}
