/**
 * Quadrature over a line by the trapezoidal rule in t, with u = centre + scale · sinh t: for smooth densities it converges
 * exponentially in the number of points (Trefethen and Weideman 2014, SIAM Review 56, section 5), near the centre by steps of a
 * part of the scale and far from it by multiples. Steps are halved until what follows from them agrees; each rule has the
 * points of the one before.
 */
import { type CellIntegrals, NEGLIGIBLE, type PutPoints } from './cell-integrals.js'

const FIRST_STEP = 0.5
const MOST_HALVINGS = 10
/** sinh of more is beyond what posteriors are wide. */
const FARTHEST = 25
/** Cells times points that are evaluated at most, once there are some. */
const MOST_EVALUATIONS = 3e7
const FEWEST_HALVINGS = 4
/** Change of a log by the last halving: what is reached, and what is enough where rounding stops it. */
const AGREEMENT = 1e-9
const ENOUGH = 1e-6
/** 1 over the number of points that count: a peak between points is seen by one alone, whatever the step. */
const MOST_CONCENTRATED = 0.5

/** Puts numbers t into the points, and gives the log of the density of u in t there but for the scale. */
export type PutLine = (t: readonly number[]) => void

/** Points between two ends, some at a time. */
function* batches(
  from: number,
  to: number,
  step: number,
  count: number,
  put: PutLine,
): Generator<PutPoints & Numbered> {
  const n = Math.round((to - from) / step)
  for (let i = 0; i <= n; i += count) {
    const t = Array.from({ length: Math.min(count, n + 1 - i) }, (_, k) => from + (i + k) * step)
    const made = (): readonly number[] => {
      put(t)
      return t.map(logSlope)
    }
    yield Object.assign(made, { t })
  }
}

interface Numbered {
  readonly t: readonly number[]
}

/** log cosh t. */
const logSlope = (t: number): number => Math.abs(t) + Math.log1p(Math.exp(-2 * Math.abs(t))) - Math.LN2

/**
 * @param count points at a time
 * @param reach t beyond which points are no numbers
 * @returns masses of the cells, where the law has some; cells that are not known well are marked in `integrals`
 */
export function overLine(integrals: CellIntegrals, count: number, reach: number, put: PutLine): Float64Array {
  const end = Math.ceil(Math.min(FARTHEST, reach) / FIRST_STEP) * FIRST_STEP
  for (const batch of batches(-end, end, FIRST_STEP, count, put)) integrals.see(batch)
  let [low, high] = [end, -end]
  const ends = { weight: new Ends(integrals.cells), moment: new Ends(integrals.cells) }
  for (const batch of batches(-end, end, FIRST_STEP, count, put))
    integrals.add(batch, (cell, point, { weight, moment, tail }) => {
      const t = batch.t[point] ?? 0
      ends.weight.see(cell, t, weight)
      ends.moment.see(cell, t, moment)
      // tails of a cell that is far out lie where its latents hardly ever are
      if (weight > NEGLIGIBLE && moment > NEGLIGIBLE && tail > NEGLIGIBLE) return
      low = Math.min(low, t)
      high = Math.max(high, t)
    })
  for (let c = 0; c < integrals.cells; c++) {
    if (ends.weight.isCut(c)) integrals.break(c)
    if (ends.moment.isCut(c)) integrals.unbound(c)
  }
  low -= FIRST_STEP
  high += FIRST_STEP
  const agreement = new Agreement(integrals)
  let step = FIRST_STEP
  let evaluated = (2 * end) / FIRST_STEP
  for (let halvings = 1; halvings <= MOST_HALVINGS && low < high; halvings++) {
    step /= 2
    for (const batch of batches(low + step, high - step, 2 * step, count, put)) integrals.add(batch)
    evaluated += (high - low) / (2 * step)
    if (agreement.reached()) break
    if (halvings >= FEWEST_HALVINGS && evaluated * integrals.cells > MOST_EVALUATIONS) break
  }
  agreement.close()
  return integrals.masses(low < high ? batches(low, high, 2 * step, count, put) : [])
}

