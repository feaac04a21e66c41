/** Rank of the scores: how many params the data can tell apart. */

import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import type { BoundData, Identified, ParamLayout } from '../../runtime/contract.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { elementOf } from '../estep/places.js'
import { lowerScores } from '../lower/scores.js'
import type { CompileKernel } from '../targets/memory.js'
import { chartOf, simplexChart } from '../targets/solve/charts.js'
import { allocate } from './memory.js'
import type { BoundNumbers } from './sizes.js'

/** What scores are computed of. */
export interface ScoredModel {
  readonly derivation: Derivation
  readonly data: BoundData
  readonly numbers: BoundNumbers
  readonly params: readonly ParamLayout[]
  readonly nominalParameters: number
  readonly observations: number
}

/** A rank, where it was taken, and whether every param moved the density of some row. */
export interface Ranked extends Identified {
  readonly isRead: boolean
  readonly point: Float64Array
  /** Directions at the point along which no density changes, of coordinates that are so many times as long. */
  readonly flat: readonly (readonly number[])[]
  readonly lengths: readonly number[]
}

/** Beyond this many (params × rows × states) the rank is not computed. */
const COST_LIMIT = 2e7

/**
 * The rank is taken at `theta`, a random point; where it falls short there, once more with the unbounded params as fitted:
 * it is the same at almost every point, and where the random one gives the data no probability to speak of, too low.
 * `theta` is moved.
 *
 * @param short the rank over some of the rows; where every param moved the density of one of them, other rows can but tell apart
 * what was flat, at the same point
 */
export function identifiedOverPoints(
  model: ScoredModel,
  compile: CompileKernel,
  random: () => number,
  theta: Float64Array,
  fitted: Float64Array,
  short: Ranked | null,
): Ranked | null {
  if (short?.isRead === true) return identifiedParameters(model, compile, random, short.point, short)
  const first = identifiedParameters(model, compile, random, theta)
  if (first === null || first.parameters === model.nominalParameters) return first
  for (const { support, offset, length } of model.params)
    if (support.kind === 'real') theta.set(fitted.subarray(offset, offset + length), offset)
  const second = identifiedParameters(model, compile, random, theta)
  const better = second !== null && second.parameters > first.parameters ? second : first
  if (better.parameters === model.nominalParameters) return better
  // a rank at any point is a lower bound: where the random scales are far from the data's, once beside the fitted ones
  for (const { support, offset, length } of model.params)
    if (support.kind === 'positive' || support.kind === 'nonnegative')
      for (let i = offset; i < offset + length; i++)
        if ((fitted[i] ?? 0) > 0) theta[i] = (fitted[i] ?? 0) * Math.exp(random() - 0.5)
  const third = identifiedParameters(model, compile, random, theta)
  return third !== null && third.parameters > better.parameters ? third : better
}

/**
 * The score of a unit is the gradient of its log-likelihood, which by Fisher's identity is that of Q at the same params.
 * Sums of the units' scores under random weights (and, for single observations, random data) span the same space as the
 * scores themselves, so params + 4 such sums are enough, or directions that were flat + 4. They are taken at `theta`, a point
 * in the interior.
 */
