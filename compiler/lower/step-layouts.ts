/** Tables of the steps of a chain, laid out for the way there and for the way back. */
import { elementName, elementOf } from '../estep/places.js'
import type { ChainBlock } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { KExpr, KernelOp } from '../kernel/types.js'
import type { ChainHost, Values } from './chain-places.js'
import type { StepTable } from './chain-terms.js'
import { need } from './need.js'

export type Direction = 'forward' | 'backward'

export class StepLayouts {
  constructor(
    private readonly host: Pick<ChainHost, 'lowerer' | 'base' | 'valueAxis' | 'scratch'>,
    private readonly block: ChainBlock,
    readonly tables: readonly { readonly of: StepTable; readonly plain: string }[],
  ) {}

  /** Elements of a table so that what is summed over comes first and the states that are made lie side by side. */
  private layout(elements: readonly string[], direction: Direction): readonly string[] {
    const { window, leaving, parents } = this.block
    const order =
      direction === 'forward'
        ? [...leaving, ...window, ...parents]
        : [
            ...window.filter((e) => elementOf(e).lag === 0),
            ...window.map((e) => elementName(elementOf(e).latent, elementOf(e).lag + 1)),
            ...parents,
          ]
    return [...elements].sort((a, b) => order.indexOf(a) - order.indexOf(b))
  }

  private tableId(i: number, direction: Direction): string {
    const { loops, elements } = need(this.tables[i]).of
    return this.host.scratch(`${direction} step ${i + 1} ${this.block.id}`, loops, this.layout(elements, direction))
  }

  /** An element of a table. `at`: values of its loops. */
  read(i: number, direction: Direction, at: readonly KExpr[], values: Values): KExpr {
    const elements = this.layout(need(this.tables[i]).of.elements, direction)
    return k.load(this.tableId(i, direction), ...at, ...elements.map((e) => need(values.get(e))))
  }

  /** The tables from those of the steps. */
  ops(): readonly KernelOp[] {
    return this.tables.flatMap(({ of, plain }, i) =>
      (['forward', 'backward'] as const).map((direction): KernelOp => {
        const loops = this.host.lowerer.loops(
          of.loops.map((l) => l.index),
          this.host.base,
        ).axes
        const elements = this.layout(of.elements, direction)
        const value = new Map(of.elements.map((e) => [e, k.axis(this.host.valueAxis(e))]))
        const rows = loops.map((a) => k.axis(a))
        return {
          op: 'map',
          out: this.tableId(i, direction),
          axes: [...loops, ...elements.map((e) => this.host.valueAxis(e))],
          at: [...rows, ...elements.map((e) => need(value.get(e)))],
          value: k.load(plain, ...rows, ...of.elements.map((e) => need(value.get(e)))),
        }
      }),
    )
  }
}
