/** The function Q, and the sums that it asks of the data. */
import { add, idx, isZero, mul, num, sum } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import { qTerm } from '../mstep/plan.js'
import { canonicalKey } from './canonical-key.js'
import { expandStatistics } from './elements.js'
import { isHard, marked } from './hard-steps.js'
import { argument, fromNames } from './origins.js'
import { allParams, definition, type Formula, type FormulaContext, formula, inlineNames } from './print.js'
import { hasWeights } from './row-weights.js'
import { simplify } from './simplify.js'
import { type Block, type DerivationStep, type Line, say } from './types.js'

/** Words for the names that came up since `from`. */
export function definitions(c: FormulaContext, from: number): readonly Block[] {
  return c.named.slice(from).map((n) => {
    const value = formula(idx(n.indices[0] ?? { id: '', name: 'k', from: num(1), to: num(1) }), n.indices, c)
    return say`Here ${definition(n, c)} is ${n.words}${value}.`
  })
}

const Q: Formula = { text: 'Q', latex: 'Q' }
const H: Formula = { text: 'H(q)', latex: 'H(q)' }

/** E_q of the complete-data log-likelihood: its terms in the params. */
export function qStep(c: FormulaContext, latent: boolean): DerivationStep {
  const d = c.notation.derivation
  const reads = d.lifted.filter(
    (f) => f.factor.role !== 'evidence' && some(f.expr, (n) => n.kind === 'ref' && n.space === 'param'),
  )
  const all = allParams(c.notation)
  const known = c.named.length
  const priorsLast = [
    ...reads.filter((f) => f.factor.role !== 'prior'),
    ...reads.filter((f) => f.factor.role === 'prior'),
  ]
  const lines = priorsLast.map((f, i): Line => {
    const e = simplify(dropConstants(simplify(qTerm(f), c.notation.facts)), c.notation.facts)
    const shown = formula(e, [], c)
    const q = latent
      ? { text: `Q(${all.text})`, latex: `Q(${all.latex})` }
      : { text: `ℓ(${all.text})`, latex: `\\ell(${all.latex})` }
    const from = { span: f.factor.span }
    if (i === 0) return { text: `${q.text} = ${shown.text}`, latex: `${q.latex} = ${shown.latex}`, from }
    const minus = shown.text.startsWith('−')
    return {
      text: `    ${minus ? '− ' : '+ '}${minus ? shown.text.slice(1) : shown.text}`,
      latex: `\\quad ${minus ? '' : '+ '}${shown.latex}`,
      from,
    }
  })
  const elbo: Formula = {
    text: `ELBO(q, ${all.text}) = E_q[ℓ_c(${all.text})] + H(q) = Q(${all.text}) + H(q),`,
    latex: `\\mathrm{ELBO}(q, ${all.latex}) = \\mathrm{E}_q[\\ell_c(${all.latex})] + H(q) = Q(${all.latex}) + H(q),`,
  }
  const constant: Formula = { text: '    + const', latex: '\\quad + \\text{const}' }
  const content: Block[] = [
    latent && isHard(d)
      ? d.eStep.blocks.length > 0
        ? say`The M-step maximises the expectation of the complete-data log-likelihood over the parameters ${all} with the labels held fixed: every indicator is 1 or 0, as the E-step found it, and every function of a continuous latent is replaced by its posterior expectation given the labels.`
        : say`The M-step maximises the complete-data log-likelihood over the parameters ${all} with the labels held fixed: every indicator is 1 or 0, as the E-step found it.`
      : latent
        ? say`${elbo} and the entropy ${H}${hasWeights(d) ? ', in which each row counts by its weight,' : ''} does not depend on the parameters ${all}, so the M-step maximises ${Q}, the expectation of the complete-data log-likelihood, alone: ${replacements(c)}.`
        : say`Only these terms depend on the parameters ${all}:`,
    { kind: 'formula', lines: [...lines, constant] },
  ]
  const statistics = statisticsOf(c)
  if (latent && c.notation.taken.has('Q'))
    content.push(
      say`The model has a ${Q} of its own. With ${all} after it, in derivatives, and in words, ${Q} is this function.`,
    )
  content.push(...definitions(c, known))
  if (statistics.length > 0)
    content.push(
      say`All that ${latent ? 'Q' : 'it'} asks of the data are these sums; they are what a pass over the data computes:`,
      { kind: 'formula', lines: statistics },
      ...(d.mStep.shifted.length === 0
        ? []
        : [
            say`Sums of squares are taken about the previous value of ${inlineNames(d.mStep.shifted, c)} and never about 0: the same Q, without the loss of digits that large means would bring.`,
          ]),
    )
  if (d.mStep.objective.rowTerms.length > 0)
    content.push(
      say`What does not separate into such sums is added up over the rows anew whenever its parameters move.`,
    )
  return {
    id: 'q',
    kind: 'q',
    title: latent ? marked(['The function Q'], d) : ['Terms in the parameters'],
    content,
    origin: argument(latent ? 'expected' : 'estimate'),
  }
}

/** What expectations the latents of this derivation leave in Q. */
function replacements(c: FormulaContext): string {
  const { latents } = c.notation.derivation.graph
  const continuous = latents.some((l) => l.kind === 'continuous')
  const others = latents.some((l) => l.kind !== 'continuous')
  return [
    ...(others
      ? ['every indicator is replaced by its posterior probability, every latent count by its posterior mean']
      : []),
    ...(continuous
      ? [
          `every function of ${others ? 'a continuous' : 'a'} latent${others ? '' : ' is replaced'} by its posterior expectation`,
        ]
      : []),
  ].join(', ')
}

type IsRead = (r: Extract<Expr, { kind: 'ref' }>) => boolean

/** Terms that read none of these params, or no param at all, are constants of Q. */
export function dropConstants(e: Expr, isRead: IsRead = (r) => r.space === 'param'): Expr {
  const reads = (x: Expr): boolean => some(x, (n) => n.kind === 'ref' && isRead(n))
  const inner = (x: Expr): Expr => dropConstants(x, isRead)
  if (e.kind === 'add') return add(...e.terms.filter(reads).map(inner))
  if (e.kind === 'sum') return sum(e.index, inner(e.body))
  if (e.kind === 'mul') {
    const open: readonly Expr[] = e.factors.filter((f) => f.kind === 'add' || f.kind === 'sum' || f.kind === 'case')
    const others = e.factors.filter((f) => !open.includes(f))
    const [only] = open
    if (open.length === 1 && only !== undefined && !others.some(reads)) return mul(...others, inner(only))
  }
  if (e.kind === 'case' && isZero(e.otherwise)) return { ...e, then: inner(e.then) }
  return e
}

/** The distinct sums that are executed, written out. */
function statisticsOf(c: FormulaContext): readonly Line[] {
  const d = c.notation.derivation
  const statistics = new Map(d.mStep.objective.statistics.map((s) => [s.id, s]))
  const rename = (v: IndexVar): IndexVar => d.supply.fresh(v.name, v.to, v.from)
  const seen = new Map<string, Line>()
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
    if (![...seen.keys()].includes(shown.text) && !seen.has(canonicalKey(scaled)))
      seen.set(shown.text, { ...shown, ...fromNames(scaled, c) })
  }
  return [...seen.values()]
}

/** Without the numbers and sizes in front. */
function bare(e: Expr): Expr {
  if (e.kind === 'mul')
    return mul(...e.factors.filter((f) => f.kind !== 'num' && !(f.kind === 'ref' && f.space === 'size')).map(bare))
  return e.kind === 'sum' ? { ...e, body: bare(e.body) } : e
}
