/** The rule for quadratic blocks on terms put together by hand. */
import { describe, expect, test } from 'vitest'
import { compare, inverse, log, mul, num, ONE, pow, ref } from '../../../compiler/algebra/build.js'
import type { Monomial } from '../../../compiler/algebra/monomial.js'
import type { Expr } from '../../../compiler/algebra/types.js'
import type { NormalStep } from '../../../compiler/mstep/types.js'
import { normalMode } from '../../../compiler/rules/mstep/normal-mode.js'
import { type Block, NOT_IN_STATISTICS, type ParamInfo } from '../../../compiler/rules/mstep/types.js'
import { at, blockOf, i, inverseElement, j, k, param, rational, scalar, shift, stat, term, variable } from './blocks.js'

const l = variable('l')

const [m, b] = [scalar('m', 'real'), scalar('b', 'real')]
const [N, S] = [stat('N'), stat('S')]
const sigma = [param('sigma'), rational(-2)] as const
const own = shift('m')
const square = [own, rational(2)] as const

function stepOf(params: readonly ParamInfo[], terms: readonly Monomial[], more: Partial<Block> = {}): NormalStep {
  const found = normalMode.apply(blockOf(params, terms, more))
  if (found.kind !== 'applies' || found.candidate.step.kind !== 'normal') throw new Error(JSON.stringify(found))
  expect(found.candidate.reads).toEqual(found.candidate.step.dependsOn)
  return found.candidate.step
}

const terms = (step: NormalStep) => ({
  linear: step.linear.map(({ at: where, value }) => [where, value]),
  quadratic: step.quadratic.map(({ at: where, otherAt, value }) => [where, otherAt, value]),
})

describe('one number', () => {
  test('is solved from its linear and its quadratic terms', () => {
    expect(normalMode.apply(blockOf([m], [term(N, [square]), term(S, [own]), term(S, [own])]))).toEqual({
      kind: 'applies',
      candidate: {
        reads: [],
        step: {
          kind: 'normal',
          id: 'm',
          params: ['m'],
          rule: 'family-mode',
          closedForm: true,
          exact: 'joint',
          declined: [],
          dependsOn: [],
          family: 'Normal',
          batch: [{ param: 'm', positions: [] }],
          linear: [S, S].map((value) => ({ loops: [], guards: [], at: [], value, param: 'm' })),
          quadratic: [{ loops: [], guards: [], at: [], value: N, param: 'm', other: 'm', otherAt: [] }],
          cancelled: [],
        },
      },
    })
  })
  test('has a constant beside its terms', () => {
    expect(stepOf([m], [term(N, [square]), term(S, []), term(S, [own])]).linear).toHaveLength(1)
  })
  test.each(['real', 'interval', 'positive', 'nonnegative', 'unit', 'ordered'] as const)('may be %s', (support) => {
    expect(stepOf([scalar('m', support)], [term(N, [square])]).family).toBe('Normal')
  })
  test('is free of a factor that all terms share', () => {
    const step = stepOf([m], [term(N, [square, sigma]), term(S, [own, sigma])])
    expect(step).toMatchObject({
      rule: 'triangular-elimination',
      dependsOn: [],
      cancelled: [pow(param('sigma'), -2)],
      linear: [{ value: S }],
      quadratic: [{ value: N }],
    })
  })
  test.each<readonly [string, readonly Monomial[]]>([
    ['one term has', [term(N, [square, sigma]), term(S, [own])]],
    ['the others have', [term(N, [square]), term(S, [own, sigma])]],
    ['is another power', [term(N, [square, sigma]), term(S, [own, [param('sigma'), rational(-1)]])]],
    ['is of another param', [term(N, [square, sigma]), term(S, [own, [param('tau'), rational(-2)]])]],
  ])('reads a factor that %s', (_, own1) => {
    const step = stepOf([m], own1)
    expect(step).toMatchObject({ rule: 'family-mode', cancelled: [] })
    expect(step.dependsOn).toContain('sigma')
  })
})

