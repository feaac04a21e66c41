/** The steps of a derivation that are others where q is a product of factors. */
import { ref } from '../algebra/build.js'
import type { PosteriorFactor } from '../estep/types.js'
import { isHard } from './hard-steps.js'
import { argument, fromAll, statementAt } from './origins.js'
import { allParams, type Formula, type FormulaContext, formula, inlineNames } from './print.js'
import { type Block, type DerivationStep, type Inline, inline, say } from './types.js'

/** Names of latents in both scripts. */
const lettered = (names: readonly string[], c: FormulaContext): Formula => {
  const all = names.map((n) => formula(ref('param', n), [], c))
  return { text: all.map((f) => f.text).join(', '), latex: all.map((f) => f.latex).join(', ') }
}

const q = (f: PosteriorFactor, c: FormulaContext): Formula => factorName(f.latents, c)

const factorName = (of: readonly string[], c: FormulaContext): Formula => {
  const names = lettered(of, c)
  return { text: `q(${names.text})`, latex: `q(${names.latex})` }
}

/** Why q is restricted, to what, and what the best factor is given the others; nothing where q is the posterior. */
export function factorisationSteps(c: FormulaContext): readonly DerivationStep[] {
  const { factorised } = c.notation.derivation.eStep
  if (factorised === null) return []
  const { factors, refused } = factorised
  const all = factors.map((f) => q(f, c))
  const latents = lettered(
    factors.flatMap((f) => f.latents),
    c,
  )
  const product: Formula = {
    text: `q(${latents.text}) = ${all.map((f) => f.text).join(' ')}`,
    latex: `q(${latents.latex}) = ${all.map((f) => f.latex).join(' \\, ')}`,
  }
  const best: Formula = {
    text: 'log q_B = E[log p(x, z) | latents of B] + const, the expectation over the other factors',
    latex: '\\log q_B = \\mathrm{E}_{q_{-B}}[\\log p(x, z)] + \\text{const}',
  }
  const bound: Formula = {
    text: 'ELBO = E_q[log p(x, z)] + Σ_B H(q_B) ≤ log p(x)',
    latex: '\\mathrm{ELBO} = \\mathrm{E}_q[\\log p(x, z)] + \\sum_B H(q_B) \\leq \\log p(x)',
  }
  const [first] = refused
  const content: Block[] = [
    say`The posterior of all latents together has no closed form: ${lowerFirst(first?.message ?? '')}. So q is not taken among all distributions but among the products`,
    { kind: 'formula', lines: [product] },
    say`in which each factor is exact given the others. These statements join the factors:`,
    { kind: 'list', items: couplings(factors, c) },
    say`With the other factors held fixed, the factor that raises the bound most is`,
    { kind: 'formula', lines: [{ ...best, ...fromAll(c, 'without priors') }] },
    say`The E-step updates one factor after the other (coordinate ascent), and no update lowers the bound`,
    { kind: 'formula', lines: [{ ...bound, ...fromAll(c, 'without priors') }] },
    say`Its gap to the log-likelihood is the divergence of q from the posterior, which does not vanish: the objective is a bound, spreads of the latents come out too small where they are correlated with those of other factors, and two starts may end at different q.`,
    ...(isHard(c.notation.derivation)
      ? [
          say`In hard mode a factor of discrete latents has all of its mass at their most probable values together, given the other factors, and its entropy is 0: iterated conditional modes (Besag 1986). Factors of continuous latents stay what they are.`,
        ]
      : []),
  ]
  return [
    {
      id: 'factorisation',
      kind: 'bound',
      title: ['A factorised posterior'],
      origin: argument('meanField'),
      content,
    },
  ]
}

const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text

/** Each statement that joins factors, once. */
function couplings(factors: readonly PosteriorFactor[], c: FormulaContext): readonly Inline[] {
  const seen = new Map<string, Inline>()
  for (const f of factors)
    for (const { span, with: others } of f.couplings) {
      const key = `${span.start}-${span.end}`
      if (seen.has(key)) continue
      const names = lettered([...new Set([...f.latents.filter((l) => reads(factors, l, key)), ...others])], c)
      seen.set(key, inline`\`${statementAt(span, c)}\` reads ${names}`)
    }
  return [...seen.values()]
}

/** true where some other factor says that this statement joins it with the latent. */
const reads = (factors: readonly PosteriorFactor[], latent: string, key: string): boolean =>
  factors.some((f) => f.couplings.some((x) => `${x.span.start}-${x.span.end}` === key && x.with.includes(latent)))

/** The E-step of one posterior as that of a factor. */
export function factorStep(s: DerivationStep, c: FormulaContext): DerivationStep {
  const { factorised } = c.notation.derivation.eStep
  const names = s.id.replace('e-step ', '').split(', ')
  const name = inlineNames(names, c)
  const holder = factorised?.factors.find((f) => f.latents.some((l) => names.includes(l)))
  const together = holder !== undefined && holder.latents.length > names.length
  return {
    ...s,
    title: together
      ? inline`E-step: the factor of ${name} in ${q(holder, c)}`
      : inline`E-step: the factor ${factorName(names, c)}`,
    content: [
      say`Of log p(x, z) in expectation over the other factors only the terms that read ${name} count; their expectations E[·] and probabilities are those of the factors as they stand.`,
      ...s.content,
    ],
  }
}

/** The bound never falls. */
export function factorisedRise(c: FormulaContext): readonly Block[] {
  const all = allParams(c.notation)
  const at = (t: string, style: 'text' | 'latex'): string =>
    style === 'text' ? `${all.text}_${t}` : `${all.latex}_${t}`
  if (c.notation.derivation.params.length === 0)
    return [say`The bound never falls: each update of a factor is its maximum given the others.`]
  const line: Formula = {
    text: `ELBO(q_t, ${at('t', 'text')}) ≤ ELBO(q_t, ${at('{t+1}', 'text')}) ≤ ELBO(q_{t+1}, ${at('{t+1}', 'text')}) ≤ log L(${at('{t+1}', 'text')})`,
    latex: `\\mathrm{ELBO}(q_t, ${at('t', 'latex')}) \\leq \\mathrm{ELBO}(q_t, ${at('{t+1}', 'latex')}) \\leq \\mathrm{ELBO}(q_{t+1}, ${at('{t+1}', 'latex')}) \\leq \\log L(${at('{t+1}', 'latex')})`,
  }
  return [
    say`The bound never falls: the M-step raises it with q held fixed, and each update of a factor is its maximum given the others and the parameters. The log-likelihood itself lies above it, by how much is not known:`,
    { kind: 'formula', lines: [{ ...line, ...fromAll(c, 'with priors') }] },
  ]
}
