/**
 * Quadrature over two or three numbers of posteriors at once, by the product of trapezoidal rules in t, each number being
 * centre + scale · sinh t on its line (Trefethen and Weideman 2014, SIAM Review 56, section 5). What a rule with
 * steps twice as long says differs by the root of the error, about: cells where it differs by more are not known.
 */
import type { DrawnBlock } from '../../lower/residuals/cell-draws.js'
import { f64 } from '../../targets/solve/types.js'
import type { CellIntegrals, IntegralHost, PutPoints } from './cell-integrals.js'
import { CovarianceRoots } from './covariance-roots.js'

const MOST_NUMBERS = 3
/** Numbers t on each side of 0, by how many numbers there are; and how far they go. */
const SIDES: readonly number[] = [0, 400, 48, 12]
const FARTHEST = 9
/** Largest change of a probability, and of a log density, from the rule with longer steps. */
const CHANGE = 0.03

export class ProductLatents {
  private readonly sides: number
  private readonly width: number
  private readonly roots: CovarianceRoots

  private constructor(
    private readonly blocks: readonly DrawnBlock[],
    private readonly sizes: readonly number[],
    /** The block of each number. */
    private readonly dimensions: readonly number[],
    private readonly count: number,
    private readonly host: IntegralHost,
    private readonly density: () => void,
  ) {
    this.sides = SIDES[dimensions.length] ?? 1
    this.width = 2 * this.sides + 1
    this.roots = new CovarianceRoots(host.memory)
  }

  /** null where there are too many numbers, or points of a simplex, or counts. */
  static of(
    blocks: readonly DrawnBlock[],
    count: number,
    host: IntegralHost,
    density: () => void,
  ): ProductLatents | null {
    const sizes = blocks.map((b) => host.numbers.extent(b.size))
    const isLine = ({ law, isOneRow }: DrawnBlock): boolean =>
      isOneRow && (law.kind === 'normal' || (law.line !== null && law.line.support !== 'count'))
    if (sizes.reduce((a, b) => a + b, 0) > MOST_NUMBERS || !blocks.every(isLine)) return null
    const dimensions = sizes.flatMap((size, block) => new Array<number>(size).fill(block))
    return new ProductLatents(blocks, sizes, dimensions, count, host, density)
  }

  /** @param coarse the same integrals, by steps that are twice as long */
  integrate(fine: CellIntegrals, coarse: CellIntegrals): Float64Array {
    for (const [integrals, stride] of [
      [coarse, 2],
      [fine, 1],
    ] as const) {
      for (const put of this.batches(stride)) integrals.see(put)
      for (const put of this.batches(stride)) integrals.add(put)
    }
    const isFar = (a: number, b: number): boolean => !(Math.abs(a - b) <= CHANGE)
    for (let c = 0; c < fine.cells; c++)
      if (fine.isKnown(c) && isFar(fine.logDensity(c), coarse.logDensity(c))) fine.break(c)
    for (let p = 0; p < fine.places; p++)
      for (let t = 0; t < fine.tailCount; t++)
        if (isFar(Math.exp(fine.logTail(t, p)), Math.exp(coarse.logTail(t, p)))) fine.break(fine.cellOf(p))
    return fine.masses(this.batches(1))
  }

  private *batches(stride: 1 | 2): Generator<PutPoints> {
    const { count, dimensions, sides, width } = this
    const points: number[] = []
    const total = width ** dimensions.length
    for (let p = 0; p < total; p++) {
      const isKept = dimensions.every((_, i) => stride === 1 || (this.digit(p, i) - sides) % stride === 0)
      if (isKept) points.push(p)
    }
    for (let from = 0; from < points.length; from += count) {
      const own = points.slice(from, from + count)
      yield () => {
        this.put(own)
        return own.map((p) => this.logOf(p, stride))
      }
    }
  }

  private digit(point: number, dimension: number): number {
    return Math.floor(point / this.width ** dimension) % this.width
  }

  private t(point: number, dimension: number): number {
    return ((this.digit(point, dimension) - this.sides) * FARTHEST) / this.sides
  }

