/** The page of a block by nodes: the integral, which statement leaves it without a closed form, and the rule that takes it. */
import { add, idx, ref } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import { knownDimension, MOST_DIMENSIONS } from '../estep/nodes.js'
import type { EStepStep, NodeBlock } from '../estep/types.js'
import { normaliserRef } from './block-names.js'
import { factorOfRow } from './factor-of-row.js'
import { tidied } from './for-display.js'
import { absentWords, unitOf } from './gaussian-words.js'
import type { Notation } from './notation.js'
import { eStepOrigin } from './origins.js'
import { type Formula, type FormulaContext, formula, inlineNames, sumEquation } from './print.js'
import { type Block, type DerivationStep, inline, say } from './types.js'

export function nodeStep(
  b: NodeBlock,
  step: EStepStep | undefined,
  demanded: readonly Extract<Expr, { kind: 'expect' }>[],
  c: FormulaContext,
): DerivationStep {
  const names = b.latents.map((l) => l.latent.name).join(', ')
  const size = knownDimension(b, c.notation.derivation.graph.bindTables)
  const content: Block[] = [
    say`${sentence(b.because.reason)}. What it is up to a constant is known, and so are integrals over it to as many digits as are asked for. Its logarithm is`,
    { kind: 'formula', lines: logJoint(b, c) },
    ...(size !== null && size <= MOST_DIMENSIONS ? ruleWords(b, c) : drawnWords(b, size === null, c)),
    ...(demanded.some((e) => reads(e.body, b))
      ? [
          say`An expectation that the M-step reads is a sum over the nodes, whatever the function, params inside it or not:`,
          { kind: 'formula' as const, lines: [EXPECTATION] },
        ]
      : []),
    ...absentWords(b.latents, c),
  ]
  return {
    id: `e-step ${names}`,
    kind: 'e-step',
    title: inline`E-step: the posterior of ${inlineNames([names], c)}`,
    content,
    origin: eStepOrigin(step, b.because.factor.factor.span, b.factors),
  }
}

const sentence = (s: string): string => s.replace(/^[a-z]/, (x) => x.toUpperCase())

const reads = (e: Expr, b: NodeBlock): boolean => {
  const names = new Set(b.latents.map((l) => l.latent.name))
  return some(e, (n) => n.kind === 'ref' && n.space === 'latent' && names.has(n.name))
}

const outerOf = (b: NodeBlock): readonly IndexVar[] => [...b.loops.map((l) => l.index), ...b.scope.map((s) => s.value)]

/** A letter for the log joint density that no name of the model has. */
const letterOf = (n: Notation): string => ['l', 'ell', 'g', 'f'].find((x) => !n.taken.has(x)) ?? 'logjoint'

const jointRef = (b: NodeBlock, n: Notation): Expr => ref('table', letterOf(n), outerOf(b).map(idx))

function logJoint(b: NodeBlock, c: FormulaContext): readonly Formula[] {
  const row = b.loops.map((l) => idx(l.index))
  const right = add(...b.factors.map((f) => factorOfRow(f, row, f.expr)))
  return sumEquation(jointRef(b, c.notation), tidied(right, c.notation.facts), outerOf(b), c)
}

const EXPECTATION: Formula = {
  text: 'E[f(u)] = sum_q r_q f(u_q)',
  latex: '\\mathbb{E}[f(u)] = \\sum_q r_q\\, f(u_q)',
}

/** What one posterior is of. */
const whose = (b: NodeBlock): string => (b.loops.length === 0 ? 'all of them together' : `each ${unitOf(b)}`)

/** Coordinates of one posterior: u, of several latents or elements together. */
function transformed(b: NodeBlock): readonly Block[] {
  const bounded = b.latents.filter((l) => l.latent.support !== 'real')
  if (bounded.length === 0) return []
  return bounded.map((l) =>
    l.latent.support === 'positive'
      ? say`The rule is over all of the real line: \`${l.latent.name}\` enters through its logarithm, whose Jacobian is added to the log joint density.`
      : say`The rule is over all of the real line: \`${l.latent.name}\` enters through its logit, whose Jacobian is added to the log joint density.`,
  )
}

