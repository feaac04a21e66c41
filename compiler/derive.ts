/** Typed model → derivation: the pass table of the compiler on one page. */
import type { Diagnostic, Outcome } from '../lang/diagnostics/types.js'
import type { ArrayType, DataSymbol, ModelSymbol, ParamSymbol, TExpr, TypedModel } from '../lang/typed/types.js'
import { literal } from './algebra/build.js'
import { NotDifferentiable, partials } from './algebra/differentiate.js'
import { isNonnegative, type SignOf } from './algebra/signs.js'
import type { Expr, IndexVar } from './algebra/types.js'
import { some } from './algebra/visit.js'
import type { Distribution } from './distributions/types.js'
import { missingMoment, planFactorised } from './estep/factorised.js'
import { maxProductSteps } from './estep/max-product.js'
import { type EStepResult, planEStep } from './estep/plan.js'
import { refusalDiagnostic } from './estep/refusal-diagnostic.js'
import type { EStepPlan } from './estep/types.js'
import { buildFactorGraph } from './graph/build.js'
import { Elaborator } from './graph/elaborate.js'
import { boundRaggedDomains, enumerateCounts } from './graph/enumerate-counts.js'
import { type LiftedFactor, liftFactors } from './graph/lift.js'
import { solveSums } from './graph/solve-sums.js'
import { IndexSupply } from './graph/tensors.js'
import type { FactorGraph } from './graph/types.js'
import { withLinearRoad } from './lower/linear-road.js'
import { type LowerInput, lower } from './lower/lower.js'
import { type ArrayShapes, Lowerer } from './lower/lowerer.js'
import type { Program } from './lower/program.js'
import { readsParam } from './mstep/atoms.js'
import { planMStep, qTerms, valueRanges } from './mstep/plan.js'
import { readsRows, type StatisticsOptions } from './mstep/statistics.js'
import type { MStepPlan } from './mstep/types.js'
import { checkByValue, type ValueCheck } from './mstep/value-check.js'
import type { ParamInfo } from './rules/mstep/types.js'

/** Terms beyond which `collect` gives up on a block, with a diagnostic. */
export const MAX_TERMS = 4000

export interface DeriveOptions {
  /** `--m-step gradient`: no closed forms. */
  readonly gradientOnly?: boolean
  /** `max`: with the program of hard mode. */
  readonly product?: 'sum' | 'max'
}

/** Modes that change what is done with the derived steps, and not the steps. */
export type StepMode = 'cem' | 'anneal' | 'sem' | 'online'

/** Everything that is derived from a model, before any data. */
export interface Derivation {
  readonly model: TypedModel
  readonly distributions: ReadonlyMap<string, Distribution>
  readonly graph: FactorGraph
  readonly lifted: readonly LiftedFactor[]
  readonly eStep: EStepPlan
  readonly mStep: MStepPlan
  readonly program: Program
  /** The same with the most probable values of the discrete latents in place of their posterior; made where asked for. */
  readonly maxProduct: Program | null
  /** For the document: what a mode changes is said at its end. */
  readonly mode?: StepMode
  readonly params: readonly ParamInfo[]
  readonly shapes: ArrayShapes
  readonly collectOptions: StatisticsOptions
  /** Shapes of params as expressions. */
  readonly supply: IndexSupply
  /** Q against its statistics, by value on a micro-instance. */
  readonly valueCheck: ValueCheck
}

/**
 * Runs the passes in order: graph → lift → E-step plan → M-step plan → program. A model that no rule covers is refused
 * with the statement responsible and the reason.
 */