describe('elements of an array', () => {
  const array: ParamInfo = { ...m, rank: 1 }
  const [mk, mj] = [shift('m', ...at(k)), shift('m', ...at(j))]
  const sigmaOf = (v: typeof k) => [param('sigma', ...at(v)), rational(-2)] as const
  test('are one small system each where no term joins two', () => {
    const step = stepOf([array], [term(N, [[mk, rational(2)]], [k]), term(S, [mk], [k])])
    expect(step).toMatchObject({ family: 'Normal', batch: [{ param: 'm', positions: [0] }] })
  })
  test('are one system where a term joins two', () => {
    const step = stepOf([array], [term(N, [[mk, rational(2)]], [k]), term(S, [mk, mj], [k, j])])
    expect(step).toMatchObject({ family: 'MvNormal', batch: [{ param: 'm', positions: [] }] })
    expect(terms(step).quadratic).toEqual([
      [at(k), at(k), N],
      [at(k), at(j), S],
    ])
  })
  test('are free of a factor of their own, by whatever letter', () => {
    const step = stepOf([array], [term(N, [[mk, rational(2)], sigmaOf(k)], [k]), term(S, [mj, sigmaOf(j)], [j])])
    expect(step).toMatchObject({ rule: 'triangular-elimination', dependsOn: [] })
  })
  test.each<readonly [string, readonly Monomial[]]>([
    ['is of another element', [term(N, [[mk, rational(2)], sigmaOf(j)], [k, j]), term(S, [mk, sigmaOf(j)], [k, j])]],
    ['is of one of two elements', [term(N, [mk, mj, sigmaOf(k)], [k, j]), term(S, [mk, sigmaOf(k)], [k])]],
    [
      'is at a number',
      [term(N, [[mk, rational(2)], sigmaOf(k)], [k]), term(S, [mk, [param('sigma', num(1)), rational(-2)]], [k])],
    ],
  ])('keep a factor that %s', (_, own1) => {
    expect(stepOf([array], own1)).toMatchObject({ rule: 'family-mode', dependsOn: ['sigma'] })
  })
})

describe('several params', () => {
  const [mk, bk] = [shift('m', ...at(k)), shift('b', ...at(k))]
  const both = [
    { ...m, rank: 1 },
    { ...b, rank: 1 },
  ]
  const squares = [term(N, [[mk, rational(2)]], [k]), term(N, [[bk, rational(2)]], [k])]
  test('are solved jointly, one system for each position that they share', () => {
    const step = stepOf(both, [...squares, term(S, [mk, bk], [k]), term(S, [bk], [k])])
    expect(step).toMatchObject({
      id: 'm,b',
      params: ['m', 'b'],
      family: 'MvNormal',
      linear: [{ param: 'b' }],
      batch: [
        { param: 'm', positions: [0] },
        { param: 'b', positions: [0] },
      ],
    })
    expect(step.quadratic.map(({ param: p, other }) => `${p} ${other}`)).toEqual(['m m', 'b b', 'm b'])
  })
  test('by the positions of the first, whatever the order', () => {
    const [mkj, bjk] = [shift('m', ...at(k, j)), shift('b', ...at(j, k))]
    const step = stepOf(
      [
        { ...m, rank: 2 },
        { ...b, rank: 2 },
      ],
      [term(N, [[mkj, rational(2)]], [k, j]), term(N, [[bjk, rational(2)]], [k, j]), term(S, [bjk, mkj], [k, j])],
    )
    expect(step.batch).toEqual([
      { param: 'm', positions: [0, 1] },
      { param: 'b', positions: [1, 0] },
    ])
  })
  test.each<readonly [string, readonly Monomial[]]>([
    ['a term joins different elements', [...squares, term(S, [mk, shift('b', ...at(j))], [k, j])]],
    ['they meet in two ways', [...squares, term(S, [mk, bk], [k]), term(S, [mk, shift('b', ...at(j))], [k, j])]],
    ['they do not meet', squares],
    ['the other joins its elements', [...squares, term(S, [mk, bk], [k]), term(S, [bk, shift('b', ...at(j))], [k, j])]],
    ['the first joins its elements', [...squares, term(S, [mk, bk], [k]), term(S, [mk, shift('m', ...at(j))], [k, j])]],
    ['one meets at a number', [...squares, term(S, [mk, shift('b', num(1))], [k])]],
  ])('are one system where %s', (_, own1) => {
    expect(stepOf(both, own1).batch).toEqual([
      { param: 'm', positions: [] },
      { param: 'b', positions: [] },
    ])
  })
  test('have one system where two others meet at different elements', () => {
    const ck = shift('c', ...at(k))
    const meet = (third: Expr) => [
      ...squares,
      term(N, [[ck, rational(2)]], [k]),
      term(S, [mk, bk], [k]),
      term(S, [mk, ck], [k]),
      term(S, [bk, third], [k, j]),
    ]
    const params = [...both, { ...scalar('c', 'real'), rank: 1 }]
    expect(stepOf(params, meet(ck)).batch.map(({ positions }) => positions)).toEqual([[0], [0], [0]])
    expect(stepOf(params, meet(shift('c', ...at(j)))).batch.map(({ positions }) => positions)).toEqual([[], [], []])
  })
})

