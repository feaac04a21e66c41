/** The M-step of each block: its terms of Q, the condition for the maximum, the update. */
import { add, literal, num, ref, sum } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { freeIndices, some } from '../algebra/visit.js'
import type { MStep } from '../mstep/types.js'
import { rangesWords } from './model-steps.js'
import { declinedBlocks, numericalBlocks } from './numerical-step.js'
import { mStepOrigin } from './origins.js'
import { equation, type Formula, type FormulaContext, formula, inlineNames, tensorFormula } from './print.js'
import { multiplier } from './probability-updates.js'
import { definitions } from './q-step.js'
import { simplify } from './simplify.js'
import { type Block, type DerivationStep, inline, say } from './types.js'
import type { Update, UpdateContext } from './update-types.js'
import { updateOf } from './updates.js'

/** The matrix whose element it is. */
function matrixFormula(e: Expr, c: FormulaContext): Formula {
  const over =
    e.kind === 'inverse' && e.row.kind === 'index' && e.column.kind === 'index' ? [e.row.var, e.column.var] : []
  return tensorFormula(e, over, c)
}

const FAMILY: ReadonlyMap<MStep['kind'], string> = new Map([
  ['dirichlet', 'weighted logarithms on a simplex, the form of a Dirichlet density'],
  ['beta', 'the logarithms of the distances to the two ends of an interval, the form of a Beta density'],
  ['generalised-gamma', 'a logarithm and a power, the form of a Gamma density (of a power)'],
  [
    'inverse-wishart',
    'the log determinant and the inverse of a covariance matrix, the form of an inverse Wishart density',
  ],
  ['wishart', 'the log determinant and the elements of a matrix, the form of a Wishart density'],
  ['normal', 'a quadratic, the form of a Normal density'],
  ['stationary', 'a sum of functions of one number'],
  ['median', 'absolute values with weights, the form of a Laplace density'],
])

const MAXIMUM: ReadonlyMap<MStep['kind'], string> = new Map([
  [
    'dirichlet',
    'The logarithm is concave and the weights are not negative, so this is the maximum; a weight of 0 puts its probability at 0.',
  ],
  [
    'beta',
    'Both logarithms are concave, so this is the maximum. A weight of 0 puts the parameter at that end of its interval.',
  ],
  [
    'generalised-gamma',
    'Towards both ends of its range the function falls to −∞, and the stationary point is the only one: it is the maximum.',
  ],
  ['inverse-wishart', 'In the inverse of the matrix the function is concave, so this is the maximum.'],
  ['wishart', 'The log determinant is concave, so this is the maximum.'],
  ['normal', 'The function is concave, so where its derivative vanishes it is largest.'],
  [
    'median',
    'The function is concave and made of straight pieces: no derivative vanishes, and its maximum is a weighted median, where the slope changes its sign. It is found by halving an interval on that sign.',
  ],
  ['stationary', 'Of the roots within the support, and its ends, the one with the largest Q is taken.'],
])

const AT_KINKS =
  'Of the roots, the kinks at which the slope changes its sign, and the ends of the support, the one with the largest Q is taken.'

const SEVERAL =
  'each is a maximum, and the one nearest to the current values is taken: with the least sum of squared changes, each weighted by the curvature along it alone.'

/** What is taken where the normal equations are singular; a quotient says itself what it is where its denominator is 0. */
function singular(step: MStep, update: Update): readonly string[] {
  if (step.kind !== 'normal') return []
  if (!update.explicit) return [`Where the equations have several solutions, ${SEVERAL}`]
  return update.equations.some((e) => some(e.right, (n) => n.kind === 'inverse'))
    ? [`Where the matrix has no inverse, several points solve the equations; ${SEVERAL}`]
    : []
}

/** Absolute values, and the smaller or the larger of two: no derivative need vanish at the maximum. */
const hasKinks = (step: MStep): boolean =>
  step.kind === 'stationary' &&
  step.terms.some((t) =>
    some(t.value, (n) => n.kind === 'call' && (n.fn === 'abs' || n.fn === 'min' || n.fn === 'max')),
  )

const EXACT = {
  joint: 'This maximises it exactly.',
  blockwise:
    'The maximum of this block depends on another that depends on it: they are maximised in turn (ECM; Meng and Rubin 1993), which never lowers Q.',
  ascent: 'Each step is accepted only if Q rises (a generalised EM step).',
} as const

/** The same, where the likelihood itself is maximised. */
const exactness = (step: MStep, latent: boolean): string =>
  latent || step.exact !== 'ascent' ? EXACT[step.exact] : 'Each step is accepted only if ℓ rises.'

/** true where the blocks that it reads are themselves maximised exactly, without reading it. */
function bestAnyway(step: MStep, c: FormulaContext): boolean {
  const owners = c.notation.derivation.mStep.steps.filter((s) => s.params.some((p) => step.dependsOn.includes(p)))
  return owners.every((s) => s.exact === 'joint')
}

/** What happens where the formula leaves the support. */
function atTheEdge(step: MStep, c: FormulaContext): readonly string[] {
  const supports = c.notation.derivation.params.filter((p) => step.params.includes(p.name)).map((p) => p.support)
  const prior = c.notation.derivation.lifted.some(
    (f) => f.factor.role === 'prior' && step.params.includes(f.factor.target.name),
  )
  if (step.kind === 'dirichlet')
    return prior ? ['A prior can make a weight negative; its probability is then 0 as well.'] : []
  if (step.kind === 'normal' && supports.includes('ordered'))
    return ['Where the solution is out of order, neighbours are pooled until it is in order.']
  if (
    (step.kind === 'normal' && supports.some((s) => s !== 'real')) ||
    (step.kind === 'generalised-gamma' && supports.some((s) => s === 'interval' || s === 'unit'))
  )
    return ['Where it lies outside the support, the nearest end of the support is taken.']
  return []
}

