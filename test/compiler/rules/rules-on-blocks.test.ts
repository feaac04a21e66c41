/** Rules of the M-step on blocks put together by hand: the step that each gives, and each reason for which it declines. */
import { describe, expect, test } from 'vitest'
import { add, call, exp, lgamma, log, mul, neg, num, ref, square, sub, sum } from '../../../compiler/algebra/build.js'
import type { Monomial } from '../../../compiler/algebra/monomial.js'
import type { Statistic } from '../../../compiler/mstep/types.js'
import { betaMode } from '../../../compiler/rules/mstep/beta-mode.js'
import { generalisedGammaMode } from '../../../compiler/rules/mstep/generalised-gamma-mode.js'
import { matrixMode } from '../../../compiler/rules/mstep/matrix-mode.js'
import { simplexMode } from '../../../compiler/rules/mstep/simplex-mode.js'
import { stationary } from '../../../compiler/rules/mstep/stationary.js'
import { type Block, type MStepRule, NOT_IN_STATISTICS } from '../../../compiler/rules/mstep/types.js'
import { weightedMedian } from '../../../compiler/rules/mstep/weighted-median.js'
import {
  at,
  blockOf,
  i,
  inverseElement,
  j,
  k,
  logDeterminant,
  param,
  rational,
  rowTerm,
  scalar,
  shift,
  stat,
  term,
} from './blocks.js'

type Decline = readonly [why: string, block: Block, reason: string, term?: Monomial]

function declines(rule: MStepRule, cases: readonly Decline[]): void {
  for (const [why, block, reason, own] of cases)
    test(`declines ${why}`, () => {
      expect(rule.apply(block)).toEqual({ kind: 'declines', reason, ...(own === undefined ? {} : { term: own }) })
    })
}

/** What all steps in closed form have in common. */
const closed = (name: string, family: string, reads: readonly string[] = []) => ({
  id: name,
  params: [name],
  rule: 'family-mode',
  closedForm: true,
  exact: 'joint',
  declined: [],
  dependsOn: reads,
  family,
})

const [A, B] = [stat('A'), stat('B')]
const sigma = param('sigma')

describe('simplex', () => {
  const p = scalar('p', 'simplex')
  const good = term(stat('A', ...at(k)), [log(param('p', ...at(k)))], [k])
  const scaled = term(A, [log(param('p', num(1))), sigma])
  test('of logs is the Dirichlet mode', () => {
    expect(simplexMode.apply(blockOf([p], [good, scaled]))).toEqual({
      kind: 'applies',
      candidate: {
        reads: ['sigma'],
        step: {
          ...closed('p', 'Dirichlet', ['sigma']),
          kind: 'dirichlet',
          coefficients: [
            { loops: [k], guards: [], at: at(k), value: stat('A', ...at(k)) },
            { loops: [], guards: [], at: [num(1)], value: mul(A, sigma) },
          ],
        },
      },
    })
  })
  const linear = term(A, [param('p', num(1))])
  const product = term(A, [log(param('p', num(1))), log(param('p', num(2)))])
  declines(simplexMode, [
    ['no param', blockOf([], [good]), 'the param is not a simplex'],
    ['two params', blockOf([p, scalar('q', 'simplex')], [good]), 'the param is not a simplex'],
    ['another support', blockOf([scalar('p', 'unit')], [good]), 'the param is not a simplex'],
    ['terms over rows', blockOf([p], [good], { hasRowTerms: true }), NOT_IN_STATISTICS],
    ['a term that is no log', blockOf([p], [good, linear]), 'its terms are not all log p_k', linear],
    ['a product of logs', blockOf([p], [good, product]), 'its terms are not all log p_k', product],
  ])
})

