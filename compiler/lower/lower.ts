/** A derivation, lowered to a program. */

import { idx, mul, sum } from '../algebra/build.js'
import type { CollectOptions } from '../algebra/collect.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { collectNodes, rewrite } from '../algebra/visit.js'
import { unitLoops } from '../estep/chain-blocks.js'
import { normaliserTable } from '../estep/continuous.js'
import { weightOf } from '../estep/plan.js'
import type { ContinuousBlock, EStepPlan } from '../estep/types.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { FactorGraph, Loop } from '../graph/types.js'
import type { KernelOp, SizeKey } from '../kernel/types.js'
import type { MStepPlan } from '../mstep/types.js'
import { addToObjective, meanBuffer, tableIdOf } from './buffers.js'
import { ContinuousLowering, type LoweredBlock } from './continuous.js'
import { lowerCountGroup } from './count-groups.js'
import { Draws } from './draws.js'
import { EStepLowering, type LoweredTable } from './e-step.js'
import { finishFactorised, lowerFactorised } from './factorised.js'
import { type ArrayShapes, extentOf, Lowerer, type LoweringContext } from './lowerer.js'
import { lowerMonomials, lowerRowTerm, lowerSolves, lowerStatistic, type Posterior } from './m-step.js'
import type { Product } from './max-product.js'
import { lowerNumericBlock } from './numeric-block.js'
import type { LatentOutput, Pass, Program } from './program.js'
import type { TwoEndsChain } from './two-ends.js'
import { lowerWithinSquares } from './within-squares.js'

export interface LowerInput {
  readonly graph: FactorGraph
  readonly lifted: readonly LiftedFactor[]
  readonly eStep: EStepPlan
  readonly mStep: MStepPlan
  readonly shapes: ArrayShapes
  /** How expressions are taken apart in the latents. */
  readonly collecting: Omit<CollectOptions, 'inU'>
  readonly rename: (v: IndexVar) => IndexVar
  /** Posteriors along chains are those given the data up to a place: for reports only. */
  readonly filtered?: boolean
  /** Top-level lets over params: name, the indices of its elements, the element. */
  readonly lets: readonly { readonly name: string; readonly indices: readonly IndexVar[]; readonly value: Expr }[]
}

const empty: LoweringContext = { vars: new Map(), at: 'param' }

/**
 * @param product `max`: discrete latents take their most probable values together, where `sum` gives them probabilities;
 *   made with the lowerer of the sum, it has the same buffers and some more. `draw`, `labelled`: with a lowerer of their own
 */
