/** Why the likelihood itself is hard, and the bound that EM climbs. */

import { summing } from './marginal-step.js'
import { argument, fromAll } from './origins.js'
import { allParams, type Formula, type FormulaContext } from './print.js'
import { weightedPlate } from './row-weights.js'
import { type DerivationStep, inline, type Line, say } from './types.js'

export function boundStep(c: FormulaContext): DerivationStep {
  const all = allParams(c.notation)
  const at = (f: Formula): Formula => ({
    text: f.text.replaceAll('θ', all.text),
    latex: f.latex.replaceAll('\\theta', all.latex),
  })
  const plate = weightedPlate(c)
  const { sign, after } = plate === null ? summing(c) : summing(c, plate.latents)
  const lines = (rows: readonly (readonly [string, string])[]): readonly Formula[] =>
    rows.map(([text, latex]) => at({ text, latex }))
  const [S, dz, sum, d] = [sign.text, after.text, sign.latex, after.latex]
  // with weights, for each row
  const [rows, rowsTex] = plate === null ? ['', ''] : [plate.sum.text, plate.sum.latex]
  const [x, z] = plate === null ? ['x', 'z'] : [plate.data.text, plate.latents.text]
  const [xTex, zTex] = plate === null ? ['x', 'z'] : [plate.data.latex, plate.latents.latex]
  const jensen = lines([
    [
      `ℓ(θ) = ${rows}log ${S} q(${z}) (p(${x}, ${z} | θ) / q(${z}))${dz}`,
      `\\ell(\\theta) = ${rowsTex}\\log ${sum} q(${zTex}) \\frac{p(${xTex}, ${zTex} \\mid \\theta)}{q(${zTex})}${d}`,
    ],
    [
      `    ≥ ${rows}${S} q(${z}) log (p(${x}, ${z} | θ) / q(${z}))${dz} = ELBO(q, θ)`,
      `\\quad \\geq ${rowsTex}${sum} q(${zTex}) \\log \\frac{p(${xTex}, ${zTex} \\mid \\theta)}{q(${zTex})}${d} = \\mathrm{ELBO}(q, \\theta)`,
    ],
  ])
  const [q, qTex] = plate === null ? ['q', 'q'] : [`q(${z})`, `q(${zTex})`]
  const each = (text: string): string => (plate === null ? text : `${rows}(${text})`)
  const eachTex = (text: string): string => (plate === null ? text : `${rowsTex}\\left(${text}\\right)`)
  const decompositions = lines([
    [
      `ELBO(q, θ) = ${each(`E_q[log p(${x} | ${z}, θ)] − KL(${q} ‖ p(${z} | θ))`)}`,
      `\\mathrm{ELBO}(q, \\theta) = ${eachTex(`\\mathrm{E}_q[\\log p(${xTex} \\mid ${zTex}, \\theta)] - \\mathrm{KL}\\left(${qTex} \\,\\|\\, p(${zTex} \\mid \\theta)\\right)`)}`,
    ],
    [
      `ELBO(q, θ) = ${each(`log p(${x} | θ) − KL(${q} ‖ p(${z} | ${x}, θ))`)}`,
      `\\mathrm{ELBO}(q, \\theta) = ${eachTex(`\\log p(${xTex} \\mid \\theta) - \\mathrm{KL}\\left(${qTex} \\,\\|\\, p(${zTex} \\mid ${xTex}, \\theta)\\right)`)}`,
    ],
  ])
  const joint: Formula = { text: `p(${x}, ${z})`, latex: `p(${xTex}, ${zTex})` }
  const onePrior: Formula = { text: `p(${z}) p(${x} | ${z})`, latex: `p(${zTex}) \\, p(${xTex} \\mid ${zTex})` }
  const onePosterior: Formula = { text: `p(${x}) p(${z} | ${x})`, latex: `p(${xTex}) \\, p(${zTex} \\mid ${xTex})` }
  const anyQ: Formula = { text: 'q', latex: 'q' }
  const whole = (f: Formula): Line => ({ ...f, ...fromAll(c, 'without priors') })
  return {
    id: 'bound',
    kind: 'bound',
    title: ['Why EM'],
    origin: argument('bound'),
    content: [
      say`For any distribution ${anyQ} over the latents${plate === null ? '' : ' of a row'} the likelihood${plate === null ? '' : ' of the row'} is an expectation over ${anyQ}. The logarithm is concave, so by Jensen's inequality the logarithm of the expectation is at least the expectation of the logarithm${plate === null ? '' : '; no weight is negative, so that the inequality holds for the weighted sum'}:`,
      { kind: 'formula', lines: jensen.map(whole) },
      say`There the logarithm reaches the single densities. The bound can be read in two ways, as ${joint} is ${onePrior} and ${onePosterior}:`,
      { kind: 'formula', lines: decompositions.map(whole) },
      say`By the first it is how well latents drawn from ${anyQ} explain the data, less what ${anyQ} departs from what the model says of the latents before any data. By the second it lies below the log-likelihood by a divergence, which is 0 where ${anyQ} is the posterior and positive elsewhere: ${
        c.notation.derivation.eStep.factorised === null
          ? inline`the E-step closes the gap by taking for ${anyQ} the posterior of the latents at the current parameters.`
          : inline`the best ${anyQ} is the posterior of the latents at the current parameters, and the gap is closed where the E-step can take it.`
      } The M-step then maximises the bound over the parameters with ${anyQ} held fixed.`,
    ],
  }
}
