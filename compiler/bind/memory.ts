/** Buffers of a program over bound data. */
import type { ModelSymbol } from '../../lang/typed/types.js'
import type { BoundData } from '../../runtime/contract.js'
import type { Buffer, SizeKey } from '../kernel/types.js'
import type { Program } from '../lower/program.js'
import type { Memory } from '../targets/memory.js'
import { NEWTON_LIMIT } from '../targets/solve/newton.js'
import type { SparsePosterior } from '../targets/sparse-posterior.js'
import type { Arena } from '../targets/wasm/arena.js'
import { checkSize } from './check-size.js'
import { DataWindows } from './data-windows.js'
import { rowKeyOf } from './row-wise.js'
import type { BoundNumbers } from './sizes.js'

/** Rows of a block: enough for the loops to be long, few enough for the scratch to stay in cache. */
export const BLOCK_ROWS = 512

export interface ProgramMemory {
  /** Scratch is one block long. */
  readonly blocks: Memory
  /** Scratch is as long as its table: made when a posterior of all rows is asked for. */
  readonly whole: () => Memory
  /** Runs with the responsibilities of a start in place, by buffer; those left out are 0. */
  withGiven<T>(values: (buffer: string) => Float64Array | undefined, run: () => T): T
  readonly numbers: BoundNumbers
  /** Where rows do not lie in memory; in their small windows `whole` has the scratch of these. */
  readonly windows: DataWindows | null
  /** Takes the numbers of nodes anew: what holds them gets as long as they need, and empty. */
  resize(): void
}

export function allocate(
  program: Program,
  symbols: readonly ModelSymbol[],
  data: BoundData,
  numbers: BoundNumbers,
  /** Where arrays lie that generated WebAssembly reads in place. */
  arena: Arena | null = null,
  /** Unknowns of a numerical block, at most, that second derivatives are taken by. */
  newtonLimit = NEWTON_LIMIT,
): ProgramMemory {
  const sizes = new Map<SizeKey, number>()
  for (const [key, extent] of program.sizes) {
    const size = numbers.extent(extent)
    checkSize(extent, size, (name) => numbers.extent(name))
    sizes.set(key, size)
  }
  const blockTables = new Map(program.passes.flatMap((p) => (p.rows === null ? [] : [[p.rows.table, true] as const])))
  const length = (b: Buffer, whole: boolean): number => {
    const extents = b.shape.map((s) => sizes.get(s) ?? 0)
    if (!whole && b.space === 'scratch' && b.rows !== undefined && blockTables.has(b.rows))
      extents[0] = Math.min(extents[0] ?? 0, BLOCK_ROWS)
    return extents.reduce((a, n) => a * n, 1)
  }
  // second derivatives by more unknowns than Newton's method is used for are never taken
  const unused = (b: Buffer): boolean => b.id.startsWith('hess ') && isBeyondNewton(b, program, sizes, newtonLimit)
  const floats = (n: number): Float64Array => arena?.floats(n) ?? new Float64Array(n)
  const integers = (n: number): Int32Array => arena?.integers(n) ?? new Int32Array(n)
  const rowKey = rowKeyOf(program, data)
  const used = program.buffers.flatMap((b) => (b.space === 'data' ? [b.id] : []))
  const windows =
    data.stream === undefined || rowKey === null
      ? null
      : new DataWindows(rowKey, data, data.stream, used, sizes, { floats, integers })
  const shared = new Map<string, Float64Array | Int32Array>()
  const nodeTables = new Set(program.bindTables.flatMap((t) => (t.compute.kind === 'nodes' ? [`const:${t.name}`] : [])))
  for (const b of program.buffers) {
    // a start's responsibilities are lent when there is one
    if (b.space === 'scratch' || b.space === 'given') continue
    if (b.space === 'data') {
      const window = windows?.buffers.get(b.id)
      if (window !== undefined) {
        shared.set(b.id, window)
        continue
      }
      const array = dataBuffer(b.id, symbols, data, numbers, program)
      shared.set(b.id, nodeTables.has(b.id) ? array : (arena?.copy(array) ?? array))
    } else if (b.type === 'i32') shared.set(b.id, integers(length(b, true)))
    else shared.set(b.id, floats(unused(b) ? 0 : length(b, true)))
  }
  const sparse = new Map<string, SparsePosterior>()
  const withScratch = (scratch: (b: Buffer) => Float64Array) => {
    const buffers = new Map(shared)
    for (const b of program.buffers) if (b.space === 'scratch') buffers.set(b.id, scratch(b))
    return { sizes, buffers, sparse }
  }
  const isBlockLong = (b: Buffer): boolean => b.rows !== undefined && blockTables.has(b.rows)
  const blocks = withScratch((b) => (isBlockLong(b) ? new Float64Array(length(b, false)) : floats(length(b, false))))
  let whole: ReturnType<typeof withScratch> | null = null
  return {
    blocks,
    resize() {
      const changed = new Set<SizeKey>()
      for (const [key, extent] of program.sizes) {
        const size = numbers.extent(extent)
        if (sizes.get(key) !== size) changed.add(key)
        sizes.set(key, size)
      }
      if (changed.size === 0) return
      whole = null
      for (const b of program.buffers) {
        if (!b.shape.some((s) => changed.has(s))) continue
        if (nodeTables.has(b.id)) blocks.buffers.set(b.id, dataBuffer(b.id, symbols, data, numbers, program))
        else if (b.space === 'scratch') blocks.buffers.set(b.id, new Float64Array(length(b, false)))
      }
    },
    withGiven(values, run) {
      const given = program.buffers.filter((b) => b.space === 'given')
      // a run within another one leaves that one's in place
      const before = given.map((b) => blocks.buffers.get(b.id))
      const put = (id: string, own: Float64Array | Int32Array | undefined): void => {
        for (const buffers of [blocks.buffers, shared, whole?.buffers])
          if (own === undefined) buffers?.delete(id)
          else buffers?.set(id, own)
      }
      for (const b of given) put(b.id, values(b.id) ?? new Float64Array(length(b, true)))
      try {
        return run()
      } finally {
        given.forEach((b, i) => {
          put(b.id, before[i])
        })
      }
    },
    whole: () => {
      // what is not cut into blocks is as long in both: nothing in it outlives a pass
      for (const id of nodeTables) {
        const table = blocks.buffers.get(id)
        if (table !== undefined) shared.set(id, table)
      }
      whole ??= withScratch((b) => {
        const own = blocks.buffers.get(b.id)
        const long = length(b, true)
        return own instanceof Float64Array && own.length === long ? own : floats(long)
      })
      return whole
    },
    numbers,
    windows,
  }
}

