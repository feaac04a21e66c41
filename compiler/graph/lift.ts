/** Selector lifting: a factor that reads discrete latents becomes Σ_k 1[z = k] · (the factor with k for z). */
import { caseOf, idx } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { collectNodes, rewrite, some, substituteIndex } from '../algebra/visit.js'
import type { IndexSupply } from './tensors.js'
import type { ContinuousLatent, DiscreteLatent, Factor, FactorGraph, Latent } from './types.js'

/** One latent cell that a factor reads, with the index variable that stands for its value. */
export interface LiftedVariable {
  readonly latent: DiscreteLatent
  readonly index: readonly Expr[]
  readonly value: IndexVar
}

/** A factor free of latent selectors. `expr` includes the factor's guard (0 where it does not hold). */
export interface LiftedFactor {
  readonly factor: Factor
  readonly variables: readonly LiftedVariable[]
  /** Count latents it reads. */
  readonly counts: readonly { readonly latent: string; readonly index: readonly Expr[] }[]
  /** Cells of continuous latents it reads, with the indices of their tables; own coordinates may be bound inside. */
  readonly continuous: readonly LiftedCell[]
  readonly expr: Expr
}

/** A row of a continuous latent's table: `index` are the indices of its loops. */
export interface LiftedCell {
  readonly latent: ContinuousLatent
  readonly index: readonly Expr[]
}

const LETTERS = ['k', 'l', 'm', 'u', 'v', 'w'] as const

export function liftFactors(graph: FactorGraph, supply: IndexSupply): readonly LiftedFactor[] {
  const latents = new Map<string, Latent>(graph.latents.map((l) => [l.name, l]))
  return graph.factors.map((factor) => liftFactor(factor, latents, supply))
}

export function liftFactor(factor: Factor, latents: ReadonlyMap<string, Latent>, supply: IndexSupply): LiftedFactor {
  const guarded = caseOf(factor.guard, factor.value)
  const variables = new Map<string, LiftedVariable>()
  const counts = new Map<string, { latent: string; index: readonly Expr[] }>()
  const continuous = new Map<string, LiftedCell>()
  const reads = collectNodes(guarded, (n) => n.kind === 'ref' && n.space === 'latent')
  for (const node of reads) {
    if (node.kind !== 'ref') continue
    const latent = latents.get(node.name)
    const key = keyOf(node)
    if (latent?.kind === 'continuous') {
      const index = node.index.slice(0, latent.loops.length)
      continuous.set(`${latent.name} ${index.map(keyOf).join(',')}`, { latent, index })
    } else if (latent?.kind === 'count') counts.set(key, { latent: node.name, index: node.index })
    else if (latent?.kind === 'discrete' && !variables.has(key)) {
      const by = new Map(latent.loops.map((l, i) => [l.index.id, node.index[i] ?? idx(l.index)]))
      const name = LETTERS[variables.size] ?? 'k'
      variables.set(key, {
        latent,
        index: node.index,
        value: supply.fresh(name, substituteIndex(latent.high, by), substituteIndex(latent.low, by)),
      })
    }
  }
  const expr = rewrite(guarded, (n) => {
    if (n.kind === 'ref' && n.space === 'latent') {
      const v = variables.get(keyOf(n))
      return v === undefined ? n : idx(v.value)
    }
    return n
  })
  return {
    factor,
    variables: [...variables.values()],
    counts: [...counts.values()],
    continuous: [...continuous.values()],
    expr,
  }
}

/** true where a selector stands inside another selector: `z[w[n]]`. */
export const hasNestedSelector = (f: LiftedFactor): boolean =>
  f.variables.some((v) => v.index.some((i) => some(i, (n) => n.kind === 'ref' && n.space === 'latent')))
