/** What one statement says of cells, from its tables. */
import { extentOf } from '../../lower/lowerer.js'
import type { CellLaw } from '../../lower/residuals/types.js'
import type { BoundNumbers } from '../sizes.js'
import type { ArrayChecks } from './checked-cells.js'
import type { NumericLaw } from './numeric-law.js'
import { addedUp, linear, normal, type Said, WITHOUT_ORDER } from './said-of-cell.js'

type Table = Float64Array | null

export class LawReader {
  /** Coordinates of a vector, or 1. */
  readonly size: number
  private readonly law: CellLaw
  private readonly valueCount: number
  private readonly width: number
  private readonly tables: {
    readonly share: Table
    readonly holds: Table
    readonly density: Table
    readonly message: Table
    readonly mean: Table
    readonly variance: Table
    readonly at: readonly Float64Array[]
    readonly before: readonly Float64Array[]
    readonly moments: readonly Float64Array[]
    readonly masses: Table
  }

  constructor(
    numeric: NumericLaw,
    private readonly kind: ArrayChecks['kind'],
    numbers: BoundNumbers,
  ) {
    const { law } = numeric
    this.law = law
    const [own] = law.own
    this.size = own === undefined ? 1 : numbers.extent(extentOf(own))
    this.valueCount = law.values.reduce((n, v) => n * numbers.extent(extentOf(v)), 1)
    this.width = law.masses === null ? 0 : numbers.extent(extentOf(law.masses.of))
    const table = (id: string | null): Table => (id === null ? null : numeric.table(id))
    const all = (ids: readonly string[]): readonly Float64Array[] => ids.map((id) => numeric.table(id))
    this.tables = {
      share: table(law.share),
      holds: table(law.holds),
      density: law.moments === null ? table(law.logDensity) : null,
      message: table(law.message?.buffer ?? null),
      mean: table(law.mean),
      variance: table(law.variance),
      at: all(law.tails?.at ?? []),
      before: all(law.tails?.before ?? law.tails?.at ?? []),
      moments: law.moments === null ? [] : all([law.moments.first, law.moments.second]),
      masses: table(law.masses?.buffer ?? null),
    }
  }

  holds(flat: number): boolean {
    return this.tables.holds?.[flat] !== 0
  }

  /** Position among the rows. */
  row(flat: number): number {
    return Math.floor(flat / this.valueCount)
  }

  /** @param flat position among rows and values */
  said(x: number, flat: number, coordinate: number): Said {
    const said = this.known(x, flat, coordinate)
    const { message } = this.law
    if (message === null) return said
    return { ...said, message: (this.tables.message?.[flat] ?? 0) + (message.withDensity ? said.logDensity : 0) }
  }

  private known(x: number, flat: number, coordinate: number): Said {
    const { share: shares, density, mean, variance, at, before, moments, masses } = this.tables
    const number = (of: Table | undefined, i: number): number => of?.[i] ?? Number.NaN
    const share = shares?.[flat] ?? 1
    const [first, second] = moments
    if (first !== undefined) return linear(x, number(variance, flat), share, number(first, flat), number(second, flat))
    const logDensity = number(density, flat)
    const place = (this.row(flat) * this.size + coordinate) * this.valueCount + (flat % this.valueCount)
    const [m, v] = [number(mean, place), number(variance, place)]
    const hasTails = at.length > 0
    if (this.law.own.length > 0 && !hasTails) return normal(x, m, v, share, logDensity)
    const mass = masses?.slice(flat * this.width, (flat + 1) * this.width) ?? null
    const tails = hasTails
      ? {
          below: [number(before[0], place), number(at[0], place)] as const,
          above: [number(before[1], place), number(at[1], place)] as const,
        }
      : this.kind === 'labels'
        ? WITHOUT_ORDER
        : addedUp(mass, x)
    return { share, logDensity, ...tails, mean: m, variance: v, masses: mass }
  }
}