/** true where each group of a Hessian joins far more values of its params than Newton's method takes unknowns. */
function isBeyondNewton(b: Buffer, program: Program, sizes: ReadonlyMap<SizeKey, number>, limit: number): boolean {
  const block = program.numeric.find((n) =>
    n.params.some((p) => [`hess ${p}|`, `hess rows ${p}|`].some((id) => b.id.startsWith(id))),
  )
  const leading = block !== undefined && block.batch !== null ? 1 : 0
  const within = b.shape.slice(leading).reduce((n, key) => n * (sizes.get(key) ?? 0), 1)
  // a value of a support has at most four numbers for each unknown (a correlation matrix of order 2)
  return within > (4 * limit) ** 2
}

function dataBuffer(
  id: string,
  symbols: readonly ModelSymbol[],
  data: BoundData,
  numbers: BoundNumbers,
  program: Program,
): Float64Array | Int32Array {
  const [kind, name] = [id.slice(0, id.indexOf(':')), id.slice(id.indexOf(':') + 1)]
  switch (kind) {
    case 'data': {
      const array = data.arrays.get(name)
      if (array === undefined) throw new Error(`data ${name} is not bound`)
      return array.values
    }
    case 'const': {
      const table = program.bindTables.find((t) => t.name === name)
      if (table === undefined) throw new Error(`const ${name} is not known`)
      return numbers.table(table).values
    }
    case 'sizes': {
      // a sequence is no shorter than nothing
      const [rest = name, most = 'Infinity'] = name.split('#most')
      const [symbol = rest, less = '0'] = rest.split('#less')
      return Int32Array.from(numbers.vector(symbol), (n) => Math.min(Number(most), Math.max(0, n - Number(less))))
    }
    case 'offsets': {
      const lengths = numbers.vector(name)
      const out = new Int32Array(lengths.length)
      let at = 0
      lengths.forEach((n, i) => {
        out[i] = at
        at += n
      })
      return out
    }
    default:
      throw new Error(`unknown data buffer ${id} of ${symbols.length} symbols`)
  }
}
