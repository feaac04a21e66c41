import { describe, expect, it } from 'vitest'
import {
  add,
  bothOf,
  call,
  caseOf,
  compare,
  div,
  exp,
  float,
  idx,
  inverse,
  lgamma,
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
  sqrt,
  sub,
  sum,
} from '../../../compiler/algebra/build.js'
import { latexName, printLatex } from '../../../compiler/algebra/print-latex.js'
import { printText } from '../../../compiler/algebra/print-text.js'
import type { Expr, IndexVar, MatrixRef } from '../../../compiler/algebra/types.js'
import { distributions } from '../../../compiler/distributions/index.js'
import type { Tensor } from '../../../compiler/distributions/types.js'
import { indexSupply } from '../../laws/support/numeric-density.js'

const over = (name: string, size: string, id = name): IndexVar => ({ id, name, from: ONE, to: ref('size', size) })
const n = over('n', 'N')
const k = over('k', 'K')
const d = over('d', 'D')
const i = over('i', 'D')
const j = over('j', 'D')
const l = over('l', 'L')
const t = over('t', 'T')
const x = (...index: IndexVar[]) => ref('data', 'x', index.map(idx))
const y = (...index: IndexVar[]) => ref('data', 'y', index.map(idx))
const param = (name: string, ...index: IndexVar[]) => ref('param', name, index.map(idx))
const mu = (...index: IndexVar[]) => param('mu', ...index)
const sigma = (...index: IndexVar[]) => param('sigma', ...index)
const [a, b, c, e] = [param('a'), param('b'), param('c'), param('d')]
const matrixOf = (element: (row: IndexVar, column: IndexVar) => Expr): MatrixRef => {
  const row = over('i', 'D', 'row')
  const column = over('j', 'D', 'column')
  return { row, column, element: element(row, column) }
}
const Sigma = matrixOf((row, column) => param('Sigma', k, row, column))
const responsibility: Expr = { kind: 'probability', of: [{ latent: 'z', index: [idx(n)], value: idx(k) }] }
const deviation = (v: IndexVar) => sub(x(n, v), mu(k, v))

type Golden = readonly [what: string, expr: Expr, text: string, latex: string]

