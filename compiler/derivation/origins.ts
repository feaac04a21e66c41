/** Where lines of a derivation come from: rules, their literature, statements of the model. */
import type { Span } from '../../lang/source.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import type { EStepStep } from '../estep/types.js'
import type { LiftedFactor } from '../graph/lift.js'
import { readsOneOf } from '../mstep/slopes.js'
import type { MStep } from '../mstep/types.js'
import { ARGUMENT_RULES } from '../rules/derivation-rules.js'
import { ruleById } from '../rules/index.js'
import type { FormulaContext } from './print.js'
import type { Line, Origin } from './types.js'

/** A step of the argument. */
export function argument(rule: keyof typeof ARGUMENT_RULES, span: Span | null = null): Origin {
  const { id, citation } = ARGUMENT_RULES[rule]
  return { rule: id, citation, span }
}

/** A posterior: the method of the plan, with the literature that the plan names. `factors`: those that it is made of. */
export function eStepOrigin(
  step: EStepStep | undefined,
  span: Span | null,
  factors: readonly { readonly lifted: LiftedFactor }[],
): Origin {
  const rule = step?.method ?? 'variable-elimination'
  const spans = statementsOf(factors)
  return {
    rule,
    citation: step?.reference ?? ruleById(rule).citation,
    span,
    ...(spans.length === 0 ? {} : { spans }),
  }
}

/** The statements of factors, each once, in the order in which they were written. */
export function statementsOf(factors: readonly { readonly lifted: LiftedFactor }[]): readonly Span[] {
  const spans = new Map(
    factors.map(({ lifted: { factor } }) => [`${factor.span.start}-${factor.span.end}`, factor.span]),
  )
  return [...spans.values()].sort((a, b) => a.start - b.start)
}

/** Where a line comes from that is made of factors; nothing to add where there are none. */
export function fromFactors(factors: readonly { readonly lifted: LiftedFactor }[]): Pick<Line, 'from'> {
  const spans = statementsOf(factors)
  const [span] = spans
  return span === undefined ? {} : { from: { span, spans } }
}

/** Where a line comes from that contains the whole likelihood, with or without the priors: from all statements, and none. */
export function fromAll(c: FormulaContext, priors: 'with priors' | 'without priors'): Pick<Line, 'from'> {
  const factors = c.notation.derivation.lifted.filter(
    ({ factor }) => factor.role !== 'evidence' && (priors === 'with priors' || factor.role !== 'prior'),
  )
  return { from: { spans: statementsOf(factors.map((lifted) => ({ lifted }))) } }
}

/** Where a sum comes from: the statements of the latents and data that stand in it, else those that read or count by them. */
export function fromNames(e: Expr, c: FormulaContext): Pick<Line, 'from'> {
  const all = c.notation.derivation.lifted.filter(({ factor }) => factor.role !== 'evidence' && factor.role !== 'prior')
  const own = all.filter(({ factor }) => names(e, factor.target.name))
  const reading = (f: LiftedFactor): boolean =>
    [f.expr, ...f.factor.loops.flatMap((l) => (l.weight === null ? [] : [l.weight]))].some((x) =>
      some(x, (n) => n.kind === 'ref' && n.space === 'data' && names(e, n.name)),
    )
  return fromFactors((own.length > 0 ? own : all.filter(reading)).map((lifted) => ({ lifted })))
}

/** true where it reads data or a latent of that name. */
const names = (e: Expr, name: string): boolean =>
  some(
    e,
    (n) =>
      (n.kind === 'ref' && n.space !== 'param' && n.name === name) ||
      (n.kind === 'mean' && n.latent === name) ||
      ((n.kind === 'probability' || n.kind === 'expect') && n.of.some((i) => i.latent === name)),
  )

/** The maximum of a block: the rule that gave it, and the first statement that reads its params. */
export function mStepOrigin(step: MStep, c: FormulaContext): Origin {
  const rule = step.rule === 'family-mode' ? familyRule(step) : step.rule
  const isRead = readsOneOf(new Set(step.params))
  const own = c.notation.derivation.lifted.filter((f) => some(f.expr, (n) => n.kind === 'ref' && isRead(n)))
  const first = own.find((f) => f.factor.role !== 'prior') ?? own[0]
  return { rule, citation: ruleById(rule).citation, span: first?.factor.span ?? null }
}

function familyRule(s: MStep): string {
  return s.kind === 'inverse-wishart' ? 'family-mode/wishart' : `family-mode/${s.kind}`
}

/** A statement as it was written, on one line. */
export function statementAt(span: Span, c: FormulaContext): string {
  return c.notation.derivation.model.source.text
    .slice(span.start, span.end)
    .split('\n')
    .map((l) => l.trim())
    .join(' ')
}