describe('covariance matrix', () => {
  const S = scalar('S', 'covariance')
  const determinant = term(A, [logDeterminant('S')])
  const trace = term(stat('B', ...at(i, j)), [inverseElement('S', ...at2())], [i, j])
  const elements = term(stat('B', ...at(i, j)), [param('S', ...at(i, j))], [i, j])
  function at2() {
    const [row, column] = at(i, j)
    return [row ?? num(0), column ?? num(0)] as const
  }
  const contribution = (value: ReturnType<typeof stat>, where: readonly ReturnType<typeof stat>[], loops = [i, j]) => ({
    loops,
    guards: [],
    at: where,
    value,
  })
  test('with a trace of its inverse is the inverse Wishart mode', () => {
    const scaled = term(A, [logDeterminant('S'), sigma])
    expect(matrixMode.apply(blockOf([S], [scaled, trace]))).toEqual({
      kind: 'applies',
      candidate: {
        reads: ['sigma'],
        step: {
          ...closed('S', 'inverse Wishart', ['sigma']),
          kind: 'inverse-wishart',
          logdets: [contribution(mul(A, sigma), [], [])],
          traces: [contribution(stat('B', ...at(i, j)), at(i, j))],
          spread: null,
        },
      },
    })
  })
  test('with a trace of itself is the Wishart mode', () => {
    expect(matrixMode.apply(blockOf([S], [determinant, elements]))).toEqual({
      kind: 'applies',
      candidate: {
        reads: [],
        step: {
          ...closed('S', 'Wishart'),
          kind: 'wishart',
          logdets: [contribution(A, [], [])],
          traces: [contribution(stat('B', ...at(i, j)), at(i, j))],
          spread: null,
        },
      },
    })
  })
  test('of continuous data under components says whose spread it is', () => {
    expect(matrixMode.apply(blockOf([S], [determinant, trace], spreadOfX('B')))).toMatchObject({
      candidate: { step: { spread: { kind: 'covariance', data: ['x'] } } },
    })
  })
  const squares = term(A, [[param('S', ...at(i, i)), rational(2)]], [i])
  const roots = term(A, [[param('S', ...at(i, i)), rational(1, 2)]], [i])
  const product = term(A, [logDeterminant('S'), param('S', num(1), num(1))])
  const other = term(A, [log(param('S', num(1), num(1)))])
  const no = 'its statistics are not {log|S|, S⁻¹} or {log|S|, S}'
  declines(matrixMode, [
    ['no param', blockOf([], [determinant, trace]), 'the param is not a covariance matrix'],
    [
      'two params',
      blockOf([S, scalar('T', 'covariance')], [determinant, trace]),
      'the param is not a covariance matrix',
    ],
    ['another support', blockOf([scalar('S', 'positive')], [determinant]), 'the param is not a covariance matrix'],
    ['terms over rows', blockOf([S], [determinant, trace], { hasRowTerms: true }), NOT_IN_STATISTICS],
    ['a product', blockOf([S], [product, trace]), 'a term is a product of several functions of it', product],
    ['squares of elements', blockOf([S], [determinant, squares]), no, squares],
    ['roots of elements', blockOf([S], [determinant, roots]), no, roots],
    ['another function', blockOf([S], [determinant, other]), no, other],
    ['no determinant', blockOf([S], [trace]), no],
    ['a determinant alone', blockOf([S], [determinant]), no],
    ['both traces', blockOf([S], [determinant, trace, elements]), no],
  ])
})

/** The statistic `id` is a square of what continuous data are away from something, in a mixture. */
function spreadOfX(id: string): Partial<Block> {
  const value = square(sub(ref('data', 'x'), ref('pivot', 'm')))
  const statistic: Statistic = { id, axes: [], loops: [], guards: [], at: [], value, once: false }
  return { hasComponents: true, continuousData: new Set(['x']), statistics: new Map([[id, statistic]]) }
}

