/**
 * Draws of matrices. With M the matrix whose −½ is the natural parameter, W = L A Aᵀ Lᵀ, where L Lᵀ = M⁻¹, A is lower
 * triangular, A_ij standard normal below the diagonal and A_dd² of χ² with df + 1 − d degrees of freedom, is Wishart(df, M⁻¹)
 * (Bartlett 1933; Anderson 2003, An Introduction to Multivariate Statistical Analysis, theorem 7.2.1), and W⁻¹ inverse
 * Wishart(df, M). The draw stands in the place of M, with its inverse and its log-determinant.
 */
import { idx } from '../algebra/build.js'
import { inverseOfTable, logdetOfTable, matrixTable, paddedExtent, posteriorAt } from '../estep/block-layout.js'
import { axesOf } from '../estep/moments.js'
import { naturalOf } from '../estep/posterior-numbers.js'
import type { ConjugateBlock } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import type { BlockHost } from './block-host.js'
import type { Draws } from './draws.js'
import type { Lowerer } from './lowerer.js'

export function matrixDraw(b: ConjugateBlock, host: BlockHost, lowerer: Lowerer, draws: Draws): readonly KernelOp[] {
  const coordinates = b.latents[0]?.coordinates ?? []
  const points = coordinates.slice(0, -2)
  const [row] = coordinates.slice(-2)
  if (row === undefined) throw new Error('a matrix has two coordinates')
  const extents = coordinates.map(paddedExtent)
  const rows = host.rows(b)
  const scope = host.scope(b, rows.context)
  const outer = lowerer.loops(points, scope.context)
  const lead: readonly Axis[] = [...rows.axes, ...scope.axes, ...outer.axes]
  const values = b.scope.map((s) => idx(s.value))
  const at = host.at([...posteriorAt(b, rows.row, values), ...points.map(idx)], outer.context)
  const df = b.family
    .parameters(coordinates.map(idx), naturalOf(b, rows.row, values), axesOf(b))
    .find((p) => p.name === 'df')
  if (df === undefined) throw new Error(`the family ${b.family.id} has no degrees of freedom`)
  const order = lowerer.size(paddedExtent(row))
  const [i, j, l] = ['i', 'j', 'l'].map((name): Axis => ({ id: `${name} drawn ${b.id}`, name, size: order }))
  if (i === undefined || j === undefined || l === undefined) throw new Error('three axes')
  const own = (part: string): string => host.scratch(`${part} ${b.id}`, b, extents)
  const [scaleRoot, bartlett, root, drawn] = [own('root of scale'), own('bartlett'), own('root of draw'), own('drawn')]
  const matrix = matrixTable(b)
  const cell = [...at, k.axis(i), k.axis(j)]
  const map = (out: string, value: KExpr): KernelOp => ({ op: 'map', out, axes: [...lead, i, j], at: cell, value })
  const small = { op: 'small', axes: lead, at, order } as const
  const inverse = inverseOfTable(matrix)
  const place = draws.row(bartlett, cell)
  const shape = k.mul(k.num(0.5), k.sub(lowerer.expr(df.value, outer.context), k.axis(i)))
  const diagonal = k.call('sqrt', k.mul(k.num(2), draws.stream('gammaDraw')(place, shape)))
  const below = draws.stream('normalDraw')(place, k.num(0))
  const isIn = (x: Axis, y: Axis): KExpr => k.compare('<=', k.axis(x), k.axis(y))
  const product = k.mul(k.load(scaleRoot, ...at, k.axis(i), k.axis(l)), k.load(bartlett, ...at, k.axis(l), k.axis(j)))
  const square = k.mul(k.load(root, ...at, k.axis(i), k.axis(l)), k.load(root, ...at, k.axis(j), k.axis(l)))
  return [
    { ...small, kind: 'cholesky', matrix: inverse, out: scaleRoot },
    map(bartlett, k.select(k.compare('==', k.axis(i), k.axis(j)), diagonal, k.select(isIn(j, i), below, k.num(0)))),
    map(root, k.sum(l, k.select(k.and(isIn(l, i), isIn(j, l)), product, k.num(0)))),
    map(drawn, k.sum(l, square)),
    ...(b.family.matrix === 'u'
      ? [map(matrix, k.load(drawn, ...cell)), { ...small, kind: 'inverse', matrix, out: inverse } as const]
      : [{ ...small, kind: 'inverse', matrix: drawn, out: matrix } as const, map(inverse, k.load(drawn, ...cell))]),
    { ...small, kind: 'logdet', matrix, out: logdetOfTable(matrix) },
  ]
}
