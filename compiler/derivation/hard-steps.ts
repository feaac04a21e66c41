/** The steps of a derivation that are others in hard mode. */
import { compare, idx, num, ONE } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import { argument } from './origins.js'
import { allParams, type Formula, type FormulaContext, formula } from './print.js'
import { hasWeights } from './row-weights.js'
import { type Block, type DerivationStep, type Inline, say } from './types.js'

export const isHard = (d: Derivation): boolean => d.maxProduct !== null

/** The title of a step that differs from EM's. */
export const marked = (title: Inline, d: Derivation): Inline => (isHard(d) ? [...title, ' (hard mode)'] : title)

/** A maximum where there was a sum. */
export const maximum = (f: Formula): Formula => ({
  text: f.text.replaceAll('∑', 'max'),
  latex: f.latex.replaceAll('\\sum', '\\max'),
})

/** What is maximised in place of the likelihood. */
export function hardBoundStep(c: FormulaContext): DerivationStep {
  const all = allParams(c.notation)
  // ℓ_c has the weights of the rows
  const goal: Formula = hasWeights(c.notation.derivation)
    ? {
        text: `max over ${all.text} and z of ℓ_c(z, ${all.text})`,
        latex: `\\max_{${all.latex},\\, z} \\ell_c(z, ${all.latex})`,
      }
    : {
        text: `max over ${all.text} and z of log p(x, z | ${all.text})`,
        latex: `\\max_{${all.latex},\\, z} \\log p(x, z \\mid ${all.latex})`,
      }
  return {
    id: 'bound',
    kind: 'bound',
    title: marked(['Why EM'], c.notation.derivation),
    origin: argument('classification'),
    content: [
      say`The latents (all of them together: z) are not known. Hard mode treats the discrete ones as unknowns beside the parameters and maximises the complete-data log-likelihood over both,`,
      { kind: 'formula', lines: [goal] },
      say`one of them at a time: the E-step takes the most probable values of the latents at the current parameters, the M-step the best parameters with these values held fixed. It is EM with a distribution over the latents that has all of its mass at one point. The estimates are not those of maximum likelihood: rows between components are counted for one of them alone.`,
    ],
  }
}

/** z = argmax ρ, and the indicator of it. */
export function argmaxLines(
  cell: Expr,
  value: IndexVar,
  weight: Formula,
  shownR: Formula,
  indices: readonly IndexVar[],
  c: FormulaContext,
): readonly Formula[] {
  const z = formula(cell, indices, c)
  const k = formula(idx(value), indices, c)
  const indicator = formula(
    { kind: 'case', when: compare('==', cell, idx(value)), then: ONE, otherwise: num(0) },
    indices,
    c,
  )
  return [
    {
      text: `${z.text} = argmax_${k.text} ${weight.text}`,
      latex: `${z.latex} = \\operatorname*{arg\\,max}_{${k.latex}} ${weight.latex}`,
    },
    { text: `${shownR.text} = ${indicator.text}`, latex: `${shownR.latex} = ${indicator.latex}` },
  ]
}

/** How latents of one table depend on one another, or on those of another table. */
export const dependence = (names: readonly string[]): string =>
  names.length === 1
    ? `The latent ${names[0] ?? ''} and latents of other rows depend on one another.`
    : `The latents ${names.join(', ')} depend on one another.`

/** The objective never falls. */
export function hardRise(c: FormulaContext): readonly Block[] {
  const all = allParams(c.notation)
  const at = (z: string, t: string, style: 'text' | 'latex'): string =>
    style === 'text' ? `ℓ_c(z_${z}, ${all.text}_${t})` : `\\ell_c(z_${z}, ${all.latex}_${t})`
  const line = (style: 'text' | 'latex'): string =>
    [at('t', 't', style), at('t', '{t+1}', style), at('{t+1}', '{t+1}', style)].join(
      style === 'text' ? ' ≤ ' : ' \\leq ',
    )
  return [
    say`The complete-data log-likelihood never falls: the M-step raises it with the labels fixed, the next E-step with the parameters fixed. As there are finitely many labellings it ends after finitely many steps, at a maximum that depends on the start.`,
    { kind: 'formula', lines: [{ text: line('text'), latex: line('latex') }] },
  ]
}
