import type { LatentLayout, ParamLayout } from './contract.js'
import { jsonNumber, type NestedNumbers } from './json.js'

/** Nested arrays of numbers: a number where there are no dimensions. */
export type Nested = number | readonly Nested[]

/**
 * Visits the elements of a param that are used, row-major.
 *
 * @param visit gets the offset into the flat vector of all params and the 0-based indices
 */
export function eachElement(layout: ParamLayout, visit: (offset: number, index: readonly number[]) => void): void {
  const { shape } = layout
  const index = shape.map(() => 0)
  const walk = (dimension: number, row: number): void => {
    if (dimension === shape.length) {
      visit(layout.offset + row, [...index])
      return
    }
    const padded = shape[dimension] ?? 0
    const extent = extentAt(layout, dimension, row)
    for (let i = 0; i < extent; i++) {
      index[dimension] = i
      walk(dimension + 1, row * padded + i)
    }
  }
  walk(0, 0)
}

/** Number of elements used along `dimension`, in row `row` of the dimensions before it taken together. */
export function extentAt(layout: ParamLayout, dimension: number, row: number): number {
  const padded = layout.shape[dimension] ?? 0
  return layout.used !== null && dimension === layout.shape.length - 1 ? (layout.used[row] ?? padded) : padded
}

/** One param out of the flat vector: a number, or arrays nested in the declared order; ragged rows at their length. */
export function nestParam(layout: ParamLayout, params: Float64Array): Nested {
  const walk = (dimension: number, row: number): Nested => {
    if (dimension === layout.shape.length) return params[layout.offset + row] ?? Number.NaN
    const padded = layout.shape[dimension] ?? 0
    return Array.from({ length: extentAt(layout, dimension, row) }, (_, i) => walk(dimension + 1, row * padded + i))
  }
  return walk(0, 0)
}

/** All params by name. */
export function nestParams(layouts: readonly ParamLayout[], params: Float64Array): Map<string, Nested> {
  return new Map(layouts.map((layout) => [layout.name, nestParam(layout, params)]))
}

/** The posterior of a latent (rows × values) nested by its plates, values innermost. */
export function nestPosterior(latent: LatentLayout, posterior: Float64Array): Nested {
  const shape = [...latent.shape, latent.values]
  let next = 0
  // rows lie in the order in which they are visited
  const walk = (dimension: number, outer: number): Nested => {
    if (dimension === shape.length) return posterior[next++] ?? Number.NaN
    const extent = dimension === 1 ? (latent.lengths?.[outer] ?? shape[1] ?? 0) : (shape[dimension] ?? 0)
    return Array.from({ length: extent }, (_, i) => walk(dimension + 1, i))
  }
  return walk(0, 0)
}

/** Infinite numbers as strings, what is no number as null. */
export function nestedToJson(value: Nested): NestedNumbers {
  return typeof value === 'number' ? jsonNumber(value) : value.map(nestedToJson)
}
