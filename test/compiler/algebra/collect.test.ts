import { describe, expect, test } from 'vitest'
import {
  add,
  caseOf,
  compare,
  div,
  exp,
  idx,
  log,
  mul,
  neg,
  num,
  ONE,
  pow,
  ref,
  sqrt,
  square,
  sub,
  sum,
  ZERO,
} from '../../../compiler/algebra/build.js'
import { type CollectOptions, collect, TooManyTerms } from '../../../compiler/algebra/collect.js'
import { evaluate } from '../../../compiler/algebra/evaluate.js'
import { keyOf } from '../../../compiler/algebra/key.js'
import { type Monomial, monomialsToExpr } from '../../../compiler/algebra/monomial.js'
import { isNonnegative } from '../../../compiler/algebra/signs.js'
import type { Expr, IndexVar } from '../../../compiler/algebra/types.js'

const u = ref('param', 'u')
const v = ref('param', 'v')
const real = ref('param', 'real')
const x = ref('data', 'x')
const n: IndexVar = { id: 'n', name: 'n', from: num(1), to: num(3) }
const k: IndexVar = { id: 'k', name: 'k', from: num(1), to: num(2) }

let used = 0
const options: CollectOptions = {
  inU: (r) => r.space === 'param',
  isNonnegative: (e) =>
    isNonnegative(
      e,
      (r) => (r.name === 'u' || r.name === 'v' ? 'positive' : 'unknown'),
      (e2) => (e2.kind === 'ref' && e2.name === 'u' ? 1 : null),
    ),
  rename: (i) => {
    used += 1
    return { ...i, id: `${i.name}'${used}` }
  },
  maxTerms: 50,
}

const statistics = (ms: readonly Monomial[]): readonly string[] =>
  ms
    .map((m) =>
      m.atoms
        .map((a) => `${keyOf(a.base)}^${a.power.n}/${a.power.d}`)
        .sort()
        .join(' '),
    )
    .sort()
const values: Readonly<Record<string, number>> = { u: 0.3, v: 2.2, real: -1.4, x: 0.8 }
const numberOf = (e: Expr): number =>
  evaluate(e, { ref: (_s, name, index) => (values[name] ?? 0) + 0.1 * (index[0] ?? 0) })

/** The statistics, once it is clear that the value is the same. */
function collected(e: Expr): readonly string[] {
  const ms = collect(e, options)
  expect(numberOf(monomialsToExpr(ms))).toBeCloseTo(numberOf(e), 12)
  return statistics(ms)
}

const U = keyOf(u)
const LOG_U = keyOf(log(u))

describe('what is collected', () => {
  test('a polynomial', () => {
    expect([...new Set(collected(square(sub(x, real))))]).toEqual(['', `${keyOf(real)}^1/1`, `${keyOf(real)}^2/1`])
  })

  test('nothing is expanded where there is no param', () => {
    const ms = collect(mul(u, pow(add(x, ONE), 20)), options)
    expect(ms).toHaveLength(1)
  })

  test('a power of a product, a quotient', () => {
    expect(collected(div(square(mul(x, u)), mul(u, sqrt(v))))).toEqual(
      [`${keyOf(v)}^-1/2 ${U}^1/1`].map((s) => s.split(' ').sort().join(' ')),
    )
  })

  test('the log of a product, a power and an exponential', () => {
    expect(collected(log(mul(num(2), square(u), pow(v, -3), exp(neg(mul(x, u))))))).toEqual(
      ['', `${LOG_U}^1/1`, `${keyOf(log(v))}^1/1`, `${U}^1/1`].sort(),
    )
  })

  test('an even power of what may be negative stays whole under a log', () => {
    expect(collect(log(square(real)), options)).toHaveLength(1)
    expect(collected(log(square(real)))[0]).toContain('log')
  })

  test('log(α + βu) with rational roots', () => {
    expect(collected(log(sub(num(2), mul(num(2), u))))).toEqual(['', `${keyOf(log(sub(ONE, u)))}^1/1`])
    expect(collected(log(add(ONE, mul(num(-2), u), square(u))))).toEqual([`${keyOf(log(sub(ONE, u)))}^1/1`])
    expect(collected(log(sub(u, square(u))))).toEqual([`${keyOf(log(sub(ONE, u)))}^1/1`, `${LOG_U}^1/1`].sort())
  })

  test('a log that does not split is one statistic', () => {
    expect(collected(log(add(u, v)))).toEqual([`${keyOf(log(add(u, v)))}^1/1`])
    expect(collected(log(add(square(u), ONE)))).toHaveLength(1)
  })

  test('products of exponentials', () => {
    expect(collected(mul(exp(real), exp(mul(num(-3), real)), x))).toEqual([`${keyOf(exp(real))}^-2/1`])
    expect(collected(exp(add(x, mul(num(1, 2), real))))).toEqual([`${keyOf(exp(real))}^1/2`])
  })

  test('terms that cancel leave none behind by value', () => {
    expect(numberOf(monomialsToExpr(collect(sub(mul(x, u), mul(u, x)), options)))).toBe(0)
  })
})

