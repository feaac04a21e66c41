/** Those who watch the steps of EM and say where to jump, and what they remember. */

export type Acceleration = 'squarem' | 'anderson'

/** Watches the steps of EM, and says where to try to jump. */
export interface Accelerator {
  /**
   * EM has gone from one point to the next; null: let it go on by itself.
   *
   * @param next where the M-step leads from there; the E-step that would tell the objective is not made
   */
  propose(from: Float64Array, to: Float64Array, next: () => Float64Array): Float64Array | null
  /**
   * Where to go from a point in place of EM's own step, whose image is given; null: EM makes its step. Left out by those that
   * jump between steps of EM.
   */
  mix?(at: Float64Array, image: Float64Array): Float64Array | null
  /** The objective at the point proposed last was higher, and the run goes on from there; or it was not. */
  judged(accepted: boolean): void
  /**
   * How many times the next step of the objective its limit may lie ahead, as far as the jumps have told: 1/(1 − rate) of the
   * slowest part of the error. Infinity where they tell none, or where EM was no contraction a short time ago.
   */
  slowness(): number
  /** What it goes on from. */
  memory(): AcceleratorMemory
}

/** All that an accelerator remembers. */
export type AcceleratorMemory = SquaremMemory | AndersonMemory

export interface SquaremMemory {
  readonly kind: 'squarem'
  /** Steps of EM before the next jump. */
  readonly waits: number
  readonly longest: number
  /** The slowest part of the error that a jump went along. */
  readonly slowest: number
  /** Cycles one after another in which EM was seen to contract. */
  readonly contracting: number
  /** The point before the next cycle begins; null where it tells nothing. */
  readonly before: Residual | null
}

export interface AndersonMemory {
  readonly kind: 'anderson'
  readonly steps: readonly MixedStep[]
  /** The longest move beside EM's step. */
  readonly longest: number
}

/** A point and EM's step from there, F(u) − u. */
export interface Residual {
  readonly params: Float64Array
  readonly residual: Float64Array
}

/** A step of EM as Anderson's mixing remembers it. */
export interface MixedStep {
  readonly image: Float64Array
  readonly residual: Float64Array
}

/** Fewer times than these no limit lies ahead. */
export const LEAST_SLOWNESS = 4

export const difference = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x - (b[i] ?? 0))

/** Each param beside its size. */
export const product = (a: Float64Array, b: Float64Array, sizes: Float64Array): number =>
  a.reduce((sum, x, i) => sum + (x * (b[i] ?? 0)) / (1 + Math.abs(sizes[i] ?? 0)) ** 2, 0)
