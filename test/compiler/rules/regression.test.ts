/** Generalised linear M-steps by name, and the statement that closes a better rule. */
import { describe, expect, test } from 'vitest'
import { REGRESSION_RULES } from '../../../compiler/rules/mstep/regression.js'
import { compileOrThrow } from '../../../index.js'
import { deriveText } from '../../support/derive.js'

const ruleOf = (text: string, param: string): string | undefined =>
  deriveText(text).mStep.steps.find((s) => s.params.includes(param))?.rule

const regression = (type: string, density: string, params = 'param a, b : real'): string =>
  `model M\ndata x, t : real[N]\ndata e : positive[N]\ndata y : ${type}[N]\n${params}\nfor n in 1..N { y[n] ~ ${density} }`

const mixture = (type: string, density: string): string =>
  `model M\nconst K = 2\ndata x : real[N]\ndata y : ${type}[N]\nparam pi : simplex[K]\nparam a, b : real[K]\n` +
  `for n in 1..N {\n  latent z ~ Categorical(pi)\n  y[n] ~ ${density}\n}`

describe('regressions', () => {
  test.each([
    ['logistic', regression('bool', 'Bernoulli(logistic(a + b * x[n]))'), 'logistic-regression'],
    ['logistic, of counts', regression('count', 'Binomial(9, logistic(a + b * x[n]))'), 'logistic-regression'],
    ['logistic, in a mixture', mixture('bool', 'Bernoulli(logistic(a[z] + b[z] * x[n]))'), 'logistic-regression'],
    [
      'logistic, with a prior',
      regression('bool', 'Bernoulli(logistic(a + b * x[n]))', 'param a, b : real ~ Normal(0, 3)'),
      'logistic-regression',
    ],
    ['Poisson', regression('count', 'Poisson(exp(a + b * x[n]))'), 'poisson-regression'],
    ['Poisson, with exposure', regression('count', 'Poisson(e[n] * exp(a + b * x[n]))'), 'poisson-regression'],
    ['Poisson, in a mixture', mixture('count', 'Poisson(exp(a[z] + b[z] * x[n]))'), 'poisson-regression'],
    ['Gamma', regression('positive', 'Gamma(3, 3 / exp(a + b * x[n]))'), 'gamma-regression'],
    [
      'Gamma, of a dot product',
      'model M\ndata u : real[N, P]\ndata y : positive[N]\nparam a : real[P]\nfor n in 1..N { y[n] ~ Gamma(3, 3 / exp(dot(a, u[n]))) }',
      'gamma-regression',
    ],
    ['Exponential', regression('positive', 'Exponential(exp(-a - b * x[n]))'), 'gamma-regression'],
    [
      'negative binomial, of a size that is known',
      regression('count', 'NegativeBinomial(2, exp(a + b * x[n]))'),
      'negative-binomial-regression',
    ],
    ['probit', regression('bool', 'Bernoulli(Phi(a + b * x[n]))'), 'probit-regression'],
    ['probit, of counts', regression('count', 'Binomial(9, Phi(a + b * x[n]))'), 'probit-regression'],
  ])('%s', (_, text, rule) => {
    expect(ruleOf(text, 'a')).toBe(rule)
  })

  test('a gate of a mixture of experts', () => {
    const text =
      'model M\nconst K = 2\ndata x, y : real[N]\nparam g, h, a : real[K]\nparam s : positive\n' +
      'for n in 1..N {\n  latent z ~ Categorical(softmax(g + h * x[n]))\n  y[n] ~ Normal(a[z], s)\n}'
    expect(ruleOf(text, 'g')).toBe('multinomial-logit')
    expect(ruleOf(text, 'a')).toBe('triangular-elimination')
  })

  test.each([
    ['a predictor that is not linear', regression('bool', 'Bernoulli(logistic(a * b * x[n]))')],
    ['a floor under the probability', regression('bool', 'Bernoulli(0.1 + 0.8 * logistic(a + b * x[n]))')],
    ['a mean that is linear', regression('count', 'Poisson(a + b * e[n])', 'param a, b : positive')],
    [
      'a scale in the same block',
      regression('positive', 'Gamma(s, s / exp(a + b * x[n]))', 'param a, b : real\nparam s : positive'),
    ],
  ])('%s is none', (_, text) => {
    expect(ruleOf(text, 'a')).toBe('gradient')
  })

  test('each has a statement and a citation with its year', () => {
    for (const r of Object.values(REGRESSION_RULES))
      expect([r.statement.length > 20, /\d{4}/.test(r.citation)]).toEqual([true, true])
  })
})

describe('what closes a rule', () => {
  interface Verdict {
    readonly params: readonly string[]
    readonly rule: string
    readonly closedForm: boolean
    readonly declined: readonly {
      readonly rule: string
      readonly span: { readonly line: number; readonly start: number; readonly end: number }
    }[]
  }
  const verdict = (text: string, param: string): Verdict => {
    const plan = compileOrThrow(text).plan as unknown as { readonly mStep: readonly Verdict[] }
    const found = plan.mStep.find((s) => s.params.includes(param))
    if (found === undefined) throw new Error(`no verdict on ${param}`)
    return found
  }

  test('is the statement whose term does not separate, or the declaration', () => {
    const text = regression('bool', 'Bernoulli(logistic(a + b * x[n]))')
    const { declined, closedForm } = verdict(text, 'a')
    const at = (rule: string): string => {
      const { start, end } = declined.find((d) => d.rule === rule)?.span ?? { start: 0, end: 0 }
      return text.slice(start, end)
    }
    expect(closedForm).toBe(false)
    expect(at('family-mode/normal')).toContain('Bernoulli(logistic')
    expect(at('family-mode/dirichlet')).toContain('a')
    expect(at('family-mode/dirichlet')).not.toContain('Bernoulli')
  })

  test('is the prior where the likelihood alone would have a closed form', () => {
    const text = 'model M\ndata y : bool[N]\nparam p : unit ~ Normal(0.5, 0.1)\nfor n in 1..N { y[n] ~ Bernoulli(p) }'
    const { declined } = verdict(text, 'p')
    expect(declined.find((d) => d.rule === 'family-mode/beta')?.span.line).toBe(3)
  })

  test('is named with its line on the page', () => {
    const page = compileOrThrow(regression('bool', 'Bernoulli(logistic(a + b * x[n]))')).derivation.toText()
    expect(page.replace(/\s+/g, ' ')).toContain('line 6: y[n] ~ Bernoulli(logistic(a + b * x[n]))')
  })
})