export function lower(
  input: LowerInput,
  lowerer: Lowerer = new Lowerer(input.shapes),
  product: Product = 'sum',
  /** Takes the chains that are lowered in plain numbers. */
  chains: TwoEndsChain[] = [],
): Program {
  const { graph, eStep: plan, mStep } = input
  lowerer.buffer({ id: 'loglik', space: 'sum', type: 'f64', shape: [] })
  lowerer.buffer({ id: 'scale', space: 'sum', type: 'f64', shape: [], magnitude: true })
  const draws = product === 'draw' ? new Draws(lowerer) : null
  const eStep = new EStepLowering(lowerer, plan, product, input.filtered, chains, draws)
  const continuous = new ContinuousLowering(lowerer, plan, input.collecting, eStep.probability, draws)
  const posterior: Posterior = { probability: eStep.probability, expect: continuous.expect, mean: eStep.mean }
  eStep.reading(posterior)
  const tables = eStep.run()
  const blocks = plan.blocks.map((b) => continuous.lower(b))
  const whole: MutablePass = newPass('whole', null)
  const byTable = new Map<string, MutablePass>()
  const passFor = (id: string, loops: readonly Loop[]): MutablePass => {
    const known = byTable.get(id)
    if (known !== undefined) return known
    const first = loops[0]
    if (first === undefined) return whole
    const made = newPass(id, { table: id, axis: first.index.id, size: lowerer.size(extentOf(first.index)) })
    byTable.set(id, made)
    return made
  }
  const passOfBlock = plan.factorised === null ? blockPasses(blocks, tables) : new Set<ContinuousBlock>()
  const factorising =
    plan.factorised === null
      ? null
      : {
          plan,
          factorised: plan.factorised,
          lifted: input.lifted,
          lowerer,
          eStep,
          continuous,
          posterior,
          tables,
          blocks,
          collecting: input.collecting,
          product,
        }
  const factorised = factorising === null ? null : lowerFactorised(factorising)
  if (factorised !== null) whole.objective.push(...factorised.objective)
  for (const { block, blockable, posterior: ops, normaliser, drawn, objective } of factorised === null ? blocks : []) {
    const pass = blockable && passOfBlock.has(block) ? passFor(tableIdOf(block.loops), block.loops) : whole
    pass.posterior.push(...ops, ...normaliser, ...drawn)
    pass.given.push(...ops)
    pass.objective.push(...objective)
  }
  const passOfTable = (t: LoweredTable): MutablePass => (t.blockable ? passFor(t.table.id, t.table.loops) : whole)
  for (const t of factorised === null ? tables : []) {
    const pass = passOfTable(t)
    pass.posterior.push(...t.up)
    pass.objective.push(...t.objective)
    pass.given.push(...t.given)
  }
  // parents are calibrated before their children
  for (const t of factorised === null ? [...tables].reverse() : []) passOfTable(t).posterior.push(...t.down)
  const counts = plan.countGroups.map((g) => lowerCountGroup(g, lowerer, draws, product))
  for (const c of counts) {
    whole.posterior.push(...c.posterior)
    whole.given.push(...c.given)
    whole.objective.push(...c.objective)
  }
  for (const c of plan.constants) whole.objective.push(...constantObjective(c.lifted, c.expr, lowerer))

  // a statistic goes with the pass that holds the posterior it reads
  const passOfLatent = new Map<string, MutablePass>([
    ...tables.flatMap((t) => t.table.latents.map((l) => [l.name, passOfTable(t)] as const)),
    ...blocks.flatMap(({ block, blockable }) =>
      block.latents.map(
        (l) =>
          [
            l.latent.name,
            blockable && passOfBlock.has(block) ? passFor(tableIdOf(block.loops), block.loops) : whole,
          ] as const,
      ),
    ),
  ])
  const home = (e: Expr): MutablePass => {
    const reads = collectNodes(
      e,
      (n) => n.kind === 'probability' || n.kind === 'expect' || (n.kind === 'ref' && n.space === 'latent'),
    )
    const passes = new Set(
      reads.flatMap((n) => {
        if (n.kind === 'ref') return [passOfLatent.get(n.name) ?? whole]
        return n.kind === 'probability' || n.kind === 'expect'
          ? n.of.map((i) => passOfLatent.get(i.latent) ?? whole)
          : []
      }),
    )
    const [only] = passes
    return only === undefined || passes.size > 1 ? whole : only
  }
  const once: KernelOp[] = []
  for (const s of mStep.objective.statistics) {
    const op = lowerStatistic(s, lowerer, posterior)
    if (s.once) once.push(op)
    else home(s.value).statistics.push(op)
  }
  for (const r of mStep.objective.rowTerms) home(r.expr).q.push(lowerRowTerm(r, 'q:rows', lowerer, posterior))
  lowerer.buffer({ id: 'q:rows', space: 'sum', type: 'f64', shape: [] })

  const paramShape = (name: string): readonly SizeKey[] => input.shapes.shape('param', name).map((e) => lowerer.size(e))
  const mInput = {
    lowerer,
    posterior,
    plan: mStep,
    paramShape,
    coreRank: (name: string) => coreRank(graph.params.find((p) => p.name === name)?.type.support.kind),
    rename: input.rename,
    passOf: (e: Expr) => home(e).id,
  }
  const solves = lowerSolves(mInput)
  const numeric = mStep.steps.flatMap((s) =>
    s.kind === 'newton' || s.kind === 'median' ? [lowerNumericBlock(s, mInput)] : [],
  )
  const qDriver = lowerMonomials(mStep.objective.monomials, 'q:driver', lowerer)
  const prior = lowerPrior(input.lifted, lowerer)
  const derivedValues = input.lets.map((l) => {
    const { axes, context } = lowerer.loops(l.indices, { vars: new Map(), at: 'trial' })
    const buffer = lowerer.buffer({
      id: `let ${l.name}`,
      space: 'table',
      type: 'f64',
      shape: l.indices.map((v) => lowerer.size(extentOf(v))),
    })
    return {
      name: l.name,
      buffer,
      ops: [
        {
          op: 'map',
          out: buffer,
          axes,
          at: axes.map((a) => ({ k: 'axis', axis: a.id }) as const),
          value: lowerer.expr(l.value, context),
        } as const,
      ],
    }
  })

  const solved = solvedMeans(graph, lowerer, posterior)
  // a param that nothing reads has its numbers all the same
  for (const p of graph.params) for (const at of ['param', 'trial'] as const) lowerer.array('param', p.name, at)
  const derived = [...lowerer.derived.values()]
  const latents: LatentOutput[] = [
    ...tables
      .flatMap((t) => t.table.latents.map((l) => [t.table, l] as const))
      .map(
        ([t, l]): LatentOutput => ({
          name: l.name,
          kind: 'discrete',
          loops: l.loops.map((x) => x.index),
          buffer: eStep.marginalOf(t, l.name),
          low: l.low,
          high: l.high,
          levels: l.levels,
          isBool: l.isBool,
          evidence: l.evidence,
          introduced: l.introduced,
        }),
      ),
    ...plan.blocks.flatMap((b) =>
      b.latents.map(
        ({ latent }): LatentOutput => ({
          name: latent.name,
          kind: 'continuous',
          loops: [...latent.loops.map((l) => l.index), ...latent.own],
          buffer: meanBuffer(latent.name),
          low: null,
          high: null,
          levels: null,
          isBool: false,
          evidence: latent.evidence,
          introduced: false,
        }),
      ),
    ),
    ...graph.solved.map(
      (l): LatentOutput => ({
        name: l.name,
        kind: 'count',
        loops: l.loops.map((x) => x.index),
        buffer: meanBuffer(l.name),
        low: null,
        high: null,
        levels: null,
        isBool: false,
        evidence: false,
        introduced: false,
      }),
    ),
    ...plan.countGroups.flatMap((g) =>
      g.latents.map(
        (name): LatentOutput => ({
          name,
          kind: 'count',
          loops: g.loops.map((x) => x.index),
          buffer: meanBuffer(name),
          low: null,
          high: null,
          levels: null,
          isBool: false,
          evidence: false,
          introduced: !graph.latents.some((l) => l.name === name && l.kind === 'count' && !/[₁-₉]$/.test(name)),
        }),
      ),
    ),
  ]
  const marginals = [...solved, ...tables.flatMap((t) => t.marginals), ...blocks.flatMap((b) => b.marginals)]
  const kept =
    factorised === null || factorising === null
      ? null
      : finishFactorised(factorised, factorising, [
          whole.objective,
          whole.statistics,
          whole.q,
          marginals,
          ...numeric.flatMap((n) => n.rows.flatMap((r) => [r.value, r.gradient, r.hessian])),
        ])
  if (kept !== null) whole.posterior.push(...kept.updates.flatMap((u) => u.ops))
  const withinSquares =
    product === 'max' || product === 'labelled'
      ? lowerWithinSquares(input.lifted, lowerer, posterior, input.rename)
      : null
  return {
    sizes: lowerer.sizes,
    buffers: [...lowerer.buffers.values()],
    bindTables: graph.bindTables,
    derived: {
      param: derived.filter((d) => d.at === 'param').flatMap((d) => d.ops),
      trial: derived.filter((d) => d.at === 'trial').flatMap((d) => d.ops),
    },
    once,
    passes: [...byTable.values(), whole].filter(
      (p) => p.posterior.length + p.objective.length + p.statistics.length + p.q.length > 0,
    ),
    linear: null,
    marginals,
    factorised: kept,
    solves,
    sweeps: mStep.sweeps,
    repeated: mStep.repeated,
    numeric,
    qDriver,
    prior,
    latents,
    // a bound has no normaliser of its own for each unit
    units:
      plan.factorised !== null
        ? []
        : [
            ...tables.flatMap((t) =>
              t.normaliser === null ? [] : [{ buffer: t.normaliser, loops: unitLoops(t.table).map((l) => l.index) }],
            ),
            ...plan.blocks.flatMap((b) =>
              b.scope.length > 0 ? [] : [{ buffer: normaliserTable(b), loops: b.loops.map((l) => l.index) }],
            ),
          ],
    withinSquares,
    derivedValues,
  }
}