export function derive(
  model: TypedModel,
  distributions: ReadonlyMap<string, Distribution>,
  options: DeriveOptions = {},
): Outcome<Derivation> {
  const supply = new IndexSupply()
  const built = buildFactorGraph(model, distributions, supply)
  if (built.value === undefined) return { diagnostics: built.diagnostics }
  let graph = solveSums(boundRaggedDomains(built.value))
  let lifted = liftFactors(graph, supply)
  const collecting = (): StatisticsOptions => statisticsOptions(model, graph, supply)
  let planned = planEStep(graph, lifted, collecting())
  if (planned.plan === null && planned.refusals.every((r) => r.code === 'E406')) {
    const enumerated = enumerateCounts(graph)
    if (enumerated !== null) {
      graph = enumerated
      lifted = liftFactors(graph, supply)
      planned = planEStep(graph, lifted, collecting())
    }
  }
  if (planned.plan === null) planned = inexact(graph, lifted, collecting(), planned)
  if (planned.plan === null) {
    return { diagnostics: planned.refusals.map((r) => refusalDiagnostic(r, graph, lifted)) }
  }
  graph = { ...graph, bindTables: [...graph.bindTables, ...planned.plan.bindTables] }
  const shapes = arrayShapes(model, graph, supply)
  const params = graph.params.map((p) => paramInfo(p, model, supply))
  const collectOptions = collecting()
  const mStep = planMStep({
    params,
    spans: new Map(graph.params.map((p) => [p.name, p.span])),
    lifted,
    eStep: planned.plan,
    options: collectOptions,
    continuousData: new Set(graph.data.filter((d) => isContinuous(d.type)).map((d) => d.name)),
    hasComponents: planned.plan.tables.length > 0,
    gradientOnly: options.gradientOnly ?? false,
  })
  const valueCheck = checkByValue({
    terms: qTerms(lifted),
    objective: mStep.objective,
    params,
    held: model.symbols.flatMap((s) =>
      s.kind === 'const' && s.held !== undefined ? [paramInfo({ name: s.id, type: s.held }, model, supply)] : [],
    ),
    data: new Map(graph.data.map((d) => [d.name, d.type.support.kind])),
    bindTables: graph.bindTables,
    ranges: valueRanges(lifted),
    latents: new Map(graph.latents.flatMap((l) => (l.kind === 'continuous' ? [[l.name, l.support] as const] : []))),
  })
  const unsupported = mStep.steps
    .filter((s) => s.kind === 'newton')
    .flatMap((s) => s.params)
    .map((n) => graph.params.find((p) => p.name === n))
    .find((p) => p !== undefined && ['int', 'count', 'bool', 'category'].includes(p.type.support.kind))
  if (unsupported !== undefined)
    return {
      diagnostics: [
        {
          code: 'E408',
          severity: 'error',
          span: unsupported.span,
          message: `no M-step rule applies to \`${unsupported.name}\`, and a ${unsupported.type.support.kind} has no unconstrained form for a numerical one in this version`,
        },
      ],
    }
  const unknown = withoutDerivative(mStep, lifted)
  if (unknown !== null) return { diagnostics: [unknown] }
  const toLower: LowerInput = {
    graph,
    lifted,
    eStep: planned.plan,
    mStep,
    shapes,
    collecting: collectOptions,
    rename: (v) => supply.fresh(v.name, v.to, v.from),
    lets: graph.lets,
  }
  const lowerer = new Lowerer(shapes)
  const program = withLinearRoad(lower(toLower, lowerer), toLower, lowerer)
  return {
    value: {
      model,
      distributions,
      graph,
      lifted,
      eStep: options.product === 'max' ? { ...planned.plan, steps: maxProductSteps(planned.plan) } : planned.plan,
      mStep,
      program,
      maxProduct: options.product === 'max' ? lower(toLower, lowerer, 'max') : null,
      params,
      shapes,
      collectOptions,
      supply,
      valueCheck,
    },
    diagnostics: [],
  }
}

/**
 * Where there is no exact E-step: latents that are conjugate given each other have a factorised posterior; others nodes,
 * of a quadrature in few dimensions and drawn beyond.
 */
function inexact(
  graph: FactorGraph,
  lifted: readonly LiftedFactor[],
  options: StatisticsOptions,
  exact: EStepResult,
): EStepResult {
  const factorised = planFactorised(graph, lifted, options, exact.refusals)
  if (factorised?.plan != null && missingMoment(factorised.plan, options) === null) return factorised
  const few = planEStep(graph, lifted, options, 0, 'quadrature')
  if (few.plan !== null) return few
  const drawn = planEStep(graph, lifted, options, 0, 'draws')
  if (drawn.plan !== null) return drawn
  // nodes say best why there are none
  const apart = factorised?.refusals[0]?.apart
  return apart === undefined ? drawn : { plan: null, refusals: drawn.refusals.map((r) => ({ ...r, apart })) }
}

