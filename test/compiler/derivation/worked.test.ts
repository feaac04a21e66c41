/** One iteration with numbers: those of textbooks, and those that were executed. */

import { readFileSync } from 'node:fs'
import katex from 'katex'
import { describe, expect, it } from 'vitest'
import { compileOrThrow, type FitData } from '../../../index.js'

const rows = [
  [1.1, 5.2],
  [0.7, 4.9],
  [3.9, 8.1],
  [4.2, 7.7],
  [2.4, 6.6],
  [-4.8, 8.8],
  [0.2, 4.1],
]

const model = (example: string) =>
  compileOrThrow(readFileSync(new URL(`../../../examples/${example}.estep`, import.meta.url), 'utf8'))

describe('a derivation with numbers', () => {
  it('puts them into the update of the hidden grades, from mu = 0', async () => {
    const text = (await model('grades/hidden').worked({ h: 20, c: 10, d: 10 }, { start: { mu: 0 } })).toText()
    expect(text).toContain('log-likelihood −∞')
    expect(text).toContain('E[b] = 0')
    expect(text).toContain('μ = (0 + 10) / (6 (0 + 10 + 10)) = 0.0833333')
    // the bound after the M-step is finite, and no sum with −∞ gives it
    expect(text).toMatch(/log L\(θ_t\) = −∞ ≤ −4\.78\d* = log L\(θ_\{t\+1\}\)/)
  })

  const CASES: readonly { readonly example: string; readonly data: FitData; readonly formulas: readonly string[] }[] = [
    { example: 'old-faithful/diagonal', data: { x: rows }, formulas: ['π_1 = ', 'N_1 = ∑_n r_n1 = ', 'σ_11 = √('] },
    { example: 'old-faithful/full', data: { x: rows }, formulas: ['π_1 = ', 'μ_11 = ', 'Σ_112 = '] },
    { example: 'zero-inflated/model', data: { art: [0, 0, 3, 1, 0, 2, 5] }, formulas: ['λ = '] },
    // pairs of neighbours, E[·] of cells of a joint posterior, of missing cells, of several latents
    {
      example: '../test/certify/models/chain-poisson',
      data: { count: [3, 9, 1, 12, 4, 0, 7] },
      formulas: ['step_11 = ', 'rate_2 = '],
    },
    {
      example: '../test/certify/models/local-level',
      data: { y: [1.1, 0.4, null, 2.6, 2.2, 3.7] },
      formulas: ['level_var = ', 'noise_var = '],
    },
    {
      example: '../test/certify/models/mvnormal-missing',
      data: { x: rows.map(([a, b], i) => [a ?? 0, i === 2 ? null : (b ?? 0), i === 4 ? null : Math.sin(i)]) },
      formulas: ['μ_1 = ', 'Σ_12 = '],
    },
    {
      example: '../test/certify/models/crossed-intercepts',
      data: { subject: [...'aabbcc'], item: [...'uvuvuv'], y: [1.1, 0.4, 1.9, 2.6, 2.2, 3.7] },
      formulas: ['m = (', 't = √(', 's = √('],
    },
  ]
  it.each(CASES)('of $example has the params that the M-step gave', async ({ example, data, formulas }) => {
    const made = model(example)
    const document = await made.worked(data, { seed: 3 })
    const worked = document.steps.filter((s) => s.kind === 'worked')
    const lines = document.lines.filter((l) => worked.some((s) => s.id === l.step))
    expect(document.toText()).not.toContain('where its support or its floor ends')
    for (const f of formulas)
      expect(
        lines.some((l) => l.text.startsWith(f)),
        f,
      ).toBe(true)
    for await (const step of made.iterate(data, { seed: 3 })) {
      const executed = [...step.next].map((v) => Number(v.toPrecision(6)))
      const updates = lines.filter((l) => l.step.startsWith('worked ') && !/start|bounds|e-step/.test(l.step))
      expect(updates.length).toBeGreaterThan(0)
      for (const { text } of updates)
        expect(executed).toContain(Number(text.slice(text.lastIndexOf(' = ') + 3).replace('−', '-')))
      expect(document.toText()).toContain(`${Number(step.nextObjective.toPrecision(6))}`.replace('-', '−'))
      break
    }
    for (const l of lines)
      expect(() => katex.renderToString(l.latex, { strict: 'error', throwOnError: true })).not.toThrow()
    expect(document.toLatex().match(/[^\x20-\x7e\n’‘“”–—éö]/gu)).toBeNull()
  })

  it('shows the posterior of the first unit, and the means of the first missing cells', async () => {
    const mixture = model('old-faithful/diagonal')
    const start = {
      pi: [0.4, 0.6],
      mu: [
        [0, 5],
        [3, 7],
      ],
      sigma: [
        [1, 2],
        [2, 1],
      ],
    }
    const text = (await mixture.worked({ x: rows }, { start })).toText()
    const log = (k: number): number =>
      [0, 1].reduce(
        (sum, d) => {
          const [m, s] = [start.mu[k]?.[d] ?? 0, start.sigma[k]?.[d] ?? 1]
          return sum - Math.log(s) - ((rows[0]?.[d] ?? 0) - m) ** 2 / (2 * s * s)
        },
        Math.log(start.pi[k] ?? 0),
      )
    const first = 1 / (1 + Math.exp(log(1) - log(0)))
    const shown = /r_11 = (\S+)/.exec(text)?.[1]
    expect(Number(shown)).toBeCloseTo(first, 5)
    expect(text).toContain('for the first unit')
    // a missing cell's mean is its regression on the cells there are
    const missing = model('../test/certify/models/mvnormal-missing')
    const cells = rows.map(([a, b], i) => [a ?? 0, i === 2 ? null : (b ?? 0), Math.sin(i)])
    const Sigma = [
      [2, 1, 0],
      [1, 3, 0],
      [0, 0, 1],
    ]
    const page = (await missing.worked({ x: cells }, { start: { mu: [1, 2, 0], Sigma } })).toText()
    expect(Number(/E\[x_32\] = (\S+)/.exec(page)?.[1])).toBeCloseTo(2 + ((3.9 - 1) * 1) / 2, 5)
    expect(page).toContain('for the first missing cells')
  })

  it('of a numerical M-step shows the solution', async () => {
    const logistic = `model L
data  x : real[N]
data  y : bool[N]
param a : real
param b : real
for n in 1..N { y[n] ~ Bernoulli(logit = a + b * x[n]) }
`
    const text = (await compileOrThrow(logistic).worked({ x: [1, 2, 3, 4, 5], y: [0, 1, 0, 1, 1] })).toText()
    expect(text).toMatch(/The solution is\n\n {4}a = −?\d/)
  })

  it('refuses what a fit refuses', async () => {
    await expect(model('grades/hidden').worked({ h: 20, c: 10 })).rejects.toThrow('d')
    await expect(model('grades/hidden').worked({ h: 20, c: 10, d: 10 }, { start: { nu: 0 } })).rejects.toThrow('nu')
  })
})
