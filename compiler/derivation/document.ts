/** The whole derivation: its steps in the order of a lecture, as text, Markdown, LaTeX and HTML. */
import type { Expr } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import { qTerms } from '../mstep/plan.js'
import { algorithmStep } from './algorithm-step.js'
import { boundStep } from './bound-step.js'
import { type DocumentLine, documentLines } from './document-lines.js'
import { eSteps } from './e-step-steps.js'
import { factorisationSteps } from './factorised-steps.js'
import { hardBoundStep, isHard } from './hard-steps.js'
import { blockStep } from './m-step-steps.js'
import { marginalStep } from './marginal-step.js'
import { liftingStep, likelihoodStep, modelStep, notationStep } from './model-steps.js'
import { notationOf } from './notation.js'
import type { FormulaContext } from './print.js'
import { qStep } from './q-step.js'
import { stepsToHtml } from './render/html.js'
import { stepsToLatex, stepsToLatexFragment } from './render/latex.js'
import { stepsToMarkdown } from './render/markdown.js'
import { stepsToText } from './render/text.js'
import type { DerivationStep } from './types.js'
import type { UpdateContext } from './update-types.js'
import { updateContext, updateOf } from './updates.js'
import { type WorkedIteration, workedSteps } from './worked-steps.js'

export interface DerivationDocument {
  readonly title: string
  readonly steps: readonly DerivationStep[]
  /** Every formula with the rule that it rests on, its citation and the statement that it comes from. */
  readonly lines: readonly DocumentLine[]
  /** Unicode text, at most 100 columns wide. */
  toText(): string
  /** Markdown with TeX between dollar signs. */
  toMarkdown(): string
  /** LaTeX that compiles alone; with `fragment` the sections for a document that has amsmath, amssymb and graphicx. */
  toLatex(options?: { readonly fragment?: boolean }): string
  /**
   * One HTML file without scripts. Formulas are MathML; with `katexStyles`, KaTeX's style sheet with its fonts inside, they
   * are laid out by KaTeX as well.
   */
  toHtml(options?: { readonly katexStyles?: string }): string
}

/** `iteration`: one EM iteration whose numbers come after the derivation. */
export function derivationDocument(d: Derivation, iteration: WorkedIteration | null = null): DerivationDocument {
  const steps = derivationSteps(d, iteration)
  const title = `${d.model.name}: ${hasLatents(d) ? (isHard(d) ? 'hard EM' : d.eStep.factorised === null ? 'the EM algorithm' : 'the variational EM algorithm') : 'the estimate'}, derived`
  return {
    title,
    steps,
    lines: documentLines(steps, d.model.source.text),
    toText: () => stepsToText(title, steps),
    toMarkdown: () => stepsToMarkdown(title, steps),
    toLatex: ({ fragment = false } = {}) => (fragment ? stepsToLatexFragment(steps) : stepsToLatex(title, steps)),
    toHtml: (options = {}) => stepsToHtml(title, steps, { ...options, source: d.model.source.text }),
  }
}

const hasLatents = (d: Derivation): boolean =>
  d.eStep.tables.some((t) => t.latents.length > 0) || d.eStep.countGroups.length > 0 || d.eStep.blocks.length > 0

/** What the updates read, and Q itself where one of them is numerical. */
function demandedBy(d: Derivation, context: UpdateContext): readonly Expr[] {
  const updates = d.mStep.steps.flatMap((s) => updateOf(s, context).equations.map((e) => e.right))
  const left = d.mStep.steps.flatMap((s) => updateOf(s, context).equations.map((e) => e.left))
  const numeric = d.mStep.steps.some((s) => s.kind === 'newton')
  return [...left, ...updates, ...(numeric ? qTerms(d.lifted) : [])]
}

/** The steps in the order of a lecture. */
export function derivationSteps(d: Derivation, iteration: WorkedIteration | null = null): readonly DerivationStep[] {
  const notation = notationOf(d)
  const c: FormulaContext = { notation, named: [], means: 'expectation' }
  const latent = hasLatents(d)
  const context = updateContext(d, notation)
  const lifting = latent ? liftingStep(c) : null
  const first = [notationStep(c), modelStep(c), likelihoodStep(c, latent)]
  const e = latent ? eSteps(c, demandedBy(d, context)) : []
  const q = qStep(c, latent)
  const blocks = d.mStep.steps.map((s) => blockStep(s, context, c, latent))
  const updates = blocks.map((b) => b.lines)
  return [
    ...first,
    ...(latent ? [marginalStep(c), isHard(d) ? hardBoundStep(c) : boundStep(c), ...factorisationSteps(c)] : []),
    ...(lifting === null ? [] : [lifting]),
    ...e,
    q,
    ...blocks.map((b) => b.step),
    algorithmStep(d, c, e, updates, latent),
    ...(iteration === null ? [] : workedSteps(d, c, iteration)),
  ]
}