describe('a matrix on the left', () => {
  const array: ParamInfo = { ...m, rank: 1 }
  const [mi, mj] = [shift('m', ...at(i)), shift('m', ...at(j))]
  const [row, column] = [at(i)[0] ?? ONE, at(j)[0] ?? ONE]
  const M = inverseElement('V', row, column)
  const turned = inverseElement('V', column, row)
  const quadratic = term(N, [mi, mj, M], [i, j])
  test('cancels: each row of the system is one equation', () => {
    const step = stepOf([array], [quadratic, term(stat('S', ...at(j)), [mi, M], [i, j])])
    expect(step).toMatchObject({
      rule: 'triangular-elimination',
      dependsOn: [],
      cancelled: [M],
      batch: [{ param: 'm', positions: [0] }],
    })
    expect(terms(step)).toEqual({
      linear: [[at(i), stat('S', ...at(i))]],
      quadratic: [[at(i), at(i), N]],
    })
    expect(step.linear[0]?.loops).toEqual([i])
  })
  test('cancels with its rows and columns turned', () => {
    const step = stepOf([array], [term(N, [mi, mj, turned], [i, j]), term(stat('S', ...at(j)), [mi, turned], [i, j])])
    expect(terms(step)).toEqual({ linear: [[at(i), stat('S', ...at(i))]], quadratic: [[at(i), at(i), N]] })
  })
  test('cancels where it is a precision matrix itself', () => {
    const L = param('L', row, column)
    const own1 = [term(N, [mi, mj, L], [i, j]), term(stat('S', ...at(j)), [mi, L], [i, j])]
    expect(stepOf([array], own1, { matrices: new Set(['L']) })).toMatchObject({
      rule: 'triangular-elimination',
      cancelled: [L],
    })
    expect(stepOf([array], own1)).toMatchObject({ rule: 'family-mode', dependsOn: ['L'] })
  })
  test('lets a bounded block be solved, since its rows come apart', () => {
    const positive: ParamInfo = { ...array, support: 'positive' }
    expect(stepOf([positive], [quadratic]).rule).toBe('triangular-elimination')
  })
  const guarded = (variable: Expr): Monomial => ({ ...quadratic, guards: [compare('!=', variable, num(2))] })
  test.each<readonly [string, readonly Monomial[]]>([
    ['a term is without it', [quadratic, term(S, [mi], [i])]],
    ['a term has another factor', [quadratic, term(S, [mi, M, sigma], [i, j])]],
    ['it is squared', [term(N, [mi, mj, [M, rational(2)]], [i, j])]],
    ['it is a root', [term(N, [mi, mj, [M, rational(1, 2)]], [i, j])]],
    ['one term has another matrix', [quadratic, term(S, [mi, inverseElement('W', row, column)], [i, j])]],
    ['some rows have no equation', [guarded(row)]],
    ['some columns have none', [guarded(column)]],
    ['it is read at a number', [term(N, [mi, mj, inverseElement('V', ONE, column)], [i, j])]],
    ['its column is a number', [term(N, [mi, mj, inverseElement('V', row, ONE)], [i, j])]],
    ['it multiplies something else', [term(N, [[shift('m', ...at(k)), rational(2)], M], [i, j, k])]],
    ['the other element is at the same row', [term(N, [[mi, rational(2)], M], [i, j])]],
  ])('stays where %s', (_, own1) => {
    const step = stepOf([array], own1)
    expect(step.rule).toBe('family-mode')
    expect(step.dependsOn).toContain('V')
  })
  const lead = (where: Expr) => inverse({ row: i, column: j, element: param('V', where, row, column) }, row, column)
  const [Mk, Ml] = [lead(at(k)[0] ?? ONE), lead(at(l)[0] ?? ONE)]
  const element = (v: typeof k, w: typeof k) => shift('m', ...at(v, w))
  const pair = term(N, [element(k, i), element(k, j), Mk], [k, i, j])
  const linear = (v: typeof k, matrix: Expr) => term(S, [element(v, i), matrix], [v, i, j])
  test('may be one for each element of an array, by whatever letter', () => {
    const step = stepOf([{ ...m, rank: 2 }], [pair, linear(l, Ml)])
    expect(step).toMatchObject({ rule: 'triangular-elimination', batch: [{ param: 'm', positions: [0, 1] }] })
    expect(stepOf([{ ...m, rank: 2 }], [term(N, [element(k, i), element(k, j), lead(ONE)], [k, i, j])]).rule).toBe(
      'triangular-elimination',
    )
  })
  test.each<readonly [string, readonly Monomial[]]>([
    ['it is that of another element', [pair, linear(k, Ml)]],
    ['one is at a number', [pair, linear(k, lead(ONE))]],
    ['it joins two elements', [term(N, [element(k, i), element(l, j), Mk], [k, l, i, j])]],
  ])('of an array stays where %s', (_, own1) => {
    expect(stepOf([{ ...m, rank: 2 }], own1).rule).toBe('family-mode')
  })
  test('stays under a condition on something else only where that does not read it', () => {
    const elsewhere = guarded(ref('const', 'c'))
    expect(stepOf([array], [elsewhere]).rule).toBe('triangular-elimination')
  })
})

