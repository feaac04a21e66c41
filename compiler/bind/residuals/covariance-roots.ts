/** Cholesky factors of the covariances of Normal latents, each made once. */
import { cholesky } from '../../numerics/index.js'
import type { Memory } from '../../targets/memory.js'
import { f64 } from '../../targets/solve/types.js'

export class CovarianceRoots {
  private readonly known = new Map<string, Float64Array>()

  constructor(private readonly memory: Memory) {}

  /**
   * Of matrix g, counted from 0, of order n in the buffer.
   *
   * @returns its lower factor as n × n by rows; NaN where the matrix is not positive definite
   */
  of(buffer: string, g: number, n: number): Float64Array {
    const key = `${buffer} ${g}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    const out = new Float64Array(n * n)
    if (!cholesky(f64(this.memory, buffer), g * n * n, out, 0, n)) out.fill(Number.NaN)
    this.known.set(key, out)
    return out
  }
}
