import type { Features, LatentLayout } from './contract.js'

/** Rows beyond which joining pairs of clusters takes too long: the work grows with their square. */
export const MOST_HIERARCHICAL = 5000

/**
 * Clusters of rows by Ward's method: the two clusters are joined whose union adds least to the sum of squares within,
 * |A||B|/(|A| + |B|)·‖mean A − mean B‖², until `count` are left (Ward 1963). By chains of nearest neighbours, which
 * Ward's distance allows (Murtagh 1983): time rows², memory rows.
 *
 * @returns the cluster of each row, from 0, in the order of their first rows
 */
export function wardClusters({ columns, values }: Features, rows: number, count: number): Int32Array {
  const sizes = new Float64Array(rows).fill(1)
  const means = values.slice(0, rows * columns)
  const joined: { readonly a: number; readonly b: number; readonly height: number }[] = []
  const alive = new Set(Array.from({ length: rows }, (_, n) => n))
  const distance = (a: number, b: number): number => {
    let sum = 0
    for (let c = 0; c < columns; c++) sum += ((means[a * columns + c] ?? 0) - (means[b * columns + c] ?? 0)) ** 2
    return (((sizes[a] ?? 0) * (sizes[b] ?? 0)) / ((sizes[a] ?? 0) + (sizes[b] ?? 0))) * sum
  }
  const chain: number[] = []
  while (alive.size > 1) {
    if (chain.length === 0) chain.push(first(alive))
    const top = chain.at(-1) ?? 0
    const previous = chain.at(-2)
    // the one before it goes first among equals: else a chain of equal distances would not end
    let nearest = previous ?? -1
    let least = previous === undefined ? Number.POSITIVE_INFINITY : distance(top, previous)
    for (const other of alive) {
      if (other === top) continue
      const d = distance(top, other)
      if (d < least) {
        least = d
        nearest = other
      }
    }
    if (nearest !== previous) {
      chain.push(nearest)
      continue
    }
    chain.length -= 2
    const [keep, gone] = top < nearest ? [top, nearest] : [nearest, top]
    const total = (sizes[keep] ?? 0) + (sizes[gone] ?? 0)
    for (let c = 0; c < columns; c++)
      means[keep * columns + c] =
        ((sizes[keep] ?? 0) * (means[keep * columns + c] ?? 0) +
          (sizes[gone] ?? 0) * (means[gone * columns + c] ?? 0)) /
        total
    sizes[keep] = total
    alive.delete(gone)
    joined.push({ a: keep, b: gone, height: least })
  }
  return cut(joined, rows, count)
}

const first = (of: ReadonlySet<number>): number => of.values().next().value ?? 0

/** The clusters that are left when all but the last joins, in the order of their heights, are made. */
function cut(
  joined: readonly { readonly a: number; readonly b: number; readonly height: number }[],
  rows: number,
  count: number,
): Int32Array {
  const parent = Int32Array.from({ length: rows }, (_, n) => n)
  const find = (n: number): number => {
    let root = n
    while ((parent[root] ?? root) !== root) root = parent[root] ?? root
    parent[n] = root
    return root
  }
  const order = [...joined].sort((x, y) => x.height - y.height)
  for (const { a, b } of order.slice(0, Math.max(0, rows - count))) {
    const [x, y] = [find(a), find(b)]
    parent[Math.max(x, y)] = Math.min(x, y)
  }
  const names = new Map<number, number>()
  return Int32Array.from({ length: rows }, (_, n) => {
    const root = find(n)
    const name = names.get(root) ?? names.size
    names.set(root, name)
    return name
  })
}

/** Weights of rows in the components that their clusters are, some of each row spread over all. */
export function clusterWeights({ rows, values }: LatentLayout, clusters: Int32Array, spread: number): Float64Array {
  const weights = new Float64Array(rows * values).fill(spread / values)
  for (let n = 0; n < rows; n++) {
    const i = n * values + Math.min(values - 1, clusters[n] ?? 0)
    weights[i] = (weights[i] ?? 0) + 1 - spread
  }
  return weights
}