const SCALARS: readonly Golden[] = [
  ['Greek names and subscripts', mul(mu(k), x(n, d)), 'μ_k x_{n,d}', '\\mu_k x_{n,d}'],
  ['a word', mul(param('rate', k), param('height')), 'rate_k height', '\\mathrm{rate}_k \\, \\mathrm{height}'],
  ['a name with a suffix', param('sigma_x', k), 'σ_{x,k}', '\\sigma_{x,k}'],
  ['a name with a digit', param('mu0'), 'μ_0', '\\mu_0'],
  ['an index with an offset', ref('data', 'x', [sub(idx(t), num(1))]), 'x_{t−1}', 'x_{t-1}'],
  ['an index that is data', ref('param', 'mu', [ref('data', 'g', [idx(n)])]), 'μ_{g_n}', '\\mu_{g_n}'],
  ['difference', sub(a, b), 'a − b', 'a - b'],
  ['no leading minus where it can be helped', add(neg(a), b), 'b − a', 'b - a'],
  ['only minus', neg(add(a, b)), '−a − b', '-a - b'],
  ['complement', sub(num(1), a), '1 − a', '1 - a'],
  ['halves', mul(num(1, 2), a), '½ a', '\\tfrac12 a'],
  ['other rationals', mul(num(3, 7), a), '3 a / 7', '\\tfrac37 a'],
  ['large rationals', mul(num(-5, 12), a), '−5 a / 12', '-\\tfrac{5}{12} a'],
  ['decimals', mul(num(1, 20), a), '0.05 a', '0.05 a'],
  ['inexact numbers', mul(float(1e-30), a), '1e−30 a', '1 \\cdot 10^{-30} a'],
  ['infinity', float(-Infinity), '−∞', '-\\infty'],
  [
    'the update of a grade',
    div(add(b, c), mul(num(6), add(b, c, e))),
    '(b + c) / (6 (b + c + d))',
    '\\frac{b + c}{6 (b + c + d)}',
  ],
  ['a reciprocal', pow(a, -1), '1 / a', '\\frac{1}{a}'],
  ['a product below', div(a, mul(b, c)), 'a / (b c)', '\\frac{a}{b c}'],
  ['a fraction with half', mul(num(-1, 2), pow(a, 2), pow(b, -2)), '−a² / (2 b²)', '-\\frac{a^2}{2 b^2}'],
  ['a power of a sum', pow(add(a, b), 2), '(a + b)²', '(a + b)^2'],
  ['a cube root', pow(a, { n: 1, d: 3 }), 'a^⅓', 'a^{1/3}'],
  ['a root', sqrt(add(a, b)), '√(a + b)', '\\sqrt{a + b}'],
  ['a root below', pow(a, { n: -1, d: 2 }), '1 / √a', '\\frac{1}{\\sqrt{a}}'],
  ['a power of a root', pow(a, { n: 3, d: 2 }), '(√a)³', '\\sqrt{a}^3'],
  ['a power with a variable exponent', call('power', add(a, b), c), '(a + b)^c', '(a + b)^c'],
  ['log of one thing', log(sigma(k)), 'log σ_k', '\\log \\sigma_k'],
  ['log of several', log(mul(num(2), PI)), 'log(2 π)', '\\log(2 \\pi)'],
  ['a log that something follows', mul(log(a), log(b)), 'log(a) log b', '\\log(a) \\log b'],
  ['a squared log', pow(log(a), 2), '(log a)²', '(\\log a)^2'],
  ['functions go last', mul(exp(a), b), 'b exp(a)', 'b \\exp(a)'],
  [
    'a difference of log-gammas',
    mul(num(2), call('lgammaDelta', a, b)),
    '2 (log Γ(a + b) − log Γ(a))',
    '2 (\\log\\Gamma(a + b) - \\log\\Gamma(a))',
  ],
  ['a normal tail', neg(call('logPhi', a)), '−log Φ(a)', '-\\log\\Phi(a)'],
  ['an interval', call('logPhiBetween', a, b), 'log(Φ(b) − Φ(a))', '\\log(\\Phi(b) - \\Phi(a))'],
  ['an inverse Mills ratio', call('inverseMills', a), 'φ(a) / Φ(a)', '\\frac{\\varphi(a)}{\\Phi(a)}'],
  ['a gamma tail', call('logGammaQ', a, b), 'log Q(a, b)', '\\log Q(a, b)'],
  ['log(1 − exp)', call('log1mexp', a), 'log(1 − exp(a))', '\\log(1 - \\exp(a))'],
  ['log-gamma', lgamma(add(a, num(1))), 'log Γ(a + 1)', '\\log\\Gamma(a + 1)'],
  ['a named function', call('logistic', a), 'logistic(a)', '\\operatorname{logistic}(a)'],
  ['digamma', call('digamma', a), 'ψ(a)', '\\psi(a)'],
  ['log1p', call('log1p', neg(a)), 'log(1 − a)', '\\log(1 - a)'],
  ['an absolute value', call('abs', sub(a, b)), '|a − b|', '|a - b|'],
  ['floor', call('floor', a), '⌊a⌋', '\\lfloor a \\rfloor'],
  ['modulo', call('mod', add(a, b), num(2)), '((a + b) mod 2)', '((a + b) \\bmod 2)'],
  ['a common denominator', mul(sub(mul(num(1, 2), a), num(1, 2)), b), '½ b (a − 1)', '\\tfrac12 b (a - 1)'],
  ['a sum', sum(n, mul(responsibility, x(n, d))), '∑_n r_{nk} x_{n,d}', '\\sum_{n=1}^{N} r_{nk} x_{n,d}'],
  ['a sum of a sum', sum(n, add(x(n), mul(num(2), y(n)))), '∑_n (x_n + 2 y_n)', '\\sum_{n=1}^{N} (x_n + 2 y_n)'],
  ['a sum from 2', sum({ ...t, from: num(2) }, mul(x(t), y(t))), '∑_{t=2..T} x_t y_t', '\\sum_{t=2}^{T} x_t y_t'],
  [
    'a quotient of sums',
    div(sum(n, mul(responsibility, x(n))), sum(n, responsibility)),
    '(∑_n r_{nk} x_n) / (∑_n r_{nk})',
    '\\frac{\\sum_{n=1}^{N} r_{nk} x_n}{\\sum_{n=1}^{N} r_{nk}}',
  ],
  [
    'a log of a tall sum',
    log(sum(j, exp(param('l', j)))),
    'log(∑_j exp(l_j))',
    '\\log\\left(\\sum_{j=1}^{D} \\exp(l_j)\\right)',
  ],
  ['a number before a sum', add(sum(i, x(i)), num(1)), '1 + ∑_i x_i', '1 + \\sum_{i=1}^{D} x_i'],
  ['a sum ends the product', mul(sum(i, log(x(i))), a), 'a ∑_i log x_i', 'a \\sum_{i=1}^{D} \\log x_i'],
  [
    'letters that collide',
    sum(
      over('k', 'K', 'k2'),
      sum(over('k', 'K', 'k3'), mul(log(mu(over('k', 'K', 'k2'))), log(mu(over('k', 'K', 'k3'))), mu(k))),
    ),
    '∑_k′ ∑_k″ μ_k log(μ_k′) log μ_k″'.replaceAll('″', '′′'),
    "\\sum_{k'=1}^{K} \\sum_{k''=1}^{K} \\mu_k \\log(\\mu_{k'}) \\log \\mu_{k''}",
  ],
  ['an indicator', caseOf(compare('==', idx(k), num(2)), num(1)), '[k = 2]', '[k = 2]'],
  [
    'cases',
    caseOf(bothOf(compare('>=', x(n), a), notOf(compare('==', x(n), b))), num(1), float(-Infinity)),
    '{1 if x_n ≥ a and x_n ≠ b, else −∞}',
    '\\begin{cases} 1 & \\text{if } x_n \\geq a \\text{ and } x_n \\neq b \\\\ -\\infty & \\text{otherwise} \\end{cases}',
  ],
  [
    'a joint posterior',
    {
      kind: 'probability',
      of: [
        { latent: 'z', index: [idx(t)], value: idx(k) },
        { latent: 'z', index: [sub(idx(t), num(1))], value: idx(l) },
      ],
    },
    'P(z_t = k, z_{t−1} = l | data)',
    'P(z_t = k, z_{t-1} = l \\mid \\text{data})',
  ],
  [
    'a posterior with an offset',
    { kind: 'probability', of: [{ latent: 'z', index: [sub(idx(t), num(1))], value: idx(l) }] },
    'r_{t−1,l}',
    'r_{t-1,l}',
  ],
  ['a posterior mean', { kind: 'mean', latent: 'z', index: [idx(n)] }, 'E[z_n]', '\\mathbb{E}[z_n]'],
  ['the value before', ref('pivot', 'mu', [idx(k)]), 'μ_k^old', '\\mu_k^{\\mathrm{old}}'],
  ['the change', ref('shift', 'mu', [idx(k)]), 'Δμ_k', '\\Delta \\mu_k'],
  ['presence', mul(ref('observed', 'x', [idx(n)]), x(n)), '[x_n observed] x_n', '[x_n\\text{ observed}] x_n'],
]

