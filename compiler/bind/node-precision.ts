/** How well an objective by nodes is known, and when it takes more of them. */
import type { Accuracy, Bound } from '../../runtime/contract.js'
import type { NodeFacts } from '../derivation/e-step-json.js'
import { nodeWeights } from '../estep/node-layout.js'
import { MOST_DIMENSIONS } from '../estep/nodes.js'
import type { NodeBlock } from '../estep/types.js'
import { MOST_DRAWN, type NodeRules } from './node-rules.js'
import { BindError } from './sizes.js'

/** What an objective by quadrature is to be known to, relative to Σ |log-normaliser| over the units, by dimensions. */
const RELATIVE: readonly number[] = [1e-11, 1e-11, 1e-9, 1e-7]
/** The standard error that an objective by draws is to have, in nats, and relative to the same sum. */
const STANDARD_ERROR = 0.1
const RELATIVE_STANDARD_ERROR = 1e-5
/** Fewer effective draws than this ask for more. */
const FEW_EFFECTIVE = 50
/** Ratio of successive errors beyond which a rule does not converge to speak of. */
const SLOWEST = 0.9
/** Numbers that the nodes of all posteriors may take, 8 bytes each. */
const MOST_NUMBERS = 1.5e8

/** What the precision of a program needs of it. */
export interface PrecisionHost {
  readonly rules: NodeRules
  /** The objective without priors, and what it is relative to. */
  evaluate(params: Float64Array): { readonly logLikelihood: number; readonly scale: number }
  /** A buffer of all rows, after the posterior at `params`. */
  weights(params: Float64Array, buffer: string): Float64Array
  /** Posteriors of a block that lie in memory at once. */
  posteriors(block: NodeBlock): number
  /** Weight of each row of a block; null where all are 1. */
  rowWeights(block: NodeBlock): Float64Array | null
  /** Values of the discrete latents that a block has a posterior for each of. */
  values(block: NodeBlock): number
  resize(): void
}

export class NodePrecision {
  private last: Accuracy | null = null

