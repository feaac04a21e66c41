/** Copies of posterior probabilities, means and variances, by latent, out of memory that holds the posterior. */
import { varianceBuffer } from '../lower/buffers.js'
import type { Program } from '../lower/program.js'
import type { Memory } from '../targets/memory.js'
import { f64 } from '../targets/solve/types.js'

type Latents = Program['latents']

/** Of discrete latents or of counts: the buffers that they are reported by, over their rows. */
export function reported(
  latents: Latents,
  kind: 'discrete' | 'count',
  memory: Memory,
): ReadonlyMap<string, Float64Array> {
  return new Map(latents.filter((l) => l.kind === kind).map((l) => [l.name, Float64Array.from(f64(memory, l.buffer))]))
}

/** Of continuous latents, over their rows and coordinates. */
export function meansAndVariances(
  latents: Latents,
  memory: Memory,
): ReadonlyMap<string, { readonly mean: Float64Array; readonly variance: Float64Array }> {
  return new Map(
    latents
      .filter((l) => l.kind === 'continuous')
      .map((l) => [
        l.name,
        {
          mean: Float64Array.from(f64(memory, l.buffer)),
          variance: Float64Array.from(f64(memory, varianceBuffer(l.name))),
        },
      ]),
  )
}