function ruleWords(b: NodeBlock, c: FormulaContext): readonly Block[] {
  const n = c.notation
  const z = formula(normaliserRef(b, n), outerOf(b), c)
  const l = letterOf(n)
  return [
    ...transformed(b),
    {
      kind: 'prose',
      parts: inline`Adaptive Gauss–Hermite quadrature: the mode û of ${whose(b)} is found by damped Newton steps, and nodes are spread around it at the scale L of its curvature: L Lᵀ is the inverse of the negative Hessian of the logarithm there. z_q and w_q are the nodes and weights of the Gauss–Hermite rule, which integrates exp(−z²) times a polynomial exactly; in d dimensions they are products.`,
    },
    {
      kind: 'formula',
      lines: [
        { text: 'u_q = û + √2 L z_q', latex: 'u_q = \\hat u + \\sqrt 2\\, L z_q' },
        {
          text: `log ${z.text} = log det L + (d/2) log 2 + log sum_q w_q exp(|z_q|² + ${l}(u_q))`,
          latex: `\\log ${z.latex} = \\log\\det L + \\tfrac d2 \\log 2 + \\log \\sum_q w_q \\exp(\\lVert z_q\\rVert^2 + ${l}(u_q))`,
        },
        {
          text: `r_q = w_q exp(|z_q|² + ${l}(u_q)) 2^(d/2) det L / ${z.text}`,
          latex: `r_q = w_q \\exp(\\lVert z_q\\rVert^2 + ${l}(u_q))\\, 2^{d/2} \\det L / ${z.latex}`,
        },
      ],
    },
    say`A node acts as a value of a discrete latent does. With the nodes of one iteration held, EM raises the objective; placing them anew changes it by the error of the rule. The objective is compared with that of a finer rule, nodes are added until the difference is small, and the fit states what is left of it.`,
  ]
}

function drawnWords(b: NodeBlock, open: boolean, c: FormulaContext): readonly Block[] {
  const n = c.notation
  const z = formula(normaliserRef(b, n), outerOf(b), c)
  const l = letterOf(n)
  return [
    ...transformed(b),
    {
      kind: 'prose',
      parts: inline`${open ? `It has as many dimensions as the data make it: with up to ${MOST_DIMENSIONS} it is taken by Gauss–Hermite quadrature; with more` : 'It has too many dimensions for a product rule:'} the nodes are drawn (Monte Carlo EM). The mode û of ${whose(b)} is found by damped Newton steps, and S nodes are drawn around it at the scale L of its curvature: L Lᵀ is the inverse of the negative Hessian of the logarithm there. They come from a multivariate t distribution of 4 degrees of freedom, with density τ, whose tails are heavier than those of most posteriors.`,
    },
    {
      kind: 'formula',
      lines: [
        { text: 'u_q = û + L t_q', latex: 'u_q = \\hat u + L t_q' },
        {
          text: `log ${z.text} = log det L + log (1/S) sum_q exp(${l}(u_q)) / τ(t_q)`,
          latex: `\\log ${z.latex} = \\log\\det L + \\log \\tfrac1S \\sum_q \\exp(${l}(u_q)) / \\tau(t_q)`,
        },
        {
          text: `r_q = exp(${l}(u_q)) / τ(t_q) / sum_p exp(${l}(u_p)) / τ(t_p)`,
          latex: `r_q = \\frac{\\exp(${l}(u_q)) / \\tau(t_q)}{\\sum_p \\exp(${l}(u_p)) / \\tau(t_p)}`,
        },
      ],
    },
    say`The t_q are the same from iteration to iteration (common random numbers), so the objective is a smooth function of the params and EM settles. Its standard error over the draws follows from the spread of the weights; draws are added until it is small, and the fit states what is left of it.`,
  ]
}
