/** The E-step: posteriors by Bayes' rule, messages between latents, and counts shared out in proportion. */
import { add, caseOf, compare, div, exp, idx, isZero, literal, mul, num, ONE, pow, sum } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { some, substituteIndex } from '../algebra/visit.js'
import type { CountGroup, EStepStep, LatentTable, PlacedFactor } from '../estep/types.js'
import { shownNormalisers } from './block-names.js'
import { blockStep } from './block-step.js'
import { chainStep } from './chain-step.js'
import { comparesWithNumber } from './conditions.js'
import { eliminated } from './elimination-step.js'
import { factorStep } from './factorised-steps.js'
import { argmaxLines, isHard, marked } from './hard-steps.js'
import { rangesWords } from './model-steps.js'
import { demandedIn } from './moments.js'
import { eStepOrigin } from './origins.js'
import { type Formula, type FormulaContext, formula, inlineNames } from './print.js'
import { productOf, sideBySide } from './products.js'
import { cancelled } from './ratio.js'
import { weightedSum } from './row-weights.js'
import { isShown } from './shown-factors.js'
import { simplify } from './simplify.js'
import { type Block, type DerivationStep, inline, say } from './types.js'

/** `demanded`: what the M-step reads, in which expectations of continuous latents and joint posteriors stand. */
export function eSteps(c: FormulaContext, demanded: readonly Expr[]): readonly DerivationStep[] {
  const { eStep } = c.notation.derivation
  const described = (names: readonly string[]): EStepStep | undefined =>
    eStep.steps.find((s) => s.latents.join() === names.join())
  const expectations = demandedIn(demanded, c)
  const factorised = (steps: readonly DerivationStep[]): readonly DerivationStep[] =>
    eStep.factorised === null ? steps : steps.map((s) => factorStep(s, c))
  return factorised([
    ...eStep.blocks.map((b) => blockStep(b, described(b.latents.map((l) => l.latent.name)), expectations, c)),
    ...eStep.tables
      .filter((t) => t.latents.length > 0)
      .map((t) => tableStep(t, described(t.latents.map((l) => l.name)), demanded, c)),
    ...eStep.countGroups.map((g) => countStep(g, described(g.latents), c)),
  ])
}

function tableStep(
  t: LatentTable,
  step: EStepStep | undefined,
  demanded: readonly Expr[],
  c: FormulaContext,
): DerivationStep {
  if (t.chain !== null) return chainStep(t, t.chain, step, demanded, c)
  const { eStep } = c.notation.derivation
  const loops = t.loops.map((l) => l.index)
  const potentials = eStep.potentials.filter((p) => p.table === t.id)
  const [only] = t.latents
  const single =
    t.latents.length === 1 &&
    t.parent === null &&
    only !== undefined &&
    !eStep.tables.some((x) => x.parent?.table === t.id)
  const content: Block[] = []
  if (single && only !== undefined)
    content.push(
      ...singleLatent(
        only,
        potentials.flatMap((p) => p.factors),
        loops,
        c,
      ),
    )
  else content.push(...eliminated(t, demanded, c))
  if (single && t.latents.some((l) => l.evidence))
    content.push(say`Where the value is observed, it has probability 1 and the others 0.`)
  const names = t.latents.map((l) => l.name)
  const shown = inlineNames(names, c)
  return {
    id: `e-step ${names.join(', ')}`,
    kind: 'e-step',
    title: isHard(c.notation.derivation)
      ? marked(inline`E-step: the most probable ${shown}`, c.notation.derivation)
      : inline`E-step: the posterior of ${shown}`,
    content,
    origin: eStepOrigin(
      step,
      only?.span ?? null,
      potentials.flatMap((p) => p.factors),
    ),
  }
}

const BAYES: Formula = {
  text: 'p(z | x) = p(x, z) / ∑_z′ p(x, z′)',
  latex: "p(z \\mid x) = p(x, z) \\, / \\, \\textstyle\\sum_{z'} p(x, z')",
}

