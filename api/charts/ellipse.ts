/** Radius, in sds, of the ellipse that holds 95 % of a Gaussian in two dimensions: √(−2 log 0.05). */
export const RADIUS_95 = Math.sqrt(-2 * Math.log(0.05))

/** The ellipse { mean + r · L u : |u| = 1 }, where L Lᵀ is the covariance. */
export function ellipsePoints(
  mean: readonly [number, number],
  [xx, xy, yy]: readonly [number, number, number],
  radius = RADIUS_95,
  steps = 72,
): readonly (readonly [number, number])[] {
  const a = Math.sqrt(Math.max(0, xx))
  const b = a > 0 ? xy / a : 0
  const c = Math.sqrt(Math.max(0, yy - b * b))
  return Array.from({ length: steps }, (_, i) => {
    const t = (2 * Math.PI * i) / steps
    const [u, v] = [radius * Math.cos(t), radius * Math.sin(t)]
    return [mean[0] + a * u, mean[1] + b * u + c * v] as const
  })
}
