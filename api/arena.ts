/** Data in the memory that generated WebAssembly reads. */
import { Arena } from '../compiler/targets/wasm/arena.js'
import { engineFeatures } from '../compiler/targets/wasm/engine-features.js'
import type { BoundArray, BoundData, Table } from '../runtime/data/types.js'
import type { FitCallOptions } from './options.js'

/** Cells below which a memory of its own costs more than it gains. */
const FEWEST_CELLS = 2048
/** For parameters, statistics and blocks of rows, where a memory cannot grow. */
const BESIDE_DATA = 64 * 2 ** 20

/** The memory of a fit; null where data are few and WebAssembly is not asked for, or the engine has no SIMD. */
export function arenaFor(options: Pick<FitCallOptions, 'backend'>, data: BoundData): Arena | null {
  const features = engineFeatures()
  const { backend = null } = options
  if ((backend !== null && backend !== 'wasm') || !features.simd) return null
  let [cells, bytes] = [0, BESIDE_DATA]
  for (const { values, stream } of data.arrays.values()) {
    const held = stream === undefined ? values.length : Math.min(stream.rows, data.stream?.window ?? 0) * stream.width
    cells += held
    bytes += held * values.BYTES_PER_ELEMENT + 64
  }
  return backend === null && cells < FEWEST_CELLS ? null : new Arena(features.shared ? 0 : bytes, features.shared)
}

/** The same data, their numbers in the memory. */
export function inArena(data: BoundData, arena: Arena): BoundData {
  const arrays = new Map<string, BoundArray>()
  for (const [name, array] of data.arrays) arrays.set(name, { ...array, values: arena.copy(array.values) })
  return { ...data, arrays }
}

/** The same where there is no such memory: arrays that are still those of the tables are copied, since their owner may change them. */
export function outsideArena(data: BoundData, tables: readonly Table[]): BoundData {
  const given = new Set<unknown>()
  for (const { columns, nested } of tables) {
    for (const { cells } of columns) given.add(cells)
    for (const { cells } of nested?.values() ?? []) given.add(cells)
  }
  const arrays = new Map<string, BoundArray>()
  for (const [name, array] of data.arrays)
    arrays.set(name, given.has(array.values) ? { ...array, values: array.values.slice() } : array)
  return { ...data, arrays }
}
