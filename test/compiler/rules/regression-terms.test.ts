/** Which regression the terms of a block are, on terms put together by hand. */
import { describe, expect, test } from 'vitest'
import { add, call, caseOf, compare, exp, log, mul, neg, num, ONE, ref, sum } from '../../../compiler/algebra/build.js'
import type { Monomial } from '../../../compiler/algebra/monomial.js'
import type { Expr } from '../../../compiler/algebra/types.js'
import { REGRESSION_RULES, regressionOf, regressionRule } from '../../../compiler/rules/mstep/regression.js'
import { at, j, k, param, rational, rowTerm, shift, stat, term } from './blocks.js'

const [x, y, w] = [ref('data', 'x'), ref('data', 'y'), ref('data', 'w')]
const r = param('r')
/** a + b x. */
const eta = add(param('a'), mul(param('b'), x))
const expEta = exp(eta)
const minus = (e: Expr): Expr => mul(num(-1), w, e)

/** The name of the rule, or null; `w` and `r` are not negative, `y` is the response. */
function kindOf(rows: readonly Expr[], monomials: readonly Monomial[] = [], response: string | null = null) {
  const rule = regressionOf({
    names: new Set(['a', 'b']),
    monomials,
    rowTerms: rows.map((e) => rowTerm(e, ['a', 'b'])),
    isNonnegative: (e) => e === w || e === r,
    response: () => response,
  })
  return rule === null ? null : Object.entries(REGRESSION_RULES).find(([, own]) => own === rule)?.[0]
}

const log1p = (e: Expr): Expr => call('log1p', e)
const power = (base: Expr, n: number, d: number): Expr => ({ kind: 'pow', base, exponent: rational(n, d) })

describe('a term over rows', () => {
  test.each<readonly [string, Expr, string]>([
    ['−w log(1 + e^η)', minus(call('log1pexp', eta)), 'logistic'],
    ['w log logistic η', mul(w, call('logLogistic', eta)), 'logistic'],
    ['log logistic η', call('logLogistic', eta), 'logistic'],
    ['w log Φ(η)', mul(w, call('logPhi', eta)), 'probit'],
    ['−w e^η', minus(expEta), 'poisson'],
    ['−w e^a e^(bx)', mul(num(-1), w, exp(param('a')), exp(mul(param('b'), x))), 'poisson'],
    ['−w log(1 + e^η) by log1p', minus(log1p(expEta)), 'negativeBinomial'],
    ['−w log(r + e^η)', minus(log(add(r, expEta))), 'negativeBinomial'],
    ['−w log(r + w e^η)', minus(log(add(r, mul(w, expEta)))), 'negativeBinomial'],
    ['−w log Σ e^η', minus(log(sum(j, exp(param('a', ...at(j)))))), 'multinomial'],
    ['−w log(e^a + e^b)', minus(log(add(exp(param('a')), exp(param('b'))))), 'multinomial'],
    ['a posterior expectation', minus({ kind: 'expect', of: [], body: expEta }), 'poisson'],
    ['a sum over elements', sum(k, minus(expEta)), 'poisson'],
    ['a condition', caseOf(compare('==', x, ONE), minus(expEta)), 'poisson'],
    ['a product in a product', { kind: 'mul', factors: [num(-1), { kind: 'mul', factors: [w, expEta] }] }, 'poisson'],
    ['a power of e^η', minus(power(expEta, -1, 2)), 'poisson'],
    ['a first power', { kind: 'mul', factors: [num(-1), power(expEta, 1, 1)] }, 'poisson'],
    ['a sum over rows for a weight', mul(num(-1), stat('W'), expEta), 'poisson'],
    ['a sum in η', minus(exp(sum(j, mul(param('b', ...at(j)), x)))), 'poisson'],
    ['a condition in η', minus(exp(caseOf(compare('==', x, ONE), param('a'), param('b')))), 'poisson'],
    ['a shift in η', minus(exp(shift('a'))), 'poisson'],
    ['data with the name of a param', minus(exp(mul(param('b'), ref('data', 'a')))), 'poisson'],
    ['a weight below 1', { kind: 'mul', factors: [num(-1, 2), expEta] }, 'poisson'],
  ])('%s', (_, e, kind) => {
    expect(kindOf([e])).toBe(kind)
  })

  test('with the response for its weight is a Gamma regression', () => {
    const own = mul(num(-1), y, exp(neg(eta)))
    expect(kindOf([own], [], 'y')).toBe('gamma')
    expect(kindOf([minus(exp(neg(eta)))], [], 'y')).toBe('poisson')
    expect(kindOf([own], [], null)).toBe(null)
    expect(kindOf([own], [], 'x')).toBe(null)
    // a param of the same name is no response
    expect(kindOf([mul(num(-1), param('y'), exp(neg(eta)))], [], 'y')).toBe(null)
  })

  const quadratic = add(param('a'), mul(param('b'), param('b')))
  test.each<readonly [string, Expr]>([
    ['a rise with log(1 + e^η)', mul(w, call('log1pexp', eta))],
    ['a fall with log logistic η', minus(call('logLogistic', eta))],
    ['a fall with log Φ(η)', minus(call('logPhi', eta))],
    ['a rise with e^η', mul(w, expEta)],
    ['a rise with e^a e^b', mul(w, exp(param('a')), exp(param('b')))],
    ['a rise with log1p', mul(w, log1p(expEta))],
    ...(['exp', 'logPhi', 'logLogistic', 'log1pexp'] as const).map(
      (fn) => [`a weight of 0 before ${fn}`, { kind: 'mul', factors: [num(0), call(fn, eta)] }] as const,
    ),
    ['a weight of 0 before a product', { kind: 'mul', factors: [num(0), exp(param('a')), exp(param('b'))] }],
    ['log(r + x + e^η), x of unknown sign', minus(log(add(r, x, expEta)))],
    ['log(r + e^η + b)', minus(log(add(r, expEta, param('b'))))],
    ['a weight of unknown sign', mul(num(-1), x, expEta)],
    ['no function', minus(param('a'))],
    ['η and e^η', mul(num(-1), param('a'), expEta)],
    ['another function', minus(call('sqrt', eta))],
    ['log η', minus(log(param('a')))],
    ['log Σ η', minus(log(sum(j, param('a', ...at(j)))))],
    ['log(x + η)', minus(log(add(r, param('a'))))],
    ['log(r + e^η), r of unknown sign', minus(log(add(x, expEta)))],
    ['log(e^a + b)', minus(log(add(exp(param('a')), param('b'))))],
    ['a condition with another branch', caseOf(compare('==', x, ONE), minus(expEta), num(2))],
    ['a square of log(1 + e^η)', minus(power(call('log1pexp', eta), 2, 1))],
    ['nothing of the block', minus(exp(x))],
    ...(['log1pexp', 'logLogistic', 'logPhi', 'exp'] as const).map(
      (fn) =>
        [`${fn} of a square`, mul(fn === 'log1pexp' || fn === 'exp' ? num(-1) : ONE, call(fn, quadratic))] as const,
    ),
    ['log1p of no exponential', minus(log1p(eta))],
    ['e^(a b)', minus(exp(mul(param('a'), param('b'))))],
    ['e^sqrt(a)', minus(exp(call('sqrt', param('a'))))],
    ['e^Σ a²', minus(exp(sum(j, mul(param('a', ...at(j)), param('b', ...at(j))))))],
    ['a condition on one side of which η is none', minus(exp(caseOf(compare('==', x, ONE), quadratic, param('b'))))],
    [
      'a condition on the other side of which η is none',
      minus(exp(caseOf(compare('==', x, ONE), param('b'), quadratic))),
    ],
    ['log(r + a e^b)', minus(log(add(r, mul(param('a'), exp(param('b'))))))],
    ['log(r + w sqrt(a))', minus(log(add(r, mul(w, call('sqrt', param('a'))))))],
  ])('%s is none', (_, e) => {
    expect(kindOf([e])).toBe(null)
    // nor is a block that has it beside a term of a regression
    expect(kindOf([minus(expEta), e])).toBe(null)
    expect(kindOf([e, minus(expEta)])).toBe(null)
  })
})

