/** Symmetric matrices that may be singular: what of their inverse there is, and along which directions there is none. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

export interface Inverted {
  readonly size: number
  /** The inverse on the directions that the data tell of; size × size. */
  readonly covariance: Float64Array
  /** Directions along which the objective is flat, in units of `scales`. */
  readonly flat: readonly Float64Array[]
  /** Directions along which it curves upwards. */
  readonly upward: readonly Float64Array[]
  /** 1/√ of the diagonal. */
  readonly scales: Float64Array
}

/** An eigenvalue of the matrix with unit diagonal below this part of the largest counts as none; at most so large a part. */
const FLAT = 1e-9
const MOST_FLAT = 1e-5
/** A direction takes part in a function that changes along it by more than this part of its whole change. */
const TAKES_PART = 1e-3

/** @param accuracy how well the elements are known, beside their diagonal */
export function invert(matrix: Float64Array, size: number, accuracy: number): Inverted {
  const scales = Float64Array.from({ length: size }, (_, i) => {
    const d = Math.abs(matrix[i * size + i] ?? 0)
    return d > 0 ? 1 / Math.sqrt(d) : 0
  })
  const covariance = new Float64Array(size * size)
  if (size === 0) return { size, covariance, flat: [], upward: [], scales }
  const scaled = new Matrix(size, size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) scaled.set(i, j, (matrix[i * size + j] ?? 0) * (scales[i] ?? 0) * (scales[j] ?? 0))
  const eigen = new EigenvalueDecomposition(scaled, { assumeSymmetric: true })
  const values = eigen.realEigenvalues
  const least = Math.max(FLAT, Math.min(MOST_FLAT, 10 * accuracy)) * Math.max(...values, 0)
  const vector = (j: number): Float64Array =>
    Float64Array.from({ length: size }, (_, i) => eigen.eigenvectorMatrix.get(i, j))
  const [flat, upward]: [Float64Array[], Float64Array[]] = [[], []]
  values.forEach((value, j) => {
    const v = vector(j)
    if (value < -least) upward.push(v)
    else if (value <= least) flat.push(v)
    else
      for (let a = 0; a < size; a++)
        for (let b = 0; b < size; b++)
          covariance[a * size + b] =
            (covariance[a * size + b] ?? 0) + ((v[a] ?? 0) * (v[b] ?? 0) * (scales[a] ?? 0) * (scales[b] ?? 0)) / value
  })
  return { size, covariance, flat, upward, scales }
}

/** true where a function with this gradient is told by the data: it does not change along what is flat or curves upwards. */
export function isTold(gradient: Float64Array, { flat, upward, scales }: Inverted): boolean {
  // a coordinate without information has no scale: every change along it is one that is not told
  const scaled = gradient.map((g, i) => ((scales[i] ?? 0) > 0 ? g * (scales[i] ?? 0) : 0))
  if (gradient.some((g, i) => g !== 0 && (scales[i] ?? 0) === 0)) return false
  const length = Math.hypot(...scaled)
  return [...flat, ...upward].every(
    (v) => Math.abs(v.reduce((sum, x, i) => sum + x * (scaled[i] ?? 0), 0)) <= TAKES_PART * length,
  )
}

/** gᵀ V h. */
export function quadratic(g: Float64Array, matrix: Float64Array, h: Float64Array): number {
  const n = g.length
  let sum = 0
  for (let i = 0; i < n; i++) {
    const gi = g[i] ?? 0
    if (gi === 0) continue
    for (let j = 0; j < n; j++) sum += gi * (matrix[i * n + j] ?? 0) * (h[j] ?? 0)
  }
  return sum
}
