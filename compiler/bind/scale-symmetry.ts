/**
 * Units of measurement of params, found from the likelihood itself. A model is closed under a change of the unit of a
 * column of data, x → c·x, where params exist with p(c·x; c^q θ) = p(x; θ)/c^m for all x and θ: element e of the params is
 * then measured in the unit to the power of q_e. At c = 1 this is linear in q,
 *
 *     ∂ log p/∂ log c + Σ_e q_e θ_e ∂ log p/∂θ_e = −m,
 *
 * one equation for each row of data and each point θ. In the same way x → x + δ with θ_e → θ_e + a_e δ gives
 *
 *     ∂ log p/∂δ + Σ_e a_e ∂ log p/∂θ_e = 0.
 *
 * (One-parameter groups and their generators: Olver 1993, Applications of Lie Groups to Differential Equations, section
 * 2.1.) Derivatives are differences; the exponents are small fractions, so that they come out exactly.
 */
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import type { ParamLayout } from '../../runtime/contract.js'

/** Log densities of the rows, and of the prior, at params. */
export type RowDensities = (params: Float64Array) => Float64Array

/** The same data with one column in another unit, or moved. */
export interface ColumnDensities {
  /** At the column times 1 + h and 1 − h. */
  readonly scaled: readonly [RowDensities, RowDensities]
  /** At the column plus and minus `step`; null where it is not to be moved. */
  readonly moved: { readonly by: readonly [RowDensities, RowDensities]; readonly step: number } | null
}

/** What a change of one column does to each element of the params; null where the model is not closed under it. */
export interface ColumnUnits {
  readonly exponents: Float64Array | null
  readonly shifts: Float64Array | null
  /** Powers of the unit that covariates have which must be scaled with the column, such as known standard errors of it. */
  readonly companions: readonly number[]
}

export const STEP = 1e-5
/** Rows that are taken for equations. */
const MOST_ROWS = 200
/** Elements beyond which too many differences would be taken. */
const MOST_ELEMENTS = 300
/** Largest error of an equation, beside the size of its terms. */
const EXACT = 1e-5

/** null where there are too many params. */
export function columnUnits(
  params: readonly ParamLayout[],
  at: RowDensities,
  columns: readonly ColumnDensities[],
  point: () => Float64Array,
): readonly ColumnUnits[] | null {
  const length = params.reduce((n, p) => n + p.length, 0)
  const scalable = groupsOf(params, ['real', 'positive', 'nonnegative', 'ordered', 'covariance'])
  const movable = groupsOf(params, ['real', 'ordered'])
  if (scalable.length > MOST_ELEMENTS) return null
  const first = at(point()).length
  const points = Math.max(4, 2 + Math.ceil((2 * scalable.length) / Math.max(1, Math.min(first, MOST_ROWS))))
  const left = { scale: [] as number[][], move: [] as number[][] }
  const right = columns.map(() => ({ scale: [] as number[], move: [] as number[] }))
  let base: { scale: number[][]; move: number[][]; right: { scale: number[]; move: number[] }[] } | null = null
  for (let p = 0; p < points; p++) {
    const theta = point()
    const rows = chosen(at(theta))
    const slopes = (elements: readonly number[], factor: boolean): Float64Array => {
      const size = factor ? 1 : Math.max(...elements.map((e) => Math.abs(theta[e] ?? 0)), 1e-3)
      const [up, down] = [1, -1].map((sign) => {
        const trial = theta.slice()
        for (const e of elements)
          trial[e] = factor ? (theta[e] ?? 0) * (1 + sign * STEP) : (theta[e] ?? 0) + sign * STEP * size
        return at(trial)
      })
      return differences(up, down, rows, 2 * STEP * size)
    }
    const own = {
      scale: transposed(
        scalable.map((g) => slopes(g, true)),
        rows.length,
      ),
      move: transposed(
        movable.map((g) => slopes(g, false)),
        rows.length,
      ),
      right: columns.map(({ scaled, moved }) => ({
        scale: [...differences(scaled[0](theta), scaled[1](theta), rows, 2 * STEP)],
        move: moved === null ? [] : [...differences(moved.by[0](theta), moved.by[1](theta), rows, 2 * moved.step)],
      })),
    }
    if (base === null) {
      base = own
      continue
    }
    // the constant of a row is the same at every point
    const before = base
    own.scale.forEach((row, i) => {
      left.scale.push(row.map((x, e) => x - (before.scale[i]?.[e] ?? 0)))
      left.move.push(own.move[i] ?? [])
    })
    own.right.forEach((r, c) => {
      right[c]?.scale.push(...r.scale.map((x, i) => (before.right[c]?.scale[i] ?? 0) - x))
      right[c]?.move.push(...r.move.map((x) => -x))
    })
  }
  const scaleSystem = leastSquares(left.scale)
  const moveSystem = leastSquares(left.move)
  const alone = right.map(({ scale }) => scaleSystem(scale))
  // covariates that have no unit of their own may have that of a column
  const bound = columns.flatMap((c, i) => (c.moved === null && alone[i] === null ? [i] : []))
  const joint = leastSquares(left.scale.map((row, i) => [...row, ...bound.map((c) => -(right[c]?.scale[i] ?? 0))]))
  return right.map(({ scale, move }, c) => {
    const isCovariate = columns[c]?.moved === null
    const found = alone[c] ?? (isCovariate || bound.length === 0 ? null : joint(scale))
    const companions = columns.map((_, i) => {
      const at = bound.indexOf(i)
      return alone[c] !== null || at < 0 ? 0 : (found?.[scalable.length + at] ?? 0)
    })
    return {
      exponents: spreadOver(scalable, found, length),
      shifts: isCovariate ? null : spreadOver(movable, moveSystem(move), length),
      companions,
    }
  })
}

