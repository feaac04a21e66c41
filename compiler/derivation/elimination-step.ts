/** The page of latents that depend on one another: elimination forwards, posteriors backwards, as they are executed. */
import { add, log, mul, ref, sum } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { some, substituteIndex } from '../algebra/visit.js'
import { elementOf } from '../estep/places.js'
import type { LatentTable } from '../estep/types.js'
import { ruleById } from '../rules/index.js'
import { EliminationQuantities, type LogDensity } from './elimination-quantities.js'
import { dependence, hardObjective, isHard, maximum } from './hard-steps.js'
import { rangesWords } from './model-steps.js'
import { fromFactors } from './origins.js'
import { equation, type Formula, type FormulaContext, formula } from './print.js'
import { productOf, sideBySide } from './products.js'
import { simplify } from './simplify.js'
import { type Block, type Line, say } from './types.js'
import type { Equation } from './update-types.js'

/** `demanded`: what the M-step reads, in which joint posteriors stand. */
export function eliminated(t: LatentTable, demanded: readonly Expr[], c: FormulaContext): readonly Block[] {
  const q = new EliminationQuantities(t, c)
  const hard = isHard(c.notation.derivation)
  const names = t.latents.map((l) => l.name)
  return [
    hard
      ? say`${dependence(names)} Their most probable values together are found by max-product: the latents are maximised over one after the other, with a maximum where EM's elimination has a sum.`
      : say`${dependence(names)} Their values are summed out one after the other (variable elimination).`,
    ...factorWords(q),
    ...messageWords(q, hard),
    ...normaliserWords(q, hard),
    ...(hard ? tracedBack(q) : backwards(q, demanded, q.sendsUp ? ', which the coarser row has,' : '')),
  ]
}

/** What is summed out, or maximised over, at each place before a chain. */
export function eliminatedAtPlaces(q: EliminationQuantities): readonly Block[] {
  const { c, table: t } = q
  if (t.buckets.length === 0) return byElimination(gatheredWords(q), c)
  const hard = isHard(c.notation.derivation)
  return byElimination(
    [
      hard
        ? say`Latents of single places are maximised over there first, and leave their best values to what they depend on.`
        : say`Latents of single places are summed out there first, and leave messages to what they depend on.`,
      ...factorWords(q),
      ...messageWords(q, hard),
      ...(q.normalisers.length === 0
        ? []
        : [
            say`What is left of those that the chain does not read, ${formula(mul(...q.normalisers), q.loops, c)}, is a factor of the likelihood at its place.`,
          ]),
    ],
    c,
  )
}

/** Lines that rest on the elimination, on a page that is another rule's. */
function byElimination(blocks: readonly Block[], c: FormulaContext): readonly Block[] {
  const { id: rule, citation } = ruleById(isHard(c.notation.derivation) ? 'max-product' : 'variable-elimination')
  return blocks.map((b) =>
    b.kind === 'formula' ? { ...b, lines: b.lines.map((l) => ({ ...l, from: { ...l.from, rule, citation } })) } : b,
  )
}

/** What comes back to them once the chain has its posteriors. */
export function backwardsAtPlaces(q: EliminationQuantities, demanded: readonly Expr[]): readonly Block[] {
  const { c } = q
  if (q.table.buckets.length === 0) return []
  return byElimination(
    isHard(c.notation.derivation) ? tracedBack(q) : backwards(q, demanded, ', which the smoother has given,'),
    c,
  )
}

function factorWords(q: EliminationQuantities): readonly Block[] {
  const [first] = q.densities
  const known = q.table.latents.filter((l) => l.evidence).map((l) => l.name)
  const out: Block[] = []
  if (first !== undefined)
    out.push(
      say`Let ${formula(first.left, q.indices, q.c)}${q.densities.length === 1 ? '' : ' and so on'} be what the statements say of the values that they read, with a letter for the value of each latent:`,
      { kind: 'formula', lines: q.densities.map((d) => densityLine(d, q)) },
    )
  out.push(...gatheredWords(q))
  if (known.length > 0)
    out.push(say`Where ${known.join(', ')} is observed, that value alone takes part; the others count 0.`)
  return out
}

/** Messages of other rows. */
function gatheredWords(q: EliminationQuantities): readonly Block[] {
  if (q.gathered.length === 0) return []
  return [
    isHard(q.c.notation.derivation)
      ? say`The maxima of the rows that point here are multiplied:`
      : say`The messages of the rows that point here are multiplied:`,
    { kind: 'formula', lines: q.gathered.map((d) => densityLine(d, q)) },
  ]
}

/** φ = a product, or log φ = a sum where it is none. */
function densityLine(d: LogDensity, q: EliminationQuantities): Line {
  const { c, indices } = q
  const left = formula(d.left, indices, c)
  const from = fromFactors(d.factors)
  const parts = productOf(d.logs)
  if (parts === null) {
    const right = formula(simplify(add(...d.logs), c.notation.facts), indices, c)
    return { text: `log ${left.text} = ${right.text}`, latex: `\\log ${left.latex} = ${right.latex}`, ...from }
  }
  const right = sideBySide(parts, indices, c)
  return { text: `${left.text} = ${right.text}`, latex: `${left.latex} = ${right.latex}`, ...from }
}

