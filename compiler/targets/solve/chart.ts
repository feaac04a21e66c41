/** One core block of a param (a number, a simplex, a matrix): θ = θ(η), η in R^free. */
export interface Chart {
  readonly size: number
  readonly free: number
  toFree(theta: Float64Array): Float64Array
  fromFree(eta: Float64Array): Float64Array
  /** ∂θ_i/∂η_a, row-major size × free. */
  jacobian(eta: Float64Array): Float64Array
  /** Σ_i g_i ∂²θ_i/∂η_a∂η_b, free × free. */
  curvature(eta: Float64Array, g: Float64Array): Float64Array
}
