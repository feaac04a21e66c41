/** Where the numbers of a block by nodes lie, and latents as functions of coordinates on all of ℝ. */
import { add, call, caseOf, compare, exp, idx, mul, neg, num, ONE, PI, pow, ref, sum } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { rewrite } from '../algebra/visit.js'
import type { ContinuousLatent } from '../graph/types.js'
import { cellPosition, posteriorAt } from './block-layout.js'
import { isCell } from './moments.js'
import type { BlockCell, NodeBlock } from './types.js'

type Block = { readonly id: string }

/** Size: nodes of one posterior, over all dimensions. */
export const nodeCount = (b: Block): Expr => ref('size', `nodes ${b.id}`)
/** Size: 1 where the nodes are drawn, 0 where they are those of a product rule. */
export const areDrawn = (b: Block): Expr => ref('size', `drawn ${b.id}`)
/** Size: the seed of the draws. */
export const drawSeed = (b: Block): Expr => ref('size', `seed ${b.id}`)
/** Bind table: nodes of the product rule [node, position], in standard deviations of the Laplace approximation. */
export const placesTable = (b: Block): string => `node places ${b.id}`
/** Bind table: log weights of the product rule [node]. */
export const logWeightsTable = (b: Block): string => `node weights ${b.id}`

/** Mode of a posterior [rows, scope, position], in unconstrained coordinates. */
export const modeTable = (b: Block): string => `mode ${b.id}`
/** L with L Lᵀ the covariance of its Normal approximation there [rows, scope, position, position]. */
export const scaleTable = (b: Block): string => `scale ${b.id}`
/** Nodes [rows, scope, node, position]. */
export const nodeTable = (b: Block): string => `nodes ${b.id}`
/** Posterior weights of the nodes [rows, scope, node]. */
export const nodeWeights = (b: Block): string => `node posterior ${b.id}`

/** The node of each posterior that is drawn [rows, scope, position]. */
export const drawnNodeTable = (b: Block): string => `drawn node ${b.id}`

/** The index variable of the nodes of a block. */
export const nodeVariable = (b: Block): IndexVar => ({ id: `q ${b.id}`, name: 'q', from: ONE, to: nodeCount(b) })

/** A value of a latent's support from a number of ℝ: itself, its exponential, or its logistic function. */
export function onSupport(latent: Pick<ContinuousLatent, 'support'>, v: Expr): Expr {
  if (latent.support === 'positive') return exp(v)
  return latent.support === 'unit' ? call('logistic', v) : v
}

/** log |du/dv| of that. */
function logSlope(latent: ContinuousLatent, v: Expr): Expr {
  if (latent.support === 'positive') return v
  if (latent.support === 'unit') return add(call('log', call('logistic', v)), call('log', call('logistic', neg(v))))
  return num(0)
}

/** What a posterior's table of points has for a coordinate. */
export type PointAt = (position: Expr) => Expr

export const pointIn =
  (b: NodeBlock, table: string, row: readonly Expr[], values: readonly Expr[], node: Expr | null): PointAt =>
  (position) =>
    ref('table', table, [...posteriorAt(b, row, values), ...(node === null ? [] : [node]), position])

/** An expression with the latents of a block at a point; observed cells of half-observed arrays are at their data. */
export function atNode(b: NodeBlock, e: Expr, row: readonly Expr[], point: PointAt): Expr {
  const latents = new Map(b.latents.map((l) => [l.latent.name, l.latent]))
  return rewrite(e, (n) => {
    const latent = isCell(n) ? latents.get(n.name) : undefined
    if (!isCell(n) || latent === undefined) return n
    const cell: BlockCell = { latent: n.name, at: n.index.slice(b.loops.length) }
    const u = onSupport(latent, point(cellPosition(b, cell)))
    if (!latent.evidence) return u
    const index = [...row, ...cell.at]
    return caseOf(compare('==', ref('observed', n.name, index), ONE), ref('data', n.name, index), u)
  })
}

/**
 * What the coordinates add to the log density beside the factors: log |du/dv|, and for a cell that is observed a standard
 * normal density, which integrates to 1 and leaves the integral over the others.
 */
export function coordinateTerms(
  b: NodeBlock,
  row: readonly Expr[],
  point: PointAt,
  rename: (v: IndexVar) => IndexVar,
): Expr {
  const terms = b.latents.map(({ latent, coordinates }): Expr => {
    const own = coordinates.map(rename)
    const at = own.map((v) => idx(v))
    const v = point(cellPosition(b, { latent: latent.name, at }))
    const slope = logSlope(latent, v)
    const term = latent.evidence
      ? caseOf(compare('==', ref('observed', latent.name, [...row, ...at]), ONE), logNormal(v), slope)
      : slope
    return own.reduceRight<Expr>((body, i) => sum(i, body), term)
  })
  return add(...terms)
}

const logNormal = (v: Expr): Expr => add(mul(num(-1, 2), pow(v, 2)), mul(num(-1, 2), call('log', mul(num(2), PI))))
