/** Derivatives of vectors by central differences of fourth order. */
import type { Pacer } from '../../runtime/pacer.js'

export type VectorFunction = (x: Float64Array) => Float64Array

/**
 * ∂f/∂x_i at x, a column for each i: (8 [f(x+h) − f(x−h)] − [f(x+2h) − f(x−2h)]) / 12h, whose error is h⁴ f⁗′/30.
 *
 * @param steps h of each coordinate
 */
export async function derivatives(
  f: VectorFunction,
  x: Float64Array,
  steps: Float64Array,
  pacer: Pacer,
): Promise<readonly Float64Array[]> {
  const columns: Float64Array[] = []
  for (let i = 0; i < x.length; i++) {
    const h = steps[i] ?? 0
    const at = (k: number): Float64Array => moved(f, x, i, k * h)
    const [near, far] = [difference(at(1), at(-1)), difference(at(2), at(-2))]
    columns.push(near.map((d, j) => (8 * d - (far[j] ?? 0)) / (12 * h)))
    await pacer.breathe()
  }
  return columns
}

export function moved(f: VectorFunction, x: Float64Array, i: number, by: number): Float64Array {
  const at = Float64Array.from(x)
  at[i] = (at[i] ?? 0) + by
  return f(at)
}

const difference = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, j) => x - (b[j] ?? 0))
