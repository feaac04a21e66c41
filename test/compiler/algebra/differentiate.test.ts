import { describe, expect, test } from 'vitest'
import {
  add,
  call,
  caseOf,
  compare,
  div,
  exp,
  float,
  idx,
  inverse,
  log,
  logdet,
  mul,
  neg,
  num,
  pow,
  ref,
  sqrt,
  square,
  sub,
  sum,
} from '../../../compiler/algebra/build.js'
import { derivativeByScalar, NotDifferentiable, partials } from '../../../compiler/algebra/differentiate.js'
import { evaluate } from '../../../compiler/algebra/evaluate.js'
import type { Expr, IndexVar, MatrixRef } from '../../../compiler/algebra/types.js'

const variable = (id: string): IndexVar => ({ id, name: id, from: num(1), to: num(2) })
const [i, j] = [variable('i'), variable('j')]
const u: Expr = { kind: 'index', var: 'u', name: 'u' }
let used = 0
const rename = (v: IndexVar): IndexVar => {
  used += 1
  return { ...v, id: `${v.id}_${used}` }
}

const at = (e: Expr, x: number): number => evaluate(e, { ref: () => 0.7, indices: new Map([['u', x]]) })

/** Central difference with Richardson's extrapolation: error of order h⁴. */
function slope(f: (x: number) => number, x: number): number {
  const central = (h: number): number => (f(x + h) - f(x - h)) / (2 * h)
  const h = 1e-3
  return (4 * central(h / 2) - central(h)) / 3
}

const SCALARS: Readonly<Record<string, Expr>> = {
  'a product': mul(num(3), u, log(u), exp(u)),
  'a quotient': div(add(u, num(1)), sub(num(4), square(u))),
  'a power': pow(add(u, num(1)), { n: -3, d: 2 }),
  'sqrt, kept as a call': { kind: 'call', fn: 'sqrt', args: [u] },
  'log1p and expm1': add(call('log1p', u), call('expm1', mul(num(2), u))),
  'lgamma and digamma': add(call('lgamma', mul(num(2), u)), call('digamma', u)),
  'logistic, logit': add(call('logistic', u), call('logit', mul(num(1, 2), u))),
  Phi: call('Phi', mul(num(-2), u)),
  'the normal tail': mul(call('logPhi', sub(num(1), mul(num(2), u))), call('inverseMills', u)),
  'a normal interval': call('logPhiBetween', sub(num(-1), u), mul(num(3), u)),
  'incomplete gamma functions': add(call('logGammaP', float(2.5), u), call('logGammaQ', float(1.5), mul(num(2), u))),
  'the incomplete beta function': call('logBetaI', num(3), float(1.5), mul(num(1, 2), u)),
  "Student's tails": add(
    call('logStudentCdf', float(2.5), sub(u, num(2))),
    mul(num(3), call('logStudentCdf', num(4), add(u, num(1, 4)))),
  ),
  'an arc of a circle': call('logVonMisesArc', float(1.5), sub(num(-1), u), mul(num(2), u)),
  'log(1 − exp)': call('log1mexp', neg(u)),
  'differences of log-gammas': add(
    call('lgammaDelta', u, float(2.5)),
    mul(num(3), call('lgammaDelta', float(1.5), u)),
    call('digammaDelta', add(u, num(2)), num(30)),
  ),
  'abs of a negative number': call('abs', sub(u, num(5))),
  'cos and sin': mul(call('cos', u), call('sin', square(u))),
  'Bessel functions': add(call('besselI0', u), call('besselI1', u)),
  'log I₀, scaled': call('logBesselI0e', mul(num(3), u)),
  'log logistic': add(call('logLogistic', sub(u, num(2))), call('logLogistic', neg(u))),
  atan: call('atan', square(u)),
  'power, in its base and in its exponent': add(
    call('power', u, add(u, ref('const', 'c'))),
    call('power', float(1.5), u),
  ),
  'min and max': add(call('min', u, num(5)), call('max', u, num(5)), call('min', num(5), square(u))),
  'a sum': sum(i, mul(idx(i), pow(add(u, idx(i)), -1))),
  'a case': caseOf(compare('<', u, num(5)), square(u), neg(u)),
  'a logdet': logdet({ row: i, column: j, element: caseOf(compare('==', idx(i), idx(j)), add(num(2), u), num(1, 2)) }),
  'an inverse': inverse(
    { row: i, column: j, element: caseOf(compare('==', idx(i), idx(j)), add(num(2), u), num(1, 2)) },
    num(1),
    num(2),
  ),
}

