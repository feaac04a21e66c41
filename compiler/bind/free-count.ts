import type { ParamLayout } from '../../runtime/contract.js'

/** Nominal number of free values of a param, of which some may be held: NaN where they are not. */
export function freeCount(p: ParamLayout, held?: Float64Array): number {
  const last = p.shape.at(-1) ?? 1
  const isFree = (first: number): boolean => held === undefined || Number.isNaN(held[first])
  /** Number of blocks of so many elements that are free. */
  const blocks = (size: number): number =>
    Array.from({ length: p.length / size }, (_, b) => Number(isFree(b * size))).reduce((a, b) => a + b, 0)
  const used = (less: number): number | undefined =>
    p.used?.reduce((n, u, row) => n + (isFree(row * last) ? u - less : 0), 0)
  switch (p.support.kind) {
    case 'simplex':
      return used(1) ?? blocks(last) * (last - 1)
    case 'covariance':
      return blocks(last * last) * ((last * (last + 1)) / 2)
    case 'correlation':
      return blocks(last * last) * ((last * (last - 1)) / 2)
    default:
      return scalars(p, isFree)
  }
}

function scalars({ length, shape, used }: ParamLayout, isFree: (element: number) => boolean): number {
  const last = shape.at(-1) ?? 1
  let n = 0
  for (let i = 0; i < length; i++) if (i % last < (used?.[Math.floor(i / last)] ?? last) && isFree(i)) n++
  return n
}
