/** Numbers in row-major order as nested arrays of the given shape. */
export function nest(values: Float64Array, shape: readonly number[], from = 0): unknown {
  const [first, ...rest] = shape
  if (first === undefined) return values[from] ?? Number.NaN
  const stride = rest.reduce((a, b) => a * b, 1)
  return Array.from({ length: first }, (_, i) => nest(values, rest, from + i * stride))
}
