/** A derivation, lowered to a program. */

import { mul } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import { weightOf } from '../estep/plan.js'
import type { EStepPlan } from '../estep/types.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { FactorGraph } from '../graph/types.js'
import type { KernelOp, SizeKey } from '../kernel/types.js'
import type { MStepPlan } from '../mstep/types.js'
import { addToObjective, marginalBuffer, meanBuffer } from './buffers.js'
import { lowerCountGroup } from './count-groups.js'
import { EStepLowering } from './e-step.js'
import { type ArrayShapes, extentOf, Lowerer, type LoweringContext } from './lowerer.js'
import { lowerMonomials, lowerNumericBlock, lowerRowTerm, lowerSolves, lowerStatistic } from './m-step.js'
import type { LatentOutput, Pass, Program } from './program.js'

export interface LowerInput {
  readonly graph: FactorGraph
  readonly lifted: readonly LiftedFactor[]
  readonly eStep: EStepPlan
  readonly mStep: MStepPlan
  readonly shapes: ArrayShapes
  readonly rename: (v: IndexVar) => IndexVar
  /** Top-level lets over params: name, the indices of its elements, the element. */
  readonly lets: readonly { readonly name: string; readonly indices: readonly IndexVar[]; readonly value: Expr }[]
}

const empty: LoweringContext = { vars: new Map(), at: 'param' }

export function lower(input: LowerInput, lowerer: Lowerer = new Lowerer(input.shapes)): Program {
  const { graph, eStep: plan, mStep } = input
  for (const id of ['loglik', 'scale']) lowerer.buffer({ id, space: 'sum', type: 'f64', shape: [] })
  const eStep = new EStepLowering(lowerer, plan)
  const tables = eStep.run()
  const posteriorAxis = new Map<string, string | null>()
  for (const t of tables)
    for (const l of t.table.latents)
      posteriorAxis.set(l.name, t.blockable ? (t.table.loops[0]?.index.id ?? null) : null)

  const whole: MutablePass = newPass('whole', null)
  const byTable = new Map<string, MutablePass>()
  const passOf = (key: string): MutablePass => byTable.get(key) ?? whole
  for (const t of tables) {
    const first = t.table.loops[0]
    const pass =
      t.blockable && first !== undefined
        ? newPass(t.table.id, { table: t.table.id, axis: first.index.id, size: lowerer.size(extentOf(first.index)) })
        : whole
    if (pass !== whole) byTable.set(t.table.id, pass)
    pass.posterior.push(...t.up)
    pass.objective.push(...t.objective)
    pass.given.push(...t.given)
  }
  // parents are calibrated before their children
  for (const t of [...tables].reverse()) (byTable.get(t.table.id) ?? whole).posterior.push(...t.down)
  const counts = plan.countGroups.map((g) => lowerCountGroup(g, lowerer))
  for (const c of counts) {
    whole.posterior.push(...c.posterior)
    whole.given.push(...c.given)
    whole.objective.push(...c.objective)
  }
  for (const c of plan.constants) whole.objective.push(...constantObjective(c.lifted, c.expr, lowerer))

  // a statistic goes with the pass that holds the posterior it reads
  const tableOfLatent = new Map(tables.flatMap((t) => t.table.latents.map((l) => [l.name, t] as const)))
  const home = (e: Expr): MutablePass => {
    const names = collectNodes(e, (n) => n.kind === 'probability').flatMap((n) =>
      n.kind === 'probability' ? n.of.map((i) => i.latent) : [],
    )
    const [name] = names
    const t = name === undefined ? undefined : tableOfLatent.get(name)
    return t === undefined || !t.blockable ? whole : passOf(t.table.id)
  }
  const once: KernelOp[] = []
  for (const s of mStep.objective.statistics) {
    const op = lowerStatistic(s, lowerer, eStep)
    if (s.once) once.push(op)
    else home(s.value).statistics.push(op)
  }
  for (const r of mStep.objective.rowTerms) home(r.expr).q.push(lowerRowTerm(r, 'q:rows', lowerer, eStep))
  lowerer.buffer({ id: 'q:rows', space: 'sum', type: 'f64', shape: [] })

  const paramShape = (name: string): readonly SizeKey[] => input.shapes.shape('param', name).map((e) => lowerer.size(e))
  const mInput = {
    lowerer,
    eStep,
    plan: mStep,
    paramShape,
    rename: input.rename,
    passOf: (e: Expr) => home(e).id,
  }
  const solves = lowerSolves(mInput)
  const numeric = mStep.steps.flatMap((s) => (s.kind === 'newton' ? [lowerNumericBlock(s, mInput)] : []))
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

  const derived = [...lowerer.derived.values()]
  const latents: LatentOutput[] = [
    ...tables
      .flatMap((t) => t.table.latents)
      .map(
        (l): LatentOutput => ({
          name: l.name,
          kind: 'discrete',
          loops: l.loops.map((x) => x.index),
          buffer: marginalBuffer(l.name),
          low: l.low,
          high: l.high,
          levels: l.levels,
          isBool: l.isBool,
          evidence: l.evidence,
          introduced: l.introduced,
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
    marginals: tables.flatMap((t) => t.marginals),
    solves,
    sweeps: mStep.sweeps,
    numeric,
    qDriver,
    prior,
    latents,
    units: tables.flatMap((t) =>
      t.normaliser === null ? [] : [{ buffer: t.normaliser, loops: t.table.loops.map((l) => l.index) }],
    ),
    derivedValues,
  }
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
