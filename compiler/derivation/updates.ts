/** What each block of the M-step does, as formulas: made from the contributions and statistics that are executed. */
import { add, idx, isZero, literal, log, mul, num, pow, ref, sub, sum, ZERO } from '../algebra/build.js'
import { collect } from '../algebra/collect.js'
import { toNumber } from '../algebra/rational.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { rewrite, some, substituteIndex } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { splitFor } from '../mstep/atoms.js'
import { contribution } from '../mstep/contributions.js'
import { qTerm } from '../mstep/plan.js'
import type {
  BetaStep,
  Contribution,
  DirichletStep,
  GeneralisedGammaStep,
  MatrixStep,
  MStep,
  StationaryStep,
} from '../mstep/types.js'
import { agree } from './agree.js'
import {
  atNewValue,
  coefficientAt,
  expandStatistics,
  type Rename,
  readsShift,
  type Target,
  targetsOf,
} from './elements.js'
import { normalUpdate } from './normal-update.js'
import type { Notation } from './notation.js'
import { comparesWithNumber, ratio, simplify } from './simplify.js'

/** left = right, for every value of the indices. `over`: trailing indices that are written as a vector or a matrix. */
export interface Equation {
  readonly left: Expr
  readonly right: Expr
  readonly indices: readonly IndexVar[]
  readonly over: readonly string[]
}

/** Σ over the indices of the term; `over` are those that are written as a vector. */
export interface Part {
  readonly term: Expr
  readonly indices: readonly IndexVar[]
  readonly over?: readonly string[]
}

/** A block's part of Q, the condition for its maximum, and the formula of the update. */
export interface Update {
  readonly step: MStep
  /** Σ of its terms, one list entry per family of elements; the loops are the indices. */
  readonly objective: readonly Part[]
  readonly conditions: readonly Equation[]
  readonly equations: readonly Equation[]
  /** Values of the Lagrange multipliers of a simplex. */
  readonly multipliers: readonly Equation[]
  /** false: the equations are a system to solve, or there is no formula at all. */
  readonly explicit: boolean
}

/** What the makers of formulas share. */
export interface UpdateContext {
  readonly derivation: Derivation
  readonly notation: Notation
  readonly rename: Rename
  /** The coefficient of the element at a target, with statistics written out. */
  coefficient(cs: readonly Contribution[], at: readonly Expr[]): Expr
}

export function updateContext(derivation: Derivation, notation: Notation): UpdateContext {
  const statistics = new Map(derivation.mStep.objective.statistics.map((s) => [s.id, s]))
  const rename: Rename = (v) => derivation.supply.fresh(v.name, v.to, v.from)
  return {
    derivation,
    notation,
    rename,
    coefficient: (cs, at) =>
      simplify(expandStatistics(coefficientAt(cs, at, rename), statistics, rename), notation.facts),
  }
}

export function updateOf(step: MStep, context: UpdateContext): Update {
  switch (step.kind) {
    case 'dirichlet':
      return dirichlet(step, context)
    case 'beta':
      return beta(step, context)
    case 'generalised-gamma':
      return generalisedGamma(step, context)
    case 'inverse-wishart':
    case 'wishart':
      return matrix(step, context)
    case 'normal':
      return normalUpdate(step, context)
    case 'stationary':
      return stationary(step, context)
    case 'newton':
      return { step, objective: [], conditions: [], equations: [], multipliers: [], explicit: false }
  }
}

const nameOf = (step: MStep): string => step.params[0] ?? ''
export const negative = (e: Expr): Expr => mul(num(-1), e)

const sameLead = (a: Target, b: Target): boolean =>
  a.at.slice(0, -1).every((e, i) => literal(e) === literal(b.at[i] ?? ZERO))

/** Letter of the Lagrange multiplier. */
export const multiplier = (notation: Notation): string =>
  ['lambda', 'eta', 'nu'].find((n) => !notation.taken.has(n)) ?? 'lambda'

/**
 * The targets of a block, an index over a few numbered elements replaced by those where the coefficients compare it with
 * a number: they have different formulas.
 */
