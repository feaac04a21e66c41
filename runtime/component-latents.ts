import type { ComponentArrays, LatentLayout, ParamLayout } from './contract.js'

/** A model, or the arrays that its components are put in order by. */
export type Layouts = Pick<ComponentArrays, 'params' | 'latents'>

/** One dimension of a param that runs over the values of a component-like latent. */
export interface ComponentAxis {
  readonly param: ParamLayout
  readonly dimension: number
}

/** The dimensions of params that run over the values of `latent`, in the order of the params. */
export function componentAxes(model: Layouts, latent: string): ComponentAxis[] {
  const axes: ComponentAxis[] = []
  for (const param of model.params) {
    for (const entry of param.components) {
      if (entry.latent === latent) axes.push({ param, dimension: entry.dimension })
    }
  }
  return axes
}

/** Discrete latents whose values label components: at least two values, and some param has a dimension over them. */
export function componentLatents(model: Layouts): LatentLayout[] {
  return model.latents.filter((latent) => latent.values >= 2 && componentAxes(model, latent.name).length > 0)
}

/**
 * Elements of one slice of a param: those with index `value` in `dimension`, row-major, padding included.
 *
 * @returns offsets into the flat vector of all params
 */
export function sliceOffsets(axis: ComponentAxis, value: number): number[] {
  const { shape, offset } = axis.param
  const extent = shape[axis.dimension] ?? 1
  let inner = 1
  for (let d = axis.dimension + 1; d < shape.length; d++) inner *= shape[d] ?? 1
  const outer = axis.param.length / (extent * inner)
  const result: number[] = []
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) result.push(offset + (o * extent + value) * inner + i)
  }
  return result
}
