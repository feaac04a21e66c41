/** Agreement of two partitions, from their table of counts. Hubert and Arabie (1985), Journal of Classification 2, p. 198. */

/** 1 for equal partitions, about 0 for independent ones; 1 where both are trivial. */
export function adjustedRand(table: readonly (readonly number[])[]): number {
  const pairs = (n: number): number => (n * (n - 1)) / 2
  const rowSums = table.map((row) => row.reduce((sum, n) => sum + n, 0))
  const columnSums = (table[0] ?? []).map((_, j) => table.reduce((sum, row) => sum + (row[j] ?? 0), 0))
  const total = rowSums.reduce((sum, n) => sum + n, 0)
  const both = table.flat().reduce((sum, n) => sum + pairs(n), 0)
  const a = rowSums.reduce((sum, n) => sum + pairs(n), 0)
  const b = columnSums.reduce((sum, n) => sum + pairs(n), 0)
  const expected = pairs(total) === 0 ? 0 : (a * b) / pairs(total)
  const largest = (a + b) / 2
  return largest === expected ? 1 : (both - expected) / (largest - expected)
}
