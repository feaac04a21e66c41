import { num, ONE, sameExpr } from '../../algebra/build.js'
import type { Expr } from '../../algebra/types.js'
import { contribution, paramsRead } from '../../mstep/contributions.js'
import type { Contribution } from '../../mstep/types.js'
import { onlyFunction, onlyParam } from './single.js'
import { type MStepRule, NOT_IN_STATISTICS } from './types.js'

/** A log(u − l) + B log(h − u): u = (A h + B l) / (A + B), the mode of a Beta(A + 1, B + 1) on (l, h). */
export const betaMode: MStepRule = {
  id: 'family-mode/beta',
  statement: 'A log(u − l) + B log(h − u) has its maximum at u = (A h + B l)/(A + B)',
  citation: 'Johnson, Kotz and Balakrishnan (1995), Continuous Univariate Distributions 2, section 25.3',
  apply(block) {
    const p = onlyParam(block)
    if (p === null || !['interval', 'unit', 'positive', 'nonnegative', 'real'].includes(p.support))
      return { kind: 'declines', reason: 'the param is not a scalar' }
    if (block.hasRowTerms) return { kind: 'declines', reason: NOT_IN_STATISTICS }
    let low: Expr | null = null
    let high: Expr | null = null
    const above: Contribution[] = []
    const below: Contribution[] = []
    for (const t of block.terms) {
      const atom = onlyFunction(t)
      if (atom === null)
        return { kind: 'declines', reason: 'a term is a product of several of its elements', term: t.monomial }
      const c = (at: readonly Expr[]): Contribution => contribution(t.monomial, at, t.others)
      if (atom.kind === 'log' || atom.kind === 'log-above') {
        const bound = atom.kind === 'log' ? num(0) : atom.bound
        if (low !== null && !sameExpr(low, bound))
          return { kind: 'declines', reason: 'its logs vanish at two different lower ends', term: t.monomial }
        low = bound
        above.push(c(atom.at))
      } else if (atom.kind === 'log-below') {
        if (high !== null && !sameExpr(high, atom.bound))
          return { kind: 'declines', reason: 'its logs vanish at two different upper ends', term: t.monomial }
        high = atom.bound
        below.push(c(atom.at))
      } else return { kind: 'declines', reason: 'its terms are not all log(u − l) and log(h − u)', term: t.monomial }
    }
    const upper = high ?? (p.support === 'unit' ? ONE : p.high)
    const lower =
      low ?? (p.support === 'unit' || p.support === 'positive' || p.support === 'nonnegative' ? num(0) : p.low)
    if (upper === null || lower === null)
      return { kind: 'declines', reason: 'its support has no upper end, and the terms are only logs' }
    const reads = paramsRead([...above, ...below])
    return {
      kind: 'applies',
      candidate: {
        reads,
        step: {
          kind: 'beta',
          id: p.name,
          params: [p.name],
          rule: 'family-mode',
          closedForm: true,
          exact: 'joint',
          declined: [],
          dependsOn: reads,
          family: 'Beta',
          low: lower,
          high: upper,
          above,
          below,
        },
      },
    }
  },
}
