/** Log densities of the built-in distributions, each in many equal spellings. */
import {
  add,
  call,
  caseOf,
  compare,
  div,
  exp,
  idx,
  inverse,
  log,
  logdet,
  mul,
  neg,
  num,
  PI,
  pow,
  sqrt,
  square,
  sub,
  sum,
} from '../../../compiler/algebra/build.js'
import type { Expr, MatrixRef } from '../../../compiler/algebra/types.js'
import { argument, component, scalar, sizeOf } from '../../../compiler/distributions/support/arguments.js'
import { matrixOfTensor } from '../../../compiler/distributions/support/matrix-of-tensor.js'
import type { Distribution } from '../../../compiler/distributions/types.js'

export type Spelling = Distribution['logDensity']

export interface Spelled {
  readonly distribution: string
  /** A mixture with params for what the density has arguments for. */
  readonly model: string
  readonly data: Readonly<Record<string, unknown>>
  /** Family of the M-step of each param. */
  readonly families: Readonly<Record<string, string>>
  readonly spellings: readonly Spelling[]
}

type Part = (...given: readonly Expr[]) => Expr

/** Every sum of one spelling of each part. */
const sums = (...parts: readonly (readonly Part[])[]): readonly Part[] =>
  parts.reduce<readonly Part[]>(
    (made, part) =>
      made.length === 0
        ? part
        : made.flatMap((a) =>
            part.map(
              (b): Part =>
                (...e) =>
                  add(a(...e), b(...e)),
            ),
          ),
    [],
  )

/** The spellings themselves, halves of two of them, and what a third adds and takes away. */
const blends = (parts: readonly Spelling[]): readonly Spelling[] => [
  ...parts,
  ...parts.flatMap((a, i) =>
    parts.slice(i + 1).map(
      (b): Spelling =>
        (...e) =>
          add(mul(num(1, 2), a(...e)), mul(num(1, 2), b(...e))),
    ),
  ),
]

/** Nodes as a parser might leave them: nested and not folded. */
const rawSum = (...terms: readonly Expr[]): Expr => ({
  kind: 'add',
  terms: terms.map((t) => ({ kind: 'add', terms: [t, num(0)] })),
})
const rawProduct = (...factors: readonly Expr[]): Expr => ({
  kind: 'mul',
  factors: [num(1), ...factors.map((f): Expr => ({ kind: 'mul', factors: [f] }))],
})

const column = (...rows: readonly number[]): readonly number[] => rows

// -- Normal --------------------------------------------------------------------------------------------------------------

const square2: readonly Part[] = [
  (x, m, s) => mul(num(-1, 2), square(sub(x, m)), pow(s, -2)),
  (x, m, s) => mul(num(-1, 2), square(div(sub(x, m), s))),
  (x, m, s) => neg(div(add(square(x), mul(num(-2), x, m), square(m)), mul(num(2), square(s)))),
  (x, m, s) => div(mul(sub(x, m), sub(m, x)), mul(num(2), s, s)),
  (x, m, s) => log(exp(mul(num(-1, 2), square(div(sub(m, x), s))))),
  (x, m, s) =>
    rawSum(mul(num(-1, 2), square(x), pow(s, -2)), rawProduct(x, m, pow(s, -2)), mul(num(-1, 2), square(div(m, s)))),
]
const scale2: readonly Part[] = [
  (_x, _m, s) => add(neg(log(s)), mul(num(-1, 2), log(mul(num(2), PI)))),
  (_x, _m, s) => mul(num(-1, 2), log(mul(num(2), PI, square(s)))),
  (_x, _m, s) => log(pow(mul(s, sqrt(mul(num(2), PI))), -1)),
  (_x, _m, s) => sub(mul(num(-1, 2), log(mul(num(2), PI))), mul(num(1, 2), log(mul(s, s)))),
  (_x, _m, s) => add(mul(num(1, 2), log(pow(s, -2))), mul(num(-1, 2), log(mul(num(2), PI)))),
  (_x, _m, s) => add(mul(num(-1, 4), log(pow(s, 4))), log(pow(mul(num(2), PI), { n: -1, d: 2 }))),
]

