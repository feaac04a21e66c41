/** Passes over rows as WebAssembly: data stay where they are, sums are taken chunk by chunk and added up in order. */
import { DataCache } from '../kernel/passes/data-cache.js'
import type { Buffer, KernelOp } from '../kernel/types.js'
import type { Pass } from '../lower/program.js'
import type { CompiledKernel, CompileKernel, Memory } from '../targets/memory.js'
import type { Arena } from '../targets/wasm/arena.js'
import { blockRowsFor } from '../targets/wasm/block-rows.js'
import { wasmSupports } from '../targets/wasm/compile-wasm.js'
import { emitKernel, type PlacedBuffer } from '../targets/wasm/emit-kernel.js'
import { engineFeatures } from '../targets/wasm/engine-features.js'
import { instantiateKernel, type KernelFunction } from '../targets/wasm/instantiate.js'
import type { DataWindows } from './data-windows.js'
import { specialiseRows } from './specialise-rows.js'

/**
 * Rows of a chunk. Sums are taken over each chunk and added up in the order of the chunks, so that their bits depend on
 * the number of rows and on nothing else.
 */
export const CHUNK_ROWS = 16384

/** How much larger than their sum the terms of a rewritten sum may be: beyond it the rows are done as written. */
const MOST_GROWTH = 1e4

type Rows = NonNullable<Pass['rows']>
type Numbers = Float64Array | Int32Array

/** A kernel over the rows of a pass, with what it reads and adds to. */
interface RowKernel {
  readonly run: KernelFunction
  /** Address of its private area. */
  readonly base: number
  readonly rows: number
  readonly sums: readonly PlacedBuffer[]
  /** Copied in before a run: what is no part of the arena. */
  readonly inputs: readonly PlacedBuffer[]
  /** Rows that lie outside the arena: copied in chunk by chunk. */
  readonly windows: readonly PlacedBuffer[]
}

/** A pass as it was written, or rewritten: with what the driver does before and after the rows. */
interface PassKernel {
  readonly memory: Memory
  readonly rows: RowKernel
  readonly prelude: CompiledKernel | null
  readonly postlude: CompiledKernel | null
  /** Sums that the rewriting has added: empty before the rows. */
  readonly added: readonly Numbers[]
  readonly growth: string | null
}

/** A pass under way. */
export interface OpenPass {
  /** Goes over so many rows, the first of which is at 0 in the buffers; where all lie in memory, over all. */
  over(count: number): void
  end(): void
}

interface Compiled {
  /** What the kernels were made for: they are made anew where arrays or sizes have changed. */
  readonly stamp: readonly unknown[]
  readonly direct: () => PassKernel | null
  /** With the buffers of its memory. */
  readonly rewritten: (PassKernel & { readonly buffers: Map<string, Numbers> }) | null
}

export class RowEngine {
  readonly #compiled = new Map<readonly KernelOp[], Compiled>()
  readonly #declared: ReadonlyMap<string, Buffer>
  /** A start's responsibilities: another array each time they are lent. */
  readonly #given: readonly string[]
  readonly #features = engineFeatures()
  readonly #cache = new DataCache()
  /** Where arrays that rewriting has made of data lie in the arena. */
  readonly #copies = new WeakMap<Numbers, Numbers>()

  constructor(
    private readonly buffers: readonly Buffer[],
    private readonly arena: Arena,
    /** Short passes are no business of others. */
    readonly everyPass: boolean,
    /** For what the driver does around the rows. */
    private readonly compile: CompileKernel,
    /** Where rows do not lie in memory: data buffers hold some of them. */
    private readonly streams: DataWindows | null = null,
  ) {
    this.#declared = new Map(buffers.map((buffer) => [buffer.id, buffer]))
    this.#given = buffers.flatMap((buffer) => (buffer.space === 'given' ? [buffer.id] : []))
  }

