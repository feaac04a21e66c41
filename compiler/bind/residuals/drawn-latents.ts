/** Draws of latents from their posteriors, put in some at a time: the same draws each time, and from run to run. */
import type { Distribution, NumericArgument, RandomSource } from '../../distributions/types.js'
import type { DrawnBlock } from '../../lower/residuals/cell-draws.js'
import { cholesky, normalDraw, uniformDraw } from '../../numerics/index.js'
import { f64 } from '../../targets/solve/types.js'
import type { IntegralHost, PutPoints } from './cell-integrals.js'

const MOST_DRAWS = 4096
const FEWEST_DRAWS = 512
/** Numbers that are kept, and cells times draws that are evaluated, at most, once there are the fewest. */
const MOST_NUMBERS = 2e7
const MOST_EVALUATIONS = 3e7
const SEED = 71

interface Kept {
  readonly block: DrawnBlock
  readonly size: number
  readonly posteriors: number
  /** [posteriors, draws, coordinates]. */
  readonly values: Float64Array
}

export class DrawnLatents {
  private readonly kept: readonly Kept[]
  private readonly draws: number

  /** @param count how many draws are put in at a time */
  constructor(
    blocks: readonly DrawnBlock[],
    cells: number,
    private readonly count: number,
    private readonly host: IntegralHost,
    distributions: ReadonlyMap<string, Distribution>,
    /** What is made of draws. */
    private readonly density: () => void,
  ) {
    const { memory, numbers } = host
    const sizes = blocks.map((b) => numbers.extent(b.size))
    const lengths = blocks.map((b) => f64(memory, b.draws).length / count)
    const total = lengths.reduce((a, b) => a + b, 0)
    const fits = Math.min(MOST_NUMBERS / Math.max(1, total), MOST_EVALUATIONS / Math.max(1, cells))
    this.draws = Math.max(FEWEST_DRAWS, Math.min(MOST_DRAWS, Math.floor(fits)))
    const made: Kept[] = []
    for (const [i, block] of blocks.entries()) {
      const size = sizes[i] ?? 1
      const values = new Float64Array((lengths[i] ?? 0) * this.draws)
      const posteriors = values.length / (size * this.draws)
      if (block.law.kind === 'normal') this.normals(block.law, size, posteriors, values, made, i)
      else this.family(block.law, size, posteriors, values, distributions, i)
      made.push({ block, size, posteriors, values })
    }
    this.kept = made
  }

  *batches(): Generator<PutPoints> {
    const { count, draws } = this
    for (let from = 0; from < draws; from += count) {
      const n = Math.min(count, draws - from)
      yield () => {
        for (const { block, size, posteriors, values } of this.kept) {
          const out = f64(this.host.memory, block.draws)
          f64(this.host.memory, block.weights).fill(0)
          for (let g = 0; g < posteriors; g++) {
            const start = (g * draws + from) * size
            out.set(values.subarray(start, start + n * size), g * count * size)
          }
        }
        this.density()
        return new Array<number>(n).fill(-Math.log(draws))
      }
    }
  }

  private normals(
    law: Extract<DrawnBlock['law'], { kind: 'normal' }>,
    size: number,
    posteriors: number,
    values: Float64Array,
    made: readonly Kept[],
    stream: number,
  ): void {
    const { memory } = this.host
    const [mean, covariance] = [f64(memory, law.mean), f64(memory, law.covariance)]
    const spread = law.spread === null ? null : made.find((k) => k.block.draws === law.spread?.draws)
    if (law.spread !== null && spread?.posteriors !== posteriors) throw new Error('a spread of other rows')
    const order = law.spread?.order == null ? null : this.host.numbers.extent(law.spread.order)
    const factor = new Float64Array(size * size)
    const z = new Float64Array(size)
    for (let g = 0; g < posteriors; g++) {
      if (!cholesky(covariance, g * size * size, factor, 0, size)) factor.fill(Number.NaN)
      for (let q = 0; q < this.draws; q++) {
        const s = order === null ? (spread?.values[g * this.draws + q] ?? 1) : 1
        const times = law.spread === null ? 1 : s ** (-law.spread.power / 2)
        for (let i = 0; i < size; i++) z[i] = times * normalDraw(SEED + stream, g, q, i)
        for (let i = 0; i < size; i++) {
          let x = mean[g * size + i] ?? Number.NaN
          for (let j = 0; j <= i; j++) x += (factor[i * size + j] ?? 0) * (z[j] ?? 0)
          values[(g * this.draws + q) * size + i] = x
        }
        if (order !== null && spread != null && law.spread !== null)
          scaledBy(spread.values, (g * this.draws + q) * order * order, order, law.spread.power, {
            mean: mean.subarray(g * size, (g + 1) * size),
            values: values.subarray((g * this.draws + q) * size, (g * this.draws + q + 1) * size),
          })
      }
    }
  }

