/** The responsibilities of a start as a posterior. */
import { elementOf } from '../estep/places.js'
import type { LatentTable } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { KExpr, KernelOp } from '../kernel/types.js'
import { givenBuffer, postBuffer } from './buffers.js'
import type { Product } from './max-product.js'
import { need } from './need.js'
import { rowShape } from './rows.js'
import type { TableLayout } from './table-layout.js'

export class GivenWeights {
  constructor(
    private readonly layout: TableLayout,
    private readonly product: Product,
  ) {}

  /** A start's posterior: the product of the weights handed in. */
  posterior(t: LatentTable): readonly KernelOp[] {
    // elsewhere starts are made where latents are summed out
    const isFactorised = this.layout.plan.factorised !== null
    if (!isFactorised && (this.product === 'max' || this.product === 'draw')) return []
    const rows = this.layout.rowAxes(t.loops)
    const positions = rows.map((a) => k.axis(a))
    return t.buckets.map((b): KernelOp => {
      const id = this.layout.scratch(postBuffer(b), t.loops, b.scope)
      const axes = b.scope.map((s) => this.layout.valueAxis(s))
      return {
        op: 'map',
        out: id,
        axes: [...rows, ...axes],
        at: [...this.layout.ownRow(t.loops), ...axes.map((a) => k.axis(a))],
        value: k.mul(...b.scope.map((s, i) => this.at(t, s, k.axis(need(axes[i])), positions))),
      }
    })
  }

  /** Weight of a value in a start's posterior; before the first place all of it is at the first value. */
  at(t: LatentTable, element: string, value: KExpr, positions: readonly KExpr[]): KExpr {
    const { latent, lag } = elementOf(element)
    const isOwn = t.latents.some((l) => l.name === latent)
    const parent = this.layout.parent(t)
    const home = isOwn ? t : parent
    if (home === undefined) throw new Error(`${latent} is no latent of the table or of its parent`)
    const row = isOwn ? positions : this.layout.keyPositions(t, positions)
    if (lag === 0) return k.load(this.givenBuffer(latent), ...this.layout.rowAt(home.loops, row), value)
    const along = need(row[home.chain?.position ?? -1])
    const back = row.map((p) => (p === along ? k.add(p, k.num(-lag)) : p))
    return k.select(
      k.compare('>=', along, k.num(lag)),
      k.load(this.givenBuffer(latent), ...this.layout.rowAt(home.loops, back), value),
      k.compare('==', value, k.num(0)),
    )
  }

  private givenBuffer(name: string): string {
    const l = this.layout.latent(name)
    return this.layout.lowerer.buffer({
      id: givenBuffer(name),
      space: 'given',
      type: 'f64',
      shape: [
        ...rowShape(
          l.loops.map((x) => x.index),
          this.layout.lowerer,
        ),
        this.layout.valueAxis(name).size,
      ],
    })
  }
}
