/**
 * SQUAREM with the secant of the last jump. Near a maximum EM is linear: its step r(u) = F(u) − u changes by −M d along d,
 * M = 1 − J. SQUAREM (Varadhan, Roland 2008, Scandinavian Journal of Statistics 35, p. 335, scheme S3) makes two steps of one
 * length from u₀: with r = r(u₀), v = r(F(u₀)) − r and α = ‖r‖/‖v‖,
 *
 *   u = u₀ + d + α (r − M d),  d = α r,  M r = −v.
 *
 * A short α follows the quick parts of the error and leaves the slow ones, along which the cycle before went. Here d lies in the
 * plane of r and of the secant s from the point before, along which the step changed by y = −M s: what is predicted to be left
 * there, r − M d, is orthogonal to the plane (the secants of Zhou, Alexander, Lange 2011, Statistics and Computing 21, p. 261).
 * Where the plane tells nothing, d = α r.
 *
 * The objective at u is compared with that at u₁ = F(u₀), so that F(u₁) takes no E-step: two passes over the data a jump.
 */
import {
  type Accelerator,
  difference,
  LEAST_SLOWNESS,
  product,
  type Residual,
  type SquaremMemory,
} from './accelerator.js'

/** The longest α at first, and the factor by which it grows and shrinks. */
const GROWTH = 4
/** The length of a step in the plane, 1/λ for the least eigenvalue of M there, may be so many times the longest α. */
const FARTHER = 4
/** Steps of EM at the beginning of a run, which are far from linear. */
const FIRST_STEPS = 3
/** Of a secant, the least part that has to stand out of the direction of the step. */
const STANDS_OUT = 0.03
/** Cycles in which EM was seen to contract before jumps tell how near the end is. */
const CONTRACTING = 4

export function squarem(memory: SquaremMemory | null): Accelerator {
  let { waits, longest, slowest, contracting, before } = memory ?? {
    ...{ waits: FIRST_STEPS, longest: GROWTH, slowest: 0, contracting: 0, before: null },
  }
  // of the jump that was proposed last
  let cycle: { readonly end: Residual; readonly slowness: number; readonly atLimit: boolean } | null = null
  return {
    propose(u0, u1, next) {
      const r = difference(u1, u0)
      if (waits > 0) {
        waits--
        before = { params: u0, residual: r }
        return null
      }
      const u2 = next()
      const last = difference(u2, u1)
      const v = difference(last, r)
      const seen = before === null ? null : plane(u0, r, v, before, u2)
      before = null
      contracting = product(r, v, u2) < 0 && seen?.kind !== 'expands' ? contracting + 1 : 0
      const ratio = Math.sqrt(product(r, r, u2) / product(v, v, u2))
      const length = Math.max(1, Math.min(ratio, longest))
      const step = seen?.kind === 'step' && seen.slowness < FARTHER * longest ? seen : null
      if (step === null && !(ratio > 1)) {
        waits = 1
        return null
      }
      cycle = {
        end: { params: u1, residual: last },
        slowness: step === null ? length : Math.max(ratio, step.slowness),
        atLimit: ratio >= longest,
      }
      const d = step?.d ?? r.map((x) => length * x)
      const left = step?.left ?? r.map((x, i) => x + length * (v[i] ?? 0))
      return u0.map((x, i) => x + (d[i] ?? 0) + length * (left[i] ?? 0))
    },
    judged(accepted) {
      if (cycle === null) return
      if (cycle.atLimit) longest = accepted ? longest * GROWTH : Math.max(GROWTH, longest / GROWTH)
      if (accepted) {
        slowest = Math.max(slowest, cycle.slowness)
        before = cycle.end
      } else waits = 1
      cycle = null
    },
    slowness: () =>
      slowest > 0 && contracting >= CONTRACTING ? Math.max(LEAST_SLOWNESS, slowest) : Number.POSITIVE_INFINITY,
    memory: () => ({ kind: 'squarem', waits, longest, slowest, contracting, before }),
  }
}

/** What the plane of the step and of the secant before it tells. */
type Plane =
  | {
      readonly kind: 'step'
      readonly d: Float64Array
      /** r − M d */
      readonly left: Float64Array
      /** 1/λ for the least eigenvalue λ of M in the plane. */
      readonly slowness: number
    }
  /** EM leads away along some direction of it: no maximum is near. */
  | { readonly kind: 'expands' }

/** null where the secant has the direction of the step. */
function plane(
  u0: Float64Array,
  r: Float64Array,
  v: Float64Array,
  before: Residual,
  sizes: Float64Array,
): Plane | null {
  const of = (a: Float64Array, b: Float64Array): number => product(a, b, sizes)
  const s = difference(u0, before.params)
  const y = difference(r, before.residual)
  // orthogonal to r: q, along which the step changes by w
  const share = of(s, r) / of(r, r)
  const without = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x - share * (b[i] ?? 0))
  const [q, w] = [without(s, r), without(y, v)]
  if (!(of(q, q) > STANDS_OUT ** 2 * of(s, s))) return null
  const [sizeR, sizeQ] = [Math.sqrt(of(r, r)), Math.sqrt(of(q, q))]
  // M in the basis of r and q, each of length 1
  const rr = -of(r, v) / sizeR ** 2
  const rq = -of(r, w) / (sizeR * sizeQ)
  const qr = -of(q, v) / (sizeR * sizeQ)
  const qq = -of(q, w) / sizeQ ** 2
  const determinant = rr * qq - rq * qr
  const least = (rr + qq) / 2 - Math.hypot((rr - qq) / 2, (rq + qr) / 2)
  if (!(least > 0 && determinant > 0)) return { kind: 'expands' }
  const [alongR, alongQ] = [qq / determinant, ((-qr / determinant) * sizeR) / sizeQ]
  return {
    kind: 'step',
    d: r.map((x, i) => alongR * x + alongQ * (q[i] ?? 0)),
    left: r.map((x, i) => x + alongR * (v[i] ?? 0) + alongQ * (w[i] ?? 0)),
    slowness: 1 / least,
  }
}