describe('a positive number', () => {
  const u = scalar('u', 'positive')
  const own = param('u')
  const logs = term(A, [log(own), sigma])
  const power = (n: number, d = 1) => term(B, [[own, rational(n, d)]])
  const stepOf = (family: string, n: number, d = 1) => ({
    kind: 'applies',
    candidate: {
      reads: ['sigma'],
      step: {
        ...closed('u', family, ['sigma']),
        kind: 'generalised-gamma',
        power: rational(n, d),
        link: 'identity',
        logs: [{ loops: [], guards: [], at: [], value: mul(A, sigma) }],
        powers: [{ loops: [], guards: [], at: [], value: B }],
        spread: null,
      },
    },
  })
  test.each([
    [1, 'Gamma', 'precision'],
    [-1, 'inverse Gamma', 'variance'],
    [-2, 'generalised Gamma', 'sd'],
    [3, 'generalised Gamma', null],
  ])('with a log and the power %i is the mode of a %s', (n, family, kind) => {
    expect(generalisedGammaMode.apply(blockOf([u], [logs, power(n)]))).toEqual(stepOf(family, n))
    expect(generalisedGammaMode.apply(blockOf([u], [logs, power(n)], spreadOfX('B')))).toMatchObject({
      candidate: { step: { spread: kind === null ? null : { kind, data: ['x'] } } },
    })
  })
  test.each(['nonnegative', 'interval', 'unit'] as const)('may be %s', (support) => {
    expect(generalisedGammaMode.apply(blockOf([scalar('u', support)], [logs, power(1)]))).toEqual(stepOf('Gamma', 1))
  })
  test('may be the logarithm of one', () => {
    const v = param('v')
    const block = blockOf([scalar('v', 'real')], [term(A, [v]), term(B, [[exp(v), rational(-2)]])])
    expect(generalisedGammaMode.apply(block)).toMatchObject({
      candidate: { step: { link: 'exp', power: rational(-2), logs: [{ value: A }], powers: [{ value: B }] } },
    })
  })
  const v = param('v')
  const real = scalar('v', 'real')
  const exponential = term(B, [exp(v)])
  const [squares, roots] = [term(A, [[v, rational(2)]]), term(A, [[v, rational(1, 2)]])]
  const logOfV = term(A, [log(v)])
  const product = term(A, [log(own), lgamma(own)])
  const other = term(A, [lgamma(own)])
  const [second, no] = [power(2), 'its statistics are not {log u, u^a}']
  const ends = 'it needs both a log and a power for a maximum'
  declines(generalisedGammaMode, [
    ['no param', blockOf([], [logs]), 'the block has several params'],
    ['two params', blockOf([u, scalar('v', 'positive')], [logs, power(1)]), 'the block has several params'],
    ['a simplex', blockOf([scalar('u', 'simplex')], [logs, power(1)]), 'the param is not a positive scalar'],
    ['terms over rows', blockOf([u], [logs, power(1)], { hasRowTerms: true }), NOT_IN_STATISTICS],
    ['a real number', blockOf([scalar('u', 'real')], [logs, power(1)]), 'the param may be negative'],
    ['a product', blockOf([u], [product, power(1)]), 'a term is a product of several functions of it', product],
    ['another function', blockOf([u], [logs, power(1), other]), no, other],
    ['two powers', blockOf([u], [logs, power(1), second]), 'it occurs with two powers, 1 and 2', second],
    ['no log', blockOf([u], [power(1)]), ends],
    ['no power', blockOf([u], [logs]), ends],
    ['no term', blockOf([u], []), ends],
    ['an exponential beside a square', blockOf([real], [squares, exponential]), no, squares],
    ['an exponential beside a root', blockOf([real], [roots, exponential]), no, roots],
    ['an exponential beside a log', blockOf([real], [logOfV, exponential]), no, logOfV],
    ['an exponential alone', blockOf([real], [exponential]), ends],
  ])
})

