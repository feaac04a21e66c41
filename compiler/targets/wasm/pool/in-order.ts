import type { Part } from './worker-pool.js'

/** Adds the sums of chunks 0, 1, …, count − 1 to `total`, in this order, whoever took them and whenever. */
export function addInOrder(total: Float64Array, parts: readonly Part[], count: number): Float64Array {
  const { length } = total
  const places = new Map(
    parts.flatMap(({ chunks, sums }) => chunks.map((chunk, i) => [chunk, { sums, at: i * length }] as const)),
  )
  for (let chunk = 0; chunk < count; chunk++) {
    const place = places.get(chunk)
    if (place === undefined) throw new Error(`no worker took chunk ${chunk}`)
    const { sums, at } = place
    for (let i = 0; i < length; i++) total[i] = (total[i] ?? 0) + (sums[at + i] ?? 0)
  }
  return total
}
