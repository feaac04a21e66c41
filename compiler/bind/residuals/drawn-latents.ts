/** Draws of latents from their posteriors, put in some at a time: the same draws each time, and from run to run. */
import type { Distribution, NumericArgument, RandomSource } from '../../distributions/types.js'
import type { DrawnBlock } from '../../lower/residuals/cell-draws.js'
import { cholesky, normalDraw, uniformDraw } from '../../numerics/index.js'
import { f64 } from '../../targets/solve/types.js'
import type { IntegralHost, PutPoints } from './cell-integrals.js'
import { CovarianceRoots } from './covariance-roots.js'

const MOST_DRAWS = 4096
const FEWEST_DRAWS = 512
/** Numbers that are drawn, and cells times draws that are evaluated, at most, once there are the fewest. */
const MOST_NUMBERS = 2e7
const MOST_EVALUATIONS = 3e7
const SEED = 71

type Law<K extends DrawnBlock['law']['kind']> = Extract<DrawnBlock['law'], { kind: K }>

/** Where draws are put: the posteriors of a block, numbers of each, and the first draw with how many. */
interface Place {
  readonly out: Float64Array
  readonly size: number
  readonly posteriors: number
  readonly from: number
  readonly n: number
  readonly stream: number
}

export class DrawnLatents {
  private readonly draws: number
  private readonly roots: CovarianceRoots

  /** @param count how many draws are put in at a time */
  constructor(
    private readonly blocks: readonly DrawnBlock[],
    cells: number,
    private readonly count: number,
    private readonly host: IntegralHost,
    private readonly distributions: ReadonlyMap<string, Distribution>,
    /** What is made of draws. */
    private readonly density: () => void,
  ) {
    this.roots = new CovarianceRoots(host.memory)
    const total = blocks.reduce((n, b) => n + f64(host.memory, b.draws).length / count, 0)
    const fits = Math.min(MOST_NUMBERS / Math.max(1, total), MOST_EVALUATIONS / Math.max(1, cells))
    this.draws = Math.max(FEWEST_DRAWS, Math.min(MOST_DRAWS, Math.floor(fits)))
  }

  *batches(): Generator<PutPoints> {
    const { count, draws } = this
    const { memory, numbers } = this.host
    for (let from = 0; from < draws; from += count) {
      const n = Math.min(count, draws - from)
      yield () => {
        this.blocks.forEach((block, stream) => {
          f64(memory, block.weights).fill(0)
          const out = f64(memory, block.draws)
          const size = numbers.extent(block.size)
          const place = { out, size, posteriors: out.length / (count * size), from, n, stream }
          if (block.law.kind === 'normal') this.normals(block.law, place)
          else this.family(block.law, place)
        })
        this.density()
        return new Array<number>(n).fill(-Math.log(draws))
      }
    }
  }

  private normals(law: Law<'normal'>, { out, size, posteriors, from, n, stream }: Place): void {
    const { memory, numbers } = this.host
    const { count } = this
    const mean = f64(memory, law.mean)
    const spread = law.spread === null ? null : f64(memory, law.spread.draws)
    const order = law.spread?.order == null ? null : numbers.extent(law.spread.order)
    if (spread !== null && spread.length !== posteriors * count * (order ?? 1) ** 2)
      throw new Error('a spread of other rows')
    const z = new Float64Array(size)
    for (let g = 0; g < posteriors; g++) {
      const factor = this.roots.of(law.covariance, g, size)
      const center = mean.subarray(g * size, (g + 1) * size)
      for (let q = 0; q < n; q++) {
        const at = g * count + q
        const times =
          law.spread === null || order !== null ? 1 : (spread?.[at] ?? Number.NaN) ** (-law.spread.power / 2)
        for (let i = 0; i < size; i++) z[i] = times * normalDraw(SEED + stream, g, from + q, i)
        const own = out.subarray(at * size, (at + 1) * size)
        for (let i = 0; i < size; i++) {
          let x = center[i] ?? Number.NaN
          for (let j = 0; j <= i; j++) x += (factor[i * size + j] ?? 0) * (z[j] ?? 0)
          own[i] = x
        }
        if (law.spread !== null && spread !== null && order !== null)
          scaledBy(spread, at * order * order, order, law.spread.power, center, own)
      }
    }
  }

  private family(law: Law<'family'>, { out, size, posteriors, from, n, stream }: Place): void {
    const { memory, numbers } = this.host
    const distribution = this.distributions.get(law.distribution)
    if (distribution === undefined) throw new Error(`no distribution ${law.distribution}`)
    const order = law.vector === null ? 1 : numbers.extent(law.vector)
    const width = law.isMatrix ? order * order : order
    const parameters = law.parameters.map((p) => [p.name, f64(memory, p.buffer)] as const)
    const argument = (name: string, of: Float64Array, place: number): NumericArgument => {
      if (law.vector === null || (law.isMatrix && name === 'df')) return of[place] ?? Number.NaN
      const own = of.subarray(place, place + width)
      return law.isMatrix ? rowsOf(own, order) : Array.from(own)
    }
    for (let g = 0; g < posteriors; g++)
      for (let i = 0; i < size; i += width) {
        const args = new Map(parameters.map(([name, of]) => [name, argument(name, of, g * size + i)]))
        const isPadding = [...args.values()].some((a) => !numbersOf(a).every(Number.isFinite))
        for (let q = 0; q < n; q++) {
          let part = 0
          const random: RandomSource = () => uniformDraw(SEED + stream, g * size + i, from + q, part++)
          const drawn = isPadding ? Number.NaN : distribution.sample(args, random)
          const at = (g * this.count + q) * size + i
          if (typeof drawn === 'number') out.fill(drawn, at, at + width)
          else out.set(numbersOf(drawn), at)
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
  mean: Float64Array,
  values: Float64Array,
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
