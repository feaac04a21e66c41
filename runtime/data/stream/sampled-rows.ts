import { randomSource } from '../../random.js'

/** Stream of random numbers that the sample takes: starts have 1, the rank of scores 2. */
const STREAM = 3

/**
 * Some of the rows, ascending, one at random from each of as many stretches of the file: a file that is sorted is covered
 * evenly. All rows where there are no more.
 */
export function sampledRows(rows: number, most: number, seed: number): Float64Array {
  if (rows <= most) return Float64Array.from({ length: rows }, (_, i) => i)
  const random = randomSource(seed, STREAM)
  return Float64Array.from({ length: most }, (_, i) => {
    const from = Math.floor((i * rows) / most)
    const to = Math.floor(((i + 1) * rows) / most)
    return from + random.integer(to - from)
  })
}