function toldApart(
  cs: readonly Contribution[],
  c: UpdateContext,
  targets: readonly Target[] = targetsOf(cs, c.rename),
): readonly Target[] {
  return targets.flatMap((t): readonly Target[] => {
    const value = c.coefficient(cs, t.at)
    const v = t.indices.find(
      (x) =>
        literal(x.from) !== null &&
        (literal(x.to) ?? 99) <= 6 &&
        some(value, (n) => n.kind === 'case' && comparesWithNumber(n.when, x)),
    )
    if (v === undefined) return [t]
    const [from, to] = [literal(v.from) ?? 1, literal(v.to) ?? 0]
    const apart = Array.from(
      { length: to - from + 1 },
      (_, i): Target => ({
        at: t.at.map((e) => substituteIndex(e, new Map([[v.id, num(from + i)]]))),
        indices: t.indices.filter((x) => x !== v),
      }),
    )
    return toldApart(cs, c, apart)
  })
}

function dirichlet(step: DirichletStep, c: UpdateContext): Update {
  const name = nameOf(step)
  const targets = toldApart(step.coefficients, c)
  const facts = c.notation.facts
  const parts = targets.map((t) => ({
    target: t,
    a: c.coefficient(step.coefficients, t.at),
    left: ref('param', name, t.at),
  }))
  // the total runs over the last position: an index, or the elements that are told apart
  const totalFor = (t: Target): Expr => {
    const last = t.at[t.at.length - 1]
    if (last?.kind === 'index') {
      const v = t.indices.find((x) => x.id === last.var)
      if (v !== undefined) {
        const other = c.rename(v)
        const a = c.coefficient(step.coefficients, [...t.at.slice(0, -1), idx(other)])
        return simplify(sum(other, a), facts)
      }
    }
    const siblings = parts.filter((p) =>
      p.target.at.slice(0, -1).every((e, i) => literal(e) === null || literal(e) === literal(t.at[i] ?? ZERO)),
    )
    return simplify(
      add(
        ...siblings.map((p) =>
          substituteIndex(p.a, new Map(p.target.indices.map((v, i) => [v.id, idx(t.indices[i] ?? v)]))),
        ),
      ),
      facts,
    )
  }
  return {
    step,
    objective: parts.map((p) => ({ term: mul(p.a, log(p.left)), indices: p.target.indices })),
    conditions: parts.map((p) => ({
      left: ratio(p.a, p.left),
      right: ref('const', multiplier(c.notation), p.target.at.slice(0, -1)),
      indices: p.target.indices,
      over: [],
    })),
    equations: parts.map((p) => ({
      left: p.left,
      right: ratio(p.a, totalFor(p.target)),
      indices: p.target.indices,
      over: [],
    })),
    multipliers: parts
      .filter((p, i) => parts.findIndex((o) => sameLead(o.target, p.target)) === i)
      .map((p) => ({
        left: ref('const', multiplier(c.notation), p.target.at.slice(0, -1)),
        right: totalFor(p.target),
        indices: p.target.indices.slice(0, p.target.at.length - 1),
        over: [],
      })),
    explicit: true,
  }
}

function beta(step: BetaStep, c: UpdateContext): Update {
  const name = nameOf(step)
  const targets = toldApart([...step.above, ...step.below], c)
  const made = targets.map((t) => {
    const left = ref('param', name, t.at)
    const a = c.coefficient(step.above, t.at)
    const b = c.coefficient(step.below, t.at)
    const above = sub(left, step.low)
    const below = sub(step.high, left)
    const total = simplify(add(a, b), c.notation.facts)
    const top = add(mul(a, step.high), mul(b, step.low))
    const factor = literal(step.high)
    // with the lower end 0 the upper end goes below the line: (b + c) / (6 (b + c + d))
    const right =
      isZero(step.low) && factor !== null && factor !== 0 ? ratio(a, mul(pow(step.high, -1), total)) : ratio(top, total)
    return {
      objective: { term: add(mul(a, log(above)), mul(b, log(below))), indices: t.indices },
      condition: {
        left: sub(mul(a, pow(above, -1)), mul(b, pow(below, -1))),
        right: ZERO,
        indices: t.indices,
        over: [],
      },
      equation: { left, right, indices: t.indices, over: [] },
    }
  })
  return {
    step,
    objective: made.map((m) => m.objective),
    conditions: made.map((m) => m.condition),
    equations: made.map((m) => m.equation),
    multipliers: [],
    explicit: true,
  }
}

