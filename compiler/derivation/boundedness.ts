/** Whether the objective is bounded, and what its maximum may be: words at the end of the algorithm. */
import { literal } from '../algebra/build.js'
import { some } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import type { LiftedFactor } from '../graph/lift.js'
import { isHard } from './hard-steps.js'
import { type FormulaContext, inlineNames } from './print.js'
import { type Block, say } from './types.js'

const DISCRETE: ReadonlySet<string> = new Set(['category', 'bool', 'count', 'int'])

export function boundednessWords(c: FormulaContext, latent: boolean): readonly Block[] {
  const d = c.notation.derivation
  const what = isHard(d) ? 'The complete-data log-likelihood' : 'The log-likelihood'
  return [...bounded(d, c, what), ...(latent && d.params.length > 0 ? [localWords(d)] : [])]
}

function bounded(d: Derivation, c: FormulaContext, what: string): readonly Block[] {
  const observed = d.lifted.filter((f) => f.factor.role === 'likelihood')
  if (observed.length > 0 && observed.every((f) => isDiscrete(f, d)))
    return [
      say`Whatever is observed is discrete: no probability exceeds 1, so that it is bounded above, by 0 ${prior(d)}.`,
    ]
  const spreads = spreadParams(d)
  if (spreads.length === 0) return []
  const own = spreads.filter((p) => isOfComponents(p, d))
  const shared = spreads.filter((p) => !own.includes(p))
  const withPrior = own.filter((p) => hasPrior(p, d))
  const without = own.filter((p) => !withPrior.includes(p))
  const blocks: Block[] = []
  if (without.length > 0)
    blocks.push({
      kind: 'prose',
      parts: [
        `${what} is not bounded above: where a component sits on a single row, its `,
        ...inlineNames(without, c),
        ' can shrink without end and the density of that row grows with it. What is looked for is a maximum with spreads away from 0, and a floor under them keeps the iterations there.',
      ],
    })
  if (withPrior.length > 0)
    blocks.push({
      kind: 'prose',
      parts: [
        'A component on a single row would let ',
        ...inlineNames(withPrior, c),
        ' shrink without end; the prior of it weighs against that, and bounds the objective where it vanishes at 0 faster than the density of a row grows.',
      ],
    })
  if (shared.length > 0 && without.length === 0)
    blocks.push({
      kind: 'prose',
      parts: [
        `${what} grows beyond all bounds only where `,
        ...inlineNames(shared, c),
        ' can vanish, that is where the model goes through the data exactly: with more rows than that takes, it is bounded above.',
      ],
    })
  return blocks
}

const prior = (d: Derivation): string =>
  d.lifted.some((f) => f.factor.role === 'prior') ? 'beside the log prior' : 'itself'

function isDiscrete(f: LiftedFactor, d: Derivation): boolean {
  const symbol = d.graph.data.find((s) => s.name === f.factor.target.name)
  return symbol !== undefined && DISCRETE.has(symbol.type.support.kind)
}

/** Params that measure how far data spread. */
function spreadParams(d: Derivation): readonly string[] {
  return d.mStep.steps.flatMap((s) => {
    if (s.kind === 'newton') return s.roles.flatMap(({ param, role }) => (role === 'location' ? [] : [param]))
    return (s.kind === 'generalised-gamma' || s.kind === 'inverse-wishart') && s.spread !== null ? s.params : []
  })
}

/** true where values of latents have their own. */
function isOfComponents(param: string, d: Derivation): boolean {
  return d.lifted.some((f) => {
    const values = new Set(f.variables.map((v) => v.value.id))
    return some(
      f.expr,
      (n) =>
        n.kind === 'ref' &&
        n.space === 'param' &&
        n.name === param &&
        n.index.some((e) => literal(e) === null && some(e, (x) => x.kind === 'index' && values.has(x.var))),
    )
  })
}

const hasPrior = (param: string, d: Derivation): boolean =>
  d.lifted.some((f) => f.factor.role === 'prior' && f.factor.target.name === param)

function localWords(d: Derivation): Block {
  const end = isHard(d) ? 'A fixed point' : 'A point that EM does not leave is stationary; it'
  return say`${end} need not be the highest: it is a maximum near where the iterations began (Wu 1983). So they are begun from several starts, and the best end is reported.`
}
