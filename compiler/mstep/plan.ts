/** M-step planning: for each block of params the first rule that applies; the others leave their reason. */
import type { Span } from '../../lang/source.js'
import { idx, mul, sum } from '../algebra/build.js'
import type { Monomial } from '../algebra/monomial.js'
import type { Expr, IndexVar, Indicator } from '../algebra/types.js'
import { freeIndices, some } from '../algebra/visit.js'
import { countsToMeans } from '../estep/counts.js'
import type { EStepPlan } from '../estep/types.js'
import type { LiftedFactor } from '../graph/lift.js'
import { betaMode } from '../rules/mstep/beta-mode.js'
import { generalisedGammaMode } from '../rules/mstep/generalised-gamma-mode.js'
import { matrixMode } from '../rules/mstep/matrix-mode.js'
import { normalMode } from '../rules/mstep/normal-mode.js'
import { regressionOf } from '../rules/mstep/regression.js'
import { simplexMode } from '../rules/mstep/simplex-mode.js'
import { stationary } from '../rules/mstep/stationary.js'
import { type Block, type MStepRule, NOT_IN_STATISTICS, type ParamInfo } from '../rules/mstep/types.js'
import { weightedMedian } from '../rules/mstep/weighted-median.js'
import { readsParam, splitFor } from './atoms.js'
import { numericRoles, TAIL_FUNCTIONS } from './numeric-roles.js'
import { profileScales } from './profile.js'
import type { ValueRange } from './row-terms.js'
import { atomKey, paramsOf, type StatisticsOptions, shiftParams, toStatistics } from './statistics.js'
import type { Declined, DriverObjective, MStep, MStepPlan, NewtonStep, NumericRole } from './types.js'

/** The M-step rules, in the order they are tried. */
export const M_STEP_RULES: readonly MStepRule[] = [
  simplexMode,
  betaMode,
  generalisedGammaMode,
  matrixMode,
  normalMode,
  stationary,
  weightedMedian,
]

export interface MStepInput {
  readonly params: readonly ParamInfo[]
  /** Where params are declared. */
  readonly spans: ReadonlyMap<string, Span>
  readonly lifted: readonly LiftedFactor[]
  readonly eStep: EStepPlan
  readonly options: StatisticsOptions
  readonly continuousData: ReadonlySet<string>
  readonly hasComponents: boolean
  /** `--m-step gradient`: closed forms are not tried. */
  readonly gradientOnly: boolean
}

const hasParam = (e: Expr): boolean => some(e, (n) => n.kind === 'ref' && n.space === 'param')

/** E_q of a factor's log density as one expression over its loops, priors included. */
export function qTerm(f: LiftedFactor): Expr {
  const loops = f.factor.loops
  const weights = loops.flatMap((l) => (l.weight === null ? [] : [l.weight]))
  const expr = f.counts.length > 0 ? countsToMeans(f.expr) : f.expr
  const of = f.variables.map((v): Indicator => ({ latent: v.latent.name, index: v.index, value: idx(v.value) }))
  const posterior: readonly Expr[] =
    f.continuous.length > 0
      ? [{ kind: 'expect', of, body: expr }]
      : of.length > 0
        ? [{ kind: 'probability', of }, expr]
        : [expr]
  const body = mul(...weights, ...ancestorWeights(f), ...posterior)
  const overValues = f.variables.reduceRight<Expr>((e, v) => sum(v.value, e), body)
  return loops.reduceRight<Expr>((e, l) => sum(l.index, e), overValues)
}

/** A row that reads a latent of a weighted table through a key stands for as many copies as that table's row. */
function ancestorWeights(f: LiftedFactor): readonly Expr[] {
  const own = new Set(f.factor.loops.flatMap((l) => (l.weight === null ? [] : [l.index.id])))
  const out: Expr[] = []
  const seen = new Set<string>()
  for (const v of [...f.variables, ...f.continuous])
    v.latent.loops.forEach((l, i) => {
      const at = v.index[i]
      if (l.weight === null || own.has(l.index.id) || at === undefined || seen.has(l.index.id)) return
      seen.add(l.index.id)
      out.push(substitute(l.weight, l.index, at))
    })
  return out
}

function substitute(e: Expr, v: IndexVar, by: Expr): Expr {
  if (e.kind === 'index') return e.var === v.id ? by : e
  if (e.kind === 'ref') return { ...e, index: e.index.map((i) => substitute(i, v, by)) }
  return e
}

