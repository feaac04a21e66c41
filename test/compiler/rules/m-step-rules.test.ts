/** Each rule of the M-step on blocks of its own: where it applies, and why it declines. */
import { describe, expect, test } from 'vitest'
import { M_STEP_RULES } from '../../../compiler/mstep/plan.js'
import type { MStep } from '../../../compiler/mstep/types.js'
import { deriveText } from '../../support/derive.js'

/** The step that solves a param. */
function stepOf(text: string, param: string): MStep {
  const step = deriveText(text).mStep.steps.find((s) => s.params.includes(param))
  if (step === undefined) throw new Error(`no step for ${param}`)
  return step
}

const short = (s: MStep): string => `${s.kind}: ${s.rule}, ${s.family}, ${s.exact}`
const reason = (s: MStep, rule: string): string | undefined => s.declined.find((d) => d.rule === rule)?.reason

const normal = (declarations: string, mean: string, sd: string): string =>
  `model M\ndata x, t : real[N]\n${declarations}\nfor n in 1..N { x[n] ~ Normal(${mean}, ${sd}) }`

test('every rule has a statement and a citation with its place', () => {
  const ids = M_STEP_RULES.map((r) => r.id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const rule of M_STEP_RULES) {
    expect(rule.statement.length).toBeGreaterThan(20)
    expect(rule.citation).toMatch(/\d{4}/)
  }
})

describe('which rule applies', () => {
  const y = (declarations: string, distribution: string, type = 'positive'): string =>
    `model M\ndata y : ${type}[N]\n${declarations}\nfor n in 1..N { y[n] ~ ${distribution} }`
  test.each<readonly [string, string, string, string]>([
    [
      'a simplex',
      y('param p : simplex[levels(y)]', 'Categorical(p)', 'category'),
      'p',
      'dirichlet: family-mode, Dirichlet, joint',
    ],
    ['a probability', y('param p : unit', 'Bernoulli(p)', 'bool'), 'p', 'beta: family-mode, Beta, joint'],
    [
      'a probability on an interval',
      y('param p : real in (0, 1/2)', 'Bernoulli(2 * p)', 'bool'),
      'p',
      'beta: family-mode, Beta, joint',
    ],
    ['a rate', y('param r : positive', 'Exponential(r)'), 'r', 'generalised-gamma: family-mode, Gamma, joint'],
    [
      'a mean waiting time',
      y('param m : positive', 'Exponential(1 / m)'),
      'm',
      'generalised-gamma: family-mode, inverse Gamma, joint',
    ],
    [
      'a rate as exp',
      y('param l : real', 'Poisson(exp(l))', 'count'),
      'l',
      'generalised-gamma: family-mode, Gamma, joint',
    ],
    ['a mean', normal('param m : real', 'm', '2'), 'm', 'normal: family-mode, Normal, joint'],
    ['an sd', normal('param s : positive', '0', 's'), 's', 'generalised-gamma: family-mode, generalised Gamma, joint'],
    [
      'a variance',
      normal('param v : positive', '0', 'var=v'),
      'v',
      'generalised-gamma: family-mode, inverse Gamma, joint',
    ],
    [
      'a mean before its sd',
      normal('param m : real\nparam s : positive', 'm', 's'),
      'm',
      'normal: triangular-elimination, Normal, joint',
    ],
    ['a line', normal('param a, b : real', 'a + b * t[n]', '1'), 'a', 'normal: family-mode, MvNormal, joint'],
    [
      'coefficients',
      'model M\ndata x : real[N, P]\ndata y : real[N]\nparam b : real[P]\nparam s : positive\nfor n in 1..N { y[n] ~ Normal(dot(b, x[n]), s) }',
      'b',
      'normal: triangular-elimination, MvNormal, joint',
    ],
    [
      'a covariance',
      'model M\ndata x : real[N, D]\nparam m : real[D]\nparam S : covariance[D]\nfor n in 1..N { x[n] ~ MvNormal(m, S) }',
      'S',
      'inverse-wishart: family-mode, inverse Wishart, joint',
    ],
    [
      'a precision matrix',
      'model M\ndata x : real[N, D]\nparam m : real[D]\nparam P : covariance[D]\nfor n in 1..N { x[n] ~ MvNormal(m, precision=P) }',
      'P',
      'wishart: family-mode, Wishart, joint',
    ],
    [
      'the shape of a Gamma',
      y('param a : positive', 'Gamma(a, 2)'),
      'a',
      'stationary: one-dimensional, one-dimensional, joint',
    ],
    [
      'a shape, its rate profiled out',
      'model M\ndata y : positive[N]\nparam a, b : positive\nfor n in 1..N { y[n] ~ Gamma(a, b) }',
      'a',
      'stationary: profiled, one-dimensional, joint',
    ],
    [
      'a shape, its rate in either branch profiled out',
      'model M\ndata f : bool[N]\ndata y : positive[N]\nparam a, b, c : positive\nfor n in 1..N { if f[n] { y[n] ~ Gamma(a, b) } else { y[n] ~ Gamma(a, c) } }',
      'a',
      'stationary: profiled, one-dimensional, joint',
    ],
    [
      'a rate shared by shapes, which is not profiled',
      'model M\ndata y : positive[N, D]\nparam a : positive[D]\nparam b : positive\nfor n in 1..N { y[n] ~ Gamma(a, b) }',
      'a',
      'stationary: conditional-maximisation, one-dimensional, blockwise',
    ],
    [
      'a param with two powers',
      normal('param s : positive', 's', 's'),
      's',
      'stationary: symbolic-stationarity, one-dimensional, joint',
    ],
    [
      'a logistic regression',
      'model M\ndata x : real[N]\ndata y : bool[N]\nparam b : real\nfor n in 1..N { y[n] ~ Bernoulli(logit=b * x[n]) }',
      'b',
      'newton: logistic-regression, logistic regression, ascent',
    ],
    [
      'a mean whose prior has another scale',
      normal('param m : real ~ Normal(0, 1)\nparam s : positive', 'm', 's'),
      'm',
      'normal: conditional-maximisation, Normal, blockwise',
    ],
  ])('%s', (_, text, param, expected) => {
    expect(short(stepOf(text, param))).toBe(expected)
  })
})

