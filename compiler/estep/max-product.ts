/** Hard EM: the same plan under max-product. What it does to each latent, and which models have no such E-step. */
import type { FactorGraph } from '../graph/types.js'
import type { EStepPlan, EStepRefusal, EStepStep, LatentTable } from './types.js'

/**
 * Why a model has no hard mode. Only discrete latents take their most probable values, finite ones and counts that share
 * out an observed total. Continuous latents beside them stay integrated out given those values: at its most probable value a
 * latent u ~ Normal(0, tau) adds −log tau to the complete-data log-likelihood, which has no maximum as tau goes to 0.
 */
export function refuseMaxProduct(graph: FactorGraph, plan: EStepPlan): readonly EStepRefusal[] {
  if (plan.tables.length + plan.countGroups.length > 0) return []
  const continuous = graph.latents.find((l) => l.kind === 'continuous')
  if (continuous === undefined) {
    const span = graph.factors[0]?.span ?? { start: 0, end: 0 }
    return [
      {
        code: 'E420',
        span,
        message: 'hard mode takes the most probable values of discrete latents, and the model has none',
        help: 'without them --mode em gives the estimate',
      },
    ]
  }
  return [
    {
      code: 'E420',
      span: continuous.span,
      message: `hard mode takes the most probable values of discrete latents, and the model has none; \`${continuous.name}\` is continuous: at its most probable value the complete-data likelihood grows without bound as its variance goes to 0`,
      help: '--mode em integrates it out',
    },
  ]
}

/** What the derivation says of each latent under max-product. */
export function maxProductSteps(plan: EStepPlan): readonly EStepStep[] {
  const tables = new Map(plan.tables.map((t) => [t.latents.map((l) => l.name).join(), t]))
  return plan.steps.map((s): EStepStep => {
    if (s.method === 'multinomial-split') return splitOf(s.latents)
    const table = tables.get(s.latents.join())
    return table === undefined || table.latents.length === 0 ? s : describe(table)
  })
}

const splitOf = (latents: readonly string[]): EStepStep => ({
  latents,
  method: 'max-product',
  explanation:
    'the most probable split of their sum: the whole parts of its shares, and what is left one by one to the count whose probability divided by its next value is largest',
  reference: 'Finucan (1964); Feller (1968), section VI.10',
})

function describe(t: LatentTable): EStepStep {
  const latents = t.latents.map((l) => l.name)
  const order = t.buckets.map((b) => b.eliminate).join(', ')
  const parent =
    t.parent === null ? '' : `, with messages to the rows of ${t.parent.table} through their key, and back from them`
  if (t.chain !== null) {
    const states = t.chain.blocks.flatMap((b) => b.states.map((x) => x.latent)).join(', ')
    const first = order === '' ? '' : `the best of ${order} at each place, then `
    return {
      latents,
      method: 'max-product',
      explanation: `${first}the most probable path of ${states} along ${t.chain.axis.name}: maxima forward, traced back (Viterbi)${parent}`,
      reference: 'Viterbi (1967); Rabiner (1989), section III.B',
    }
  }
  const single = t.buckets.length === 1 && t.parent === null
  return {
    latents,
    method: 'max-product',
    explanation: single
      ? 'the value of the largest joint density, the first of them where several are equal'
      : `the most probable values together: maxima in the order ${order}, traced back${parent}`,
    reference: single ? 'Celeux and Govaert (1992), section 2' : 'Pearl (1988), chapter 5',
  }
}
