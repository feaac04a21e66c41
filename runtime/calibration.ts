/** How often what was given a probability came true. */

/** Of all pairs of a row and a label, those whose probability lies in a tenth. */
export interface ReliabilityBin {
  readonly from: number
  readonly to: number
  /** Weights of the pairs. */
  readonly count: number
  /** Their mean probability, and the share of them that was so; null where there are none. */
  readonly predicted: number | null
  readonly observed: number | null
}

export interface Calibration {
  /** Mean over the rows of Σ (probability − 1 or 0)² over the labels: 0 for certain and right, 2 for certain and wrong. */
  readonly brier: number
  readonly bins: readonly ReliabilityBin[]
  /** Mean distance of `predicted` from `observed`, by the weights of the bins. */
  readonly error: number
}

const BINS = 10

/**
 * Reliability and Brier score of probabilities of labels (Brier 1950, Monthly Weather Review 78, p. 1).
 *
 * @param probabilities rows × labels
 * @param observed label of each row, from 0; less than 0: none of them
 */
export function calibrationOf(
  probabilities: Float64Array,
  labels: number,
  observed: ArrayLike<number>,
  weights: ArrayLike<number> | null = null,
): Calibration {
  const [count, predicted, right] = [0, 1, 2].map(() => new Float64Array(BINS)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  let [brier, total] = [0, 0]
  for (let row = 0; row < observed.length; row++) {
    const w = weights?.[row] ?? 1
    total += w
    for (let k = 0; k < labels; k++) {
      const p = probabilities[row * labels + k] ?? 0
      const is = observed[row] === k ? 1 : 0
      const bin = Math.min(BINS - 1, Math.floor(p * BINS))
      count[bin] = (count[bin] ?? 0) + w
      predicted[bin] = (predicted[bin] ?? 0) + w * p
      right[bin] = (right[bin] ?? 0) + w * is
      brier += w * (p - is) ** 2
    }
    // probability that no label has
    if ((observed[row] ?? -1) < 0) brier += w
  }
  const bins = Array.from(count, (n, i): ReliabilityBin => {
    const mean = (sum: number | undefined): number | null => (n > 0 ? (sum ?? 0) / n : null)
    return { from: i / BINS, to: (i + 1) / BINS, count: n, predicted: mean(predicted[i]), observed: mean(right[i]) }
  })
  const pairs = count.reduce((a, b) => a + b, 0)
  const error = bins.reduce((sum, b) => sum + b.count * Math.abs((b.predicted ?? 0) - (b.observed ?? 0)), 0)
  return { brier: total > 0 ? brier / total : Number.NaN, bins, error: pairs > 0 ? error / pairs : Number.NaN }
}
