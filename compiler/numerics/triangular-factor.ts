/**
 * The triangular factor R of a matrix A with many more rows than columns, AᵀA = RᵀR, from blocks of its rows: Householder
 * reflections of the factor so far on top of the next block (Golub and Van Loan, Matrix Computations, 4th ed., section 5.2;
 * Demmel, Grigori, Hoemmen and Langou 2012, SIAM J. Sci. Comput. 34, p. A206, the sequential TSQR). Products of columns
 * are never formed: R is the exact factor of a matrix whose columns are A's up to roundings of their own size.
 */
export class TriangularFactor {
  /** Rows that a block takes. */
  static readonly BLOCK = 128
  /** Where the rows of the next block are put, column after column: element (i, j) at BLOCK · j + i. `fold` uses it up. */
  readonly block: Float64Array
  /** R, row after row, zeros below its diagonal. */
  readonly factor: Float64Array

  constructor(private readonly columns: number) {
    this.block = new Float64Array(TriangularFactor.BLOCK * columns)
    this.factor = new Float64Array(columns * columns)
  }

  /** Takes in the first `rows` rows of the block. */
  fold(rows: number): void {
    for (let j = 0; j < this.columns; j++) this.reflect(j, rows)
  }

  /**
   * H = I − t v vᵀ with v = (R_jj − β, a_j) and β = ∓‖(R_jj, a_j)‖, t = 2 / vᵀv = −1 / (β (R_jj − β)), takes column j of the
   * block to 0; the columns after it by four at a time.
   */
  private reflect(j: number, rows: number): void {
    const { block: a, factor: r, columns } = this
    const { BLOCK } = TriangularFactor
    const v = BLOCK * j
    const row = columns * j
    let below = 0
    for (let i = 0; i < rows; i++) below += (a[v + i] ?? 0) ** 2
    if (below === 0) return
    const diagonal = r[row + j] ?? 0
    const norm = Math.sqrt(diagonal * diagonal + below)
    const beta = diagonal > 0 ? -norm : norm
    const top = diagonal - beta
    const t = -1 / (beta * top)
    r[row + j] = beta
    let k = j + 1
    for (; k + 3 < columns; k += 4) {
      const at = BLOCK * k
      const [k0, k1, k2, k3] = [row + k, row + k + 1, row + k + 2, row + k + 3]
      const [a1, a2, a3] = [at + BLOCK, at + 2 * BLOCK, at + 3 * BLOCK]
      let s0 = top * (r[k0] ?? 0)
      let s1 = top * (r[k1] ?? 0)
      let s2 = top * (r[k2] ?? 0)
      let s3 = top * (r[k3] ?? 0)
      for (let i = 0; i < rows; i++) {
        const x = a[v + i] ?? 0
        s0 += x * (a[at + i] ?? 0)
        s1 += x * (a[a1 + i] ?? 0)
        s2 += x * (a[a2 + i] ?? 0)
        s3 += x * (a[a3 + i] ?? 0)
      }
      s0 *= t
      s1 *= t
      s2 *= t
      s3 *= t
      r[k0] = (r[k0] ?? 0) - s0 * top
      r[k1] = (r[k1] ?? 0) - s1 * top
      r[k2] = (r[k2] ?? 0) - s2 * top
      r[k3] = (r[k3] ?? 0) - s3 * top
      for (let i = 0; i < rows; i++) {
        const x = a[v + i] ?? 0
        a[at + i] = (a[at + i] ?? 0) - s0 * x
        a[a1 + i] = (a[a1 + i] ?? 0) - s1 * x
        a[a2 + i] = (a[a2 + i] ?? 0) - s2 * x
        a[a3 + i] = (a[a3 + i] ?? 0) - s3 * x
      }
    }
    for (; k < columns; k++) {
      const at = BLOCK * k
      let s = top * (r[row + k] ?? 0)
      for (let i = 0; i < rows; i++) s += (a[v + i] ?? 0) * (a[at + i] ?? 0)
      s *= t
      r[row + k] = (r[row + k] ?? 0) - s * top
      for (let i = 0; i < rows; i++) a[at + i] = (a[at + i] ?? 0) - s * (a[v + i] ?? 0)
    }
  }
}
