/** What weights do to the likelihood: a row of weight w stands for w independent copies of it, each with its latents. */
import { idx, mul, ref, sum } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { weightOf } from '../estep/plan.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { Loop } from '../graph/types.js'
import { type Formula, type FormulaContext, formula } from './print.js'

/** One plate that holds all latents and data: the log-likelihood is a weighted sum over its rows. */
export interface WeightedPlate {
  /** ∑_n w_n, with a space behind it. */
  readonly sum: Formula
  readonly weight: Formula
  /** x_n and z_n: the data and the latents of a row. */
  readonly data: Formula
  readonly latents: Formula
}

const ofLikelihood = (d: Derivation): readonly LiftedFactor[] =>
  d.lifted.filter(({ factor }) => factor.role !== 'prior' && factor.role !== 'evidence')

export const hasWeights = (d: Derivation): boolean =>
  ofLikelihood(d).some(({ factor }) => weightOf(factor.loops) !== null)

/** Σ over loops, each row with its weight. */
export const weightedSum = (loops: readonly Loop[], body: Expr): Expr =>
  loops.reduceRight<Expr>((e, l) => sum(l.index, l.weight === null ? e : mul(l.weight, e)), body)

/** ∑_n w_n, to stand before a formula. */
export function rowSum(loops: readonly Loop[], c: FormulaContext): Formula {
  const rows = loops.map((l) => l.index)
  const letters = rows.map((v) => formula(idx(v), rows, c))
  const weight = weightFormula(loops, rows, c)
  return {
    text: [...letters.map((l) => `∑_${l.text} `), ...(weight === null ? [] : [`${weight.text} `])].join(''),
    latex: [...letters.map((l) => `\\sum_${l.latex} `), ...(weight === null ? [] : [`${weight.latex} \\, `])].join(''),
  }
}

/** The product of the weights of loops, in brackets where it is a sum. */
export function weightFormula(loops: readonly Loop[], rows: readonly IndexVar[], c: FormulaContext): Formula | null {
  const weight = weightOf(loops)
  if (weight === null) return null
  const shown = formula(weight, rows, c)
  return weight.kind === 'add' ? { text: `(${shown.text})`, latex: `\\left(${shown.latex}\\right)` } : shown
}

/** The plate, where no loop within it has a weight as well and no row reads latents of another. */
export function weightedPlate(c: FormulaContext): WeightedPlate | null {
  const d = c.notation.derivation
  const factors = ofLikelihood(d)
  const nests: readonly (readonly Loop[])[] = [
    ...factors.map((f) => f.factor.loops),
    ...d.graph.latents.map((l) => l.loops),
    ...d.graph.constraints.map((g) => g.loops),
  ]
  const [first = []] = nests
  const end = first.findLastIndex((l) => l.weight !== null) + 1
  const plate = first.slice(0, end)
  const rows = plate.map((l) => l.index)
  const weight = weightFormula(plate, rows, c)
  const holds = (loops: readonly Loop[]): boolean =>
    rows.every((v, i) => loops[i]?.index.id === v.id) && weightOf(loops.slice(end)) === null
  if (weight === null || !nests.every(holds) || factors.some((f) => readsOtherRow(f.factor.value, rows))) return null
  const at = (name: string): Formula =>
    formula(
      ref(
        'param',
        name,
        rows.map((v) => idx(v)),
      ),
      rows,
      c,
    )
  return { sum: rowSum(plate, c), weight, data: at('x'), latents: at('z') }
}

const readsOtherRow = (e: Expr, rows: readonly IndexVar[]): boolean =>
  some(
    e,
    (n) =>
      n.kind === 'ref' &&
      n.space === 'latent' &&
      !rows.every((v, i) => {
        const at = n.index[i]
        return at?.kind === 'index' && at.var === v.id
      }),
  )