  /** What a point weighs in t, beside the densities. */
  private logOf(point: number, stride: number): number {
    return this.dimensions.reduce((sum, _, i) => {
      const t = Math.abs(this.t(point, i))
      return sum + Math.log((stride * FARTHEST) / this.sides) + t + Math.log1p(Math.exp(-2 * t)) - Math.LN2
    }, 0)
  }

  private put(points: readonly number[]): void {
    const { memory } = this.host
    const first = this.sizes.map((_, b) => this.dimensions.indexOf(b))
    this.blocks.forEach(({ law, draws, weights }, b) => {
      const size = this.sizes[b] ?? 1
      const out = f64(memory, draws)
      const logs = f64(memory, weights)
      out.fill(Number.NaN)
      const posteriors = logs.length / this.count
      const z = new Float64Array(size)
      for (let g = 0; g < posteriors; g++)
        points.forEach((p, q) => {
          for (let i = 0; i < size; i++) z[i] = Math.sinh(this.t(p, (first[b] ?? 0) + i))
          const at = g * this.count + q
          const own = out.subarray(at * size, (at + 1) * size)
          if (law.kind === 'normal') logs[at] = this.normal(law, g, at, z, own)
          else this.numbers(law, g, z, own)
        })
    })
    this.density()
    this.blocks.forEach(({ law, draws, weights }, b) => {
      if (law.kind !== 'family' || law.line === null) return
      const size = this.sizes[b] ?? 1
      const [logs, density, scale, out] = [weights, law.line.density, law.line.scale, draws].map((id) =>
        f64(memory, id),
      )
      if (logs === undefined || density === undefined || scale === undefined || out === undefined) return
      for (let g = 0; g < logs.length / this.count; g++)
        points.forEach((_, q) => {
          let log = 0
          for (let i = 0; i < size; i++) {
            const u = out[(g * this.count + q) * size + i] ?? Number.NaN
            log += (density[(g * size + i) * this.count + q] ?? Number.NaN) + slopeOf(law.line?.support, u)
            log += Math.log(scale[g * size + i] ?? Number.NaN)
          }
          logs[g * this.count + q] = log
        })
    })
  }

  /** A Normal vector from standard numbers; the log density of these. */
  private normal(
    law: Extract<DrawnBlock['law'], { kind: 'normal' }>,
    g: number,
    at: number,
    z: Float64Array,
    out: Float64Array,
  ): number {
    const { memory } = this.host
    const n = z.length
    const mean = f64(memory, law.mean)
    const factor = this.roots.of(law.covariance, g, n)
    const s = law.spread === null ? 1 : (f64(memory, law.spread.draws)[at] ?? Number.NaN)
    const times = law.spread === null ? 1 : s ** (-law.spread.power / 2)
    let log = 0
    for (let i = 0; i < n; i++) {
      let x = 0
      for (let j = 0; j <= i; j++) x += (factor[i * n + j] ?? 0) * (z[j] ?? 0)
      out[i] = (mean[g * n + i] ?? Number.NaN) + times * x
      log -= 0.5 * Math.log(2 * Math.PI) + 0.5 * (z[i] ?? 0) ** 2
    }
    return log
  }

  private numbers(
    law: Extract<DrawnBlock['law'], { kind: 'family' }>,
    g: number,
    z: Float64Array,
    out: Float64Array,
  ): void {
    if (law.line === null) return
    const { support } = law.line
    const [centre, scale] = [f64(this.host.memory, law.line.centre), f64(this.host.memory, law.line.scale)]
    for (let i = 0; i < z.length; i++) {
      const [c, s] = [centre[g * z.length + i] ?? Number.NaN, scale[g * z.length + i] ?? Number.NaN]
      out[i] = onSupport(support, c + s * (z[i] ?? 0))
    }
  }
}

function onSupport(support: string, v: number): number {
  if (support === 'positive') return Math.exp(v)
  return support === 'unit' ? 1 / (1 + Math.exp(-v)) : v
}

/** log du/dv. */
function slopeOf(support: string | undefined, u: number): number {
  if (support === 'positive') return Math.log(u)
  return support === 'unit' ? Math.log(u) + Math.log1p(-u) : 0
}
