/** Derivations as documents; loaded when one is first looked at. */
import { stepsToLatex, stepsToLatexFragment } from '../../compiler/derivation/render/latex.js'
import { derivationSteps, derivationTitle } from '../../compiler/derivation/steps.js'
import type { DerivationStep } from '../../compiler/derivation/types.js'
import type { Derivation } from '../../compiler/derive.js'
import type { DerivationView } from './messages.js'

/** `written`: the text that it is of is the reader's, so that its places can be gone to. */
export function derivationView(derivation: Derivation, written = true): DerivationView {
  const steps = derivationSteps(derivation)
  return { title: derivationTitle(derivation), steps: written ? steps : steps.map(withoutPlaces) }
}

function withoutPlaces(step: DerivationStep): DerivationStep {
  return {
    ...step,
    origin: { ...step.origin, span: null },
    content: step.content.map((block) =>
      block.kind === 'formula' ? { ...block, lines: block.lines.map(({ from: _, ...line }) => line) } : block,
    ),
  }
}

export function latexOf(derivation: Derivation, fragment: boolean): string {
  const { title, steps } = derivationView(derivation)
  return fragment ? stepsToLatexFragment(steps) : stepsToLatex(title, steps)
}
