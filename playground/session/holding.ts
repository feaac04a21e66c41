/** Params held at given values: as nested arrays, null in a cell that is free, as the option `fix` takes them. */
import type { ParamView } from './view.js'

/** Dimensions of one value of a support: a vector or a matrix is held whole or left free. */
const RANKS: ReadonlyMap<string, number> = new Map([
  ['simplex', 1],
  ['ordered', 1],
  ['covariance', 2],
  ['correlation', 2],
])

type Shaped = Pick<ParamView, 'shape' | 'used' | 'support'>

export const isMatrix = ({ support }: Pick<ParamView, 'support'>): boolean => RANKS.get(support) === 2

/** Cells in one value of the param. */
function blockSize({ shape, support }: Shaped): number {
  const rank = RANKS.get(support) ?? 0
  return rank === 0 ? 1 : shape.slice(shape.length - rank).reduce((a, b) => a * b, 1)
}

/** Cells that are held, flat; NaN where they are free. */
export function heldCells({ shape }: Shaped, nested: unknown): Float64Array {
  const out = new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(Number.NaN)
  const walk = (value: unknown, dimension: number, row: number): void => {
    if (dimension === shape.length) {
      if (typeof value === 'number') out[row] = value
      return
    }
    if (Array.isArray(value))
      for (const [i, item] of (value as readonly unknown[]).entries())
        if (i < (shape[dimension] ?? 0)) walk(item, dimension + 1, row * (shape[dimension] ?? 0) + i)
  }
  walk(nested, 0, 0)
  return out
}

/** Flat cells as `fix` takes them; null where nothing is held. */
export function heldValue({ shape, used }: Shaped, cells: Float64Array): unknown {
  if (cells.every(Number.isNaN)) return null
  const walk = (dimension: number, row: number): unknown => {
    if (dimension === shape.length) {
      const x = cells[row] ?? Number.NaN
      return Number.isNaN(x) ? null : x
    }
    const padded = shape[dimension] ?? 0
    const extent = used !== null && dimension === shape.length - 1 ? (used[row] ?? padded) : padded
    return Array.from({ length: extent }, (_, i) => walk(dimension + 1, row * padded + i))
  }
  return walk(0, 0)
}

/**
 * One cell held at a value, or let go (NaN). The cells of one vector or matrix are let go together, and held together at
 * what `shown` has in the others; the other half of a symmetric matrix goes with its first.
 */
export function withCell(param: ParamView, cells: Float64Array, at: number, value: number): Float64Array {
  const next = cells.slice()
  const size = blockSize(param)
  const begin = Math.floor(at / size) * size
  if (Number.isNaN(value)) return next.fill(Number.NaN, begin, begin + size)
  for (let i = begin; i < begin + size; i++)
    if (Number.isNaN(next[i] ?? Number.NaN)) next[i] = param.values[i] ?? Number.NaN
  next[at] = value
  if (isMatrix(param)) {
    const n = param.shape.at(-1) ?? 1
    const [row, column] = [Math.floor((at - begin) / n), (at - begin) % n]
    next[begin + column * n + row] = value
  }
  return next
}
