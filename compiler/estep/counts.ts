/**
 * Counts with an observed sum. In the log joint each count u of a group enters as u·η − log u!; given the sum of the
 * group its posterior is then Multinomial(total, softmax(η)) (Johnson, Kotz and Balakrishnan 1997, section 35.3), and
 * the log-normaliser is total·log Σ exp η − log total!.
 */
import { add, isZero, literal, mul, neg, num, ref, sub, ZERO } from '../algebra/build.js'
import { collect } from '../algebra/collect.js'
import { keyOf } from '../algebra/key.js'
import type { Monomial } from '../algebra/monomial.js'
import type { Expr } from '../algebra/types.js'
import { rewrite, some } from '../algebra/visit.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { Constraint, FactorGraph } from '../graph/types.js'
import type { CountGroup, EStepRefusal, EStepStep } from './types.js'

export interface CountPlan {
  readonly groups: readonly CountGroup[]
  /** What is left of the factors that read counts, free of them. */
  readonly rest: readonly { readonly lifted: LiftedFactor; readonly expr: Expr }[]
  readonly refusals: readonly EStepRefusal[]
  readonly steps: readonly EStepStep[]
}

const isCount = (e: Expr): e is Extract<Expr, { kind: 'ref' }> => e.kind === 'ref' && e.space === 'latent'

export function planCounts(graph: FactorGraph, lifted: readonly LiftedFactor[], maxTerms: number): CountPlan {
  const counts = graph.latents.filter((l) => l.kind === 'count')
  const refusals: EStepRefusal[] = []
  const isCountLatent = new Set(counts.map((l) => l.name))
  for (const c of graph.constraints) {
    const other = c.terms.find((t) => !isCountLatent.has(t.latent))
    if (other !== undefined || c.terms.length === 0)
      refusals.push({
        code: 'E406',
        span: c.span,
        message:
          other === undefined
            ? 'this equation holds no latent'
            : `the equation joins \`${other.latent}\` with latents of another kind, or with cells of other rows, and cannot be solved for one of them`,
      })
  }
  if (counts.length === 0 || refusals.length > 0) return { groups: [], rest: [], refusals, steps: [] }
  const constrained = new Map<string, Constraint>()
  for (const c of graph.constraints) {
    if (c.terms.some((t) => t.coefficient.n !== 1 || t.coefficient.d !== 1)) {
      refusals.push({
        code: 'E406',
        span: c.span,
        message: 'only a plain sum of latent counts can be observed in this version',
      })
      for (const t of c.terms) constrained.set(t.latent, c)
      continue
    }
    for (const t of c.terms) {
      if (constrained.has(t.latent))
        refusals.push({
          code: 'E406',
          span: c.span,
          message: `the latent count \`${t.latent}\` occurs in two observed sums, and their posterior is not Multinomial`,
        })
      constrained.set(t.latent, c)
    }
  }
  for (const l of counts)
    if (!constrained.has(l.name))
      refusals.push({
        code: 'E407',
        span: l.span,
        message: `the latent count \`${l.name}\` is unbounded: no \`observe\` gives a sum that contains it, and its posterior would be a sum over 0, 1, 2, … without end`,
        coupled: [l.name],
        help: `give it a largest value, as in  latent ${l.name} ~ Truncated(…, high=100), or a sum that is observed, as in  observe total = ${l.name} + …`,
      })
  if (refusals.length > 0) return { groups: [], rest: [], refusals, steps: [] }

  const logWeights = new Map<string, Expr>()
  const rest: { lifted: LiftedFactor; expr: Expr }[] = []
  for (const f of lifted.filter((x) => x.counts.length > 0)) {
    const parts = takeApart(f, graph, maxTerms)
    if (typeof parts === 'string') {
      refusals.push({ code: 'E406', span: f.factor.span, message: parts })
      continue
    }
    for (const [name, e] of parts.linear) logWeights.set(name, add(logWeights.get(name) ?? ZERO, e))
    rest.push({ lifted: f, expr: parts.rest })
  }
  if (refusals.length > 0) return { groups: [], rest: [], refusals, steps: [] }
  const groups = graph.constraints.map(
    (c, i): CountGroup => ({
      id: `counts${i + 1}`,
      constraint: c,
      loops: c.loops,
      latents: c.terms.map((t) => t.latent),
      total: c.total,
      logWeights: c.terms.map((t) => logWeights.get(t.latent) ?? ZERO),
    }),
  )
  const steps = groups.map(
    (g): EStepStep => ({
      latents: g.latents,
      method: 'multinomial-split',
      explanation: `given their sum, the counts are ${g.latents.length === 2 ? 'Binomial' : 'Multinomial'}: it is shared out in proportion to the cells' probabilities`,
      reference: 'Dempster, Laird and Rubin (1977), section 1',
    }),
  )
  return { groups, rest, refusals: [], steps }
}

