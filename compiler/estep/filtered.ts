/**
 * Which posteriors can be given the data up to a place only, by a forward pass alone. That takes chains that run
 * forwards: at each place the factors are the conditional densities of what stands there given what came before, so that
 * those of later places integrate to one (Rabiner 1989, section III; Rue and Held 2005, section 1.2.1).
 */
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import type { LiftedFactor } from '../graph/lift.js'
import { elementOf, stepOf } from './places.js'
import type { EStepPlan, GaussianBlock, LatentTable } from './types.js'

/** A Gaussian block whose cells follow on one another along a loop, by the identity of its variable. */
export interface GaussianChain {
  readonly block: GaussianBlock
  readonly axis: string
}

export interface FilterPlan {
  readonly discrete: readonly LatentTable[]
  readonly gaussian: readonly GaussianChain[]
}

/** The chains of a plan, or why one of them has no filtered states. */
export function planFilter(plan: EStepPlan): FilterPlan | string {
  if (plan.factorised !== null)
    return 'the posterior is factorised, and each of its factors reads the others as all of the data leave them'
  const discrete = plan.tables.filter((t) => t.chain !== null)
  const gaussian: GaussianChain[] = []
  for (const t of discrete) {
    const reason = tableReason(t, plan)
    if (reason !== null) return reason
  }
  for (const block of plan.blocks) {
    if (block.kind === 'nodes' && block.latents.some((l) => l.latent.loops.length > block.loops.length))
      return `the posterior of \`${block.latents[0]?.latent.name ?? ''}\` stands as nodes of all its places together`
    if (block.kind !== 'gaussian') continue
    const axes = axesOf(block)
    const [axis, second] = axes
    if (axis === undefined) continue
    const names = block.latents.map((l) => `\`${l.latent.name}\``).join(' and ')
    if (block.given !== null) return `the spread of ${names} is latent too, and its posterior changes with every place`
    if (second !== undefined)
      return `${names} depend on themselves along two loops, and neither is the order of the data`
    if (block.layout !== 'joint')
      return `the chain of ${names} depends on discrete latents, whose posterior changes with every place`
    for (const f of block.factors) {
      const reason = factorReason(f.lifted, timesOf(f.lifted, axis, block), nameOf(f.lifted))
      if (reason !== null) return reason
    }
    gaussian.push({ block, axis })
  }
  if (discrete.length + gaussian.length === 0) return 'no latent of the model follows on another along an index'
  return { discrete, gaussian }
}

const nameOf = (f: LiftedFactor): string => f.factor.target.name

function tableReason(t: LatentTable, plan: EStepPlan): string | null {
  const position = t.chain?.position ?? 0
  for (const b of t.chain?.blocks ?? [])
    if (b.parents.length > 0)
      return `the chain of \`${b.states[0]?.latent ?? ''}\` depends on \`${elementOf(b.parents[0] ?? '').latent}\`, whose posterior changes with every place`
  const own = new Set(t.latents.map((l) => l.name))
  for (const p of plan.potentials.filter((x) => x.table === t.id))
    for (const { lifted } of p.factors) {
      const times = lifted.variables.flatMap((v) => (own.has(v.latent.name) ? (v.index[position] ?? []) : []))
      const reason = factorReason(lifted, times, nameOf(lifted))
      if (reason !== null) return reason
    }
  return null
}

/** Why a factor is no conditional density of what stands at the latest of the places that it reads. */
function factorReason(f: LiftedFactor, times: readonly Expr[], name: string): string | null {
  const { factor } = f
  if (factor.distribution === 'equation') return `an observed equation ties states of different places`
  const steps = times.map(stepOf)
  const [first] = steps
  if (first === undefined) return null
  const latest = Math.max(...steps.map((s) => s.offset))
  const own = (factor.target.index ?? []).map(stepOf).filter((s) => keyOf(s.base) === keyOf(first.base))
  if (own.length === 0 || factor.target.index === undefined) return null
  if (own.some((s) => s.offset === latest)) return null
  return factor.role === 'latent'
    ? `\`${name}\` depends on what comes after it`
    : `\`${name}\` depends on states of other places than its own`
}

/** The index along the axis of each cell that a factor reads. */
export function timesOf(f: LiftedFactor, axis: string, block: GaussianBlock): readonly Expr[] {
  const own = new Set(block.latents.map((l) => l.latent.name))
  return f.continuous.flatMap((c) => {
    if (!own.has(c.latent.name)) return []
    const position = c.latent.loops.findIndex((l) => l.index.id === axis)
    const at = c.index[position]
    return at === undefined ? [] : [at]
  })
}

/** Loops along which a factor reads cells of the block a number of steps apart. */
function axesOf(block: GaussianBlock): readonly string[] {
  const found = new Set<string>()
  for (const { lifted } of block.factors) {
    const axes = new Set(lifted.continuous.flatMap((c) => c.latent.loops.map((l) => l.index.id)))
    for (const axis of axes) {
      const steps = timesOf(lifted, axis, block).map(stepOf)
      if (new Set(steps.map((s) => keyOf(s.base))).size === 1 && new Set(steps.map((s) => s.offset)).size > 1)
        found.add(axis)
    }
  }
  return [...found]
}
