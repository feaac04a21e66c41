import { describe, expect, it } from 'vitest'
import {
  add,
  bothOf,
  call,
  caseOf,
  compare,
  eitherOf,
  exp,
  float,
  idx,
  inverse,
  log,
  logdet,
  mul,
  neg,
  notOf,
  num,
  ONE,
  PI,
  pow,
  ref,
  sub,
  sum,
} from '../../../compiler/algebra/build.js'
import { type Environment, evaluate, holds } from '../../../compiler/algebra/evaluate.js'
import type { Expr, IndexVar, MatrixRef } from '../../../compiler/algebra/types.js'

const arrays: ReadonlyMap<string, readonly number[]> = new Map([
  ['x', [2, 3, 5]],
  ['p', [0, 0.25, 0.75]],
  ['T', [1, 3]],
  ['A', [4, 1, 1, 3]],
  ['B', [0, 2, 3, 0]],
  ['S', [1, 2, 2, 4]],
])
const env: Environment = {
  ref(_space, name, index) {
    const [i = 1, j] = index
    const values = arrays.get(name) ?? []
    return values[j === undefined ? i - 1 : 2 * (i - 1) + j - 1] ?? Number.NaN
  },
  indices: new Map([['n', 2]]),
}
const index = (id: string, to: Expr, from: Expr = ONE): IndexVar => ({ id, name: id, from, to })
const at = (name: string, ...on: readonly Expr[]) => ref('data', name, on)
const [n, i, j] = [index('n', num(3)), index('i', num(2)), index('j', num(2))]
const matrix = (name: string, scale: Expr = ONE): MatrixRef => ({
  row: i,
  column: j,
  element: mul(scale, at(name, idx(i), idx(j))),
})
const broken: Expr = { kind: 'mean', latent: 'z', index: [] }

describe('evaluate', () => {
  it.each<[string, Expr, number]>([
    ['rationals', num(1, 3), 1 / 3],
    ['constants', mul(num(2), PI), 2 * Math.PI],
    ['free indices', idx(n), 2],
    ['arrays', at('x', idx(n)), 3],
    ['arrays at arrays', at('x', at('x', num(1))), 3],
    ['sums and products', add(mul(num(2), at('x', num(3))), neg(at('x', num(1)))), 8],
    ['integer powers', pow(at('x', num(1)), -3), 1 / 8],
    ['roots', pow(at('x', num(1)), { n: 3, d: 2 }), Math.SQRT2 ** 3],
    ['other powers', pow(at('x', num(1)), { n: 1, d: 3 }), 2 ** (1 / 3)],
    ['a sum that hides a free index', add(sum(n, at('x', idx(n))), idx(n)), 12],
    ['a ragged sum', sum(i, sum(index('t', at('T', idx(i))), idx(index('t', ONE)))), 1 + 6],
    ['an empty sum', sum(index('k', at('x', num(1)), at('x', num(2))), broken), 0],
    ['the branch that is taken only', caseOf(compare('<', idx(n), num(3)), num(7), broken), 7],
    ['otherwise', caseOf(compare('!=', idx(n), num(2)), broken, num(9)), 9],
    ['infinity', neg(float(Infinity)), -Infinity],
    ['0 log 0', mul(sub(at('x', num(1)), num(2)), log(at('p', num(1)))), 0],
    ['log 0', mul(at('x', num(1)), log(at('p', num(1)))), -Infinity],
    [
      'entropy with a zero',
      neg(sum(n, mul(at('p', idx(n)), log(at('p', idx(n)))))),
      -(0.25 * Math.log(0.25) + 0.75 * Math.log(0.75)),
    ],
    ['an element of an inverse', inverse(matrix('A'), num(1), num(2)), -1 / 11],
    [
      'an inverse that moves with an outer index',
      sum(n, inverse(matrix('A', at('x', idx(n))), num(1), num(1))),
      (3 / 11) * (1 / 2 + 1 / 3 + 1 / 5),
    ],
    ['a log-determinant', logdet(matrix('A')), Math.log(11)],
    ['a log-determinant beyond doubles', logdet(matrix('A', float(1e200))), Math.log(11) + 400 * Math.log(10)],
    [
      'a log-determinant after a row exchange',
      logdet({
        row: i,
        column: j,
        element: mul(at('B', idx(i), idx(j)), caseOf(compare('<', idx(i), idx(j)), num(-1), num(1))),
      }),
      Math.log(6),
    ],
    ['modulo of a negative number', call('mod', num(-1), num(3)), 2],
    ['several arguments', call('max', num(1), num(4), num(2)), 4],
    ['log1p', call('log1p', float(1e-20)), 1e-20],
    ['power', call('power', at('x', num(1)), at('x', num(2))), 8],
    ['logistic', call('logistic', num(0)), 0.5],
    ['exp', exp(at('p', num(1))), 1],
  ])('%s', (_what, expr, value) => {
    const found = evaluate(expr, env)
    if (Number.isFinite(value))
      expect(Math.abs(found - value)).toBeLessThanOrEqual(1e-14 * Math.max(1, Math.abs(value)))
    else expect(found).toBe(value)
  })

  it('is not a number where there is none', () => {
    expect(evaluate(inverse(matrix('S'), num(1), num(1)), env)).toBeNaN()
    expect(evaluate(logdet(matrix('S')), env)).toBe(-Infinity)
    expect(evaluate(logdet(matrix('B')), env)).toBeNaN() // the determinant is −6
    expect(evaluate(mul(sub(at('x', num(1)), num(2)), pow(at('p', num(1)), -1)), env)).toBeNaN() // 0 / 0
  })

  it('asks for posterior probabilities and means', () => {
    const probability: Expr = { kind: 'probability', of: [{ latent: 'z', index: [idx(n)], value: num(1) }] }
    const posterior: Environment = {
      ...env,
      probability: (of) => of.reduce((total, o) => total + o.value + 10 * (o.index[0] ?? 0), 0),
      mean: (latent, on) => latent.length + on.length,
    }
    expect(evaluate(probability, posterior)).toBe(21)
    expect(evaluate(broken, posterior)).toBe(1)
    expect(() => evaluate(probability, env)).toThrow('probability')
    expect(() => evaluate(broken, env)).toThrow('mean')
  })

  it('refuses an index without a value', () => {
    expect(() => evaluate(idx(i), env)).toThrow('index i')
  })

  it('decides guards', () => {
    const yes = compare('<=', idx(n), num(2))
    const no = compare('>', idx(n), num(2))
    expect(
      [bothOf(yes, no), eitherOf(no, yes), notOf(bothOf(yes, yes)), notOf(eitherOf(no, no))].map((g) => holds(g, env)),
    ).toEqual([false, true, false, true])
  })
})
