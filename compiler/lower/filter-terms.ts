/** The terms of a Gaussian chain with the place that each becomes known at: what a forward pass needs. */
import { add, call, mul, num, ONE } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { cellPosition, covarianceTable } from '../estep/block-layout.js'
import { type GaussianChain, timesOf } from '../estep/filtered.js'
import { stepOf } from '../estep/places.js'
import { weightOf } from '../estep/plan.js'
import { referenceTable } from '../estep/references.js'
import type { BlockCell, BlockTerm, GaussianBlock } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { KernelOp } from '../kernel/types.js'
import { unknownCell } from './gaussian.js'
import type { Lowerer } from './lowerer.js'
import type { Pass } from './program.js'

/** Buffers of equal shape: positions (−1 where a cell is observed), values, and times (−∞: from the beginning). */
export interface TermBuffers {
  readonly rows: string
  /** null for a term of h. */
  readonly columns: string | null
  readonly values: string
  readonly times: string
}

export interface FilteredBlock {
  readonly latents: readonly {
    readonly name: string
    /** Loops and own dimensions: the order of the cells, ragged extents padded. */
    readonly coordinates: readonly IndexVar[]
    /** Position of the axis among them; −1: the latent has no place. */
    readonly axis: number
    /** What is added to the mean of a half-observed array. */
    readonly reference: string | null
  }[]
  readonly terms: readonly TermBuffers[]
}

export function lowerFilterTerms(
  { block, axis }: GaussianChain,
  passes: readonly Pass[],
  lowerer: Lowerer,
): { readonly filtered: FilteredBlock; readonly ops: readonly KernelOp[] } {
  const ops: KernelOp[] = []
  const sparse = passes
    .flatMap((p) => p.posterior)
    .find((op) => op.op === 'sparseGaussian' && op.covariance === covarianceTable(block))
  if (sparse?.op !== 'sparseGaussian') throw new Error('no sparse posterior of a chain')
  const quadratic = block.quadratic.map((t, n): TermBuffers => {
    const entries = sparse.entries[n]
    if (entries === undefined) throw new Error('a quadratic term without entries')
    return { ...entries, times: timesBuffer(t, `${n + 1} quadratic ${block.id}`, block, axis, lowerer, ops) }
  })
  const linear = block.linear.map((t, n) => linearTerm(t, n, block, axis, lowerer, ops))
  return {
    filtered: {
      latents: block.latents.map(({ latent, coordinates }) => ({
        name: latent.name,
        coordinates,
        axis: coordinates.findIndex((v) => v.id === axis),
        reference: latent.evidence ? referenceTable(latent.name) : null,
      })),
      terms: [...quadratic, ...linear],
    },
    ops,
  }
}

function timesBuffer(
  t: BlockTerm,
  id: string,
  block: GaussianBlock,
  axis: string,
  lowerer: Lowerer,
  ops: KernelOp[],
): string {
  return over(t, `times ${id}`, latest(timesOf(t.factor.lifted, axis, block)), Number.NEGATIVE_INFINITY, lowerer, ops)
}

/** The latest of some places; −∞ where there is none. */
function latest(times: readonly Expr[]): Expr {
  const steps = times.map(stepOf)
  const [first] = steps
  if (first === undefined) return { kind: 'float', value: Number.NEGATIVE_INFINITY }
  if (steps.every((s) => keyOf(s.base) === keyOf(first.base)))
    return add(first.base, num(Math.max(...steps.map((s) => s.offset))))
  return times.reduce((a, b) => call('max', a, b))
}

function linearTerm(
  t: BlockTerm & { readonly cell: BlockCell },
  n: number,
  block: GaussianBlock,
  axis: string,
  lowerer: Lowerer,
  ops: KernelOp[],
): TermBuffers {
  const id = `${n + 1} linear ${block.id}`
  const unknown = unknownCell(block, t.cell)
  const position = add(cellPosition(block, t.cell), num(-1))
  const weight = weightOf(t.factor.lifted.factor.loops)
  const value = mul(t.coefficient, ...(weight === null ? [] : [weight]))
  const rows = unknown === null ? position : add(mul(unknown, add(position, ONE)), num(-1))
  return {
    rows: over(t, `rows ${id}`, rows, -1, lowerer, ops),
    columns: null,
    values: over(t, `values ${id}`, value, 0, lowerer, ops, true),
    times: timesBuffer(t, id, block, axis, lowerer, ops),
  }
}

/** A buffer over the loops of a term's factor and its own. */
function over(
  t: BlockTerm,
  id: string,
  value: Expr,
  empty: number,
  lowerer: Lowerer,
  ops: KernelOp[],
  guarded = false,
): string {
  const { axes, context } = lowerer.loops([...t.factor.lifted.factor.loops.map((l) => l.index), ...t.loops], {
    vars: new Map(),
    at: 'param',
  })
  const out = lowerer.buffer({ id, space: 'scratch', type: 'f64', shape: axes.map((a) => a.size) })
  const lowered = lowerer.expr(value, context)
  if (axes.some((a) => a.ragged !== undefined)) ops.push({ op: 'fill', out, value: empty })
  ops.push({
    op: 'map',
    out,
    axes,
    at: axes.map((a) => k.axis(a)),
    value: guarded ? lowerer.guarded(t.guards, lowered, context) : lowered,
  })
  return out
}
