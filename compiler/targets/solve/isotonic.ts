/**
 * Weighted least-squares fit of a non-decreasing sequence: pool adjacent violators (Barlow et al. 1972, section 1.2).
 * `values[from …]` has as many elements as `weights`.
 */
export function isotonic(values: Float64Array, from: number, weights: readonly number[]): readonly number[] {
  const blocks: { mean: number; weight: number; count: number }[] = []
  weights.forEach((w, i) => {
    blocks.push({ mean: values[from + i] ?? 0, weight: w, count: 1 })
    for (;;) {
      const last = blocks.at(-1)
      const before = blocks.at(-2)
      if (last === undefined || before === undefined || before.mean <= last.mean) break
      const weight = before.weight + last.weight
      const mean =
        weight > 0 ? (before.mean * before.weight + last.mean * last.weight) / weight : (before.mean + last.mean) / 2
      blocks.splice(-2, 2, { mean, weight, count: before.count + last.count })
    }
  })
  return blocks.flatMap((b) => Array.from({ length: b.count }, () => b.mean))
}