/** How far below its peak a quantity of each cell is at the outermost points where it can be computed. */
class Ends {
  private readonly at: readonly [Float64Array, Float64Array]
  private readonly levels: readonly [Float64Array, Float64Array]

  constructor(cells: number) {
    const make = (value: number): Float64Array => new Float64Array(cells).fill(value)
    this.at = [make(Number.POSITIVE_INFINITY), make(Number.NEGATIVE_INFINITY)]
    this.levels = [make(Number.POSITIVE_INFINITY), make(Number.POSITIVE_INFINITY)]
  }

  see(cell: number, t: number, level: number): void {
    if (level === Number.POSITIVE_INFINITY) return
    const [low, high] = this.at
    if (t < (low[cell] ?? 0)) this.put(0, cell, t, level)
    if (t > (high[cell] ?? 0)) this.put(1, cell, t, level)
  }

  private put(side: 0 | 1, cell: number, t: number, level: number): void {
    this.at[side][cell] = t
    this.levels[side][cell] = level
  }

  /** A share of the integral that counts is beyond. */
  isCut(cell: number): boolean {
    return this.levels.some((l) => (l[cell] ?? 0) < CUT_OFF)
  }
}

/** e^-25 of the peak at an end. */
const CUT_OFF = 25

/** Whether what follows from the sums has settled, cell by cell. */
class Agreement {
  private readonly before: Float64Array
  private readonly errors: Float64Array
  private readonly settled: Uint8Array
  private readonly width: number

  constructor(private readonly integrals: CellIntegrals) {
    const { cells, places, tailCount } = integrals
    this.width = tailCount + 2
    this.before = new Float64Array(cells + places * this.width)
    this.errors = new Float64Array(cells).fill(Number.POSITIVE_INFINITY)
    this.settled = new Uint8Array(cells)
    this.change()
  }

  /** Largest change of each cell since the last time. */
  private change(): Float64Array {
    const { integrals, before, width } = this
    const { cells, places, tailCount } = integrals
    const out = new Float64Array(cells)
    const see = (cell: number, at: number, value: number, unit = Math.max(1, Math.abs(value))): void => {
      const was = before[at] ?? 0
      before[at] = value
      if (value === was || (Number.isNaN(value) && Number.isNaN(was))) return
      const change = Math.abs(value - was) / unit
      if (!(change <= (out[cell] ?? 0))) out[cell] = Number.isNaN(change) ? Number.POSITIVE_INFINITY : change
    }
    for (let c = 0; c < cells; c++) if (integrals.isKnown(c)) see(c, c, integrals.logDensity(c))
    for (let p = 0; p < places; p++) {
      const cell = integrals.cellOf(p)
      if (!integrals.isKnown(cell)) continue
      const at = cells + p * width
      for (let t = 0; t < tailCount; t++) see(cell, at + t, integrals.logTail(t, p))
      const [mean, variance] = integrals.moments(p)
      const unit = Math.sqrt(variance)
      see(cell, at + tailCount, mean, unit)
      see(cell, at + tailCount + 1, unit, unit)
    }
    return out
  }

  reached(): boolean {
    const { integrals, errors, settled } = this
    const now = this.change()
    let all = true
    for (let c = 0; c < settled.length; c++) {
      if (!integrals.isKnown(c)) continue
      const isOnePoint = integrals.concentration(c) > MOST_CONCENTRATED
      const [error, was] = [isOnePoint ? Number.POSITIVE_INFINITY : (now[c] ?? 0), errors[c] ?? 0]
      // what no longer falls is rounding: errors of these rules fall faster from halving to halving
      settled[c] = error <= AGREEMENT || (error <= ENOUGH && error > was / 4) ? 1 : 0
      errors[c] = error
      all &&= settled[c] === 1
    }
    return all
  }

  /** Cells whose last change is too large are not known. */
  close(): void {
    const { integrals, errors } = this
    for (let c = 0; c < errors.length; c++) if (!((errors[c] ?? 0) <= ENOUGH)) integrals.break(c)
  }
}