describe('loops and guards', () => {
  const un = ref('param', 'u', [idx(n)])

  test('a sum becomes a loop, a square of a sum two with different variables', () => {
    const one = collect(sum(n, un), options)
    expect(one.map((m) => m.loops.length)).toEqual([1])
    const two = collect(square(sum(n, un)), options)
    expect(two).toHaveLength(1)
    const ids = two[0]?.loops.map((l) => l.id) ?? []
    expect(new Set(ids).size).toBe(2)
    expect(numberOf(monomialsToExpr(two))).toBeCloseTo(numberOf(square(sum(n, un))), 12)
  })

  test('a guard that pins a loop variable takes the loop away', () => {
    const e = sum(k, caseOf(compare('==', idx(k), num(2)), log(ref('param', 'u', [idx(k)])), ZERO))
    const [m] = collect(e, options)
    expect(m?.loops).toEqual([])
    expect(m?.guards).toEqual([])
    expect(m?.atoms.map((a) => keyOf(a.base))).toEqual([keyOf(log(ref('param', 'u', [num(2)])))])
  })

  test('over two values, "not the first" is the second', () => {
    const e = sum(k, caseOf(compare('!=', idx(k), ONE), ref('param', 'u', [idx(k)]), ZERO))
    expect(collect(e, options).map((m) => [m.loops.length, keyOf(m.atoms[0]?.base ?? ZERO)])).toEqual([
      [0, keyOf(ref('param', 'u', [num(2)]))],
    ])
  })

  test('an inequality narrows the loop', () => {
    const [m] = collect(sum(n, caseOf(compare('<=', idx(n), num(2)), un, ZERO)), options)
    expect(m?.guards).toEqual([])
    expect(m?.loops.map((l) => keyOf(l.to))).toEqual(['2'])
  })

  test('guards that cannot hold leave nothing', () => {
    expect(
      collect(
        sum(k, caseOf(compare('==', idx(k), num(1)), caseOf(compare('==', idx(k), num(2)), u, ZERO), ZERO)),
        options,
      ),
    ).toEqual([])
  })

  test('the log of a case is the case of the logs', () => {
    const e = log(caseOf(compare('==', x, ONE), u, v))
    const ms = collect(e, options)
    expect(ms).toHaveLength(2)
    expect(numberOf(monomialsToExpr(ms))).toBeCloseTo(numberOf(e), 12)
  })
})

test('too many terms are a decline with the number', () => {
  const many = pow(add(...Array.from({ length: 9 }, (_, i) => ref('param', `p${i}`))), 3)
  expect(() => collect(many, options)).toThrow(TooManyTerms)
  expect(() => collect(many, options)).toThrow('more than 50 terms')
})
