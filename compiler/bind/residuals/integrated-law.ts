/** Laws of cells whose latents are integrated out over points of their posterior, with tables as other laws have. */
import { ONE } from '../../algebra/build.js'
import type { Distribution } from '../../distributions/types.js'
import { MOST_DIMENSIONS } from '../../estep/nodes.js'
import { extentOf } from '../../lower/lowerer.js'
import type { DrawnBlock } from '../../lower/residuals/cell-draws.js'
import type { PointSource } from '../../lower/residuals/cell-points.js'
import type { CellLaw, LawPoints } from '../../lower/residuals/types.js'
import { f64 } from '../../targets/solve/types.js'
import { CellIntegrals, type IntegralHost, type PutPoints } from './cell-integrals.js'
import { DrawnLatents } from './drawn-latents.js'
import { overLine } from './line-quadrature.js'
import type { NumericLaw } from './numeric-law.js'
import { ProductLatents } from './product-latents.js'

/** Beyond this a logarithm or a logit is that of no number. */
const FARTHEST_LOG = 1e5
/** A width that is none, or of a posterior with a heavy tail, on a line of logarithms. */
const WIDEST_LOG = 2
/** Cells with fewer effective draws of their latents are not known. */
const FEWEST_DRAWS = 100

export class IntegratedLaw implements NumericLaw {
  private made: ReadonlyMap<string, Float64Array> | null = null

  constructor(
    readonly law: CellLaw,
    private readonly points: LawPoints,
    private readonly host: IntegralHost,
    /** Values of its loops at the row that the posterior is already without; null where it knows all cells. */
    private readonly without: readonly number[] | null,
    private readonly distributions: ReadonlyMap<string, Distribution>,
  ) {}

  /** Read before the posterior is taken anew. */
  table(buffer: string): Float64Array {
    const { logDensity, mean, variance, tails, masses } = this.law
    const integrated = [logDensity, mean, variance, ...(tails?.at ?? []), ...(tails?.before ?? []), masses?.buffer]
    if (!integrated.includes(buffer)) return f64(this.host.memory, buffer)
    this.made ??= this.integrate()
    const own = this.made.get(buffer)
    if (own === undefined) throw new Error(`${buffer} is not integrated`)
    return own
  }

  /** Cells of the row that is left out lie side by side. */
  private cellsWithout(): readonly [number, number] | null {
    const { law, without } = this
    if (without === null) return null
    const { numbers } = this.host
    const extents = [...law.rows, ...law.values].map((v) => numbers.extent(extentOf(v)))
    let row = 0
    for (let i = 0; i < law.loops; i++)
      row = row * (extents[i] ?? 1) + (without[i] ?? 0) - numbers.value(law.rows[i]?.from ?? ONE)
    const each = extents.slice(law.loops).reduce((a, b) => a * b, 1)
    return [row * each, (row + 1) * each]
  }

  private integrate(): ReadonlyMap<string, Float64Array> {
    const { law, host } = this
    const integrals = new CellIntegrals(law, this.points, host, this.cellsWithout())
    const { source } = this.points
    const nodes = 'draws' in source ? null : source.nodes
    const masses =
      'draws' in source
        ? this.overDraws(integrals, source.draws)
        : nodes !== null && host.numbers.extent(nodes.dimension) !== 1
          ? this.overNodes(integrals, source.points, nodes)
          : this.overLine(integrals, source)
    const { cells, places } = integrals
    const out = new Map<string, Float64Array>()
    out.set(
      law.logDensity,
      Float64Array.from({ length: cells }, (_, c) => integrals.logDensity(c)),
    )
    const known = (place: number, value: number): number =>
      integrals.isKnown(integrals.cellOf(place)) ? value : Number.NaN
    const tails = [...(law.tails?.at ?? []), ...(law.tails?.before ?? [])]
    tails.forEach((t, i) => {
      out.set(
        t,
        Float64Array.from({ length: places }, (_, p) => known(p, integrals.logTail(i, p))),
      )
    })
    if (law.mean !== null && law.variance !== null && this.points.datum !== null) {
      const datum = f64(host.memory, this.points.datum)
      out.set(
        law.mean,
        Float64Array.from({ length: places }, (_, p) => (datum[p] ?? 0) + integrals.moments(p)[0]),
      )
      out.set(
        law.variance,
        Float64Array.from({ length: places }, (_, p) => integrals.moments(p)[1]),
      )
    }
    if (law.masses !== null) out.set(law.masses.buffer, masses)
    return out
  }

