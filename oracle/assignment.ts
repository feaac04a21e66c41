/** Values of cells while they are being enumerated; NaN where not assigned. */
import type { Lookup } from './ground-types.js'
import type { Cell } from './stored.js'

export class Assignment {
  private readonly values: Float64Array
  readonly lookup: Lookup

  constructor(values: Float64Array) {
    this.values = values
    this.lookup = (cell) => values[cell.id] ?? Number.NaN
  }

  static empty(cells: number): Assignment {
    return new Assignment(new Float64Array(cells).fill(Number.NaN))
  }

  copy(): Assignment {
    return new Assignment(Float64Array.from(this.values))
  }

  get(cell: Cell): number {
    return this.lookup(cell)
  }

  set(cell: Cell, value: number): void {
    this.values[cell.id] = value
  }

  clear(cell: Cell): void {
    this.values[cell.id] = Number.NaN
  }

  has(cell: Cell): boolean {
    return !Number.isNaN(this.lookup(cell))
  }
}
