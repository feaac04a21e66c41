/**
 * Cells of data beside what the fitted model says of them. A statement y ~ D(θ, z) gives cell y the distribution
 * Σ_z p(z | all data but this cell; θ) D(θ, z), a mixture over the discrete latents that it reads. With the posterior
 * p(z | all data; θ) ∝ p(z | all but y; θ) D(y; θ, z) the weights are posterior / density, normalised; where each row has
 * latents of its own they are their posterior given the other statements.
 *
 * Normal latents u in the mean of a Normal cell are integrated out: with residual mean A and variance v under the posterior
 * and h = v/σ², the cell given the others is off its mean by A/(1 − h), with variance σ²/(1 − h).
 */
import { keyOf } from '../algebra/key.js'
import type { IndexVar } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import { buildCellDensities } from '../graph/build.js'
import type { CellDensity } from '../graph/cell-density.js'
import { IndexSupply } from '../graph/tensors.js'
import type { CellLaw, Told } from '../lower/cell-laws.js'
import { extentOf } from '../lower/lowerer.js'
import type { ProgramModel } from './bound-model.js'
import { iterate, reader } from './imputed-cells.js'
import { type NumericLaw, PosteriorReports } from './posterior-reports.js'
import { addedUp, linear, logSum, normal, type Said, WITHOUT_ORDER } from './said-of-cell.js'
import { settled } from './settled-checks.js'
import { SharesWithout } from './shares-without.js'
import { cellPosition } from './sizes.js'

export interface CellCheck {
  /** Position in the array. */
  readonly position: number
  readonly weight: number
  readonly observed: number
  /** log P(X < x) and log P(X ≤ x): equal where values are not integers. */
  readonly below: readonly [number, number]
  /** log P(X ≥ x) and log P(X > x). */
  readonly above: readonly [number, number]
  /** (x − mean) / sd; null where the distribution has no such moments, and for labels. */
  readonly residual: number | null
  /** Probability of each label, or of the counts 0, 1, …; null for other numbers. */
  readonly masses: Float64Array | null
}

export interface ArrayChecks {
  readonly data: string
  readonly kind: 'numbers' | 'counts' | 'labels'
  /** Why there are none, or null. */
  readonly reason: string | null
  readonly checks: readonly CellCheck[]
  /** Smallest label, or 0. */
  readonly first: number
  /** Cells for which the posterior is too far from what it would be without them to be taken back. */
  readonly lost: number
  /** Other statements read the array too, and know its cells. */
  readonly readElsewhere: boolean
}

interface Part extends Said {
  readonly law: CellLaw
  readonly flat: number
  /** The share without the cell, where the E-step gave it; null: it follows from `share` and `logDensity`. */
  apart: number | null
}

/** Counts beyond this are one. */
const MOST_COUNTS = 30
/** Terms of a distribution function that is added up. */
const MOST_TERMS = 1000
/** Where log densities differ by more, the posterior of the smaller one may have come out as 0. */
const FAR = 250
/** Points at a time, and numbers of one buffer of them, at most. */
const MOST_POINTS = 64
const MOST_NUMBERS = 2e6

/** @param most cells of an array, evenly spread */
export function checkCells(
  model: ProgramModel,
  params: Float64Array,
  most = Number.POSITIVE_INFINITY,
): readonly ArrayChecks[] {
  return settled(model, () => checksAt(model, params, most))
}

