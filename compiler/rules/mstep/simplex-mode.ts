import { contribution, paramsRead } from '../../mstep/contributions.js'
import type { Contribution } from '../../mstep/types.js'
import { onlyFunction, onlyParam } from './single.js'
import { type MStepRule, NOT_IN_STATISTICS } from './types.js'

/** Σ_k A_k log p_k on the simplex: p_k = A_k / Σ_j A_j, the mode of a Dirichlet(A + 1). */
export const simplexMode: MStepRule = {
  id: 'family-mode/dirichlet',
  statement:
    'Σ A_k log p_k subject to Σ p_k = 1 has its maximum at p_k = A_k / Σ_j A_j; a negative A_k puts p_k on the boundary',
  citation: 'Bishop (2006), Pattern Recognition and Machine Learning, eq. 9.22',
  apply(block) {
    const p = onlyParam(block)
    if (p?.support !== 'simplex') return { kind: 'declines', reason: 'the param is not a simplex' }
    if (block.hasRowTerms) return { kind: 'declines', reason: NOT_IN_STATISTICS }
    const coefficients: Contribution[] = []
    for (const t of block.terms) {
      const atom = onlyFunction(t)
      if (atom?.kind !== 'log')
        return { kind: 'declines', reason: `its terms are not all log ${p.name}_k`, term: t.monomial }
      coefficients.push(contribution(t.monomial, atom.at, t.others))
    }
    const reads = paramsRead(coefficients)
    return {
      kind: 'applies',
      candidate: {
        reads,
        step: {
          kind: 'dirichlet',
          id: p.name,
          params: [p.name],
          rule: 'family-mode',
          closedForm: true,
          exact: 'joint',
          declined: [],
          dependsOn: reads,
          family: 'Dirichlet',
          coefficients,
        },
      },
    }
  },
}
