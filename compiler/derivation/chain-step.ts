/** The page of a chain: the scaled filter, the smoother, the joint posteriors of neighbours, as they are executed. */
import { idx, sum } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { elementOf } from '../estep/places.js'
import { weightOf } from '../estep/plan.js'
import type { EStepStep, LatentTable, TableChain } from '../estep/types.js'
import { ChainQuantities } from './chain-quantities.js'
import { EliminationQuantities } from './elimination-quantities.js'
import { backwardsAtPlaces, eliminatedAtPlaces } from './elimination-step.js'
import { isHard, marked, maximum } from './hard-steps.js'
import { eStepOrigin } from './origins.js'
import { type FormulaContext, formula, inlineNames } from './print.js'
import { type Block, type DerivationStep, type Inline, inline, say } from './types.js'

export function chainStep(
  t: LatentTable,
  chain: TableChain,
  step: EStepStep | undefined,
  demanded: readonly Expr[],
  c: FormulaContext,
): DerivationStep {
  const d = c.notation.derivation
  const names = t.latents.map((l) => l.name)
  const shown = inlineNames(names, c)
  const before = new EliminationQuantities(t, c)
  return {
    id: `e-step ${names.join(', ')}`,
    kind: 'e-step',
    title: isHard(d)
      ? marked(inline`E-step: the most probable ${shown}`, d)
      : inline`E-step: the posterior of ${shown}`,
    content: [
      ...eliminatedAtPlaces(before),
      ...chain.blocks.flatMap((b) => {
        const q = new ChainQuantities(t, chain, b, c, before.left)
        return [...densities(q), ...(isHard(d) ? bestPath(q) : smoothed(q, demanded))]
      }),
      ...backwardsAtPlaces(before, demanded),
    ],
    origin: eStepOrigin(
      step,
      t.latents[0]?.span ?? null,
      d.eStep.potentials.filter((p) => p.table === t.id).flatMap((p) => p.factors),
    ),
  }
}

const placeWords = (e: string): string => {
  const { latent, lag } = elementOf(e)
  return lag === 0 ? latent : `${latent} ${lag === 1 ? 'one step' : `${lag} steps`} back`
}

/** What a state has at its place, and what leads into it. */
function densities(q: ChainQuantities): readonly Block[] {
  const { block, c } = q
  const names = block.states.map((s) => s.latent).join(' and ')
  const several = block.states.length > 1
  const states = block.states.map((s) => (s.order === 1 ? s.latent : `${s.latent} at the last ${s.order} places`))
  const how = isHard(c.notation.derivation)
    ? 'whose best path is found by max-product (Viterbi)'
    : 'summed out by the scaled forward–backward recursion'
  const parents: Inline =
    block.parents.length === 0 ? [] : [`, once for each value of ${block.parents.map(placeWords).join(', ')}`]
  return [
    {
      kind: 'prose',
      parts: [
        `${names} at one place ${several ? 'depend' : 'depends'} on the ${block.window.length > block.states.length ? 'places' : 'place'} before: along `,
        formula(idx(q.axis), q.loops, c),
        several ? ` they are a chain together, ${how}` : ` it is a chain, ${how}`,
        ...parents,
        q.chain.sequences.length === 0 ? '.' : ', for each sequence.',
        ...(block.window.length > 1 ? [` A state is the values of ${states.join(' and ')}.`] : []),
        ' Let ',
        q.named('evidence', q.window),
        ' be what the statements say of a state at its place, and ',
        q.named('step', [...q.leavingOnly, ...q.window]),
        ` the step into it${messageWords(q)}:`,
      ],
    },
    { kind: 'formula', lines: q.densityLines() },
  ]
}

/** What was summed out before stands among the factors. */
function messageWords(q: ChainQuantities): string {
  if ([...q.messages(false), ...q.messages(true)].length === 0) return ''
  return isHard(q.c.notation.derivation)
    ? ', the maxima that were left for it among the factors'
    : ', the messages that were left for it among the factors'
}

