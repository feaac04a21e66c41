import { componentAxes, componentLatents, sliceOffsets } from './component-latents.js'
import type { BoundModel, LatentLayout } from './contract.js'

/**
 * Exchangeable latents whose components are all alike in `params`: every param with a dimension over them, weights
 * apart, has equal slices. With different weights the posterior is still the same for every row, so EM stays there.
 */
export function symmetricLatents(model: BoundModel, params: Float64Array): LatentLayout[] {
  return componentLatents(model).filter((latent) => latent.exchangeable && alike(model, latent, params))
}

function alike(model: BoundModel, latent: LatentLayout, params: Float64Array): boolean {
  const axes = componentAxes(model, latent.name).filter(({ param }) => param.role !== 'weight')
  if (axes.length === 0) return false
  return axes.every((axis) => {
    const first = sliceOffsets(axis, 0).map((offset) => params[offset] ?? Number.NaN)
    for (let value = 1; value < latent.values; value++) {
      const same = sliceOffsets(axis, value).every((offset, i) =>
        near(params[offset] ?? Number.NaN, first[i] ?? Number.NaN),
      )
      if (!same) return false
    }
    return true
  })
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b))
}