  private family(
    law: Extract<DrawnBlock['law'], { kind: 'family' }>,
    size: number,
    posteriors: number,
    values: Float64Array,
    distributions: ReadonlyMap<string, Distribution>,
    stream: number,
  ): void {
    const { memory, numbers } = this.host
    const distribution = distributions.get(law.distribution)
    if (distribution === undefined) throw new Error(`no distribution ${law.distribution}`)
    const order = law.vector === null ? 1 : numbers.extent(law.vector)
    const width = law.isMatrix ? order * order : order
    const parameters = law.parameters.map((p) => [p.name, f64(memory, p.buffer)] as const)
    let counter = 0
    const random: RandomSource = () => uniformDraw(SEED, stream, counter++, 0)
    for (let g = 0; g < posteriors; g++)
      for (let i = 0; i < size; i += width) {
        const place = g * size + i
        const args = new Map(
          parameters.map(([name, of]): [string, NumericArgument] => [
            name,
            law.vector === null || (law.isMatrix && name === 'df')
              ? (of[place] ?? Number.NaN)
              : law.isMatrix
                ? rowsOf(of.subarray(place, place + width), order)
                : Array.from(of.subarray(place, place + width)),
          ]),
        )
        const isPadding = [...args.values()].some((a) => !numbersOf(a).every(Number.isFinite))
        for (let q = 0; q < this.draws; q++) {
          const drawn = isPadding ? Number.NaN : distribution.sample(args, random)
          const at = (g * this.draws + q) * size + i
          if (typeof drawn === 'number') values.fill(drawn, at, at + width)
          else values.set(numbersOf(drawn), at)
        }
      }
  }
}

const rowsOf = (of: Float64Array, order: number): readonly (readonly number[])[] =>
  Array.from({ length: order }, (_, i) => Array.from(of.subarray(i * order, (i + 1) * order)))

const numbersOf = (a: NumericArgument): readonly number[] =>
  typeof a === 'number' ? [a] : a.flatMap((x: number | readonly number[]) => x)

/** Vectors about their means with a covariance of I, as ones with a covariance of U (power −1) or of its inverse. */
function scaledBy(
  matrices: Float64Array,
  at: number,
  order: number,
  power: 1 | -1,
  { mean, values }: { readonly mean: Float64Array; readonly values: Float64Array },
): void {
  const factor = new Float64Array(order * order)
  if (!cholesky(matrices, at, factor, 0, order)) factor.fill(Number.NaN)
  const l = (i: number, j: number): number => factor[i * order + j] ?? Number.NaN
  for (let from = 0; from < values.length; from += order) {
    const w = Array.from({ length: order }, (_, i) => (values[from + i] ?? 0) - (mean[from + i] ?? 0))
    const x = new Array<number>(order).fill(0)
    if (power === -1)
      for (let i = 0; i < order; i++) for (let j = 0; j <= i; j++) x[i] = (x[i] ?? 0) + l(i, j) * (w[j] ?? 0)
    // Lᵀ x = w: x has the covariance (L Lᵀ)⁻¹
    else
      for (let i = order - 1; i >= 0; i--) {
        let rest = w[i] ?? 0
        for (let j = i + 1; j < order; j++) rest -= l(j, i) * (x[j] ?? 0)
        x[i] = rest / l(i, i)
      }
    for (let i = 0; i < order; i++) values[from + i] = (mean[from + i] ?? 0) + (x[i] ?? 0)
  }
}
