/** Q, the statistics it needs, and the M-step of each block. */
import { add, idx, isZero, mul, num, ref, sum } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices, some } from '../algebra/visit.js'
import { M_STEP_RULES, qTerm } from '../mstep/plan.js'
import type { MStep } from '../mstep/types.js'
import { expandStatistics } from './elements.js'
import { definition, equation, type Formula, type FormulaContext, formula, tensorFormula } from './print.js'
import { canonicalKey, simplify } from './simplify.js'
import { type Block, type DerivationStep, type Inline, inline, say } from './types.js'
import { multiplier, type Update, type UpdateContext, updateOf } from './updates.js'

/** Words for the names that came up since `from`. */
function definitions(c: FormulaContext, from: number): readonly Block[] {
  return c.named.slice(from).map((n) => {
    const value = formula(idx(n.indices[0] ?? { id: '', name: 'k', from: num(1), to: num(1) }), n.indices, c)
    return say`Here ${definition(n, c)} is ${n.words}${value}.`
  })
}

/** Names with commas between them. */
const inlineNames = (names: readonly string[], c: FormulaContext): Inline =>
  names.flatMap(
    (n, i): Inline => (i === 0 ? [formula(ref('param', n), [], c)] : [', ', formula(ref('param', n), [], c)]),
  )

/** The matrix whose element it is. */
function matrixFormula(e: Expr, c: FormulaContext): Formula {
  const over =
    e.kind === 'inverse' && e.row.kind === 'index' && e.column.kind === 'index' ? [e.row.var, e.column.var] : []
  return tensorFormula(e, over, c)
}

const letters = (step: MStep, c: FormulaContext): string =>
  step.params.map((p) => formula(ref('param', p), [], c).text).join(', ')

/** E_q of the complete-data log-likelihood: its terms in the params. */
export function qStep(c: FormulaContext, latent: boolean): DerivationStep {
  const d = c.notation.derivation
  const reads = d.lifted.filter(
    (f) => f.factor.role !== 'evidence' && some(f.expr, (n) => n.kind === 'ref' && n.space === 'param'),
  )
  const known = c.named.length
  const priorsLast = [
    ...reads.filter((f) => f.factor.role !== 'prior'),
    ...reads.filter((f) => f.factor.role === 'prior'),
  ]
  const lines = priorsLast.map((f, i): Formula => {
    const e = simplify(dropConstants(simplify(qTerm(f), c.notation.facts)), c.notation.facts)
    const shown = formula(e, [], c)
    const q = latent ? { text: 'Q(θ)', latex: 'Q(\\theta)' } : { text: 'ℓ(θ)', latex: '\\ell(\\theta)' }
    if (i === 0) return { text: `${q.text} = ${shown.text}`, latex: `${q.latex} = ${shown.latex}` }
    const minus = shown.text.startsWith('−')
    return {
      text: `    ${minus ? '− ' : '+ '}${minus ? shown.text.slice(1) : shown.text}`,
      latex: `\\quad ${minus ? '' : '+ '}${shown.latex}`,
    }
  })
  const constant: Formula = { text: '    + const', latex: '\\quad + \\text{const}' }
  const content: Block[] = [
    latent
      ? say`The entropy of q does not depend on the parameters θ, so the M-step maximises the expectation of the complete-data log-likelihood alone: every indicator is replaced by its posterior probability, every latent count by its posterior mean.`
      : say`Only these terms depend on the parameters θ:`,
    { kind: 'formula', lines: [...lines, constant] },
  ]
  const statistics = statisticsOf(c)
  content.push(...definitions(c, known))
  if (statistics.length > 0)
    content.push(
      say`All that ${latent ? 'Q' : 'it'} asks of the data are these sums; they are what a pass over the data computes:`,
      { kind: 'formula', lines: statistics },
      ...(d.mStep.shifted.length === 0
        ? []
        : [
            say`Sums of squares are taken about the previous value of ${d.mStep.shifted.map((p) => formula(ref('param', p), [], c).text).join(', ')} and never about 0: the same Q, without the loss of digits that large means would bring.`,
          ]),
    )
  if (d.mStep.objective.rowTerms.length > 0)
    content.push(
      say`What does not separate into such sums is added up over the rows anew whenever its parameters move.`,
    )
  return {
    id: 'q',
    kind: 'q',
    title: latent ? 'The function Q' : 'Terms in the parameters',
    rule: null,
    content,
    citation: null,
    span: null,
  }
}

