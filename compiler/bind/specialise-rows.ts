/** The operations of a pass over rows, rewritten for the data and the sizes at hand. */

import type { DataCache } from '../kernel/passes/data-cache.js'
import { factorRows } from '../kernel/passes/factor-rows.js'
import {
  carefulPasses,
  type KernelPass,
  optimiseProgram,
  type PassContext,
  plainRows,
  type RowProgram,
  rowPasses,
} from '../kernel/passes/index.js'
import { mergeRows } from '../kernel/passes/merge-rows.js'
import { packTables } from '../kernel/passes/pack-tables.js'
import type { Buffer, KernelOp } from '../kernel/types.js'
import type { Memory } from '../targets/memory.js'
import { accessesOf } from '../targets/wasm/accesses.js'
import { allFinite, columnConstant } from './column-constant.js'
import type { DataScale } from './data-scale.js'
import type { DataWindows } from './data-windows.js'

export interface SpecialisedRows {
  readonly program: RowProgram
  readonly rows: PassContext['rows']
  /** Arrays of data buffers that the rewriting has added. */
  readonly data: ReadonlyMap<string, Float64Array | Int32Array>
  /** Buffers that it has added and that hold numbers between operations on rows. */
  readonly added: readonly Buffer[]
  /** Other rows are added up than those of the data: what 0 · ∞ is does not follow from theirs. */
  readonly onlyFinite: boolean
}

/** What is known beside the operations and the memory they run over. */
export interface RowFactsOfData {
  readonly cache: DataCache
  /** Moments of columns, by data buffer. */
  readonly scales?: ReadonlyMap<string, DataScale>
  /** Where rows do not lie in memory. */
  readonly streams?: DataWindows | null
  /** The pass is run again and again, at other params: work on its data pays. */
  readonly again?: boolean
}

/**
 * Rows are replaced by those of factors where they are to be run again and again and that pays, or else those with equal
 * data are merged; then the passes over kernels.
 */
export function specialiseRows(
  ops: readonly KernelOp[],
  buffers: readonly Buffer[],
  rows: PassContext['rows'],
  memory: Memory,
  { cache, scales = new Map(), streams = null, again = false }: RowFactsOfData,
  passes: readonly KernelPass[] | null = null,
): SpecialisedRows {
  const names = new Set([...buffers.map((b) => b.id), ...memory.sizes.keys()])
  const complete = new Map<string, boolean>()
  const dataOf = (id: string): Float64Array | Int32Array | undefined => memory.buffers.get(id)
  const context: PassContext = {
    sizes: memory.sizes,
    rows,
    fresh: freshIn(names),
    isComplete: (buffer) => {
      const known = complete.get(buffer)
      if (known !== undefined) return known
      const array = dataOf(buffer)
      const is =
        streams?.isComplete(buffer) ?? scales.get(buffer)?.isComplete ?? (array !== undefined && allFinite(array))
      complete.set(buffer, is)
      return is
    },
  }
  const plain = plainRows(ops, buffers, context)
  const arrays = new Map([...memory.buffers].filter(([id]) => buffers.find((b) => b.id === id)?.space === 'data'))
  // which rows are equal, and which keys they have, is not known where they do not lie in memory
  const factored = streams === null && again ? factorRows(plain, context, arrays, cache) : null
  const isFactored = factored?.kind === 'factored'
  const merged = streams === null && !isFactored ? mergeRows(plain, context, arrays, cache) : null
  const written = { program: plain, context, data: new Map<string, Float64Array>() }
  const own = isFactored ? factored : merged?.kind === 'merged' ? merged : written
  const packed =
    streams === null && !isFactored
      ? packTables(own.program, own.context, new Map([...arrays, ...own.data]), cache)
      : null
  const start = packed?.kind === 'packed' ? packed.program : own.program
  // products of columns for a few rows do not pay
  const chosen = passes ?? (isFactored ? carefulPasses : rowPasses)
  const { program } = optimiseProgram(start, { ...own.context, sizes: start.sizes }, chosen)
  const data = new Map([...own.data, ...(packed?.kind === 'packed' ? packed.data : [])])
  for (const { buffer, values } of program.indices) data.set(buffer, Int32Array.from(values))
  for (const constant of program.constants) {
    const { of, take, buffer } = constant
    const made = data.get(of)
    const values = made ?? dataOf(of)
    const shape = program.buffers.find((b) => b.id === of)?.shape ?? []
    if (values === undefined) throw new Error(`data ${of} is not bound`)
    const width = shape.slice(1).reduce((product, key) => product * (program.sizes.get(key) ?? 1), 1)
    const centre = take.kind === 'reach' ? (data.get(take.centre) ?? null) : null
    const isAboutMean = take.kind === 'centre' || program.constants.some((c) => c.buffer === take.centre && c.of === of)
    const scale = made === undefined && isAboutMean ? scales.get(of) : undefined
    const taken =
      scale?.isComplete === true && scale.means.length === width
        ? Float64Array.from(take.kind === 'centre' ? scale.means : scale.variances.map(Math.sqrt))
        : columnConstant(constant, streams?.partsOf(of) ?? [values], width, centre)
    data.set(buffer, taken)
  }
  const known = new Set(buffers.map((b) => b.id))
  const used = accessesOf([...program.prelude, ...program.rows, ...program.postlude], null)
  const added = program.buffers.filter(
    (b) => !known.has(b.id) && !data.has(b.id) && used.has(b.id) && b.space !== 'scratch',
  )
  for (const id of data.keys()) if (!used.has(id)) data.delete(id)
  return { program, rows: own.context.rows, data, added, onlyFinite: isFactored }
}

/** Names that are not among these yet. */
export const freshIn =
  (names: Set<string>) =>
  (prefix: string): string => {
    let name = prefix
    for (let i = 2; names.has(name); i++) name = `${prefix} ${i}`
    names.add(name)
    return name
  }
