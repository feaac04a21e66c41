import { toNumber } from '../../algebra/rational.js'
import type { Rational } from '../../algebra/types.js'
import { contribution, paramsRead } from '../../mstep/contributions.js'
import { spreadOf } from '../../mstep/spread.js'
import type { Contribution } from '../../mstep/types.js'
import { type MStepRule, NOT_IN_STATISTICS } from './types.js'

/** A log u + B u^a: u^a = −A/(a B), the mode of a generalised Gamma (a = 1 Gamma, −1 inverse Gamma, −2 an sd). */
export const generalisedGammaMode: MStepRule = {
  id: 'family-mode/generalised-gamma',
  statement: 'A log u + B u^a with a rational has its maximum at u = (−A/(a B))^(1/a)',
  citation: 'Stacy (1962), A generalization of the gamma distribution',
  apply(block) {
    const [p] = block.params
    if (p === undefined || block.params.length !== 1)
      return { kind: 'declines', reason: 'the block has several params' }
    if (!['positive', 'nonnegative', 'real', 'interval', 'unit'].includes(p.support))
      return { kind: 'declines', reason: 'the param is not a positive scalar' }
    if (block.hasRowTerms) return { kind: 'declines', reason: NOT_IN_STATISTICS }
    const link = block.terms.some((t) => t.block.some((b) => b.kind === 'exp')) ? 'exp' : 'identity'
    if (link === 'identity' && p.support === 'real') return { kind: 'declines', reason: 'the param may be negative' }
    let power: Rational | null = null
    const logs: Contribution[] = []
    const powers: Contribution[] = []
    for (const t of block.terms) {
      const [atom] = t.block
      if (t.block.length !== 1 || atom === undefined)
        return { kind: 'declines', reason: 'a term is a product of several functions of it', term: t.monomial }
      const isLog =
        link === 'identity' ? atom.kind === 'log' : atom.kind === 'power' && atom.power.n === 1 && atom.power.d === 1
      if (isLog && (atom.kind === 'log' || atom.kind === 'power')) {
        logs.push(contribution(t.monomial, atom.at, t.others))
        continue
      }
      if (atom.kind !== (link === 'identity' ? 'power' : 'exp') || (atom.kind !== 'power' && atom.kind !== 'exp'))
        return { kind: 'declines', reason: 'its statistics are not {log u, u^a}', term: t.monomial }
      if (power !== null && toNumber(power) !== toNumber(atom.power))
        return {
          kind: 'declines',
          reason: `it occurs with two powers, ${toNumber(power)} and ${toNumber(atom.power)}`,
          term: t.monomial,
        }
      power = atom.power
      powers.push(contribution(t.monomial, atom.at, t.others))
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
