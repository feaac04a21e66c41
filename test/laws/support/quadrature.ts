/**
 * ∫ f over (a, b), either end infinite, by the double-exponential formulas: x = tanh, exp or sinh of (π/2) sinh t, then
 * the trapezoidal rule with the step halved until two values agree.
 * Takahasi, Mori (1974), Double exponential formulas for numerical integration, Publ. RIMS 9.
 */
export function integrate(f: (x: number) => number, a: number, b: number, tolerance = 1e-11): number {
  const g = (t: number): number => {
    const { x, weight } = node(t, a, b)
    if (!(x > a && x < b) || weight === 0 || !Number.isFinite(weight)) return 0
    const y = f(x) * weight
    return Number.isFinite(y) ? y : 0
  }
  let step = 1
  let total = trapezoid(g, 0, 1)
  let before = Number.NaN
  for (let level = 0; level < 10; level++) {
    const value = step * total
    if (level > 3 && Math.abs(value - before) <= tolerance * Math.abs(value)) return value
    before = value
    total += trapezoid(g, step / 2, step)
    step /= 2
  }
  return before
}

const REACH = 6.5

/** Σ g(t) over t = start + k·step within ±REACH. */
function trapezoid(g: (t: number) => number, start: number, step: number): number {
  let total = 0
  for (let t = start; t <= REACH; t += step) total += g(t)
  for (let t = start - step; t >= -REACH; t -= step) total += g(t)
  return total
}

function node(t: number, a: number, b: number): { x: number; weight: number } {
  const s = (Math.PI / 2) * Math.sinh(t)
  const ds = (Math.PI / 2) * Math.cosh(t)
  if (Number.isFinite(a) && Number.isFinite(b)) {
    const gap = (b - a) / (1 + Math.exp(2 * Math.abs(s))) // distance from the nearer end, without cancellation
    return { x: s < 0 ? a + gap : b - gap, weight: (((b - a) / 2) * ds) / Math.cosh(s) ** 2 }
  }
  if (Number.isFinite(a)) return { x: a + Math.exp(s), weight: Math.exp(s) * ds }
  if (Number.isFinite(b)) return { x: b - Math.exp(s), weight: Math.exp(s) * ds }
  return { x: Math.sinh(s), weight: Math.cosh(s) * ds }
}

/** sinh 3.75 = 21 standard deviations: enough where the tails fall exponentially. */
const AXIS_REACH = 3.75

/** Nodes and weights of one axis of a product rule: u = centre + scale·sinh t, the trapezoidal rule in t. */
export function axis(centre: number, scale: number, step: number): readonly { u: number; weight: number }[] {
  const nodes: { u: number; weight: number }[] = []
  const steps = Math.ceil(AXIS_REACH / step)
  for (let t = -steps * step; t <= AXIS_REACH; t += step)
    nodes.push({ u: centre + scale * Math.sinh(t), weight: step * scale * Math.cosh(t) })
  return nodes
}