/** ρ_k = the joint density of the row with the latent at k, r_k = ρ_k / Σ ρ. */
function singleLatent(
  latent: LatentTable['latents'][number],
  factors: readonly PlacedFactor[],
  loops: readonly IndexVar[],
  c: FormulaContext,
): readonly Block[] {
  const value: IndexVar = { ...c.notation.derivation.supply.fresh('k', latent.high, latent.low) }
  const logs = factors.filter(isShown).map((f) => logWeight(f, loops, value, c))
  const joint = simplify(add(...logs), c.notation.facts)
  const indices = [...loops, value]
  const cell: Expr = { kind: 'ref', space: 'latent', name: latent.name, index: loops.map((l) => idx(l)) }
  const other: IndexVar = c.notation.derivation.supply.fresh('l', latent.high, latent.low)
  const r: Expr = {
    kind: 'probability',
    of: [{ latent: latent.name, index: loops.map((l) => idx(l)), value: idx(value) }],
  }
  const weightName = ['rho', 'omega', 'chi'].find((n) => !c.notation.taken.has(n)) ?? 'rho'
  const rho = (v: IndexVar): Expr => ({
    kind: 'ref',
    space: 'table',
    name: weightName,
    index: [...loops.map((l) => idx(l)), idx(v)],
  })
  const shownR = formula(r, indices, c)
  const { factorised } = c.notation.derivation.eStep
  const meaning: Formula = {
    text: `${factorised === null ? 'P' : 'q'}(${formula(cell, loops, c).text} = ${formula(idx(value), indices, c).text}${factorised === null ? ' | data' : ''})`,
    latex: `${factorised === null ? 'P' : 'q'}(${formula(cell, loops, c).latex} = ${formula(idx(value), indices, c).latex}${factorised === null ? ' \\mid \\text{data}' : ''})`,
  }
  const bayes = formula(div(rho(value), sum(other, rho(other))), indices, c)
  const weight = formula(rho(value), indices, c)
  const lines = weightsByValue(latent, joint, value, loops).flatMap((v): readonly Formula[] => {
    const at = (e: Expr): Expr =>
      v === null ? e : simplify(substituteIndex(e, new Map([[value.id, num(v)]])), c.notation.facts)
    const shownWeight = formula(at(rho(value)), indices, c)
    const parts = productOf(v === null ? logs : logs.map(at).filter((e) => !isZero(e)))
    if (parts === null) {
      const shown = formula(at(joint), indices, c)
      return [{ text: `log ${shownWeight.text} = ${shown.text}`, latex: `\\log ${shownWeight.latex} = ${shown.latex}` }]
    }
    const shown = sideBySide(parts, indices, c)
    return [{ text: `${shownWeight.text} = ${shown.text}`, latex: `${shownWeight.latex} = ${shown.latex}` }]
  })
  if (isHard(c.notation.derivation)) {
    lines.push(...argmaxLines(cell, value, weight, shownR, indices, c))
    return [
      say`With ${weight} for the joint density of a row at one value of the latent, all factors that read it multiplied, the latent takes the value of the largest; of several equal ones the first.`,
      { kind: 'formula', lines },
    ]
  }
  lines.push({ text: `${shownR.text} = ${bayes.text}`, latex: `${shownR.latex} = ${bayes.latex}` })
  const total = formula(sum(other, rho(other)), loops, c)
  const share =
    shownR.text === meaning.text
      ? inline`with one such share${rangesWords(loops, c)}`
      : inline`where ${{ text: `${shownR.text} = ${meaning.text}`, latex: `${shownR.latex} = ${meaning.latex}` }}${rangesWords(loops, c)}`
  if (factorised !== null)
    return [
      say`With ${weight} for exp E[log p], up to a factor that is the same for all values,`,
      { kind: 'formula', lines },
      say`${share}.`,
    ]
  return [
    say`By Bayes' rule the posterior of the latents is the joint density over what it adds up to, ${BAYES}. Factors that do not read ${formula(cell, loops, c)} stand above and below and cancel: the posterior of a value is its share of the joint density of its row. With ${weight} for the joint density of a row at one value of the latent, all factors that read it multiplied,`,
    { kind: 'formula', lines },
    say`${share}. The normaliser ${total} is the row's likelihood; its logarithm is computed by log-sum-exp, so nothing underflows.`,
  ]
}

