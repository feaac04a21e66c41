/** The cells of one array, each in the mixture of what its statements say of it. */
import type { IndexVar } from '../algebra/types.js'
import { extentOf } from '../lower/lowerer.js'
import type { CellLaw } from '../lower/residuals/types.js'
import type { ProgramModel } from './bound-model.js'
import { iterate, reader } from './imputed-cells.js'
import type { ArrayChecks, CellCheck } from './residuals/checked-cells.js'
import { LawReader } from './residuals/law-reader.js'
import type { NumericLaw } from './residuals/numeric-law.js'
import { logSum, type Said } from './residuals/said-of-cell.js'
import type { WithoutCells } from './residuals/without-cells.js'
import { cellPosition } from './sizes.js'

interface Part extends Said {
  readonly law: CellLaw
  /** Position among rows and values, and coordinate of a vector. */
  readonly flat: number
  readonly coordinate: number
  /** The share without the cell, where the E-step gave it; null: it follows from `share` and `logDensity`. */
  apart: number | null
}

/** Where log densities differ by more, the posterior of the smaller one may have come out as 0. */
const FAR = 250
/** What a cell costs that is integrated alone, in cells whose latents are taken from tables. */
const COST_OF_INTEGRALS = 50

interface Cell {
  readonly parts: Part[]
  readonly weight: number
  readonly observed: number
  /** Where the first of its statements speaks of it. */
  readonly at: readonly number[]
}

export class ArrayReader {
  private readonly cells = new Map<number, Cell>()
  private first = 0
  private lost = 0

  constructor(
    private readonly model: ProgramModel,
    private readonly name: string,
    private readonly kind: ArrayChecks['kind'],
    private readonly without: WithoutCells,
    private readonly most: number,
    /** Cells that are taken out of the E-step one by one. */
    private readonly asked: ReadonlySet<number>,
  ) {}

  found(laws: readonly NumericLaw[]): Omit<ArrayChecks, 'readElsewhere'> {
    const isAnyHidden = [...this.cells.values()].some(({ parts }) => parts.length > 1 && isHidden(parts))
    // rows of Normal posteriors are taken apart only where something is hidden
    for (const law of laws) if (law.law.silenced === 'at once' || isAnyHidden) this.apart(law)
    const { name: data, kind } = this
    let reason: string | null = null
    let again = this.without.single
    const checks = [...this.cells].flatMap(([position, cell]): readonly CellCheck[] => {
      const { weight, observed } = cell
      const total = cell.parts.reduce((sum, p) => sum + p.share, 0)
      if (Math.abs(total - 1) > 1e-6) {
        reason ??=
          total > 1
            ? 'several statements speak of the same cells'
            : 'some values of its latents leave cells without a distribution'
        return []
      }
      const hidden = cell.parts.length > 1 && cell.parts.some((p) => p.apart === null) && isHidden(cell.parts)
      if (hidden || this.asked.has(position) || cell.parts.some(isUnknown)) {
        again -= cell.parts.some((p) => p.law.points !== null) ? COST_OF_INTEGRALS : 1
        if (again >= 0 && cell.parts.every((p) => p.law.silenced !== null)) this.alone(cell)
        else if (hidden) {
          this.lost++
          return []
        }
      }
      const mixed = this.mixed(cell.parts, observed)
      return mixed === null ? [] : [{ position, weight, observed, ...mixed }]
    })
    if (reason === null && checks.length === 0 && this.lost > 0)
      reason =
        'its cells tell the values of their latents apart so well that the posterior does not say what they would be without them'
    return {
      data,
      kind,
      reason,
      checks: reason === null ? checks : [],
      first: this.first,
      lost: this.lost,
      approximate: laws.some(({ law }) => law.message !== null),
    }
  }

  /** Shares without the rows of a law, where these are to be had at once. */
  private apart({ law }: NumericLaw): void {
    const share = this.without.shares(law)
    if (share === null) return
    for (const { parts } of this.cells.values())
      for (const p of parts) if (p.law === law) p.apart = share[p.flat] ?? Number.NaN
  }

  /** One cell alone: the shares without it, and what is integrated over the posterior without it. */
  private alone({ parts, at, observed }: Cell): void {
    const known = new Map<CellLaw, { readonly share: Float64Array | null; readonly read: LawReader | null }>()
    parts.forEach((p, i) => {
      const { law } = p
      let without = known.get(law)
      if (without === undefined) {
        const numeric = this.without.row(law, at)
        without = {
          share: law.share === null ? null : numeric.table(law.share).slice(),
          read: law.points === null ? null : new LawReader(numeric, this.kind, this.model.numbers),
        }
        known.set(law, without)
      }
      const apart = without.share === null ? 1 : (without.share[p.flat] ?? Number.NaN)
      const said = without.read?.said(observed, p.flat, p.coordinate)
      parts[i] = { ...p, ...said, share: p.share, apart }
    })
  }