  constructor(
    private readonly blocks: readonly NodeBlock[],
    private readonly host: PrecisionHost,
  ) {
    for (const b of blocks) {
      const d = host.rules.dimension(b.id)
      if (d > MOST_DRAWN)
        throw new BindError(
          'E421',
          `${b.latents.map((l) => `\`${l.latent.name}\``).join(', ')} has ${d} coordinates in one posterior that is no family, and draws that are weighted by importance serve up to ${MOST_DRAWN}`,
          'fewer coordinates, or a Normal likelihood, for which the posterior is exact',
        )
    }
  }

  private get drawn(): readonly NodeBlock[] {
    return this.blocks.filter((b) => this.host.rules.isDrawn(b.id))
  }

  private get ruled(): readonly NodeBlock[] {
    return this.blocks.filter((b) => !this.host.rules.isDrawn(b.id))
  }

  private get relative(): number {
    return Math.max(0, ...this.ruled.map((b) => RELATIVE[this.host.rules.dimension(b.id)] ?? 0))
  }

  bound(): Bound {
    return this.drawn.length > 0 ? 'monte-carlo' : 'quadrature'
  }

  /** Moves blocks to other rules; false, with nothing moved, where one has none or there is no room. */
  private move(blocks: readonly NodeBlock[], by: number): boolean {
    const { rules } = this.host
    const moved: NodeBlock[] = []
    for (const b of blocks) {
      const fits = rules.setLevel(b.id, rules.level(b.id) + by)
      if (fits) moved.push(b)
      if (fits && this.host.posteriors(b) * rules.count(b.id) * (rules.dimension(b.id) + 2) <= MOST_NUMBERS) continue
      for (const m of moved) rules.setLevel(m.id, rules.level(m.id) - by)
      return false
    }
    this.host.resize()
    return true
  }

  /** The objective by the present rules against that by the next finer ones; null where there are none. */
  private difference(params: Float64Array): { readonly error: number; readonly scale: number } | null {
    const here = this.host.evaluate(params)
    if (!this.move(this.ruled, 1)) return null
    const finer = this.host.evaluate(params)
    this.move(this.ruled, -1)
    return { error: Math.abs(finer.logLikelihood - here.logLikelihood), scale: Math.max(1, finer.scale) }
  }

  /** What is known of the objective at `params`. */
  accuracy(params: Float64Array): Accuracy {
    const { rules } = this.host
    const points = Math.max(0, ...this.ruled.map((b) => rules.points(b.id)))
    const draws = Math.max(0, ...this.drawn.map((b) => rules.points(b.id)))
    let error = 0
    if (this.ruled.length > 0) {
      const found = this.difference(params)
      error = found?.error ?? this.coarserDifference(params)
    }
    const sampling = this.drawn.length > 0 ? this.sampling(params) : null
    this.last = {
      error: error + 2 * (sampling?.standardError ?? 0),
      ...(points > 0 ? { points } : {}),
      ...(sampling === null
        ? {}
        : { draws, standardError: sampling.standardError, effectiveDraws: sampling.effectiveDraws }),
    }
    return this.last
  }

  /**
   * The error of the finest rule from the differences to two coarser ones: what is left of them, taken as a geometric
   * series, and no less than the last one.
   */
  private coarserDifference(params: Float64Array): number {
    const values = [this.host.evaluate(params).logLikelihood]
    for (let step = 1; step <= 2 && this.move(this.ruled, -1); step++)
      values.push(this.host.evaluate(params).logLikelihood)
    if (values.length > 1) this.move(this.ruled, values.length - 1)
    const [finest, coarser, coarsest] = values
    if (finest === undefined || coarser === undefined) return Number.POSITIVE_INFINITY
    const last = Math.abs(finest - coarser)
    const ratio = coarsest === undefined ? 1 : Math.min(SLOWEST, last / Math.abs(coarser - coarsest))
    return last * Math.max(1, ratio / (1 - ratio))
  }

  /**
   * Standard error of the objective: the log of a mean of S weights w has variance Σ r² − 1/S, with r = w / Σ w (delta
   * method), and the units' draws are independent. The effective size of a unit's draws is 1 / Σ r² (Kong 1992).
   */
  private sampling(params: Float64Array): { readonly standardError: number; readonly effectiveDraws: number } {
    let variance = 0
    let least = Number.POSITIVE_INFINITY
    for (const b of this.drawn) {
      const s = this.host.rules.count(b.id)
      const r = this.host.weights(params, nodeWeights(b))
      const weights = this.host.rowWeights(b)
      const values = this.host.values(b)
      const each = new Float64Array(r.length / s)
      for (let u = 0; u < each.length; u++) {
        let squares = 0
        let total = 0
        for (let q = 0; q < s; q++) {
          const x = r[u * s + q] ?? 0
          squares += x * x
          total += x
        }
        // a padded row has no draws
        if (!(total > 0)) continue
        each[u] = Math.max(0, squares - 1 / s)
        least = Math.min(least, 1 / squares)
      }
      // over the values of discrete latents the largest stands for all of them
      for (let row = 0; row * values < each.length; row++) {
        const worst = Math.max(...each.subarray(row * values, (row + 1) * values))
        variance += (weights?.[row] ?? 1) ** 2 * worst
      }
    }
    return { standardError: Math.sqrt(variance), effectiveDraws: least }
  }

  /**
   * More nodes where the objective at `params` is known less well than it should be; true where there are more.
   *
   * @param relative error of a quadrature to be had, relative to Σ |log-normaliser|
   */
  refine(params: Float64Array, relative = this.relative): boolean {
    let changed = false
    while (this.ruled.length > 0) {
      const found = this.difference(params)
      if (found === null || found.error <= relative * found.scale || !Number.isFinite(found.error)) break
      changed = this.move(this.ruled, 1)
    }
    if (this.drawn.length > 0) {
      const { standardError, effectiveDraws } = this.sampling(params)
      const enough = Math.max(STANDARD_ERROR, RELATIVE_STANDARD_ERROR * this.host.evaluate(params).scale)
      if (standardError > enough || effectiveDraws < FEW_EFFECTIVE) changed = this.move(this.drawn, 1) || changed
    }
    return changed
  }

  /** As many nodes as another program of the same derivation has. */
  follow(other: NodePrecision): void {
    const { rules } = this.host
    for (const b of this.blocks) rules.setLevel(b.id, other.host.rules.level(b.id))
    this.host.resize()
  }

  /** Levels of the rules of all blocks, in their order. */
  levels(): readonly number[] {
    return this.blocks.map((b) => this.host.rules.level(b.id))
  }

  /** false where there are no such levels. */
  setLevels(levels: readonly number[]): boolean {
    const { rules } = this.host
    const fits =
      levels.length === this.blocks.length && this.blocks.every((b, i) => rules.setLevel(b.id, levels[i] ?? -1))
    this.host.resize()
    return fits
  }

  /** For the plan of a result. */
  facts(): readonly NodeFacts[] {
    const { rules } = this.host
    return this.blocks.map((b): NodeFacts => {
      const latents = b.latents.map((l) => l.latent.name)
      const drawn = rules.dimension(b.id) > MOST_DIMENSIONS
      const error = this.last === null ? {} : { error: this.last.error }
      return drawn
        ? { latents, method: 'monte-carlo', draws: rules.points(b.id), ...error }
        : { latents, method: 'quadrature', points: rules.points(b.id), ...error }
    })
  }
}
