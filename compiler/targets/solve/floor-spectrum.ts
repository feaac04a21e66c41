import { cholesky, symmetricEigen } from '../../numerics/index.js'

/**
 * Lifts the eigenvalues of a covariance, measured in units of the given variances, to at least 1, in place: the maximum
 * of −A log|S| − tr(B S⁻¹) subject to S ⪰ diag(floors) (Ingrassia and Rocci 2007). Returns whether any was lifted.
 */
export function floorSpectrum(matrix: Float64Array, n: number, floors: Float64Array, from: number): boolean {
  const scale = Array.from({ length: n }, (_, i) => Math.sqrt(floors[from + i] ?? 0))
  if (scale.some((s) => !(s > 0))) return false
  const scaled = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) scaled[i * n + j] = (matrix[i * n + j] ?? 0) / ((scale[i] ?? 1) * (scale[j] ?? 1))
  if (exceedsIdentity(scaled, n)) return false
  const { values, vectors } = symmetricEigen(scaled, 0, n)
  let lifted = false
  for (let i = 0; i < n; i++) if ((values[i] ?? 0) < 1) lifted = true
  if (!lifted) return false
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let m = 0; m < n; m++)
        sum += (vectors[i * n + m] ?? 0) * Math.max(1, values[m] ?? 0) * (vectors[j * n + m] ?? 0)
      matrix[i * n + j] = sum * (scale[i] ?? 1) * (scale[j] ?? 1)
    }
  return true
}

/** S − I has a Cholesky factor, so that all eigenvalues of S are above 1: a small part of the work of finding them. */
function exceedsIdentity(matrix: Float64Array, n: number): boolean {
  const excess = matrix.slice()
  for (let i = 0; i < n; i++) excess[i * n + i] = (excess[i * n + i] ?? 0) - 1
  return cholesky(excess, 0, excess, 0, n)
}