function smoothed(q: ChainQuantities, demanded: readonly Expr[]): readonly Block[] {
  const { block, c } = q
  const place = formula(idx(q.axis), q.loops, c)
  const first = formula(q.axis.from, q.loops, c)
  const last = formula(q.axis.to, q.loops, c)
  const parents = block.parents.map(placeWords).join(', ')
  const marginals = q.marginalEquations(demanded)
  const early =
    block.window.length > block.states.length
      ? 'A state that reaches back before the first place has one value there. '
      : ''
  return [
    say`The filter goes forward from ${place} = ${first}: what is predicted from the place before, times the evidence, scaled to add up to 1,`,
    { kind: 'formula', lines: q.forwardEquations().map((e) => q.line(e)) },
    ...firstPlace(q, 'the prediction is'),
    say`${early}The smoother goes back from ${place} = ${last}, where the filter is the posterior already${parents === '' ? '' : `, given ${parents}`}:`,
    { kind: 'formula', lines: q.backwardEquations().map((e) => q.line(e)) },
    ...(marginals.length === 0
      ? []
      : [
          say`Posteriors of fewer latents are sums of these:`,
          { kind: 'formula', lines: marginals.map((e) => q.line(e)) } as const,
        ]),
    ...likelihoodWords(q),
    say`Scaling keeps every number near 1: nothing underflows, however long the chain. Time is proportional to the number of places times ${q.count([...block.window, ...block.leaving])}, and three arrays of places × ${q.count([...block.window])} are held; the joint posteriors are added up as they arise.`,
  ]
}

/** Where nothing lies before. */
function firstPlace(q: ChainQuantities, what: string): readonly Block[] {
  const first = q.firstEquation()
  if (first === null) return [say`At the first place there is nothing before, and ${what} 1.`]
  return [
    say`At the first place there is nothing before, and ${what} the message alone, whatever value is put for what is not there:`,
    { kind: 'formula', lines: [q.line(first)] },
  ]
}

function likelihoodWords(q: ChainQuantities): readonly Block[] {
  const { c, block } = q
  const whole = formula(
    sum(q.axis, { kind: 'call', fn: 'log', args: [q.scale()] }),
    q.all.filter((v) => v !== q.axis),
    c,
  )
  if (block.parents.length > 0)
    return [
      say`The scales give what is left over, ${whole}: the log of the sequence's density for each value of ${block.parents.map(placeWords).join(', ')}, a message to it.`,
    ]
  return [
    q.chain.sequences.length === 0
      ? say`The log-likelihood of the chain is ${whole}.`
      : say`The log-likelihood of a sequence is ${whole}, and sequences add up${weightOf(q.chain.sequences) === null ? '' : ', each times its weight'}.`,
  ]
}

/** Viterbi's recursion: the filter's, with maxima for sums. */
function bestPath(q: ChainQuantities): readonly Block[] {
  const { c, block } = q
  const place = formula(idx(q.axis), q.loops, c)
  const first = formula(q.axis.from, q.loops, c)
  const last = formula(q.axis.to, q.loops, c)
  const whole = formula(
    sum(q.axis, { kind: 'call', fn: 'log', args: [q.scale()] }),
    q.all.filter((v) => v !== q.axis),
    c,
  )
  return [
    say`The density of the best path into each state goes forward from ${place} = ${first}: what is best of those from the place before, times the evidence, divided by its maximum,`,
    { kind: 'formula', lines: q.forwardEquations().map((e) => maximum(q.line(e))) },
    ...firstPlace(q, 'what comes from there is'),
    say`The log density of the best path is ${whole}${block.parents.length > 0 ? `, one for each value of ${block.parents.map(placeWords).join(', ')}, a message to it` : ''}. At ${place} = ${last} the best state is taken, and the path is followed back; of several equal states the first:`,
    { kind: 'formula', lines: q.traceBackLines() },
    say`All of it is in logarithms. Time is proportional to the number of places times ${q.count([...block.window, ...block.leaving])}.`,
  ]
}