  private overLine(integrals: CellIntegrals, source: PointSource): Float64Array {
    const { host, points } = this
    const { count } = points
    const [buffer, centres, widths] = [source.points, source.centre, source.scale].map((id) => f64(host.memory, id))
    if (buffer === undefined || centres === undefined || widths === undefined) throw new Error('no points')
    const scales = widths.map((w) => scaleOf(w, source.bounded))
    const narrowest = scales.reduce((a, b) => Math.min(a, b), WIDEST_LOG)
    const reach = source.bounded ? Math.asinh((2 * FARTHEST_LOG) / narrowest) : Number.POSITIVE_INFINITY
    return overLine(integrals, count, reach, (t) => {
      for (let i = 0; i < scales.length; i++)
        for (let b = 0; b < count; b++) {
          const v = (centres[i] ?? 0) + (scales[i] ?? 1) * Math.sinh(t[b] ?? Number.NaN)
          buffer[i * count + b] = source.bounded && Math.abs(v) > FARTHEST_LOG ? Number.NaN : v
        }
      host.run(points.density)
    })
  }

  /** With the weights that nodes have under the posterior. */
  private overNodes(integrals: CellIntegrals, buffer: string, nodes: NonNullable<PointSource['nodes']>): Float64Array {
    const { host, points } = this
    const { memory, numbers } = host
    const [order, all] = [numbers.extent(nodes.dimension), numbers.extent(nodes.count)]
    const { count } = points
    const [places, weights, at, log] = [nodes.table, nodes.weights, buffer, nodes.log].map((id) => f64(memory, id))
    if (places === undefined || weights === undefined || at === undefined || log === undefined)
      throw new Error('no nodes')
    const posteriors = weights.length / all
    const batches = function* (): Generator<PutPoints> {
      for (let from = 0; from < all; from += count) {
        const n = Math.min(count, all - from)
        yield () => {
          for (let g = 0; g < posteriors; g++)
            for (let b = 0; b < n; b++) {
              log[g * count + b] = Math.log(weights[g * all + from + b] ?? 0)
              for (let i = 0; i < order; i++)
                at[(g * count + b) * order + i] = places[(g * all + from + b) * order + i] ?? 0
            }
          return new Array<number>(n).fill(0)
        }
      }
    }
    return sums(integrals, batches, order > MOST_DIMENSIONS)
  }

  private overDraws(integrals: CellIntegrals, blocks: readonly DrawnBlock[]): Float64Array {
    const { host, points } = this
    const product = ProductLatents.of(blocks, points.count, host, () => host.run(points.density))
    if (product !== null)
      return product.integrate(integrals, new CellIntegrals(this.law, points, host, this.cellsWithout()))
    const drawn = new DrawnLatents(blocks, integrals.cells, points.count, host, this.distributions, () =>
      host.run(points.density),
    )
    return sums(integrals, () => drawn.batches(), true)
  }
}

/** @param drawn cells with few effective draws are not known */
function sums(integrals: CellIntegrals, batches: () => Iterable<PutPoints>, drawn: boolean): Float64Array {
  for (const put of batches()) integrals.see(put)
  for (const put of batches()) integrals.add(put)
  if (drawn)
    for (let c = 0; c < integrals.cells; c++) if (!(integrals.concentration(c) * FEWEST_DRAWS <= 1)) integrals.break(c)
  return integrals.masses(batches())
}

function scaleOf(width: number, bounded: boolean): number {
  if (!(width > 0) || !Number.isFinite(width)) return 1
  return bounded ? Math.min(WIDEST_LOG, width) : width
}