function identifiedParameters(
  model: ScoredModel,
  compile: CompileKernel,
  random: () => number,
  theta: Float64Array,
  short: Ranked | null = null,
): Ranked | null {
  const { derivation } = model
  const pieces = model.params.map((p) => ({ layout: p, charted: chartOf(p) }))
  if (pieces.some((p) => p.charted === null)) return null
  const cost = model.nominalParameters * model.observations * statesOf(model) * nodesOf(model)
  if (cost > COST_LIMIT || model.nominalParameters > 400) return null
  const program = lowerScores(derivation)
  const memory = allocate(program.program, derivation.model.symbols, model.data, model.numbers)
  const { blocks } = memory
  for (const p of model.params)
    for (const space of ['param', 'trial'])
      blocks.buffers.get(`${space}:${p.name}`)?.set(theta.subarray(p.offset, p.offset + p.length))
  const run = (ops: Parameters<CompileKernel>[0]): void => {
    if (ops.length > 0) compile(ops, program.program.buffers).run(memory.whole(), null)
  }
  run(program.program.derived.param)
  const scalars = singleData(model)
  const targets = new Set(derivation.graph.factors.filter((f) => f.role === 'likelihood').map((f) => f.target.name))
  const original = new Map([...model.data.arrays].map(([name, a]) => [name, a.values.slice()]))
  const posterior = compile(
    program.program.passes.flatMap((p) => p.posterior),
    program.program.buffers,
  )
  const scores = program.scores.length > 0 ? compile(program.scores, program.program.buffers) : null
  const rows: number[][] = []
  let owners: string[] = []
  const counts = [...model.data.arrays.keys()].some((name) => targets.has(name) && isCount(model, name))
  // counts come once at their own size and once small
  const wanted = (short === null ? model.nominalParameters : short.flat.length) + 4
  const replicates = wanted * (counts ? 2 : 1)
  try {
    for (let r = 0; r < replicates; r++) {
      for (const name of scalars) {
        const values = blocks.buffers.get(`data:${name}`)
        if (values instanceof Float64Array)
          values.forEach((_, i) => {
            values[i] = 1 + Math.floor(40 * random())
          })
      }
      // simulated rows: each column of what is observed, drawn anew by itself
      for (const [name, a] of model.data.arrays) {
        if (!targets.has(name) || a.shape.length === 0) continue
        const before = original.get(name)
        if (before !== undefined) a.values.set(before)
        // sequences lie one after another
        const rank = a.shape.length - (a.offsets === null ? 0 : 1)
        resampleColumns(a.values, rank > 1 ? (a.shape.at(-1) ?? 1) : 1, random)
        if (r >= wanted && isCount(model, name)) thin(a.values, random)
      }
      for (const [id, b] of blocks.buffers)
        if (id.startsWith('unit weight '))
          b.forEach((_, i) => {
            b[i] = random() - 0.5
          })
      for (const p of model.params) blocks.buffers.get(`score ${p.name}`)?.fill(0)
      posterior.run(memory.whole(), null)
      scores?.run(memory.whole(), null)
      const row: number[] = []
      owners = []
      for (const { layout, charted } of pieces) {
        if (charted === null) continue
        const g = blocks.buffers.get(`score ${layout.name}`)
        const size = layout.length / charted.blocks
        for (let b = 0; b < charted.blocks; b++) {
          const used = layout.used?.[b]
          const chart = used !== undefined && used < size ? simplexChart(used) : charted.chart
          const at = theta.subarray(layout.offset + b * size, layout.offset + b * size + chart.size)
          const j = chart.jacobian(chart.toFree(at))
          for (let a = 0; a < chart.free; a++) {
            let sum = 0
            for (let i = 0; i < chart.size; i++) sum += (g?.[b * size + i] ?? 0) * (j[i * chart.free + a] ?? 0)
            row.push(sum)
            owners.push(layout.name)
          }
        }
      }
      rows.push(row)
    }
  } finally {
    for (const [name, values] of original) model.data.arrays.get(name)?.values.set(values)
  }
  if (rows.some((r) => !r.every(Number.isFinite))) return null
  const { rank, flat, lengths } = short === null ? rankOf(rows) : higherRank(rows, short)
  const loose = owners.filter((_, c) => Math.hypot(...flat.map((direction) => direction[c] ?? 0)) > LOOSE)
  const isRead = short?.isRead === true || owners.every((_, c) => rows.some((r) => r[c] !== 0))
  return { parameters: rank, loose: [...new Set(loose)], isRead, point: theta.slice(), flat, lengths }
}

/** Values that a chain's places are summed over; 1 without a chain. */
function statesOf({ derivation, numbers }: ScoredModel): number {
  const values = new Map(
    derivation.eStep.tables.flatMap((t) =>
      t.latents.map((l) => [l.name, numbers.extent(l.high) - numbers.extent(l.low) + 1] as const),
    ),
  )
  const blocks = derivation.eStep.tables.flatMap((t) => t.chain?.blocks ?? [])
  return Math.max(
    1,
    ...blocks.map((b) => [...b.window, ...b.parents].reduce((n, e) => n * (values.get(elementOf(e).latent) ?? 1), 1)),
  )
}

/** Nodes of a posterior that is no family; 1 without one. */
const nodesOf = ({ derivation, numbers }: ScoredModel): number =>
  Math.max(1, ...derivation.eStep.blocks.flatMap((b) => (b.kind === 'nodes' ? [numbers.nodes.count(b.id)] : [])))

const isCount = (model: ScoredModel, name: string): boolean =>
  model.derivation.graph.data.some((d) => d.name === name && d.type.support.kind === 'count')

