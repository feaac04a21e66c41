/** Most probable values of discrete latents, out of their posteriors by rows. */
import type { LatentLayout } from '../../runtime/contract.js'

/** Position of the largest of each row, the first of equal ones. */
export function largest(values: Float64Array, rows: number, width: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, r) => {
    let best = 0
    for (let v = 1; v < width; v++) if ((values[r * width + v] ?? 0) > (values[r * width + best] ?? 0)) best = v
    return best
  })
}

/** A weight of 1 at the most probable value of each row, by latent: rows × values. */
export function atMostProbable(
  latents: readonly LatentLayout[],
  posterior: ReadonlyMap<string, Float64Array>,
): ReadonlyMap<string, Float64Array> {
  return new Map(
    latents.map(({ name, rows, values }) => {
      const out = new Float64Array(rows * values)
      largest(posterior.get(name) ?? new Float64Array(0), rows, values).forEach((value, row) => {
        out[row * values + value] = 1
      })
      return [name, out] as const
    }),
  )
}
