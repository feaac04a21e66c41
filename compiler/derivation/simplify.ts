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
  mul,
  num,
  ONE,
  pow,
  splitCoefficient,
  sub,
  sum,
  ZERO,
} from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import { matrixSlice } from '../algebra/matrices.js'
import type { Expr, Guard, IndexVar, Indicator } from '../algebra/types.js'
import { collectNodes, freeIndices, rewrite, some, substituteIndex } from '../algebra/visit.js'
import type { Constraint, Latent } from '../graph/types.js'

/** What is known of the symbols. */
export interface Facts {
  readonly latents: ReadonlyMap<string, Latent>
  readonly constraints: readonly Constraint[]
  /** Names of params that are symmetric matrices. */
  readonly symmetric: ReadonlySet<string>
}

export function simplify(e: Expr, facts: Facts): Expr {
  return rewrite(e, (n) => {
    switch (n.kind) {
      case 'sum':
        return reduceSum(n.index, n.body, facts) ?? n
      case 'add':
        return joinBodies(likeTerms(wholeCounts(complements(likeTerms(n), facts), facts)), facts)
      case 'mul':
        return numbersFirst(conditionFirst(n))
      case 'case':
        return asIndicator(n)
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
        some(t, (n) => n.kind === 'probability' || n.kind === 'sum' || n.kind === 'logdet' || n.kind === 'call'),
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

const conjuncts = (g: Guard): readonly Guard[] =>
  g.kind === 'and' ? [...conjuncts(g.left), ...conjuncts(g.right)] : [g]

/** The value that v = e, or v + 1 = e, gives to v. */
function fixedBy(g: Guard, v: IndexVar): Expr | null {
  if (g.kind !== 'compare' || g.operator !== '==') return null
  for (const [a, b] of [
    [g.left, g.right],
    [g.right, g.left],
  ] as const) {
    const offset = sub(a, idx(v))
    if (literal(offset) !== null && !mentions(b, v)) return sub(b, offset)
  }
  return null
}

/** y ≠ 1 and y = 2 is y = 2. */
function tidyGuard(g: Guard): Guard {
  const all = conjuncts(g)
  const fixed = all.flatMap((x) =>
    x.kind === 'compare' && x.operator === '==' && literal(x.right) !== null ? [x] : [],
  )
  const kept = all.filter(
    (x) =>
      !(
        x.kind === 'compare' &&
        x.operator === '!=' &&
        literal(x.right) !== null &&
        fixed.some((f) => keyOf(f.left) === keyOf(x.left) && literal(f.right) !== literal(x.right))
      ),
  )
  return kept.length === all.length
    ? g
    : kept.reduce<Guard>((a, b) => foldGuard({ kind: 'and', left: a, right: b }), { kind: 'literal', value: true })
}

function coversValues(i: Indicator, v: IndexVar, facts: Facts): boolean {
  const latent = facts.latents.get(i.latent)
  if (latent?.kind !== 'discrete') return false
  const by = new Map(latent.loops.map((l, p) => [l.index.id, i.index[p] ?? idx(l.index)]))
  return (
    keyOf(substituteIndex(latent.low, by)) === keyOf(v.from) && keyOf(substituteIndex(latent.high, by)) === keyOf(v.to)
  )
}

/** true where a guard compares the index with a number. */
export function comparesWithNumber(g: Guard, v: IndexVar): boolean {
  switch (g.kind) {
    case 'compare':
      return isVariable(g.left, v) ? literal(g.right) !== null : isVariable(g.right, v) && literal(g.left) !== null
    case 'and':
    case 'or':
      return comparesWithNumber(g.left, v) || comparesWithNumber(g.right, v)
    case 'not':
      return comparesWithNumber(g.of, v)
    case 'literal':
      return false
  }
}

const isVariable = (e: Expr, v: IndexVar): boolean => e.kind === 'index' && e.var === v.id

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

const MARK: Expr = { kind: 'index', var: '*', name: '*' }

/** Terms that differ in the value of one posterior only, and together have all its values, add up to one without it. */
function complements(e: Expr, facts: Facts): Expr {
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
    out = [...out.filter((t) => !group.some((g) => g.term === t)), simplify(whole, facts)]
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

/** Σ_n r q + Σ_n r (1 − q) = Σ_n r: sums over the same rows whose bodies add up to something shorter. */
function joinBodies(e: Expr, facts: Facts): Expr {
  if (e.kind !== 'add') return e
  for (const [i, a] of e.terms.entries())
    for (const [j, b] of e.terms.entries()) {
      if (
        j <= i ||
        a.kind !== 'sum' ||
        b.kind !== 'sum' ||
        keyOf(a.index.to) !== keyOf(b.index.to) ||
        keyOf(a.index.from) !== keyOf(b.index.from)
      )
        continue
      const other = substituteIndex(b.body, new Map([[b.index.id, idx(a.index)]]))
      const parts = (x: Expr): readonly Expr[] => (x.kind === 'mul' ? x.factors : [x])
      const shared = parts(a.body).filter((f) => parts(other).some((g) => canonicalKey(f) === canonicalKey(g)))
      const rest = (x: Expr): Expr =>
        mul(...parts(x).filter((f) => !shared.some((g) => canonicalKey(f) === canonicalKey(g))))
      const joined = add(rest(a.body), rest(other))
      if (shared.length === 0 || (joined.kind === 'add' && joined.terms.length > 1)) continue
      const whole = simplify(sum(a.index, mul(joined, ...shared)), facts)
      return joinBodies(likeTerms(add(...e.terms.filter((t) => t !== a && t !== b), whole)), facts)
    }
  return e
}

/** A key that does not depend on the ids of bound variables. */
export function canonicalKey(e: Expr): string {
  let count = 0
  const go = (x: Expr, by: ReadonlyMap<string, Expr>): Expr => {
    if (x.kind === 'index') return by.get(x.var) ?? x
    if (x.kind === 'sum') {
      const name = `#${count++}`
      const inner = new Map([...by, [x.index.id, { kind: 'index', var: name, name } as Expr]])
      return {
        kind: 'sum',
        index: { id: name, name, from: substituteIndex(x.index.from, by), to: substituteIndex(x.index.to, by) },
        body: go(x.body, inner),
      }
    }
    if (x.kind === 'mul') return { kind: 'mul', factors: x.factors.map((f) => go(f, by)) }
    if (x.kind === 'add') return { kind: 'add', terms: x.terms.map((f) => go(f, by)) }
    return substituteIndex(x, by)
  }
  return keyOf(go(e, new Map()))
}

/** Both without the factors that every term of both has. */
export function cancelled(top: Expr, bottom: Expr, numbers: boolean): { readonly top: Expr; readonly bottom: Expr } {
  const shared = commonFactors([...termsOf(top), ...termsOf(bottom)]).filter((f) => numbers || literal(f) === null)
  const less = (e: Expr): Expr => add(...termsOf(e).map((t) => mul(t, ...shared.map((f) => pow(f, -1)))))
  return { top: less(top), bottom: less(bottom) }
}

/** top / bottom, with the factors that every term of both shares cancelled. */
export function ratio(top: Expr, bottom: Expr): Expr {
  const { top: a, bottom: b } = cancelled(top, bottom, true)
  return literal(b) === 1 ? a : { kind: 'mul', factors: [a, { kind: 'pow', base: b, exponent: { n: -1, d: 1 } }] }
}

const termsOf = (e: Expr): readonly Expr[] => (e.kind === 'add' ? e.terms : [e])

/** Factors that occur in each term: powers of refs and inverses, and a common numeric factor. */
function commonFactors(terms: readonly Expr[]): readonly Expr[] {
  const lists = terms.filter((t) => !isZero(t)).map((t) => (t.kind === 'mul' ? t.factors : [t]))
  const [first, ...others] = lists
  if (first === undefined) return []
  const symbolic = first.filter((f) => literal(f) === null && others.every((l) => l.some((g) => keyOf(g) === keyOf(f))))
  const numbers = lists.map(
    (l) =>
      l.flatMap((f) =>
        f.kind === 'num' ? [f.value] : f.kind === 'float' ? [{ n: Math.sign(f.value), d: 1 }] : [],
      )[0] ?? { n: 1, d: 1 },
  )
  const n = numbers.reduce((g, x) => gcd(g, Math.abs(x.n)), 0)
  const d = numbers.reduce((l, x) => (l * x.d) / gcd(l, x.d), 1)
  const sign = numbers.every((x) => x.n < 0) ? -1 : 1
  return [...symbolic, ...(n === d && sign === 1 ? [] : [num(sign * n, d)])]
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
