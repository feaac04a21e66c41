/** What is printed is what runs: formulas are evaluated against the executed update, and follow it when it is changed. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { valuesOf } from '../../../api/worked.js'
import { mul, num } from '../../../compiler/algebra/build.js'
import { evaluate } from '../../../compiler/algebra/evaluate.js'
import { bindProgram } from '../../../compiler/bind/bound-model.js'
import { derivationDocument, updateText } from '../../../compiler/derivation/index.js'
import { notationOf } from '../../../compiler/derivation/notation.js'
import { updateContext, updateOf } from '../../../compiler/derivation/updates.js'
import type { Derivation } from '../../../compiler/derive.js'
import type { Contribution, MStep } from '../../../compiler/mstep/types.js'
import { compileJavaScript } from '../../../compiler/targets/javascript/index.js'
import { compileOrThrow, type FitData } from '../../../index.js'
import { deriveExample, withSteps } from '../../support/derive.js'
import { everyValue } from './evaluation.js'

const rows = [
  [1.1, 5.2],
  [0.7, 4.9],
  [3.9, 8.1],
  [4.2, 7.7],
  [2.4, 6.6],
  [4.8, 8.8],
  [0.2, 4.1],
]

/** Two lines, and rows so far from them that no component's spread meets its floor. */
const lines: FitData = {
  gnp: Array.from({ length: 24 }, (_, i) => i / 4),
  co2: Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? i / 4 : 5 - i / 8) + Math.sin(37 * i)),
}

const CASES: readonly { readonly example: string; readonly data: FitData }[] = [
  { example: 'grades/plain', data: { a: 10, b: 4, c: 10, d: 11 } },
  { example: 'grades/hidden', data: { h: 20, c: 10, d: 10 } },
  { example: 'grades-second/hidden', data: { total: 40, c: 9 } },
  { example: 'old-faithful/spherical', data: { x: rows } },
  { example: 'old-faithful/diagonal', data: { x: rows } },
  { example: 'old-faithful/full', data: { x: rows } },
  { example: 'old-faithful/tied', data: { x: rows } },
  { example: 'map-mixture/conjugate', data: { x: rows } },
  { example: 'galaxies/unequal', data: { velocity: rows.map((r) => r[0] ?? 0) } },
  { example: 'earthquakes/model', data: { count: [3, 9, 1, 12, 4, 0, 7] } },
  { example: 'blood-groups/abo-counts', data: { A: 38, B: 22, AB: 9, O: 31 } },
  { example: 'zero-inflated/model', data: { art: [0, 0, 3, 1, 0, 2, 5] } },
  { example: 'iris/half-labelled', data: { x: rows, y: ['a', null, 'b', null, 'a', 'b', null] } },
  { example: 'iris/linear', data: { x: rows, y: ['a', 'a', 'b', 'b', 'a', 'b', 'a'] } },
  { example: 'iris/quadratic', data: { x: rows, y: ['a', 'a', 'b', 'b', 'a', 'b', 'a'] } },
  { example: 'regressions/lines-unequal', data: lines },
]

describe('the printed update has the value of the executed one', () => {
  for (const { example, data } of CASES)
    it(example, () => {
      const source = readFileSync(new URL(`../../../examples/${example}.estep`, import.meta.url), 'utf8')
      const { model } = compileOrThrow(source).bind(data, {})
      let seed = 7
      const start = model.interior(() => {
        seed = (seed * 16807) % 2147483647
        return seed / 2147483647
      })
      const before = model.mStep(start, model.eStep(start)).params
      const after = model.mStep(before, model.eStep(before)).params
      const env = valuesOf(model, before, after)
      const d = model.derivation
      const context = updateContext(d, notationOf(d))
      let compared = 0
      for (const step of d.mStep.steps) {
        const update = updateOf(step, context)
        // equations that several params solve together hold at their new values
        for (const q of update.equations)
          for (const indices of everyValue(q.indices, (e) => evaluate(e, env))) {
            const printed = evaluate(q.right, { ...env, indices })
            const executed = evaluate(q.left, { ...env, indices })
            expect(Math.abs(printed - executed)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(executed)))
            compared += 1
          }
      }
      expect(compared).toBeGreaterThan(0)
    })
})