/** Blocks that can run in a pass of their own rows: those that stand alone, or whose discrete latents live there too. */
function blockPasses(blocks: readonly LoweredBlock[], tables: readonly LoweredTable[]): ReadonlySet<ContinuousBlock> {
  return new Set(
    blocks
      .map((b) => b.block)
      .filter((b) =>
        b.scope.every((s) =>
          tables.some((t) => t.blockable && t.table.id === tableIdOf(b.loops) && t.table.latents.includes(s.latent)),
        ),
      ),
  )
}

/** Dimensions of one value of a support. */
function coreRank(support: string | undefined): number {
  if (support === 'covariance' || support === 'correlation') return 2
  return support === 'simplex' || support === 'ordered' ? 1 : 0
}

/** Means of latents that an equation gives: it is linear in the others, which have a mean each. */
function solvedMeans(graph: FactorGraph, lowerer: Lowerer, posterior: Posterior): readonly KernelOp[] {
  const discrete = new Map(graph.latents.flatMap((l) => (l.kind === 'discrete' ? [[l.name, l] as const] : [])))
  return graph.solved.map((s): KernelOp => {
    const value = rewrite(s.value, (n) => {
      if (n.kind !== 'ref' || n.space !== 'latent') return n
      const latent = discrete.get(n.name)
      if (latent === undefined) return { kind: 'expect', of: [], body: n }
      const v: IndexVar = { id: `mean of ${n.name}`, name: 'k', from: latent.low, to: latent.high }
      return sum(v, mul(idx(v), { kind: 'probability', of: [{ latent: n.name, index: n.index, value: idx(v) }] }))
    })
    const loops = s.loops.map((l) => l.index)
    const { axes, context } = lowerer.loops(loops, { vars: new Map(), at: 'param', ...posterior })
    const out = lowerer.buffer({
      id: meanBuffer(s.name),
      space: 'scratch',
      type: 'f64',
      ...(loops.length === 0 ? {} : { rows: tableIdOf(s.loops) }),
      shape: loops.map((v) => lowerer.size(extentOf(v))),
    })
    return {
      op: 'map',
      out,
      axes,
      at: axes.map((a) => ({ k: 'axis', axis: a.id })),
      value: lowerer.expr(value, context),
    }
  })
}

