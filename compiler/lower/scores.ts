/** Scores by Fisher's identity: the gradient of Q at the params of q, with a weight for each unit. */
import { idx, mul, ONE, ref, sub } from '../algebra/build.js'
import { partials } from '../algebra/differentiate.js'
import type { Expr } from '../algebra/types.js'
import { some, substituteIndex } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { unitLoops } from '../estep/chain-blocks.js'
import { tableOf } from '../estep/plan.js'
import type { ContinuousBlock } from '../estep/types.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { Loop } from '../graph/types.js'
import type { KernelOp } from '../kernel/types.js'
import { qTerm } from '../mstep/plan.js'
import { ContinuousLowering } from './continuous.js'
import { EStepLowering } from './e-step.js'
import { lower } from './lower.js'
import { extentOf, Lowerer, type LoweringContext } from './lowerer.js'
import { scatterPartial } from './m-step.js'
import type { Program } from './program.js'

export interface ScoreProgram {
  readonly program: Program
  /** Adds the weighted scores to `score <param>`; run after the posterior, over whole arrays. */
  readonly scores: readonly KernelOp[]
}

/** Lowers a derivation with the gradients of every term of Q; priors are left out. */
export function lowerScores(d: Derivation): ScoreProgram {
  const rename = (v: { readonly name: string; readonly to: Expr; readonly from: Expr }) =>
    d.supply.fresh(v.name, v.to, v.from)
  const lowerer = new Lowerer(d.shapes)
  const program = lower(
    {
      graph: d.graph,
      lifted: d.lifted,
      eStep: d.eStep,
      mStep: d.mStep,
      shapes: d.shapes,
      collecting: d.collectOptions,
      rename,
      lets: [],
    },
    lowerer,
  )
  const eStep = new EStepLowering(lowerer, d.eStep)
  eStep.run()
  const { expect } = new ContinuousLowering(lowerer, d.eStep, d.collectOptions, eStep.probability)
  const context: LoweringContext = {
    vars: new Map(),
    at: 'param',
    probability: eStep.probability,
    expect,
    mean: eStep.mean,
  }
  const scores: KernelOp[] = []
  for (const f of d.lifted) {
    if (
      f.factor.role === 'prior' ||
      f.factor.role === 'evidence' ||
      !some(f.expr, (n) => n.kind === 'ref' && n.space === 'param')
    )
      continue
    const weight = unitWeight(f, d, lowerer)
    const term = insideLoops(qTerm(f), f.factor.loops.length, (body) => (weight === null ? body : mul(weight, body)))
    for (const p of partials(term, (r) => r.space === 'param', rename)) {
      const id = lowerer.buffer({
        id: `score ${p.name}`,
        space: 'sum',
        type: 'f64',
        shape: d.shapes.shape('param', p.name).map((e) => lowerer.size(e)),
      })
      scores.push(scatterPartial(id, p, p.at, lowerer, context))
    }
  }
  const derived = [...lowerer.derived.values()].filter((x) => x.at === 'param').flatMap((x) => x.ops)
  return {
    program: {
      ...program,
      buffers: [...lowerer.buffers.values()],
      sizes: lowerer.sizes,
      derived: { ...program.derived, param: derived },
    },
    scores,
  }
}

function insideLoops(e: Expr, loops: number, f: (body: Expr) => Expr): Expr {
  return loops > 0 && e.kind === 'sum' ? { ...e, body: insideLoops(e.body, loops - 1, f) } : f(e)
}

/** Weight of the unit that a factor belongs to: that of the root table's row it reads, else of its outermost loop. */
function unitWeight(f: LiftedFactor, d: Derivation, lowerer: Lowerer): Expr | null {
  const own = d.eStep.blocks.find((b) => b.factors.some((x) => x.lifted === f))
  if (own !== undefined && own.scope.length === 0) return weightOfRow(own.loops, blockRow(own, f), lowerer)
  const variable = f.variables[0]
  let table = variable === undefined ? undefined : d.eStep.tables.find((t) => t.id === tableOf(variable.latent))
  let row: readonly Expr[] = variable?.index ?? []
  while (table !== undefined && table.parent !== null) {
    const { parent, loops } = table
    const by = new Map(loops.map((l, i) => [l.index.id, row[i] ?? idx(l.index)]))
    row = parent.key.map((e) => substituteIndex(e, by))
    table = d.eStep.tables.find((t) => t.id === parent.table)
  }
  const outer = f.factor.loops[0]
  return table?.loops[0] === undefined
    ? weightOfRow(outer === undefined ? [] : [outer], outer === undefined ? [] : [idx(outer.index)], lowerer)
    : weightOfRow(
        unitLoops(table),
        row.filter((_, i) => i !== table.chain?.position),
        lowerer,
      )
}

/** The row of a block that a factor belongs to. */
const blockRow = (b: ContinuousBlock, f: LiftedFactor): readonly Expr[] =>
  b.factors.find((x) => x.lifted === f)?.row ?? []

function weightOfRow(loops: readonly Loop[], row: readonly Expr[], lowerer: Lowerer): Expr | null {
  const loop = loops[0]?.index
  const at = row[0]
  if (loop === undefined || at === undefined) return null
  const id = lowerer.buffer({
    id: `unit weight ${loop.id}`,
    space: 'state',
    type: 'f64',
    shape: [lowerer.size(extentOf(loop))],
  })
  return ref('table', id, [sub(at, sub(loop.from, ONE))])
}