describe('a number between two', () => {
  const [a, b] = [ref('const', 'a'), ref('const', 'b')]
  const own = param('u')
  const low = term(A, [log(sub(own, a)), sigma])
  const high = term(B, [log(sub(b, own))])
  const zero = term(A, [log(own)])
  const u = scalar('u', 'interval', a, b)
  const stepOf = (ends: object, values: object, reads: readonly string[] = []) => ({
    kind: 'applies',
    candidate: { reads, step: { ...closed('u', 'Beta', reads), kind: 'beta', ...ends, ...values } },
  })
  const terms = (...values: readonly ReturnType<typeof stat>[]) =>
    values.map((value) => ({ loops: [], guards: [], at: [], value }))
  test('with a log of its distance from both ends is the mode of a Beta', () => {
    expect(betaMode.apply(blockOf([u], [low, high]))).toEqual(
      stepOf({ low: a, high: b }, { above: terms(mul(A, sigma)), below: terms(B) }, ['sigma']),
    )
  })
  test('may have several terms at each end', () => {
    expect(betaMode.apply(blockOf([u], [low, high, low, high]))).toMatchObject({
      candidate: { step: { above: [{}, {}], below: [{}, {}] } },
    })
  })
  test.each([
    ['unit', null, null, num(0), num(1)],
    ['interval', a, b, a, b],
    ['positive', a, b, num(0), b],
    ['nonnegative', a, b, num(0), b],
    ['real', a, b, a, b],
  ] as const)('with no term at all (%s) has the ends of its support', (support, own1, own2, from, to) => {
    expect(betaMode.apply(blockOf([scalar('u', support, own1, own2)], []))).toEqual(
      stepOf({ low: from, high: to }, { above: [], below: [] }),
    )
  })
  test('with a log of itself begins at 0', () => {
    expect(betaMode.apply(blockOf([scalar('u', 'unit')], [zero]))).toEqual(
      stepOf({ low: num(0), high: num(1) }, { above: terms(A), below: [] }),
    )
  })
  const product = term(A, [log(own), log(sub(b, own))])
  const linear = term(A, [own])
  const further = term(B, [log(sub(a, own))])
  const open = 'its support has no upper end, and the terms are only logs'
  declines(
    betaMode,
    [
      ['no param', blockOf([], [low]), 'the param is not a scalar'],
      ['two params', blockOf([u, scalar('v', 'unit')], [low]), 'the param is not a scalar'],
      ['a simplex', blockOf([scalar('u', 'simplex')], [low]), 'the param is not a scalar'],
      ['terms over rows', blockOf([u], [low, high], { hasRowTerms: true }), NOT_IN_STATISTICS],
      ['a product', blockOf([u], [product]), 'a term is a product of several of its elements', product],
      ['two lower ends', blockOf([u], [low, zero]), 'its logs vanish at two different lower ends', zero],
      ['two upper ends', blockOf([u], [high, further]), 'its logs vanish at two different upper ends', further],
      ['another function', blockOf([u], [low, linear]), 'its terms are not all log(u − l) and log(h − u)', linear],
      ['no upper end', blockOf([scalar('u', 'positive')], [zero]), open],
      ['no lower end', blockOf([scalar('u', 'real', null, b)], [high]), open],
    ].map(([why, block, reason, own1]) => [why, block, reason, own1] as Decline),
  )
})

describe('a number that no family has', () => {
  const u = scalar('u', 'positive')
  const own = param('u')
  const gammas = term(A, [lgamma(own), sigma])
  const logs = term(B, [log(own)])
  const variable = { kind: 'index', var: 'u', name: 'u' } as const
  test.each(['real', 'interval', 'positive', 'nonnegative', 'unit'] as const)('is solved for (%s)', (support) => {
    expect(stationary.apply(blockOf([scalar('u', support)], [gammas, logs, gammas]))).toEqual({
      kind: 'applies',
      candidate: {
        reads: ['sigma'],
        step: {
          ...closed('u', 'one-dimensional', ['sigma']),
          kind: 'stationary',
          rule: 'one-dimensional',
          closedForm: false,
          variable: 'u',
          profiles: [],
          terms: [
            {
              value: lgamma(variable),
              first: call('digamma', variable),
              second: call('trigamma', variable),
              coefficients: [gammas, gammas].map(() => ({ loops: [], guards: [], at: [], value: mul(A, sigma) })),
            },
            expect.objectContaining({
              value: log(variable),
              coefficients: [{ loops: [], guards: [], at: [], value: B }],
            }),
          ],
        },
      },
    })
  })
  test('is in closed form where the terms are logs and powers', () => {
    const powers = term(A, [[own, rational(3)]])
    expect(stationary.apply(blockOf([u], [logs, powers]))).toMatchObject({
      candidate: { step: { rule: 'symbolic-stationarity', closedForm: true } },
    })
    expect(stationary.apply(blockOf([u], [gammas, powers]))).toMatchObject({
      candidate: { step: { rule: 'one-dimensional', closedForm: false } },
    })
  })
  test('may be an element of an array, and sizes and consts beside it', () => {
    const element = term(A, [log(add(param('u', ...at(k)), ref('size', 'n'), ref('const', 'c')))], [k])
    expect(stationary.apply(blockOf([u], [element]))).toMatchObject({
      candidate: { step: { terms: [{ coefficients: [{ at: at(k), loops: [k] }] }] } },
    })
  })
  const elements = term(A, [log(param('u', num(1))), log(param('u', num(2)))])
  const inside = term(A, [log(sum(k, param('u', ...at(k))))])
  const summed = term(A, [log(sum(k, mul(param('u', ...at(i)), ref('const', 'c', at(k)))))], [i])
  const located = term(A, [shift('u')])
  const joined = term(A, [log(add(own, sigma))])
  const placed = term(A, [log(add(param('u', ...at(k)), ...at(k)))], [k])
  const shapes = term(A, [call('logGammaP', own, num(2))])
  declines(stationary, [
    ['no param', blockOf([], [gammas]), 'the block has several params'],
    ['two params', blockOf([u, scalar('v', 'unit')], [gammas]), 'the block has several params'],
    ['a simplex', blockOf([scalar('u', 'simplex')], [gammas]), 'the param is not a scalar'],
    ['terms over rows', blockOf([u], [gammas], { hasRowTerms: true }), NOT_IN_STATISTICS],
    ['several elements in a term', blockOf([u], [elements]), 'a term joins several of its elements', elements],
    ['a term without it', blockOf([u], [term(A, [sigma])]), 'a term joins several of its elements', term(A, [sigma])],
    ['a sum over elements', blockOf([u], [inside]), 'a term sums over its elements inside one function', inside],
    ['a location', blockOf([u], [located]), 'it is a location', located],
    ['another param', blockOf([u], [joined]), 'a term joins it with another param inside one function', joined],
    ['a function of the place', blockOf([u], [placed]), 'a term depends on its position', placed],
  ])
  test('declines what has no derivative, and says what', () => {
    expect(stationary.apply(blockOf([u], [shapes]))).toEqual({
      kind: 'declines',
      reason: expect.stringContaining('no derivative'),
      term: shapes,
    })
  })
  test('allows a sum that its place does not depend on', () => {
    // declined for the const that a place is read at, not for the sum
    expect(stationary.apply(blockOf([u], [summed]))).not.toMatchObject({
      reason: 'a term sums over its elements inside one function',
    })
  })
})

