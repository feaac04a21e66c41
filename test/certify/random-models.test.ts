/**
 * Models that nobody wrote: each must type-check, derive and be certified. `CAMPAIGN_MODELS` and `CAMPAIGN_SEED` in the
 * environment run others than the ones of every day.
 */
import { describe, expect, it } from 'vitest'
import { REGRESSION_RULES } from '../../compiler/rules/mstep/regression.js'
import { Draft } from '../generator/draft.js'
import { FEATURES, type RandomModel, randomModel, shrink } from '../generator/random-model.js'
import { regressionModel } from '../generator/regressions.js'
import { deriveText } from '../support/derive.js'
import { certifyText, complaints } from './certified.js'

const COUNT = Number(process.env.CAMPAIGN_MODELS ?? 200)
const FIRST = Number(process.env.CAMPAIGN_SEED ?? 1)
const PER_TEST = 25

/** What is wrong with a model's certificate; nothing where it passes. */
function problems(model: RandomModel): readonly string[] {
  try {
    const outcome = certifyText(model.text, { seed: model.seed, replicates: 1 })
    if (outcome.kind === 'refused') return [`${outcome.by}: ${outcome.text}`]
    return outcome.certificate.passed ? [] : ['not certified', ...complaints(outcome.certificate)]
  } catch (e) {
    return [`thrown: ${String(e)}`]
  }
}

const kind = (list: readonly string[]): string => list[0]?.split(':')[0] ?? ''

/** The smallest model that fails in the same way, with what is wrong with it. */
function report(model: RandomModel, found: readonly string[]): string {
  const small = shrink(model, (m) => {
    const again = problems(m)
    return again.length > 0 && kind(again) === kind(found)
  })
  return `seed ${model.seed}\n${problems(small).join('\n')}\n${small.text}`
}

describe('random models', () => {
  const starts = Array.from({ length: Math.ceil(COUNT / PER_TEST) }, (_, i) => FIRST + i * PER_TEST)
  it.each(starts)('seeds from %i on are certified', { timeout: 600_000 }, (first) => {
    const reports: string[] = []
    for (let seed = first; seed < Math.min(first + PER_TEST, FIRST + COUNT); seed++) {
      const model = randomModel(seed)
      const found = problems(model)
      if (found.length > 0) reports.push(report(model, found))
    }
    expect(reports.join('\n\n')).toBe('')
  })

  it('between them hold every feature', () => {
    const held = new Set(Array.from({ length: 1000 }, (_, i) => randomModel(i + 1)).flatMap((m) => m.features))
    expect([...held].sort()).toEqual([...FEATURES].sort())
  })

  it('of regressions meet each kind that the M-step names', () => {
    const rules = new Set(
      Array.from({ length: 40 }, (_, i) => regressionModel(new Draft(i + 1, new Set())).text).flatMap((text) =>
        deriveText(text).mStep.steps.map((s) => s.rule),
      ),
    )
    // log rates are among the families of rows
    const wanted = Object.values(REGRESSION_RULES).filter((r) => r !== REGRESSION_RULES.poisson)
    expect(wanted.filter((r) => !rules.has(r.id))).toEqual([])
  })

  it('are the same for the same seed, and lose what is left out', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const model = randomModel(seed)
      expect(randomModel(seed)).toEqual(model)
      for (const f of model.features) expect(randomModel(seed, new Set([f])).features).not.toContain(f)
    }
  })

  it('shrink to what a failure needs', () => {
    const seeds = Array.from({ length: 60 }, (_, i) => i + 1)
    for (const seed of seeds) {
      const model = randomModel(seed)
      if (!model.text.includes('weight copies')) continue
      const small = shrink(model, (m) => m.text.includes('weight copies'))
      expect(small.features).toEqual(['weight'])
    }
  })
})
