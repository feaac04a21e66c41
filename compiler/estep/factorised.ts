/**
 * Latents whose joint posterior has no closed form, but which have one given the others: q is a product of factors, each
 * planned as an exact E-step of the model's terms in expectation over the other factors (Jordan, Ghahramani, Jaakkola and
 * Saul 1999; Bishop 2006, section 10.1). Latents that can be treated together stay together (Saul and Jordan 1996).
 */
import { idx, mul } from '../algebra/build.js'
import type { CollectOptions } from '../algebra/collect.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, Indicator } from '../algebra/types.js'
import { collectNodes, rewrite, substituteIndex } from '../algebra/visit.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { FactorGraph, Latent, Loop } from '../graph/types.js'
import { expectAcross, showLatents } from './across.js'
import { expandExpectation } from './expectation.js'
import { NoMoment } from './moments.js'
import { type EStepResult, planEStep, tableOf } from './plan.js'
import type { EStepPlan, EStepRefusal, EStepStep, PosteriorFactor } from './types.js'

type Options = Omit<CollectOptions, 'inU'>

/** Refusals that a factorised posterior may overcome: coupled latents, selectors in selectors, crossed keys, two axes. */
const COUPLED: ReadonlySet<string> = new Set(['E402', 'E403', 'E404', 'E405'])

/** Latents that are treated together. */
interface Unit {
  readonly latents: readonly Latent[]
}

interface Planned {
  readonly plan: EStepPlan
  readonly expected: readonly LiftedFactor[]
}

type Attempt = Planned | { readonly reason: string }

/**
 * A plan in which q is factorised; null where the model has no two parts to factorise into, or counts that an equation
 * ties.
 *
 * @param refused what the exact planner said
 */
export function planFactorised(
  graph: FactorGraph,
  lifted: readonly LiftedFactor[],
  options: Options,
  refused: readonly EStepRefusal[],
): EStepResult | null {
  if (!refused.every((r) => COUPLED.has(r.code))) return null
  if (graph.constraints.length > 0 || graph.latents.some((l) => l.kind === 'count')) return null
  let units = finest(graph)
  if (units.length < 2) return null
  const planner = new Planner(graph, lifted, options)
  for (let merged = merge(units, planner); merged !== null; merged = merge(units, planner)) units = merged
  const attempts = units.map((u) => planner.attempt(units, u, 0))
  const failed = attempts.flatMap((a) => ('reason' in a ? [a.reason] : []))
  if (units.length < 2 || failed.length > 0) {
    const [first] = failed
    if (first === undefined) return null
    return {
      plan: null,
      // a part that is refused for the same reason needs no second saying
      refusals: refused.some((r) => r.message === first) ? refused : refused.map((r) => ({ ...r, apart: first })),
    }
  }
  const order = units.map((u, i) => ({ u, first: firstOf(attempts[i]) })).sort((a, b) => a.first - b.first)
  return {
    plan: joined(
      order.map((o) => o.u),
      planner,
      lifted,
      refused,
    ),
    refusals: [],
  }
}

/** Each continuous latent by itself; discrete ones with those of the same rows, which elimination treats together. */
function finest(graph: FactorGraph): readonly Unit[] {
  const tables = new Map<string, Latent[]>()
  const out: Unit[] = []
  for (const l of graph.latents) {
    if (l.kind !== 'discrete') {
      out.push({ latents: [l] })
      continue
    }
    const known = tables.get(tableOf(l))
    if (known === undefined) {
      const latents: Latent[] = [l]
      tables.set(tableOf(l), latents)
      out.push({ latents })
    } else known.push(l)
  }
  return out
}

/** The first two units that a statement joins and that have an exact E-step together, as one; null where none have. */
function merge(units: readonly Unit[], planner: Planner): readonly Unit[] | null {
  for (const [i, a] of units.entries())
    for (const b of units.slice(i + 1)) {
      if (!planner.joins(a, b)) continue
      const both: Unit = { latents: [...a.latents, ...b.latents] }
      const rest = units.filter((u) => u !== a && u !== b)
      const all = [...rest, both]
      if ('reason' in planner.attempt(all, both, 0)) continue
      // the others must still come apart from the two together
      if (rest.some((u) => 'reason' in planner.attempt(all, u, 0) && !('reason' in planner.attempt(units, u, 0))))
        continue
      return units.flatMap((u) => (u === a ? [both] : u === b ? [] : [u]))
    }
  return null
}

