/**
 * Integrals of what a statement says of a cell, over the posterior of its latents without the cell. With q the posterior
 * given all data and D the density of the datum y, the posterior without it is q(u)/D(y; u) up to a constant, so that
 * ∫ f(u) q(u)/D(y; u) du / ∫ q(u)/D(y; u) du is what is left of f, and 1 / ∫ q(u)/D(y; u) du the density of y given the others.
 * Sums over points are kept relative to their largest term: the tails of a cell may be far smaller than 1e-300.
 */
import { extentOf } from '../../lower/lowerer.js'
import type { CellLaw, LawPoints } from '../../lower/residuals/types.js'
import type { Memory } from '../../targets/memory.js'
import { f64 } from '../../targets/solve/types.js'
import type { BoundNumbers } from '../sizes.js'

/** What runs operations over the memory that they read. */
export interface IntegralHost {
  readonly memory: Memory
  readonly numbers: BoundNumbers
  run(ops: LawPoints['weigh']): void
}

/** What is written into the points of a law before it is evaluated there, and the log of what each weighs beside its density. */
export type PutPoints = () => readonly number[]

/** A cell's integrand counts as 0 where it is lower than its peak by more, in logs. */
export const NEGLIGIBLE = 40
/** A term that is higher than the peak by more, in logs, is the peak. */
const HIGHER = 100
/** Rounding of a log of this size is a part of 1. */
const LARGEST_LOG = 1e14
/** Below this nothing that cannot be computed matters. */
const UNSEEN = 60

/** One quantity as Σ exp(log term), relative to a peak that is known roughly before it is summed; a far higher one takes its place. */
class LogSums {
  readonly peaks: Float64Array
  readonly sums: Float64Array

  constructor(size: number) {
    this.peaks = new Float64Array(size).fill(Number.NEGATIVE_INFINITY)
    this.sums = new Float64Array(size)
  }

  see(i: number, term: number): void {
    if (term > (this.peaks[i] ?? 0)) this.peaks[i] = term
  }

  /** @returns what sums relative to the peak so far are times, to be relative to that of now */
  add(i: number, term: number): number {
    if (term === Number.NEGATIVE_INFINITY) return 1
    const peak = this.peaks[i] ?? 0
    const above = term - peak
    // the peak lies between the points by which it was to be known
    const times = above > HIGHER ? Math.exp(-above) : 1
    if (times !== 1) this.peaks[i] = term
    this.sums[i] = (this.sums[i] ?? 0) * times + Math.exp(term - (this.peaks[i] ?? 0))
    return times
  }

  log(i: number): number {
    return Math.log(this.sums[i] ?? 0) + (this.peaks[i] ?? 0)
  }
}

export class CellIntegrals {
  /** Rows × values, and of vectors rows × own × values. */
  readonly cells: number
  readonly places: number
  private readonly values: number
  private readonly own: number
  private readonly tailBuffers: readonly string[]
  private readonly all: LogSums
  private readonly rest: LogSums
  private readonly squares: Float64Array
  private readonly tails: readonly LogSums[]
  /** Mean less datum where a cell has its peak: moments are taken about it. */
  private readonly shifts: Float64Array
  /** Σ of weight × (mean − datum − shift), and × ((mean − datum − shift)² + variance), relative to the peak of `rest`. */
  private readonly first: Float64Array
  private readonly second: Float64Array
  /** Cells of which something that matters could not be computed; places without moments. */
  private readonly broken: Uint8Array
  private readonly unbounded: Uint8Array
  private readonly momentPeaks: Float64Array

  constructor(
    private readonly law: CellLaw,
    private readonly points: LawPoints,
    private readonly host: IntegralHost,
    /** The cells that the posterior is already without, from one to before another: others are not asked about. */
    private readonly without: readonly [number, number] | null,
  ) {
    const count = (of: CellLaw['rows']): number => of.reduce((n, v) => n * host.numbers.extent(extentOf(v)), 1)
    this.values = count(law.values)
    this.own = count(law.own)
    this.cells = count(law.rows) * this.values
    this.places = this.cells * this.own
    this.tailBuffers = [...(law.tails?.at ?? []), ...(law.tails?.before ?? [])]
    this.all = new LogSums(this.cells)
    this.rest = new LogSums(this.cells)
    this.squares = new Float64Array(this.cells)
    this.tails = this.tailBuffers.map(() => new LogSums(this.places))
    this.shifts = new Float64Array(this.places)
    this.first = new Float64Array(this.places)
    this.second = new Float64Array(this.places)
    this.broken = new Uint8Array(this.cells)
    this.unbounded = new Uint8Array(this.places)
    this.momentPeaks = new Float64Array(this.places).fill(Number.NEGATIVE_INFINITY)
  }