interface Parts {
  readonly linear: ReadonlyMap<string, Expr>
  readonly rest: Expr
}

/** A factor's log density as Σ u·η_u − log u! + rest, or the reason it is not of that form. */
function takeApart(f: LiftedFactor, graph: FactorGraph, maxTerms: number): Parts | string {
  if (f.variables.length > 0)
    return 'a statement that joins a latent count with another latent has no exact E-step in this version'
  const reduced = reduceSums(f.expr, graph.constraints)
  const ms = collect(reduced, { inU: (r) => isCount(r), isNonnegative: () => true, rename: (v) => v, maxTerms })
  const linear = new Map<string, Expr>()
  const factorials = new Map<string, Expr>()
  let rest: Expr = ZERO
  for (const m of ms) {
    const atom = m.atoms[0]
    if (atom === undefined) {
      rest = add(rest, rebuild(m))
      continue
    }
    if (m.loops.length > 0 || m.guards.length > 0 || m.atoms.length > 1 || atom.power.n !== 1 || atom.power.d !== 1)
      return COUNT_REASON
    if (isCount(atom.base)) linear.set(atom.base.name, add(linear.get(atom.base.name) ?? ZERO, m.coefficient))
    else {
      const name = factorialOf(atom.base)
      if (name === null) return COUNT_REASON
      factorials.set(name, add(factorials.get(name) ?? ZERO, m.coefficient))
    }
  }
  for (const c of f.counts) if (literal(factorials.get(c.latent) ?? ZERO) !== -1) return COUNT_REASON
  return { linear, rest }
}

const COUNT_REASON =
  'the posterior of these counts is not Multinomial: each must enter the log density as u·η − log u! only'

function factorialOf(e: Expr): string | null {
  if (e.kind !== 'call' || e.fn !== 'lgamma' || e.args[0] === undefined) return null
  const u = sub(e.args[0], num(1))
  return isCount(u) ? u.name : null
}

function rebuild(m: Monomial): Expr {
  const guarded = m.guards.reduceRight<Expr>(
    (e, g) => ({ kind: 'case', when: g, then: e, otherwise: ZERO }),
    m.coefficient,
  )
  return m.loops.reduceRight<Expr>((e, l) => ({ kind: 'sum', index: l, body: e }), guarded)
}

/** Inside each sum, c·(all the counts of one observed sum) becomes c·total. */
export function reduceSums(e: Expr, constraints: readonly Constraint[]): Expr {
  return rewrite(e, (n) => {
    if (n.kind !== 'add') return n
    let current: Expr = n
    for (const c of constraints) {
      const cells = c.terms.map((t) => ref('latent', t.latent, t.index))
      const factors = cells.map((cell) => coefficientOf(current, cell))
      const first = factors[0]
      if (first === undefined || first === null || isZero(first)) continue
      if (!factors.every((x) => x !== null && keyOf(x) === keyOf(first))) continue
      current = add(current, ...cells.map((cell) => neg(mul(first, cell))), mul(first, c.total))
    }
    return current
  })
}

/** Coefficient of a cell in a sum, when it occurs as a bare term with a numeric coefficient. */
function coefficientOf(e: Expr, cell: Expr): Expr | null {
  for (const t of e.kind === 'add' ? e.terms : [e]) {
    if (keyOf(t) === keyOf(cell)) return num(1)
    if (
      t.kind === 'mul' &&
      t.factors.length === 2 &&
      t.factors[1] !== undefined &&
      t.factors[0] !== undefined &&
      keyOf(t.factors[1]) === keyOf(cell) &&
      literal(t.factors[0]) !== null
    )
      return t.factors[0]
  }
  return null
}

/** In Q each count stands for its posterior mean, and what is free of params may go. */
export function countsToMeans(e: Expr): Expr {
  return rewrite(e, (n) => {
    if (n.kind === 'call' && n.fn === 'lgamma' && some(n, (x) => x.kind === 'mean')) return ZERO
    return isCount(n) ? { kind: 'mean', latent: n.name, index: n.index } : n
  })
}
