/** The algorithm as pseudo-code, why its objective rises, where it may end, and what has no closed form. */
import type { Derivation } from '../derive.js'
import type { MStep } from '../mstep/types.js'
import { boundednessWords } from './boundedness.js'
import { factorisedRise } from './factorised-steps.js'
import { hardObjective, hardRise, isHard, marked } from './hard-steps.js'
import { parameterCount } from './model-steps.js'
import { argument, fromAll } from './origins.js'
import { allParams, type Formula, type FormulaContext, inlineNames } from './print.js'
import { type AlgorithmLine, type Block, type DerivationStep, type Inline, say } from './types.js'

const line = (indent: number, ...parts: Inline): AlgorithmLine => ({ indent, parts })

/** `updates`: the equations of each block of the M-step, in their order. */
export function algorithmStep(
  d: Derivation,
  c: FormulaContext,
  e: readonly DerivationStep[],
  updates: readonly (readonly Formula[])[],
  latent: boolean,
): DerivationStep {
  const content: Block[] = latent
    ? [{ kind: 'algorithm', lines: iterations(d, c, e, updates) }, ...guarantees(d, c)]
    : directly(d, c, updates)
  content.push(...numericalWords(d, c, latent), ...boundednessWords(c, latent))
  const count = parameterCount(c)
  if (count !== null)
    content.push(say`The model has ${count} free ${count.text === '1' ? 'parameter' : 'parameters'} as declared.`)
  return {
    id: 'algorithm',
    kind: 'algorithm',
    title: latent ? marked(['The algorithm'], d) : ['The estimate'],
    content,
    origin: argument(latent ? 'algorithm' : 'estimate'),
  }
}

function iterations(
  d: Derivation,
  c: FormulaContext,
  e: readonly DerivationStep[],
  updates: readonly (readonly Formula[])[],
): readonly AlgorithmLine[] {
  const posterior = e.flatMap((s) => s.content.flatMap((b) => (b.kind === 'formula' ? b.lines : [])))
  const eLines = posterior.length > 0 ? posterior : ['posterior of the latents, by elimination']
  const { steps, sweeps, repeated } = d.mStep
  const estimates = steps.length > 0
  if (!estimates && d.eStep.factorised === null) return eLines.map((f) => line(0, f))
  const isRepeated = ({ id }: MStep): boolean => sweeps > 1 && repeated.includes(id)
  const end = steps.findLastIndex(isRepeated)
  const several = steps.filter(isRepeated)
  const updated = (own: readonly MStep[], indent: number): readonly AlgorithmLine[] =>
    own.flatMap((s) => updateLines(s, c, updates[steps.indexOf(s)] ?? [], indent))
  return [
    line(0, estimates ? 'choose starting values' : 'choose a starting q'),
    line(0, 'repeat'),
    line(1, 'E-step'),
    ...eLines.map((f) => line(2, f)),
    ...(estimates ? [line(1, 'M-step')] : []),
    ...updated(
      steps.filter((s, i) => !isRepeated(s) && i < end),
      2,
    ),
    ...(several.length > 0 ? [line(2, `up to ${sweeps} times, until Q stops rising:`)] : []),
    ...updated(several, 3),
    ...updated(steps.slice(end + 1), 2),
    line(
      0,
      isHard(d)
        ? `until the ${hardObjective(d)} stops rising`
        : `until the ${d.eStep.factorised === null ? 'log-likelihood' : 'bound'} stops rising`,
    ),
  ]
}

/** Without latents: one M-step, or several. */
function directly(d: Derivation, c: FormulaContext, updates: readonly (readonly Formula[])[]): Block[] {
  const once = d.mStep.steps.every((s) => s.closedForm) && d.mStep.sweeps === 1
  return [
    once
      ? say`No latent variables: there is no E-step, and one closed-form M-step is the maximum-likelihood estimate.`
      : say`No latent variables: there is no E-step; the M-step is repeated until nothing rises.`,
    { kind: 'algorithm', lines: d.mStep.steps.flatMap((s, i) => updateLines(s, c, updates[i] ?? [], 0)) },
  ]
}

function updateLines(s: MStep, c: FormulaContext, lines: readonly Formula[], indent: number): readonly AlgorithmLine[] {
  const names = inlineNames(s.params, c)
  if (lines.length === 0) return [line(indent, 'Newton steps for ', ...names)]
  const implicit = s.kind === 'stationary' || (s.kind === 'normal' && !lines.every((l) => /^[^ ]+ = /.test(l.text)))
  return implicit
    ? [line(indent, 'solve for ', ...names, ':'), ...lines.map((l) => line(indent + 1, l))]
    : lines.map((l) => line(indent, l))
}

function guarantees(d: Derivation, c: FormulaContext): readonly Block[] {
  return [
    ...(isHard(d) ? hardRise(c) : d.eStep.factorised === null ? rise(c) : factorisedRise(c)),
    ...(d.lifted.some((f) => f.factor.role === 'prior')
      ? [say`${isHard(d) ? 'The objective' : 'L'} includes the prior density of the parameters.`]
      : []),
  ]
}

/** The three (in)equalities of EM. */
function rise(c: FormulaContext): readonly Block[] {
  const all = allParams(c.notation)
  const at = (t: string, style: 'text' | 'latex'): string =>
    style === 'text' ? `${all.text}_${t}` : `${all.latex}_${t}`
  const inequalities: Formula = {
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
    { kind: 'formula', lines: [{ ...inequalities, ...fromAll(c, 'with priors') }] },
    ...error,
  ]
}

/** What is not solved in closed form, and what is done instead. */
function numericalWords(d: Derivation, c: FormulaContext, latent: boolean): readonly Block[] {
  const numerical = d.mStep.steps.filter((s) => !s.closedForm)
  const items: Inline[] = numerical.map((s) => [
    ...inlineNames(s.params, c),
    s.kind === 'newton'
      ? ': damped Newton steps'
      : s.kind === 'median'
        ? ': a weighted median, by halving an interval'
        : ': a root in one number, bracketed and found by safeguarded Newton steps',
  ])
  const { bound, factorised } = d.eStep
  if (factorised !== null) items.unshift(['the posterior: a product of factors in its place'])
  else if (latent && bound === 'quadrature') items.unshift(['the posterior: Gauss–Hermite quadrature'])
  else if (latent && bound === 'monte-carlo') items.unshift(['the posterior: weighted draws'])
  if (items.length === 0) return latent ? [say`Every step of it is in closed form.`] : []
  return [say`Not in closed form, and what is done instead:`, { kind: 'list', items }]
}
