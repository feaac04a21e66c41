/**
 * Extrapolation of EM. Near a maximum EM is a linear iteration u ↦ F(u), u(t+1) − u* ≈ J (u(t) − u*), so that few of its
 * steps tell where it is going. A proposal is only tried: where the objective there is not higher, EM goes on from where it
 * was, and the objective never falls.
 */
import { Matrix, solve } from 'ml-matrix'
import type { BoundModel } from './contract.js'
import { type EmPoint, emStep, type Moved, pointAt, slack, usable } from './em-step.js'
import { InternalError } from './errors.js'
import type { Pacer } from './pacer.js'

export type Acceleration = 'squarem' | 'anderson'

/** Watches the steps of EM, and says where to try to jump. */
export interface Accelerator {
  /**
   * EM has gone from one point to the next; null: let it go on by itself.
   *
   * @param next where the M-step leads from there; the E-step that would tell the objective is not made
   */
  propose(from: Float64Array, to: Float64Array, next: () => Float64Array): Float64Array | null
  /**
   * Where to go from a point in place of EM's own step, whose image is given; null: EM makes its step. Left out by those that
   * jump between steps of EM.
   */
  mix?(at: Float64Array, image: Float64Array): Float64Array | null
  /** The objective at the point proposed last was higher, and the run goes on from there; or it was not. */
  judged(accepted: boolean): void
  /**
   * How many times the last step of the objective its limit may lie ahead, as far as the jumps have told: 1/(1 − rate) of the
   * slowest part of the error. Infinity where they tell none.
   */
  slowness(): number
  /** What it goes on from. */
  memory(): AcceleratorMemory
}

/** All that an accelerator remembers. */
export type AcceleratorMemory =
  | {
      readonly kind: 'squarem'
      /** Steps of EM before the next jump. */
      readonly waits: number
      readonly longest: number
      /** The longest −α that was taken. */
      readonly taken: number
      readonly atLimit: boolean
    }
  | { readonly kind: 'anderson'; readonly steps: readonly MixedStep[] }

/** A step of EM as Anderson's mixing remembers it. */
export interface MixedStep {
  readonly image: Float64Array
  readonly residual: Float64Array
}

export type Jump =
  /** On a higher point, from which EM has made its next step. */
  | { readonly kind: 'landed'; readonly on: EmPoint; readonly next: Moved; readonly passes: number }
  | { readonly kind: 'astray'; readonly passes: number }

/**
 * A jump counts where the objective is higher there, and where EM goes on from there: a spread below its floor may have a
 * higher objective, and the next M-step then lowers it. `others`: other runs are under way.
 */
export async function tryJump(
  model: BoundModel,
  from: EmPoint,
  params: Float64Array,
  pacer: Pacer,
  others = false,
): Promise<Jump> {
  const on = await pointAt(model, params, from.iteration + 1, [], 1, from.expectation, others)
  await pacer.breathe()
  if (!usable(on) || !(on.objective > from.objective)) return { kind: 'astray', passes: 1 }
  try {
    const next = await emStep(model, on, pacer, false, others)
    if (next.kind === 'moved') return { kind: 'landed', on, next, passes: 2 }
  } catch (error) {
    if (!(error instanceof InternalError)) throw error
  }
  return { kind: 'astray', passes: 2 }
}

/**
 * A mixed step takes one pass over the data, as a step of EM. It counts on the same terms as a jump; that EM goes on from there
 * is asked of its next M-step, which must not lower Q.
 */
export async function tryMixed(
  model: BoundModel,
  from: EmPoint,
  params: Float64Array,
  pacer: Pacer,
  others = false,
): Promise<EmPoint | null> {
  const on = await pointAt(model, params, from.iteration + 1, [], 1, from.expectation, others)
  await pacer.breathe()
  if (!usable(on) || !(on.objective > from.objective)) return null
  try {
    const next = model.mStep(on.params, on.expectation).params
    const gain = next.every(Number.isFinite) ? model.gain(on.params, on.expectation, next) : Number.NaN
    await pacer.breathe()
    return gain >= -slack(on.scale, model.observations) ? on : null
  } catch (error) {
    if (error instanceof InternalError) return null
    throw error
  }
}

/** `memory`: of the one whose work it goes on with. */
export function accelerator(kind: Acceleration, memory: AcceleratorMemory | null = null): Accelerator {
  return kind === 'squarem'
    ? squarem(memory?.kind === 'squarem' ? memory : null)
    : anderson(memory?.kind === 'anderson' ? memory : null)
}

/** The longest −α at first, and the factor by which it grows and shrinks. */
const GROWTH = 4

/** Steps of EM at the beginning of a run, which are far from linear. */
const FIRST_STEPS = 3

/**
 * SQUAREM: with r = u₁ − u₀ and v = (u₂ − u₁) − r for two steps of EM, u = u₀ − 2 α r + α² v, α = −‖r‖/‖v‖. Varadhan, Roland
 * (2008), Scandinavian Journal of Statistics 35, p. 335, scheme S3; the limit on −α is that of their program. The objective at
 * u is compared with that at u₁, so that u₂ takes no E-step: two passes over the data a jump.
 */
