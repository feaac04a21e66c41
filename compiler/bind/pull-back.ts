/** Points that lie outside of the supports of params, pulled back: block by block, by the chart of each support. */
import type { ParamLayout } from '../../runtime/contract.js'
import type { Chart } from '../targets/solve/chart.js'
import { chartOf } from '../targets/solve/charts.js'

/** Coordinates beyond this are those of an edge of the support (a logarithm of 1e-130 or of 1e130). */
const EDGE = 300
/** How finely the part of the way that lies inside is found. */
const FINEST = 1 / 256

interface Block {
  readonly chart: Chart
  /** First element. */
  readonly offset: number
}

/**
 * `target` where it lies inside; else, for each number, simplex or matrix of its own, as far on the way to it from `inside`
 * as that is so. What has no chart, or lies at an edge already, stays.
 */
export function pullBack(
  layouts: readonly ParamLayout[],
): (inside: Float64Array, target: Float64Array) => Float64Array {
  const blocks: Block[] = layouts.flatMap((layout) => {
    const own = chartOf(layout)
    if (own === null) return []
    return Array.from({ length: own.blocks }, (_, b) => ({
      chart: own.chart,
      offset: layout.offset + b * own.chart.size,
    }))
  })
  return (inside, target) => {
    const out = Float64Array.from(inside)
    for (const { chart, offset } of blocks) {
      const [from, to] = [inside, target].map((x) => x.subarray(offset, offset + chart.size))
      if (from === undefined || to === undefined || !isInside(chart, from)) continue
      const along = (share: number): Float64Array =>
        from.map((x, i) => (share === 1 ? (to[i] ?? x) : x + share * ((to[i] ?? x) - x)))
      let share = isInside(chart, along(1)) ? 1 : 0
      for (let step = 1 / 2; share < 1 && step >= FINEST; step /= 2)
        if (isInside(chart, along(share + step))) share += step
      out.set(along(share), offset)
    }
    return out
  }
}

const isInside = (chart: Chart, block: Float64Array): boolean => chart.toFree(block).every((x) => Math.abs(x) < EDGE)
