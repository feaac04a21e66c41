import type { Expr, IndexVar } from '../algebra/types.js'
import type { BindTable } from '../graph/types.js'
import type { Buffer, KernelOp, SizeKey } from '../kernel/types.js'
import type { MStep } from '../mstep/types.js'
import type { FactorisedProgram } from './factorised.js'

/**
 * One walk over the rows of a table (or, with `table` null, over whole arrays at once). `prepare` fills the posterior
 * buffers at the params; `accumulate` adds statistics and the objective. In a start, `given` stands for `prepare`.
 */
export interface Pass {
  readonly id: string
  /** Axis over whose values blocks are cut, with its extent; null: no blocks. */
  readonly rows: { readonly table: string; readonly axis: string; readonly size: SizeKey } | null
  readonly posterior: readonly KernelOp[]
  readonly given: readonly KernelOp[]
  readonly objective: readonly KernelOp[]
  readonly statistics: readonly KernelOp[]
  /** Adds Q at the trial params, for the terms that no statistics carry, to `q:rows`. */
  readonly q: readonly KernelOp[]
}

/** One block of the M-step: `prepare` fills its tables of coefficients from statistics and params solved before. */
export interface Solve {
  readonly step: MStep
  readonly prepare: readonly KernelOp[]
  /** Buffers of coefficients by role (`log`, `power`, `above`, …); for a stationary step `term0`, `term1`, …. */
  readonly tables: ReadonlyMap<string, string>
  /** Bounds of a Beta as tables of one element, evaluated in `prepare`. */
  readonly bounds: ReadonlyMap<string, string>
}

/** A numerical objective on driver and rows: value, gradient and Hessian of Q's block by kernel operations. */
export interface NumericBlock {
  readonly step: string
  readonly params: readonly string[]
  /** The position of each param's index over whose values Q is a sum, so that its Hessian has a block for each. */
  readonly batch: ReadonlyMap<string, number> | null
  /** Adds the value of the driver's terms at the trial params to `q <step>`. */
  readonly value: readonly KernelOp[]
  /**
   * Adds ∂/∂param to `grad <param>`; for each pair in the order of the block, second derivatives to `hess <a>|<b>` of
   * shape [batch, rest of a, rest of b].
   */
  readonly gradient: readonly KernelOp[]
  readonly hessian: readonly KernelOp[]
  /**
   * The same for terms over rows, to `q rows <step>`, `grad rows <param>` and `hess rows <a>|<b>`, by the pass that holds
   * the posterior they read: run in it, after the posterior.
   */
  readonly rows: readonly {
    readonly pass: string
    readonly value: readonly KernelOp[]
    readonly gradient: readonly KernelOp[]
    readonly hessian: readonly KernelOp[]
  }[]
}

export interface LatentOutput {
  readonly name: string
  readonly kind: 'discrete' | 'count' | 'continuous'
  readonly loops: readonly IndexVar[]
  /** Posterior probabilities [rows…, values], or means [rows…], once `marginals` has run without blocks. */
  readonly buffer: string
  readonly low: Expr | null
  readonly high: Expr | null
  readonly levels: { readonly symbol: string; readonly column: Expr | null } | null
  readonly isBool: boolean
  readonly evidence: boolean
  readonly introduced: boolean
}

/** The whole program: plain data. */
export interface Program {
  readonly sizes: ReadonlyMap<SizeKey, Expr>
  readonly buffers: readonly Buffer[]
  readonly bindTables: readonly BindTable[]
  /** Tables made from params: those read at the current ones and at the trial ones. */
  readonly derived: { readonly param: readonly KernelOp[]; readonly trial: readonly KernelOp[] }
  /** Sums that no param changes: once per fit. */
  readonly once: readonly KernelOp[]
  readonly passes: readonly Pass[]
  /** After the passes, without blocks: marginals of each latent. */
  readonly marginals: readonly KernelOp[]
  readonly solves: readonly Solve[]
  readonly sweeps: number
  readonly numeric: readonly NumericBlock[]
  /** Q on the driver at the trial params → `q:driver`. */
  readonly qDriver: readonly KernelOp[]
  /** log prior at the trial params → `logprior`. */
  readonly prior: readonly KernelOp[]
  readonly latents: readonly LatentOutput[]
  /** Log-normalisers of units: buffers [rows] by table, roots only. */
  readonly units: readonly { readonly buffer: string; readonly loops: readonly IndexVar[] }[]
  /** Under max-product, where components are Gaussian with one sd: adds the squared distances to their means to `WITHIN`. */
  readonly withinSquares: readonly KernelOp[] | null
  /** Where q is a product of factors: how it is updated, and what of it is kept. null: q is the posterior. */
  readonly factorised: FactorisedProgram | null
  /** Top-level lets over params, element by element → buffer. */
  readonly derivedValues: readonly {
    readonly name: string
    readonly buffer: string
    readonly ops: readonly KernelOp[]
  }[]
}
