/** Derivations as documents; loaded when one is first looked at. */
import { stepsToLatex, stepsToLatexFragment } from '../../compiler/derivation/render/latex.js'
import { derivationSteps, derivationTitle } from '../../compiler/derivation/steps.js'
import type { Derivation } from '../../compiler/derive.js'
import type { DerivationView } from './messages.js'

export const derivationView = (derivation: Derivation): DerivationView => ({
  title: derivationTitle(derivation),
  steps: derivationSteps(derivation),
})

export function latexOf(derivation: Derivation, fragment: boolean): string {
  const { title, steps } = derivationView(derivation)
  return fragment ? stepsToLatexFragment(steps) : stepsToLatex(title, steps)
}
