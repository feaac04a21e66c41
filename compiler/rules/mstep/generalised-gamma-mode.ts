import { toNumber } from '../../algebra/rational.js'
import type { Expr, Rational } from '../../algebra/types.js'
import { type BlockAtom, isFirst } from '../../mstep/atoms.js'
import { contribution, paramsRead } from '../../mstep/contributions.js'
import { spreadOf } from '../../mstep/spread.js'
import type { Contribution } from '../../mstep/types.js'
import { onlyFunction, onlyParam } from './single.js'
import { type MStepRule, NOT_IN_STATISTICS } from './types.js'

/** A log u + B u^a: u^a = −A/(a B), the mode of a generalised Gamma (a = 1 Gamma, −1 inverse Gamma, −2 an sd). */
export const generalisedGammaMode: MStepRule = {
  id: 'family-mode/generalised-gamma',
  statement: 'A log u + B u^a with a rational has its maximum at u = (−A/(a B))^(1/a)',
  citation: 'Stacy (1962), A generalization of the gamma distribution',
  apply(block) {
    const p = onlyParam(block)
    if (p === null) return { kind: 'declines', reason: 'the block has several params' }
    if (!['positive', 'nonnegative', 'real', 'interval', 'unit'].includes(p.support))
      return { kind: 'declines', reason: 'the param is not a positive scalar' }
    if (block.hasRowTerms) return { kind: 'declines', reason: NOT_IN_STATISTICS }
    const link = block.terms.some((t) => t.block.some((b) => b.kind === 'exp')) ? 'exp' : 'identity'
    if (link === 'identity' && p.support === 'real') return { kind: 'declines', reason: 'the param may be negative' }
    let power: Rational | null = null
    const logs: Contribution[] = []
    const powers: Contribution[] = []
    for (const t of block.terms) {
      const atom = onlyFunction(t)
      if (atom === null)
        return { kind: 'declines', reason: 'a term is a product of several functions of it', term: t.monomial }
      const logAt = logIn(atom, link)
      if (logAt !== null) {
        logs.push(contribution(t.monomial, logAt, t.others))
        continue
      }
      const own = powerIn(atom, link)
      if (own === null) return { kind: 'declines', reason: 'its statistics are not {log u, u^a}', term: t.monomial }
      if (power !== null && toNumber(power) !== toNumber(own.power))
        return {
          kind: 'declines',
          reason: `it occurs with two powers, ${toNumber(power)} and ${toNumber(own.power)}`,
          term: t.monomial,
        }
      power = own.power
      powers.push(contribution(t.monomial, own.at, t.others))
    }
    if (power === null || logs.length === 0)
      return { kind: 'declines', reason: 'it needs both a log and a power for a maximum' }
    const a = toNumber(power)
    const kind = a === -2 ? 'sd' : a === -1 ? 'variance' : a === 1 ? 'precision' : null
    const spread =
      kind === null
        ? null
        : spreadOf(
            block,
            powers.map((c) => c.value),
            kind,
          )
    const reads = paramsRead([...logs, ...powers])
    return {
      kind: 'applies',
      candidate: {
        reads,
        step: {
          kind: 'generalised-gamma',
          id: p.name,
          params: [p.name],
          rule: 'family-mode',
          closedForm: true,
          exact: 'joint',
          declined: [],
          dependsOn: reads,
          family: a === 1 ? 'Gamma' : a === -1 ? 'inverse Gamma' : 'generalised Gamma',
          power,
          link,
          logs,
          powers,
          spread,
        },
      },
    }
  },
}

type Link = 'identity' | 'exp'

/** Where log u is taken: of the param, or of u = e^param, which is the param itself; null for another function. */
function logIn(atom: BlockAtom, link: Link): readonly Expr[] | null {
  if (link === 'identity') return atom.kind === 'log' ? atom.at : null
  return atom.kind === 'power' && isFirst(atom.power) ? atom.at : null
}

/** u^a; null for another function. */
function powerIn(atom: BlockAtom, link: Link): { readonly at: readonly Expr[]; readonly power: Rational } | null {
  if (link === 'identity') return atom.kind === 'power' ? atom : null
  return atom.kind === 'exp' ? atom : null
}
