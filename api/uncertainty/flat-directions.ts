/** Directions along which the information matrix is singular, in terms of the params. */
import type { FreeCoordinates } from '../../compiler/bind/free-coordinates.js'
import type { Inverted } from './invert.js'
import { type Quantity, quantityName } from './quantities.js'

/** Directions and params of one that are named. */
const MOST_DIRECTIONS = 3
const MOST_TERMS = 5
/** Parts of a direction below this share of its largest one are rounding. */
const COUNTS = 1e-3

/**
 * What moves along each direction: the flat directions v carried over to the params, dθ = ∂θ/∂η · v, and brought to echelon form,
 * so that each has as few params as possible. null where the matrix is regular.
 */
export function flatDirections(
  coordinates: FreeCoordinates,
  eta: Float64Array,
  { size, flat, scales }: Inverted,
  quantities: readonly Quantity[],
): string | null {
  if (flat.length === 0) return null
  const slopes = coordinates.slopes(eta)
  const moving = quantities.filter((q) => q.offset !== null && slopes.has(q.offset))
  const rows = flat.map((v) => {
    const step = v.map((x, a) => x * ((scales[a] ?? 0) > 0 ? (scales[a] ?? 0) : 1))
    return moving.map((q) =>
      (slopes.get(q.offset ?? -1) ?? new Float64Array(0)).reduce((sum, s, a) => sum + s * (step[a] ?? 0), 0),
    )
  })
  const said = echelon(rows)
    .slice(0, MOST_DIRECTIONS)
    .map((row) => {
      const terms = row.flatMap((x, i) => {
        const q = moving[i]
        return q !== undefined && Math.abs(x) > COUNTS
          ? [`\`${quantityName(q)}\` moves by ${Number(x.toPrecision(3))}`]
          : []
      })
      const more = terms.length > MOST_TERMS ? ` and ${terms.length - MOST_TERMS} more` : ''
      return `${terms.slice(0, MOST_TERMS).join(' while ')}${more}`
    })
  const others = flat.length > MOST_DIRECTIONS ? `; or in ${flat.length - MOST_DIRECTIONS} more directions` : ''
  return `the information matrix has rank ${size - flat.length} of ${size}: nothing changes when ${said.join('; or when ')}${others}`
}

/** Reduced rows, the largest element of each 1. */
function echelon(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const out = rows.map((row) => [...row])
  out.forEach((row, r) => {
    const pivot = row.reduce((best, x, i) => (Math.abs(x) > Math.abs(row[best] ?? 0) ? i : best), 0)
    const at = row[pivot] ?? 0
    if (at === 0) return
    for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) / at
    out.forEach((other, o) => {
      const factor = other[pivot] ?? 0
      if (o !== r && factor !== 0)
        for (let i = 0; i < other.length; i++) other[i] = (other[i] ?? 0) - factor * (row[i] ?? 0)
    })
  })
  return out.map((row) => {
    const most = row.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0)
    return most === 0 ? row : row.map((x) => x / most)
  })
}
