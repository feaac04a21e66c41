/**
 * Coordinates without constraints for all params that can move: the charts of their supports, block by block. Elements at
 * the edge of their support, or held there by a floor, stay where they are; the rest of their simplex is a simplex.
 */
import type { FloorHit, ParamLayout } from '../../runtime/contract.js'
import type { Chart } from '../targets/solve/chart.js'
import { chartOf, simplexChart } from '../targets/solve/charts.js'
import { indexOf } from '../targets/solve/types.js'

/** Coordinates beyond this are those of an edge of the support (a logarithm of 1e-130 or of 1e130). */
const EDGE = 300
/** Gaps of an ordered param, beside its largest number, that count as none. */
const TIED = 1e-10

export interface FreeBlock {
  readonly layout: ParamLayout
  readonly chart: Chart
  /** Offsets of its elements into the params, in the order of the chart. */
  readonly offsets: readonly number[]
  /** Its first coordinate. */
  readonly from: number
}

export interface HeldElement {
  readonly param: string
  readonly offset: number
}

export class FreeCoordinates {
  readonly blocks: readonly FreeBlock[]
  readonly size: number
  readonly held: readonly HeldElement[]

  /** @param at the params in whose neighbourhood they are used */
  constructor(
    layouts: readonly ParamLayout[],
    private readonly at: Float64Array,
    rest: {
      /** true where a value of an element is at the edge of its support. */
      atEdge(layout: ParamLayout, value: number): boolean
      /** Elements that a floor holds. */
      readonly floored: readonly FloorHit[]
      /** Params that stay as they are. */
      readonly still: readonly string[]
    },
  ) {
    const blocks: FreeBlock[] = []
    const held: HeldElement[] = []
    let from = 0
    for (const layout of layouts)
      for (const offsets of groupsOf(layout)) {
        const free = rest.still.includes(layout.name) ? null : freeBlock(layout, offsets, at, rest)
        for (const offset of offsets)
          if (free === null || (layout.support.kind === 'simplex' && !free.offsets.includes(offset)))
            held.push({ param: layout.name, offset })
        if (free === null) continue
        blocks.push({ ...free, layout, from })
        from += free.chart.free
      }
    this.blocks = blocks
    this.size = from
    this.held = held
  }

  toFree(params: Float64Array): Float64Array {
    const out = new Float64Array(this.size)
    for (const { chart, offsets, from } of this.blocks)
      out.set(chart.toFree(Float64Array.from(offsets, (o) => params[o] ?? 0)), from)
    return out
  }

  fromFree(eta: Float64Array): Float64Array {
    const out = Float64Array.from(this.at)
    for (const { chart, offsets, from } of this.blocks) {
      const theta = chart.fromFree(eta.subarray(from, from + chart.free))
      offsets.forEach((o, i) => {
        out[o] = theta[i] ?? 0
      })
    }
    return out
  }

  /** The gradient in these coordinates of what has this gradient in the params. */
  pull(eta: Float64Array, gradient: Float64Array): Float64Array {
    const out = new Float64Array(this.size)
    for (const { chart, offsets, from } of this.blocks) {
      const j = chart.jacobian(eta.subarray(from, from + chart.free))
      offsets.forEach((o, i) => {
        for (let a = 0; a < chart.free; a++)
          out[from + a] = (out[from + a] ?? 0) + (gradient[o] ?? 0) * (j[i * chart.free + a] ?? 0)
      })
    }
    return out
  }

  /** ∂θ/∂η of each element that moves, by its offset: zero outside of its own block. */
  slopes(eta: Float64Array): ReadonlyMap<number, Float64Array> {
    const out = new Map<number, Float64Array>()
    for (const { chart, offsets, from } of this.blocks) {
      const j = chart.jacobian(eta.subarray(from, from + chart.free))
      offsets.forEach((o, i) => {
        const row = new Float64Array(this.size)
        row.set(j.subarray(i * chart.free, (i + 1) * chart.free), from)
        out.set(o, row)
      })
    }
    return out
  }

  /** The param that each coordinate belongs to. */
  owners(): readonly string[] {
    return this.blocks.flatMap((b) => Array.from({ length: b.chart.free }, () => b.layout.name))
  }
}

/** Offsets of the elements that share a chart: a number, a simplex, a matrix. Padding belongs to none. */
function groupsOf(layout: ParamLayout): readonly (readonly number[])[] {
  const charted = chartOf(layout)
  const last = layout.shape.at(-1) ?? 1
  const core = charted === null ? 1 : charted.chart.size
  return Array.from({ length: layout.length / core }, (_, b) => {
    const row = Math.floor((b * core) / last)
    const used = layout.used?.[row] ?? last
    const first = b * core
    return Array.from({ length: core }, (_, i) => first + i).filter(
      (i) => layout.used === null || i - row * last < used,
    )
  })
    .filter((g) => g.length > 0)
    .map((g) => g.map((i) => layout.offset + i))
}

/** null: nothing of it moves. */
function freeBlock(
  layout: ParamLayout,
  offsets: readonly number[],
  params: Float64Array,
  { atEdge, floored }: { atEdge(layout: ParamLayout, value: number): boolean; readonly floored: readonly FloorHit[] },
): { readonly chart: Chart; readonly offsets: readonly number[] } | null {
  if (offsets.some((o) => isFloored(layout, o, floored))) return null
  const values = offsets.map((o) => params[o] ?? 0)
  if (layout.support.kind === 'simplex') {
    const moving = offsets.filter((o) => !atEdge(layout, params[o] ?? 0))
    if (moving.length < 2) return null
    // the largest is the one that the others are compared with
    const largest = moving.reduce((a, b) => ((params[b] ?? 0) > (params[a] ?? 0) ? b : a))
    return {
      chart: simplexChart(moving.length),
      offsets: [...moving.filter((o) => o !== largest), largest],
    }
  }
  const own = chartOf(
    layout.used === null ? layout : { ...layout, shape: [offsets.length], length: offsets.length, used: null },
  )
  if (own === null) return null
  if (own.chart.size === 1 && atEdge(layout, values[0] ?? 0)) return null
  if (layout.support.kind === 'ordered') {
    const size = Math.max(...values.map(Math.abs))
    if (values.some((x, i) => i > 0 && x - (values[i - 1] ?? 0) <= TIED * size)) return null
  }
  const eta = own.chart.toFree(Float64Array.from(values))
  const unbounded = layout.support.kind === 'real' || layout.support.kind === 'ordered'
  return eta.every((x) => Number.isFinite(x) && (unbounded || Math.abs(x) < EDGE))
    ? { chart: own.chart, offsets }
    : null
}

/** true where a floor holds the element, or the matrix that it is in. */
function isFloored(layout: ParamLayout, offset: number, floored: readonly FloorHit[]): boolean {
  const index = indexOf(offset - layout.offset, layout.shape)
  const rank = layout.support.kind === 'covariance' || layout.support.kind === 'correlation' ? 2 : 0
  const leading = index.slice(0, index.length - rank)
  return floored.some((f) => f.param === layout.name && leading.every((i, d) => (f.index[d] ?? i) === i))
}
