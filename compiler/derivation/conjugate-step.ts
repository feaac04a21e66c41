/** The page of a conjugate block: which family, its parameters from the statements, expectations and normaliser. */
import { add, idx, inverse, logdet, mul, neg, num, ONE, ref, sum, ZERO } from '../algebra/build.js'
import { collect } from '../algebra/collect.js'
import type { Expr, IndexVar, MatrixRef } from '../algebra/types.js'
import { collectNodes, substituteIndex } from '../algebra/visit.js'
import { coordinatesOf as statisticCoordinates } from '../estep/block-layout.js'
import { atPoint, axesOf, pointsOf } from '../estep/moments.js'
import { logSpread, matrixOfSpread, timesOfSpread } from '../estep/spread.js'
import type { BlockFactor, BlockTerm, ConjugateBlock, EStepStep } from '../estep/types.js'
import type { Axes, FamilyStatistic } from '../families/index.js'
import { normaliserRef, parameterName, shownNumbers } from './block-names.js'
import { addedAt, placeOf } from './block-terms.js'
import type { Rename } from './elements.js'
import { factorOfRow } from './factor-of-row.js'
import { tidied, volumesJoined } from './for-display.js'
import { cellsOf, volumeOf } from './gaussian-normaliser.js'
import { isScalar } from './gaussian-system.js'
import { absentWords, namesFormula, spreadFormula, unitOf } from './gaussian-words.js'
import { rangesWords } from './model-steps.js'
import type { Notation } from './notation.js'
import { eStepOrigin } from './origins.js'
import {
  equation,
  type Formula,
  type FormulaContext,
  formula,
  inlineNames,
  sumEquation,
  tensorFormula,
} from './print.js'
import { type Block, type DerivationStep, type Inline, inline, say } from './types.js'
import type { Equation } from './update-types.js'

export function conjugateStep(
  b: ConjugateBlock,
  step: EStepStep | undefined,
  moments: readonly Formula[],
  c: FormulaContext,
): DerivationStep {
  const d = c.notation.derivation
  const rename: Rename = (v) => d.supply.fresh(v.name, v.to, v.from)
  const latent = b.latents[0]?.latent
  const names = b.latents.map((l) => l.latent.name).join(', ')
  const content: Block[] = [
    ...innerWords(b, c),
    ...statisticsWords(b, c, rename),
    ...parameterWords(b, c),
    ...(moments.length === 0
      ? []
      : [say`Of it the M-step reads these expectations:`, { kind: 'formula' as const, lines: moments }]),
    ...(d.eStep.factorised === null ? normaliserWords(b, c) : []),
  ]
  return {
    id: `e-step ${names}`,
    kind: 'e-step',
    title: inline`E-step: the posterior of ${inlineNames([names], c)}`,
    content,
    origin: eStepOrigin(step, latent?.span ?? null, b.factors),
  }
}

const outerOf = (b: ConjugateBlock): readonly IndexVar[] => [
  ...b.loops.map((l) => l.index),
  ...b.scope.map((s) => s.value),
]

const cellExpr = (b: ConjugateBlock, coordinates: readonly IndexVar[]): Expr => ({
  kind: 'ref',
  space: 'latent',
  name: b.latents[0]?.latent.name ?? '',
  index: [...b.loops.map((l) => idx(l.index)), ...coordinates.map(idx)],
})

const coordinatesOf = (b: ConjugateBlock): readonly IndexVar[] => b.latents[0]?.coordinates ?? []

/** A statistic of a cell; `axes` are those of the point that it is part of. */
function statisticOf(s: FamilyStatistic, u: Expr, axes: Axes): Expr {
  const call = (fn: 'log' | 'lgamma', arg: Expr): Expr => ({ kind: 'call', fn, args: [arg] })
  const power = (e: Expr, n: number): Expr => ({ kind: 'pow', base: e, exponent: { n, d: 1 } })
  switch (s) {
    case 'u':
      return u
    case 'u²':
      return power(u, 2)
    case '1/u':
      return power(u, -1)
    case 'log u':
      return call('log', u)
    case '(log u)²':
      return power(call('log', u), 2)
    case 'log(1 − u)':
      return call('log', add(ONE, neg(u)))
    case 'log u!':
      return call('lgamma', add(u, ONE))
    case 'log |u|':
      return logdet(matrixAround(u, axes).matrix)
    case 'u⁻¹': {
      const { matrix, row, column } = matrixAround(u, axes)
      return inverse(matrix, row, column)
    }
  }
}

/** The matrix that an element stands in, and where. */
function matrixAround(
  u: Expr,
  [i, j]: Axes,
): { readonly matrix: MatrixRef; readonly row: Expr; readonly column: Expr } {
  const [row, column] = u.kind === 'ref' ? u.index.slice(-2) : []
  if (u.kind !== 'ref' || row === undefined || column === undefined || i === undefined || j === undefined)
    throw new Error('no element of a matrix')
  const element = { ...u, index: [...u.index.slice(0, -2), idx(i), idx(j)] }
  return { matrix: { row: i, column: j, element }, row, column }
}