/** The factors that read a param. */
const qFactors = (lifted: readonly LiftedFactor[]): readonly LiftedFactor[] =>
  lifted.filter((f) => f.factor.role !== 'evidence' && hasParam(f.expr))

/** The terms of Q that read a param, one per factor. */
export const qTerms = (lifted: readonly LiftedFactor[]): readonly Expr[] => qFactors(lifted).map(qTerm)

export function planMStep(input: MStepInput): MStepPlan {
  const terms = qTerms(input.lifted)
  const inU = (e: Extract<Expr, { kind: 'ref' }>): boolean => e.space === 'param' || e.space === 'shift'
  const options = { ...input.options, inU, ranges: valueRanges(input.lifted) }
  const canonical = toStatistics(terms, options)
  const shifted = locations(canonical, input)
  const objective =
    shifted.size === 0
      ? canonical
      : toStatistics(
          terms.map((t) => shiftParams(t, shifted)),
          options,
        )
  const rowParams = new Set(objective.rowTerms.flatMap((r) => r.params))
  const statistics = new Map(objective.statistics.map((s) => [s.id, s]))
  const groups = joinBlocks(input.params, objective, shifted)
  const steps: MStep[] = []
  const numeric: { params: readonly ParamInfo[]; declined: Declined[] }[] = []
  for (const params of groups) {
    const names = new Set(params.map((p) => p.name))
    const relevant = objective.monomials.filter((m) => m.atoms.some((a) => readsParam(a.base, names)))
    const block: Block = {
      params,
      terms: relevant.map((m) => splitFor(m, names)),
      hasRowTerms: [...names].some((n) => rowParams.has(n)),
      rowTerms: objective.rowTerms.filter((r) => r.params.some((n) => names.has(n))),
      isNonnegative: input.options.isNonnegative,
      statistics,
      continuousData: input.continuousData,
      matrices: new Set(input.params.filter((p) => p.support === 'covariance').map((p) => p.name)),
      hasComponents: input.hasComponents,
    }
    const declined: Declined[] = [...tailReasons(input.lifted, names)]
    const place = placesOf(input, objective, params)
    let chosen: MStep | null = null
    if (input.gradientOnly)
      declined.push({
        rule: 'family-mode',
        reason: 'closed forms are switched off (--m-step gradient)',
        span: place.declaration,
      })
    else
      for (const rule of M_STEP_RULES) {
        const result = rule.apply(block)
        if (result.kind === 'applies') {
          chosen = { ...result.candidate.step, declined: [...declined] }
          break
        }
        const rows = result.reason === NOT_IN_STATISTICS ? place.rows : place.declaration
        const span = result.term === undefined ? rows : place.of(result.term)
        declined.push({ rule: rule.id, reason: result.reason, span })
      }
    if (chosen === null) numeric.push({ params, declined })
    else steps.push(chosen)
  }
  for (const group of joinNumeric(numeric, objective)) {
    const names = new Set(group.params.map((p) => p.name))
    const step = newtonStep(group.params, group.declined, objective, numericRoles(input.lifted, names))
    const regression = regressionOf({
      names,
      monomials: step.monomials,
      rowTerms: step.rowTerms,
      isNonnegative: input.options.isNonnegative,
      response: (term) => {
        const factor = qFactors(input.lifted)[term.source]?.factor
        return factor?.target.space === 'data' ? factor.target.name : null
      },
    })
    steps.push(regression === null ? step : { ...step, rule: regression.id, family: regression.name })
  }
  const ordered = orderSteps(profileScales(steps))
  return { ...ordered, objective, shifted: [...shifted], canonical }
}

/** Where the statements stand that a rule fails on. */
function placesOf(
  input: MStepInput,
  objective: DriverObjective,
  params: readonly ParamInfo[],
): { readonly declaration: Span; readonly rows: Span; of(term: Monomial): Span } {
  const names = new Set(params.map((p) => p.name))
  const declaration = input.spans.get(params[0]?.name ?? '') ?? { start: 0, end: 0 }
  const factors = qFactors(input.lifted)
  const at = (source: number | undefined): Span | undefined =>
    source === undefined ? undefined : factors[source]?.factor.span
  const row = objective.rowTerms.find((r) => r.params.some((n) => names.has(n)))
  return {
    declaration,
    rows: at(row?.source) ?? declaration,
    of(term) {
      const own = term.atoms.filter((a) => readsParam(a.base, names))
      const [source] = own.flatMap((a) => [...(objective.sources.get(atomKey(a.base)) ?? [])])
      return at(source) ?? declaration
    },
  }
}

