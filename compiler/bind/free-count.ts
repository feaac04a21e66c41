import type { ParamLayout } from '../../runtime/contract.js'

/** Nominal number of free values of a param. */
export function freeCount(p: ParamLayout): number {
  const last = p.shape.at(-1) ?? 1
  switch (p.support.kind) {
    case 'simplex':
      return p.used !== null ? p.used.reduce((n, u) => n + u - 1, 0) : (p.length / last) * (last - 1)
    case 'covariance':
      return (p.length / (last * last)) * ((last * (last + 1)) / 2)
    case 'correlation':
      return (p.length / (last * last)) * ((last * (last - 1)) / 2)
    default:
      return p.used !== null ? p.used.reduce((n, u) => n + u, 0) : p.length
  }
}