const withArticle = (title: string): string => `${/^[AEIOU]/.test(title) ? 'an' : 'a'} ${title}`

/** The coefficient of a statistic, written out. */
function naturalOf(
  b: ConjugateBlock,
  s: FamilyStatistic,
  cell: readonly IndexVar[],
  rename: Rename,
  n: Notation,
): Expr {
  const own = cell.slice(0, statisticCoordinates(b, s).length)
  const target = [...b.loops.map((l) => idx(l.index)), ...own.map(idx)]
  const ranges = [...outerOf(b), ...own]
  return add(
    ...b.terms
      .filter((t) => t.statistic === s)
      .map((t) => addedAt(atInnerMean(b, t, n), placeOf(t, [t.cell.at]), target, ranges, rename)),
    ...(b.inner !== null && s === logSpread(b)
      ? [mul(num(-b.inner.power, 2), timesOfSpread(b, b.inner.block, cellsOf(b.inner.block, n)))]
      : []),
  )
}

/** What reads the cells of the posterior within has them at their mean. */
const atInnerMean = <T extends BlockTerm>(b: ConjugateBlock, t: T, n: Notation): T =>
  b.inner === null
    ? t
    : {
        ...t,
        coefficient: atPoint(
          b.inner.block,
          t.coefficient,
          t.factor.row,
          b.scope.map((s) => idx(s.value)),
          shownNumbers(n),
        ),
      }

/** What is done with the posterior within, before this one is read off. */
function innerWords(b: ConjugateBlock, c: FormulaContext): readonly Block[] {
  if (b.inner === null) return []
  const { power, block } = b.inner
  const { m, lambda } = namesFormula(block, c)
  const names = inlineNames(
    block.latents.map((l) => l.latent.name),
    c,
  )
  const outer = outerOf(b)
  const u = spreadFormula(b, 1, outer, c)
  const scale = spreadFormula(b, power, outer, c)
  const times = formula(timesOfSpread(b, block, cellsOf(block, c.notation)), outer, c)
  if (matrixOfSpread(b) !== null)
    return [
      say`First ${names} is integrated out. Given ${u} it is Normal with mean ${m} and precision matrix ${lambda}, with ${scale} in the place of the identity. That leaves the density at its mean, times the volume of the Normal, which is a multiple of the determinant of ${scale} to the power −½ r, where r = ${times} is the number of vectors.`,
    ]
  const whole = isScalar(block)
  return [
    say`First ${names} is integrated out. Given ${u} it is Normal with mean ${m} and ${whole ? 'precision' : 'precision matrix'} ${lambda} times ${scale}. That leaves the density at its mean, times the volume of the Normal, which is a multiple of ${scale} to the power −½ d, where d = ${times} is the number of cells.`,
  ]
}

function statisticsWords(b: ConjugateBlock, c: FormulaContext, rename: Rename): readonly Block[] {
  const cell = coordinatesOf(b).map((v) => rename(v))
  const indices = [...outerOf(b), ...cell]
  const u = cellExpr(b, cell)
  const own = b.family.statistics.filter((s) => b.terms.some((t) => t.statistic === s))
  const axes = axesOf(b, rename)
  const over = b.family.rank === 2 ? cell.slice(-2).map((v) => v.id) : []
  // a matrix as a whole, and no element of it
  const shown = (e: Expr, s: FamilyStatistic): Formula =>
    s === b.family.matrix ? tensorFormula(e, over, c, indices) : formula(e, indices, c)
  const statistics = own.map((s) => shown(statisticOf(s, u, axes), s))
  const lines = own.map((s, i): Formula => {
    const value = shown(tidied(naturalOf(b, s, cell, rename, c.notation), c.notation.facts), s)
    const statistic = statistics[i] ?? value
    return {
      text: `coefficient of ${statistic.text} = ${value.text}`,
      latex: `\\text{coefficient of } ${statistic.latex} = ${value.latex}`,
    }
  })
  const given: Inline = b.scope.flatMap(
    (s, i): Inline => [
      i === 0 ? ', for each value of ' : ' and ',
      formula(
        { kind: 'ref', space: 'latent', name: s.latent.name, index: s.index },
        b.loops.map((l) => l.index),
        c,
      ),
    ],
  )
  return [
    {
      kind: 'prose',
      parts: [
        'The log joint density reads ',
        b.family.rank === 2 ? tensorFormula(u, over, c, indices) : formula(u, indices, c),
        ...rangesWords(
          b.loops.map((l) => l.index),
          c,
        ),
        ' through ',
        ...statistics.flatMap((s, i): Inline => [i === 0 ? '' : i === own.length - 1 ? ' and ' : ', ', s]),
        ` alone, the statistics of ${withArticle(b.family.title)} density`,
        ...given,
        '. The prior and the statements that read it add up to',
      ],
    },
    { kind: 'formula', lines },
  ]
}

