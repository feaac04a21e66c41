/** Missing cells filled from their posterior. */

import type { ProgramModel } from '../compiler/bind/bound-model.js'
import type { ImputedCells } from '../compiler/bind/imputed-cells.js'
import { PosteriorReports } from '../compiler/bind/posterior-reports.js'
import { cellIndex } from '../runtime/data/grid.js'
import type { BoundArray, BoundData, CellOrigin, DataDeclaration, DataProblem } from '../runtime/data/types.js'
import { DataError, problem } from './errors.js'

/** A cell that was missing. */
export interface ImputedCell {
  /** 1-based indices in the array as declared. */
  readonly index: readonly number[]
  /** Posterior mean of a number, most probable label of a category, most probable truth value. */
  readonly value: number | string | boolean
  /** Posterior sd of a number, else null. */
  readonly sd: number | null
  /** Probability of the value for labels and truth values, else null. */
  readonly probability: number | null
  /** Probabilities of all labels (or of false and true), else null. */
  readonly probabilities: ReadonlyMap<string, number> | null
  /** Where it stands in the data, as far as that is a table. */
  readonly origin: CellOrigin | null
}

/** One array of data with its missing cells filled. */
export interface ImputedArray {
  readonly name: string
  readonly shape: readonly number[]
  /** Lengths of the sequences of a ragged array: its values are those of the sequences, one after another. */
  readonly lengths: readonly number[] | null
  /** Every cell, row-major: as observed, or filled. */
  readonly values: readonly (number | string | boolean)[]
  /** The cells that were missing. */
  readonly cells: readonly ImputedCell[]
}

/** What `fit.impute` gives: the arrays that have missing cells. */
export interface Imputation {
  readonly arrays: readonly ImputedArray[]
  readonly warnings: readonly DataProblem[]
}

/**
 * Every array with missing cells, filled.
 *
 * @throws DataError (E417) where the mean of a missing cell has no closed form
 */
export function imputed(
  model: ProgramModel,
  data: BoundData,
  declarations: readonly DataDeclaration[],
  params: Float64Array,
): Imputation {
  const found = new PosteriorReports(model, { impute: true }).at(params).imputed
  const refused = found.filter((c) => c.reason !== null)
  if (refused.length > 0)
    throw new DataError(
      refused.map((c) => problem('E417', `the missing cells of \`${c.data}\` cannot be filled: ${c.reason}`)),
    )
  return { arrays: found.map((c) => arrayOf(c, data, declarations)), warnings: data.warnings }
}

function arrayOf(c: ImputedCells, data: BoundData, declarations: readonly DataDeclaration[]): ImputedArray {
  const array = data.arrays.get(c.data)
  const declaration = declarations.find((d) => d.name === c.data)
  if (array === undefined || declaration === undefined) throw new Error(`no data ${c.data}`)
  const labelled = valuesOf(declaration, array, data)
  const cells = [...c.cells].map((position, i): ImputedCell => {
    const own = { index: cellIndex(array, position), origin: array.origins?.[i] ?? null }
    if (c.probabilities === null)
      return {
        ...own,
        value: c.mean?.[i] ?? Number.NaN,
        sd: Math.sqrt(c.variance?.[i] ?? Number.NaN),
        probability: null,
        probabilities: null,
      }
    const all = [...c.probabilities.subarray(i * c.values, (i + 1) * c.values)]
    const best = all.reduce((top, p, v) => (p > (all[top] ?? 0) ? v : top), 0)
    return {
      ...own,
      value: labelled(best, position),
      sd: null,
      probability: all[best] ?? Number.NaN,
      probabilities: new Map(all.map((p, v) => [String(labelled(v, position)), p])),
    }
  })
  const filled = new Map([...c.cells].map((position, i) => [position, cells[i]?.value ?? Number.NaN]))
  return {
    name: c.data,
    shape: array.shape,
    lengths: array.offsets === null ? null : lengthsOf(array.offsets),
    values: Array.from(array.values, (x, i) => filled.get(i) ?? labelled(x, i)),
    cells,
  }
}

/** What a stored number stands for. */
export function valuesOf(
  { element, levels }: DataDeclaration,
  array: BoundArray,
  data: BoundData,
): (x: number, position: number) => number | string | boolean {
  if (element === 'bool') return (x) => x === 1
  if (element !== 'category' || levels === null) return (x) => x
  const lists = data.levels.get(levels.name) ?? []
  const width = levels.perColumn ? (array.shape.at(-1) ?? 1) : 1
  return (x, position) => lists[position % width]?.[x] ?? String(x)
}

const lengthsOf = (offsets: Int32Array): readonly number[] =>
  Array.from(offsets.subarray(1), (end, r) => end - (offsets[r] ?? 0))
