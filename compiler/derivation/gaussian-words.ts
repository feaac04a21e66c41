/** A Gaussian block in words: its cells, the letters of its posterior, what the quadratic is in. */
import { idx, inverse, pow, ref } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { axesOf } from '../estep/moments.js'
import { matrixOfSpread } from '../estep/spread.js'
import type { BlockLatent, ConjugateBlock, ContinuousBlock, GaussianBlock } from '../estep/types.js'
import { matrixOf } from '../families/matrices.js'
import { covarianceName, linearName, meanName, precisionName, wholeName } from './block-names.js'
import { isScalar, leadOf } from './gaussian-system.js'
import { rangesWords } from './model-steps.js'
import { type Formula, type FormulaContext, formula, tensorFormula } from './print.js'
import { type Block, type Inline, inline } from './types.js'

/** A latent's cells as they are written: f_n, or u_g for every g. */
export function cellWords(l: BlockLatent, c: FormulaContext, name = l.latent.name): Formula {
  const all = l.latent.loops.map((x) => x.index)
  const over = l.latent.own
  const e: Expr = { kind: 'ref', space: 'latent', name, index: [...all, ...over].map(idx) }
  return tensorFormula(e, over.map((v) => v.id).slice(0, 2), c, [...all, ...over])
}

/** The cells of the block's latents. */
export const cellsWords = (b: GaussianBlock, c: FormulaContext): Inline =>
  b.latents.flatMap((l, i): Inline => (i === 0 ? [cellWords(l, c)] : [', ', cellWords(l, c)]))

/** true where the block's vector is that of one latent in one row. */
const isOneVector = (b: GaussianBlock): boolean =>
  b.layout === 'row' &&
  b.latents.length === 1 &&
  b.references.size === 0 &&
  b.latents.every((l) => l.latent.own.length <= 1 && l.coordinates.length === l.latent.own.length)

export function quadraticWords(b: GaussianBlock, c: FormulaContext): readonly Block[] {
  const values = givenWords({ ...b, given: null }, c)
  const loops = b.layout === 'joint' ? [] : b.loops.map((l) => l.index)
  const ranges = rangesWords(loops, c)
  const { h, lambda } = namesFormula(b, c)
  const [first] = b.latents
  const cell: Formula = first === undefined ? { text: 'u', latex: 'u' } : cellWords(first, c)
  const own = isOneVector(b)
  const stacked = formula(ref('param', c.notation.symbols.stacked), [], c)
  const u: Formula = own ? cell : stacked
  const form: Formula = isScalar(b)
    ? {
        text: `const + ${h.text} ${u.text} − ½ ${lambda.text} ${u.text}²`,
        latex: `\\text{const} + ${h.latex} \\, ${u.latex} - \\tfrac12 ${lambda.latex} \\, {${u.latex}}^2`,
      }
    : {
        text: `const + ${h.text}ᵀ ${u.text} − ½ ${u.text}ᵀ ${lambda.text} ${u.text}`,
        latex: `\\text{const} + {${h.latex}}^\\top ${u.latex} - \\tfrac12 {${u.latex}}^\\top ${lambda.latex} ${u.latex}`,
      }
  const matrix = matrixWords(b, c)
  const per: Inline = [
    ...matrix,
    ...(values.length === 0
      ? [matrix.length === 0 ? 'The' : 'the']
      : [matrix.length === 0 ? 'For each value of ' : 'for each value of ', ...values, ' the']),
  ]
  const end: Inline = [
    `. Its coefficients are added up from the statements that read ${b.latents.length === 1 ? 'it' : 'them'}:`,
  ]
  if (b.references.size > 0) {
    const known = b.latents.filter((l) => l.latent.evidence)
    const list = (of: (l: BlockLatent) => Formula): Inline =>
      known.flatMap((l, i): Inline => (i === 0 ? [of(l)] : [', ', of(l)]))
    return [
      {
        kind: 'prose',
        parts: [
          'Cells of ',
          ...list((l) => cellWords(l, c)),
          ' that are observed are fixed at their data',
          ...ranges,
          '; the missing ones are the latents. Let ',
          ...list((l) => cellWords(l, c, `${l.latent.name}^0`)),
          ' have the data where a cell is observed, and the mean of the observed cells of its column where it is missing. ',
          ...per,
          ' log joint density is ',
          ...timesSpread(b, c),
          'a quadratic in the deviations ',
          stacked,
          ' from it, ',
          form,
          ...end,
        ],
      },
    ]
  }
  const subject: Inline = [
    ...cellsWords(b, c),
    ...ranges,
    ...(own
      ? []
      : b.layout === 'joint'
        ? inline`, all cells stacked in one vector ${stacked}`
        : inline`, stacked in a vector ${stacked}`),
  ]
  return [
    {
      kind: 'prose',
      parts: [
        ...per,
        ' log joint density is ',
        ...timesSpread(b, c),
        'a quadratic in ',
        ...subject,
        ', ',
        form,
        ...end,
      ],
    },
  ]
}