describe('terms with statistics', () => {
  const exponential = term(num(-2), [exp(param('a'))])
  test.each<readonly [string, readonly Monomial[], string | null]>([
    ['an exponential', [exponential], 'poisson'],
    ['beside linear terms', [exponential, term(stat('A'), [param('a')])], 'poisson'],
    [
      'beside squares and products',
      [exponential, term(x, [[param('a'), rational(2)]]), term(x, [param('a'), shift('b')])],
      'poisson',
    ],
    ['beside a term of another param', [exponential, term(x, [log(r)])], 'poisson'],
    ['beside a cube', [exponential, term(x, [[param('a'), rational(3)]])], null],
    ['beside a square of one and the other', [exponential, term(x, [[param('a'), rational(2)], param('b')])], null],
    ['with a weight that is not negative', [term(num(2), [exp(param('a'))])], null],
    ['two regressions', [exponential, term(num(-1), [call('log1pexp', param('a'))])], null],
    ['linear terms alone', [term(x, [param('a')])], null],
    ['a sum over rows for a weight', [term(mul(num(-1), stat('W')), [exp(param('a'))])], 'poisson'],
    ['beside a root of a cube', [exponential, term(x, [[param('a'), rational(3, 2)]])], 'poisson'],
    ['a root of an exponential', [term(num(-2), [[exp(param('a')), rational(1, 2)]])], 'poisson'],
  ])('%s', (_, monomials, kind) => {
    expect(kindOf([], monomials)).toBe(kind)
  })

  test('are one regression with those over rows', () => {
    expect(kindOf([minus(expEta)], [exponential])).toBe('poisson')
    expect(kindOf([minus(call('log1pexp', eta))], [exponential])).toBe(null)
  })
})

test('a rule is found by its id', () => {
  for (const rule of Object.values(REGRESSION_RULES)) expect(regressionRule(rule.id)).toBe(rule)
  expect(regressionRule('family-mode')).toBeUndefined()
  expect(new Set(Object.values(REGRESSION_RULES).flatMap(({ id, name }) => [id, name])).size).toBe(12)
})