/**
 * The contributions to a block with the other params left as they are written: what `collect` gives in the block alone.
 * `pick` says which list a term belongs to; null where one belongs to none.
 */
function recollected(
  names: ReadonlySet<string>,
  c: UpdateContext,
  pick: (kind: string, power: number | null) => string | null,
): ReadonlyMap<string, readonly Contribution[]> | null {
  const out = new Map<string, Contribution[]>()
  const options = {
    ...c.derivation.collectOptions,
    inU: (r: Extract<Expr, { kind: 'ref' }>) => r.space === 'param' && names.has(r.name),
  }
  for (const f of c.derivation.lifted) {
    if (f.factor.role === 'evidence') continue
    for (const m of collect(qTerm(f), options)) {
      if (m.atoms.length === 0) continue
      const [atom, ...more] = splitFor(m, names).block
      if (atom === undefined || more.length > 0 || !('at' in atom)) return null
      const list = pick(atom.kind, atom.kind === 'power' || atom.kind === 'exp' ? toNumber(atom.power) : null)
      if (list === null) return null
      const at = atom.kind === 'inverse' ? [...atom.at, atom.row, atom.column] : atom.at
      out.set(list, [...(out.get(list) ?? []), contribution(m, at, [])])
    }
  }
  return out
}

/**
 * Executed contributions may be an expansion about the previous value of another block. Where the plain form, with the
 * new value of that block in it, has the same value it is the one that is shown.
 */
function compact(
  executed: readonly Contribution[],
  plain: readonly Contribution[] | null,
  at: Target,
  c: UpdateContext,
): Expr {
  const value = c.coefficient(executed, at.at)
  if (!readsShift(value)) return value
  const forms = [
    ...(plain === null ? [] : [c.coefficient(plain, at.at)]),
    simplify(atNewValue(value), c.notation.facts),
  ]
  return forms.find((f) => agree(f, value, at.indices, c.derivation)) ?? value
}

function generalisedGamma(step: GeneralisedGammaStep, c: UpdateContext): Update {
  const name = nameOf(step)
  const power = toNumber(step.power)
  const lists = recollected(new Set([name]), c, (kind, p) =>
    step.link === 'exp'
      ? kind === 'power' && p === 1
        ? 'logs'
        : kind === 'exp'
          ? 'powers'
          : null
      : kind === 'log'
        ? 'logs'
        : kind === 'power'
          ? 'powers'
          : null,
  )
  const targets = toldApart([...step.logs, ...step.powers], c)
  const made = targets.map((t) => {
    const own = ref('param', name, t.at)
    const u: Expr = step.link === 'exp' ? { kind: 'call', fn: 'exp', args: [own] } : own
    const a = compact(step.logs, lists?.get('logs') ?? null, t, c)
    const b = compact(step.powers, lists?.get('powers') ?? null, t, c)
    const logU = step.link === 'exp' ? own : log(u)
    // u^|p| = −A/(p B), upside down where p < 0
    const base = power < 0 ? ratio(mul(num(-power), b), a) : ratio(negative(a), mul(num(power), b))
    const size = Math.abs(power)
    const solved: Expr =
      size === 1 ? base : { kind: 'pow', base, exponent: { n: step.power.d, d: Math.abs(step.power.n) } }
    const condition =
      step.link === 'exp'
        ? add(a, mul(num(step.power.n, step.power.d), b, pow(u, step.power)))
        : add(
            ratio(a, u),
            mul(num(step.power.n, step.power.d), b, pow(u, { n: step.power.n - step.power.d, d: step.power.d })),
          )
    return {
      objective: { term: add(mul(a, logU), mul(b, pow(u, step.power))), indices: t.indices },
      condition: { left: condition, right: ZERO, indices: t.indices, over: [] },
      equation: { left: own, right: step.link === 'exp' ? log(solved) : solved, indices: t.indices, over: [] },
    }
  })
  return {
    step,
    objective: made.map((m) => m.objective),
    conditions: made.map((m) => m.condition),
    equations: made.map((m) => m.equation),
    multipliers: [],
    explicit: true,
  }
}

