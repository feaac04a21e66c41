/** Sum of squares within components, where these are Gaussian with one sd. */
import { caseOf, div, mul, pow, square } from '../algebra/build.js'
import { NotDifferentiable, partials } from '../algebra/differentiate.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices, some } from '../algebra/visit.js'
import { weightOf } from '../estep/plan.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { KernelOp } from '../kernel/types.js'
import type { Lowerer } from './lowerer.js'
import type { Posterior } from './m-step.js'

export const WITHIN = 'within squares'

/**
 * Adds Σ q·(x − m)² to `WITHIN`, over the cells of all data that depend on discrete latents; null where they are not
 * Gaussian with one sd. That is seen from the log density of a cell alone: its second derivative by the cell, −1/sd², is
 * one and the same number for all cells, rows and values of the latents, and x − m is the first over the second.
 */
export function lowerWithinSquares(
  lifted: readonly LiftedFactor[],
  lowerer: Lowerer,
  posterior: Posterior,
  rename: (v: IndexVar) => IndexVar,
): readonly KernelOp[] | null {
  const read = lifted.filter((f) => f.factor.role === 'likelihood' && f.variables.length > 0)
  const parts = read.map((f) => squares(f, rename))
  const curvatures = new Set(parts.map((p) => (p === null ? '' : keyOf(p.curvature))))
  if (read.length === 0 || curvatures.size !== 1 || curvatures.has('')) return null
  lowerer.buffer({ id: WITHIN, space: 'table', type: 'f64', shape: [] })
  return read.map((f, i): KernelOp => {
    const loops = [...f.factor.loops.map((l) => l.index), ...f.variables.map((v) => v.value)]
    const { axes, context } = lowerer.loops(loops, { vars: new Map(), at: 'param', ...posterior })
    const weight = weightOf(f.factor.loops)
    const probability: Expr = {
      kind: 'probability',
      of: f.variables.map((v) => ({
        latent: v.latent.name,
        index: v.index,
        value: { kind: 'index', var: v.value.id, name: v.value.name },
      })),
    }
    const value = mul(...(weight === null ? [] : [weight]), probability, parts[i]?.squares ?? pow(probability, 0))
    return { op: 'scatterAdd', out: WITHIN, axes, at: [], value: lowerer.expr(value, context) }
  })
}

interface Squares {
  /** −1/sd². */
  readonly curvature: Expr
  /** Σ (x − m)² over the cells of one iteration of the factor's loops. */
  readonly squares: Expr
}

function squares(f: LiftedFactor, rename: (v: IndexVar) => IndexVar): Squares | null {
  const isCell = (r: Extract<Expr, { kind: 'ref' }>): boolean =>
    (r.space === 'data' || r.space === 'latent') && r.name === f.factor.target.name
  if (f.continuous.length > 0 || f.counts.length > 0) return null
  try {
    const first = partials(f.expr, isCell, rename)
    const [only] = first
    if (only === undefined || first.length !== 1) return null
    const second = partials(only.value, isCell, rename)
    const [curvature] = second
    if (curvature === undefined || second.length !== 1 || curvature.loops.length > 0) return null
    if (curvature.at.map(keyOf).join() !== only.at.map(keyOf).join()) return null
    if (freeIndices(curvature.value).size > 0) return null
    if (some(curvature.value, (n) => n.kind === 'ref' && n.space !== 'param' && n.space !== 'const')) return null
    const residual = caseOf(only.guard, square(div(only.value, curvature.value)))
    return {
      curvature: curvature.value,
      squares: only.loops.reduceRight<Expr>((body, index) => ({ kind: 'sum', index, body }), residual),
    }
  } catch (e) {
    if (e instanceof NotDifferentiable) return null
    throw e
  }
}