function squarem(memory: Extract<AcceleratorMemory, { kind: 'squarem' }> | null): Accelerator {
  let { waits, longest, taken, atLimit } = memory ?? { waits: FIRST_STEPS, longest: GROWTH, taken: 0, atLimit: false }
  let length = 0
  return {
    propose(u0, u1, next) {
      if (waits > 0) {
        waits--
        return null
      }
      const u2 = next()
      const r = difference(u1, u0)
      const v = difference(difference(u2, u1), r)
      const ratio = Math.sqrt(product(r, r, u2) / product(v, v, u2))
      if (!(ratio > 1)) {
        waits = 1
        return null
      }
      atLimit = ratio >= longest
      length = Math.min(ratio, longest)
      return u0.map((x, i) => x + 2 * length * (r[i] ?? 0) + length ** 2 * (v[i] ?? 0))
    },
    judged(accepted) {
      if (atLimit) longest = accepted ? longest * GROWTH : Math.max(GROWTH, longest / GROWTH)
      if (accepted) taken = Math.max(taken, length)
      else waits = 1
    },
    slowness: () => (taken > 0 ? Math.max(GROWTH, taken) : Number.POSITIVE_INFINITY),
    memory: () => ({ kind: 'squarem', waits, longest, taken, atLimit }),
  }
}

/** Steps that Anderson's mixing remembers. */
const MEMORY = 5
/** Of the largest diagonal element: what is added to all of them, so that steps that repeat each other do not count twice. */
const RIDGE = 1e-10

/**
 * Anderson's mixing: with residuals f(t) = F(u(t)) − u(t), the combination of the last steps whose residual is least,
 * u = F(u(t)) − Σ_j γ_j (ΔF)_j where γ minimises ‖f(t) − Σ_j γ_j (Δf)_j‖. It takes the place of EM's step: one pass over the
 * data each, since F(u(t)) takes an M-step alone. Walker, Ni (2011), SIAM Journal on Numerical
 * Analysis 49, p. 1715; for EM with a guard Henderson, Varadhan (2019), Journal of Computational and Graphical Statistics 28.
 */
function anderson(memory: Extract<AcceleratorMemory, { kind: 'anderson' }> | null): Accelerator {
  let steps: readonly MixedStep[] = memory?.steps ?? []
  return {
    propose: () => null,
    mix(at, image) {
      steps = [...steps, { image, residual: difference(image, at) }].slice(-MEMORY - 1)
      const { images, residuals } = secants(steps)
      const gamma = images.length === 0 ? null : leastSquares(residuals, difference(image, at), image)
      if (gamma === null) return null
      return image.map((x, i) => x - gamma.reduce((sum, g, j) => sum + g * (images[j]?.[i] ?? 0), 0))
    },
    judged(accepted) {
      // directions that led astray are forgotten
      if (!accepted) steps = steps.slice(-1)
    },
    // u = F(u) − f: near the limit the change of f is J − 1 times that of u
    slowness() {
      const { images, residuals } = secants(steps)
      const ratios = images.map((image, j) => {
        const change = residuals[j] ?? image
        const moved = difference(image, change)
        return Math.sqrt(product(moved, moved, image) / product(change, change, image))
      })
      return ratios.length < MEMORY ? Number.POSITIVE_INFINITY : Math.max(GROWTH, ...ratios)
    },
    memory: () => ({ kind: 'anderson', steps }),
  }
}

/** What changed from each remembered step to the next. */
function secants(steps: readonly MixedStep[]): {
  readonly images: readonly Float64Array[]
  readonly residuals: readonly Float64Array[]
} {
  const images: Float64Array[] = []
  const residuals: Float64Array[] = []
  for (const [j, b] of steps.entries()) {
    const a = steps[j - 1]
    if (a === undefined) continue
    images.push(difference(b.image, a.image))
    residuals.push(difference(b.residual, a.residual))
  }
  return { images, residuals }
}

/** The γ for which ‖target − Σ_j γ_j column_j‖ is least; null where there is none. */
function leastSquares(
  columns: readonly Float64Array[],
  target: Float64Array,
  sizes: Float64Array,
): readonly number[] | null {
  const products = columns.map((a) => columns.map((b) => product(a, b, sizes)))
  const ridge = RIDGE * Math.max(...products.map((row, i) => row[i] ?? 0))
  if (!(ridge > 0)) return null
  const left = new Matrix(products).add(Matrix.eye(columns.length).mul(ridge))
  const gamma = solve(left, Matrix.columnVector(columns.map((a) => product(a, target, sizes)))).to1DArray()
  return gamma.every(Number.isFinite) ? gamma : null
}

const difference = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x - (b[i] ?? 0))

/** Each param beside its size. */
const product = (a: Float64Array, b: Float64Array, sizes: Float64Array): number =>
  a.reduce((sum, x, i) => sum + (x * (b[i] ?? 0)) / (1 + Math.abs(sizes[i] ?? 0)) ** 2, 0)
