import type { ParamView } from '../session/view.js'

/** A param as nested arrays, as in a result; ragged rows at their length. */
export function nestedView({ shape, used, values }: Pick<ParamView, 'shape' | 'used' | 'values'>): unknown {
  const walk = (dimension: number, row: number): unknown => {
    if (dimension === shape.length) return values[row] ?? Number.NaN
    const padded = shape[dimension] ?? 0
    const extent = used !== null && dimension === shape.length - 1 ? (used[row] ?? padded) : padded
    return Array.from({ length: extent }, (_, i) => walk(dimension + 1, row * padded + i))
  }
  return walk(0, 0)
}