const MATRICES: readonly Golden[] = [
  ['dot', sum(d, mul(x(n, d), mu(k, d))), 'x_nᵀ μ_k', 'x_n^\\top \\mu_k'],
  ['dot with a scalar', sum(d, mul(a, x(n, d), mu(k, d))), 'a x_nᵀ μ_k', 'a x_n^\\top \\mu_k'],
  ['norm', sum(d, pow(deviation(d), 2)), '‖x_n − μ_k‖²', '\\lVert x_n - \\mu_k \\rVert^2'],
  [
    'a spherical exponent',
    mul(num(-1, 2), sum(d, pow(deviation(d), 2)), pow(sigma(k), -2)),
    '−‖x_n − μ_k‖² / (2 σ_k²)',
    '-\\frac{\\lVert x_n - \\mu_k \\rVert^2}{2 \\sigma_k^2}',
  ],
  ['matrix–vector', sum(i, mul(x(n, i), sum(j, mul(param('A', i, j), x(n, j))))), 'x_nᵀ A x_n', 'x_n^\\top A x_n'],
  [
    'a residual',
    sum(i, pow(sub(x(n, i), sum(l, mul(param('W', i, l), param('u', n, l)))), 2)),
    '‖x_n − W u_n‖²',
    '\\lVert x_n - W u_n \\rVert^2',
  ],
  ['transposed matrix–vector', sum(i, mul(x(i), sum(j, mul(param('A', j, i), y(j))))), 'xᵀ Aᵀ y', 'x^\\top A^\\top y'],
  [
    'quadratic',
    mul(num(-1, 2), sum(i, sum(j, mul(inverse(Sigma, idx(i), idx(j)), deviation(i), deviation(j))))),
    '−½ (x_n − μ_k)ᵀ Σ_k⁻¹ (x_n − μ_k)',
    '-\\tfrac12 (x_n - \\mu_k)^\\top \\Sigma_k^{-1} (x_n - \\mu_k)',
  ],
  [
    'outer',
    logdet(matrixOf((r, s) => sum(n, mul(responsibility, sub(x(n, r), mu(k, r)), sub(x(n, s), mu(k, s)))))),
    'log |∑_n r_{nk} (x_n − μ_k) (x_n − μ_k)ᵀ|',
    '\\log \\left|\\sum_{n=1}^{N} r_{nk} (x_n - \\mu_k) (x_n - \\mu_k)^\\top\\right|',
  ],
  [
    'trace of a product',
    sum(i, sum(j, mul(inverse(Sigma, idx(i), idx(j)), param('S', j, i)))),
    'tr(Σ_k⁻¹ S)',
    '\\operatorname{tr}(\\Sigma_k^{-1} S)',
  ],
  ['trace', sum(i, mul(a, param('S', i, i))), 'a tr(S)', 'a \\operatorname{tr}(S)'],
  ['trace of an inverse', sum(i, inverse(Sigma, idx(i), idx(i))), 'tr(Σ_k⁻¹)', '\\operatorname{tr}(\\Sigma_k^{-1})'],
  [
    'diag',
    logdet(
      matrixOf((r, s) =>
        add(
          sum(l, mul(param('Lambda', r, l), param('Lambda', s, l))),
          caseOf(compare('==', idx(r), idx(s)), param('psi', r)),
        ),
      ),
    ),
    'log |Λ Λᵀ + diag(ψ)|',
    '\\log |\\Lambda \\Lambda^\\top + \\operatorname{diag}(\\psi)|',
  ],
  [
    'a multiple of the identity',
    logdet(matrixOf((r, s) => add(param('S', r, s), caseOf(compare('==', idx(r), idx(s)), pow(param('tau'), 2))))),
    'log |S + τ² I|',
    '\\log |S + \\tau^2 I|',
  ],
  ['an element of an inverse', inverse(Sigma, idx(i), idx(j)), '(Σ_k⁻¹)_{ij}', '(\\Sigma_k^{-1})_{ij}'],
  ['log-determinant', mul(num(-1, 2), logdet(Sigma)), '−½ log |Σ_k|', '-\\tfrac12 \\log |\\Sigma_k|'],
  [
    'no name for the matrix',
    logdet(matrixOf((r, s) => exp(neg(pow(sub(x(r), x(s)), 2))))),
    'log |[exp(−(x_i − x_j)²)]_{ij}|',
    '\\log |[\\exp(-(x_i - x_j)^2)]_{ij}|',
  ],
  [
    'what is no dot product stays a sum',
    sum(d, mul(pow(deviation(d), 2), pow(sigma(k, d), -2))),
    '∑_d (x_{n,d} − μ_{k,d})² / σ_{k,d}²',
    '\\sum_{d=1}^{D} \\frac{(x_{n,d} - \\mu_{k,d})^2}{\\sigma_{k,d}^2}',
  ],
  [
    'a part of a vector stays a sum',
    sum({ ...d, to: sub(ref('size', 'D'), num(1)) }, mul(x(d), y(d))),
    '∑_{d=1..D−1} x_d y_d',
    '\\sum_{d=1}^{D - 1} x_d y_d',
  ],
]