/** Small counts, at most what they were. */
function thin(values: Float64Array | Int32Array, random: () => number): void {
  values.forEach((x, i) => {
    values[i] = random() < 0.3 ? Math.min(x, 1 + Math.floor(2 * random())) : Math.min(x, 0)
  })
}

/**
 * Each cell by one drawn from its column, with replacement: a permutation would keep the column's sum, on which the score of
 * a mean depends in balanced designs and on nothing else. Missing cells (NaN, or −1 of a category) stay where they are,
 * since the program is bound to their places.
 */
function resampleColumns(values: Float64Array | Int32Array, columns: number, random: () => number): void {
  const missing = (x: number): boolean => Number.isNaN(x) || (values instanceof Int32Array && x === -1)
  const rows = Math.floor(values.length / columns)
  const before = values.slice()
  for (let c = 0; c < columns; c++) {
    const there = Array.from({ length: rows }, (_, i) => i * columns + c).filter(
      (i) => !missing(before[i] ?? Number.NaN),
    )
    for (const i of there) values[i] = before[there[Math.floor(random() * there.length)] ?? i] ?? 0
  }
}

/** Real-valued data that stand outside every loop: one observation, whose scores vary only with its value. */
function singleData(model: ScoredModel): readonly string[] {
  const single = model.derivation.graph.factors.filter((f) => f.role === 'likelihood' && f.loops.length === 0)
  return [...model.data.arrays].flatMap(([name, a]) =>
    a.shape.length === 0 &&
    a.values instanceof Float64Array &&
    single.some(
      (f) => readsData(f.value, name) || model.derivation.graph.constraints.some((c) => readsData(c.total, name)),
    )
      ? [name]
      : [],
  )
}

const readsData = (e: Expr, name: string): boolean =>
  some(e, (n) => n.kind === 'ref' && n.space === 'data' && n.name === name)

/** A param takes part in flat directions where its own part of them is longer. */
const LOOSE = 1e-3

interface Rank {
  readonly rank: number
  readonly flat: Ranked['flat']
  readonly lengths: readonly number[]
}

/** Numerical rank after scaling the columns, and the directions that are left over. */
function rankOf(rows: readonly (readonly number[])[]): Rank {
  const columns = rows[0]?.length ?? 0
  if (columns === 0) return { rank: 0, flat: [], lengths: [] }
  const lengths = Array.from({ length: columns }, (_, c) => Math.sqrt(rows.reduce((s, r) => s + (r[c] ?? 0) ** 2, 0)))
  const scaled = new Matrix(rows.map((r) => r.map((x, c) => ((lengths[c] ?? 0) > 0 ? x / (lengths[c] ?? 1) : 0))))
  return { ...spanOf(scaled, 1e-11), lengths }
}

/** The same with what other rows tell apart of the directions that were flat. */
function higherRank(rows: readonly (readonly number[])[], { parameters, flat, lengths }: Ranked): Rank {
  const moved = rows.map((r) => {
    const scaled = r.map((x, c) => ((lengths[c] ?? 0) > 0 ? x / (lengths[c] ?? 1) : x))
    // beside what adds up to it
    const size = Math.max(...flat.map((d) => d.reduce((s, v, c) => s + Math.abs(v * (scaled[c] ?? 0)), 0)))
    return flat.map((d) => (size > 0 ? d.reduce((s, v, c) => s + v * (scaled[c] ?? 0), 0) / size : 0))
  })
  // directions are known to a few digits less than scores
  const { rank, flat: left } = spanOf(new Matrix(moved), 1e-8, 1)
  const combined = left.map((by) => lengths.map((_, c) => by.reduce((s, b, j) => s + b * (flat[j]?.[c] ?? 0), 0)))
  return { rank: parameters + rank, flat: combined, lengths }
}

/** The rank, and the right singular vectors of values that are no more than a part of the largest, or of `least` where that is more. */
function spanOf(matrix: Matrix, part: number, least = 0): Pick<Rank, 'rank' | 'flat'> {
  const decompose = (vectors: boolean): SingularValueDecomposition =>
    new SingularValueDecomposition(matrix, {
      autoTranspose: true,
      computeLeftSingularVectors: vectors,
      computeRightSingularVectors: vectors,
    })
  const values = decompose(false).diagonal
  const limit = part * Math.max(...values, least)
  const free = values.flatMap((v, i) => (v > limit ? [] : [i]))
  const directions = free.length === 0 ? null : decompose(true).rightSingularVectors
  return {
    rank: values.length - free.length,
    flat: directions === null ? [] : free.map((i) => directions.getColumn(i)),
  }
}
