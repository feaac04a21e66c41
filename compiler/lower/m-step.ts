/** M-step plan → solves and numerical blocks: every coefficient is a sum of contributions, lowered to kernel operations. */
import { caseOf, isZero, literal, mul, ONE, pow } from '../algebra/build.js'
import type { Partial } from '../algebra/differentiate.js'
import type { Monomial } from '../algebra/monomial.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import type { Axis, KExpr, KernelOp, SizeKey } from '../kernel/types.js'
import { outerLoops } from '../mstep/slopes.js'
import { axisExtent } from '../mstep/statistics.js'
import type { Contribution, MStep, MStepPlan, RowTerm, Statistic } from '../mstep/types.js'
import type { Lowerer, LoweringContext } from './lowerer.js'
import type { Solve } from './program.js'

/** How expressions read the posterior. */
export type Posterior = Required<Pick<LoweringContext, 'probability' | 'expect' | 'mean'>>

const onDriver: LoweringContext = { vars: new Map(), at: 'trial' }

export interface MStepLoweringInput {
  readonly lowerer: Lowerer
  readonly posterior: Posterior
  readonly plan: MStepPlan
  /** Extents of a param's dimensions. */
  readonly paramShape: (name: string) => readonly SizeKey[]
  /** How many of the last dimensions of a param are one value of its support (a simplex 1, a matrix 2). */
  readonly coreRank: (name: string) => number
  readonly rename: (v: IndexVar) => IndexVar
  /** The pass that holds the posterior which an expression over rows reads. */
  readonly passOf: (e: Expr) => string
}

/** stat[at] += value over its loops, at the current params. */
export function lowerStatistic(s: Statistic, lowerer: Lowerer, posterior: Posterior): KernelOp {
  const context: LoweringContext = { vars: new Map(), at: 'param', ...posterior }
  const { axes, context: inner } = lowerer.loops(s.loops, context)
  lowerer.buffer({ id: s.id, space: 'sum', type: 'f64', shape: s.axes.map((a) => lowerer.size(axisExtent(a))) })
  const at = placesUnder(s.guards, s.at, { id: s.id, axes }, lowerer, inner)
  const plain = at.every((e) => e.k === 'axis')
  if (plain && s.guards.length === 0) {
    const factors = (s.value.kind === 'mul' ? s.value.factors : [s.value]).map((f) => lowerer.expr(f, inner))
    return { op: 'contract', out: s.id, axes, at, factors }
  }
  return {
    op: 'scatterAdd',
    out: s.id,
    axes,
    at,
    value: lowerer.guarded(s.guards, lowerer.expr(s.value, inner), inner),
  }
}

/**
 * Places in a buffer. A value of data, one beside an index (x − 1, at x = 1) and an index of another range may lie outside
 * it where a condition excludes the element: there it is the first, to which nothing is added.
 */
function placesUnder(
  guards: readonly Guard[],
  at: readonly Expr[],
  out: { readonly id: string; readonly axes: readonly Axis[] },
  lowerer: Lowerer,
  context: LoweringContext,
): readonly KExpr[] {
  const shape = lowerer.buffers.get(out.id)?.shape ?? []
  return at.map((e, i) => {
    const place = lowerer.position(e, context)
    const own = place.k === 'axis' ? out.axes.find((a) => a.id === place.axis)?.size : undefined
    return literal(e) !== null || (own !== undefined && own === shape[i])
      ? place
      : lowerer.guarded(guards, place, context)
  })
}

/** The conditions that an expression is 0 without. */
function conditionsOf(e: Expr): readonly Guard[] {
  return e.kind === 'case' && isZero(e.otherwise) ? [e.when, ...conditionsOf(e.then)] : []
}

export function lowerSolves(input: MStepLoweringInput): readonly Solve[] {
  return input.plan.steps.map((step) => lowerSolve(step, input))
}

