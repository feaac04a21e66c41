/** How many nodes the posteriors of each block of latents have, and where: product rules of growing order, or draws. */
import { MOST_DIMENSIONS } from '../estep/nodes.js'
import { gaussHermite } from '../numerics/index.js'

/** Nodes in each dimension, by the number of dimensions: about half as many again each time. */
const ORDERS: readonly (readonly number[])[] = [
  [1],
  [9, 13, 19, 27, 39, 55, 79, 111, 157, 221],
  [7, 9, 13, 19, 27, 39, 55, 79],
  [5, 7, 9, 13, 19, 27],
]

/** Draws of each posterior: four times as many halve the standard error. */
const DRAWS: readonly number[] = [250, 1000, 4000, 16_000, 64_000]

/** The most coordinates of one posterior that are drawn together: beyond, the weights of draws degenerate. */
export const MOST_DRAWN = 200

interface Rule {
  readonly dimension: number
  level: number
}

/** The rules of a fit by block, the coarsest ones at first. */
export class NodeRules {
  private readonly rules = new Map<string, Rule>()
  private readonly made = new Map<number, ReturnType<typeof gaussHermite>>()

  constructor(
    private readonly dimensionOf: (block: string) => number,
    /** Other draws for another seed. */
    public seed = 1,
  ) {}

  private rule(block: string): Rule {
    const known = this.rules.get(block)
    if (known !== undefined) return known
    const made = { dimension: this.dimensionOf(block), level: 0 }
    this.rules.set(block, made)
    return made
  }

  dimension(block: string): number {
    return this.rule(block).dimension
  }

  isDrawn(block: string): boolean {
    return this.rule(block).dimension > MOST_DIMENSIONS
  }

  /** Nodes in each dimension; draws of each posterior where it is drawn. */
  points(block: string): number {
    const { dimension, level } = this.rule(block)
    return (this.isDrawn(block) ? DRAWS : (ORDERS[dimension] ?? []))[level] ?? 1
  }

  /** Nodes of one posterior. */
  count(block: string): number {
    return this.isDrawn(block) ? this.points(block) : this.points(block) ** this.rule(block).dimension
  }

  /** Coordinate i of node q, both from 0. Drawn nodes have none here. */
  place(block: string, q: number, i: number): number {
    if (this.isDrawn(block)) return 0
    const { dimension } = this.rule(block)
    const m = this.points(block)
    return Math.SQRT2 * (this.hermite(m).nodes[Math.floor(q / m ** (dimension - 1 - i)) % m] ?? 0)
  }

  /** log of the weight of node q, times 2^{1/2} for each dimension. */
  logWeight(block: string, q: number): number {
    if (this.isDrawn(block)) return 0
    const { dimension } = this.rule(block)
    const m = this.points(block)
    const { logWeights } = this.hermite(m)
    let sum = (dimension * Math.LN2) / 2
    for (let i = 0, rest = q; i < dimension; i++, rest = Math.floor(rest / m)) sum += logWeights[rest % m] ?? 0
    return sum
  }

  private hermite(m: number): ReturnType<typeof gaussHermite> {
    const rule = this.made.get(m) ?? gaussHermite(m)
    this.made.set(m, rule)
    return rule
  }

  level(block: string): number {
    return this.rule(block).level
  }

  /** false where the rule has no such level. */
  setLevel(block: string, level: number): boolean {
    const rule = this.rule(block)
    const most = (this.isDrawn(block) ? DRAWS : (ORDERS[rule.dimension] ?? [])).length
    if (level < 0 || level >= most) return false
    rule.level = level
    return true
  }
}