/** A power of the latent that the spread of a posterior depends on, at its row. */
export function spreadFormula(
  b: ConjugateBlock,
  power: 1 | -1,
  indices: readonly IndexVar[],
  c: FormulaContext,
): Formula {
  const name = b.latents[0]?.latent.name ?? ''
  const row = b.loops.map((l) => idx(l.index))
  const matrix = matrixOfSpread(b)
  if (matrix === null) return formula(pow(ref('latent', name, row), power), indices, c)
  const { supply } = c.notation.derivation
  const [i, j] = matrix.map((v) => supply.fresh(v.name, v.to, v.from))
  if (i === undefined || j === undefined) throw new Error('a matrix has two coordinates')
  const element = (at: readonly Expr[]): Expr => ref('latent', name, [...row, ...at])
  const at = [idx(i), idx(j)] as const
  const e = power === 1 ? element(at) : inverse(matrixOf(element, [], axesOf(b)), ...at)
  return tensorFormula(e, [i.id, j.id], c, [...indices, i, j])
}

/** What multiplies all that is quadratic in the cells of a block, or its inverse; null where nothing does. */
export const spreadOfBlock = (b: GaussianBlock, sign: 1 | -1, c: FormulaContext): Formula | null =>
  b.given === null ? null : spreadFormula(b.given.block, b.given.power === sign ? 1 : -1, outerOf(b), c)

export const hasMatrixSpread = (b: GaussianBlock): boolean => b.given !== null && matrixOfSpread(b.given.block) !== null

const timesSpread = (b: GaussianBlock, c: FormulaContext): Inline => {
  const spread = hasMatrixSpread(b) ? null : spreadOfBlock(b, 1, c)
  return spread === null ? [] : [spread, ' times ']
}

/** A matrix that multiplies products of cells, coordinate by coordinate. */
function matrixWords(b: GaussianBlock, c: FormulaContext): Inline {
  const spread = hasMatrixSpread(b) ? spreadOfBlock(b, 1, c) : null
  return spread === null
    ? []
    : [
        'The log joint density reads ',
        ...cellsWords(b, c),
        ' through products with elements of ',
        spread,
        ' alone, the same multiples of all elements. Where that is the identity, ',
      ]
}

/** z_n and the like: what the posterior is given. */
export function givenWords(b: GaussianBlock, c: FormulaContext): Inline {
  const loops = b.loops.map((l) => l.index)
  const values = b.scope.map((s) =>
    formula({ kind: 'ref', space: 'latent', name: s.latent.name, index: s.index }, loops, c),
  )
  const spread = b.given === null ? [] : [spreadFormula(b.given.block, 1, loops, c)]
  return [...values, ...spread].flatMap((shown, i): Inline => (i === 0 ? [shown] : inline` and ${shown}`))
}

/** What stands for a latent in the branches without it. */
export function absentWords(latents: readonly BlockLatent[], c: FormulaContext): readonly Block[] {
  const own = latents.filter((l) => l.latent.present !== undefined)
  if (own.length === 0) return []
  const names = own.flatMap((l, i): Inline => (i === 0 ? [cellWords(l, c)] : [', ', cellWords(l, c)]))
  return [
    {
      kind: 'prose',
      parts: [
        'Where ',
        ...names,
        ' does not exist nothing reads it. A density that integrates to 1 stands there, and leaves nothing behind.',
      ],
    },
  ]
}

/** What has a posterior of its own: a row of data, or a group that rows point to. */
export const unitOf = (b: ContinuousBlock): string => (b.factors.every((f) => f.direct) ? 'row' : 'group')

export interface Names {
  readonly lambda: Formula
  readonly h: Formula
  readonly m: Formula
  readonly v: Formula
}

/** The letters of the whole block: Λ, h, m and V, with the indices that they depend on. */
export function namesFormula(b: GaussianBlock, c: FormulaContext): Names {
  const n = c.notation
  const outer = outerOf(b)
  const [only, ...more] = b.latents
  const single = only !== undefined && more.length === 0 ? only.latent.name : null
  const whole = (letter: string, own: (latent: string) => string, rows: boolean): Formula =>
    formula(ref('table', single === null ? wholeName(letter, b, null, n) : own(single), leadOf(b, rows)), outer, c)
  return {
    lambda: whole(n.symbols.precision, () => precisionName(b, null, n), b.sharing !== 'one'),
    h: whole(n.symbols.linear, (l) => linearName(b, l, n), true),
    m: whole(n.symbols.mean, (l) => meanName(l, n), true),
    v: whole(n.symbols.covariance, (l) => covarianceName(l, l, n), b.sharing !== 'one'),
  }
}

export const outerOf = (b: GaussianBlock): readonly IndexVar[] => [
  ...b.loops.map((l) => l.index),
  ...b.scope.map((s) => s.value),
]
