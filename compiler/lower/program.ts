import type { Expr, IndexVar } from '../algebra/types.js'
import type { Family, FamilyStatistic } from '../families/index.js'
import type { BindTable } from '../graph/types.js'
import type { Axis, Buffer, KernelOp, SizeKey } from '../kernel/types.js'
import type { MStep } from '../mstep/types.js'

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

/** How a continuous latent of a factorised q is set before its first update. */
export type FirstState =
  /** Means are drawn from Normal(0, 1), covariances are identities of the extent of the last dimension, times `variance`. */
  | { readonly kind: 'gaussian'; readonly mean: string; readonly covariance: string; readonly variance: number }
  /** One system over all cells: unit precisions at the diagonal positions of `entries`, `linear` drawn from Normal(0, 1). */
  | {
      readonly kind: 'sparse'
      readonly positions: readonly KernelOp[]
      readonly entries: readonly { readonly rows: string; readonly columns: string; readonly values: string }[]
      readonly linear: string
      readonly solve: readonly KernelOp[]
    }
  /**
   * Parameters of the family are drawn from Uniform(2, 3), one set for each element; `natural` are made of them. `drawn`, here and
   * below: puts a draw of these parameters in their place; empty where q keeps them.
   */
  | {
      readonly kind: 'conjugate'
      readonly family: Family
      readonly natural: readonly { readonly statistic: FamilyStatistic; readonly buffer: string }[]
      readonly drawn: readonly KernelOp[]
    }
  /** Matrices near the identity, times degrees of freedom that are one set for each; `natural` are of these. */
  | {
      readonly kind: 'matrix'
      readonly family: Family
      readonly natural: readonly { readonly statistic: FamilyStatistic; readonly buffer: string }[]
      readonly matrix: string
      readonly factor: readonly KernelOp[]
      readonly drawn: readonly KernelOp[]
    }

/** The part of a program that keeps q. */
export interface FactorisedProgram {
  /** The updates in their order: one sweep. */
  readonly updates: readonly { readonly factor: string; readonly ops: readonly KernelOp[] }[]
  /** Buffers that q is read from between sweeps. */
  readonly state: readonly string[]
  /** What is made anew from the state where it is put back: sparse inverses. */
  readonly refresh: readonly KernelOp[]
  /** Discrete latents at responsibilities that are handed in. */
  readonly given: readonly KernelOp[]
  /** Continuous latents before their first update. */
  readonly first: readonly FirstState[]
  /** Moments of the first states. */
  readonly moments: readonly KernelOp[]
  /** Updates of the factors without discrete latents, for a start whose responsibilities are given. */
  readonly continuous: readonly KernelOp[]
}

/**
 * One long chain from both of its ends at once. Operations outside `first` and `second` go over whole arrays; these two are
 * scans over the ends, which know nothing of each other until both are through.
 */
export interface TwoEnds {
  readonly axis: Axis
  /** Places of the chain, T. */
  readonly places: SizeKey
  /**
   * Sizes that are set once T is known: of `ends` 2, of the first half h = ⌊T/2⌋, of the second one T − h; `far`: h less
   * `MOST_PLACES`. `counts`: the list 1, 0, h − 1, 0, T − h, 0, T − h − 1, 0, of which each end reads its own numbers, and
   * how many they are.
   */
  readonly sizes: {
    readonly ends: SizeKey
    readonly left: SizeKey
    readonly right: SizeKey
    readonly far: SizeKey
    readonly counts: string
  }
  readonly before: readonly KernelOp[]
  readonly first: KernelOp
  readonly between: readonly KernelOp[]
  readonly second: KernelOp
  readonly after: readonly KernelOp[]
  /** Arrays along the chain: each end writes its half of them in `first`, and reads the other one in `second`. */
  readonly kept: readonly string[]
  /** What the ends add up: empty before them. */
  readonly sums: readonly string[]
}

/**
 * The evaluation of passes with chains in plain numbers, by pass. It adds the same to the same sums; posterior buffers are
 * not filled. Where `unsafe`, a buffer of one element, is not 0 after it, numbers were too far apart, and what was added
 * is to be thrown away.
 */
export interface LinearRoad {
  readonly passes: ReadonlyMap<
    string,
    {
      readonly evaluation: readonly KernelOp[]
      readonly objective: readonly KernelOp[]
      /** What `marginals`, `units` and `withinSquares` read, of all rows. */
      readonly posterior: readonly KernelOp[]
      /** The first two from both ends of the chain; null: there are several sequences, or it is none for that. */
      readonly ends: { readonly evaluation: TwoEnds; readonly objective: TwoEnds } | null
    }
  >
  readonly unsafe: string
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
  /** null: there are no chains, or none whose step is the same at each place. */
  readonly linear: LinearRoad | null
  /** After the passes, without blocks: marginals of each latent. */
  readonly marginals: readonly KernelOp[]
  readonly solves: readonly Solve[]
  readonly sweeps: number
  /** Ids of the steps that are repeated; others are solved once, before or after them. */
  readonly repeated: readonly string[]
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