/** Terms without params are constants of Q. */
export function dropConstants(e: Expr): Expr {
  const reads = (x: Expr): boolean => some(x, (n) => n.kind === 'ref' && n.space === 'param')
  if (e.kind === 'add') return add(...e.terms.filter(reads).map(dropConstants))
  if (e.kind === 'sum') return sum(e.index, dropConstants(e.body))
  if (e.kind === 'mul') {
    const open: readonly Expr[] = e.factors.filter((f) => f.kind === 'add' || f.kind === 'sum' || f.kind === 'case')
    const others = e.factors.filter((f) => !open.includes(f))
    const [only] = open
    if (open.length === 1 && only !== undefined && !others.some(reads)) return mul(...others, dropConstants(only))
  }
  if (e.kind === 'case' && isZero(e.otherwise)) return { ...e, then: dropConstants(e.then) }
  return e
}

/** The distinct sums that are executed, written out. */
function statisticsOf(c: FormulaContext): readonly Formula[] {
  const d = c.notation.derivation
  const statistics = new Map(d.mStep.objective.statistics.map((s) => [s.id, s]))
  const rename = (v: IndexVar): IndexVar => d.supply.fresh(v.name, v.to, v.from)
  const seen = new Map<string, Formula>()
  for (const s of d.mStep.objective.statistics) {
    const axes = s.axes.map((a) => rename({ ...a }))
    const e = simplify(
      expandStatistics({ kind: 'ref', space: 'stat', name: s.id, index: axes.map((a) => idx(a)) }, statistics, rename),
      c.notation.facts,
    )
    const scaled = bare(e)
    if (!some(scaled, (n) => n.kind === 'sum' || n.kind === 'mean')) continue
    const shown = formula(
      scaled,
      axes.filter((a) => some(scaled, (n) => n.kind === 'index' && n.var === a.id)),
      c,
    )
    if (![...seen.keys()].includes(shown.text) && !seen.has(canonicalKey(scaled))) seen.set(shown.text, shown)
  }
  return [...seen.values()]
}

/** Without the numbers and sizes in front. */
function bare(e: Expr): Expr {
  if (e.kind === 'mul')
    return mul(...e.factors.filter((f) => f.kind !== 'num' && !(f.kind === 'ref' && f.space === 'size')).map(bare))
  return e.kind === 'sum' ? { ...e, body: bare(e.body) } : e
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
  ['normal', 'The quadratic form is negative, so this is the maximum.'],
  ['stationary', 'Of the roots within the support, and its ends, the one with the largest Q is taken.'],
])

const EXACT = {
  joint: 'This maximises it exactly.',
  blockwise:
    'The maximum of this block depends on another that depends on it: they are maximised in turn (ECM; Meng and Rubin 1993), which never lowers Q.',
  ascent: 'Each step is accepted only if Q rises (a generalised EM step).',
} as const

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
  const who = letters(step, c)
  const known = c.named.length
  const objective = objectiveLine(update, c)
  if (step.kind === 'newton') {
    content.push({
      kind: 'prose',
      parts: [
        'No closed form applies to ',
        ...inlineNames(step.params, c),
        '. Its part of ',
        q,
        ' is maximised numerically, by damped Newton steps in coordinates without constraints.',
      ],
    })
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
  else if (step.kind === 'stationary')
    content.push(say`The derivative vanishes where`, { kind: 'formula', lines: equations })
  else if (equations.length > 0)
    content.push(
      say`The derivative${step.kind === 'inverse-wishart' ? ' by the inverse' : ''} vanishes where`,
      { kind: 'formula', lines: conditions },
      say`which gives`,
      { kind: 'formula', lines: equations },
    )
  const defined = definitions(c, known)
  const words = MAXIMUM.get(step.kind)
  content.push(...defined)
  content.push(say`${[...(words === undefined ? [] : [words]), ...atTheEdge(step, c), EXACT[step.exact]].join(' ')}`)
  if (step.dependsOn.length > 0) {
    const others = inlineNames(step.dependsOn, c)
    content.push({
      kind: 'prose',
      parts:
        step.exact === 'joint'
          ? [
              'The new value of ',
              ...others,
              ' stands in it. That value is the best whatever ',
              ...inlineNames(step.params, c),
              ' is, so the two together maximise ',
              q,
              '.',
            ]
          : ['It uses the current value of ', ...others, '.'],
    })
  }
  if (step.kind === 'newton' && step.declined.length > 0)
    content.push(say`Rules that were tried, and why they do not apply:`, {
      kind: 'list',
      items: step.declined.map((x) => inline`${x.rule}: ${x.reason}`),
    })
  const rule = M_STEP_RULES.find((r) => ruleOf(step) === r.id)
  return {
    step: {
      id: `m-step ${step.id}`,
      kind: 'm-step',
      title: `M-step: ${who}`,
      rule: step.rule,
      content,
      citation: rule?.citation ?? null,
      span: null,
    },
    update,
    lines: equations,
  }
}

const ruleOf = (s: MStep): string => {
  switch (s.kind) {
    case 'inverse-wishart':
    case 'wishart':
      return 'family-mode/wishart'
    case 'stationary':
      return 'symbolic-stationarity'
    default:
      return `family-mode/${s.kind}`
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