  /** Rows × values at which the law is evaluated, on all points so far. */
  private weigh(put: PutPoints): readonly number[] {
    const logs = put()
    // what is padding is not written
    f64(this.host.memory, this.law.logDensity).fill(Number.NaN)
    this.host.run(this.points.weigh)
    return logs
  }

  /** Calls `visit` for each cell and point with a weight, its log and that of the posterior with the cell. */
  private each(
    logs: readonly number[],
    visit: (cell: number, point: number, weight: number, whole: number) => void,
  ): void {
    const { memory } = this.host
    const [q, density] = [f64(memory, this.points.logPosterior), f64(memory, this.law.logDensity)]
    const { count } = this.points
    const [from, to] = this.without ?? [0, this.cells]
    for (let c = from; c < to; c++)
      for (let b = 0; b < logs.length; b++) {
        const whole = (q[c * count + b] ?? Number.NaN) + (logs[b] ?? 0)
        const datum = density[c * count + b] ?? Number.NaN
        const weight = this.without !== null ? whole : whole - datum
        // where a density is less than the smallest number, or a difference of logs has no digits left, nothing is known
        if (weight < Number.POSITIVE_INFINITY && !(Math.abs(datum) > LARGEST_LOG)) visit(c, b, weight, whole)
      }
  }

  /** Calls `visit` for the coordinates of a cell: its place, and where a point of it is in buffers. */
  private eachPlace(cell: number, point: number, visit: (place: number, at: number) => void): void {
    const { values, own } = this
    const { count } = this.points
    const [row, value] = [Math.floor(cell / values), cell % values]
    for (let o = 0; o < own; o++) {
      const place = (row * own + o) * values + value
      visit(place, place * count + point)
    }
  }

  /** Second moment about the shift at a point. */
  private moment(place: number, at: number): number {
    const { mean, variance } = this.law
    if (mean === null || variance === null) return 0
    const { memory } = this.host
    const off = (f64(memory, mean)[at] ?? 0) - (this.shifts[place] ?? 0)
    return off * off + (f64(memory, variance)[at] ?? 0)
  }

  /** Peaks of all quantities, to be seen before they are added up. */
  see(put: PutPoints): void {
    const logs = this.weigh(put)
    this.host.run(this.points.say)
    const { memory } = this.host
    const tails = this.tailBuffers.map((t) => f64(memory, t))
    const off = this.law.mean === null ? null : f64(memory, this.law.mean)
    this.each(logs, (c, b, weight, whole) => {
      const isPeak = weight > (this.rest.peaks[c] ?? 0)
      this.all.see(c, whole)
      this.rest.see(c, weight)
      this.eachPlace(c, b, (place, at) => {
        if (isPeak && off !== null && Number.isFinite(off[at] ?? Number.NaN)) this.shifts[place] = off[at] ?? 0
        tails.forEach((t, i) => {
          this.tails[i]?.see(place, weight + (t[at] ?? 0))
        })
        const moment = weight + Math.log1p(this.moment(place, at))
        if (moment > (this.momentPeaks[place] ?? 0) && Number.isFinite(moment)) this.momentPeaks[place] = moment
      })
    })
  }