  read(numeric: NumericLaw): void {
    const { law } = numeric
    const { numbers, data } = this.model
    const array = data.arrays.get(this.name)
    if (array === undefined) return
    const read = new LawReader(numeric, this.kind, numbers)
    const [own] = law.own
    const loops: readonly IndexVar[] = [...law.rows, ...law.values]
    const sizes = loops.map((v) => numbers.extent(extentOf(v)))
    const index = law.index.map((e) => reader(e, numbers))
    const weights = law.weights.map((e) => reader(e, numbers))
    const stride = Math.max(1, Math.ceil(array.values.length / this.most))
    if (law.masses !== null && this.kind === 'labels') this.first = numbers.value(law.masses.of.from)
    iterate(loops, sizes, numbers, (indices, flat) => {
      if (!read.holds(flat)) return
      for (let coordinate = 0; coordinate < read.size; coordinate++) {
        const at = own === undefined ? indices : new Map([...indices, [own.id, coordinate + 1]])
        const position = cellPosition(
          array,
          index.map((e) => e(at)),
        )
        if ((own === undefined ? position : read.row(flat)) % stride !== 0) return
        const x = datum(array.values, position)
        if (Number.isNaN(x)) return
        const part: Part = { ...read.said(x, flat, coordinate), law, flat, coordinate, apart: null }
        const known = this.cells.get(position)
        if (known !== undefined) known.parts.push(part)
        else
          this.cells.set(position, {
            parts: [part],
            weight: weights.reduce((w, e) => w * e(at), 1),
            observed: x,
            at: law.rows.slice(0, law.loops).map((v) => indices.get(v.id) ?? 0),
          })
      }
    })
  }

  /** The mixture of what is said at each value of the latents, with the weights that they have without the cell. */
  private mixed(parts: readonly Part[], observed: number): Omit<CellCheck, 'position' | 'weight' | 'observed'> | null {
    const some = parts.filter((p) => (p.apart ?? p.share) > 0)
    const logs = some.map((p) =>
      p.apart !== null ? Math.log(p.apart) : Math.log(p.share) - (parts.length === 1 ? 0 : messageOf(p)),
    )
    const all = logSum(logs)
    const weights = logs.map((l) => Math.exp(l - all))
    // weights that are rounded may add up to more than 1
    const mix = (of: (p: Part) => number): number =>
      Math.min(0, logSum(some.map((p, i) => (logs[i] ?? 0) - all + of(p))))
    const average = (of: (p: Part) => number): number =>
      some.reduce((sum, p, i) => sum + ((weights[i] ?? 0) === 0 ? 0 : (weights[i] ?? 0) * of(p)), 0)
    const below = [mix((p) => p.below[0]), mix((p) => p.below[1])] as const
    const above = [mix((p) => p.above[0]), mix((p) => p.above[1])] as const
    if ([...below, ...above].some(Number.isNaN) || some.some(isUnknown)) {
      this.lost++
      return null
    }
    const mean = average((p) => p.mean)
    const variance = average((p) => p.variance + (p.mean - mean) ** 2)
    const length = Math.max(0, ...some.map((p) => p.masses?.length ?? 0))
    const masses = length === 0 ? null : Float64Array.from({ length }, (_, v) => average((p) => p.masses?.[v] ?? 0))
    const residual = variance > 0 && Number.isFinite(variance) ? (observed - mean) / Math.sqrt(variance) : null
    return { below, above, residual, masses }
  }
}

/** What is integrated has not settled, and counts. */
const isUnknown = (p: Part): boolean => p.law.points !== null && Number.isNaN(p.logDensity) && (p.apart ?? p.share) > 0

/** Some value has no posterior left, and what it would be without the cell cannot be taken back. */
function isHidden(parts: readonly Part[]): boolean {
  const most = Math.max(...parts.map((p) => (p.share > 0 ? messageOf(p) : Number.NEGATIVE_INFINITY)))
  return parts.some((p) => p.share === 0 && !(most - messageOf(p) < FAR))
}

/** The log of what a share with the cell is more than one without it. */
const messageOf = (p: Said): number => p.message ?? p.logDensity

/** The number that a statement reads at a position: labels from 1; NaN where it is missing. */
function datum(values: Float64Array | Int32Array, position: number): number {
  const x = values[position] ?? Number.NaN
  return values instanceof Int32Array ? (x < 0 ? Number.NaN : x + 1) : x
}