describe('why rules decline', () => {
  const declined = (text: string, param: string, rule: string): string | undefined => reason(stepOf(text, param), rule)
  const logistic =
    'model M\ndata x : real[N]\ndata y : bool[N]\nparam b : real\nfor n in 1..N { y[n] ~ Bernoulli(logit=b * x[n]) }'

  test('each declines a logistic regression with words', () => {
    const step = stepOf(logistic, 'b')
    expect(step.declined.map((d) => d.rule)).toEqual(M_STEP_RULES.map((r) => r.id))
    for (const d of step.declined) expect(d.reason.length).toBeGreaterThan(10)
    expect(reason(step, 'family-mode/dirichlet')).toBe('the param is not a simplex')
    expect(reason(step, 'family-mode/normal')).toBe('some of its terms do not separate into statistics')
  })

  test('a simplex whose cells are sums', () => {
    const text =
      'model M\ndata y : category[N]\nparam p : simplex[3]\nfor n in 1..N { y[n] ~ Categorical([p[1] + p[2], p[3]]) }'
    expect(declined(text, 'p', 'family-mode/dirichlet')).toBe('its terms are not all log p_k')
  })

  test('the mean of a Poisson is no location', () => {
    const text = 'model M\ndata y : count[N]\nparam r : positive\nfor n in 1..N { y[n] ~ Poisson(r) }'
    expect(declined(text, 'r', 'family-mode/beta')).toBe('its terms are not all log(u − l) and log(h − u)')
  })

  test('two powers', () => {
    expect(declined(normal('param s : positive', 's', 's'), 's', 'family-mode/generalised-gamma')).toMatch(
      /^it occurs with two powers, /,
    )
  })

  test('a mean that is bounded and solved jointly', () => {
    const text = normal('param a : positive\nparam b : real', 'a + b * t[n]', '1')
    expect(declined(text, 'a', 'family-mode/normal')).toBe(
      'a is bounded and its elements are solved jointly, so the clamped solution would not be the maximum',
    )
  })

  test('closed forms that are switched off say so', () => {
    expect(declined(logistic, 'b', 'symbolic-stationarity')).toBeDefined()
  })
})

describe('what a prior does', () => {
  test('joins the coefficients of its family', () => {
    const step = stepOf(
      'model M\ndata y : category[N]\nparam p : simplex[levels(y)] ~ Dirichlet(2)\nfor n in 1..N { y[n] ~ Categorical(p) }',
      'p',
    )
    expect(step.kind === 'dirichlet' && step.coefficients.length).toBe(1)
    expect(short(step)).toBe('dirichlet: family-mode, Dirichlet, joint')
  })

  test('of another family leaves the closed form', () => {
    const step = stepOf(normal('param s : positive ~ Exponential(1)', '0', 's'), 's')
    expect(short(step)).toBe('stationary: symbolic-stationarity, one-dimensional, joint')
  })
})
