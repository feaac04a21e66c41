/** Why the likelihood itself is hard, and the bound that EM climbs. */

import { summing } from './marginal-step.js'
import { argument } from './origins.js'
import { allParams, type Formula, type FormulaContext } from './print.js'
import { type DerivationStep, inline, say } from './types.js'

export function boundStep(c: FormulaContext): DerivationStep {
  const all = allParams(c.notation)
  const at = (f: Formula): Formula => ({
    text: f.text.replaceAll('θ', all.text),
    latex: f.latex.replaceAll('\\theta', all.latex),
  })
  const { sign, after } = summing(c)
  const lines = (rows: readonly (readonly [string, string])[]): readonly Formula[] =>
    rows.map(([text, latex]) => at({ text, latex }))
  const [S, dz, sum, d] = [sign.text, after.text, sign.latex, after.latex]
  const jensen = lines([
    [
      `ℓ(θ) = log ${S} q(z) (p(x, z | θ) / q(z))${dz}`,
      `\\ell(\\theta) = \\log ${sum} q(z) \\frac{p(x, z \\mid \\theta)}{q(z)}${d}`,
    ],
    [
      `    ≥ ${S} q(z) log (p(x, z | θ) / q(z))${dz} = ELBO(q, θ)`,
      `\\quad \\geq ${sum} q(z) \\log \\frac{p(x, z \\mid \\theta)}{q(z)}${d} = \\mathrm{ELBO}(q, \\theta)`,
    ],
  ])
  const decompositions = lines([
    [
      'ELBO(q, θ) = E_q[log p(x | z, θ)] − KL(q ‖ p(z | θ))',
      '\\mathrm{ELBO}(q, \\theta) = \\mathrm{E}_q[\\log p(x \\mid z, \\theta)] - \\mathrm{KL}\\left(q \\,\\|\\, p(z \\mid \\theta)\\right)',
    ],
    [
      'ELBO(q, θ) = log p(x | θ) − KL(q ‖ p(z | x, θ))',
      '\\mathrm{ELBO}(q, \\theta) = \\log p(x \\mid \\theta) - \\mathrm{KL}\\left(q \\,\\|\\, p(z \\mid x, \\theta)\\right)',
    ],
  ])
  const joint: Formula = { text: 'p(x, z)', latex: 'p(x, z)' }
  const onePrior: Formula = { text: 'p(z) p(x | z)', latex: 'p(z) \\, p(x \\mid z)' }
  const onePosterior: Formula = { text: 'p(x) p(z | x)', latex: 'p(x) \\, p(z \\mid x)' }
  const q: Formula = { text: 'q', latex: 'q' }
  return {
    id: 'bound',
    kind: 'bound',
    title: ['Why EM'],
    origin: argument('bound'),
    content: [
      say`For any distribution ${q} over the latents the likelihood is an expectation over ${q}. The logarithm is concave, so by Jensen's inequality the logarithm of the expectation is at least the expectation of the logarithm:`,
      { kind: 'formula', lines: jensen },
      say`There the logarithm reaches the single densities. The bound can be read in two ways, as ${joint} is ${onePrior} and ${onePosterior}:`,
      { kind: 'formula', lines: decompositions },
      say`By the first it is how well latents drawn from ${q} explain the data, less what ${q} departs from what the model says of the latents before any data. By the second it lies below the log-likelihood by a divergence, which is 0 where ${q} is the posterior and positive elsewhere: ${
        c.notation.derivation.eStep.factorised === null
          ? inline`the E-step closes the gap by taking for ${q} the posterior of the latents at the current parameters.`
          : inline`the best ${q} is the posterior of the latents at the current parameters, and the gap is closed where the E-step can take it.`
      } The M-step then maximises the bound over the parameters with ${q} held fixed.`,
    ],
  }
}