describe('a location in absolute values', () => {
  const m = scalar('m', 'real')
  const x = ref('data', 'x')
  const distance = call('abs', sub(x, param('m')))
  const row = (...factors: readonly ReturnType<typeof stat>[]) => [rowTerm(mul(...factors), ['m', 'sigma'])]
  const good = row(num(-1), A, distance)
  const scaled = [rowTerm(mul(num(-1), sigma, distance), ['m', 'sigma'])]
  const apply = (rowTerms: ReturnType<typeof row>, monomials: readonly Monomial[] = []) =>
    weightedMedian.apply(blockOf([m], monomials, { rowTerms, hasRowTerms: true }))
  test('is a weighted median', () => {
    const prior = term(num(-1), [call('abs', sub(param('m'), num(3)))])
    expect(apply(good, [prior])).toEqual({
      kind: 'applies',
      candidate: {
        reads: [],
        step: {
          ...closed('m', 'Laplace'),
          kind: 'median',
          rule: 'weighted-median',
          monomials: [prior],
          rowTerms: good,
        },
      },
    })
  })
  test.each([
    ['a scale that all terms share', scaled, []],
    ['no scale', good, []],
    ['a scale that one has', [...scaled, ...good], ['sigma']],
  ])('reads no other param than it needs: %s', (_, rowTerms, reads) => {
    const found = weightedMedian.apply(blockOf([m], [], { rowTerms, hasRowTerms: true, isNonnegative: () => true }))
    expect(found).toMatchObject({ candidate: { reads, step: { dependsOn: reads } } })
  })
  const distanceAt = (v: typeof k) => call('abs', sub(x, param('m', ...at(v))))
  const spread = (...index: ReturnType<typeof at>) => param('sigma', ...index)
  const own = (v: typeof k, ...scales: ReturnType<typeof at>) =>
    rowTerm(mul(num(-1), ...scales, distanceAt(v)), ['m', 'sigma', 'tau'])
  test.each([
    ['the scale of the element, by whatever letter', [own(k, spread(...at(k))), own(j, spread(...at(j)))], []],
    ['the scale at a number', [own(k, spread(num(1))), own(j, spread(num(1)))], []],
    ['two scales in any order', [own(k, spread(...at(k)), param('tau')), own(k, param('tau'), spread(...at(k)))], []],
    ['the scale of another element', [own(k, spread(...at(j)))], ['sigma', 'tau']],
    ['the scale of another element beside one', [own(k, param('tau'), spread(...at(j)))], ['sigma', 'tau']],
    ['a scale at two numbers', [own(k, spread(num(1))), own(k, spread(num(2)))], ['sigma', 'tau']],
    ['another scale', [own(k, spread(...at(k))), own(k, param('tau'))], ['sigma', 'tau']],
  ])('of an array of them, with %s', (_, rowTerms, reads) => {
    const found = weightedMedian.apply(blockOf([m], [], { rowTerms, hasRowTerms: true, isNonnegative: () => true }))
    expect(found).toMatchObject({ kind: 'applies', candidate: { reads } })
  })
  const when = (left: ReturnType<typeof stat>) => ({ kind: 'compare', operator: '==', left, right: num(1) }) as const
  const within = (left: ReturnType<typeof stat>, otherwise: number) =>
    ({ kind: 'case', when: when(left), then: mul(num(-1), distance), otherwise: num(otherwise) }) as const
  test.each([
    ['a sum', [rowTerm(sum(k, mul(num(-1), ref('stat', 'A', at(k)), distance)), ['m'])]],
    ['a condition on the data', [rowTerm(within(x, 0), ['m'])]],
    ['a posterior probability', row(num(-1), { kind: 'probability', of: [] }, distance)],
    ['a posterior mean', row(num(-1), { kind: 'mean', latent: 'c', index: [] }, distance)],
    ['two signs', row(num(-2), call('abs', sub(param('m'), x)))],
  ])('may be within %s', (_, rowTerms) => {
    expect(apply(rowTerms)).toMatchObject({ kind: 'applies' })
  })
  const declined = (why: string, rowTerms: ReturnType<typeof row>, reason: string): Decline => [
    why,
    blockOf([m], [], { rowTerms, hasRowTerms: true }),
    reason,
  ]
  const joint =
    'an absolute value reads another param too: their maximum is a joint one, and moving one at a time can stop before it'
  const [sums, element] = [
    'Q is not a sum of absolute values of it',
    'an absolute value is not of a number less one element of it',
  ]
  declines(weightedMedian, [
    ['no param', blockOf([], [], { rowTerms: good }), 'the block has several params'],
    ['two params', blockOf([m, scalar('l', 'real')], [], { rowTerms: good }), 'the block has several params'],
    ['an array', blockOf([{ ...m, rank: 1 }], [], { rowTerms: good }), 'the param is not a number'],
    ['a discrete param', blockOf([scalar('m', 'discrete')], [], { rowTerms: good }), 'the param is not a number'],
    ['statistics alone', blockOf([m], []), 'it is in no absolute value over the rows'],
    declined('a condition on it', [rowTerm(within(param('m'), 0), ['m'])], 'a condition reads it'),
    declined('a condition with another branch', [rowTerm(within(x, 2), ['m'])], 'a condition reads it'),
    declined('another function', row(num(-1), call('sqrt', sub(x, param('m')))), sums),
    declined('a product of two', row(num(-1), distance, call('abs', param('m'))), sums),
    declined('itself', row(num(-1), param('m')), sums),
    declined('another param inside', row(num(-1), call('abs', sub(x, add(param('m'), sigma)))), joint),
    declined('a multiple', row(num(-1), call('abs', sub(x, mul(num(2), param('m'))))), element),
    declined('a product with data', row(num(-1), call('abs', sub(x, mul(x, param('m'))))), element),
    declined('two elements', row(num(-1), call('abs', sub(param('m', num(1)), param('m', num(2))))), element),
    declined('a shift', row(num(-1), call('abs', sub(x, shift('m')))), element),
    declined('a weight of unknown sign', row(num(-1), ref('data', 'w'), distance), 'the sign of a weight is not known'),
    declined('a rise', row(A, distance), 'Q rises with an absolute value'),
    declined(
      'two negative weights',
      row(num(-1), { kind: 'float', value: -0.3 }, distance),
      'Q rises with an absolute value',
    ),
  ])
  test('is declined for a term of the prior as for one of rows', () => {
    const prior = term(num(1), [call('abs', sub(param('m'), num(3)))])
    expect(apply(good, [prior])).toEqual({ kind: 'declines', reason: 'Q rises with an absolute value' })
    expect(apply(good, [term(neg(num(2)), [[call('abs', param('m')), rational(2)]])])).toEqual({
      kind: 'declines',
      reason: 'Q is not a sum of absolute values of it',
    })
  })
})
