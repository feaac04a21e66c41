import { expect, test } from 'vitest'
import { wardClusters } from '../../runtime/hierarchical.js'
import { randomSource } from '../../runtime/random.js'

/** Joins the two clusters whose union adds least to the sum of squares within, again and again, over all pairs. */
function byBruteForce(rows: readonly (readonly number[])[], count: number): number[] {
  let clusters = rows.map((_, n) => [n])
  const within = (members: readonly number[]): number => {
    const width = rows[0]?.length ?? 0
    let total = 0
    for (let c = 0; c < width; c++) {
      const cells = members.map((n) => rows[n]?.[c] ?? 0)
      const mean = cells.reduce((a, b) => a + b, 0) / cells.length
      total += cells.reduce((s, x) => s + (x - mean) ** 2, 0)
    }
    return total
  }
  while (clusters.length > count) {
    let best = { cost: Number.POSITIVE_INFINITY, a: 0, b: 0 }
    for (let a = 0; a < clusters.length; a++)
      for (let b = a + 1; b < clusters.length; b++) {
        const [A = [], B = []] = [clusters[a], clusters[b]]
        const cost = within([...A, ...B]) - within(A) - within(B)
        if (cost < best.cost) best = { cost, a, b }
      }
    const [A = [], B = []] = [clusters[best.a], clusters[best.b]]
    clusters = [...clusters.filter((_, i) => i !== best.a && i !== best.b), [...A, ...B]]
  }
  const of = rows.map((_, n) => clusters.findIndex((c) => c.includes(n)))
  const order = [...new Set(of)]
  return of.map((c) => order.indexOf(c))
}

test('joins rows as Ward does over all pairs', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { uniform } = randomSource(seed, 1)
    const rows = Array.from({ length: 24 }, () => [uniform() * 4, uniform(), uniform() * 2])
    const features = { columns: 3, values: Float64Array.from(rows.flat()) }
    for (const count of [1, 2, 3, 5, 24])
      expect([...wardClusters(features, rows.length, count)]).toEqual(byBruteForce(rows, count))
  }
})

test('makes as many clusters of equal rows as are asked for', () => {
  const features = { columns: 1, values: new Float64Array(6) }
  expect(new Set(wardClusters(features, 6, 2)).size).toBe(2)
})