const normal: Spelled = {
  distribution: 'Normal',
  model: `model M
const K = 2
data  x : real[N]
param w : simplex[K]
param m : real[K]
param s : positive[K]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Normal(m[z], s[z])
}`,
  data: { x: column(-1.2, 0.3, 0.9, 1.4, 4.1, 5.2, 5.9, 6.6) },
  families: { m: 'Normal', s: 'generalised Gamma' },
  spellings: [
    ...sums(square2, scale2),
    (x: Expr, m: Expr, s: Expr) =>
      log(mul(pow(mul(num(2), PI, square(s)), { n: -1, d: 2 }), exp(mul(num(-1, 2), square(div(sub(x, m), s)))))),
  ].map(
    (f): Spelling =>
      (value, args) =>
        f(value.at([]), scalar(args, 'mean'), scalar(args, 'sd')),
  ),
}

// -- Gamma, with a known shape -------------------------------------------------------------------------------------------

const gamma: Spelled = {
  distribution: 'Gamma',
  model: `model M
const K = 2
data  x : positive[N]
param w : simplex[K]
param b : positive[K]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Gamma(3, b[z])
}`,
  data: { x: column(0.4, 0.7, 1.1, 1.5, 3.2, 4.8, 6.1) },
  families: { b: 'Gamma' },
  spellings: sums(
    [
      (a, b) => mul(a, log(b)),
      (a, b) => mul(num(-1), a, log(pow(b, -1))),
      (a, b) => add(mul(sub(a, num(1)), log(b)), log(b)),
      (a, b) => mul(a, num(1, 2), log(square(b))),
      (a, b) => sub(mul(a, log(mul(num(2), b))), mul(a, log(num(2)))),
      (a, b) => log(call('power', b, a)),
    ],
    [
      (_a, b, x) => neg(mul(b, x)),
      (_a, b, x) => neg(div(x, pow(b, -1))),
      (_a, b, x) => log(exp(mul(num(-1), b, x))),
      (_a, b, x) => rawSum(neg(mul(b, add(x, num(1)))), b),
    ],
    [
      (a, _b, x) => sub(mul(sub(a, num(1)), log(x)), call('lgamma', a)),
      (a, _b, x) => add(mul(a, log(x)), neg(log(x)), neg(call('lgamma', a))),
    ],
  ).map(
    (f): Spelling =>
      (value, args) =>
        f(scalar(args, 'shape'), scalar(args, 'rate'), value.at([])),
  ),
}

// -- Poisson -------------------------------------------------------------------------------------------------------------

const factorial: Part = (_r, x) => neg(call('lgamma', add(x, num(1))))

const poisson: Spelled = {
  distribution: 'Poisson',
  model: `model M
const K = 2
data  x : count[N]
param w : simplex[K]
param r : positive[K]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Poisson(r[z])
}`,
  data: { x: column(0, 1, 1, 2, 2, 7, 9, 8, 11) },
  families: { r: 'Gamma' },
  spellings: sums(
    [
      (r, x) => mul(x, log(r)),
      (r, x) => mul(num(-1), x, log(pow(r, -1))),
      (r, x) => sub(mul(x, log(mul(num(2), r))), mul(x, log(num(2)))),
      (r, x) => mul(num(1, 2), x, log(square(r))),
      (r, x) => mul(x, log(mul(sqrt(r), sqrt(r)))),
    ],
    [
      (r) => neg(r),
      (r) => sub(r, add(r, r)),
      (r) => log(exp(neg(r))),
      (r) => neg(div(square(r), r)),
      (r) => rawProduct(num(-1, 2), rawSum(r, r)),
    ],
    [factorial],
  ).map(
    (f): Spelling =>
      (value, args) =>
        f(scalar(args, 'rate'), value.at([])),
  ),
}

// -- Bernoulli: a Beta in p ----------------------------------------------------------------------------------------------