interface MutablePass extends Pass {
  readonly posterior: KernelOp[]
  readonly given: KernelOp[]
  readonly objective: KernelOp[]
  readonly statistics: KernelOp[]
  readonly q: KernelOp[]
}

const newPass = (id: string, rows: Pass['rows']): MutablePass => ({
  id,
  rows,
  posterior: [],
  given: [],
  objective: [],
  statistics: [],
  q: [],
})

/** Σ over the loops of a log density without latents, times its weights. */
function constantObjective(f: LiftedFactor, expr: Expr, lowerer: Lowerer): readonly KernelOp[] {
  const { axes, context } = lowerer.loops(
    f.factor.loops.map((l) => l.index),
    empty,
  )
  const weight = weightOf(f.factor.loops)
  return addToObjective(axes, lowerer.expr(weight === null ? expr : mul(weight, expr), context))
}

function lowerPrior(lifted: readonly LiftedFactor[], lowerer: Lowerer): readonly KernelOp[] {
  lowerer.buffer({ id: 'logprior', space: 'table', type: 'f64', shape: [] })
  return lifted
    .filter((f) => f.factor.role === 'prior')
    .map((f): KernelOp => {
      const { axes, context } = lowerer.loops(
        f.factor.loops.map((l) => l.index),
        { vars: new Map(), at: 'trial' },
      )
      return { op: 'scatterAdd', out: 'logprior', axes, at: [], value: lowerer.expr(f.expr, context) }
    })
}