/** Systems over all cells have no made-up first state and are updated first, tables of discrete latents last. */
function firstOf(a: Attempt | undefined): number {
  if (a === undefined || 'reason' in a) return 0
  if (a.plan.tables.length > 0) return 3
  return a.plan.blocks.some((b) => b.kind === 'gaussian' && (b.layout === 'joint' || b.references.size > 0)) ? 1 : 2
}

class Planner {
  private readonly known = new Map<string, Attempt>()

  constructor(
    private readonly graph: FactorGraph,
    private readonly lifted: readonly LiftedFactor[],
    private readonly options: Options,
  ) {}

  joins(a: Unit, b: Unit): boolean {
    return this.lifted.some((f) => reads(f, a) && reads(f, b))
  }

  /** The exact plan of a unit, given the other units: those of latents that its factors read do matter. */
  attempt(units: readonly Unit[], unit: Unit, taken: number): Attempt {
    const beside = new Set(this.lifted.filter((f) => reads(f, unit)).flatMap(latentsOf))
    const others = units.map((u) =>
      u.latents.flatMap((l) => (u !== unit && beside.has(l.name) ? [l.name] : [])).join(', '),
    )
    const key = `${taken} ${names(unit)} of ${others.filter((u) => u !== '').join(' | ')}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    const made = this.plan(units, unit, taken)
    this.known.set(key, made)
    return made
  }

  private plan(units: readonly Unit[], unit: Unit, taken: number): Attempt {
    const own = names(unit)
    const factorOf = factorsOf(units)
    let expected: readonly LiftedFactor[]
    try {
      expected = this.lifted
        .filter((f) => reads(f, unit))
        .map((f) => expectedFactor(f, unit, { factorOf, own, collecting: this.options }))
    } catch (e) {
      if (!(e instanceof NoMoment)) throw e
      return { reason: e.message }
    }
    const graph: FactorGraph = { ...this.graph, latents: unit.latents }
    const { plan, refusals } = planEStep(graph, expected, this.options, taken)
    if (plan === null) return { reason: refusals[0]?.message ?? 'it has no plan' }
    const inexact = plan.blocks.find((b) => b.kind === 'nodes')
    if (inexact !== undefined) return { reason: `the posterior of ${own} alone has no closed form` }
    return { plan, expected }
  }
}

const names = (u: Unit): string => u.latents.map((l) => l.name).join(', ')

function factorsOf(units: readonly Unit[]): (latent: string) => string {
  const of = new Map(units.flatMap((u) => u.latents.map((l) => [l.name, names(u)] as const)))
  return (latent) => {
    const found = of.get(latent)
    if (found === undefined) throw new Error(`no factor of q holds ${latent}`)
    return found
  }
}

const latentsOf = (f: LiftedFactor): readonly string[] => [
  ...f.variables.map((v) => v.latent.name),
  ...f.continuous.map((c) => c.latent.name),
]

const reads = (f: LiftedFactor, u: Unit): boolean => latentsOf(f).some((n) => u.latents.some((l) => l.name === n))

/** E over the other factors of q of a factor of the model. The values of their discrete latents become loops. */
function expectedFactor(
  f: LiftedFactor,
  unit: Unit,
  options: { readonly factorOf: (latent: string) => string; readonly own: string; readonly collecting: Options },
): LiftedFactor {
  const isOwn = (name: string): boolean => unit.latents.some((l) => l.name === name)
  const values = new Map(
    f.variables.map((v) => [keyOf({ kind: 'ref', space: 'latent', name: v.latent.name, index: v.index }), v] as const),
  )
  // an index that another factor's latent gives is a loop over its values
  const valued = (e: Expr): Expr =>
    rewrite(e, (n) => {
      if (n.kind !== 'ref' || n.space !== 'latent') return n
      const v = values.get(keyOf(n))
      return v === undefined || isOwn(v.latent.name) ? n : idx(v.value)
    })
  const variables = f.variables.map((v) => ({ ...v, index: v.index.map(valued) }))
  const others = variables.filter((v) => !isOwn(v.latent.name))
  const of = others.map((v): Indicator => ({ latent: v.latent.name, index: v.index, value: idx(v.value) }))
  const weights = weightsOfOthers(f, unit, isOwn)
  return {
    ...f,
    factor: { ...f.factor, loops: [...f.factor.loops, ...others.map((v): Loop => ({ index: v.value, weight: null }))] },
    variables: variables.filter((v) => isOwn(v.latent.name)),
    continuous: f.continuous.filter((c) => isOwn(c.latent.name)).map((c) => ({ ...c, index: c.index.map(valued) })),
    expr: mul(...weights, expectAcross(f.expr, of, options)),
  }
}

/** Weights of tables of other factors that are read through keys: the row stands for as many copies. */
function weightsOfOthers(f: LiftedFactor, unit: Unit, isOwn: (name: string) => boolean): readonly Expr[] {
  const weighted = [...f.factor.loops, ...unit.latents.flatMap((l) => l.loops)].filter((l) => l.weight !== null)
  const seen = new Set(weighted.map((l) => l.index.id))
  const out: Expr[] = []
  for (const v of [...f.variables, ...f.continuous])
    if (!isOwn(v.latent.name))
      v.latent.loops.forEach((l, i) => {
        const at = v.index[i]
        if (l.weight === null || at === undefined || seen.has(l.index.id)) return
        seen.add(l.index.id)
        out.push(substituteIndex(l.weight, new Map([[l.index.id, at]])))
      })
  return out
}

function joined(
  units: readonly Unit[],
  planner: Planner,
  lifted: readonly LiftedFactor[],
  refused: readonly EStepRefusal[],
): EStepPlan {
  const parts: { readonly unit: Unit; readonly made: Planned }[] = []
  let taken = 0
  for (const unit of units) {
    const made = planner.attempt(units, unit, taken)
    if ('reason' in made) throw new Error(`a factor of q lost its plan: ${made.reason}`)
    taken += made.plan.blocks.length
    parts.push({ unit, made })
  }
  const plans = parts.map((p) => p.made.plan)
  const factors = parts.map(
    ({ unit, made }): PosteriorFactor => ({
      id: names(unit),
      latents: unit.latents.map((l) => l.name),
      tables: made.plan.tables.map((t) => t.id),
      blocks: made.plan.blocks.map((b) => b.id),
      expected: made.expected,
      couplings: lifted.flatMap((f) => {
        if (!reads(f, unit)) return []
        const others = latentsOf(f).filter((n) => !unit.latents.some((l) => l.name === n))
        return others.length === 0 ? [] : [{ span: f.factor.span, with: [...new Set(others)] }]
      }),
    }),
  )
  return {
    bound: 'variational',
    blocks: plans.flatMap((p) => p.blocks),
    bindTables: plans.flatMap((p) => p.bindTables),
    tables: plans.flatMap((p) => p.tables),
    potentials: plans.flatMap((p) => p.potentials),
    countGroups: [],
    constants: lifted
      .filter((f) => latentsOf(f).length === 0 && f.factor.role !== 'prior')
      .map((f) => ({ lifted: f, expr: f.expr })),
    steps: parts.flatMap(({ unit, made }) => made.plan.steps.map((s): EStepStep => ({ ...s, factor: names(unit) }))),
    factorised: { factors, refused },
  }
}

/**
 * Why an expectation that the factors of q demand of each other has no closed form; null where all of them have one.
 */
export function missingMoment(plan: EStepPlan, options: Options): string | null {
  try {
    for (const { expected } of plan.factorised?.factors ?? [])
      for (const f of expected)
        for (const n of collectNodes(f.expr, (x) => x.kind === 'expect'))
          if (n.kind === 'expect') expandExpectation({ ...n, body: showLatents(n.body) }, { plan, collecting: options })
    return null
  } catch (e) {
    if (e instanceof NoMoment) return e.message
    throw e
  }
}
