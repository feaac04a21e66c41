import { describe, expect, it } from 'vitest'
import { k } from '../../../compiler/kernel/index.js'
import type { Axis, Buffer, KExpr, KernelOp, KFunction } from '../../../compiler/kernel/types.js'
import {
  besselI0,
  besselI1,
  besselRatio,
  besselRatioSlope,
  digamma,
  digammaDelta,
  inverseMills,
  lgamma,
  lgammaDelta,
  log1mexp,
  logBesselI0e,
  logBetaI,
  logGammaP,
  logGammaQ,
  logistic,
  logit,
  logLogistic,
  logPhi,
  logPhiBetween,
  logStudentCdf,
  logVonMisesArc,
  Phi,
  trigamma,
} from '../../../compiler/numerics/index.js'
import { compileInterpreter } from '../../../compiler/targets/interpreter/index.js'
import { compileJavaScript } from '../../../compiler/targets/javascript/index.js'
import type { CompileKernel } from '../../../compiler/targets/memory.js'
import { compileWasm } from '../../../compiler/targets/wasm/index.js'

const targets: readonly (readonly [string, CompileKernel])[] = [
  ['interpreter', compileInterpreter],
  ['javascript', compileJavaScript],
  ['wasm', compileWasm],
]

const n: Axis = { id: 'n', name: 'n', size: 'N' }
const c: Axis = { id: 'c', name: 'c', size: 'C' }
const none: Axis = { id: 'z', name: 'z', size: 'Z' }
const t: Axis = { id: 't', name: 't', size: 'N', ragged: { sizes: 'len', at: k.axis(n) } }
const buffers: readonly Buffer[] = [
  { id: 'x', space: 'data', type: 'f64', shape: ['N', 'C'] },
  { id: 'w', space: 'data', type: 'f64', shape: ['N'] },
  { id: 'g', space: 'data', type: 'i32', shape: ['N'] },
  { id: 'len', space: 'data', type: 'i32', shape: ['N'] },
  { id: 'out', space: 'scratch', type: 'f64', shape: ['N'] },
]
const X = [0.5, 2, -1, 3, 0.25, -4]
const X_PAIRS: readonly (readonly [number, number])[] = [
  [0.5, 2],
  [-1, 3],
  [0.25, -4],
]
const W = [1.5, 0, -Infinity]
const G = [1, -1, 0]

function evaluate(compile: CompileKernel, value: KExpr): readonly number[] {
  const op: KernelOp = { op: 'map', out: 'out', axes: [n], at: [k.axis(n)], value }
  const out = new Float64Array(3)
  const sizes = new Map([
    ['N', 3],
    ['C', 2],
    ['Z', 0],
  ])
  const arrays = new Map<string, Float64Array | Int32Array>([
    ['x', Float64Array.from(X)],
    ['w', Float64Array.from(W)],
    ['g', Int32Array.from(G)],
    ['len', Int32Array.of(2, 0, 3)],
    ['out', out],
  ])
  compile([op], buffers).run({ sizes, buffers: arrays }, null)
  return [...out]
}

const w = k.load('w', k.axis(n))
const g = k.load('g', k.axis(n))
const x = (column: KExpr): KExpr => k.load('x', k.axis(n), column)
const x0 = x(k.num(0))
const x1 = x(k.num(1))
const raw = (k_: 'add' | 'mul' | 'mul0', args: readonly KExpr[]): KExpr => ({ k: k_, args })
/** What a function gives at the first column, 0.5, −1, 0.25. */
const map = (f: (value: number) => number): readonly number[] => [0.5, -1, 0.25].map(f)
const unary = (fn: KFunction, f: (value: number) => number): readonly [string, KExpr, readonly number[]] => [
  fn,
  k.call(fn, x0),
  map(f),
]