function checksAt(model: ProgramModel, params: Float64Array, most: number): readonly ArrayChecks[] {
  const { derivation: d } = model
  const cells = buildCellDensities(d.model, d.distributions, new IndexSupply())?.cells ?? []
  const names = [
    ...new Set(
      d.graph.factors.flatMap((f) => (f.role === 'likelihood' && f.target.space === 'data' ? [f.target.name] : [])),
    ),
  ]
  const asLatents = d.graph.latents.flatMap((l) => (l.kind !== 'count' && l.evidence ? [l.name] : []))
  const told = toldApart(model, cells)
  const asked = { cells, told, points: pointsAtATime(model, cells, told) }
  const reports = new PosteriorReports(model, { laws: asked })
  let apart: PosteriorReports | null = null
  const rowByRow = (): PosteriorReports => {
    apart ??= new PosteriorReports(model, { laws: { ...asked, rowByRow: true } })
    return apart
  }
  const { laws } = reports.at(params)
  const all = [...new Set([...names, ...asLatents])]
  // tables are those of the last E-step: all arrays are read before any is taken without its cells
  const read = all.map((name): (() => ArrayChecks) => {
    const none = (reason: string) => (): ArrayChecks => ({
      data: name,
      kind: 'numbers',
      reason,
      checks: [],
      first: 0,
      lost: 0,
      readElsewhere: false,
    })
    if (asLatents.includes(name)) return none('its missing cells are latents that other statements read')
    const own = cells.flatMap((cell, i) => (cell.data === name ? [{ cell, law: laws[i] }] : []))
    const refused = own.find(({ law }) => typeof law === 'string')?.law
    if (typeof refused === 'string') return none(refused)
    const without = withoutLaw(own)
    if (own.length === 0 || without !== null)
      return none(without ?? 'no statement gives single cells of it a distribution')
    const known = own.flatMap(({ law }) => (law === undefined || typeof law === 'string' ? [] : [law]))
    const [first] = known
    if (first === undefined) return none('no statement gives single cells of it a distribution')
    const discrete = own.some((o) => o.cell.discrete)
    const reader = new ArrayReader(
      model,
      name,
      kindOf(model, name, discrete),
      new SharesWithout(model, params, reports, rowByRow),
      most,
    )
    for (const law of known) reader.read(law)
    return () => ({ ...reader.found(known), readElsewhere: readElsewhere(model, name) })
  })
  return read.map((found) => found())
}

/** Why the distribution function of some statement is not known; null where that of all is. */
function withoutLaw(own: readonly { readonly cell: CellDensity }[]): string | null {
  for (const { cell } of own) {
    const name = cell.distribution
    if (cell.censored) return 'it is censored, so that what was seen of a cell is an interval'
    if (name === null)
      return 'its density is written out or truncated, and has no distribution function in this version'
    if (cell.own.length > 0 && cell.covariance === null)
      return `single cells of ${name} have no distribution of their own`
    if (cell.own.length === 0 && cell.tail === null && !cell.discrete)
      return `${name} has no distribution function in this version`
    if (cell.own.length === 0 && cell.tail === null && cell.low === null)
      return `the values of ${name} have no smallest one to begin with`
  }
  return null
}

/** As many points as buffers of some millions of numbers hold. */
function pointsAtATime(
  { numbers }: ProgramModel,
  cells: readonly CellDensity[],
  told: ReadonlyMap<string, Told>,
): number {
  const sizes = cells.map((cell) => {
    const rows = [...cell.loops.map((l) => l.index), ...cell.batch, ...cell.own]
    const masses = told.get(cell.data)
    return rows.reduce((n, v) => n * numbers.extent(extentOf(v)), typeof masses === 'number' ? masses : 2)
  })
  return Math.max(1, Math.min(MOST_POINTS, Math.floor(MOST_NUMBERS / Math.max(1, ...sizes))))
}

/** Which values of integers are told apart. */
function toldApart(model: ProgramModel, cells: readonly CellDensity[]): ReadonlyMap<string, Told> {
  const out = new Map<string, Told>()
  for (const cell of cells) {
    const { data } = cell
    if (kindOf(model, data, cell.discrete) === 'numbers' || cell.own.length > 0) continue
    if (kindOf(model, data, cell.discrete) === 'labels') out.set(data, 'labels')
    else {
      const { values = new Float64Array(0) } = model.data.arrays.get(data) ?? {}
      let seen = 0
      for (const x of values) if (x > seen) seen = x
      const most = cell.tail === null ? MOST_TERMS : MOST_COUNTS
      out.set(data, Math.max(Number(out.get(data) ?? 0), Math.min(most, seen) + 1))
    }
  }
  return out
}

function kindOf(model: ProgramModel, data: string, discrete: boolean): ArrayChecks['kind'] {
  const support = model.derivation.graph.data.find((s) => s.name === data)?.type.support.kind
  return support === 'category' || support === 'bool' ? 'labels' : discrete ? 'counts' : 'numbers'
}

