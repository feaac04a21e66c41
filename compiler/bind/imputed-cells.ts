/** Missing cells of data and what the posterior says of each. */
import type { BoundArray } from '../../runtime/contract.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices } from '../algebra/visit.js'
import type { Imputation } from '../lower/imputations.js'
import { extentOf } from '../lower/lowerer.js'
import type { Memory } from '../targets/memory.js'
import { f64 } from '../targets/solve/types.js'
import { type BoundNumbers, cellPosition } from './sizes.js'

/** The missing cells of one array, in its order. */
export interface ImputedCells {
  readonly data: string
  /** Positions in the array. */
  readonly cells: Int32Array
  /** One number a cell; null for labels and truth values. */
  readonly mean: Float64Array | null
  readonly variance: Float64Array | null
  /** cells × values, values from the first label (or `false`) on; null for numbers. */
  readonly probabilities: Float64Array | null
  readonly values: number
  /** Why the cells cannot be filled, or null. */
  readonly reason: string | null
}

/** Positions of the missing cells of an array. */
export function missingCells(array: BoundArray): Int32Array {
  const out: number[] = []
  const { values } = array
  for (let i = 0; i < values.length; i++) {
    const x = values[i] ?? Number.NaN
    if (values instanceof Int32Array ? x < 0 : Number.isNaN(x)) out.push(i)
  }
  return Int32Array.from(out)
}

/** Reads what the statements on one array say of its missing cells: a mixture over those that may hold. */
export function readImputations(
  data: string,
  array: BoundArray,
  imputations: readonly Imputation[],
  numbers: BoundNumbers,
  memory: Memory,
): ImputedCells {
  const cells = missingCells(array)
  const slot = new Map([...cells].map((flat, i) => [flat, i]))
  const parts = imputations.map((p) => ({
    p,
    sizes: paddedSizes(p, numbers),
    width: p.of.kind === 'mass' ? numbers.extent(extentOf(p.of.value)) : 0,
  }))
  const found: { share: number; p: Imputation; at: number; width: number }[][] = [...cells].map(() => [])
  let reason: string | null = null
  for (const { p, sizes, width } of parts) {
    const index = p.index.map((e) => reader(e, numbers))
    iterate(p.loops, sizes, numbers, (indices, flat) => {
      const i = slot.get(
        cellPosition(
          array,
          index.map((at) => at(indices)),
        ),
      )
      if (i === undefined) return
      if (p.of.kind === 'none') reason ??= p.of.reason
      else found[i]?.push({ share: f64(memory, p.of.share)[flat] ?? 0, p, at: flat, width })
    })
  }
  const isMass = imputations.some((p) => p.of.kind === 'mass')
  const values = Math.max(0, ...parts.map((x) => x.width))
  if (reason === null && found.some((f) => f.length === 0))
    reason = 'no statement gives some of its cells a distribution'
  const out: ImputedCells = {
    data,
    cells,
    mean: isMass ? null : new Float64Array(cells.length),
    variance: isMass ? null : new Float64Array(cells.length),
    probabilities: isMass ? new Float64Array(cells.length * values) : null,
    values,
    reason,
  }
  if (reason !== null) return out
  found.forEach((all, i) => {
    fill(
      out,
      i,
      all.filter((x) => x.share > 0),
      memory,
    )
  })
  return out
}

function fill(
  out: ImputedCells,
  i: number,
  parts: readonly { readonly share: number; readonly p: Imputation; readonly at: number; readonly width: number }[],
  memory: Memory,
): void {
  const { mean, variance, probabilities, values } = out
  for (const { share, p, at, width } of parts)
    if (p.of.kind === 'mass' && probabilities !== null)
      for (let v = 0; v < width; v++)
        probabilities[i * values + v] =
          (probabilities[i * values + v] ?? 0) + share * (f64(memory, p.of.mass)[at * width + v] ?? 0)
  if (mean === null || variance === null) return
  const moments = parts.flatMap(({ share, p, at }) =>
    p.of.kind === 'moments'
      ? [{ share, mean: f64(memory, p.of.mean)[at] ?? 0, variance: f64(memory, p.of.variance)[at] ?? 0 }]
      : [],
  )
  const average = moments.reduce((s, m) => s + m.share * m.mean, 0)
  mean[i] = average
  variance[i] = moments.reduce((s, m) => s + m.share * (m.variance + (m.mean - average) ** 2), 0)
}

const paddedSizes = (p: Imputation, numbers: BoundNumbers): readonly number[] =>
  p.loops.map((v) => numbers.extent(extentOf(v)))

type Indices = ReadonlyMap<string, number>

/** The value of an expression at each iteration; what no index changes is evaluated once. */
export function reader(e: Expr, numbers: BoundNumbers): (indices: Indices) => number {
  if (e.kind === 'index') return (indices) => indices.get(e.var) ?? Number.NaN
  if (freeIndices(e).size > 0) return (indices) => numbers.value(e, indices)
  const value = numbers.value(e)
  return () => value
}

/** Calls `visit` at every iteration of nested loops, with the position in a table whose ragged extents are padded. */
export function iterate(
  loops: readonly IndexVar[],
  sizes: readonly number[],
  numbers: BoundNumbers,
  visit: (indices: Indices, flat: number) => void,
): void {
  const bounds = loops.map((l) => ({ id: l.id, from: reader(l.from, numbers), to: reader(l.to, numbers) }))
  const indices = new Map<string, number>()
  const along = (depth: number, flat: number): void => {
    const loop = bounds[depth]
    if (loop === undefined) {
      visit(indices, flat)
      return
    }
    const [from, to] = [loop.from(indices), loop.to(indices)]
    for (let i = from; i <= to; i++) {
      indices.set(loop.id, i)
      along(depth + 1, flat * (sizes[depth] ?? 1) + i - from)
    }
  }
  along(0, 0)
}
