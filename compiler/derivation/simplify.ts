/**
 * Sums over rows and posteriors brought into the form a reader expects: constants in front, a posterior that is summed
 * over all its values gone, a sum of something that does not depend on its index multiplied out.
 */
import {
  add,
  caseOf,
  foldGuard,
  idx,
  isOne,
  isZero,
  literal,
  log,
  mul,
  num,
  ONE,
  pow,
  splitCoefficient,
  sum,
  ZERO,
} from '../algebra/build.js'
import { expectation, readsRandom } from '../algebra/expectation.js'
import { keyOf } from '../algebra/key.js'
import { matrixSlice } from '../algebra/matrices.js'
import type { Expr, Guard, IndexVar, Indicator } from '../algebra/types.js'
import { collectNodes, freeIndices, guardChildren, rewrite, some, substituteIndex } from '../algebra/visit.js'
import { comparesWithNumber, conjuncts, fixedBy, tidyGuard } from './conditions.js'
import type { Facts } from './facts.js'
import { joinTerms } from './join-terms.js'

export function simplify(e: Expr, facts: Facts): Expr {
  return rewrite(e, (n) => {
    switch (n.kind) {
      case 'sum':
        return reduceSum(n.index, n.body, facts) ?? n
      case 'add':
        return joinTerms(n, facts, (x) => simplify(x, facts))
      case 'mul':
        return numbersFirst(conditionFirst(n))
      case 'case':
        return asIndicator(n)
      case 'expect': {
        const linear = expectationOf(n, facts)
        return linear === n ? n : simplify(linear, facts)
      }
      case 'inverse': {
        const slice = matrixSlice(n.of)
        if (slice === null || !facts.symmetric.has(slice.ref.name) || keyOf(n.row) <= keyOf(n.column)) return n
        return { ...n, row: n.column, column: n.row }
      }
      default:
        return n
    }
  })
}

/** Expectations are linear: of a sum term by term, with what is not random in front. Squares and products stay whole. */
function expectationOf(e: Expr & { kind: 'expect' }, facts: Facts): Expr {
  const { of, body } = e
  switch (body.kind) {
    case 'add':
      return add(...body.terms.map((t) => expectation(of, t)))
    case 'sum':
      return { ...body, body: expectation(of, body.body) }
    case 'case':
      return guardChildren(body.when).some(readsRandom)
        ? e
        : caseOf(body.when, expectation(of, body.then), expectation(of, body.otherwise))
    case 'call':
      return body.fn === 'log' && body.args[0] !== undefined ? ofLogarithm(e, body.args[0], facts) : e
    case 'mul': {
      const pulled = expectation(of, body)
      return keyOf(pulled) === keyOf(e) ? e : pulled
    }
    default:
      return readsRandom(body) ? e : expectation(of, body)
  }
}

/** E[log(a b)] = E[log a] + E[log b] where both are positive. */
function ofLogarithm(e: Expr & { kind: 'expect' }, arg: Expr, facts: Facts): Expr {
  if (arg.kind === 'mul' && arg.factors.every((f) => facts.isNonnegative(f)))
    return add(...arg.factors.map((f) => expectation(e.of, log(f))))
  if (arg.kind === 'pow' && facts.isNonnegative(arg.base))
    return mul({ kind: 'num', value: arg.exponent }, expectation(e.of, log(arg.base)))
  return e
}

const mentions = (e: Expr, v: IndexVar): boolean => freeIndices(e).has(v.id)

/** Σ_v body in a shorter form, or null where it stays a sum over v of the body. */
function reduceSum(v: IndexVar, body: Expr, facts: Facts): Expr | null {
  const over = (e: Expr): Expr => reduceSum(v, e, facts) ?? sum(v, e)
  if (isZero(body)) return ZERO
  if (!mentions(body, v)) return mul(extent(v), body)
  if (
    body.kind === 'add' &&
    body.terms.some(
      (t) =>
        !mentions(t, v) ||
        some(
          t,
          (n) =>
            n.kind === 'probability' ||
            n.kind === 'expect' ||
            n.kind === 'sum' ||
            n.kind === 'logdet' ||
            n.kind === 'call',
        ),
    )
  )
    return add(...body.terms.map(over))
  const factors = body.kind === 'mul' ? body.factors : [body]
  const outside = factors.filter((f) => !mentions(f, v))
  const inside = factors.filter((f) => mentions(f, v))
  if (outside.length > 0) return mul(...outside, over(mul(...inside)))
  // an indicator that fixes v
  for (const f of inside) {
    if (f.kind !== 'case' || !isOne(f.then) || !isZero(f.otherwise)) continue
    const conditions = conjuncts(f.when)
    const fixing = conditions.find((g) => fixedBy(g, v) !== null)
    const value = fixing === undefined ? null : fixedBy(fixing, v)
    if (value === null) continue
    const rest = conditions
      .filter((g) => g !== fixing)
      .reduce<Guard>((a, b) => foldGuard({ kind: 'and', left: a, right: b }), { kind: 'literal', value: true })
    return simplify(
      substituteIndex(mul(...inside.filter((x) => x !== f), caseOf(rest, ONE)), new Map([[v.id, value]])),
      facts,
    )
  }
  // a few values that are told apart by their numbers
  const [from, to] = [literal(v.from), literal(v.to)]
  if (
    from !== null &&
    to !== null &&
    to - from < 8 &&
    !some(body, (n) => n.kind === 'probability' && n.of.length > 3) &&
    some(body, (n) => n.kind === 'case' && comparesWithNumber(n.when, v))
  )
    return simplify(
      add(...Array.from({ length: to - from + 1 }, (_, i) => substituteIndex(body, new Map([[v.id, num(from + i)]])))),
      facts,
    )
  // yes and no, one by one, where no other value is open
  if (
    literal(v.from) === 0 &&
    literal(v.to) === 1 &&
    collectNodes(body, (n) => n.kind === 'probability').every(
      (n) => n.kind !== 'probability' || n.of.filter((i) => i.value.kind === 'index').length <= 1,
    )
  )
    return simplify(
      add(substituteIndex(body, new Map([[v.id, ZERO]])), substituteIndex(body, new Map([[v.id, ONE]]))),
      facts,
    )
  // a posterior summed over every value
  const [only] = inside
  if (inside.length === 1 && only?.kind === 'probability') {
    const own = only.of.filter((i) => i.value.kind === 'index' && i.value.var === v.id)
    const rest = only.of.filter((i) => !own.includes(i))
    const first = own[0]
    if (
      own.length === 1 &&
      first !== undefined &&
      !rest.some((i) => mentions(i.value, v) || i.index.some((x) => mentions(x, v))) &&
      coversValues(first, v, facts)
    )
      return rest.length === 0 ? ONE : { kind: 'probability', of: rest }
  }
  // v may fix or sum out something below another sum
  if (inside.length === 1 && only?.kind === 'sum' && !mentions(only.index.to, v) && !mentions(only.index.from, v)) {
    const inner = reduceSum(v, only.body, facts)
    if (inner !== null) return reduceSum(only.index, inner, facts) ?? sum(only.index, inner)
  }
  return null
}