/** Elements that change together: one alone, or the two that are one element of a symmetric matrix. */
function groupsOf(params: readonly ParamLayout[], kinds: readonly string[]): readonly (readonly number[])[] {
  return params.flatMap(({ offset, length, shape, support, used }) => {
    if (!kinds.includes(support.kind)) return []
    const last = shape.at(-1) ?? 1
    return Array.from({ length }, (_, i): readonly number[] => {
      if (i % last >= (used?.[Math.floor(i / last)] ?? last)) return []
      if (support.kind !== 'covariance') return [offset + i]
      const [row, column] = [Math.floor(i / last) % last, i % last]
      if (row > column) return []
      return row === column ? [offset + i] : [offset + i, offset + i + (column - row) * (last - 1)]
    }).filter((g) => g.length > 0)
  })
}

/** Rows whose density is finite, at most so many. */
function chosen(values: Float64Array): readonly number[] {
  const finite = [...values.keys()].filter((i) => Number.isFinite(values[i]))
  const step = Math.max(1, finite.length / MOST_ROWS)
  return Array.from({ length: Math.min(finite.length, MOST_ROWS) }, (_, i) => finite[Math.floor(i * step)] ?? 0)
}

function differences(
  up: Float64Array | undefined,
  down: Float64Array | undefined,
  rows: readonly number[],
  width: number,
): Float64Array {
  return Float64Array.from(rows, (i) => ((up?.[i] ?? Number.NaN) - (down?.[i] ?? Number.NaN)) / width)
}

const transposed = (columns: readonly Float64Array[], rows: number): number[][] =>
  Array.from({ length: rows }, (_, i) => columns.map((c) => c[i] ?? Number.NaN))

/** Solves for the unknowns of least size, each rounded to a quarter; null where the equations do not hold. */
function leastSquares(rows: readonly (readonly number[])[]): (right: readonly number[]) => readonly number[] | null {
  const unknowns = rows[0]?.length ?? 0
  const isWhole = rows.every((r) => r.every(Number.isFinite))
  const svd =
    unknowns === 0 || !isWhole
      ? null
      : new SingularValueDecomposition(new Matrix(rows.map((r) => [...r])), { autoTranspose: true })
  const largest = Math.max(0, ...rows.flat().map(Math.abs))
  const holds = (q: readonly number[], right: readonly number[]): boolean =>
    rows.every((row, i) => {
      const parts = row.map((x, e) => x * (q[e] ?? 0))
      const b = right[i] ?? Number.NaN
      const size = parts.reduce((s, x) => s + Math.abs(x), Math.abs(b)) + 1e-3 * largest
      return Math.abs(parts.reduce((s, x) => s + x, 0) - b) <= EXACT * Math.max(1e-6, size)
    })
  return (right) => {
    if (!right.every(Number.isFinite) || !isWhole) return null
    const found = svd === null ? [] : svd.solve(Matrix.columnVector([...right])).to1DArray()
    const rounded = found.map((x) => Math.round(4 * x) / 4)
    return holds(rounded, right) ? rounded : holds(found, right) ? found : null
  }
}

function spreadOver(
  groups: readonly (readonly number[])[],
  values: readonly number[] | null,
  length: number,
): Float64Array | null {
  if (values === null) return null
  const out = new Float64Array(length)
  groups.forEach((g, i) => {
    for (const e of g) out[e] = values[i] ?? 0
  })
  return out
}
