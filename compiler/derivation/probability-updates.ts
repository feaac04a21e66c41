/** Weighted logarithms: on a simplex, and of the distances to the ends of an interval. */
import { add, idx, isZero, literal, log, mul, pow, ref, sub, sum, ZERO } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'
import type { BetaStep, DirichletStep } from '../mstep/types.js'
import type { Target } from './elements.js'
import type { Notation } from './notation.js'
import { ratio } from './ratio.js'
import { simplify } from './simplify.js'
import { toldApart } from './told-apart.js'
import type { Update, UpdateContext } from './update-types.js'

const sameLead = (a: Target, b: Target): boolean =>
  a.at.slice(0, -1).every((e, i) => literal(e) === literal(b.at[i] ?? ZERO))

/** Letter of the Lagrange multiplier. */
export const multiplier = (notation: Notation): string =>
  ['lambda', 'eta', 'nu'].find((n) => !notation.taken.has(n)) ?? 'lambda'

/** A_k log p_k on the simplex. */
export function simplexUpdate(step: DirichletStep, c: UpdateContext): Update {
  const name = step.params[0] ?? ''
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

/** A log(u − l) + B log(h − u). */
export function betaUpdate(step: BetaStep, c: UpdateContext): Update {
  const name = step.params[0] ?? ''
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