describe('declines', () => {
  const quadratic = term(N, [square])
  const cube = term(N, [square, shift('b')])
  const linear = term(N, [param('m')])
  const bounded = scalar('m', 'positive')
  const joint = 'm is bounded and its elements are solved jointly, so the clamped solution would not be the maximum'
  const pair = [quadratic, term(N, [[shift('b'), rational(2)]]), term(S, [own, shift('b')])]
  const cases: readonly (readonly [why: string, block: Block, reason: string, term?: Monomial])[] = [
    ['a simplex', blockOf([scalar('m', 'simplex')], [quadratic]), 'the support is not a real line'],
    ['one of several that is a simplex', blockOf([m, scalar('b', 'simplex')], pair), 'the support is not a real line'],
    ['terms over rows', blockOf([m], [quadratic], { hasRowTerms: true }), NOT_IN_STATISTICS],
    ['a term that is no quadratic', blockOf([m], [quadratic, linear]), 'Q is not a quadratic in it', linear],
    ['a third degree', blockOf([m, b], [...pair, cube]), 'Q has degree above 2 in the block', cube],
    ['no square', blockOf([m], [term(S, [own])]), 'Q has no square of m, so it has no maximum'],
    [
      'no square of one',
      blockOf([m, b], [quadratic, term(S, [shift('b')])]),
      'Q has no square of b, so it has no maximum',
    ],
    ['bounded elements in one system', blockOf([bounded, b], pair), joint],
    ['a log', blockOf([m], [term(S, [log(own)])]), 'Q is not a quadratic in it', term(S, [log(own)])],
  ]
  for (const [why, block, reason, own1] of cases)
    test(why, () => {
      expect(normalMode.apply(block)).toEqual({
        kind: 'declines',
        reason,
        ...(own1 === undefined ? {} : { term: own1 }),
      })
    })
  test('nothing for a bounded number of its own', () => {
    expect(stepOf([bounded], [quadratic, term(mul(N, num(2)), [own])]).family).toBe('Normal')
  })
})
