/** The E-step of hard mode against enumeration of every assignment: written models of each latent structure, and random ones. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { randomModel } from '../generator/random-model.js'
import { compareHard } from './brute-force.js'

const folder = new URL('../certify/models/', import.meta.url)
const files = readdirSync(folder).filter((f) => f.endsWith('.estep'))

/** What makes a model no model to compare. */
const NOT_COMPARED = [
  'refused',
  'no discrete latents',
  'weights',
  'latents that the model does not name',
  'counts without a table',
]

/** Models with a mean and a spread to integrate over in every class, which is too much to enumerate. */
const TOO_MANY = ['scaled-variance-classes.estep']

const compared = new Map<string, number>()

function holds(name: string, text: string, seed: number): void {
  const c = compareHard(text, seed)
  if (typeof c === 'string') {
    if (TOO_MANY.includes(name)) expect(c).toMatch(/^too many combinations/)
    else expect(NOT_COMPARED, name).toContain(c)
    return
  }
  const scale = Math.max(1, Math.abs(c.best))
  for (const found of c.found) expect(Math.abs(found - c.best) / scale, `${name}: objective`).toBeLessThanOrEqual(1e-9)
  expect((c.best - c.atLabels) / scale, `${name}: labels`).toBeLessThanOrEqual(1e-9)
  expect(c.soft, `${name}: rows that are not 0 and 1`).toBe(0)
  compared.set(name, c.assignments)
}

describe('max-product against enumeration', () => {
  it.each(files)('%s', { timeout: 60_000 }, (file) => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    for (const seed of [1, 2, 3]) holds(file, text, seed)
  })

  it('random models', { timeout: 300_000 }, () => {
    for (let seed = 1; seed <= 60; seed++) holds(`random model ${seed}`, randomModel(seed).text, seed)
  })

  it('compares chains, latents in groups, coupled latents and continuous ones beside discrete ones', () => {
    for (const name of [
      'chain-order-2',
      'chains-coupled',
      'chain-ragged',
      'chain-classes-of-sequences',
      'chain-missing',
    ])
      expect(compared.get(`${name}.estep`), name).toBeGreaterThan(8)
    for (const name of [
      'nested-classes',
      'sum-discrete',
      'sum-poisson',
      'mixture-of-factors',
      'mvnormal-mixture-missing',
    ])
      expect(compared.has(`${name}.estep`), name).toBe(true)
    expect([...compared.keys()].filter((name) => name.startsWith('random')).length).toBeGreaterThan(20)
  })
})
