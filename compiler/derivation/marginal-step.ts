/** The likelihood of what is observed, and why it is hard: the logarithm stands before a sum. */
import { idx } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'
import { name } from './model-steps.js'
import { argument, fromAll } from './origins.js'
import { allParams, type Formula, type FormulaContext, formula } from './print.js'
import { productOf, sideBySide } from './products.js'
import { hasWeights, rowSum, weightedPlate, weightFormula } from './row-weights.js'
import { type Block, type DerivationStep, inline, type Line, say } from './types.js'

const X: Formula = { text: 'x', latex: 'x' }
const Z: Formula = { text: 'z', latex: 'z' }

/** How latents are summed out: all of them are finite or counts, all are numbers, or there are both. */
export function summing(
  c: FormulaContext,
  z: Formula = Z,
): {
  readonly sign: Formula
  readonly after: Formula
  readonly words: string
  /** What the logarithm stands before. */
  readonly operation: string
} {
  const { latents } = c.notation.derivation.graph
  const some = latents.some((l) => l.kind === 'continuous' && l.support !== 'count')
  const all = latents.every((l) => l.kind === 'continuous' && l.support !== 'count')
  return all
    ? {
        sign: { text: '∫', latex: '\\int' },
        after: { text: ` d${z.text}`, latex: ` \\, d${z.latex}` },
        words: 'an integral over their values',
        operation: 'integral',
      }
    : {
        sign: z === Z ? { text: '∑_z', latex: '\\sum_z' } : { text: `∑_{${z.text}}`, latex: `\\sum_{${z.latex}}` },
        after: { text: '', latex: '' },
        words: some ? 'a sum over their values (an integral where they are continuous)' : 'a sum over their values',
        operation: some ? 'sum and the integral' : 'sum',
      }
}

export function marginalStep(c: FormulaContext): DerivationStep {
  const all = allParams(c.notation)
  const plate = weightedPlate(c)
  const { words } = summing(c)
  const { sign, after } = plate === null ? summing(c) : summing(c, plate.latents)
  const { sum, data, latents } = plate ?? { sum: { text: '', latex: '' }, data: X, latents: Z }
  const general: Line = {
    text: `ℓ(${all.text}) = ${sum.text}log p(${data.text} | ${all.text}) = ${sum.text}log ${sign.text} p(${data.text}, ${latents.text} | ${all.text})${after.text}`,
    latex: `\\ell(${all.latex}) = ${sum.latex}\\log p(${data.latex} \\mid ${all.latex}) = ${sum.latex}\\log ${sign.latex} p(${data.latex}, ${latents.latex} \\mid ${all.latex})${after.latex}`,
  }
  const copies =
    plate === null
      ? say`A row counts as often as its weight says: as so many independent copies of it, latents that stand in it included. So its density, with these latents summed out, is raised to the power of its weight; ${X} and ${Z} are those of all copies.`
      : say`A row counts as often as its weight says: as so many independent copies of it, each with latents of its own. So the density of a row, with its latents summed out, is raised to the power of its weight.`
  const content: Block[] = [
    plate === null
      ? say`What is observed are the data alone (all of them together: ${X}). With the latents (all of them together: ${Z}) summed out, the log-likelihood is the logarithm of ${words}:`
      : say`What is observed are the data alone (those of a row: ${data}). The log-likelihood adds up the rows, each with its weight ${plate.weight}, and that of a row, with its latents ${latents} summed out, is the logarithm of ${words}:`,
    { kind: 'formula', lines: [{ ...general, ...fromAll(c, 'without priors') }] },
    ...missingWords(c),
    ...(hasWeights(c.notation.derivation) ? [copies] : []),
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

/** Cells that are missing are latents: which arrays have them. */
function missingWords(c: FormulaContext): readonly Block[] {
  const { latents } = c.notation.derivation.graph
  const missing = latents.filter((l) => l.kind === 'continuous' && l.evidence).map((l) => name(l.name, c))
  if (missing.length === 0) return []
  const cells = inline`The missing cells of ${missing.flatMap((f, i) => (i === 0 ? [f] : [' and ', f]))}`
  return [
    missing.length === latents.length
      ? say`${cells} are the latents: ${Z} is all of them, and ${X} the cells that are observed.`
      : say`${cells} are among the latents, and ${X} are the cells that are observed.`,
  ]
}

/** What a logarithm before the sum does to the equations of a maximum; without parameters, to the posterior. */
function whyHard(c: FormulaContext): Block {
  const { params, shapes } = c.notation.derivation
  const [only] = params
  const { operation } = summing(c)
  if (only === undefined)
    return say`The posterior of the latents divides by it, and it runs over all of their values together.`
  return params.length === 1 && shapes.shape('param', only.name).length === 0
    ? say`The logarithm does not reach through the ${operation} to the densities in it: the derivative is a sum over the values, divided by another, and setting it to 0 gives an equation that seldom has a solution in closed form.`
    : say`The logarithm does not reach through the ${operation} to the densities in it, so that it does not split into one term per parameter: setting its derivative to 0 gives equations in which every parameter depends on every other.`
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
      const counted = factor.loops.filter(
        (l) => !table.loops.some((o) => o.weight !== null && o.index.id === l.index.id),
      )
      const weight = weightFormula(counted, [...indices, ...inner], c)
      const over = (sign: string, letter: (f: Formula) => string): string =>
        inner.map((l) => `${sign}_${letter(formula(idx(l), [...indices, ...inner], c))} `).join('')
      factors.push({
        text: `${over('∏', (f) => f.text)}p(${y.text} | ${z.text} = ${k.text})${weight === null ? '' : `^${weight.text}`}`,
        latex: `${over('\\prod', (f) => f.latex)}p(${y.latex} \\mid ${z.latex} = ${k.latex})${weight === null ? '' : `^{${weight.latex}}`}`,
      })
    }
  }
  const rows = rowSum(table.loops, c)
  const line: Line = {
    text: `ℓ(${allParams(c.notation).text}) = ${rows.text}log ∑_${k.text} ${factors.map((f) => f.text).join(' ')}`,
    latex: `\\ell(${allParams(c.notation).latex}) = ${rows.latex}\\log \\sum_${k.latex} ${factors.map((f) => f.latex).join(' \\, ')}`,
  }
  return [
    say`The rows are independent, and in each the latent takes one of its values:`,
    { kind: 'formula', lines: [{ ...line, ...fromAll(c, 'without priors') }] },
  ]
}