function lowerSolve(step: MStep, input: MStepLoweringInput): Solve {
  const { lowerer } = input
  const tables = new Map<string, string>()
  const bounds = new Map<string, string>()
  const prepare: KernelOp[] = []
  const before = new Set(lowerer.derived.keys())
  const table = <C extends Contribution>(
    role: string,
    shape: readonly SizeKey[],
    cs: readonly C[],
    extra?: (c: C) => readonly Expr[],
  ): void => {
    const id = lowerer.buffer({ id: `${role} ${step.id}`, space: 'table', type: 'f64', shape })
    tables.set(role, id)
    prepare.push({ op: 'fill', out: id, value: 0 })
    for (const c of cs) prepare.push(scatter(id, c, [...c.at, ...(extra?.(c) ?? [])], lowerer))
  }
  const [name] = step.params
  const shape = name === undefined ? [] : input.paramShape(name)
  switch (step.kind) {
    case 'dirichlet':
      table('coefficients', shape, step.coefficients)
      break
    case 'beta':
      table('above', shape, step.above)
      table('below', shape, step.below)
      for (const [role, e] of [
        ['low', step.low],
        ['high', step.high],
      ] as const) {
        const id = lowerer.buffer({ id: `${role} ${step.id}`, space: 'table', type: 'f64', shape: [] })
        bounds.set(role, id)
        prepare.push({ op: 'map', out: id, axes: [], at: [], value: lowerer.expr(e, onDriver) })
      }
      break
    case 'generalised-gamma':
      table('logs', shape, step.logs)
      table('powers', shape, step.powers)
      break
    case 'inverse-wishart':
    case 'wishart':
      table('logdets', shape.slice(0, -2), step.logdets)
      table('traces', shape, step.traces)
      break
    case 'normal':
      for (const p of step.params) {
        const own = input.paramShape(p)
        table(
          `linear ${p}`,
          own,
          step.linear.filter((c) => c.param === p),
        )
        for (const q of step.params) {
          const cs = step.quadratic.filter((c) => c.param === p && c.other === q)
          if (cs.length === 0) continue
          const other = input.paramShape(q)
          const batch = step.batch.find((b) => b.param === q)?.positions ?? []
          const kept = other.map((_, i) => i).filter((i) => !batch.includes(i))
          table(`quadratic ${p}|${q}`, [...own, ...kept.map((i) => other[i] ?? '')], cs, (c) =>
            kept.map((i) => c.otherAt[i] ?? ONE),
          )
        }
      }
      break
    case 'stationary':
      for (const [i, t] of step.terms.entries()) table(`term${i}`, shape, t.coefficients)
      for (const { param: scale, linear, constant, powers } of step.profiles) {
        table(`profile ${scale} linear`, shape, linear)
        table(`profile ${scale} constant`, shape, constant)
        table(`profile ${scale} powers`, shape, powers)
      }
      break
    case 'median':
    case 'newton':
      break
  }
  const derived = [...lowerer.derived.values()]
    .filter((d) => !before.has(d.id) || readsDerived(prepare, d.id))
    .filter((d) => d.at === 'trial')
    .flatMap((d) => d.ops)
  return { step, prepare: [...derived, ...prepare], tables, bounds }
}

const readsDerived = (ops: readonly KernelOp[], id: string): boolean => JSON.stringify(ops).includes(JSON.stringify(id))

export function scatter(
  out: string,
  c: Contribution,
  at: readonly Expr[],
  lowerer: Lowerer,
  context: LoweringContext = onDriver,
): KernelOp {
  const { axes, context: inner } = lowerer.loops(c.loops, context)
  return {
    op: 'scatterAdd',
    out,
    axes,
    at: placesUnder([...c.guards, ...conditionsOf(c.value)], at, { id: out, axes }, lowerer, inner),
    value: lowerer.guarded(c.guards, lowerer.expr(c.value, inner), inner),
  }
}

/** Σ of monomials at the trial params, added to a buffer of one element. */
export function lowerMonomials(ms: readonly Monomial[], out: string, lowerer: Lowerer): readonly KernelOp[] {
  lowerer.buffer({ id: out, space: 'table', type: 'f64', shape: [] })
  return ms.map((m) =>
    scatter(
      out,
      {
        loops: m.loops,
        guards: m.guards,
        at: [],
        value: mul(m.coefficient, ...m.atoms.map((a) => pow(a.base, a.power))),
      },
      [],
      lowerer,
    ),
  )
}

/** Terms over rows at the trial params, the posterior still being that of the current ones. */
export function lowerRowTerm(r: RowTerm, out: string, lowerer: Lowerer, posterior: Posterior): KernelOp {
  lowerer.buffer({ id: out, space: 'sum', type: 'f64', shape: [] })
  const context: LoweringContext = { vars: new Map(), at: 'trial', ...posterior }
  const { loops, body } = outerLoops(r.expr)
  return scatter(out, { loops, guards: [], at: [], value: body }, [], lowerer, context)
}

export function scatterPartial(
  out: string,
  p: Partial,
  at: readonly Expr[],
  lowerer: Lowerer,
  context: LoweringContext,
): KernelOp {
  return scatter(out, { loops: p.loops, guards: [], at, value: caseOf(p.guard, p.value) }, at, lowerer, context)
}
