function at(array: Float64Array, index: number): number {
  return array[index] ?? Number.NaN
}

/** A = V diag(values) Vᵀ: values fall, column j of `vectors` (n × n, row by row) belongs to values[j]. */
export interface SymmetricEigen {
  readonly values: Float64Array
  readonly vectors: Float64Array
}

const SWEEPS = 60

/** Rotates rows and columns p and q of `a`, and columns p and q of `v`, so that a[p,q] becomes 0. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = at(a, p * n + q)
  const theta = (at(a, q * n + q) - at(a, p * n + p)) / (2 * apq)
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1))
  const cosine = 1 / Math.sqrt(tangent * tangent + 1)
  const sine = tangent * cosine
  for (let k = 0; k < n; k++) {
    const left = at(a, k * n + p)
    const right = at(a, k * n + q)
    a[k * n + p] = cosine * left - sine * right
    a[k * n + q] = sine * left + cosine * right
  }
  for (let k = 0; k < n; k++) {
    const left = at(a, p * n + k)
    const right = at(a, q * n + k)
    a[p * n + k] = cosine * left - sine * right
    a[q * n + k] = sine * left + cosine * right
  }
  a[p * n + q] = 0
  a[q * n + p] = 0
  for (let k = 0; k < n; k++) {
    const left = at(v, k * n + p)
    const right = at(v, k * n + q)
    v[k * n + p] = cosine * left - sine * right
    v[k * n + q] = sine * left + cosine * right
  }
}

/**
 * Eigenvalues and orthonormal eigenvectors of the symmetric n × n matrix that lies row by row at `from`: cyclic Jacobi
 * (Golub and Van Loan, 4th ed., section 8.5), for small matrices. NaN everywhere when the matrix is not finite.
 */
export function symmetricEigen(source: Float64Array, from: number, n: number): SymmetricEigen {
  const a = source.slice(from, from + n * n)
  const v = new Float64Array(n * n)
  if (!a.every(Number.isFinite)) {
    return { values: new Float64Array(n).fill(Number.NaN), vectors: v.fill(Number.NaN) }
  }
  for (let i = 0; i < n; i++) v[i * n + i] = 1
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rotated = false
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const small = 1e-17 * Math.sqrt(Math.abs(at(a, p * n + p))) * Math.sqrt(Math.abs(at(a, q * n + q)))
        if (Math.abs(at(a, p * n + q)) > small) {
          rotate(a, v, n, p, q)
          rotated = true
        }
      }
    }
    if (!rotated) break
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => at(a, j * n + j) - at(a, i * n + i))
  const values = Float64Array.from(order, (i) => at(a, i * n + i))
  const vectors = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) vectors[i * n + j] = at(v, i * n + (order[j] ?? 0))
  }
  return { values, vectors }
}