/** Another statement reads the array, or one reads other cells of it than its own. */
function readElsewhere({ derivation: { graph } }: ProgramModel, name: string): boolean {
  return graph.factors.some((f) => {
    const isOwn = f.role === 'likelihood' && f.target.name === name
    const rank = isOwn ? (f.target.index?.length ?? 0) : 0
    const read = collectNodes(f.value, (n) => n.kind === 'ref' && n.space === 'data' && n.name === name)
    const rows = new Set(read.map((n) => (n.kind === 'ref' ? n.index.slice(0, rank).map(keyOf).join(' ') : '')))
    return rows.size > (isOwn ? 1 : 0)
  })
}

interface Cell {
  readonly parts: Part[]
  readonly weight: number
  readonly observed: number
  /** Where the first of its statements speaks of it. */
  readonly law: NumericLaw
  readonly at: readonly number[]
}

class ArrayReader {
  private readonly cells = new Map<number, Cell>()
  private first = 0
  private lost = 0

  constructor(
    private readonly model: ProgramModel,
    private readonly name: string,
    private readonly kind: ArrayChecks['kind'],
    private readonly shares: SharesWithout,
    private readonly most: number,
  ) {}

  found(laws: readonly NumericLaw[]): Omit<ArrayChecks, 'readElsewhere'> {
    const isAnyHidden = [...this.cells.values()].some(({ parts }) => parts.length > 1 && isHidden(parts))
    // rows of Normal posteriors are taken apart only where something is hidden
    for (const law of laws) if (law.law.silenced === 'at once' || isAnyHidden) this.apart(law)
    const { name: data, kind } = this
    let reason: string | null = null
    let again = this.shares.single
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
      if (cell.parts.length > 1 && cell.parts.some((p) => p.apart === null) && isHidden(cell.parts)) {
        if (cell.parts.some((p) => p.law.silenced === null) || again-- <= 0) {
          this.lost++
          return []
        }
        this.alone(cell)
      }
      const mixed = this.mixed(cell.parts, observed)
      return mixed === null ? [] : [{ position, weight, observed, ...mixed }]
    })
    if (reason === null && checks.length === 0 && this.lost > 0)
      reason =
        'its cells tell the values of their latents apart so well that the posterior does not say what they would be without them'
    return { data, kind, reason, checks: reason === null ? checks : [], first: this.first, lost: this.lost }
  }

  /** Shares without the rows of a law, where these are to be had at once. */
  private apart({ law }: NumericLaw): void {
    const share = this.shares.without(law)
    if (share === null) return
    for (const { parts } of this.cells.values())
      for (const p of parts) if (p.law === law) p.apart = share[p.flat] ?? Number.NaN
  }

  /** The same for one cell alone. */
  private alone({ parts, at }: Cell): void {
    const known = new Map<CellLaw, Float64Array>()
    for (const p of parts) {
      const share = known.get(p.law) ?? this.shares.withoutRow(p.law, at)
      known.set(p.law, share)
      p.apart = share[p.flat] ?? Number.NaN
    }
  }

  read(numeric: NumericLaw): void {
    const { law } = numeric
    const table = (id: string): Float64Array => numeric.table(id)
    const { numbers, data } = this.model
    const array = data.arrays.get(this.name)
    if (array === undefined) return
    const tableOf = (id: string | null | undefined): Float64Array | null => (id == null ? null : table(id))
    const [own] = law.own
    const size = own === undefined ? 1 : numbers.extent(extentOf(own))
    const loops: readonly IndexVar[] = [...law.rows, ...law.values]
    const sizes = loops.map((v) => numbers.extent(extentOf(v)))
    const valueCount = sizes.slice(law.rows.length).reduce((a, b) => a * b, 1)
    const index = law.index.map((e) => reader(e, numbers))
    const weights = law.weights.map((e) => reader(e, numbers))
    const stride = Math.max(1, Math.ceil(array.values.length / this.most))
    const [share, holds, mean, variance] = [law.share, law.holds, law.mean, law.variance].map(tableOf)
    const [below, above] = (law.tails?.at ?? []).map(tableOf)
    const [belowBefore, aboveBefore] = (law.tails?.before ?? law.tails?.at ?? []).map(tableOf)
    const [first, second, masses] = [law.moments?.first, law.moments?.second, law.masses?.buffer].map(tableOf)
    const density = law.moments === null ? table(law.logDensity) : null
    const width = law.masses === null ? 0 : numbers.extent(extentOf(law.masses.of))
    if (law.masses !== null && this.kind === 'labels') this.first = numbers.value(law.masses.of.from)
    const number = (of: Float64Array | null | undefined, at: number): number => of?.[at] ?? Number.NaN
    iterate(loops, sizes, numbers, (indices, flat) => {
      if (holds?.[flat] === 0) return
      const p = share?.[flat] ?? 1
      const rowNumber = Math.floor(flat / valueCount)
      for (let i = 0; i < size; i++) {
        const at = own === undefined ? indices : new Map([...indices, [own.id, i + 1]])
        const position = cellPosition(
          array,
          index.map((e) => e(at)),
        )
        if ((own === undefined ? position : rowNumber) % stride !== 0) return
        const x = datum(array.values, position)
        if (Number.isNaN(x)) return
        const said = ((): Said => {
          const logDensity = number(density, flat)
          if (first != null) return linear(x, number(variance, flat), p, number(first, flat), number(second, flat))
          const place = own === undefined ? flat : (rowNumber * size + i) * valueCount + (flat % valueCount)
          const [m, v] = [number(mean, place), number(variance, place)]
          if (own !== undefined && below == null) return normal(x, m, v, p, logDensity)
          const mass = masses?.slice(flat * width, (flat + 1) * width) ?? null
          const tails =
            below == null
              ? this.kind === 'labels'
                ? WITHOUT_ORDER
                : addedUp(mass, x)
              : {
                  below: [number(belowBefore, place), number(below, place)] as const,
                  above: [number(aboveBefore, place), number(above, place)] as const,
                }
          return { share: p, logDensity, ...tails, mean: m, variance: v, masses: mass }
        })()
        const part: Part = { ...said, law, flat, apart: null }
        const known = this.cells.get(position)
        if (known !== undefined) known.parts.push(part)
        else
          this.cells.set(position, {
            parts: [part],
            weight: weights.reduce((w, e) => w * e(at), 1),
            observed: x,
            law: numeric,
            at: law.rows.slice(0, law.loops).map((v) => indices.get(v.id) ?? 0),
          })
      }
    })
  }

  /** The mixture of what is said at each value of the latents, with the weights that they have without the cell. */
  private mixed(parts: readonly Part[], observed: number): Omit<CellCheck, 'position' | 'weight' | 'observed'> | null {
    const some = parts.filter((p) => (p.apart ?? p.share) > 0)
    const logs = some.map((p) =>
      p.apart !== null ? Math.log(p.apart) : Math.log(p.share) - (parts.length === 1 ? 0 : p.logDensity),
    )
    const all = logSum(logs)
    const weights = logs.map((l) => Math.exp(l - all))
    const mix = (of: (p: Part) => number): number => logSum(some.map((p, i) => (logs[i] ?? 0) - all + of(p)))
    const average = (of: (p: Part) => number): number =>
      some.reduce((sum, p, i) => sum + ((weights[i] ?? 0) === 0 ? 0 : (weights[i] ?? 0) * of(p)), 0)
    const below = [mix((p) => p.below[0]), mix((p) => p.below[1])] as const
    const above = [mix((p) => p.above[0]), mix((p) => p.above[1])] as const
    const isLost = (p: Part): boolean => p.law.points !== null && Number.isNaN(p.logDensity)
    if ([...below, ...above].some(Number.isNaN) || some.some(isLost)) {
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

/** Some value has no posterior left, and what it would be without the cell cannot be taken back. */
function isHidden(parts: readonly Part[]): boolean {
  const most = Math.max(...parts.map((p) => (p.share > 0 ? p.logDensity : Number.NEGATIVE_INFINITY)))
  return parts.some((p) => p.share === 0 && !(most - p.logDensity < FAR))
}

/** The number that a statement reads at a position: labels from 1; NaN where it is missing. */
function datum(values: Float64Array | Int32Array, position: number): number {
  const x = values[position] ?? Number.NaN
  return values instanceof Int32Array ? (x < 0 ? Number.NaN : x + 1) : x
}
