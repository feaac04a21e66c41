/**
 * Moments of conjugate factors of q, kept in tables beside their natural parameters: the other factors read each of them
 * many times over (E log θ of a document by every one of its words).
 */
import { idx } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { coordinatesOf, paddedExtent, posteriorAt } from '../estep/block-layout.js'
import { axesOf } from '../estep/moments.js'
import { EXECUTED, naturalOf, type PosteriorNumbers } from '../estep/posterior-numbers.js'
import type { ConjugateBlock } from '../estep/types.js'
import type { FamilyStatistic } from '../families/index.js'
import type { KernelOp } from '../kernel/types.js'
import type { BlockHost } from './block-host.js'
import type { Lowerer } from './lowerer.js'

type Moment = FamilyStatistic | { readonly power: Expr }

export class MomentTables {
  private readonly made = new Map<string, { readonly block: string; readonly op: KernelOp }>()

  constructor(
    private readonly lowerer: Lowerer,
    private readonly host: BlockHost & {
      readonly collecting: { readonly rename: (v: IndexVar) => IndexVar }
    },
  ) {}

  /** How the numbers of a posterior are read. */
  readonly numbers: PosteriorNumbers = {
    ...EXECUTED,
    moment: (b, of, at, row, values) => ({
      kind: 'ref',
      space: 'table',
      name: this.table(b, of),
      index: [...posteriorAt(b, row, values), ...at],
    }),
  }

  /** What fills the tables that were asked for, once the natural parameters of their block are there. */
  of(block: ConjugateBlock): readonly KernelOp[] {
    return [...this.made.values()].filter((m) => m.block === block.id).map((m) => m.op)
  }

  /** What fills all of them. */
  all(): readonly KernelOp[] {
    return [...this.made.values()].map((m) => m.op)
  }

  private table(b: ConjugateBlock, of: Moment): string {
    const { lowerer, host } = this
    const id = `moment ${b.id} ${typeof of === 'string' ? of : `u^${keyOf(of.power)}`}`
    if (this.made.has(id)) return id
    const coordinates = typeof of === 'string' ? coordinatesOf(b, of) : (b.latents[0]?.coordinates ?? [])
    host.scratch(id, b, coordinates.map(paddedExtent))
    const rows = host.rows(b)
    const scope = host.scope(b, rows.context)
    const { axes, context } = lowerer.loops(coordinates, scope.context)
    const values = b.scope.map((s) => idx(s.value))
    const own = coordinates.map(idx)
    const value = b.family.moment(of, own, naturalOf(b, rows.row, values), axesOf(b, host.collecting.rename))
    if (value === null) throw new Error(`the ${b.family.title} posterior has no such moment`)
    this.made.set(id, {
      block: b.id,
      op: {
        op: 'map',
        out: id,
        axes: [...rows.axes, ...scope.axes, ...axes],
        at: host.at([...posteriorAt(b, rows.row, values), ...own], context),
        value: lowerer.expr(value, context),
      },
    })
    return id
  }
}