describe('the printed update follows the executed one', () => {
  const trebled = (c: Contribution): Contribution => ({ ...c, value: mul(num(3), c.value) })
  const withStep = (d: Derivation, change: (s: MStep) => MStep): Derivation => ({
    ...d,
    mStep: { ...d.mStep, steps: d.mStep.steps.map(change) },
  })

  it('when a weight of a Beta is changed', () => {
    const d = deriveExample('grades/plain')
    const changed = withStep(d, (s) => (s.kind === 'beta' ? { ...s, above: s.above.map(trebled) } : s))
    expect(updateText('mu', changed)).toBe('mu = (b + c) / (2 (3 b + 3 c + d))')
  })

  it('when a coefficient of a location is changed', () => {
    const d = deriveExample('old-faithful/full')
    const changed = withStep(d, (s) =>
      s.kind === 'normal' ? { ...s, quadratic: s.quadratic.map((q) => ({ ...q, ...trebled(q) })) } : s,
    )
    expect(updateText('mu', d)).toBe('mu_k = (∑_n r_nk x_n) / N_k')
    expect(updateText('mu', changed)).not.toBe(updateText('mu', d))
    expect(updateText('mu', changed)).toContain('mu_k^old')
  })

  it('when one term of an expanded scale is changed', () => {
    const d = deriveExample('old-faithful/spherical')
    const changed = withStep(d, (s) =>
      s.kind === 'generalised-gamma' ? { ...s, powers: s.powers.map((c, i) => (i === 1 ? trebled(c) : c)) } : s,
    )
    expect(updateText('sigma', changed)).not.toBe(updateText('sigma', d))
    expect(updateText('sigma', changed)).toContain('Δmu')
  })

  it('when the denominator of a covariance is changed', () => {
    const d = deriveExample('old-faithful/tied')
    const changed = withStep(d, (s) => (s.kind === 'inverse-wishart' ? { ...s, logdets: s.logdets.map(trebled) } : s))
    expect(updateText('Sigma', changed)).toBe('Sigma = (∑_n ∑_k r_nk (x_n − mu_k) (x_n − mu_k)ᵀ) / (3 N)')
  })
})

describe('a rule that gives something else changes the page and the result alike', () => {
  const trebled = (c: Contribution): Contribution => ({ ...c, value: mul(num(3), c.value) })
  const CORRUPTED: readonly {
    readonly rule: string
    readonly example: string
    readonly data: FitData
    readonly change: (s: MStep) => MStep
  }[] = [
    {
      rule: 'family-mode/beta',
      example: 'grades/hidden',
      data: { h: 20, c: 10, d: 10 },
      change: (s) => (s.kind === 'beta' ? { ...s, above: s.above.map(trebled) } : s),
    },
    {
      rule: 'family-mode/dirichlet',
      example: 'blood-groups/abo-counts',
      data: { A: 38, B: 22, AB: 9, O: 31 },
      change: (s) =>
        s.kind === 'dirichlet' ? { ...s, coefficients: s.coefficients.map((c, i) => (i === 0 ? trebled(c) : c)) } : s,
    },
    {
      rule: 'family-mode/generalised-gamma',
      example: 'old-faithful/diagonal',
      data: { x: rows },
      change: (s) => (s.kind === 'generalised-gamma' ? { ...s, logs: s.logs.map(trebled) } : s),
    },
    {
      rule: 'family-mode/wishart',
      example: 'old-faithful/full',
      data: { x: rows },
      change: (s) => (s.kind === 'inverse-wishart' ? { ...s, logdets: s.logdets.map(trebled) } : s),
    },
  ]
  it.each(CORRUPTED)('$rule', ({ example, data, change }) => {
    const d = deriveExample(example)
    const wrong = withSteps(d, change)
    expect(derivationDocument(wrong).toText()).not.toBe(derivationDocument(d).toText())
    const source = readFileSync(new URL(`../../../examples/${example}.estep`, import.meta.url), 'utf8')
    const right = compileOrThrow(source).bind(data, { backend: 'js' }).model
    const model = bindProgram(wrong, right.data, { set: new Map(), compile: compileJavaScript })
    let seed = 7
    const start = right.interior(() => {
      seed = (seed * 16807) % 2147483647
      return seed / 2147483647
    })
    const after = model.mStep(start, model.eStep(start)).params
    const before = right.mStep(start, right.eStep(start)).params
    expect(Math.max(...after.map((v, i) => Math.abs(v - (before[i] ?? 0))))).toBeGreaterThan(1e-3)
    const env = valuesOf(model, start, after)
    const context = updateContext(wrong, notationOf(wrong))
    for (const step of wrong.mStep.steps)
      for (const q of updateOf(step, context).equations)
        for (const indices of everyValue(q.indices, (e) => evaluate(e, env))) {
          const printed = evaluate(q.right, { ...env, indices })
          const executed = evaluate(q.left, { ...env, indices })
          expect(Math.abs(printed - executed)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(executed)))
        }
  })
})