export const extent = (v: IndexVar): Expr => add(v.to, mul(num(-1), v.from), ONE)

function coversValues(i: Indicator, v: IndexVar, facts: Facts): boolean {
  const latent = facts.latents.get(i.latent)
  if (latent?.kind !== 'discrete') return false
  const by = new Map(latent.loops.map((l, p) => [l.index.id, i.index[p] ?? idx(l.index)]))
  return (
    keyOf(substituteIndex(latent.low, by)) === keyOf(v.from) && keyOf(substituteIndex(latent.high, by)) === keyOf(v.to)
  )
}

/** x where a condition holds, else 0, as [condition] · x. */
function asIndicator(e: Expr & { kind: 'case' }): Expr {
  const when = tidyGuard(e.when)
  if (when !== e.when) {
    const tidy = caseOf(when, e.then, e.otherwise)
    return tidy.kind === 'case' ? asIndicator(tidy) : tidy
  }
  if (
    when.kind === 'compare' &&
    when.operator === '==' &&
    when.left.kind === 'index' &&
    when.right.kind === 'index' &&
    when.left.var > when.right.var
  )
    return asIndicator({ ...e, when: { ...when, left: when.right, right: when.left } })
  if (!isZero(e.otherwise) || isOne(e.then)) return e
  if (some(e.then, (n) => n.kind === 'call' || n.kind === 'float')) return e
  const ofRows = (n: Expr): boolean => n.kind === 'probability' || (n.kind === 'ref' && n.space === 'data')
  if (some(e.then, (n) => n.kind === 'ref' && n.space === 'param') && !some(e.then, ofRows)) return e
  return mul(e.then, caseOf(e.when, ONE))
}

/** r (½ x − ½ m) is ½ r (x − m), where the terms have one number, up to sign. */
function numbersFirst(e: Expr): Expr {
  if (e.kind !== 'mul' || e.factors.filter((f) => literal(f) === null).length < 2) return e
  const numberOf = (f: Expr): Expr => {
    if (f.kind !== 'add') return ONE
    const sizes = f.terms.map((t) => Math.abs(literal(splitCoefficient(t).coefficient) ?? 1))
    const [first] = f.terms
    if (first === undefined || sizes.some((x) => x !== sizes[0]) || sizes[0] === 1) return ONE
    return splitCoefficient(first).coefficient
  }
  const numbers = e.factors.map(numberOf)
  if (numbers.every(isOne)) return e
  return mul(...numbers, ...e.factors.map((f, i) => (f.kind === 'add' ? mul(pow(numbers[i] ?? ONE, -1), f) : f)))
}

/** Two conditions in one product are one; where one says y = l the rest may read l for y. */
function conditionFirst(e: Expr & { kind: 'mul' }): Expr {
  const guards = e.factors.flatMap((f) => (f.kind === 'case' && isOne(f.then) && isZero(f.otherwise) ? [f] : []))
  for (const g of guards) {
    const { when } = g
    if (when.kind !== 'compare' || when.operator !== '==' || when.left.kind !== 'ref' || when.right.kind === 'ref')
      continue
    const key = keyOf(when.left)
    const others = mul(...e.factors.filter((f) => f !== g))
    if (some(others, (n) => keyOf(n) === key))
      return mul(
        g,
        rewrite(others, (n) => (keyOf(n) === key ? when.right : n)),
      )
  }
  if (guards.length < 2) return e
  const merged = guards.reduce<Guard>((g, f) => foldGuard({ kind: 'and', left: g, right: f.when }), {
    kind: 'literal',
    value: true,
  })
  return mul(...e.factors.filter((f) => !guards.some((g) => g === f)), caseOf(merged, ONE))
}
