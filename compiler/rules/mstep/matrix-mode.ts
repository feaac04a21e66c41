import { isFirst } from '../../mstep/atoms.js'
import { contribution, paramsRead } from '../../mstep/contributions.js'
import { spreadOf } from '../../mstep/spread.js'
import type { Contribution } from '../../mstep/types.js'
import { onlyFunction, onlyParam } from './single.js'
import { type MStepRule, NOT_IN_STATISTICS } from './types.js'

/** A log|S| + tr(B S⁻¹): S = B/A, the mode of an inverse Wishart; with tr(B S): S⁻¹ = −B/A, a Wishart. */
export const matrixMode: MStepRule = {
  id: 'family-mode/wishart',
  statement:
    'A log|S| + tr(B S⁻¹) has its maximum over covariance matrices at S = B/A; A log|S| + tr(B S) at S⁻¹ = −B/A',
  citation: 'Anderson (2003), An Introduction to Multivariate Statistical Analysis, lemma 3.2.2',
  apply(block) {
    const p = onlyParam(block)
    if (p?.support !== 'covariance') return { kind: 'declines', reason: 'the param is not a covariance matrix' }
    if (block.hasRowTerms) return { kind: 'declines', reason: NOT_IN_STATISTICS }
    const logdets: Contribution[] = []
    const inverses: Contribution[] = []
    const elements: Contribution[] = []
    for (const t of block.terms) {
      const atom = onlyFunction(t)
      if (atom === null)
        return { kind: 'declines', reason: 'a term is a product of several functions of it', term: t.monomial }
      if (atom.kind === 'logdet') logdets.push(contribution(t.monomial, atom.at, t.others))
      else if (atom.kind === 'inverse')
        inverses.push(contribution(t.monomial, [...atom.at, atom.row, atom.column], t.others))
      else if (atom.kind === 'power' && isFirst(atom.power)) elements.push(contribution(t.monomial, atom.at, t.others))
      else return { kind: 'declines', reason: 'its statistics are not {log|S|, S⁻¹} or {log|S|, S}', term: t.monomial }
    }
    if (logdets.length === 0 || inverses.length > 0 === elements.length > 0)
      return { kind: 'declines', reason: 'its statistics are not {log|S|, S⁻¹} or {log|S|, S}' }
    const isInverse = inverses.length > 0
    const traces = isInverse ? inverses : elements
    const reads = paramsRead([...logdets, ...traces])
    return {
      kind: 'applies',
      candidate: {
        reads,
        step: {
          kind: isInverse ? 'inverse-wishart' : 'wishart',
          id: p.name,
          params: [p.name],
          rule: 'family-mode',
          closedForm: true,
          exact: 'joint',
          declined: [],
          dependsOn: reads,
          family: isInverse ? 'inverse Wishart' : 'Wishart',
          logdets,
          traces,
          spread: isInverse
            ? spreadOf(
                block,
                traces.map((c) => c.value),
                'covariance',
              )
            : null,
        },
      },
    }
  },
}
