/** The page of a numerical M-step: its part of Q, the derivatives that it follows, its coordinates, and the rules that were tried. */
import { positionAt, type Span } from '../../lang/source.js'
import { add, ref } from '../algebra/build.js'
import { some } from '../algebra/visit.js'
import { qTerm } from '../mstep/plan.js'
import { readsOneOf } from '../mstep/slopes.js'
import type { MStep, NewtonStep } from '../mstep/types.js'
import { regressionRule } from '../rules/mstep/regression.js'
import { chartWords } from '../targets/solve/charts.js'
import { type Formula, type FormulaContext, formula, inlineNames } from './print.js'
import { dropConstants } from './q-step.js'
import { type Score, scoresOf } from './scores.js'
import { simplify } from './simplify.js'
import { tailReason } from './tail-words.js'
import { type Block, type Inline, inline, say } from './types.js'
import type { UpdateContext } from './update-types.js'

/** Longer formulas than this many characters are left to the words before them. */
const READABLE = 300

/** What is maximised, how, and the derivatives. */
export function numericalBlocks(
  step: NewtonStep,
  context: UpdateContext,
  c: FormulaContext,
  latent: boolean,
): readonly Block[] {
  const q: Formula = latent ? { text: 'Q', latex: 'Q' } : { text: 'ℓ', latex: '\\ell' }
  const content: Block[] = []
  const who = inlineNames(step.params, c)
  const objective = objectiveOf(step, c)
  const shown = isReadable(objective)
  const own = step.params.length === 1 ? 'Its' : 'Their'
  content.push(
    {
      kind: 'prose',
      parts: [
        'No closed form applies to ',
        ...who,
        `. ${own} part of `,
        q,
        shown ? ' is' : ', the terms above that read ',
        ...(shown ? [] : [...who, ',']),
        ...(shown ? [] : [' is maximised numerically, by damped Newton steps.']),
      ],
    },
    ...(shown
      ? [{ kind: 'formula' as const, lines: [objective] }, say`It is maximised numerically, by damped Newton steps.`]
      : []),
    ...coordinates(step, c),
  )
  const regression = regressionRule(step.rule)
  if (regression !== undefined)
    content.push({
      kind: 'prose',
      parts: [
        `It is a weighted ${regression.name}: concave in what is linear in `,
        ...inlineNames(step.params, c),
        ', so that Newton’s method with the whole Hessian, which is Fisher scoring or differs from it by the residuals alone, climbs to its one maximum.',
      ],
    })
  if (latent && step.rowTerms.length > 0)
    content.push(
      say`Its terms do not separate into sums, so a step passes over the rows. One step is taken an iteration: it raises Q, and EM then converges to the same maximum at the same rate (Lange 1995, A gradient algorithm locally equivalent to the EM algorithm).`,
    )
  content.push(...tailReason(step, c), ...derivatives(scoresOf(step, context), q, c))
  return content
}

const isReadable = (f: Formula): boolean => [...f.text].length <= READABLE

/** The terms of Q that read the block. */
function objectiveOf(step: NewtonStep, c: FormulaContext): Formula {
  const { derivation, facts } = c.notation
  const isRead = readsOneOf(new Set(step.params))
  const own = derivation.lifted.filter(
    (f) => f.factor.role !== 'evidence' && some(f.expr, (n) => n.kind === 'ref' && isRead(n)),
  )
  const terms = own.map((f) => simplify(dropConstants(simplify(qTerm(f), facts), isRead), facts))
  return formula(add(...terms), [], c)
}

/** The coordinates of the params that are not free. */
function coordinates(step: NewtonStep, c: FormulaContext): readonly Block[] {
  const charted = c.notation.derivation.params.flatMap((p) => {
    const words = step.params.includes(p.name) ? chartWords(p.support) : null
    return words === null ? [] : [{ name: formula(ref('param', p.name), [], c), words }]
  })
  if (charted.length === 0) return []
  const parts = charted.flatMap(({ name, words }, i) => [
    i === 0 ? 'The coordinates of a step are free of constraints: for ' : '; for ',
    name,
    ` ${words}`,
  ])
  return [{ kind: 'prose', parts: [...parts, '.'] }]
}

/** ∂Q/∂θ for each param, those that are too long to read in words. */
function derivatives(scores: readonly Score[], q: Formula, c: FormulaContext): readonly Block[] {
  const made = scores.map((s) => {
    const by = formula(ref('param', s.param, s.at), s.indices, c)
    const value = formula(s.value, s.indices, { ...c, named: [...c.named] })
    return { by, value, score: s }
  })
  const short = made.filter((m) => isReadable(m.value))
  const long = made.filter((m) => !isReadable(m.value))
  const lines = short.map(({ by, score }): Formula => {
    const value = formula(score.value, score.indices, c)
    return {
      text: `∂${q.text}/∂${by.text} = ${value.text}`,
      latex: `\\frac{\\partial ${q.latex}}{\\partial ${by.latex}} = ${value.latex}`,
    }
  })
  return [
    ...(lines.length === 0
      ? []
      : [
          say`The steps follow the ${scores.length === 1 ? 'derivative' : 'derivatives'}`,
          { kind: 'formula' as const, lines },
        ]),
    ...(long.length === 0
      ? []
      : [
          {
            kind: 'prose' as const,
            parts: [
              'The derivative of this part of ',
              q,
              ' by ',
              ...long.flatMap(({ by }, i): Inline => (i === 0 ? [by] : [', ', by])),
              ' is computed from its terms one by one, by the chain rule; written out it is too long to read.',
            ],
          },
        ]),
  ]
}

export const declinedBlocks = (step: NewtonStep, c: FormulaContext): readonly Block[] =>
  step.declined.length === 0
    ? []
    : [say`Rules that were tried, and why they do not apply:`, { kind: 'list', items: declinedRules(step, c) }]

/** Rules that do not apply, those of one reason together. */
function declinedRules(step: MStep, c: FormulaContext): readonly Inline[] {
  const groups = new Map<string, string[]>()
  for (const x of step.declined) {
    const why = `${x.reason} (${statementAt(x.span, c)})`
    groups.set(why, [...(groups.get(why) ?? []), x.rule])
  }
  return [...groups].map(([why, rules]) => inline`${ruleNames(rules)}: ${why}`)
}

/** family-mode/beta and family-mode/normal as "family-mode (beta, normal)". */
function ruleNames(rules: readonly string[]): string {
  const kinds = new Map<string, string[]>()
  for (const r of rules) {
    const [kind = r, ...rest] = r.split('/')
    kinds.set(kind, [...(kinds.get(kind) ?? []), ...rest])
  }
  return [...kinds]
    .map(([kind, of]) => (of.length === 0 ? kind : of.length === 1 ? `${kind}/${of[0]}` : `${kind} (${of.join(', ')})`))
    .join(', ')
}

/** The line of the model that a span begins in, and what it says. */
function statementAt(span: Span, c: FormulaContext): string {
  const { text } = c.notation.derivation.model.source
  const { line } = positionAt(text, span.start)
  const [first = ''] = text.slice(span.start, span.end).split('\n')
  return `line ${line}: ${first.trim()}`
}