/** The parameters of the posterior at a row, an element and values of the scope. */
export function conjugateParameters(b: ConjugateBlock, n: Notation): readonly Equation[] {
  const { supply } = n.derivation
  const rename: Rename = (v) => supply.fresh(v.name, v.to, v.from)
  const cell = coordinatesOf(b).map((v) => rename(v))
  const indices = [...outerOf(b), ...cell]
  const values = new Map(b.family.statistics.map((s) => [s, naturalOf(b, s, cell, rename, n)]))
  const { rank } = b.family
  return b.family
    .parameters(cell.map(idx), (s) => values.get(s) ?? ZERO, axesOf(b, rename))
    .map((p) => {
      const own = p.ofPoint === true ? indices.slice(0, indices.length - rank) : indices
      return {
        left: ref('table', parameterName(p.name, b, n), own.map(idx)),
        right: tidied(p.value, n.facts),
        indices: own,
        over: rank === 0 || p.ofPoint === true ? [] : cell.slice(-rank).map((v) => v.id),
      }
    })
}

function parameterWords(b: ConjugateBlock, c: FormulaContext): readonly Block[] {
  const parameters = conjugateParameters(b, c.notation)
  const lines = parameters.map((q) => equation(q, c))
  const { indices: all, over } = parameters.at(-1) ?? { indices: outerOf(b), over: [] }
  const cell = all.slice(outerOf(b).length)
  const names = parameters.map((p) => tensorFormula(p.left, p.over, c, p.indices))
  const half = b.latents.some((l) => l.latent.evidence)
  const u = tensorFormula(cellExpr(b, cell), over, c, all)
  return [
    say`so the posterior is again of that family: ${u} has the posterior ${{
      text: `${b.family.title}(${names.map((x) => x.text).join(', ')})`,
      latex: `\\text{${b.family.title}}(${names.map((x) => x.latex).join(', ')})`,
    }}${half ? ', where it is missing,' : ''} with`,
    { kind: 'formula', lines },
    ...(half
      ? [
          say`Where ${u} is observed it is its data, and there is nothing to integrate: its density is that of the statements at the data.`,
        ]
      : []),
    ...absentWords(b.latents, c),
  ]
}

/** log Z = log p(data, u) − log q(u) for every u: what is free of u on both sides. */
function normaliserWords(b: ConjugateBlock, c: FormulaContext): readonly Block[] {
  const n = c.notation
  const d = n.derivation
  const isCell = (r: Expr): boolean => r.kind === 'ref' && r.space === 'latent'
  const values = b.scope.map((s) => idx(s.value))
  const row = b.loops.map((l) => idx(l.index))
  const free = (e: Expr): Expr =>
    add(
      ...collect(e, { ...d.collectOptions, inU: isCell })
        .filter((m) => m.atoms.length === 0)
        .map((m) =>
          m.loops.reduceRight<Expr>(
            (body, l) => sum(l, body),
            m.guards.reduceRight<Expr>(
              (body, g) => ({ kind: 'case', when: g, then: body, otherwise: ZERO }),
              m.coefficient,
            ),
          ),
        ),
    )
  const inner = b.inner?.block ?? null
  const atMean = (f: BlockFactor): Expr =>
    inner === null ? f.expr : atPoint(inner, f.expr, f.direct ? row : f.row, values, shownNumbers(n))
  const joint = [
    ...b.factors.map((f) => factorOfRow(f, row, free(atMean(f)))),
    ...(inner === null ? [] : [volumeOf(inner, c)]),
  ]
  const natural = shownNumbers(n).natural(b, row, values)
  const lead = pointsOf(b)
  const density = b.family.logDensity(
    (at) => ({ kind: 'ref', space: 'latent', name: b.latents[0]?.latent.name ?? '', index: [...row, ...at] }),
    lead.map(idx),
    natural,
    axesOf(b),
  )
  const own = lead.reduceRight<Expr>((e, v) => {
    const fresh = d.supply.fresh(v.name, v.to, v.from)
    return sum(fresh, substituteIndex(e, new Map([[v.id, idx(fresh)]])))
  }, free(density))
  const right = volumesJoined(tidied(add(...joint, mul(num(-1), own)), n.facts))
  if (collectNodes(right, isCell).length > 0) return []
  const outer = outerOf(b)
  const left: Expr = { kind: 'call', fn: 'log', args: [normaliserRef(b, n)] }
  const lines = sumEquation(left, right, outer, c)
  const half = b.latents.some((l) => l.latent.evidence) ? ' where it is missing' : ''
  const what =
    b.scope.length > 0
      ? say`What does not depend on the latent is left when it is integrated out${half}: the density of what is observed given the discrete value,`
      : say`What does not depend on the latent is left when it is integrated out${half}, the likelihood ${b.loops.length === 0 ? 'of what it explains' : `of the ${unitOf(b)}`}:`
  return [what, { kind: 'formula', lines }]
}
