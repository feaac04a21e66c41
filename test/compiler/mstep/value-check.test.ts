import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mul, num } from '../../../compiler/algebra/build.js'
import type { Derivation } from '../../../compiler/derive.js'
import { qTerms, valueRanges } from '../../../compiler/mstep/plan.js'
import type { DriverObjective } from '../../../compiler/mstep/types.js'
import { checkByValue } from '../../../compiler/mstep/value-check.js'
import { compileOrThrow } from '../../../index.js'
import { deriveText } from '../../support/derive.js'

const examples = new URL('../../../examples/', import.meta.url)
const models = readdirSync(examples).flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, examples))
    .filter((f) => f.endsWith('.estep'))
    .map((f) => `${folder}/${f}`),
)

test.each(models)('%s is checked by value when it is compiled', (model) => {
  const { valueCheck, params } = deriveText(readFileSync(new URL(model, examples), 'utf8'))
  if (params.length === 0) {
    expect(valueCheck).toEqual({ kind: 'skipped', reason: 'no term reads a param' })
    return
  }
  expect(valueCheck.kind === 'checked' ? valueCheck.points : valueCheck.reason).toBe(3)
})

const again = (d: Derivation, objective: DriverObjective) =>
  checkByValue({
    terms: qTerms(d.lifted),
    objective,
    params: d.params,
    data: new Map(d.graph.data.map((s) => [s.name, s.type.support.kind])),
    bindTables: d.graph.bindTables,
    ranges: valueRanges(d.lifted),
    latents: new Map(),
  })

const mixture = deriveText(`model M
const K = 2
data  x : real[N, D]
param w : simplex[K]
param m : real[K, D]
param S : covariance[K, D]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ MvNormal(m[z], S[z])
}`)
const { objective } = mixture.mStep

test('an objective with a term less is caught, whichever it is', () => {
  expect(objective.monomials.length).toBeGreaterThan(3)
  for (const left of objective.monomials)
    expect(() => again(mixture, { ...objective, monomials: objective.monomials.filter((m) => m !== left) })).toThrow(
      /micro-instance/,
    )
})

test('a coefficient that is off is caught', () => {
  for (const off of objective.monomials) {
    const monomials = objective.monomials.map((m) =>
      m === off ? { ...m, coefficient: mul(num(1000001, 1000000), m.coefficient) } : m,
    )
    expect(() => again(mixture, { ...objective, monomials })).toThrow(/micro-instance/)
  }
})

test('a statistic that adds the wrong thing is caught', () => {
  for (const off of objective.statistics) {
    const statistics = objective.statistics.map((s) => (s === off ? { ...s, value: mul(num(2), s.value) } : s))
    expect(() => again(mixture, { ...objective, statistics })).toThrow(/micro-instance/)
  }
})

test('a model without params has nothing to check', () => {
  const d = deriveText('model M\ndata x : real[N]\nfor n in 1..N { x[n] ~ Normal(0, 1) }')
  expect(d.valueCheck).toEqual({ kind: 'skipped', reason: 'no term reads a param' })
})

test('a model that is large even in the small is not checked, and says so', () => {
  const loops = Array.from({ length: 16 }, (_, i) => `for i${i} in 1..A${i} {`).join(' ')
  const dims = Array.from({ length: 16 }, (_, i) => `A${i}`).join(', ')
  const index = Array.from({ length: 16 }, (_, i) => `i${i}`).join(', ')
  const d = deriveText(
    `model M\ndata x : real[${dims}]\nparam m : real\n${loops} x[${index}] ~ Normal(m, 1) ${'}'.repeat(16)}`,
  )
  expect(d.valueCheck.kind === 'skipped' && d.valueCheck.reason).toMatch(/^more than 40000 reads/)
})

test.each(['n < 4', 'n <= 10', 'n == 5', 'n > 7'])(
  'a place beyond the small sizes is compared with: %s',
  async (condition) => {
    const fit = await compileOrThrow(`model Broken
data y : real[N]
param f, g : real
param s : positive
for n in 1..N { if ${condition} { y[n] ~ Normal(f, s) } else { y[n] ~ Normal(g, s) } }`).fit({
      y: Array.from({ length: 12 }, (_, i) => (i * i) % 7),
    })
    const is: Readonly<Record<string, (n: number) => boolean>> = {
      'n < 4': (n) => n < 4,
      'n <= 10': (n) => n <= 10,
      'n == 5': (n) => n === 5,
      'n > 7': (n) => n > 7,
    }
    const inside = Array.from({ length: 12 }, (_, i) => i + 1).filter((n) => is[condition]?.(n))
    const mean = inside.reduce((a, n) => a + ((n - 1) ** 2 % 7), 0) / inside.length
    expect(fit.params.f).toBeCloseTo(mean, 10)
  },
)
