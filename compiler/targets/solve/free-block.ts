/** A block of params in unconstrained coordinates: there, back, and the chain rule for derivatives. */
import type { Chart } from './chart.js'

/** A core block of a param: its chart, where it lies among all params, its group, and where it lies within that. */
export interface Piece {
  readonly chart: Chart
  readonly from: number
  readonly group: number
  readonly at: number
}

/** A block of params as one vector, with the charts of its core blocks. Second derivatives join params of one group only. */
export interface FreeBlock {
  readonly pieces: readonly Piece[]
  /** Length of the vector of params (padding included). */
  readonly size: number
  /** Number of params (padding included) of each group. */
  readonly groups: readonly number[]
}

export interface Derivatives {
  readonly value: number
  readonly gradient: Float64Array
  /** Dense, one matrix a group; null where they were not asked for. */
  readonly hessian: readonly Float64Array[] | null
}

const at = (a: Float64Array, i: number): number => a[i] ?? 0

/** Each piece with the place of its first coordinate among all. */
function placed(block: FreeBlock): readonly (readonly [Piece, number])[] {
  let a = 0
  return block.pieces.map((p) => {
    const start = a
    a += p.chart.free
    return [p, start] as const
  })
}

const freeOf = (block: FreeBlock): number => block.pieces.reduce((n, p) => n + p.chart.free, 0)

export function toFree(block: FreeBlock, theta: Float64Array): Float64Array {
  const out = new Float64Array(freeOf(block))
  for (const [p, a] of placed(block)) out.set(p.chart.toFree(theta.subarray(p.from, p.from + p.chart.size)), a)
  return out
}

/** Params at coordinates; padding is that of `base`. */
export function fromFree(block: FreeBlock, eta: Float64Array, base: Float64Array): Float64Array {
  const out = Float64Array.from(base)
  for (const [p, a] of placed(block)) out.set(p.chart.fromFree(eta.subarray(a, a + p.chart.free)), p.from)
  return out
}

export function freeGradient(block: FreeBlock, eta: Float64Array, g: Float64Array): Float64Array {
  const out = new Float64Array(freeOf(block))
  for (const [{ chart, from }, a] of placed(block)) {
    const j = chart.jacobian(eta.subarray(a, a + chart.free))
    for (let i = 0; i < chart.size; i++)
      for (let b = 0; b < chart.free; b++) out[a + b] = at(out, a + b) + at(g, from + i) * at(j, i * chart.free + b)
  }
  return out
}

/** The Hessian of each group, with the places of its coordinates among all. */
export function freeHessian(
  block: FreeBlock,
  eta: Float64Array,
  known: Derivatives,
): readonly { readonly places: readonly number[]; readonly hessian: Float64Array }[] {
  const groups: (readonly [Piece, number])[][] = block.groups.map(() => [])
  for (const x of placed(block)) groups[x[0].group]?.push(x)
  return groups.flatMap((own, g) => {
    const h = known.hessian?.[g]
    if (h === undefined || own.length === 0) return []
    return [groupHessian(own, block.groups[g] ?? 0, eta, known.gradient, h)]
  })
}

function groupHessian(
  own: readonly (readonly [Piece, number])[],
  length: number,
  eta: Float64Array,
  g: Float64Array,
  h: Float64Array,
): { readonly places: readonly number[]; readonly hessian: Float64Array } {
  const places = own.flatMap(([p, a]) => Array.from({ length: p.chart.free }, (_, i) => a + i))
  const free = places.length
  const out = new Float64Array(free * free)
  let row = 0
  const jacobians = own.map(([{ chart }, a]) => chart.jacobian(eta.subarray(a, a + chart.free)))
  own.forEach(([x, a], p) => {
    const jx = jacobians[p] ?? new Float64Array(0)
    const curvature = x.chart.curvature(eta.subarray(a, a + x.chart.free), g.subarray(x.from, x.from + x.chart.size))
    for (let b = 0; b < x.chart.free; b++)
      for (let c = 0; c < x.chart.free; c++) out[(row + b) * free + row + c] = at(curvature, b * x.chart.free + c)
    let column = 0
    own.forEach(([y], q) => {
      const jy = jacobians[q] ?? new Float64Array(0)
      for (let i = 0; i < x.chart.size; i++)
        for (let j = 0; j < y.chart.size; j++) {
          const value = at(h, (x.at + i) * length + y.at + j)
          if (value === 0) continue
          for (let b = 0; b < x.chart.free; b++)
            for (let c = 0; c < y.chart.free; c++) {
              const to = (row + b) * free + column + c
              out[to] = at(out, to) + at(jx, i * x.chart.free + b) * value * at(jy, j * y.chart.free + c)
            }
        }
      column += y.chart.free
    })
    row += x.chart.free
  })
  return { places, hessian: out }
}
