/** Missing cells that are left out of the E-step → their means and variances, or masses, under the posterior. */
import { add, div, idx, mul, ONE, ref, sub, sum } from '../algebra/build.js'
import type { Expr, IndexVar, Indicator } from '../algebra/types.js'
import { rewrite, substituteIndex } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { NoMoment } from '../estep/moments.js'
import { type LiftedFactor, liftFactor } from '../graph/lift.js'
import type { Latent, Predictive } from '../graph/types.js'
import type { KernelOp } from '../kernel/types.js'
import { over, scratch } from './continuous-reports.js'
import type { Lowerer, LoweringContext } from './lowerer.js'

/**
 * What one statement says of missing cells, at each iteration of its loops. `share` is the probability that the statement
 * is the one that holds (of a branch, of a component); the others are given that it does. Ragged extents are padded.
 */
export interface Imputation {
  readonly data: string
  /** Indices of the cell. */
  readonly index: readonly Expr[]
  readonly loops: readonly IndexVar[]
  readonly of:
    | { readonly kind: 'moments'; readonly share: string; readonly mean: string; readonly variance: string }
    /** [loops, values]. */
    | { readonly kind: 'mass'; readonly share: string; readonly value: IndexVar; readonly mass: string }
    | { readonly kind: 'none'; readonly reason: string }
}

export function lowerImputations(
  d: Derivation,
  lowerer: Lowerer,
  context: LoweringContext,
): { readonly imputations: readonly Imputation[]; readonly ops: readonly KernelOp[] } {
  const ops: KernelOp[] = []
  const imputations = d.graph.predictives.map((p, i): Imputation => {
    const { data, index, loops } = p
    const made: KernelOp[] = []
    try {
      const of = lowerPredictive(p, `${i + 1} of ${data}`, d, lowerer, context, made)
      ops.push(...made)
      return { data, index, loops, of }
    } catch (e) {
      if (!(e instanceof NoMoment)) throw e
      return { data, index, loops, of: { kind: 'none', reason: e.message } }
    }
  })
  return { imputations, ops }
}

function lowerPredictive(
  p: Predictive,
  id: string,
  d: Derivation,
  lowerer: Lowerer,
  context: LoweringContext,
  ops: KernelOp[],
): Imputation['of'] {
  const { of, loops } = p
  if (of.kind === 'none') return of
  const latents = new Map<string, Latent>(d.graph.latents.map((l) => [l.name, l]))
  // E_q of an expression where the guard holds, else 0
  const expected = (value: Expr): Expr => {
    const lifted = liftFactor(
      {
        id: `imputed ${id}`,
        role: 'likelihood',
        loops: [],
        guard: p.guard,
        value: withoutSolved(value, d),
        target: { space: 'data', name: p.data },
        distribution: 'predictive',
        span: p.span,
      },
      latents,
      d.supply,
    )
    if (lifted.counts.length > 0) throw new NoMoment('its distribution depends on counts that an `observe` shares out')
    return expectationOf(lifted)
  }
  const table = (name: string, all: readonly IndexVar[], value: Expr): string => {
    const buffer = scratch(`${name} ${id}`, all, lowerer)
    ops.push(over(all, buffer, value, lowerer, context))
    return buffer
  }
  const certain = p.guard.kind === 'literal'
  const total = certain ? ONE : expected(ONE)
  const share = table('share', loops, total)
  const here = loops.map((v) => sub(idx(v), sub(v.from, ONE)))
  const given = (value: Expr): Expr => (certain ? expected(value) : div(expected(value), ref('table', share, here)))
  if (of.kind === 'mass')
    return { kind: 'mass', share, value: of.value, mass: table('mass', [...loops, of.value], given(of.mass)) }
  const mean = table('imputed mean', loops, given(of.mean))
  const deviation = sub(of.mean, ref('table', mean, here))
  const variance = table('imputed variance', loops, given(of.variance))
  const spread = table('imputed spread', loops, given(mul(deviation, deviation)))
  const both = table('imputed total', loops, add(ref('table', variance, here), ref('table', spread, here)))
  return { kind: 'moments', share, mean, variance: both }
}

/** E_q of what a lifted statement gives, over the values of its discrete latents. */
function expectationOf(f: LiftedFactor): Expr {
  const of = f.variables.map((v): Indicator => ({ latent: v.latent.name, index: v.index, value: idx(v.value) }))
  const body: Expr =
    f.continuous.length > 0
      ? { kind: 'expect', of, body: f.expr }
      : of.length > 0
        ? mul({ kind: 'probability', of }, f.expr)
        : f.expr
  return f.variables.reduceRight<Expr>((e, v) => sum(v.value, e), body)
}

/** Latents that an observed equation gives, in terms of the others. */
function withoutSolved(e: Expr, d: Derivation): Expr {
  const solved = new Map(d.graph.solved.map((s) => [s.name, s]))
  if (solved.size === 0) return e
  return rewrite(e, (n) => {
    const own = n.kind === 'ref' && n.space === 'latent' ? solved.get(n.name) : undefined
    if (own === undefined || n.kind !== 'ref') return n
    return substituteIndex(own.value, new Map(own.loops.map((l, i) => [l.index.id, n.index[i] ?? idx(l.index)])))
  })
}
