import type { Features } from './contract.js'

/**
 * The direction of largest variance of rows under weights, and the place of each row along it: power iteration on the
 * weighted covariance, which is never put together. From a start of its own; with few steps and a random start it leans
 * towards the directions of large variance.
 *
 * @returns the places, 0 at the weighted mean; null where the rows have no variance
 */
export function principalPlaces(
  { columns, values }: Features,
  weights: Float64Array,
  start: (column: number) => number,
  steps: number,
): { readonly places: Float64Array; readonly variance: number } | null {
  const rows = weights.length
  const total = weights.reduce((a, b) => a + b, 0)
  if (!(total > 0)) return null
  const mean = new Float64Array(columns)
  for (let n = 0; n < rows; n++)
    for (let c = 0; c < columns; c++)
      mean[c] = (mean[c] ?? 0) + ((weights[n] ?? 0) / total) * (values[n * columns + c] ?? 0)
  let direction = unit(Float64Array.from({ length: columns }, (_, c) => start(c)))
  const places = new Float64Array(rows)
  let variance = 0
  for (let step = 0; step <= steps; step++) {
    const next = new Float64Array(columns)
    variance = 0
    for (let n = 0; n < rows; n++) {
      let place = 0
      for (let c = 0; c < columns; c++) place += ((values[n * columns + c] ?? 0) - (mean[c] ?? 0)) * (direction[c] ?? 0)
      places[n] = place
      const share = ((weights[n] ?? 0) * place) / total
      variance += share * place
      for (let c = 0; c < columns; c++)
        next[c] = (next[c] ?? 0) + share * ((values[n * columns + c] ?? 0) - (mean[c] ?? 0))
    }
    if (step < steps && next.some((x) => x !== 0)) direction = unit(next)
  }
  return variance > 0 ? { places, variance } : null
}

function unit(v: Float64Array): Float64Array {
  const size = Math.hypot(...v)
  return size > 0 ? v.map((x) => x / size) : v
}