describe('derivatives by a scalar agree with differences', () => {
  test.each(Object.entries(SCALARS))('%s', (_, e) => {
    const d = derivativeByScalar(e, 'u')
    for (const x of [0.3, 0.9, 1.4])
      expect(at(d, x)).toBeCloseTo(
        slope((y) => at(e, y), x),
        7,
      )
  })

  test.each(Object.entries(SCALARS).filter(([n]) => !/digamma|log-gammas/.test(n)))('second: %s', (_, e) => {
    const d = derivativeByScalar(e, 'u')
    const dd = derivativeByScalar(d, 'u')
    for (const x of [0.4, 1.1])
      expect(at(dd, x)).toBeCloseTo(
        slope((y) => at(d, y), x),
        6,
      )
  })

  test('steps have slope 0', () => {
    for (const fn of ['round', 'floor', 'ceil'] as const) expect(at(derivativeByScalar(call(fn, u), 'u'), 0.3)).toBe(0)
  })

  test('what has no rule says so', () => {
    expect(() => derivativeByScalar(call('mod', u, num(2)), 'u')).toThrow(NotDifferentiable)
    expect(() => derivativeByScalar(call('trigamma', u), 'u')).toThrow(NotDifferentiable)
    expect(() => derivativeByScalar(call('logGammaP', u, num(2)), 'u')).toThrow(NotDifferentiable)
    expect(() => derivativeByScalar(call('logBetaI', num(2), u, num(1, 2)), 'u')).toThrow(NotDifferentiable)
    expect(() => derivativeByScalar(call('logVonMisesArc', u, num(1), num(2)), 'u')).toThrow(NotDifferentiable)
    expect(() => derivativeByScalar(call('logStudentCdf', u, num(2)), 'u')).toThrow(NotDifferentiable)
  })
})

// -- by arrays -----------------------------------------------------------------------------------------------------------

const S: MatrixRef = { row: i, column: j, element: ref('param', 'S', [idx(i), idx(j)]) }
const [k, l] = [variable('k'), variable('l')]
const v = (e: Expr): Expr => ref('param', 'v', [e])

const ARRAYS: Readonly<Record<string, Expr>> = {
  'a quadratic form': sum(k, sum(l, mul(v(idx(k)), v(idx(l)), add(idx(k), mul(num(2), idx(l)))))),
  'log-sum-exp': log(sum(k, exp(v(idx(k))))),
  'a fixed element': mul(v(num(2)), log(square(v(num(1))))),
  'an element found in data': sum(k, square(sub(v(ref('data', 'g', [idx(k)])), idx(k)))),
  'a guarded sum': sum(k, caseOf(compare('==', idx(k), num(2)), exp(v(idx(k))), num(0))),
  'logdet of a matrix param': logdet(S),
  'a quadratic form in an inverse': sum(k, sum(l, mul(v(idx(k)), inverse(S, idx(k), idx(l)), v(idx(l))))),
  'a root': sqrt(add(num(3), sum(k, square(v(idx(k)))))),
}

describe('partial derivatives by arrays agree with differences', () => {
  const start: Readonly<Record<string, number>> = {
    'v 1': 0.4,
    'v 2': -1.1,
    'S 1,1': 2,
    'S 1,2': 0.3,
    'S 2,1': 0.3,
    'S 2,2': 1.5,
    'g 1': 2,
    'g 2': 1,
  }
  const env = (values: Readonly<Record<string, number>>, indices: ReadonlyMap<string, number> = new Map()) => ({
    ref: (_space: string, name: string, index: readonly number[]) => values[`${name} ${index.join(',')}`] ?? Number.NaN,
    indices,
  })

  test.each(Object.entries(ARRAYS))('%s', (_, e) => {
    const gradient = new Map<string, number>()
    for (const p of partials(e, (r) => r.space === 'param', rename)) {
      const element: Expr[] = [...p.at]
      // Σ over the loops of value · 1[at = element], for each element
      for (const key of Object.keys(start).filter((x) => x.startsWith(`${p.name} `))) {
        const wanted = (key.split(' ')[1] ?? '').split(',').map(Number)
        const guard = element.reduceRight<Expr>(
          (body, a, n) => caseOf(compare('==', a, num(wanted[n] ?? 0)), body),
          caseOf(p.guard, p.value),
        )
        const total = p.loops.reduceRight<Expr>((body, loop) => ({ kind: 'sum', index: loop, body }), guard)
        gradient.set(key, (gradient.get(key) ?? 0) + evaluate(total, env(start)))
      }
    }
    for (const key of Object.keys(start).filter((x) => !x.startsWith('g'))) {
      const difference = slope((x) => evaluate(e, env({ ...start, [key]: x })), start[key] ?? 0)
      expect(gradient.get(key) ?? 0, key).toBeCloseTo(difference, 7)
    }
  })
})
