/** Why the likelihood itself is hard, and the bound that EM climbs. */
import { allParams, type Formula, type FormulaContext } from './print.js'
import { type DerivationStep, say } from './types.js'

/** How latents are summed out: all of them are finite or counts, all are numbers, or there are both. */
function summing(c: FormulaContext): { readonly sign: Formula; readonly after: Formula; readonly words: string } {
  const { latents } = c.notation.derivation.graph
  const some = latents.some((l) => l.kind === 'continuous' && l.support !== 'count')
  const all = latents.every((l) => l.kind === 'continuous' && l.support !== 'count')
  return all
    ? {
        sign: { text: '∫', latex: '\\int' },
        after: { text: ' dz', latex: ' \\, dz' },
        words: 'an integral over their values',
      }
    : {
        sign: { text: 'Σ_z', latex: '\\sum_z' },
        after: { text: '', latex: '' },
        words: some ? 'a sum over their values (an integral where they are continuous)' : 'a sum over their values',
      }
}

export function boundStep(c: FormulaContext): DerivationStep {
  const all = allParams(c.notation)
  const at = (f: Formula): Formula => ({
    text: f.text.replaceAll('θ', all.text),
    latex: f.latex.replaceAll('\\theta', all.latex),
  })
  const { sign, after, words } = summing(c)
  const jensen: Formula = {
    text: `log ${sign.text} p(x, z | θ)${after.text} ≥ ${sign.text} q(z) log p(x, z | θ)${after.text} − ${sign.text} q(z) log q(z)${after.text} = ELBO(q, θ)`,
    latex: `\\log ${sign.latex} p(x, z \\mid \\theta)${after.latex} \\;\\geq\\; ${sign.latex} q(z) \\log p(x, z \\mid \\theta)${after.latex} - ${sign.latex} q(z) \\log q(z)${after.latex} = \\mathrm{ELBO}(q, \\theta)`,
  }
  const gap: Formula = {
    text: 'log p(x | θ) − ELBO(q, θ) = KL(q ‖ p(z | x, θ))',
    latex:
      '\\log p(x \\mid \\theta) - \\mathrm{ELBO}(q, \\theta) = \\mathrm{KL}\\left(q \\,\\|\\, p(z \\mid x, \\theta)\\right)',
  }
  const q: Formula = { text: 'q', latex: 'q' }
  return {
    id: 'bound',
    kind: 'bound',
    title: 'Why EM',
    rule: null,
    span: null,
    citation: 'Dempster, Laird and Rubin (1977); Neal and Hinton (1998)',
    content: [
      say`The latents (all of them together: z) are not known, so what is to be maximised is the logarithm of ${words}, which does not split into one term per parameter. By Jensen's inequality, for any distribution ${q} over the latents,`,
      { kind: 'formula', lines: [at(jensen)] },
      say`The gap between the two sides is`,
      { kind: 'formula', lines: [at(gap)] },
      c.notation.derivation.eStep.factorised === null
        ? say`so the E-step closes it by taking for ${q} the posterior of the latents at the current parameters. The M-step then maximises the bound over the parameters with ${q} held fixed.`
        : say`so the best ${q} is the posterior of the latents at the current parameters, and the gap is closed where the E-step can take it. The M-step maximises the bound over the parameters with ${q} held fixed.`,
    ],
  }
}