/** Why truncated and censored values leave the params that they read without a family. */
function tailReasons(lifted: readonly LiftedFactor[], names: ReadonlySet<string>): readonly Declined[] {
  const reasons = new Map<string, Span>()
  for (const { factor, expr } of lifted)
    if (
      factor.tails !== undefined &&
      some(expr, (n) => n.kind === 'call' && TAIL_FUNCTIONS.has(n.fn) && readsParam(n, names))
    )
      reasons.set(
        factor.tails === 'truncated'
          ? `the log normaliser of the truncated ${factor.distribution} is not linear in statistics`
          : `the log probability of a censored ${factor.distribution} is not linear in statistics`,
        factor.span,
      )
  return [...reasons].map(([reason, span]) => ({ rule: 'family-mode', reason, span }))
}

/** Ranges of the values of latents that are the same for all of their rows. */
export function valueRanges(lifted: readonly LiftedFactor[]): ReadonlyMap<string, ValueRange> {
  const latents = lifted.flatMap((f) => f.variables.map((v) => v.latent))
  return new Map(
    latents
      .filter((l) => freeIndices(l.low).size + freeIndices(l.high).size === 0)
      .map((l) => [l.name, { low: l.low, high: l.high }]),
  )
}

/**
 * Location-like params: Q is a polynomial of degree 2 in them. They enter through shifts from their current value, so
 * that second moments are of residuals and never of raw values.
 */
function locations(canonical: DriverObjective, input: MStepInput): ReadonlySet<string> {
  const out = new Set<string>()
  const inRows = new Set(canonical.rowTerms.flatMap((r) => r.params))
  for (const p of input.params) {
    if (p.rank > 0 && p.support !== 'ordered') continue
    if (!['real', 'interval', 'positive', 'nonnegative', 'unit', 'ordered'].includes(p.support) || inRows.has(p.name))
      continue
    const names = new Set([p.name])
    const relevant = canonical.monomials.filter((m) => m.atoms.some((a) => readsParam(a.base, names)))
    const degrees = relevant.map((m) => {
      const own = m.atoms.filter((a) => readsParam(a.base, names))
      return own.every((a) => a.base.kind === 'ref' && a.power.d === 1 && a.power.n > 0)
        ? own.reduce((s, a) => s + a.power.n, 0)
        : Number.POSITIVE_INFINITY
    })
    if (degrees.some((d) => d === 2) && degrees.every((d) => d <= 2)) out.add(p.name)
  }
  return out
}

/** Params whose shifts occur in one term are solved together; every other param is a block of its own. */
function joinBlocks(
  params: readonly ParamInfo[],
  objective: DriverObjective,
  shifted: ReadonlySet<string>,
): readonly (readonly ParamInfo[])[] {
  const parent = new Map(params.map((p) => [p.name, p.name]))
  const find = (n: string): string => {
    const up = parent.get(n) ?? n
    return up === n ? n : find(up)
  }
  for (const m of objective.monomials) {
    const locations = m.atoms.filter((a) => a.base.kind === 'ref' && a.base.space === 'shift')
    const degree = locations.reduce((s, a) => s + a.power.n, 0)
    const names = locations.flatMap((a) => (a.base.kind === 'ref' && shifted.has(a.base.name) ? [a.base.name] : []))
    if (degree > 2) continue
    for (const n of names.slice(1)) parent.set(find(n), find(names[0] ?? n))
  }
  const groups = new Map<string, ParamInfo[]>()
  for (const p of params) {
    const root = find(p.name)
    groups.set(root, [...(groups.get(root) ?? []), p])
  }
  return [...groups.values()]
}

/** Numerical blocks that share a term are stepped together. */
function joinNumeric(
  blocks: readonly { params: readonly ParamInfo[]; declined: Declined[] }[],
  objective: DriverObjective,
): readonly { params: readonly ParamInfo[]; declined: Declined[] }[] {
  let rest = [...blocks]
  const out: { params: readonly ParamInfo[]; declined: Declined[] }[] = []
  const shareTerm = (a: readonly ParamInfo[], b: readonly ParamInfo[]): boolean => {
    const x = new Set(a.map((p) => p.name))
    const y = new Set(b.map((p) => p.name))
    const both = (names: readonly string[]): boolean => names.some((n) => x.has(n)) && names.some((n) => y.has(n))
    return (
      objective.monomials.some((m) => both(m.atoms.flatMap((t) => paramsOf(t.base)))) ||
      objective.rowTerms.some((r) => both(r.params))
    )
  }
  while (rest.length > 0) {
    const [first, ...others] = rest
    if (first === undefined) break
    const joined = others.find((o) => shareTerm(first.params, o.params))
    if (joined === undefined) {
      out.push(first)
      rest = others
    } else
      rest = [
        {
          params: [...first.params, ...joined.params],
          declined: [
            ...first.declined,
            ...joined.declined.filter((d) => !first.declined.some((x) => x.rule === d.rule && x.reason === d.reason)),
          ],
        },
        ...others.filter((o) => o !== joined),
      ]
  }
  return out
}

