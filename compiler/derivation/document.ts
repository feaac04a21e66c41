/** The whole derivation: its steps in the order of a lecture, as text and as Markdown. */
import type { Expr } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import { qTerms } from '../mstep/plan.js'
import { boundStep } from './bound-step.js'
import { eSteps } from './e-step-steps.js'
import { factorisationSteps, factorisedRise } from './factorised-steps.js'
import { hardBoundStep, hardRise, isHard, marked } from './hard-steps.js'
import { blockStep } from './m-step-steps.js'
import { liftingStep, likelihoodStep, modelStep, notationStep, parameterCount } from './model-steps.js'
import { letteredNames } from './names-words.js'
import { notationOf } from './notation.js'
import { allParams, type Formula, type FormulaContext } from './print.js'
import { qStep } from './q-step.js'
import { stepsToMarkdown, stepsToText } from './render.js'
import { type Block, type DerivationStep, say } from './types.js'
import type { UpdateContext } from './update-types.js'
import { updateContext, updateOf } from './updates.js'

export interface DerivationDocument {
  readonly steps: readonly DerivationStep[]
  toText(): string
  toMarkdown(): string
}

export function derivationDocument(d: Derivation): DerivationDocument {
  const steps = derivationSteps(d)
  const title = `${d.model.name}: ${hasLatents(d) ? (isHard(d) ? 'hard EM' : d.eStep.factorised === null ? 'the EM algorithm' : 'the variational EM algorithm') : 'the estimate'}, derived`
  return { steps, toText: () => stepsToText(title, steps), toMarkdown: () => stepsToMarkdown(title, steps) }
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
export function derivationSteps(d: Derivation): readonly DerivationStep[] {
  const notation = notationOf(d)
  const c: FormulaContext = { notation, named: [], means: 'expectation' }
  const latent = hasLatents(d)
  const context = updateContext(d, notation)
  const lifting = latent ? liftingStep(c) : null
  const first = [notationStep(c), modelStep(c), likelihoodStep(c, latent)]
  const e = latent ? eSteps(c, demandedBy(d, context)) : []
  const q = qStep(c, latent)
  const blocks = d.mStep.steps.map((s) => blockStep(s, context, c, latent))
  return [
    ...first,
    ...(latent ? [isHard(d) ? hardBoundStep(c) : boundStep(c), ...factorisationSteps(c)] : []),
    ...(lifting === null ? [] : [lifting]),
    ...e,
    q,
    ...blocks.map((b) => b.step),
    algorithmStep(
      d,
      c,
      e,
      blocks.map((b) => b.lines),
      latent,
    ),
  ]
}

function algorithmStep(
  d: Derivation,
  c: FormulaContext,
  e: readonly DerivationStep[],
  updates: readonly (readonly Formula[])[],
  latent: boolean,
): DerivationStep {
  const content: Block[] = []
  const closed = d.mStep.steps.every((s) => s.closedForm)
  const mLines = d.mStep.steps.flatMap((s, i) => {
    const lines = (updates[i] ?? []).map((l) => l.text)
    const names = letteredNames(s.params, c)
    if (lines.length === 0) return [`Newton steps for ${names}`]
    return s.kind === 'normal' && !lines.every((l) => /^[^ ]+ = /.test(l))
      ? [`solve for ${names}:`, ...lines.map((l) => `  ${l}`)]
      : s.kind === 'stationary'
        ? [`solve for ${names}:`, ...lines.map((l) => `  ${l}`)]
        : lines
  })
  if (!latent) {
    const once = d.mStep.sweeps === 1
    content.push(
      closed && once
        ? say`No latent variables: there is no E-step, and one closed-form M-step is the maximum-likelihood estimate.`
        : say`No latent variables: there is no E-step; the M-step is repeated until nothing rises.`,
      { kind: 'code', lines: mLines },
    )
  } else {
    const eLines = e.flatMap((s) => s.content.flatMap((b) => (b.kind === 'formula' ? b.lines.map((l) => l.text) : [])))
    const last = eLines.length > 0 ? eLines : ['posterior of the latents, by elimination']
    const sweeps =
      d.mStep.sweeps > 1
        ? [`    up to ${d.mStep.sweeps} times, until Q stops rising:`, ...mLines.map((l) => `      ${l}`)]
        : mLines.map((l) => `    ${l}`)
    content.push({
      kind: 'code',
      lines: [
        'choose starting values',
        'repeat',
        '  E-step',
        ...last.map((l) => `    ${l}`),
        '  M-step',
        ...sweeps,
        isHard(d)
          ? 'until the complete-data log-likelihood stops rising'
          : `until the ${d.eStep.factorised === null ? 'log-likelihood' : 'bound'} stops rising`,
      ],
    })
    content.push(...(isHard(d) ? hardRise(c) : d.eStep.factorised === null ? rise(c) : factorisedRise(c)))
    if (d.lifted.some((f) => f.factor.role === 'prior'))
      content.push(say`L includes the prior density of the parameters.`)
  }
  const count = parameterCount(c)
  if (count !== null)
    content.push(say`The model has ${count} free ${count.text === '1' ? 'parameter' : 'parameters'} as declared.`)
  return {
    id: 'algorithm',
    kind: 'algorithm',
    title: latent ? marked('The algorithm', d) : 'The estimate',
    rule: null,
    content,
    citation: null,
    span: null,
  }
}

/** The three (in)equalities of EM. */
function rise(c: FormulaContext): readonly Block[] {
  const all = allParams(c.notation)
  const at = (t: string, style: 'text' | 'latex'): string =>
    style === 'text' ? `${all.text}_${t}` : `${all.latex}_${t}`
  const line: Formula = {
    text: `log L(${at('t', 'text')}) = ELBO(q, ${at('t', 'text')}) ≤ ELBO(q, ${at('{t+1}', 'text')}) ≤ log L(${at('{t+1}', 'text')})`,
    latex: `\\log L(${at('t', 'latex')}) = \\mathrm{ELBO}(q, ${at('t', 'latex')}) \\leq \\mathrm{ELBO}(q, ${at('{t+1}', 'latex')}) \\leq \\log L(${at('{t+1}', 'latex')})`,
  }
  const { bound } = c.notation.derivation.eStep
  const by = bound === 'quadrature' ? 'of the quadrature' : 'over the draws'
  const error =
    bound === 'exact'
      ? []
      : [
          say`They hold for the log-likelihood itself; what is computed of it may fall by the error ${by}, which the fit states.`,
        ]
  return [
    say`The log-likelihood never falls. After the E-step the bound touches it, the M-step raises the bound, and by Jensen's inequality the new log-likelihood is at least as high:`,
    { kind: 'formula', lines: [line] },
    ...error,
  ]
}
