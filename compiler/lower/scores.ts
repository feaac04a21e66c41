/** Scores by Fisher's identity: the gradient of Q at the params of q, with a weight for each unit. */
import { mul, ref } from '../algebra/build.js'
import { partials } from '../algebra/differentiate.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { tableOf } from '../estep/plan.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { KernelOp } from '../kernel/types.js'
import { qTerm } from '../mstep/plan.js'
import { EStepLowering } from './e-step.js'
import { extentOf, Lowerer, type LoweringContext } from './lowerer.js'
import { lower } from './lower.js'
import { scatterPartial } from './m-step.js'
import type { Program } from './program.js'

export interface ScoreProgram {
  readonly program: Program
  /** Adds the weighted scores to `score <param>`; run after the posterior, over whole arrays. */
  readonly scores: readonly KernelOp[]
}

/** Lowers a derivation with the gradients of every term of Q; priors are left out. */
export function lowerScores(d: Derivation): ScoreProgram {
  const rename = (v: { readonly name: string; readonly to: Expr; readonly from: Expr }) => d.supply.fresh(v.name, v.to, v.from)
  const lowerer = new Lowerer(d.shapes)
  const program = lower({ graph: d.graph, lifted: d.lifted, eStep: d.eStep, mStep: d.mStep, shapes: d.shapes, rename, lets: [] }, lowerer)
  const eStep = new EStepLowering(lowerer, d.eStep)
  eStep.run()
  const context: LoweringContext = { vars: new Map(), at: 'param', probability: eStep.probability, mean: eStep.mean }
  const scores: KernelOp[] = []
  for (const f of d.lifted) {
    if (f.factor.role === 'prior' || f.factor.role === 'evidence' || !some(f.expr, (n) => n.kind === 'ref' && n.space === 'param')) continue
    const weight = unitWeight(f, d, lowerer)
    const term = insideLoops(qTerm(f), f.factor.loops.length, (body) => (weight === null ? body : mul(weight, body)))
    for (const p of partials(term, (r) => r.space === 'param', rename)) {
      const id = lowerer.buffer({ id: `score ${p.name}`, space: 'sum', type: 'f64', shape: d.shapes.shape('param', p.name).map((e) => lowerer.size(e)) })
      scores.push(scatterPartial(id, p, p.at, lowerer, context))
    }
  }
  const derived = [...lowerer.derived.values()].filter((x) => x.at === 'param').flatMap((x) => x.ops)
  return { program: { ...program, buffers: [...lowerer.buffers.values()], sizes: lowerer.sizes, derived: { ...program.derived, param: derived } }, scores }
}

function insideLoops(e: Expr, loops: number, f: (body: Expr) => Expr): Expr {
  return loops > 0 && e.kind === 'sum' ? { ...e, body: insideLoops(e.body, loops - 1, f) } : f(e)
}

/** Weight of the unit that a factor belongs to: that of the root table's row it reads, else of its outermost loop. */
function unitWeight(f: LiftedFactor, d: Derivation, lowerer: Lowerer): Expr | null {
  let variable = f.variables[0]
  for (const v of f.variables) {
    const table = d.eStep.tables.find((t) => t.id === tableOf(v.latent))
    if (table !== undefined && table.parent === null) variable = v
  }
  const own = variable === undefined ? null : tableOf(variable.latent)
  const table = d.eStep.tables.find((t) => t.id === own)
  let at: Expr | undefined = variable?.index[0]
  let loop = table?.loops[0]?.index
  if (table?.parent !== null && table !== undefined) {
    const parent = d.eStep.tables.find((t) => t.id === table.parent?.table)
    loop = parent?.loops[0]?.index
    at = table.parent?.key[0]
  }
  if (loop === undefined || at === undefined) {
    const outer = f.factor.loops[0]?.index
    if (outer === undefined) return null
    loop = outer
    at = { kind: 'index', var: outer.id, name: outer.name }
  }
  const id = lowerer.buffer({ id: `unit weight ${loop.id}`, space: 'state', type: 'f64', shape: [lowerer.size(extentOf(loop))] })
  return ref('table', id, [at])
}
