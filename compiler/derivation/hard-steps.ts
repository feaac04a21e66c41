/** The steps of a derivation that are others in hard mode. */
import { compare, idx, num, ONE } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import { argument, fromAll } from './origins.js'
import { allParams, type Formula, type FormulaContext, formula } from './print.js'
import { hasWeights, weightedPlate } from './row-weights.js'
import { type Block, type DerivationStep, type Inline, say } from './types.js'

export const isHard = (d: Derivation): boolean => d.maxProduct !== null

/** The title of a step that differs from EM's. */
export const marked = (title: Inline, d: Derivation): Inline => (isHard(d) ? [...title, ' (hard mode)'] : title)

/** A maximum where there was a sum. */
export const maximum = (f: Formula): Formula => ({
  text: f.text.replaceAll('∑', 'max'),
  latex: f.latex.replaceAll('\\sum', '\\max'),
})

/** true where continuous latents keep their posterior, given the labels. */
const isSoft = (d: Derivation): boolean => d.eStep.blocks.length > 0

/** What hard mode maximises, in words. */
export const hardObjective = (d: Derivation): string =>
  !isSoft(d)
    ? 'complete-data log-likelihood'
    : d.eStep.factorised === null
      ? 'log-likelihood of data and labels'
      : 'bound of the log-likelihood of data and labels'

/** Its letter. */
export const hardLetter = (d: Derivation): Formula =>
  isSoft(d) ? { text: 'ℓ', latex: '\\ell' } : { text: 'ℓ_c', latex: '\\ell_c' }

const BIASED =
  'The estimates are not those of maximum likelihood: rows between components are counted for one of them alone.'

/** What is maximised in place of the likelihood. */
export function hardBoundStep(c: FormulaContext): DerivationStep {
  const d = c.notation.derivation
  return {
    id: 'bound',
    kind: 'bound',
    title: marked(['Why EM'], d),
    origin: argument('classification'),
    content: isSoft(d) ? softGoal(c) : hardGoal(c),
  }
}

function hardGoal(c: FormulaContext): readonly Block[] {
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
  return [
    say`The latents (all of them together: z) are not known. Hard mode treats them as unknowns beside the parameters and maximises the complete-data log-likelihood over both,`,
    { kind: 'formula', lines: [{ ...goal, ...fromAll(c, 'with priors') }] },
    say`one of them at a time: the E-step takes the most probable values of the latents at the current parameters, the M-step the best parameters with these values held fixed. It is EM with a distribution over the latents that has all of its mass at one point. ${BIASED}`,
  ]
}

/** The discrete latents are maximised over, the continuous ones integrated out. */
function softGoal(c: FormulaContext): readonly Block[] {
  const all = allParams(c.notation)
  const plate = weightedPlate(c)
  const { sum, data, latents } = plate ?? {
    sum: { text: '', latex: '' },
    data: { text: 'x', latex: 'x' },
    latents: { text: 'z', latex: 'z' },
  }
  const goal: readonly Formula[] = [
    {
      text: `max over ${all.text} and z of ℓ(z, ${all.text})`,
      latex: `\\max_{${all.latex},\\, z} \\ell(z, ${all.latex})`,
    },
    {
      text: `ℓ(z, ${all.text}) = ${sum.text}log p(${data.text}, ${latents.text} | ${all.text})`,
      latex: `\\ell(z, ${all.latex}) = ${sum.latex}\\log p(${data.latex}, ${latents.latex} \\mid ${all.latex})`,
    },
  ]
  return [
    say`The latents are not known. Hard mode treats the discrete ones (the labels, all of them together: z) as unknowns beside the parameters. The continuous ones are integrated out, as in EM. What is maximised is the log-likelihood of data and labels,`,
    { kind: 'formula', lines: goal.map((f) => ({ ...f, ...fromAll(c, 'with priors') })) },
    say`The E-step takes the most probable labels at the current parameters, and the posterior of the continuous latents given these labels. The M-step maximises the expectation of the complete-data log-likelihood over that posterior, which raises the log-likelihood of data and labels by Jensen's inequality. It is EM with a distribution over the latents whose discrete part has all of its mass at one point. ${BIASED}`,
  ]
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
    ...(shownR.text === indicator.text
      ? []
      : [{ text: `${shownR.text} = ${indicator.text}`, latex: `${shownR.latex} = ${indicator.latex}` }]),
  ]
}

/** How latents of one table depend on one another, or on those of another table. */
export const dependence = (names: readonly string[]): string =>
  names.length === 1
    ? `The latent ${names[0] ?? ''} and latents of other rows depend on one another.`
    : `The latents ${names.join(', ')} depend on one another.`

/** true where the M-step goes to the highest point over all parameters, whatever the labels. */
const isExact = ({ mStep, eStep }: Derivation): boolean =>
  eStep.blocks.length === 0 && mStep.sweeps === 1 && mStep.steps.every((s) => s.closedForm && s.exact === 'joint')

/** The objective never falls. */
export function hardRise(c: FormulaContext): readonly Block[] {
  const d = c.notation.derivation
  if (d.params.length === 0) return []
  const all = allParams(c.notation)
  const letter = hardLetter(d)
  const at = (z: string, t: string, style: 'text' | 'latex'): string => `${letter[style]}(z_${z}, ${all[style]}_${t})`
  const line = (style: 'text' | 'latex'): string =>
    [at('t', 't', style), at('t', '{t+1}', style), at('{t+1}', '{t+1}', style)].join(
      style === 'text' ? ' ≤ ' : ' \\leq ',
    )
  const steps = isExact(d)
    ? ' As there are finitely many labellings, and the M-step finds the best parameters for each, it stops rising after finitely many steps.'
    : ''
  return [
    say`The ${hardObjective(d)} never falls: the M-step raises it with the labels fixed, the next E-step with the parameters fixed.${steps}`,
    { kind: 'formula', lines: [{ text: line('text'), latex: line('latex'), ...fromAll(c, 'with priors') }] },
  ]
}

/** What the point is that hard mode ends at. */
export function hardEnd(d: Derivation): Block {
  const parameters = isExact(d)
    ? 'and with these labels no other parameters are'
    : 'and with these labels the parameters are a stationary point, as a rule a maximum (it can be a saddle; Wu 1983)'
  const others =
    d.eStep.factorised === null
      ? 'no other labels are'
      : 'no other labels of one factor, the other factors held fixed, are'
  return say`Where the iterations end ${others} better with these parameters, ${parameters}. Both changed together may be better, so that the end depends on the start. So they are begun from several starts, and the best end is reported.`
}