const ONE = num(1)
const bernoulli: Spelled = {
  distribution: 'Bernoulli',
  model: `model M
const K = 2
data  x : bool[N, J]
param w : simplex[K]
param p : unit[K, J]
for n in 1..N {
  latent z ~ Categorical(w)
  for j in 1..J { x[n, j] ~ Bernoulli(p[z, j]) }
}`,
  data: {
    x: [
      [1, 1, 0],
      [1, 1, 1],
      [1, 0, 1],
      [0, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ].map((row) => row.map((v) => v === 1)),
  },
  families: { p: 'Beta' },
  spellings: [
    ...sums(
      [
        (p, x) => mul(x, log(p)),
        (p, x) => mul(num(-1), x, log(pow(p, -1))),
        (p, x) => mul(num(1, 2), x, log(mul(p, p))),
        (p, x) => mul(x, sub(log(mul(num(2), p)), log(num(2)))),
      ],
      [
        (p, x) => mul(sub(ONE, x), log(sub(ONE, p))),
        (p, x) => mul(sub(ONE, x), log(neg(sub(p, ONE)))),
        (p, x) => sub(log(sub(ONE, p)), mul(x, log(sub(ONE, p)))),
        (p, x) => mul(num(1, 2), sub(ONE, x), log(add(ONE, mul(num(-2), p), square(p)))),
        (p, x) => mul(sub(ONE, x), sub(log(sub(num(3), mul(num(3), p))), log(num(3)))),
      ],
    ),
    (p: Expr, x: Expr) => add(mul(x, log(div(p, sub(ONE, p)))), log(sub(ONE, p))),
    (p: Expr, x: Expr) => caseOf(compare('==', x, ONE), log(p), log(sub(ONE, p))),
    (p: Expr, x: Expr) => log(caseOf(compare('==', x, ONE), p, sub(ONE, p))),
  ].map(
    (f): Spelling =>
      (value, args) =>
        f(scalar(args, 'p'), value.at([])),
  ),
}

// -- Exponential ---------------------------------------------------------------------------------------------------------

const exponential: Spelled = {
  distribution: 'Exponential',
  model: `model M
const K = 2
data  x : positive[N]
param w : simplex[K]
param r : positive[K]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Exponential(r[z])
}`,
  data: { x: column(0.1, 0.2, 0.5, 2.2, 3.1, 7.4) },
  families: { r: 'Gamma' },
  spellings: [
    ...sums(
      [
        (r) => log(r),
        (r) => neg(log(pow(r, -1))),
        (r) => mul(num(1, 3), log(pow(r, 3))),
        (r) => sub(log(mul(num(5), r)), log(num(5))),
        (r) => mul(num(2), log(sqrt(r))),
      ],
      [
        (r, x) => neg(mul(r, x)),
        (r, x) => div(neg(x), pow(r, -1)),
        (r, x) => log(exp(neg(mul(x, r)))),
        (r, x) => sub(r, mul(r, add(ONE, x))),
      ],
    ),
    (r: Expr, x: Expr) => log(mul(r, exp(neg(mul(r, x))))),
  ].map(
    (f): Spelling =>
      (value, args) =>
        f(scalar(args, 'rate'), value.at([])),
  ),
}

// -- Categorical ---------------------------------------------------------------------------------------------------------

const categorical: Spelled = {
  distribution: 'Categorical',
  model: `model M
const K = 2
data  x : category[N]
data  g : category[N]
param p : simplex[levels(g), levels(x)]
for n in 1..N { x[n] ~ Categorical(p[g[n]]) }`,
  data: { x: ['a', 'b', 'b', 'c', 'a', 'c', 'c'], g: ['u', 'u', 'u', 'u', 'v', 'v', 'v'] },
  families: { p: 'Dirichlet' },
  spellings: blends([
    (v, a) => log(argument(a, 'p').at([v.at([])])),
    (v, a) => neg(log(pow(argument(a, 'p').at([v.at([])]), -1))),
    (v, a) => mul(num(1, 2), log(square(argument(a, 'p').at([v.at([])])))),
    (v, a) => mul(num(2), log(sqrt(argument(a, 'p').at([v.at([])])))),
    (v, a) => sub(log(mul(num(3), argument(a, 'p').at([v.at([])]))), log(num(3))),
    (v, a, c) => {
      const k = c.index('k', sizeOf(argument(a, 'p')))
      return sum(k, caseOf(compare('==', idx(k), v.at([])), log(argument(a, 'p').at([idx(k)]))))
    },
    (v, a, c) => {
      const k = c.index('k', sizeOf(argument(a, 'p')))
      return sum(k, caseOf(compare('!=', v.at([]), idx(k)), num(0), log(argument(a, 'p').at([idx(k)]))))
    },
  ]),
}

// -- MvNormal ------------------------------------------------------------------------------------------------------------

type Parts = (value: Parameters<Spelling>[0], args: Parameters<Spelling>[1], context: Parameters<Spelling>[2]) => Expr

const doubled = (m: MatrixRef): MatrixRef => ({ ...m, element: mul(num(2), m.element) })

/** Σ_ij weight(i, j) · product(i, j). */
const over =
  (
    weight: (m: MatrixRef, i: Expr, j: Expr) => Expr,
    product: (d: (k: Expr) => Expr, i: Expr, j: Expr) => Expr,
  ): Parts =>
  (value, args, context) => {
    const i = context.index('i', sizeOf(value))
    const j = context.index('j', sizeOf(value))
    const m = matrixOfTensor(argument(args, 'cov'), context)
    const d = (k: Expr): Expr => sub(component(value, k), component(argument(args, 'mean'), k))
    return mul(num(-1, 2), sum(i, sum(j, mul(weight(m, idx(i), idx(j)), product(d, idx(i), idx(j))))))
  }

const quadratics: readonly Parts[] = [
  over(
    (m, i, j) => inverse(m, i, j),
    (d, i, j) => mul(d(i), d(j)),
  ),
  over(
    (m, i, j) => inverse(m, j, i),
    (d, i, j) => mul(d(i), d(j)),
  ),
  over(
    (m, i, j) => mul(num(2), inverse(doubled(m), i, j)),
    (d, i, j) => mul(neg(d(i)), neg(d(j))),
  ),
  (value, args, context) => {
    const i = context.index('i', sizeOf(value))
    const j = context.index('j', sizeOf(value))
    const m = matrixOfTensor(argument(args, 'cov'), context)
    const d = (k: Expr): Expr => sub(component(value, k), component(argument(args, 'mean'), k))
    return neg(div(sum(j, mul(d(idx(j)), sum(i, mul(inverse(m, idx(i), idx(j)), d(idx(i)))))), num(2)))
  },
  over(
    (m, i, j) => inverse(m, i, j),
    (d, i, j) => div(add(mul(d(i), d(j)), mul(d(j), d(i))), num(2)),
  ),
]
const determinants: readonly Parts[] = [
  (_v, a, c) => mul(num(-1, 2), logdet(matrixOfTensor(argument(a, 'cov'), c))),
  (_v, a, c) => {
    const m = matrixOfTensor(argument(a, 'cov'), c)
    const row = c.index('i', m.row.to)
    const col = c.index('j', m.row.to)
    return mul(num(1, 2), logdet({ row, column: col, element: inverse(m, idx(row), idx(col)) }))
  },
  (v, a, c) =>
    add(
      mul(num(-1, 2), logdet(doubled(matrixOfTensor(argument(a, 'cov'), c)))),
      mul(num(1, 2), sizeOf(v), log(num(2))),
    ),
  (_v, a, c) => log(exp(mul(num(-1, 2), logdet(matrixOfTensor(argument(a, 'cov'), c))))),
]

const mvNormal: Spelled = {
  distribution: 'MvNormal',
  model: `model M
const K = 2
data  x : real[N, D]
param w : simplex[K]
param m : real[K, D]
param S : covariance[K, D]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ MvNormal(m[z], S[z])
}`,
  data: {
    x: [
      [0.1, 0.4],
      [1.3, 0.2],
      [0.2, 1.9],
      [-1, 0.5],
      [6.1, 5.2],
      [7.3, 5.6],
      [5.2, 7.1],
      [6.5, 7.9],
    ],
  },
  families: { m: 'MvNormal', S: 'inverse Wishart' },
  spellings: quadratics.flatMap((q) =>
    determinants.map(
      (d): Spelling =>
        (v, a, c) =>
          add(q(v, a, c), d(v, a, c), mul(num(-1, 2), sizeOf(v), log(mul(num(2), PI)))),
    ),
  ),
}

export const SPELLED: readonly Spelled[] = [normal, gamma, poisson, bernoulli, exponential, categorical, mvNormal]
