/** Words for censored and truncated values: which tails their densities are made of, and why no family has them. */
import type { Expr, ScalarFunction } from '../algebra/types.js'
import { collectNodes, some } from '../algebra/visit.js'
import type { LiftedFactor } from '../graph/lift.js'
import { TAIL_FUNCTIONS } from '../mstep/numeric-roles.js'
import type { MStep } from '../mstep/types.js'
import type { Formula, FormulaContext } from './print.js'
import { type Block, inline, say } from './types.js'

interface TailFunction {
  readonly symbol: Formula
  readonly meaning: string
}

const PHI: TailFunction = {
  symbol: { text: 'Φ', latex: '\\Phi' },
  meaning: 'the distribution function of the standard Normal',
}
const MEANINGS: ReadonlyMap<ScalarFunction, TailFunction> = new Map([
  ['logPhi', PHI],
  ['Phi', PHI],
  ['logPhiBetween', PHI],
  [
    'logGammaP',
    { symbol: { text: 'P(a, x)', latex: 'P(a, x)' }, meaning: 'the regularised lower incomplete gamma function' },
  ],
  [
    'logGammaQ',
    { symbol: { text: 'Q(a, x)', latex: 'Q(a, x)' }, meaning: 'the regularised upper incomplete gamma function' },
  ],
  [
    'logStudentCdf',
    { symbol: { text: 'T(df, x)', latex: 'T(\\mathrm{df}, x)' }, meaning: "the distribution function of Student's t" },
  ],
  [
    'logBetaI',
    { symbol: { text: 'I(x, a, b)', latex: 'I(x, a, b)' }, meaning: 'the regularised incomplete beta function' },
  ],
])

const tailsIn = (e: Expr): readonly TailFunction[] => [
  ...new Set(
    collectNodes(e, (n) => n.kind === 'call' && MEANINGS.has(n.fn)).flatMap((n) =>
      n.kind === 'call' ? (MEANINGS.get(n.fn) ?? []) : [],
    ),
  ),
]

/** What the density of a censored or truncated value is, after its formula. */
export function tailWords(f: LiftedFactor, explained: Set<string>): readonly Block[] {
  const { tails, distribution } = f.factor
  if (tails === undefined) return []
  const functions = tailsIn(f.factor.value).filter((t) => !explained.has(t.symbol.text))
  for (const t of functions) explained.add(t.symbol.text)
  const kind = `${tails} ${distribution}`
  const known = explained.has(kind)
  explained.add(kind)
  if (known && functions.length === 0) return []
  return [
    tails === 'censored'
      ? say`What is known is that the value lies within bounds, not where: this is the log of the probability that ${article(distribution)} gives to them.`
      : say`Values outside the bounds are never seen: from the log density of ${article(distribution)} the log of the probability of the bounds is subtracted.`,
    ...(functions.length === 0
      ? []
      : [
          {
            kind: 'prose' as const,
            parts: functions.flatMap((t, i) => [
              ...(i === 0 ? inline`Here ${t.symbol} is ${t.meaning}` : inline`, and ${t.symbol} ${t.meaning}`),
              ...(i === functions.length - 1
                ? ['; its logarithm is computed as such, so that a far tail does not become 0.']
                : []),
            ]),
          },
        ]),
  ]
}

const article = (distribution: string): string => `${/^[AEIOU]/.test(distribution) ? 'an' : 'a'} ${distribution}`

/** Why an M-step is numerical where tails read its params. */
export function tailReason(step: MStep, c: FormulaContext): readonly Block[] {
  if (step.kind !== 'newton') return []
  const names = new Set(step.params)
  const readsParams = (e: Expr): boolean => some(e, (n) => n.kind === 'ref' && n.space === 'param' && names.has(n.name))
  const own = c.notation.derivation.lifted.filter(
    (f) =>
      f.factor.tails !== undefined &&
      some(f.expr, (n) => n.kind === 'call' && TAIL_FUNCTIONS.has(n.fn) && n.args.some(readsParams)),
  )
  if (own.length === 0) return []
  const kinds = [...new Set(own.map((f) => f.factor.tails))].join(' and ')
  return [
    step.rowTerms.length > 0
      ? say`The log probability of a ${kinds} value is no sum of (function of the data) × (function of the parameters). No finite set of sums stands for the rows: they are passed over again for each step, with the derivative of the tail, a density over a probability.`
      : say`The log probability of the bounds is a function of the parameters that no family has among its statistics. The sums of the data are taken once; a step works on them and on this function.`,
  ]
}
