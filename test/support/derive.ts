/** A derivation from the text of a model, or from a file of the examples. */
import { readFileSync } from 'node:fs'
import { type Derivation, type DeriveOptions, derive } from '../../compiler/derive.js'
import { distributionByName, signatures } from '../../compiler/distributions/index.js'
import { lower } from '../../compiler/lower/lower.js'
import type { MStep } from '../../compiler/mstep/types.js'
import { check } from '../../lang/check.js'

export function deriveText(text: string, options: DeriveOptions = {}): Derivation {
  const checked = check({ name: 'model.estep', text }, signatures)
  if (checked.value === undefined) throw new Error(checked.diagnostics.map((d) => d.message).join('\n'))
  const derived = derive(checked.value, distributionByName, options)
  if (derived.value === undefined) throw new Error(derived.diagnostics.map((d) => d.message).join('\n'))
  return derived.value
}

/** `old-faithful/full` and the like. */
export const deriveExample = (name: string, options: DeriveOptions = {}): Derivation =>
  deriveText(readFileSync(new URL(`../../examples/${name}.estep`, import.meta.url), 'utf8'), options)

/** A model below `test/`, such as `certify/models/factor-analysis`. */
export const deriveModel = (path: string, options: DeriveOptions = {}): Derivation =>
  deriveText(readFileSync(new URL(`../${path}.estep`, import.meta.url), 'utf8'), options)

/** A derivation whose steps are others, lowered anew. */
export function withSteps(d: Derivation, change: (step: MStep) => MStep): Derivation {
  const mStep = { ...d.mStep, steps: d.mStep.steps.map(change) }
  const { graph, lifted, eStep, shapes, supply } = d
  const program = lower({
    graph,
    lifted,
    eStep,
    mStep,
    shapes,
    collecting: d.collectOptions,
    rename: (v) => supply.fresh(v.name, v.to, v.from),
    lets: graph.lets,
  })
  return { ...d, mStep, program }
}