function newtonStep(
  params: readonly ParamInfo[],
  declined: readonly Declined[],
  objective: DriverObjective,
  roles: readonly NumericRole[],
): NewtonStep {
  const names = new Set(params.map((p) => p.name))
  const monomials: readonly Monomial[] = objective.monomials.filter((m) =>
    m.atoms.some((a) => readsParam(a.base, names)),
  )
  const rowTerms = objective.rowTerms.filter((r) => r.params.some((n) => names.has(n)))
  const reads = new Set([
    ...monomials.flatMap((m) => m.atoms.flatMap((a) => paramsOf(a.base))),
    ...rowTerms.flatMap((r) => r.params),
  ])
  for (const n of names) reads.delete(n)
  return {
    kind: 'newton',
    id: [...names].join(','),
    params: [...names],
    rule: 'gradient',
    closedForm: false,
    exact: 'ascent',
    declined,
    dependsOn: [...reads],
    family: 'none',
    monomials,
    rowTerms,
    roles,
  }
}

/**
 * Steps in an order in which each reads only params that are solved before it; where they go round, blockwise: those in
 * cycles, with what lies between two, are repeated, and what comes before or after them is not.
 */
function orderSteps(steps: readonly MStep[]): Pick<MStepPlan, 'steps' | 'sweeps' | 'repeated'> {
  const owner = new Map(steps.flatMap((s) => s.params.map((p) => [p, s.id] as const)))
  const waitsFor = new Map(
    steps.map((s) => [s.id, new Set(s.dependsOn.flatMap((p) => owner.get(p) ?? []).filter((id) => id !== s.id))]),
  )
  const inCycle = new Set(steps.filter((s) => reaches(s.id, s.id, waitsFor)).map((s) => s.id))
  const before = steps.filter((s) => !inCycle.has(s.id) && ![...inCycle].some((c) => reaches(s.id, c, waitsFor)))
  const after = steps.filter((s) => !inCycle.has(s.id) && ![...inCycle].some((c) => reaches(c, s.id, waitsFor)))
  const settled = new Set([...before, ...after])
  const repeated = steps.filter((s) => !settled.has(s))
  const done = new Set<string>()
  const out = [before, repeated, after.filter((s) => !before.includes(s))].flatMap((own) =>
    inOrder(own, waitsFor, done),
  )
  return {
    steps: out.map((s) =>
      inCycle.has(s.id) && s.exact === 'joint' ? { ...s, exact: 'blockwise', rule: 'conditional-maximisation' } : s,
    ),
    // a step over rows is one of many anyway: the next E-step moves what it works on
    sweeps:
      inCycle.size === 0 || out.some((s) => s.kind === 'newton' && s.rowTerms.length > 0 && inCycle.has(s.id)) ? 1 : 20,
    repeated: out.filter((s) => repeated.includes(s)).map((s) => s.id),
  }
}

function inOrder(
  steps: readonly MStep[],
  waitsFor: ReadonlyMap<string, ReadonlySet<string>>,
  done: Set<string>,
): readonly MStep[] {
  const out: MStep[] = []
  let rest = steps
  while (rest.length > 0) {
    const ready = rest.filter((s) => [...(waitsFor.get(s.id) ?? [])].every((id) => done.has(id)))
    // in a cycle the location goes first: its residuals are what the scale measures
    const first = rest.find((s) => s.kind === 'normal') ?? rest[0]
    const next = ready.length > 0 || first === undefined ? ready : [first]
    for (const s of next) {
      out.push(s)
      done.add(s.id)
    }
    rest = rest.filter((s) => !next.includes(s))
  }
  return out
}

function reaches(
  from: string,
  to: string,
  edges: ReadonlyMap<string, ReadonlySet<string>>,
  seen: Set<string> = new Set(),
): boolean {
  for (const next of edges.get(from) ?? []) {
    if (next === to) return true
    if (seen.has(next)) continue
    seen.add(next)
    if (reaches(next, to, edges, seen)) return true
  }
  return false
}
