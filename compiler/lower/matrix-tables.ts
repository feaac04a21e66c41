/**
 * Posteriors of matrices: the natural parameter is −½ M with M positive definite. What is added up need not be symmetric, and
 * tr(C u) = ½ tr((C + Cᵀ) u) for a symmetric u. M is kept with its inverse and its log-determinant.
 */
import { add, idx, neg, ref } from '../algebra/build.js'
import {
  coordinatesOf,
  inverseOfTable,
  logdetOfTable,
  matrixTable,
  naturalTable,
  paddedExtent,
  posteriorAt,
} from '../estep/block-layout.js'
import type { ConjugateBlock } from '../estep/types.js'
import type { KernelOp } from '../kernel/types.js'
import type { BlockHost, Placed } from './block-host.js'
import type { Lowerer } from './lowerer.js'

/** M, its inverse and log |M| of each row, once the natural parameters are there; nothing for other families. */
export function lowerMatrices(b: ConjugateBlock, rows: Placed, host: BlockHost, lowerer: Lowerer): readonly KernelOp[] {
  const { matrix: statistic } = b.family
  if (statistic === undefined) return []
  const coordinates = coordinatesOf(b, statistic)
  const points = coordinates.slice(0, -2)
  const [i, j] = coordinates.slice(-2)
  if (i === undefined || j === undefined) throw new Error('a matrix has two coordinates')
  const extents = coordinates.map(paddedExtent)
  const matrix = host.scratch(matrixTable(b), b, extents)
  const inverse = host.scratch(inverseOfTable(matrix), b, extents)
  const logdet = host.scratch(logdetOfTable(matrix), b, extents.slice(0, -2))
  const scope = host.scope(b, rows.context)
  const outer = lowerer.loops(points, scope.context)
  const inner = lowerer.loops([i, j], outer.context)
  const axes = [...rows.axes, ...scope.axes, ...outer.axes]
  const values = b.scope.map((s) => idx(s.value))
  const place = [...posteriorAt(b, rows.row, values), ...points.map(idx)]
  const element = (...of: readonly (typeof i)[]) => ref('table', naturalTable(b, statistic), [...place, ...of.map(idx)])
  const small = { op: 'small', axes, at: host.at(place, outer.context), order: lowerer.size(i.to), matrix } as const
  return [
    {
      op: 'map',
      out: matrix,
      axes: [...axes, ...inner.axes],
      at: host.at([...place, idx(i), idx(j)], inner.context),
      value: lowerer.expr(neg(add(element(i, j), element(j, i))), inner.context),
    },
    { ...small, kind: 'inverse', out: inverse },
    { ...small, kind: 'logdet', out: logdet },
  ]
}
