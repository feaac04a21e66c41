/**
 * Inverse of a square matrix by elimination with row exchanges (Golub and Van Loan 2013, section 3.4). Row-major, from
 * `a` at `aAt` to `out` at `outAt`; NaN everywhere and false where a pivot is 0 or no number.
 */
export function inverseGeneral(a: Float64Array, aAt: number, out: Float64Array, outAt: number, n: number): boolean {
  const w = Float64Array.from(a.subarray(aAt, aAt + n * n))
  const at = (m: Float64Array, i: number): number => m[i] ?? Number.NaN
  const inv = new Float64Array(n * n)
  for (let i = 0; i < n; i++) inv[i * n + i] = 1
  for (let c = 0; c < n; c++) {
    let pivot = c
    for (let r = c + 1; r < n; r++) if (Math.abs(at(w, r * n + c)) > Math.abs(at(w, pivot * n + c))) pivot = r
    const size = at(w, pivot * n + c)
    if (!(Math.abs(size) > 0) || !Number.isFinite(size)) {
      out.fill(Number.NaN, outAt, outAt + n * n)
      return false
    }
    for (const m of [w, inv])
      for (let j = 0; j < n; j++) {
        const upper = at(m, c * n + j)
        m[c * n + j] = at(m, pivot * n + j) / size
        if (pivot !== c) m[pivot * n + j] = upper
      }
    for (let r = 0; r < n; r++) {
      const factor = at(w, r * n + c)
      if (r === c || factor === 0) continue
      for (const m of [w, inv]) for (let j = 0; j < n; j++) m[r * n + j] = at(m, r * n + j) - factor * at(m, c * n + j)
    }
  }
  out.set(inv, outAt)
  return true
}

/** true where a matrix is its transpose, to the last digit. */
export function isSymmetric(a: Float64Array, aAt: number, n: number): boolean {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) if (a[aAt + i * n + j] !== a[aAt + j * n + i]) return false
  return true
}
