/** Terms of a sum that belong together: all values of a posterior, all counts of an observed sum, equal sums over rows. */
import {
  add,
  caseOf,
  idx,
  isOne,
  isZero,
  literal,
  mul,
  notOf,
  num,
  ONE,
  splitCoefficient,
  sum,
  ZERO,
} from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { collectNodes, rewrite, substituteIndex } from '../algebra/visit.js'
import { canonicalKey } from './canonical-key.js'
import type { Facts } from './facts.js'

type Simplify = (e: Expr) => Expr

/** Adds up what belongs together; `again` simplifies what has become shorter. */
export const joinTerms = (e: Expr, facts: Facts, again: Simplify): Expr =>
  joinBodies(likeTerms(wholeCounts(complements(likeTerms(e), facts, again), facts)), again)

const MARK: Expr = { kind: 'index', var: '*', name: '*' }

/** Terms that differ in the value of one posterior only, and together have all its values, add up to one without it. */
function complements(e: Expr, facts: Facts, again: Simplify): Expr {
  if (e.kind !== 'add') return e
  const groups = new Map<
    string,
    { readonly term: Expr; readonly value: number; readonly values: number; readonly node: Expr }[]
  >()
  for (const term of e.terms) {
    const nodes = collectNodes(term, (n) => n.kind === 'probability')
    const [node] = nodes
    const [indicator] = node?.kind === 'probability' ? node.of : []
    if (nodes.length !== 1 || node?.kind !== 'probability' || indicator === undefined || node.of.length !== 1) continue
    const value = literal(indicator.value)
    const latent = facts.latents.get(indicator.latent)
    if (value === null || latent?.kind !== 'discrete') continue
    const low = literal(latent.low)
    const high = literal(latent.high)
    if (low === null || high === null) continue
    const marked: Expr = { kind: 'probability', of: [{ ...indicator, value: MARK }] }
    const key = canonicalKey(rewrite(term, (n) => (keyOf(n) === keyOf(node) ? marked : n)))
    groups.set(key, [...(groups.get(key) ?? []), { term, value, values: high - low + 1, node }])
  }
  let out: readonly Expr[] = e.terms
  for (const group of groups.values()) {
    const [first] = group
    if (
      first === undefined ||
      new Set(group.map((g) => g.value)).size !== first.values ||
      group.length !== first.values
    )
      continue
    const whole = rewrite(first.term, (n) => (keyOf(n) === keyOf(first.node) ? ONE : n))
    out = [...out.filter((t) => !group.some((g) => g.term === t)), again(whole)]
  }
  return out === e.terms ? e : add(...out)
}

/** c·(the means of all the counts of one observed sum) is c·(that sum). */
function wholeCounts(e: Expr, facts: Facts): Expr {
  let current = e
  for (const c of facts.constraints) {
    if (current.kind !== 'add') return current
    const terms = current.terms
    const found = c.terms.map((t) => {
      const mean: Expr = { kind: 'mean', latent: t.latent, index: t.index }
      const own = terms.map(splitCoefficient).find((x) => x.rest !== null && keyOf(x.rest) === keyOf(mean))
      return own === undefined ? null : { mean, coefficient: own.coefficient }
    })
    const first = found[0]
    if (
      first === undefined ||
      first === null ||
      !found.every((f) => f !== null && keyOf(f.coefficient) === keyOf(first.coefficient))
    )
      continue
    current = add(
      current,
      ...found.map((f) => (f === null ? ZERO : mul(num(-1), f.coefficient, f.mean))),
      mul(first.coefficient, c.total),
    )
  }
  return current
}

/** Adds terms that differ in the names of their bound indices only. */
function likeTerms(e: Expr): Expr {
  if (e.kind !== 'add') return e
  const known = new Map<string, { rest: Expr; coefficients: Expr[] }>()
  let merged = false
  const out: Expr[] = []
  for (const t of e.terms) {
    const { coefficient, rest } = splitCoefficient(t)
    const key = rest === null ? null : canonicalKey(rest)
    const same = key === null ? undefined : known.get(key)
    if (same !== undefined) {
      same.coefficients.push(coefficient)
      merged = true
    } else if (key === null || rest === null) out.push(t)
    else known.set(key, { rest, coefficients: [coefficient] })
  }
  return merged ? add(...[...known.values()].map((k) => mul(add(...k.coefficients), k.rest)), ...out) : e
}

/** [c] and [not c]. */
const complementary = (a: Expr, b: Expr): boolean =>
  a.kind === 'case' &&
  b.kind === 'case' &&
  [a, b].every((x) => isOne(x.then) && isZero(x.otherwise)) &&
  keyOf(caseOf(notOf(a.when), ONE)) === keyOf(b)

/** Σ_n r q + Σ_n r (1 − q) = Σ_n r: sums over the same rows whose bodies add up to something shorter. */
function joinBodies(e: Expr, again: Simplify): Expr {
  if (e.kind !== 'add') return e
  const scaled = e.terms.map(splitCoefficient)
  for (const [i, { rest: a, coefficient }] of scaled.entries())
    for (const [j, { rest: b, coefficient: other }] of scaled.entries()) {
      if (
        j <= i ||
        a?.kind !== 'sum' ||
        b?.kind !== 'sum' ||
        keyOf(coefficient) !== keyOf(other) ||
        keyOf(a.index.to) !== keyOf(b.index.to) ||
        keyOf(a.index.from) !== keyOf(b.index.from)
      )
        continue
      const second = substituteIndex(b.body, new Map([[b.index.id, idx(a.index)]]))
      const parts = (x: Expr): readonly Expr[] => (x.kind === 'mul' ? x.factors : [x])
      const shared = parts(a.body).filter((f) => parts(second).some((g) => canonicalKey(f) === canonicalKey(g)))
      const rest = (x: Expr): Expr =>
        mul(...parts(x).filter((f) => !shared.some((g) => canonicalKey(f) === canonicalKey(g))))
      const joined = complementary(rest(a.body), rest(second)) ? ONE : add(rest(a.body), rest(second))
      if (shared.length === 0 || (joined.kind === 'add' && joined.terms.length > 1)) continue
      const whole = mul(coefficient, again(sum(a.index, mul(joined, ...shared))))
      return joinBodies(likeTerms(add(...e.terms.filter((_, k) => k !== i && k !== j), whole)), again)
    }
  return e
}