/** A numerical M-step needs two derivatives of its part of Q. */
function withoutDerivative(mStep: MStepPlan, lifted: readonly LiftedFactor[]): Diagnostic | null {
  for (const step of mStep.steps) {
    if (step.kind !== 'newton') continue
    const names = new Set(step.params)
    const kinked = step.rowTerms.some((r) =>
      some(r.expr, (n) => n.kind === 'call' && n.fn === 'abs' && readsParam(n, names) && readsRows(n)),
    )
    const statement = lifted.find((f) =>
      some(f.expr, (n) => n.kind === 'call' && n.fn === 'abs' && readsParam(n, names)),
    )
    if (kinked && statement !== undefined)
      return {
        code: 'E408',
        severity: 'error',
        span: statement.factor.span,
        message: `no M-step rule applies to ${step.params.map((n) => `\`${n}\``).join(' and ')}: the log density has a kink wherever an absolute value is 0, and its maximum lies at kinks, where no derivative vanishes`,
        help: 'a location that is one number has a rule, the weighted median; for a regression with heavy tails, StudentT has smooth ones',
      }
    const isTarget = (r: Extract<Expr, { kind: 'ref' }>): boolean =>
      (r.space === 'param' || r.space === 'shift') && names.has(r.name)
    for (const f of lifted.filter((x) => x.factor.tails !== undefined)) {
      try {
        for (const p of partials(f.expr, isTarget, (v) => v)) partials(p.value, isTarget, (v) => v)
      } catch (e) {
        if (!(e instanceof NotDifferentiable)) throw e
        return {
          code: 'E408',
          severity: 'error',
          span: f.factor.span,
          message: `no M-step rule applies to ${step.params.map((n) => `\`${n}\``).join(' and ')}: ${e.message}`,
          help: 'a shape that is known, as a constant or as data, has one',
        }
      }
    }
  }
  return null
}

const isContinuous = (t: ArrayType): boolean =>
  ['real', 'positive', 'nonnegative', 'unit', 'interval'].includes(t.support.kind)

const elaborator = (model: TypedModel, supply: IndexSupply): Elaborator =>
  new Elaborator({
    symbols: new Map(model.symbols.map((s) => [s.id, s])),
    supply,
    asLatent: new Set(),
    bindTables: new Map(),
  })

function paramInfo(p: Pick<ParamSymbol, 'name' | 'type'>, model: TypedModel, supply: IndexSupply): ParamInfo {
  const kind = p.type.support.kind
  const support: ParamInfo['support'] =
    kind === 'int' || kind === 'count' || kind === 'bool' || kind === 'category' ? 'discrete' : kind
  const e = elaborator(model, supply)
  const bounds =
    p.type.support.kind === 'interval'
      ? { low: e.scalar(p.type.support.low, new Map()), high: e.scalar(p.type.support.high, new Map()) }
      : { low: null, high: null }
  return { name: p.name, support, ...bounds, rank: p.type.core.length }
}

function arrayShapes(model: TypedModel, graph: FactorGraph, supply: IndexSupply): ArrayShapes {
  const e = elaborator(model, supply)
  const shapes = new Map<string, readonly Expr[]>()
  const ragged = new Map<string, string>()
  const categories = new Set<string>()
  const optional = new Set<string>()
  const symbols = new Map<string, ModelSymbol>(model.symbols.map((s) => [s.id, s]))
  for (const s of [...graph.data, ...graph.params]) {
    const dims = e.dims(s.type, new Map())
    const previous: Expr[] = []
    const extents = dims.map((d): Expr => {
      const size = d.sizeAt === undefined ? d.size : d.sizeAt(previous)
      previous.push({ kind: 'index', var: '*', name: '*' })
      return size
    })
    shapes.set(`${s.kind} ${s.name}`, extents)
    if (s.kind === 'data') {
      if (s.type.support.kind === 'category') categories.add(s.name)
      if (s.type.support.kind === 'category' && s.type.optional) optional.add(s.name)
      const length = raggedLengthOf(s, symbols)
      if (length !== null) ragged.set(s.name, length)
    }
  }
  for (const t of graph.bindTables)
    shapes.set(
      `const ${t.name}`,
      t.indices.map((i) => i.to),
    )
  return {
    shape(space, name) {
      const shape = shapes.get(`${space} ${name}`)
      if (shape === undefined) throw new Error(`no shape for ${space} ${name}`)
      return shape
    },
    isCategory: (name) => categories.has(name),
    mayMiss: (name) => optional.has(name),
    raggedLength: (name) => ragged.get(name) ?? null,
  }
}

/** The size symbol of the lengths of `[R][T]` data. */
function raggedLengthOf(s: DataSymbol, symbols: ReadonlyMap<string, ModelSymbol>): string | null {
  for (const d of [...s.type.batch, ...s.type.core])
    if (d.raggedBy !== null && d.size.kind === 'ref') {
      const size = symbols.get(d.size.symbol)
      if (size?.kind === 'size' && size.origin === 'length') return size.id
    }
  return null
}

function statisticsOptions(model: TypedModel, graph: FactorGraph, supply: IndexSupply): StatisticsOptions {
  const e = elaborator(model, supply)
  const params = new Map(graph.params.map((p) => [p.name, p]))
  const data = new Map(graph.data.map((d) => [d.name, d]))
  const latents = new Map(graph.latents.map((l) => [l.name, l.kind === 'continuous' ? l.support : 'real']))
  const consts = new Map(model.symbols.flatMap((s) => (s.kind === 'const' ? [[s.id, s] as const] : [])))
  const positive = (t: ArrayType): boolean => {
    const { support } = t
    if (support.kind === 'interval') return support.low.kind === 'number' && support.low.value >= 0
    return ['positive', 'nonnegative', 'unit', 'simplex', 'count', 'bool', 'category'].includes(support.kind)
  }
  const signOf: SignOf = (r) => {
    const p = params.get(r.name)
    const d = data.get(r.name)
    if (r.space === 'size' || r.space === 'observed') return 'positive'
    if (r.space === 'latent') return latents.get(r.name) === 'real' ? 'unknown' : 'positive'
    if ((r.space === 'param' || r.space === 'pivot') && p !== undefined)
      return positive(p.type) ? 'positive' : 'unknown'
    if (r.space === 'data' && d !== undefined) return positive(d.type) ? 'positive' : 'unknown'
    if (r.space === 'const') {
      const known = consts.get(r.name)
      if (known === undefined) return 'unknown'
      return (known.held === undefined ? nonnegativeConst(known.value) : positive(known.held)) ? 'positive' : 'unknown'
    }
    return 'unknown'
  }
  const atMost = (x: Expr): number | null => {
    const r = x.kind === 'pow' && x.exponent.n > 0 ? x.base : x
    if (r.kind === 'ref' && r.space === 'latent') {
      const support = latents.get(r.name)
      return support === 'unit' || support === 'simplex' ? 1 : null
    }
    const d = r.kind === 'ref' && r.space === 'data' ? data.get(r.name) : undefined
    if (d !== undefined && ['unit', 'simplex', 'bool'].includes(d.type.support.kind)) return 1
    const p =
      r.kind !== 'ref'
        ? undefined
        : r.space === 'param'
          ? params.get(r.name)?.type
          : r.space === 'const'
            ? consts.get(r.name)?.held
            : undefined
    if (p === undefined) return null
    const { support } = p
    if (support.kind === 'unit' || support.kind === 'simplex') return 1
    if (support.kind === 'interval') {
      const high = literal(e.scalar(support.high, new Map()))
      return high === null ? null : x.kind === 'pow' ? high ** (x.exponent.n / x.exponent.d) : high
    }
    return null
  }
  return {
    inU: (r) => r.space === 'param' || r.space === 'shift',
    isNonnegative: (x) => isNonnegative(x, signOf, atMost),
    rename: (v) => supply.fresh(v.name, v.to, v.from),
    maxTerms: MAX_TERMS,
    paramDomain: (name, position, previous): IndexVar => {
      const p = params.get(name)
      const dim = p === undefined ? undefined : e.dims(p.type, new Map())[position]
      if (dim === undefined) throw new Error(`param ${name} has no dimension ${position}`)
      return supply.fresh('l', dim.sizeAt === undefined ? dim.size : dim.sizeAt(previous))
    },
  }
}

function nonnegativeConst(e: TExpr): boolean {
  if (e.kind === 'number') return e.value >= 0
  if (e.kind === 'vector') return e.elements.every(nonnegativeConst)
  return false
}
