import { Matrix, solve } from 'ml-matrix'
import {
  type Accelerator,
  type AndersonMemory,
  difference,
  LEAST_SLOWNESS,
  type MixedStep,
  product,
} from './accelerator.js'

/** Steps that Anderson's mixing remembers. */
const MEMORY = 5
/** The longest move beside EM's step at first, and the factor by which it grows and shrinks. */
const LONGEST = 1e6
const GROWTH = 4
/** Of the largest diagonal element: what is added to all of them, so that steps that repeat each other do not count twice. */
const RIDGE = 1e-10

/**
 * Anderson's mixing: with residuals f(t) = F(u(t)) − u(t), the combination of the last steps whose residual is least,
 * u = F(u(t)) − Σ_j γ_j (ΔF)_j where γ minimises ‖f(t) − Σ_j γ_j (Δf)_j‖. It takes the place of EM's step: one pass over the
 * data each, since F(u(t)) takes an M-step alone. Walker, Ni (2011), SIAM Journal on Numerical
 * Analysis 49, p. 1715; for EM with a guard Henderson, Varadhan (2019), Journal of Computational and Graphical Statistics 28.
 *
 * Far from a maximum the steps of EM may grow, and the residual then is least behind: the move goes the other way, as SQUAREM's
 * does, and no farther than moves have been found good.
 */
export function anderson(memory: AndersonMemory | null): Accelerator {
  let { steps, longest } = memory ?? { steps: [], longest: LONGEST }
  /** How long the move proposed last is beside EM's step. */
  let length = 0
  return {
    propose: () => null,
    mix(at, image) {
      const residual = difference(image, at)
      steps = [...steps, { image, residual }].slice(-MEMORY - 1)
      const { images, residuals } = secants(steps)
      const gamma = images.length === 0 ? null : leastSquares(residuals, residual, image)
      if (gamma === null) return null
      const move = image.map((_, i) => -gamma.reduce((sum, g, j) => sum + g * (images[j]?.[i] ?? 0), 0))
      length = Math.sqrt(product(move, move, image) / product(residual, residual, image))
      const scale = (product(move, residual, image) < 0 ? -1 : 1) * Math.min(1, longest / length)
      return image.map((x, i) => x + scale * (move[i] ?? 0))
    },
    judged(accepted) {
      if (accepted) {
        if (length >= longest) longest *= GROWTH
        return
      }
      longest = Math.max(1, Math.min(length, longest) / GROWTH)
      // directions that led astray are forgotten
      steps = steps.slice(-1)
    },
    // u = F(u) − f: near the limit the change of f is J − 1 times that of u
    slowness() {
      const { images, residuals } = secants(steps)
      const ratios = images.map((image, j) => {
        const change = residuals[j] ?? image
        const moved = difference(image, change)
        return Math.sqrt(product(moved, moved, image) / product(change, change, image))
      })
      return ratios.length < MEMORY ? Number.POSITIVE_INFINITY : Math.max(LEAST_SLOWNESS, ...ratios)
    },
    memory: () => ({ kind: 'anderson', steps, longest }),
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