  /** `visit` is told of each point that is not negligible in some cell. */
  add(put: PutPoints, visit: (cell: number, point: number, level: PointLevel) => void = () => {}): void {
    const logs = this.weigh(put)
    this.host.run(this.points.say)
    const { memory } = this.host
    const tails = this.tailBuffers.map((t) => f64(memory, t))
    const off = this.law.mean === null ? null : f64(memory, this.law.mean)
    this.each(logs, (c, b, weight, whole) => {
      this.all.add(c, whole)
      const times = this.rest.add(c, weight)
      const below = (this.rest.peaks[c] ?? 0) - weight
      const share = Math.exp(-below)
      this.squares[c] = (this.squares[c] ?? 0) * times * times + share * share
      let [momentBelow, tailBelow] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
      this.eachPlace(c, b, (place, at) => {
        this.tails.forEach((tail, i) => {
          const term = weight + (tails[i]?.[at] ?? Number.NaN)
          if (Number.isNaN(term)) {
            if (below < UNSEEN) this.broken[c] = 1
            return
          }
          tail.add(place, term)
          if (term > Number.NEGATIVE_INFINITY) tailBelow = Math.min(tailBelow, (tail.peaks[place] ?? 0) - term)
        })
        if (off === null) return
        this.first[place] = (this.first[place] ?? 0) * times
        this.second[place] = (this.second[place] ?? 0) * times
        const [m, s] = [(off[at] ?? Number.NaN) - (this.shifts[place] ?? 0), this.moment(place, at)]
        if (Number.isFinite(s)) {
          this.first[place] = (this.first[place] ?? 0) + share * m
          this.second[place] = (this.second[place] ?? 0) + share * s
          momentBelow = Math.min(momentBelow, (this.momentPeaks[place] ?? 0) - weight - Math.log1p(s))
        } else if (below < UNSEEN) this.unbounded[place] = 1
      })
      visit(c, b, { weight: below, moment: momentBelow, tail: tailBelow })
    })
  }

  /** log ∫ q over ∫ q / D: the density of the datum given all others, or 0 where the posterior is already without it. */
  logDensity(cell: number): number {
    return !this.isKnown(cell) ? Number.NaN : this.all.log(cell) - this.rest.log(cell)
  }

  /** Σ w² / (Σ w)²: 1 over the effective number of points. */
  concentration(cell: number): number {
    return (this.squares[cell] ?? 0) / (this.rest.sums[cell] ?? 0) ** 2
  }

  get tailCount(): number {
    return this.tails.length
  }

  logTail(tail: number, place: number): number {
    return (this.tails[tail]?.log(place) ?? 0) - this.rest.log(this.cellOf(place))
  }

  /** Mean less the datum, and variance. */
  moments(place: number): readonly [number, number] {
    if (this.law.mean === null || this.unbounded[place] === 1) return NO_MOMENTS
    const total = this.rest.sums[this.cellOf(place)] ?? 0
    const m = (this.first[place] ?? 0) / total
    return [m + (this.shifts[place] ?? 0), (this.second[place] ?? 0) / total - m * m]
  }

  /** The mean or the variance of a cell is none. */
  unbound(cell: number): void {
    this.eachPlace(cell, 0, (place) => {
      this.unbounded[place] = 1
    })
  }

  break(cell: number): void {
    this.broken[cell] = 1
  }

  isKnown(cell: number): boolean {
    const sum = this.rest.sums[cell] ?? 0
    return this.broken[cell] !== 1 && sum > 0 && sum < Number.POSITIVE_INFINITY
  }

  cellOf(place: number): number {
    const { values, own } = this
    return Math.floor(place / (values * own)) * values + (place % values)
  }

  /** Probabilities of the values that are told apart [cells, values], by points of their own. */
  masses(batches: Iterable<PutPoints>): Float64Array {
    const { masses } = this.law
    if (masses === null) return new Float64Array(0)
    const width = this.host.numbers.extent(extentOf(masses.of))
    const out = new Float64Array(this.cells * width)
    const total = new Float64Array(this.cells)
    const { count } = this.points
    for (const put of batches) {
      const logs = this.weigh(put)
      this.host.run(this.points.masses)
      const own = f64(this.host.memory, masses.buffer)
      this.each(logs, (c, b, weight) => {
        const share = Math.exp(weight - (this.rest.peaks[c] ?? 0))
        if (share === 0) return
        total[c] = (total[c] ?? 0) + share
        for (let v = 0; v < width; v++)
          out[c * width + v] = (out[c * width + v] ?? 0) + share * (own[(c * width + v) * count + b] ?? 0)
      })
    }
    for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) / (total[Math.floor(i / width)] ?? 0)
    return out
  }
}

/** By how much a point's weight, its weight times the second moment and times the tails are below their peaks, in logs. */
export interface PointLevel {
  readonly weight: number
  readonly moment: number
  readonly tail: number
}

const NO_MOMENTS = [Number.NaN, Number.NaN] as const
