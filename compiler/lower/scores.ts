/** Scores by Fisher's identity: the gradient of Q at the params of q, with a weight for each unit. */
import { add, idx, mul, ONE, ref, sub } from '../algebra/build.js'
import { partials } from '../algebra/differentiate.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { collectNodes, some, substituteIndex } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { unitLoops } from '../estep/chain-blocks.js'
import { tableOf } from '../estep/plan.js'
import type { ContinuousBlock } from '../estep/types.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { Loop } from '../graph/types.js'
import type { KernelOp, SizeKey } from '../kernel/types.js'
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

/** Scores of each unit apart: `score <param> by <key>` has a row for each unit of the range 1..to of `loop`. */
export interface UnitScoreProgram extends ScoreProgram {
  readonly ranges: ReadonlyMap<string, IndexVar>
  /** Targets of terms that belong to no unit, since everything hangs together there; empty: every term has its unit. */
  readonly shared: readonly string[]
}

/** Lowers a derivation with the gradients of every term of Q; priors are left out. */
export const lowerScores = (d: Derivation): ScoreProgram => lowered(d, false)

/** The same, each term into the row of its unit. */
export const lowerUnitScores = (d: Derivation): UnitScoreProgram => lowered(d, true)

/** The buffer of the scores of a param, of each unit of a range where a range is given. */
export const scoreBuffer = (param: string, range?: string): string =>
  range === undefined ? `score ${param}` : `score ${param} by ${range}`

function lowered(d: Derivation, byUnit: boolean): UnitScoreProgram {
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
  const reader = new ContinuousLowering(lowerer, d.eStep, d.collectOptions, eStep.probability)
  const { expect } = reader
  eStep.reading({ probability: eStep.probability, expect })
  eStep.run()
  const context: LoweringContext = {
    vars: new Map(),
    at: 'param',
    probability: eStep.probability,
    expect,
    mean: eStep.mean,
  }
  const scores: KernelOp[] = []
  const ranges = new Map<string, IndexVar>()
  const shared: string[] = []
  for (const f of d.lifted) {
    if (
      f.factor.role === 'prior' ||
      f.factor.role === 'evidence' ||
      !some(f.expr, (n) => n.kind === 'ref' && n.space === 'param')
    )
      continue
    const unit = unitOf(f, d)
    const weight = unit === null ? null : unitWeight(unit, lowerer)
    if (byUnit && unit === null) {
      shared.push(f.factor.target.name)
      continue
    }
    const term = insideLoops(qTerm(f), f.factor.loops.length, (body) => (weight === null ? body : mul(weight, body)))
    for (const p of partials(term, (r) => r.space === 'param', rename)) {
      const own = d.shapes.shape('param', p.name).map((e) => lowerer.size(e))
      const into = (id: string, before: readonly SizeKey[]): string =>
        lowerer.buffer({ id, space: 'sum', type: 'f64', shape: [...before, ...own] })
      if (!byUnit || unit === null) {
        scores.push(scatterPartial(into(scoreBuffer(p.name), []), p, p.at, lowerer, context))
        continue
      }
      const range = keyOf(unit.loop.to)
      ranges.set(range, unit.loop)
      const id = into(scoreBuffer(p.name, range), [lowerer.size(unit.loop.to)])
      scores.push(scatterPartial(id, p, [placeOfUnit(p.value, unit), ...p.at], lowerer, context))
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
    scores: [...(reader.moments?.all() ?? []), ...scores],
    ranges,
    shared,
  }
}

function insideLoops(e: Expr, loops: number, f: (body: Expr) => Expr): Expr {
  return loops > 0 && e.kind === 'sum' ? { ...e, body: insideLoops(e.body, loops - 1, f) } : f(e)
}

/** A unit: what shares no latent with others. `at` is its place, from 1, in the range 1..to of `loop`. */
export interface Unit {
  readonly loop: IndexVar
  readonly at: Expr
}

/** The unit that a factor belongs to: the root table's row it reads, else that of its outermost loop. null: there is one. */
export function unitOf(f: LiftedFactor, d: Derivation): Unit | null {
  const own = d.eStep.blocks.find((b) => b.factors.some((x) => x.lifted === f))
  if (own !== undefined && own.scope.length === 0)
    return own.loops.length === 0
      ? unitAt(own.apart, f.continuous[0]?.index ?? [])
      : unitAt(own.loops, blockRow(own, f))
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
    ? unitAt(outer === undefined ? [] : [outer], outer === undefined ? [] : [idx(outer.index)])
    : unitAt(
        unitLoops(table),
        row.filter((_, i) => i !== table.chain?.position),
      )
}

/** The row of a block that a factor belongs to. */
const blockRow = (b: ContinuousBlock, f: LiftedFactor): readonly Expr[] =>
  b.factors.find((x) => x.lifted === f)?.row ?? []

function unitAt(loops: readonly Loop[], row: readonly Expr[]): Unit | null {
  const loop = loops[0]?.index
  const at = row[0]
  return loop === undefined || at === undefined ? null : { loop, at }
}

const weightBuffer = (loop: IndexVar): string => `unit weight ${loop.id}`

function unitWeight({ loop, at }: Unit, lowerer: Lowerer): Expr {
  const id = lowerer.buffer({
    id: weightBuffer(loop),
    space: 'state',
    type: 'f64',
    shape: [lowerer.size(extentOf(loop))],
  })
  return ref('table', id, [sub(at, sub(loop.from, ONE))])
}

/** The place of the unit in a derivative, whose loops may have other names: where its weight, a factor of it, is read. */
function placeOfUnit(value: Expr, { loop }: Unit): Expr {
  const [weight] = collectNodes(value, (n) => n.kind === 'ref' && n.space === 'table' && n.name === weightBuffer(loop))
  const at = weight?.kind === 'ref' ? weight.index[0] : undefined
  if (at === undefined) throw new Error(`a score without the weight of its unit ${loop.id}`)
  return add(at, sub(loop.from, ONE))
}
