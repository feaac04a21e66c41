/** Expected counts of the values of latents, and entropies of their posteriors, over all rows. */
import type { LatentLayout } from '../../runtime/contract.js'
import type { Derivation } from '../derive.js'
import { f64 } from '../targets/solve/types.js'
import type { CountSum } from './count-sums.js'
import type { Expectations } from './expectations.js'
import type { KernelRunner } from './kernel-runner.js'
import { reported } from './posterior-means.js'
import { rowWeights } from './row-weights.js'
import type { BoundNumbers } from './sizes.js'
import type { RowRange } from './table-rows.js'

export class ExpectedCounts {
  constructor(
    private readonly kernels: KernelRunner,
    private readonly expectations: Expectations,
    private readonly derivation: Derivation,
    private readonly numbers: BoundNumbers,
    /** What passes add up where rows are many. */
    private readonly sums: readonly CountSum[],
    /** Probabilities of all rows, by latent. */
    private readonly posterior: (params: Float64Array) => ReadonlyMap<string, Float64Array>,
  ) {}

  /** Σ over the rows of the posterior of each value, times their weights, by latent. */
  of(params: Float64Array, latents: readonly LatentLayout[]): ReadonlyMap<string, Float64Array> {
    if (latents.length === 0) return new Map()
    const summed = latents.map((l) => this.addedUp(params, l.name))
    if (summed.every((s) => s !== null)) return new Map(latents.map((l, i) => [l.name, counts(summed[i], l)]))
    const { program, memory } = this.kernels
    const found = new Map(latents.map((l) => [l.name, new Float64Array(l.values)]))
    const add = (posterior: ReadonlyMap<string, Float64Array>, share: number, range: RowRange | null): void => {
      for (const l of latents) {
        const [own, of] = [found.get(l.name), posterior.get(l.name)]
        if (own === undefined || of === undefined) continue
        addCounts(own, of, l.rows * share, rowWeights(this.derivation, this.numbers, l.name, range))
      }
    }
    const { windows } = memory
    if (windows === null) add(this.posterior(params), 1, null)
    else
      this.expectations.eachCalibrated(params, (part, rows, from) =>
        add(reported(program.latents, 'discrete', part), rows / windows.rows, { from, to: from + rows }),
      )
    return found
  }

  /** Σ over the rows of −p log p of one latent's posterior, in nats; null where a pass does not add it up. */
  marginalEntropy(params: Float64Array, latent: string): number | null {
    return this.addedUp(params, latent)?.entropy ?? null
  }

  /** What a pass adds up of one latent; null where rows are few, or none does. */
  private addedUp(params: Float64Array, latent: string): Added | null {
    const sum = this.sums.find((s) => s.latent === latent)
    if (sum === undefined || this.expectations.isFactorised) return null
    const { kernels } = this
    const { pass, counts, entropy, ops } = sum
    kernels.load(params, 'param')
    kernels.zero([counts, entropy])
    kernels.run(kernels.program.derived.param)
    kernels.runPass(pass, kernels.part(pass, counts, [pass.posterior, ops]))
    const { blocks } = kernels.memory
    return {
      counts: Float64Array.from(f64(blocks, counts)),
      entropy: f64(blocks, entropy)[0] ?? Number.NaN,
    }
  }
}

interface Added {
  readonly counts: Float64Array
  readonly entropy: number
}

const counts = (added: Added | null | undefined, { values }: LatentLayout): Float64Array =>
  added?.counts ?? new Float64Array(values)

/** Adds the posterior of a number of rows, times their weights where these are not all 1, to the counts of the values. */
function addCounts(
  counts: Float64Array,
  posterior: ArrayLike<number>,
  rows: number,
  weights: Float64Array | null,
): void {
  const values = counts.length
  for (let value = 0; value < values; value++) {
    let count = counts[value] ?? 0
    for (let r = 0; r < rows; r++) count += (posterior[r * values + value] ?? 0) * (weights?.[r] ?? 1)
    counts[value] = count
  }
}
