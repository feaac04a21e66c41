/** Cells of data beside their distributions, as they are found. */

export interface CellCheck {
  /** Position in the array. */
  readonly position: number
  readonly weight: number
  readonly observed: number
  /** log P(X < x) and log P(X ≤ x): equal where values are not integers. */
  readonly below: readonly [number, number]
  /** log P(X ≥ x) and log P(X > x). */
  readonly above: readonly [number, number]
  /** (x − mean) / sd; null where the distribution has no such moments, and for labels. */
  readonly residual: number | null
  /** Probability of each label, or of the counts 0, 1, …; null for other numbers. */
  readonly masses: Float64Array | null
}

export interface ArrayChecks {
  readonly data: string
  readonly kind: 'numbers' | 'counts' | 'labels'
  /** Why there are none, or null. */
  readonly reason: string | null
  readonly checks: readonly CellCheck[]
  /** Smallest label, or 0. */
  readonly first: number
  /** Cells for which the posterior is too far from what it would be without them to be taken back. */
  readonly lost: number
  /** What its latents are without a cell is known of a factorised posterior only. */
  readonly approximate: boolean
  /** Other statements read the array too, and know its cells. */
  readonly readElsewhere: boolean
}