function matrix(step: MatrixStep, c: UpdateContext): Update {
  const name = nameOf(step)
  const inverse = step.kind === 'inverse-wishart'
  const lists = recollected(new Set([name]), c, (kind) =>
    kind === 'logdet' ? 'logdets' : kind === 'inverse' || kind === 'power' ? 'traces' : null,
  )
  const targets = targetsOf(step.traces, c.rename)
  const made = targets.map((t) => {
    const batch: Target = { at: t.at.slice(0, -2), indices: t.indices.slice(0, -2) }
    const a = compact(step.logdets, lists?.get('logdets') ?? null, batch, c)
    const raw = compact(step.traces, lists?.get('traces') ?? null, t, c)
    const [i, j] = t.indices.slice(-2)
    if (i === undefined || j === undefined) throw new Error(`the matrix ${name} has no row and column`)
    const b = simplify(symmetrised(raw, i, j), c.notation.facts)
    const left = ref('param', name, t.at)
    const of = { row: i, column: j, element: left }
    const own: Expr = inverse ? { kind: 'inverse', of, row: idx(i), column: idx(j) } : left
    const over = [i.id, j.id]
    const trace = sum(i, sum(j, mul(b, inverse ? { kind: 'inverse', of, row: idx(j), column: idx(i) } : own)))
    const condition: Equation = inverse
      ? { left: add(mul(negative(a), left), b), right: ZERO, indices: t.indices, over }
      : {
          left: add(mul(a, { kind: 'inverse', of, row: idx(i), column: idx(j) }), b),
          right: ZERO,
          indices: t.indices,
          over,
        }
    const equation: Equation = inverse
      ? { left, right: ratio(b, a), indices: t.indices, over }
      : {
          left,
          right: {
            kind: 'inverse',
            of: { row: i, column: j, element: ratio(negative(b), a) },
            row: idx(i),
            column: idx(j),
          },
          indices: t.indices,
          over,
        }
    return {
      objective: { term: add(mul(a, { kind: 'logdet', of }), trace), indices: batch.indices },
      condition,
      equation,
    }
  })
  return {
    step,
    objective: made.map((m) => m.objective),
    conditions: made.map((m) => m.condition),
    equations: made.map((m) => m.equation),
    multipliers: [],
    explicit: true,
  }
}

/** ½ (B + Bᵀ): only this part of B meets a symmetric matrix. A constant matrix given as a covariance is symmetric. */
function symmetrised(b: Expr, i: IndexVar, j: IndexVar): Expr {
  const sorted = rewrite(b, (n) => {
    if (n.kind !== 'ref' || n.space !== 'const' || n.index.length < 2) return n
    const [row, column] = n.index.slice(-2)
    return row?.kind === 'index' && column?.kind === 'index' && row.var === j.id && column.var === i.id
      ? { ...n, index: [...n.index.slice(0, -2), column, row] }
      : n
  })
  const swapped = rewrite(
    substituteIndex(
      sorted,
      new Map([
        [i.id, idx(j)],
        [j.id, idx(i)],
      ]),
    ),
    (n) =>
      n.kind === 'ref' && n.space === 'const' && n.index.length >= 2
        ? { ...n, index: [...n.index.slice(0, -2), ...n.index.slice(-2).reverse()] }
        : n,
  )
  return add(...[...termsOf(sorted), ...termsOf(swapped)].map((t) => mul(num(1, 2), t)))
}

const termsOf = (e: Expr): readonly Expr[] => (e.kind === 'add' ? e.terms : [e])

function stationary(step: StationaryStep, c: UpdateContext): Update {
  const name = nameOf(step)
  const all = step.terms.flatMap((t) => t.coefficients)
  const targets = targetsOf(all, c.rename)
  const made = targets.map((t) => {
    const left = ref('param', name, t.at)
    const at = (e: Expr): Expr => rewrite(e, (n) => (n.kind === 'index' && n.var === step.variable ? left : n))
    const coefficients = step.terms.map((term) => compact(term.coefficients, null, t, c))
    const objective = add(...step.terms.map((term, i) => mul(coefficients[i] ?? ZERO, at(term.value))))
    const slope = add(...step.terms.map((term, i) => mul(coefficients[i] ?? ZERO, at(term.first))))
    return {
      objective: { term: objective, indices: t.indices },
      equation: { left: slope, right: ZERO, indices: t.indices, over: [] },
    }
  })
  return {
    step,
    objective: made.map((m) => m.objective),
    conditions: made.map((m) => m.equation),
    equations: made.map((m) => m.equation),
    multipliers: [],
    explicit: false,
  }
}
