/** A Gaussian block in words: its cells, the letters of its posterior, what the quadratic is in. */
import { idx, pow, ref } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import type { BlockLatent, ContinuousBlock, GaussianBlock } from '../estep/types.js'
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
  const per: Inline = values.length === 0 ? ['The'] : ['For each value of ', ...values, ' the']
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

/** A power of the latent that the spread of the posterior depends on, at its row; null where it depends on none. */
export function spreadFormula(b: GaussianBlock, sign: 1 | -1, c: FormulaContext): Formula | null {
  if (b.given === null) return null
  const { power, block } = b.given
  const row = b.loops.map((l) => l.index)
  const u = ref('latent', block.latents[0]?.latent.name ?? '', row.map(idx))
  return formula(pow(u, power * sign), outerOf(b), c)
}

const timesSpread = (b: GaussianBlock, c: FormulaContext): Inline => {
  const spread = spreadFormula(b, 1, c)
  return spread === null ? [] : [spread, ' times ']
}

/** z_n and the like: what the posterior is given. */
export function givenWords(b: GaussianBlock, c: FormulaContext): Inline {
  const loops = b.loops.map((l) => l.index)
  return [...b.scope.map((s) => ({ name: s.latent.name, index: s.index })), ...spreadCell(b)].flatMap(
    ({ name, index }, i): Inline => {
      const shown = formula({ kind: 'ref', space: 'latent', name, index }, loops, c)
      return i === 0 ? [shown] : inline` and ${shown}`
    },
  )
}

const spreadCell = (b: GaussianBlock): readonly { readonly name: string; readonly index: readonly Expr[] }[] =>
  (b.given?.block.latents ?? []).map((l) => ({ name: l.latent.name, index: b.loops.map((x) => idx(x.index)) }))

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
