/**
 * Draws from Normal posteriors, in place of their means: m + L ε with L Lᵀ the covariance and ε standard normal. Where the
 * covariance is Λ⁻¹ s^−p given a latent s, which is drawn before, what is added is multiplied by s^(−p/2); where it is
 * C⁻¹ ⊗ U^−p given a matrix U, each vector that is added is multiplied by a root of U^−p.
 */
import { idx } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import {
  cellPosition,
  countsCells,
  dimension,
  inverseOfTable,
  matrixTable,
  meanTable,
  paddedExtent,
  posteriorAt,
  sharedAt,
} from '../estep/block-layout.js'
import { naturalOf } from '../estep/posterior-numbers.js'
import { matrixOfSpread } from '../estep/spread.js'
import type { BlockLatent, GaussianBlock, SpreadOf } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import type { BlockHost, Placed } from './block-host.js'
import type { Draws } from './draws.js'
import { holder } from './family-draws.js'
import { unknownCell } from './gaussian.js'
import type { Lowerer } from './lowerer.js'

/** @returns operations that put a draw where the mean of each posterior is; observed cells stay */
export function gaussianDraw(b: GaussianBlock, host: BlockHost, lowerer: Lowerer, draws: Draws): readonly KernelOp[] {
  const own = new GaussianDraw(b, host, lowerer)
  return b.layout === 'joint' ? own.joint() : own.inRows(draws)
}

class GaussianDraw {
  private readonly values: readonly Expr[]
  private readonly rows: Placed

  constructor(
    private readonly block: GaussianBlock,
    private readonly host: BlockHost,
    private readonly lowerer: Lowerer,
  ) {
    this.values = block.scope.map((s) => idx(s.value))
    this.rows = host.rows(block)
  }

  /** One dense system for each row and value of the scope. */
  inRows(draws: Draws): readonly KernelOp[] {
    const { block, host, lowerer, rows, values } = this
    const order = dimension(block)
    const size = lowerer.size(order)
    const i: Axis = { id: `i drawn ${block.id}`, name: 'i', size }
    const j: Axis = { id: `j drawn ${block.id}`, name: 'j', size }
    const scope = host.scope(block, rows.context)
    const mean = host.scratch(meanTable(block), block, [order])
    const drawn = host.scratch(`drawn ${block.id}`, block, [order])
    const lead = host.at(posteriorAt(block, rows.row, values), scope.context)
    const shared = host.at(sharedAt(block, rows.row, values), scope.context)
    const row = draws.row(mean, host.at(rows.row, rows.context))
    const normal = draws.stream('normalDraw')(row, k.axis(j))
    const below = k.compare('<=', k.axis(j), k.axis(i))
    const term = k.select(below, k.mul(k.load(`root ${block.id}`, ...shared, k.axis(i), k.axis(j)), normal), k.num(0))
    const known = countsCells(block)
      ? [k.load(`missing ${block.id}`, ...shared.slice(0, shared.length - block.scope.length), k.axis(i))]
      : []
    const axes = [...rows.axes, ...scope.axes, i]
    const at = [...lead, k.axis(i)]
    const distance = k.mul(...known, k.sum(j, term))
    if (block.given !== null)
      return [
        { op: 'map', out: drawn, axes, at, value: distance },
        ...this.scaled(block.given, (position) => k.load(drawn, ...lead, position)),
      ]
    return [
      { op: 'map', out: drawn, axes, at, value: k.add(k.load(mean, ...at), distance) },
      { op: 'map', out: mean, axes, at, value: k.load(drawn, ...at) },
    ]
  }

  /** One system over all cells: its solution has made a draw's distance from the mean of the noise. */
  joint(): readonly KernelOp[] {
    const { block, lowerer, rows } = this
    const distance = (position: KExpr): KExpr => k.load(`noise ${block.id}`, position)
    if (block.given !== null) return this.scaled(block.given, distance)
    return block.latents.map((l): KernelOp => {
      const { axes, context } = lowerer.loops(l.coordinates, rows.context)
      const cell = { latent: l.latent.name, at: l.coordinates.map(idx) }
      const position = lowerer.position(cellPosition(block, cell), context)
      const own = distance(position)
      const unknown = unknownCell(block, cell)
      const moved = unknown === null ? own : k.mul(lowerer.expr(unknown, context), own)
      return { op: 'scatterAdd', out: meanTable(block), axes, at: [position], value: moved }
    })
  }

  /** A distance from the mean that is of s = 1, or of U = I, made that of the spread and added. */
  private scaled({ power, block: spread }: SpreadOf, distance: (position: KExpr) => KExpr): readonly KernelOp[] {
    const { block, host, lowerer, rows, values } = this
    const scope = host.scope(block, rows.context)
    const lead = host.at(posteriorAt(block, rows.row, values), scope.context)
    const add = (l: BlockLatent, value: (position: KExpr, e: KExpr) => KExpr): KernelOp => {
      const { axes, context } = lowerer.loops(l.coordinates, scope.context)
      const position = lowerer.position(
        cellPosition(block, { latent: l.latent.name, at: l.coordinates.map(idx) }),
        context,
      )
      const last = axes.at(-1)
      return {
        op: 'scatterAdd',
        out: meanTable(block),
        axes: [...rows.axes, ...scope.axes, ...axes],
        at: [...lead, position],
        value: value(position, last === undefined ? k.num(0) : k.axis(last)),
      }
    }
    const matrix = matrixOfSpread(spread)
    if (matrix === null) {
      const s = lowerer.expr(naturalOf(spread, rows.row, values)(holder(spread), []), scope.context)
      return block.latents.map((l) => add(l, (position) => k.mul(k.pow(s, -power / 2), distance(position))))
    }
    const extents = matrix.map(paddedExtent)
    const size = lowerer.size(extents[0] ?? matrix[0].to)
    const root = host.scratch(`root of ${matrixTable(spread)}`, spread, extents)
    const f: Axis = { id: `f drawn ${block.id}`, name: 'f', size }
    const source = power === -1 ? matrixTable(spread) : inverseOfTable(matrixTable(spread))
    return [
      {
        op: 'small',
        kind: 'cholesky',
        axes: [...rows.axes, ...scope.axes],
        at: lead,
        order: size,
        matrix: source,
        out: root,
      },
      ...block.latents.map((l) =>
        add(l, (position, e) => {
          const other = k.add(k.sub(position, e), k.axis(f))
          const below = k.compare('<=', k.axis(f), e)
          return k.sum(f, k.select(below, k.mul(k.load(root, ...lead, e, k.axis(f)), distance(other)), k.num(0)))
        }),
      ),
    ]
  }
}
