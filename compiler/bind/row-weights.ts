import type { Derivation } from '../derive.js'
import { extentOf } from '../lower/lowerer.js'
import type { BoundNumbers } from './sizes.js'

/** Weight of each row of a latent's table (`weight w[n]`; nested weights multiply), or null where all are 1. */
export function rowWeights(derivation: Derivation, numbers: BoundNumbers, name: string): Float64Array | null {
  const latent = derivation.graph.latents.find((l) => l.name === name)
  const weights = latent?.loops.flatMap((l) => (l.weight === null ? [] : [l.weight])) ?? []
  if (latent === undefined || weights.length === 0) return null
  const shape = latent.loops.map((l) => numbers.extent(extentOf(l.index)))
  const total = shape.reduce((a, b) => a * b, 1)
  return Float64Array.from({ length: total }, (_, flat) => {
    const indices = new Map<string, number>()
    let rest = flat
    for (let i = shape.length - 1; i >= 0; i--) {
      const loop = latent.loops[i]
      if (loop !== undefined) indices.set(loop.index.id, (rest % (shape[i] ?? 1)) + numbers.extent(loop.index.from))
      rest = Math.floor(rest / (shape[i] ?? 1))
    }
    return weights.reduce((w, e) => w * numbers.value(e, indices), 1)
  })
}
