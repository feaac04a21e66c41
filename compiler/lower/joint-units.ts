/**
 * What tells the units of one sparse system over all cells apart, and what each adds to its log-normaliser: Λ falls into
 * blocks of cells that no term joins, and log Z = Σ_f log f(m) + ½ d log 2π − ½ log det Λ falls apart with it. Cells that are
 * observed join the others all the same: given them their neighbours are independent, and no units.
 */
import { idx, mul, ONE } from '../algebra/build.js'
import type { IndexVar } from '../algebra/types.js'
import { cellPosition, dimension } from '../estep/block-layout.js'
import { atPoint } from '../estep/moments.js'
import { weightOf } from '../estep/plan.js'
import type { GaussianBlock } from '../estep/types.js'
import type { Factor } from '../graph/types.js'
import { k } from '../kernel/index.js'
import type { KernelOp, SizeKey } from '../kernel/types.js'
import { unknownCell } from './gaussian.js'
import type { Lowerer, LoweringContext } from './lowerer.js'

export interface JointUnits {
  readonly block: GaussianBlock
  /** [cell]: 1 where it is unknown, 0 where it is observed, −1 where there is none. */
  readonly cells: string
  readonly factors: readonly {
    readonly factor: Factor
    /** Rows of the factor, and what each adds at the mean of the posterior. */
    readonly values: string
    readonly loops: readonly IndexVar[]
    /** [row, what is summed within]: pairs of 0-based cells that it joins; −1 where there is none. */
    readonly pairs: readonly { readonly rows: string; readonly columns: string }[]
  }[]
}

export function lowerJointUnits(
  block: GaussianBlock,
  lowerer: Lowerer,
  base: LoweringContext,
): { readonly units: JointUnits; readonly ops: readonly KernelOp[] } {
  const ops: KernelOp[] = []
  const scratch = (id: string, shape: readonly SizeKey[], empty: number): string => {
    lowerer.buffer({ id, space: 'scratch', type: 'f64', shape })
    ops.push({ op: 'fill', out: id, value: empty })
    return id
  }
  const cells = scratch(`cells ${block.id}`, [lowerer.size(dimension(block))], -1)
  for (const l of block.latents) {
    const { axes, context } = lowerer.loops(l.coordinates, base)
    const cell = { latent: l.latent.name, at: l.coordinates.map(idx) }
    ops.push({
      op: 'map',
      out: cells,
      axes,
      at: [lowerer.position(cellPosition(block, cell), context)],
      value: lowerer.expr(unknownCell(block, cell) ?? ONE, context),
    })
  }
  const factors = block.factors.map((f, n): JointUnits['factors'][number] => {
    const loops = f.lifted.factor.loops.map((l) => l.index)
    const { axes, context } = lowerer.loops(loops, base)
    const shape = axes.map((a) => a.size)
    const values = scratch(`value ${n + 1} ${block.id}`, shape, 0)
    const weight = weightOf(f.extraLoops)
    const value = atPoint(block, f.expr, f.row, [])
    ops.push({
      op: 'map',
      out: values,
      axes,
      at: axes.map((a) => k.axis(a)),
      value: lowerer.expr(weight === null ? value : mul(weight, value), context),
    })
    const pairs = block.quadratic
      .filter((t) => t.factor === f)
      .map((t, m) => {
        const inner = lowerer.loops(t.loops, context)
        const all = [...axes, ...inner.axes]
        const position = (part: string, i: 0 | 1): string => {
          const out = scratch(
            `${part} ${m + 1} of ${n + 1} ${block.id}`,
            all.map((a) => a.size),
            -1,
          )
          const at = k.add(lowerer.position(cellPosition(block, t.cells[i]), inner.context), k.num(1))
          const guarded = k.add(lowerer.guarded(t.guards, at, inner.context), k.num(-1))
          ops.push({ op: 'map', out, axes: all, at: all.map((a) => k.axis(a)), value: guarded })
          return out
        }
        return { rows: position('joined', 0), columns: position('with', 1) }
      })
    return { factor: f.lifted.factor, values, loops, pairs }
  })
  return { units: { block, cells, factors }, ops }
}