/** Values whose weights have formulas of their own; null stands for all of them. */
function weightsByValue(
  latent: LatentTable['latents'][number],
  joint: Expr,
  value: IndexVar,
  loops: readonly IndexVar[],
): readonly (number | null)[] {
  const [low, high] = [literal(latent.low), literal(latent.high)]
  const apart =
    some(joint, (n) => n.kind === 'case' && comparesWithNumber(n.when, value)) || (low === 0 && loops.length >= 0)
  return apart && low !== null && high !== null && high - low < 8
    ? Array.from({ length: high - low + 1 }, (_, i) => low + i)
    : [null]
}

/** A factor's log density at a value of the latent, for one row of the latent's table. */
function logWeight(f: PlacedFactor, loops: readonly IndexVar[], value: IndexVar, c: FormulaContext): Expr {
  const own = f.lifted.variables[0]
  const by = new Map<string, Expr>(own === undefined ? [] : [[own.value.id, idx(value)]])
  let e = substituteIndex(f.lifted.expr, by)
  // reached through a key: the rows that point here
  if (!f.direct)
    f.row.forEach((key, i) => {
      const l = loops[i]
      if (l !== undefined) e = mul(caseOf(compare('==', key, idx(l)), ONE), e)
    })
  return simplify(weightedSum(f.extraLoops, shownNormalisers(e, c.notation)), c.notation.facts)
}

function countStep(g: CountGroup, step: EStepStep | undefined, c: FormulaContext): DerivationStep {
  const loops = g.loops.map((l) => l.index)
  const weights = g.logWeights.map(exponential)
  const total = simplify(add(...weights), c.notation.facts)
  const lines = g.latents.map((latent, i): Formula => {
    const mean = formula({ kind: 'mean', latent, index: g.constraint.terms[i]?.index ?? [] }, loops, c)
    const { top, bottom } = cancelled(weights[i] ?? ONE, total, false)
    const share: Expr = mul(top, pow(bottom, -1))
    const parts = [formula(g.total, loops, c), formula(share, loops, c)]
    const [n, s] = parts
    const bracket = g.total.kind === 'add'
    return {
      text: `${mean.text} = ${bracket ? `(${n?.text})` : n?.text} · ${s?.text}`,
      latex: `${mean.latex} = ${bracket ? `(${n?.latex})` : n?.latex} \\cdot ${s?.latex}`,
    }
  })
  const names = g.latents.join(', ')
  if (isHard(c.notation.derivation)) return hardSplit(g, step, weights, c)
  return {
    id: `e-step ${names}`,
    kind: 'e-step',
    title: inline`E-step: the expected counts ${inlineNames(g.latents, c)}`,
    origin: eStepOrigin(step, g.constraint.span, []),
    content: [
      say`Each of these counts enters the log density as (count) × (log of its cell) − log (count)!. By Bayes' rule their probability given their sum is ${splitWeight(g, weights, loops, c)} divided by the normaliser, the total of this over all counts with that sum: by the ${g.latents.length === 2 ? 'binomial' : 'multinomial'} theorem it is ${splitNormaliser(g, total, loops, c)}. Given their sum ${formula(g.total, loops, c)} they are therefore ${g.latents.length === 2 ? 'Binomial' : 'Multinomial'}, with the cells' probabilities rescaled to add up to 1, and their expectations are`,
      { kind: 'formula', lines },
    ],
  }
}