const line = (e: Equation, q: EliminationQuantities): Formula => equation(e, { ...q.c, sums: 'plain' })

function messageWords(q: EliminationQuantities, hard: boolean): readonly Block[] {
  const lines = q.messageEquations().map((e) => line(e, q))
  return [
    hard
      ? say`Each step multiplies the factors and maxima that read one latent and takes the largest over its values:`
      : say`Each step multiplies the factors and messages that read one latent and sums over its values${q.joined ? ', which leaves a message over the values of those that it was joined to' : ''}:`,
    { kind: 'formula', lines: hard ? lines.map(maximum) : lines },
  ]
}

function normaliserWords(q: EliminationQuantities, hard: boolean): readonly Block[] {
  const sent = q.sendsUp
    ? [
        hard
          ? say`The maxima that are left over go to the row of the coarser table that this row points to, and are multiplied there with those of its other rows.`
          : say`The message that is left over goes to the row of the coarser table that this row points to, and is multiplied there with those of its other rows.`,
      ]
    : []
  const { c } = q
  if (q.normalisers.length === 0) return sent
  const whole = formula(mul(...q.normalisers), q.loops, c)
  const total = formula(logOfAll(q), [], { ...c, sums: 'plain' })
  if (hard)
    return [
      say`What is left, ${whole}, is the largest joint density${rangesWords(q.loops, c)}; the ${hardObjective(c.notation.derivation)} has ${total}. All of it is computed in logarithms.`,
      ...sent,
    ]
  const logarithms = 'All of it is computed in logarithms, the sums by log-sum-exp, so nothing underflows.'
  return [
    c.notation.derivation.eStep.factorised === null
      ? say`What is left when all are summed out, ${whole}, is the normaliser, the likelihood of what the latents explain${rangesWords(q.loops, c)}; the log-likelihood has ${total}. ${logarithms}`
      : say`What is left when all are summed out, ${whole}, is the normaliser${rangesWords(q.loops, c)}. ${logarithms}`,
    ...sent,
  ]
}

/** Σ over the rows of the logarithm of what is left, each as often as it counts. */
function logOfAll(q: EliminationQuantities): Expr {
  const weight = q.table.loops.flatMap((l) => (l.weight === null ? [] : [l.weight]))
  const whole = mul(...weight, add(...q.normalisers.map((p) => log(p))))
  return q.loops.reduceRight<Expr>((e, v) => sum(v, e), whole)
}

/** The backward pass. `known`: where the posteriors come from that it starts with. */
function backwards(q: EliminationQuantities, demanded: readonly Expr[], known: string): readonly Block[] {
  const joint = q.demandedEquations(demanded).map((e) => line(e, q))
  const isImpossible = q.densities.some((d) => d.logs.some((e) => some(e, isMinusInfinity)))
  const zero = isImpossible ? ' (all 0 where the message is 0)' : ''
  return [
    q.joined
      ? say`Backwards through the same steps come the posteriors. By Bayes' rule product over message is the probability of a latent's value given the values that its message is over. Times the posterior of these${known} it is the joint posterior, and sums of this are those of single latents${zero}:`
      : say`By Bayes' rule this product over what it adds up to is the posterior:`,
    { kind: 'formula', lines: q.posteriorEquations().map((e) => line(e, q)) },
    ...(joint.length === 0
      ? []
      : [
          say`Other joint posteriors that the M-step reads are sums of these:`,
          { kind: 'formula', lines: joint } as const,
        ]),
  ]
}

const isMinusInfinity = (e: Expr): boolean => e.kind === 'float' && e.value === Number.NEGATIVE_INFINITY

/** The values that attained the maxima, from the last bucket to the first. */
function tracedBack(q: EliminationQuantities): readonly Block[] {
  const { c } = q
  const lines = [...q.buckets].reverse().map(({ bucket, product }): Formula => {
    const chosen = new Map(
      bucket.scope.slice(1).flatMap((e) => {
        const v = q.values.get(e)
        const { latent, lag } = elementOf(e)
        return v === undefined ? [] : [[v.id, ref('latent', latent, q.rowOf(latent, lag))] as const]
      }),
    )
    const cell = formula(ref('latent', bucket.eliminate, q.row), q.indices, c)
    const k = formula(q.valueOf(bucket.eliminate), q.indices, c)
    const best = formula(substituteIndex(product, chosen), q.indices, c)
    return {
      text: `${cell.text} = argmax_${k.text} ${best.text}`,
      latex: `${cell.latex} = \\operatorname*{arg\\,max}_{${k.latex}} ${best.latex}`,
    }
  })
  return [
    say`Backwards through the same steps each latent takes the value that attained the maximum, given those that are fixed already; of several equal ones the first:`,
    { kind: 'formula', lines },
  ]
}
