/** The likelihood of what is observed, and why it is hard: the logarithm stands before a sum. */
import { idx } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'
import { argument } from './origins.js'
import { allParams, type Formula, type FormulaContext, formula } from './print.js'
import { productOf, sideBySide } from './products.js'
import { type Block, type DerivationStep, type Line, say } from './types.js'

/** How latents are summed out: all of them are finite or counts, all are numbers, or there are both. */
export function summing(c: FormulaContext): {
  readonly sign: Formula
  readonly after: Formula
  readonly words: string
} {
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
        sign: { text: '∑_z', latex: '\\sum_z' },
        after: { text: '', latex: '' },
        words: some ? 'a sum over their values (an integral where they are continuous)' : 'a sum over their values',
      }
}

const X: Formula = { text: 'x', latex: 'x' }
const Z: Formula = { text: 'z', latex: 'z' }

export function marginalStep(c: FormulaContext): DerivationStep {
  const all = allParams(c.notation)
  const { sign, after, words } = summing(c)
  const general: Line = {
    text: `ℓ(${all.text}) = log p(x | ${all.text}) = log ${sign.text} p(x, z | ${all.text})${after.text}`,
    latex: `\\ell(${all.latex}) = \\log p(x \\mid ${all.latex}) = \\log ${sign.latex} p(x, z \\mid ${all.latex})${after.latex}`,
  }
  const content: Block[] = [
    say`What is observed are the data alone (all of them together: ${X}). With the latents (all of them together: ${Z}) summed out, the log-likelihood is the logarithm of ${words}:`,
    { kind: 'formula', lines: [general] },
    ...rowsApart(c),
    whyHard(c),
  ]
  return {
    id: 'marginal',
    kind: 'marginal',
    title: ['The likelihood, and why it is hard'],
    content,
    origin: argument('marginal'),
  }
}

/** What a logarithm before the sum does to the equations of a maximum; without parameters, to the posterior. */
function whyHard(c: FormulaContext): Block {
  const { params, shapes } = c.notation.derivation
  const [only] = params
  if (only === undefined)
    return say`The posterior of the latents divides by it, and it runs over all of their values together.`
  return params.length === 1 && shapes.shape('param', only.name).length === 0
    ? say`The logarithm does not reach through the sum to the densities in it: the derivative is a sum over the values, divided by another, and setting it to 0 gives an equation that seldom has a solution in closed form.`
    : say`The logarithm does not reach through the sum to the densities in it, so that it does not split into one term per parameter: setting its derivative to 0 gives equations in which every parameter depends on every other.`
}

/** Σ_n log Σ_k π_k p(x_n | z_n = k), where one discrete latent of each row is all that there is. */
function rowsApart(c: FormulaContext): readonly Block[] {
  const { eStep, supply } = c.notation.derivation
  const [table, ...more] = eStep.tables.filter((t) => t.latents.length > 0)
  const [latent, ...others] = table?.latents ?? []
  if (table === undefined || latent === undefined || more.length + others.length > 0) return []
  if (table.chain !== null || table.parent !== null || eStep.blocks.length + eStep.countGroups.length > 0) return []
  const loops = table.loops.map((l) => l.index)
  const value: IndexVar = supply.fresh('k', latent.high, latent.low)
  const cell: Expr = { kind: 'ref', space: 'latent', name: latent.name, index: loops.map((l) => idx(l)) }
  const indices = [...loops, value]
  const shown = (e: Expr): Formula => formula(e, indices, c)
  const [z, k] = [shown(cell), shown(idx(value))]
  const factors: Formula[] = []
  for (const { lifted, direct } of eStep.potentials.filter((p) => p.table === table.id).flatMap((p) => p.factors)) {
    const { factor, variables } = lifted
    if (factor.role === 'evidence') continue
    const [own] = variables
    if (!direct || own === undefined || variables.length > 1) return []
    const at = substituteIndex(lifted.expr, new Map([[own.value.id, idx(value)]]))
    const product = productOf([at])
    if (product !== null && factor.role !== 'likelihood') factors.push(sideBySide(product, indices, c))
    else if (factor.role !== 'likelihood' || factor.target.index === undefined) return []
    else {
      const y = shown({ kind: 'ref', space: factor.target.space, name: factor.target.name, index: factor.target.index })
      const inner = factor.loops.map((l) => l.index).filter((l) => !loops.some((o) => o.id === l.id))
      const over = (sign: string, letter: (f: Formula) => string): string =>
        inner.map((l) => `${sign}_${letter(formula(idx(l), [...indices, ...inner], c))} `).join('')
      factors.push({
        text: `${over('∏', (f) => f.text)}p(${y.text} | ${z.text} = ${k.text})`,
        latex: `${over('\\prod', (f) => f.latex)}p(${y.latex} \\mid ${z.latex} = ${k.latex})`,
      })
    }
  }
  const sums = (sign: string, letter: (f: Formula) => string): string =>
    loops.map((l) => `${sign}_${letter(shown(idx(l)))} `).join('')
  const line: Line = {
    text: `ℓ(${allParams(c.notation).text}) = ${sums('∑', (f) => f.text)}log ∑_${k.text} ${factors.map((f) => f.text).join(' ')}`,
    latex: `\\ell(${allParams(c.notation).latex}) = ${sums('\\sum', (f) => f.latex)}\\log \\sum_${k.latex} ${factors.map((f) => f.latex).join(' \\, ')}`,
  }
  return [
    say`The rows are independent, and in each the latent takes one of its values:`,
    { kind: 'formula', lines: [line] },
  ]
}
