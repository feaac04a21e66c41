/** E-steps under a factorised q: how long it is swept, and which expectation its numbers are those of. */
import type { Beginning, Expectation, LatentLayout } from '../../runtime/contract.js'
import type { FactorisedState } from './factorised-state.js'

/** An expectation under a factorised q, with the params it was made at. */
interface Held {
  readonly params: Float64Array
  readonly expectation: Expectation
}

/** What is asked of the program where the params leave every value of a latent impossible under q. */
export interface WayOut {
  /** The params moved into the interior of their supports, where all values are possible. */
  inside(params: Float64Array): Float64Array
  /** Runs with all of the mass of each discrete latent at its most probable value under q handed in as its responsibilities. */
  atLabels<T>(run: () => T): T
}

/** Seed of the q of a model that was not fitted: new rows, and reports at other params than those of the fit. */
const FIRST_SEED = 1
/** Sweeps of a start, and of a q that is to stand still. */
const BRIEF_SWEEPS = 30
/** Sweeps of a start at params that are still those of no structure: more of them would lose what q began with. */
const FIRST_SWEEPS = 3
const MOST_SWEEPS = 1000
/** Relative changes of the bound that are none. */
const BRIEF_TOLERANCE = 1e-8
const TOLERANCE = 1e-10

const sameNumbers = (a: Float64Array, b: Float64Array): boolean =>
  a.length === b.length && a.every((x, i) => Object.is(x, b[i]))

export class FactorisedExpectations {
  private held: Held | null = null
  private remembered: Held | null = null

  constructor(
    readonly state: FactorisedState,
    private readonly latents: readonly LatentLayout[],
    private readonly hasParams: boolean,
    /** The bound and the statistics under q, as it is after `begin`, which runs at the params. */
    private readonly expectation: (params: Float64Array, begin: () => void) => Expectation,
    private readonly wayOut: WayOut,
  ) {}

  /** Coordinate ascent on q, from q as it is in `from`, or from a random one until it stands still. */
  sweeps(params: Float64Array, from?: Beginning): Expectation {
    const { state } = this
    const isWarm = from !== undefined && ('q' in from || 'near' in from)
    const brief = from !== undefined
    const most = isWarm ? 1 : !brief ? MOST_SWEEPS : this.hasParams ? FIRST_SWEEPS : BRIEF_SWEEPS
    const tolerance = brief ? BRIEF_TOLERANCE : TOLERANCE
    const first = this.expectation(params, () => {
      this.begin(from)
      state.sweep()
    })
    let made = this.swept(params, first, most, tolerance)
    if (made.logLikelihood === Number.NEGATIVE_INFINITY) made = this.possible(params, from)
    const expectation = { ...made, q: state.take() }
    this.made(params, expectation)
    return expectation
  }

  /** More sweeps, until q stands still or there have been as many as are allowed. */
  private swept(params: Float64Array, first: Expectation, most: number, tolerance: number): Expectation {
    let made = first
    for (let i = 1; i < most; i++) {
      const before = made.logLikelihood
      made = this.expectation(params, () => this.state.sweep())
      const last = made.logLikelihood
      if (!(Math.abs(last - before) > tolerance * (1 + Math.abs(last)))) break
    }
    return made
  }

  /**
   * Probabilities of 0 or 1 make what a soft q holds possible impossible, and no update of one factor leads out of it: each
   * value of a latent meets one of another that it cannot stand beside. So q is found a little inside, and its most probable
   * values, which avoid what is nearly impossible there, are where it begins.
   */
  private possible(params: Float64Array, from: Beginning | undefined): Expectation {
    const { state, wayOut } = this
    const inside = wayOut.inside(params)
    this.held = null
    const first = this.expectation(inside, () => {
      this.begin(from)
      state.sweep()
    })
    this.swept(inside, first, MOST_SWEEPS, TOLERANCE)
    return wayOut.atLabels(() =>
      this.expectation(params, () => {
        state.beginGiven()
        state.sweep()
      }),
    )
  }

  private begin(from: Beginning | undefined): void {
    const { state, latents } = this
    if (from !== undefined && 'near' in from) state.beginNear(latents, from)
    else if (from === undefined || !('q' in from))
      state.begin(latents, from !== undefined && 'seed' in from ? from.seed : FIRST_SEED)
    else if (from !== this.held?.expectation && from.q !== undefined) state.putBack(from.q)
  }

  /** q is now that of an expectation made at the params. */
  made(params: Float64Array, expectation: Expectation): void {
    this.held = { params: params.slice(), expectation }
  }

  /** q as it was made for an expectation. */
  hold(e: Expectation): void {
    if (this.held?.expectation === e || e.q === undefined) return
    this.state.putBack(e.q)
    this.held = null
  }

  /** Keeps the q of an expectation for reports at its params. */
  remember(params: Float64Array, expectation: Expectation): void {
    if (expectation.q !== undefined) this.remembered = { params: params.slice(), expectation }
  }

  /** true for the params of the fit, whose q is kept. */
  isFitted(params: Float64Array): boolean {
    return this.remembered !== null && sameNumbers(this.remembered.params, params)
  }

  /**
   * q at the params: that of the fit where it is at hand, else one found from a random beginning. What is remembered comes
   * first: where all params are latents, those of any other run are the same.
   */
  settle(params: Float64Array): void {
    const known = [this.remembered, this.held].find((h) => h !== null && sameNumbers(h.params, params)) ?? null
    if (known === null) this.sweeps(params)
    else this.hold(known.expectation)
  }
}
