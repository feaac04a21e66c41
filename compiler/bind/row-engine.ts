/** Passes over rows as WebAssembly: data stay where they are, sums are taken chunk by chunk and added up in order. */
import type { Buffer, KernelOp } from '../kernel/types.js'
import type { Pass } from '../lower/program.js'
import type { Memory } from '../targets/memory.js'
import type { Arena } from '../targets/wasm/arena.js'
import { blockRowsFor } from '../targets/wasm/block-rows.js'
import { wasmSupports } from '../targets/wasm/compile-wasm.js'
import { emitKernel, type PlacedBuffer, type WasmKernel } from '../targets/wasm/emit-kernel.js'
import { engineFeatures } from '../targets/wasm/engine-features.js'
import { instantiateKernel, type KernelFunction } from '../targets/wasm/instantiate.js'

/**
 * Rows of a chunk. Sums are taken over each chunk and added up in the order of the chunks, so that their bits depend on
 * the number of rows and on nothing else.
 */
export const CHUNK_ROWS = 16384

/** A kernel over the rows of a pass, with what it reads and adds to. */
interface RowKernel {
  readonly kernel: WasmKernel
  readonly run: KernelFunction
  /** Address of its private area. */
  readonly base: number
  readonly sums: readonly PlacedBuffer[]
  /** Copied in before a run: what is no part of the arena. */
  readonly inputs: readonly PlacedBuffer[]
  /** Rows that lie outside the arena: copied in chunk by chunk. */
  readonly windows: readonly PlacedBuffer[]
}

export class RowEngine {
  readonly #kernels = new Map<readonly KernelOp[], RowKernel | null>()
  readonly #declared: ReadonlyMap<string, Buffer>

  constructor(
    private readonly buffers: readonly Buffer[],
    private readonly arena: Arena,
    /** Short passes are no business of others. */
    readonly everyPass: boolean,
  ) {
    this.#declared = new Map(buffers.map((buffer) => [buffer.id, buffer]))
  }

  /** Runs the operations of a pass over all of its rows; false where this target declines them. */
  run(pass: Pass, ops: readonly KernelOp[], memory: Memory): boolean {
    const own = this.#kernel(pass, ops, memory)
    if (own === null) return false
    const rows = pass.rows === null ? 0 : (memory.sizes.get(pass.rows.size) ?? 0)
    this.#copyIn(own, memory)
    if (pass.rows === null) {
      own.run(own.base, 0, 0, 0)
      return true
    }
    for (let from = 0; from < rows; from += CHUNK_ROWS)
      this.#chunk(own, memory, from, Math.min(rows, from + CHUNK_ROWS))
    return true
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

  #copyIn(own: RowKernel, memory: Memory): void {
    for (const input of own.inputs)
      this.#inside(own, input, input.length).set(arrayOf(memory, input.buffer).subarray(0, input.length))
  }

  #inside(own: RowKernel, placed: PlacedBuffer, length: number): Float64Array | Int32Array {
    const { buffer } = this.arena.memory
    return placed.type === 'f64'
      ? new Float64Array(buffer, own.base + placed.offset, length)
      : new Int32Array(buffer, own.base + placed.offset, length)
  }

  #kernel(pass: Pass, ops: readonly KernelOp[], memory: Memory): RowKernel | null {
    const known = this.#kernels.get(ops)
    if (known !== undefined) return known
    const made = wasmSupports(ops) === null ? this.#compile(pass, ops, memory) : null
    this.#kernels.set(ops, made)
    return made
  }

  #compile(pass: Pass, ops: readonly KernelOp[], memory: Memory): RowKernel | null {
    const resident = new Map<string, number>()
    const whole = pass.rows === null
    for (const [id, array] of memory.buffers) {
      const address = this.arena.addressOf(array)
      const space = this.#declared.get(id)?.space
      if (address === null || (!whole && (space === 'sum' || space === 'scratch'))) continue
      resident.set(id, address)
    }
    const { features } = this
    const kernel = emitKernel({
      ops,
      buffers: this.buffers,
      sizes: memory.sizes,
      rows: pass.rows,
      blockRows: pass.rows === null ? 8 : blockRowsFor(ops, this.buffers, memory.sizes, pass.rows),
      windowRows: CHUNK_ROWS,
      resident,
      shared: this.arena.shared,
      encode: { relaxed: features.relaxed },
    })
    const outside = [...kernel.whole, ...kernel.rows].filter((placed) => !placed.resident)
    const space = (placed: PlacedBuffer): string | undefined => this.#declared.get(placed.buffer)?.space
    const sums = whole ? [] : outside.filter((placed) => placed.written && space(placed) === 'sum')
    // nothing but sums is kept of what lies outside
    if (outside.some((placed) => placed.written && !sums.includes(placed))) return null
    const base = this.arena.reserve(kernel.privateBytes)
    if (base === null) return null
    const run = instantiateKernel(kernel, new WebAssembly.Module(kernel.bytes), this.arena.memory)
    return {
      kernel,
      run,
      base,
      sums,
      inputs: kernel.whole.filter((placed) => !placed.resident && !sums.includes(placed)),
      windows: kernel.rows.filter((placed) => !placed.resident),
    }
  }

  private readonly features = engineFeatures()
}

function arrayOf(memory: Memory, id: string): Float64Array | Int32Array {
  const array = memory.buffers.get(id)
  if (array === undefined) throw new Error(`buffer ${id} is not bound`)
  return array
}
