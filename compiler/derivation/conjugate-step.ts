/** The page of a conjugate block: which family, its parameters from the statements, expectations and normaliser. */
import { add, idx, mul, neg, num, ONE, pow, ref, sum, ZERO } from '../algebra/build.js'
import { collect } from '../algebra/collect.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { collectNodes, substituteIndex } from '../algebra/visit.js'
import { atPoint, lastOf } from '../estep/moments.js'
import type { BlockFactor, BlockTerm, ConjugateBlock, EStepStep } from '../estep/types.js'
import type { FamilyStatistic } from '../families/index.js'
import { normaliserRef, parameterName, shownNumbers } from './block-names.js'
import { addedAt, placeOf } from './block-terms.js'
import type { Rename } from './elements.js'
import { factorOfRow } from './factor-of-row.js'
import { tidied, volumesJoined } from './for-display.js'
import { cellsOf, volumeOf } from './gaussian-normaliser.js'
import { isScalar } from './gaussian-system.js'
import { absentWords, namesFormula, unitOf } from './gaussian-words.js'
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

/** A statistic of a cell. */
function statisticOf(s: FamilyStatistic, u: Expr): Expr {
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
  }
}

/** The coefficient of a statistic, written out. */
function naturalOf(
  b: ConjugateBlock,
  s: FamilyStatistic,
  cell: readonly IndexVar[],
  rename: Rename,
  n: Notation,
): Expr {
  const target = [...b.loops.map((l) => idx(l.index)), ...cell.map(idx)]
  const ranges = [...outerOf(b), ...cell]
  return add(
    ...b.terms
      .filter((t) => t.statistic === s)
      .map((t) => addedAt(atInnerMean(b, t, n), placeOf(t, [t.cell.at]), target, ranges, rename)),
    ...(b.inner !== null && s === 'log u' ? [mul(num(-b.inner.power, 2), cellsOf(b.inner.block, n))] : []),
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
  const u = formula(cellExpr(b, []), outerOf(b), c)
  const d = formula(cellsOf(block, c.notation), outerOf(b), c)
  const scale = formula(pow(cellExpr(b, []), power), outerOf(b), c)
  const whole = isScalar(block)
  return [
    say`First ${names} is integrated out. Given ${u} it is Normal with mean ${m} and ${whole ? 'precision' : 'precision matrix'} ${lambda} times ${scale}. That leaves the density at its mean, times the volume of the Normal, which is a multiple of ${scale} to the power −½ d, where d = ${d} is the number of cells.`,
  ]
}

function statisticsWords(b: ConjugateBlock, c: FormulaContext, rename: Rename): readonly Block[] {
  const cell = coordinatesOf(b).map((v) => rename(v))
  const indices = [...outerOf(b), ...cell]
  const u = cellExpr(b, cell)
  const shownU = formula(u, indices, c)
  const own = b.family.statistics.filter((s) => b.terms.some((t) => t.statistic === s))
  const lines = own.map((s): Formula => {
    const value = formula(tidied(naturalOf(b, s, cell, rename, c.notation), c.notation.facts), indices, c)
    const statistic = formula(statisticOf(s, u), indices, c)
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
        shownU,
        ...rangesWords(
          b.loops.map((l) => l.index),
          c,
        ),
        ' through ',
        ...own.flatMap(
          (s, i): Inline => [
            i === 0 ? '' : i === own.length - 1 ? ' and ' : ', ',
            formula(statisticOf(s, u), indices, c),
          ],
        ),
        ` alone, the statistics of a ${b.family.title} density`,
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
  return b.family
    .parameters(cell.map(idx), (s) => values.get(s) ?? ZERO)
    .map((p) => ({
      left: ref('table', parameterName(p.name, b, n), indices.map(idx)),
      right: tidied(p.value, n.facts),
      indices,
      over: b.family.vector ? cell.slice(-1).map((v) => v.id) : [],
    }))
}

function parameterWords(b: ConjugateBlock, c: FormulaContext): readonly Block[] {
  const parameters = conjugateParameters(b, c.notation)
  const lines = parameters.map((q) => equation(q, c))
  const [{ indices: all, over } = { indices: outerOf(b), over: [] }] = parameters
  const cell = all.slice(outerOf(b).length)
  const names = parameters.map((p) => tensorFormula(p.left, over, c, all))
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
  const coordinates = coordinatesOf(b)
  const lead = b.family.vector ? coordinates.slice(0, -1) : coordinates
  const density = b.family.logDensity(
    (at) => ({ kind: 'ref', space: 'latent', name: b.latents[0]?.latent.name ?? '', index: [...row, ...at] }),
    lead.map(idx),
    natural,
    lastOf(b),
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
