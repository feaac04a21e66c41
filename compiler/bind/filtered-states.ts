/** Filtered states of Gaussian chains over bound data. */

import type { FilteredBlock } from '../lower/filter-terms.js'
import { extentOf } from '../lower/lowerer.js'
import { forwardFilter } from '../numerics/forward-filter.js'
import type { Memory } from '../targets/memory.js'
import { f64 } from '../targets/solve/types.js'
import type { BoundNumbers } from './sizes.js'

/** Means, variances and covariances of cells, in the padded order of the posterior's buffers. */
export interface FilteredCells {
  readonly mean: Float64Array
  readonly variance: Float64Array
  /** Cov of two cells of one place, by their positions in the array; 0 where a cell is observed. */
  covariance(a: number, b: number): number
}

/** By latent. */
export function filteredStates(
  block: FilteredBlock,
  numbers: BoundNumbers,
  memory: Memory,
): ReadonlyMap<string, FilteredCells> {
  const places: number[] = []
  const ranges = block.latents.map((l) => {
    const extents = l.coordinates.map((v) => numbers.extent(extentOf(v)))
    const length = extents.reduce((a, b) => a * b, 1)
    const inner = extents.slice(l.axis + 1).reduce((a, b) => a * b, 1)
    const first = places.length
    const from = l.axis < 0 ? 0 : numbers.value(l.coordinates[l.axis]?.from ?? { kind: 'float', value: 1 })
    for (let i = 0; i < length; i++)
      places.push(l.axis < 0 ? Number.NaN : from + (Math.floor(i / inner) % (extents[l.axis] ?? 1)))
    return { latent: l, first, length }
  })
  const cells = places.length
  const [mean, variance] = [new Float64Array(cells), new Float64Array(cells)]
  const pairs = new Map<string, number>()
  const read = (id: string): Float64Array => f64(memory, id)
  const terms = block.terms.map((t) => ({
    rows: read(t.rows),
    columns: t.columns === null ? null : read(t.columns),
    values: read(t.values),
    times: read(t.times),
  }))
  forwardFilter(
    Float64Array.from(places),
    terms.flatMap(({ columns, ...t }) => (columns === null ? [] : [{ ...t, columns }])),
    terms.filter((t) => t.columns === null),
    (here, means, covariances) => {
      here.forEach((a, i) => {
        mean[a] = means[i] ?? Number.NaN
        variance[a] = covariances[i * here.length + i] ?? Number.NaN
        here.forEach((b, j) => {
          pairs.set(`${a} ${b}`, covariances[i * here.length + j] ?? Number.NaN)
        })
      })
    },
  )
  return new Map(
    ranges.map(({ latent, first, length }) => {
      const reference = latent.reference === null ? null : read(latent.reference)
      return [
        latent.name,
        {
          mean: mean.subarray(first, first + length).map((x, i) => x + (reference?.[i] ?? 0)),
          variance: variance.subarray(first, first + length),
          covariance: (a: number, b: number) => pairs.get(`${first + a} ${first + b}`) ?? 0,
        },
      ]
    }),
  )
}
