/** What another mode changes in the algorithm that was derived. */
import type { Derivation, StepMode } from '../derive.js'
import type { Factorisation } from '../estep/types.js'
import { argument } from './origins.js'
import { allParams, type Formula, type FormulaContext } from './print.js'
import { type Block, type DerivationStep, say } from './types.js'

export function modeStep(d: Derivation, c: FormulaContext): DerivationStep | null {
  const { mode } = d
  if (mode === undefined) return null
  return {
    id: 'mode',
    kind: 'algorithm',
    title: [`What changes (mode ${mode})`],
    origin: argument(RULES[mode]),
    content: contentOf(d, mode, allParams(c.notation)),
  }
}

const RULES = { cem: 'classification', anneal: 'annealing', sem: 'stochastic', online: 'online' } as const

const lines = (text: string, latex: string): Block => ({ kind: 'formula', lines: [{ text, latex }] })

function contentOf(d: Derivation, mode: StepMode, all: Formula): readonly Block[] {
  switch (mode) {
    case 'cem':
      return [
        say`A C-step follows the E-step: each discrete latent is put into its own most probable class, whatever those of the others. Continuous latents keep their posterior given the classes.`,
        lines(
          `z_i = argmax_k P(z_i = k | x, ${all.text})`,
          `z_i = \\operatorname*{arg\\,max}_k P(z_i = k \\mid x, ${all.latex})`,
        ),
        say`The M-step then has 1 and 0 for the probabilities. Classes are taken only where log p(x, z | ${all}) is no less with them than with those before: it never falls.`,
      ]
    case 'anneal':
      return d.eStep.factorised !== null
        ? factorisedAnnealing(all)
        : [
            say`The posterior of the discrete latents is raised to a power β, the same for all of them together; continuous latents are integrated out before.`,
            lines(
              `q(z) ∝ p(x, z | ${all.text})^β,    F_β(${all.text}) = (1/β) log ∑_z p(x, z | ${all.text})^β`,
              `q(z) \\propto p(x, z \\mid ${all.latex})^{\\beta}, \\qquad F_\\beta(${all.latex}) = \\frac{1}{\\beta} \\log \\sum_z p(x, z \\mid ${all.latex})^{\\beta}`,
            ),
            say`Every table of log densities is multiplied by β, and the M-step stays as it is. E- and M-steps raise F while β stays. It begins small, is multiplied each time that F stands still, goes beyond 1 so that components part, and is 1 at the end, where F is the log-likelihood.`,
          ]
    case 'sem':
      return d.eStep.factorised !== null
        ? factorisedDraws(d.eStep.factorised, all)
        : [
            say`One draw of all latents from their posterior takes its place, and the M-step has the drawn values for expectations.`,
            lines(`z ~ p(z | x, ${all.text})`, `z \\sim p(z \\mid x, ${all.latex})`),
            say`The parameters then walk about the maxima of the likelihood, which may fall. After a number of steps the average of those that follow is the estimate.`,
          ]
    case 'online':
      return [
        say`Rows come in batches. The sums over rows that the M-step reads, S, move a part of the way to those of a batch, scaled to all N rows from its B.`,
        lines(
          `S ← (1 − γ_t) S + γ_t (N/B) S(batch),    γ_t = (t + t_0)^−κ,    1/2 < κ ≤ 1`,
          `S \\leftarrow (1 - \\gamma_t) S + \\gamma_t \\tfrac{N}{B} S(\\mathrm{batch}), \\qquad \\gamma_t = (t + t_0)^{-\\kappa}, \\quad \\tfrac12 < \\kappa \\leq 1`,
        ),
        say`An M-step from S follows each batch. The log-likelihood may fall on the way.`,
        ...recursion(d),
      ]
  }
}

/** Where q is a product of factors. */
function factorisedAnnealing(all: Formula): readonly Block[] {
  return [
    say`Each factor of q over discrete latents is raised to a power β, the same for all of them; factors of continuous latents keep their update.`,
    lines(
      `q_f(z_f) ∝ exp(β E_{q without q_f} log p(x, z | ${all.text})),    F_β(q, ${all.text}) = E_q log p(x, z | ${all.text}) + (1/β) ∑_{discrete f} H(q_f) + ∑_{continuous f} H(q_f)`,
      `q_f(z_f) \\propto \\exp\\bigl(\\beta\\, \\mathbb{E}_{q \\setminus q_f} \\log p(x, z \\mid ${all.latex})\\bigr), \\qquad F_\\beta(q, ${all.latex}) = \\mathbb{E}_q \\log p(x, z \\mid ${all.latex}) + \\frac{1}{\\beta} \\sum_{\\text{discrete } f} H(q_f) + \\sum_{\\text{continuous } f} H(q_f)`,
    ),
    say`Every table of expected log densities is multiplied by β, the entropies of discrete latents are divided by it, and the M-step stays as it is. Updates and M-steps raise F while β stays. It begins small, is multiplied each time that F stands still, goes beyond 1 so that components part, and is 1 at the end, where F is the bound.`,
  ]
}

/** One sweep of a Gibbs sampler, by the factors of q. */
function factorisedDraws({ factors }: Factorisation, all: Formula): readonly Block[] {
  const latents = factors.map((f) => f.latents.map((l) => `\`${l}\``).join(', ')).join('; then ')
  return [
    say`The posterior of all latents together is not to be had, but that of each factor given the others is. Each is drawn in its turn, given what the others were drawn last: ${latents}.`,
    lines(`z_f ~ p(z_f | x, z without z_f, ${all.text})`, `z_f \\sim p(z_f \\mid x, z_{\\setminus f}, ${all.latex})`),
    say`Such a sweep leaves the posterior of all latents as it is, so the draws wander about under it, each from the one before. The M-step has the drawn values for expectations, and the parameters walk about the maxima of the likelihood itself, where EM raises the bound. After a number of steps the average of those that follow is the estimate.`,
  ]
}

/** Of blocks of the M-step that no sums stand for. */
function recursion(d: Derivation): readonly Block[] {
  const params = d.program.numeric.flatMap((n) => (n.rows.length > 0 ? n.params : []))
  if (params.length === 0) return []
  const names = params.map((p) => `\`${p}\``).join(', ')
  return [
    say`No such sums stand for Q as a function of ${names}: one step for each batch, in coordinates η without constraints, goes by the slope of the batch's own Q, scaled to all rows, and by second derivatives averaged over the batches.`,
    lines(
      'H ← (1 − γ_t) H + γ_t ∇²Q(batch),    η ← η − γ_t H⁻¹ ∇Q(batch)',
      'H \\leftarrow (1 - \\gamma_t) H + \\gamma_t \\nabla^2 Q(\\mathrm{batch}), \\qquad \\eta \\leftarrow \\eta - \\gamma_t H^{-1} \\nabla Q(\\mathrm{batch})',
    ),
    ...squaredSlopes(d),
  ]
}

/** Of weighted medians, whose part of Q has no second derivatives. */
function squaredSlopes(d: Derivation): readonly Block[] {
  const params = d.mStep.steps.flatMap((s) => (s.kind === 'median' ? s.params : []))
  if (params.length === 0) return []
  const names = params.map((p) => `\`${p}\``).join(', ')
  return [
    say`In ${names} Q is made of straight pieces and ∇²Q is 0. In its place stands minus the sum of the squared slopes of single records, the information of a Laplace density.`,
  ]
}