describe.each([
  ['scalars', SCALARS],
  ['matrices', MATRICES],
] as const)('%s', (_group, cases) => {
  it.each(cases)('%s', (_what, expr, text, latex) => {
    expect(printText(expr)).toBe(text)
    expect(printLatex(expr)).toBe(latex)
  })
})

describe('options', () => {
  it('print posterior probabilities, means and statistics as the caller likes', () => {
    const options = {
      probability: (p: Expr & { kind: 'probability' }) => (p.of.length === 1 ? 'γ' : null),
      mean: () => 'm',
      stat: (s: Expr & { kind: 'ref' }) => `S[${s.name}]`,
    }
    const mean: Expr = { kind: 'mean', latent: 'z', index: [] }
    expect(printText(mul(responsibility, mean, ref('stat', 'xx')), options)).toBe('γ m S[xx]')
    expect(printText(ref('param', 'xx'), options)).toBe('xx')
  })
})

describe('names in LaTeX', () => {
  it.each([
    ['mu', '\\mu'],
    ['Sigma', '\\Sigma'],
    ['x', 'x'],
    ['height', '\\mathrm{height}'],
    ['sigma_x', '\\sigma_x'],
    ['mu0', '\\mu_0'],
    ['beta_old_2', '\\beta_{\\mathrm{old\\_2}}'],
    ['layer2', '\\mathrm{layer2}'],
  ])('%s', (name, latex) => expect(latexName(name)).toBe(latex))
})

describe('every log density', () => {
  const named = (name: string, rank: number): Tensor => ({
    dims: Array.from({ length: rank }, () => ({ size: ref('size', 'D') })),
    at: (index) => ref('param', name, index),
  })
  const cases = distributions.flatMap((distribution) =>
    distribution.signature.parametrisations.map(
      (p) => [distribution.signature.name, p.arguments.map((arg) => arg.name).join(', '), distribution, p] as const,
    ),
  )
  it.each(cases)('%s(%s) prints with balanced brackets', (_name, _args, distribution, p) => {
    const args = new Map(p.arguments.map((arg) => [arg.name, named(arg.name, arg.rank)]))
    const density = distribution.logDensity(named('x', distribution.signature.value.rank), args, indexSupply())
    for (const text of [printText(density), printLatex(density)]) {
      for (const [open, close] of ['()', '{}', '[]'] as const) {
        expect(text.split(open ?? '').length).toBe(text.split(close ?? '').length)
      }
      expect(text).not.toMatch(/undefined|NaN|\+ [-−]|[-−] [-−]| {2}/)
    }
  })
})