  /** Runs operations over whole arrays; false where this target declines them. */
  run(ops: readonly KernelOp[], memory: Memory): boolean {
    if (ops.length === 0) return true
    const kernel = this.#kernels(null, ops, memory).direct()
    if (kernel === null) return false
    this.#copyInputs(kernel)
    kernel.rows.run(kernel.rows.base, 0, 0, 0)
    return true
  }

  /** Begins a pass of operations over rows; null where this target declines them. */
  open(rows: Rows, ops: readonly KernelOp[], memory: Memory): OpenPass | null {
    const compiled = this.#kernels(rows, ops, memory)
    const { rewritten } = compiled
    if (rewritten !== null) {
      for (const id of this.#given) {
        const lent = memory.buffers.get(id)
        if (lent !== undefined) rewritten.buffers.set(id, lent)
      }
      rewritten.prelude?.run(rewritten.memory, null)
      const growth = rewritten.growth === null ? 0 : (rewritten.memory.buffers.get(rewritten.growth)?.[0] ?? Number.NaN)
      if (growth <= MOST_GROWTH) return this.#opened(rewritten)
    }
    const direct = compiled.direct()
    return direct === null ? null : this.#opened(direct)
  }

  #opened(kernel: PassKernel): OpenPass {
    for (const sums of kernel.added) sums.fill(0)
    this.#copyInputs(kernel)
    return {
      over: (count) => {
        // rows in memory may have been merged
        const rows = this.streams === null ? kernel.rows.rows : count
        for (let from = 0; from < rows; from += CHUNK_ROWS)
          this.#chunk(kernel.rows, kernel.memory, from, Math.min(rows, from + CHUNK_ROWS))
      },
      end: () => kernel.postlude?.run(kernel.memory, null),
    }
  }

  #copyInputs({ rows: kernel, memory }: PassKernel): void {
    for (const input of kernel.inputs)
      this.#inside(kernel, input, input.length).set(arrayOf(memory, input.buffer).subarray(0, input.length))
  }

  #chunk(own: RowKernel, memory: Memory, from: number, to: number): void {
    for (const sum of own.sums) this.#inside(own, sum, sum.length).fill(0)
    for (const window of own.windows) {
      const array = arrayOf(memory, window.buffer)
      this.#inside(own, window, (to - from) * window.length).set(
        array.subarray(from * window.length, to * window.length),
      )
    }
    own.run(own.base, 0, to - from, from)
    for (const sum of own.sums) {
      const total = arrayOf(memory, sum.buffer)
      const partial = this.#inside(own, sum, sum.length)
      for (let i = 0; i < partial.length; i++) total[i] = (total[i] ?? 0) + (partial[i] ?? 0)
    }
  }

  #inside(own: Pick<RowKernel, 'base'>, placed: PlacedBuffer, length: number): Numbers {
    const { buffer } = this.arena.memory
    return placed.type === 'f64'
      ? new Float64Array(buffer, own.base + placed.offset, length)
      : new Int32Array(buffer, own.base + placed.offset, length)
  }

  #kernels(rows: Rows | null, ops: readonly KernelOp[], memory: Memory): Compiled {
    const known = this.#compiled.get(ops)
    const stamp = [...memory.sizes.values(), ...this.#resident(memory)]
    if (known !== undefined && sameItems(known.stamp, stamp)) return known
    const made = this.#compileAll(rows, ops, memory, stamp)
    this.#compiled.set(ops, made)
    return made
  }

  /** Arrays that kernels read in place, or of which they know how long they are. */
  #resident(memory: Memory): Numbers[] {
    return this.buffers.flatMap((b) => {
      const array = b.space === 'given' ? undefined : memory.buffers.get(b.id)
      return array === undefined ? [] : [array]
    })
  }

  #compileAll(rows: Rows | null, ops: readonly KernelOp[], memory: Memory, stamp: readonly unknown[]): Compiled {
    if (wasmSupports(ops) !== null) return { stamp, direct: () => null, rewritten: null }
    let direct: PassKernel | null | undefined
    const asWritten = (): PassKernel | null => {
      if (direct === undefined) {
        const kernel = this.#compileRows(ops, this.buffers, memory, rows)
        direct =
          kernel === null ? null : { memory, rows: kernel, prelude: null, postlude: null, added: [], growth: null }
      }
      return direct
    }
    return { stamp, direct: asWritten, rewritten: rows === null ? null : this.#rewrite(rows, ops, memory) }
  }

  #rewrite(rows: Rows, ops: readonly KernelOp[], memory: Memory): Compiled['rewritten'] {
    const {
      program,
      rows: own,
      data,
      added,
    } = specialiseRows(ops, this.buffers, rows, memory, this.#cache, this.streams)
    const extent = (b: Buffer): number => b.shape.reduce((n, key) => n * (program.sizes.get(key) ?? 0), 1)
    const buffers = new Map(memory.buffers)
    for (const [id, array] of data) buffers.set(id, this.#copy(array))
    for (const b of added)
      buffers.set(b.id, b.type === 'i32' ? this.arena.integers(extent(b)) : this.arena.floats(extent(b)))
    const wide: Memory = { ...memory, sizes: program.sizes, buffers }
    const kernel = this.#compileRows(program.rows, program.buffers, wide, own)
    if (kernel === null) return null
    const driver = (list: readonly KernelOp[]): CompiledKernel | null =>
      list.length === 0 ? null : this.compile(list, program.buffers)
    return {
      memory: wide,
      buffers,
      rows: kernel,
      prelude: driver(program.prelude),
      postlude: driver(program.postlude),
      added: added.flatMap((b) => (b.space === 'sum' ? [arrayOf(wide, b.id)] : [])),
      growth: program.growth,
    }
  }

  #copy(array: Numbers): Numbers {
    const copy = this.#copies.get(array) ?? this.arena.copy(array)
    this.#copies.set(array, copy)
    return copy
  }

  #compileRows(
    ops: readonly KernelOp[],
    buffers: readonly Buffer[],
    memory: Memory,
    rows: Rows | null,
  ): RowKernel | null {
    const declared = buffers === this.buffers ? this.#declared : new Map(buffers.map((b) => [b.id, b]))
    const spaceOf = (id: string): string | undefined => declared.get(id)?.space
    const resident = new Map<string, number>()
    for (const [id, array] of memory.buffers) {
      const address = this.arena.addressOf(array)
      const space = spaceOf(id)
      if (address === null || (rows !== null && (space === 'sum' || space === 'scratch'))) continue
      resident.set(id, address)
    }
    const kernel = emitKernel({
      ops,
      buffers,
      sizes: memory.sizes,
      rows,
      blockRows: rows === null ? 8 : blockRowsFor(ops, buffers, memory.sizes, rows),
      windowRows: CHUNK_ROWS,
      resident,
      shared: this.arena.shared,
      encode: { relaxed: this.#features.relaxed },
    })
    // scratch that rows share lives for a block, as that of rows does
    const outside = [...kernel.whole, ...kernel.rows].filter(
      (placed) => !placed.resident && spaceOf(placed.buffer) !== 'scratch',
    )
    const sums = rows === null ? [] : outside.filter((placed) => placed.written && spaceOf(placed.buffer) === 'sum')
    // nothing but sums is kept of what lies outside
    if (outside.some((placed) => placed.written && !sums.includes(placed))) return null
    const base = this.arena.reserve(kernel.privateBytes)
    if (base === null) return null
    return {
      run: instantiateKernel(kernel, new WebAssembly.Module(kernel.bytes), this.arena.memory),
      base,
      rows: rows === null ? -1 : (memory.sizes.get(rows.size) ?? 0),
      sums,
      inputs: kernel.whole.filter((placed) => outside.includes(placed) && !sums.includes(placed)),
      windows: kernel.rows.filter((placed) => !placed.resident),
    }
  }
}

const sameItems = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i])

function arrayOf(memory: Memory, id: string): Numbers {
  const array = memory.buffers.get(id)
  if (array === undefined) throw new Error(`buffer ${id} is not bound`)
  return array
}
