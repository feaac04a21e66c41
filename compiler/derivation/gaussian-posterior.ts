/** Mean and covariance of a Gaussian block, from Λ and h. */
import { ref } from '../algebra/build.js'
import type { GaussianBlock } from '../estep/types.js'
import { isScalar } from './gaussian-system.js'
import { cellsWords, cellWords, givenWords, hasMatrixSpread, namesFormula, spreadOfBlock } from './gaussian-words.js'
import { type Formula, type FormulaContext, formula } from './print.js'
import { type Block, type Inline, say } from './types.js'

export function posteriorWords(b: GaussianBlock, c: FormulaContext): readonly Block[] {
  const { lambda, h, m, v } = namesFormula(b, c)
  const given = givenWords(b, c)
  const spread = spreadOfBlock(b, -1, c)
  const head: Inline = [
    'Completing the square, the posterior of ',
    ...(b.references.size > 0 ? ['the missing cells'] : cellsWords(b, c)),
    ...(given.length === 0 ? [] : [' given ', ...given]),
    ' is Normal, with mean ',
    m,
    isScalar(b) ? ' and variance ' : ' and covariance ',
    v,
    ...(spread === null
      ? []
      : hasMatrixSpread(b)
        ? [', with ', spread, ' in the place of the identity']
        : [' times ', spread]),
    ':',
  ]
  if (b.references.size > 0) {
    const first = b.latents.find((l) => l.latent.evidence)
    const name = `${first?.latent.name ?? ''}^0`
    const about =
      first === undefined ? null : b.layout === 'joint' ? formula(ref('table', name), [], c) : cellWords(first, c, name)
    return [
      { kind: 'prose', parts: head },
      {
        kind: 'formula',
        lines: [
          {
            text: `${v.text} = ${lambda.text}⁻¹ over the missing cells, 0 elsewhere`,
            latex: `${v.latex} = {${lambda.latex}}^{-1} \\text{ over the missing cells, } 0 \\text{ elsewhere}`,
          },
          {
            text: `${m.text} = ${about?.text ?? ''} + ${v.text} ${h.text}`,
            latex: `${m.latex} = ${about?.latex ?? ''} + ${v.latex} ${h.latex}`,
          },
        ],
      },
      say`Of ${lambda} only the rows and columns of the missing cells are inverted. An observed cell keeps its data, with variance 0.`,
    ]
  }
  const lines: readonly Formula[] = isScalar(b)
    ? [
        { text: `${v.text} = 1 / ${lambda.text}`, latex: `${v.latex} = \\frac{1}{${lambda.latex}}` },
        { text: `${m.text} = ${h.text} / ${lambda.text}`, latex: `${m.latex} = \\frac{${h.latex}}{${lambda.latex}}` },
      ]
    : [
        { text: `${v.text} = ${lambda.text}⁻¹`, latex: `${v.latex} = {${lambda.latex}}^{-1}` },
        { text: `${m.text} = ${v.text} ${h.text}`, latex: `${m.latex} = ${v.latex} ${h.latex}` },
      ]
  return [{ kind: 'prose', parts: head }, { kind: 'formula', lines }, ...squareWords(b, c)]
}

/** E[eᵀ P e] of residuals e that are linear in cells with a matrix for their spread (Bishop 2006, eq. 10.64). */
function squareWords(b: GaussianBlock, c: FormulaContext): readonly Block[] {
  const p = hasMatrixSpread(b) ? spreadOfBlock(b, 1, c) : null
  if (p === null) return []
  const { m } = namesFormula(b, c)
  const e: Formula = { text: 'e', latex: 'e' }
  const atMean: Formula = { text: 'ē', latex: '\\bar{e}' }
  const line: Formula = {
    text: `E[eᵀ ${p.text} e] = ēᵀ E[${p.text}] ē + tr Cov₁(e)`,
    latex: `\\mathbb{E}[e^\\top ${p.latex} e] = \\bar{e}^\\top \\mathbb{E}[${p.latex}] \\bar{e} + \\operatorname{tr} \\operatorname{Cov}_1(e)`,
  }
  return [
    say`The spread of residuals ${e} that are linear in these cells cancels against ${p}. With ${atMean} for them at the mean ${m}, and Cov₁ for the covariance where ${p} is the identity,`,
    { kind: 'formula', lines: [line] },
  ]
}