const cases: readonly (readonly [string, KExpr, readonly number[]])[] = [
  ['num', k.num(-1.5e-300), [-1.5e-300, -1.5e-300, -1.5e-300]],
  ['infinite and NaN numbers', k.sub(k.num(Infinity), k.num(NaN)), [NaN, NaN, NaN]],
  ['axis', k.axis(n), [0, 1, 2]],
  ['size', k.size('C'), [2, 2, 2]],
  ['load at an expression', x(k.sub(k.num(1), k.num(1))), [0.5, -1, 0.25]],
  ['load at a float, truncated', x(k.mul(k.num(0.75), k.size('C'))), [2, 3, -4]],
  ['load at a column', x(k.call('abs', g)), [2, 3, 0.25]],
  ['add', k.add(x0, x1, k.axis(n)), [2.5, 3, -1.75]],
  ['empty add and mul', k.sub(raw('add', []), raw('mul', [])), [-1, -1, -1]],
  ['mul', k.mul(x0, x1, k.num(2)), [2, -6, -2]],
  ['mul of 0 and infinity', k.mul(w, k.div(k.num(1), k.num(0))), [Infinity, NaN, -Infinity]],
  ['mul0', k.mul0(w, k.call('log', w)), [1.5 * Math.log(1.5), 0, NaN]],
  ['empty mul0', raw('mul0', []), [1, 1, 1]],
  ['mul0 of later zeros', k.mul0(k.call('log', w), w), [1.5 * Math.log(1.5), 0, NaN]],
  ['sub', k.sub(x0, x1), [-1.5, -4, 4.25]],
  ['div', k.div(x0, x1), [0.25, -1 / 3, -0.0625]],
  ['neg', k.neg(x0), [-0.5, 1, -0.25]],
  ['neg of neg number', { k: 'neg', of: k.num(-2) }, [2, 2, 2]],
  ...[-2, -1, -0.5, 0.5, 2, 3, 4, 1.5].map((exponent): readonly [string, KExpr, readonly number[]] => [
    `pow ${exponent}`,
    k.pow(x0, exponent),
    map((value) => value ** exponent),
  ]),
  ['pow 0 and 1', k.add({ k: 'pow', base: x0, exponent: 0 }, { k: 'pow', base: x0, exponent: 1 }), [1.5, 0, 1.25]],
  unary('exp', Math.exp),
  unary('log', Math.log),
  unary('log1p', Math.log1p),
  unary('expm1', Math.expm1),
  unary('abs', Math.abs),
  unary('sqrt', Math.sqrt),
  unary('cos', Math.cos),
  unary('sin', Math.sin),
  unary('lgamma', lgamma),
  unary('digamma', digamma),
  unary('trigamma', trigamma),
  unary('logistic', logistic),
  unary('logit', logit),
  unary('Phi', Phi),
  unary('besselI0', besselI0),
  unary('besselI1', besselI1),
  unary('atan', Math.atan),
  unary('logBesselI0e', logBesselI0e),
  unary('besselRatio', besselRatio),
  unary('besselRatioSlope', besselRatioSlope),
  unary('logLogistic', logLogistic),
  unary('logPhi', logPhi),
  unary('inverseMills', inverseMills),
  unary('log1mexp', log1mexp),
  ['lgammaDelta', k.call('lgammaDelta', k.num(2.5), x0), map((n) => lgammaDelta(2.5, n))],
  ['digammaDelta', k.call('digammaDelta', k.num(2.5), x0), map((n) => digammaDelta(2.5, n))],
  ['logPhiBetween', k.call('logPhiBetween', x0, k.num(0.75)), map((a) => logPhiBetween(a, 0.75))],
  ['logGammaP', k.call('logGammaP', k.num(2), x0), map((a) => logGammaP(2, a))],
  ['logGammaQ', k.call('logGammaQ', k.num(2), x0), map((a) => logGammaQ(2, a))],
  ['logBetaI', k.call('logBetaI', k.num(2), k.num(1.5), x0), map((a) => logBetaI(2, 1.5, a))],
  ['logStudentCdf', k.call('logStudentCdf', k.num(2.5), x0), map((a) => logStudentCdf(2.5, a))],
  ['logVonMisesArc', k.call('logVonMisesArc', k.num(2), k.num(-3), x0), map((a) => logVonMisesArc(2, -3, a))],
  ['round', k.call('round', k.mul(k.num(3), x0)), [2, -3, 1]],
  ['floor', k.call('floor', x0), [0, -1, 0]],
  ['ceil', k.call('ceil', x0), [1, -1, 1]],
  ['mod has the sign of the divisor', k.call('mod', x1, k.num(3)), [2, 0, 2]],
  ['min', k.call('min', x0, x1, k.num(1)), [0.5, -1, -4]],
  ['max', k.call('max', x0, x1), [2, 3, 0.25]],
  ['power', k.call('power', k.num(2), x1), [4, 8, 1 / 16]],
  ['isNaN', k.call('isNaN', k.mul(w, k.call('log', w))), [0, 1, 1]],
  ['sum', k.sum(c, x(k.axis(c))), [2.5, 2, -3.75]],
  ['sum of sums', k.sum(c, k.sum({ ...c, id: 'c2' }, k.mul(x(k.axis(c)), x(k.axis('c2'))))), [6.25, 4, 14.0625]],
  ['max over an axis', k.maximum(c, x(k.axis(c))), [2, 3, 0.25]],
  ['max with NaN', k.maximum(c, k.call('sqrt', x(k.axis(c)))), [Math.SQRT2, NaN, NaN]],
  [
    'logSumExp',
    k.logSumExp(c, x(k.axis(c))),
    [
      Math.log(Math.exp(0.5) + Math.exp(2)),
      Math.log(Math.exp(-1) + Math.exp(3)),
      Math.log(Math.exp(0.25) + Math.exp(-4)),
    ],
  ],
  [
    'logSumExp of a dear body',
    k.logSumExp(c, k.call('log', k.call('abs', x(k.axis(c))))),
    [Math.log(2.5), Math.log(4), Math.log(4.25)],
  ],
  [
    'logSumExp far out',
    k.logSumExp(c, k.add(x(k.axis(c)), k.num(1e5))),
    X_PAIRS.map(([a, b]) => 1e5 + Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))),
  ],
  ['logSumExp of -infinities', k.logSumExp(c, k.num(-Infinity)), [-Infinity, -Infinity, -Infinity]],
  [
    'logSumExp of dear -infinities',
    k.logSumExp(c, k.call('log', raw('mul', [k.num(0), k.axis(c)]))),
    [-Infinity, -Infinity, -Infinity],
  ],
  ['logSumExp of infinities', k.logSumExp(c, k.num(Infinity)), [Infinity, Infinity, Infinity]],
  [
    'logSumExp of some NaN',
    k.logSumExp(c, k.call('sqrt', x(k.axis(c)))),
    [Math.log(Math.exp(Math.SQRT1_2) + Math.exp(Math.SQRT2)), NaN, NaN],
  ],
  ['empty reductions', k.sum(none, k.num(1)), [0, 0, 0]],
  ['empty max', k.maximum(none, k.num(1)), [-Infinity, -Infinity, -Infinity]],
  ['empty logSumExp', k.logSumExp(none, k.axis(none)), [-Infinity, -Infinity, -Infinity]],
  ['a ragged sum', k.sum(t, k.add(k.axis(t), k.num(1))), [3, 0, 6]],
  ['select', k.select(k.compare('>', x0, k.num(0)), x0, x1), [0.5, 3, 0.25]],
  ['select is lazy', k.select(k.compare('<', g, k.num(0)), k.num(7), x(g)), [2, 7, 0.25]],
  [
    'select with loops in its branches',
    k.select(k.compare('<', g, k.num(0)), k.sum(c, k.axis(c)), k.sum(c, k.mul(x(g), x(k.axis(c))))),
    [5, 1, -0.9375],
  ],
  ['compare ==', k.compare('==', x0, k.num(0.5)), [1, 0, 0]],
  ['compare !=', k.compare('!=', x0, k.num(0.5)), [0, 1, 1]],
  ['compare <', k.compare('<', x0, k.num(0.5)), [0, 1, 1]],
  ['compare <=', k.compare('<=', x0, k.num(0.5)), [1, 1, 1]],
  ['compare >', k.compare('>', x0, k.num(0.25)), [1, 0, 0]],
  ['compare >=', k.compare('>=', x0, k.num(0.25)), [1, 0, 1]],
  ['and', { k: 'and', left: w, right: x0 }, [1, 0, 1]],
  ['or', { k: 'or', left: w, right: k.axis(n) }, [1, 1, 1]],
  ['and is lazy', { k: 'and', left: k.compare('>=', g, k.num(0)), right: k.compare('>', x(g), k.num(1)) }, [1, 0, 0]],
  [
    'and with a loop on the right',
    { k: 'and', left: k.compare('>=', g, k.num(0)), right: k.compare('>', k.sum(c, x(g)), k.num(1)) },
    [1, 0, 0],
  ],
  [
    'or with a loop on the right',
    { k: 'or', left: k.compare('<', g, k.num(0)), right: k.compare('>', k.sum(c, x(g)), k.num(1)) },
    [1, 1, 0],
  ],
  ['not', k.not(k.compare('<', x0, k.num(0))), [1, 0, 1]],
]

for (const [target, compile] of targets) {
  describe(`expressions in the ${target} target`, () => {
    for (const [name, expr, expected] of cases) {
      it(name, () => {
        const values = evaluate(compile, expr)
        values.forEach((value, i) => {
          const want = expected[i] ?? NaN
          if (Number.isFinite(want)) expect(Math.abs(value - want)).toBeLessThanOrEqual(1e-14 * (1 + Math.abs(want)))
          else expect(value).toBe(want)
        })
      })
    }
  })
}

describe('the interpreter', () => {
  it('throws where an index is out of range', () => {
    expect(() => evaluate(compileInterpreter, x(g))).toThrow(/index -1 is out of range in position 1 of x/)
    expect(() => evaluate(compileInterpreter, x(k.size('C')))).toThrow(/index 2 is out of range/)
    expect(() => evaluate(compileInterpreter, x(w))).toThrow(/out of range/)
  })

  it('does not look at factors after a 0', () => {
    expect(evaluate(compileInterpreter, k.mul0(k.compare('>=', g, k.num(0)), x(g)))).toEqual([2, 0, 0.25])
  })
})