/** Hard mode: the most probable counts with a sum. */
function hardSplit(
  g: CountGroup,
  step: EStepStep | undefined,
  weights: readonly Expr[],
  c: FormulaContext,
): DerivationStep {
  const loops = g.loops.map((l) => l.index)
  const sum = formula(g.total, loops, c)
  const weight = splitWeight(g, weights, loops, c)
  const cells = g.latents.map((name, i) =>
    formula({ kind: 'ref', space: 'latent', name, index: g.constraint.terms[i]?.index ?? [] }, loops, c),
  )
  const [text, latex] = (['text', 'latex'] as const).map((style) => cells.map((f) => f[style]))
  const line: Formula = {
    text: `(${text?.join(', ')}) = argmax_{${text?.join(' + ')} = ${sum.text}} ${weight.text}`,
    latex: `(${latex?.join(', ')}) = \\operatorname*{arg\\,max}_{${latex?.join(' + ')} = ${sum.latex}} ${weight.latex}`,
  }
  return {
    id: `e-step ${g.latents.join(', ')}`,
    kind: 'e-step',
    title: marked(inline`E-step: the most probable ${inlineNames(g.latents, c)}`, c.notation.derivation),
    origin: eStepOrigin(step, g.constraint.span, []),
    content: [
      say`Each of these counts enters the log density as (count) × (log of its cell) − log (count)!. Given their sum the most probable counts are`,
      { kind: 'formula', lines: [line] },
      say`None of them is below the whole part of its share of the sum, so that fewer units than there are counts are left to be given. One more unit multiplies the probability by a cell divided by the next value of its count, which falls as the count grows: they go one by one to where this is largest, among equal ones to the first.`,
    ],
  }
}

/** p^a q^b / (a! b!): what the counts a, b contribute to the joint probability. */
function splitWeight(g: CountGroup, weights: readonly Expr[], loops: readonly IndexVar[], c: FormulaContext): Formula {
  const cells = g.latents.map((name, i) =>
    formula({ kind: 'ref', space: 'latent', name, index: g.constraint.terms[i]?.index ?? [] }, loops, c),
  )
  const powers = weights.map((w, i) => raised(w, cells[i] ?? { text: '', latex: '' }, loops, c))
  const factorials = cells.map((f) => ({ text: `${f.text}!`, latex: `${f.latex}!` }))
  const joined = (parts: readonly Formula[]): Formula => ({
    text: parts.map((f) => f.text).join(' '),
    latex: parts.map((f) => f.latex).join(' \\, '),
  })
  const [above, below] = [joined(powers), joined(factorials)]
  return { text: `${above.text} / (${below.text})`, latex: `${above.latex} \\, / \\, (${below.latex})` }
}

/** (p + q)^n / n! for the sum n of the counts. */
function splitNormaliser(g: CountGroup, total: Expr, loops: readonly IndexVar[], c: FormulaContext): Formula {
  const n = formula(g.total, loops, c)
  const of: Formula = g.total.kind === 'add' ? { text: `(${n.text})`, latex: `(${n.latex})` } : n
  const power = raised(total, { text: of.text, latex: n.latex }, loops, c)
  return { text: `${power.text} / ${of.text}!`, latex: `${power.latex} \\, / \\, ${of.latex}!` }
}

function raised(base: Expr, exponent: Formula, loops: readonly IndexVar[], c: FormulaContext): Formula {
  const b = formula(base, loops, c)
  const [text, latex] = base.kind === 'ref' ? [b.text, b.latex] : [`(${b.text})`, `\\left(${b.latex}\\right)`]
  return { text: `${text}^${exponent.text}`, latex: `${latex}^{${exponent.latex}}` }
}

/** exp of a log weight, with the logarithms resolved: exp(log 2 + log p) = 2 p. */
export function exponential(e: Expr): Expr {
  if (e.kind === 'add') return mul(...e.terms.map(exponential))
  if (e.kind === 'mul') {
    const [c, ...rest] = e.factors
    const inner = mul(...rest)
    if (c?.kind === 'num' && inner.kind === 'call' && inner.fn === 'log' && inner.args[0] !== undefined)
      return pow(inner.args[0], c.value)
  }
  return literal(e) === 0 ? ONE : exp(e)
}