/** One block: its terms, the condition, the update. */
export function blockStep(
  step: MStep,
  context: UpdateContext,
  c: FormulaContext,
  latent: boolean,
): { readonly step: DerivationStep; readonly update: Update; readonly lines: readonly Formula[] } {
  const update = updateOf(step, context)
  const q: Formula = latent ? { text: 'Q', latex: 'Q' } : { text: 'ℓ', latex: '\\ell' }
  const content: Block[] = []
  const known = c.named.length
  const objective = objectiveLine(update, c)
  if (step.kind === 'newton') {
    content.push(...numericalBlocks(step, context, c, latent))
  } else {
    content.push({
      kind: 'prose',
      parts: ['The terms of ', q, ' in ', ...inlineNames(step.params, c), ` are ${FAMILY.get(step.kind) ?? ''}:`],
    })
    if (objective !== null) content.push({ kind: 'formula', lines: [objective] })
    if (step.kind === 'normal' && step.cancelled.length > 0)
      content.push(
        say`up to a factor ${matrixFormula(step.cancelled[0] ?? num(1), c)} that all terms share. It does not move the maximum, so this block need not wait for it.`,
      )
  }
  const conditions = update.conditions.map((q) => equation(q, c))
  const equations = update.equations.map((q) => equation(q, c))
  if (step.kind === 'dirichlet') {
    const lambda = formula(ref('const', multiplier(c.notation)), [], c)
    content.push(
      say`With a Lagrange multiplier ${lambda} for the constraint that the probabilities add up to 1, the derivative vanishes where`,
      { kind: 'formula', lines: conditions },
      say`Adding these up gives`,
      { kind: 'formula', lines: update.multipliers.map((m) => equation(m, c)) },
      say`and so`,
      { kind: 'formula', lines: equations },
    )
  } else if (step.kind === 'normal' && !update.explicit)
    content.push(say`It is largest where the derivative vanishes, at the solution of the normal equations`, {
      kind: 'formula',
      lines: equations,
    })
  else if (step.kind === 'stationary') {
    if (step.profiles.length > 0)
      content.push({
        kind: 'prose',
        parts: [
          'With ',
          ...inlineNames(
            step.profiles.map((p) => p.param),
            c,
          ),
          step.profiles.length === 1 ? ' at its best value for each ' : ' at their best values for each ',
          ...inlineNames(step.params, c),
          ', ',
          q,
          ' is a function of one number.',
        ],
      })
    content.push(say`The derivative vanishes where`, { kind: 'formula', lines: equations })
  } else if (equations.length > 0)
    content.push(
      say`The derivative${step.kind === 'inverse-wishart' ? ' by the inverse' : ''} vanishes where`,
      { kind: 'formula', lines: conditions },
      say`which gives`,
      { kind: 'formula', lines: equations },
    )
  const defined = definitions(c, known)
  const words = hasKinks(step) ? AT_KINKS : MAXIMUM.get(step.kind)
  content.push(...defined)
  const after = new Map(
    update.equations
      .flatMap((e) => e.indices)
      .flatMap((v) => ((literal(v.from) ?? 1) > 1 ? [[v.name, v] as const] : [])),
  )
  if (after.size > 0)
    content.push(
      say`What stands with an index is${rangesWords([...after.values()], c)}; the elements before have formulas of their own.`,
    )
  content.push(
    say`${[...(words === undefined ? [] : [words]), ...singular(step, update), ...atTheEdge(step, c), exactness(step, latent)].join(' ')}`,
  )
  if (step.dependsOn.length > 0) {
    const others = inlineNames(step.dependsOn, c)
    content.push({
      kind: 'prose',
      parts:
        step.exact === 'joint' && bestAnyway(step, c)
          ? [
              'The new value of ',
              ...others,
              ' stands in it. That value is the best whatever ',
              ...inlineNames(step.params, c),
              ' is, so the two together maximise ',
              q,
              '.',
            ]
          : [`It uses the ${step.exact === 'joint' ? 'new' : 'current'} value of `, ...others, '.'],
    })
  }
  if (step.kind === 'newton') content.push(...declinedBlocks(step, c))
  return {
    step: {
      id: `m-step ${step.id}`,
      kind: 'm-step',
      title: inline`M-step: ${inlineNames(step.params, c)}`,
      content,
      origin: mStepOrigin(step, c),
    },
    update,
    lines: equations,
  }
}

/** true where the factor that cancelled is another one for each element of a vector. */
function factorOfElement(u: Update): boolean {
  const factor = u.step.kind === 'normal' ? u.step.cancelled[0] : undefined
  return (
    factor !== undefined &&
    factor.kind !== 'inverse' &&
    freeIndices(factor).size >= (u.objective[0]?.indices.length ?? 0)
  )
}

/** Σ over the elements of their terms. */
function objectiveLine(u: Update, c: FormulaContext): Formula | null {
  const terms = u.objective.map((o) => {
    const [vector] = o.over ?? []
    const inner = factorOfElement(u) ? undefined : o.indices.find((v) => v.id === vector)
    const body =
      inner === undefined
        ? o.term
        : add(
            ...(o.term.kind === 'add' ? o.term.terms : [o.term]).map((t) => simplify(sum(inner, t), c.notation.facts)),
          )
    return o.indices.filter((v) => v !== inner).reduceRight<Expr>((e, v) => sum(v, e), body)
  })
  if (terms.length === 0) return null
  const e = terms.length === 1 ? (terms[0] ?? num(0)) : { kind: 'add' as const, terms }
  return formula(e, [], c)
}
