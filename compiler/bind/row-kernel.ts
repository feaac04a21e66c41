/** Operations over rows as generated WebAssembly: in the calling thread, chunk by chunk, or by workers. */
import type { Buffer, KernelOp, SizeKey } from '../kernel/types.js'
import type { Memory } from '../targets/memory.js'
import type { Arena } from '../targets/wasm/arena.js'
import { blockRowsFor } from '../targets/wasm/block-rows.js'
import { emitKernel, type PlacedBuffer, type WasmKernel } from '../targets/wasm/emit-kernel.js'
import { engineFeatures } from '../targets/wasm/engine-features.js'
import { instantiateKernel, type KernelFunction } from '../targets/wasm/instantiate.js'
import { isOneByOne } from '../targets/wasm/one-by-one.js'
import { chunkCount, chunkRows } from '../targets/wasm/pool/chunks.js'
import { addInOrder } from '../targets/wasm/pool/in-order.js'
import type { Cut, RowWorkers, WorkerKernel } from '../targets/wasm/pool/row-workers.js'
import { rowCost } from '../targets/wasm/row-cost.js'

export type Numbers = Float64Array | Int32Array

/** Where kernels run. */
export interface RowPlace {
  readonly arena: Arena
  readonly workers: RowWorkers | null
}

/** What others may change while workers are at it: kernels are given copies, with workers or without: they are the same code. */
const CHANGING: ReadonlySet<string> = new Set(['param', 'trial', 'derived', 'table'])

/**
 * null where it keeps more than sums of what lies outside the arena, or the arena is full. `kept`: arrays in the arena that
 * rows write and read, no row what another one writes.
 */
export function compileRows(
  ops: readonly KernelOp[],
  buffers: readonly Buffer[],
  memory: Memory,
  rows: { readonly table: string; readonly axis: string; readonly size: SizeKey } | null,
  place: RowPlace,
  kept: ReadonlySet<string> = new Set(),
): RowKernel | null {
  const { arena } = place
  const space = new Map(buffers.map((b) => [b.id, b.space]))
  const resident = new Map<string, number>()
  for (const [id, array] of memory.buffers) {
    const address = arena.addressOf(array)
    const own = space.get(id) ?? ''
    const isCopied = !kept.has(id) && (own === 'sum' || own === 'scratch' || CHANGING.has(own))
    if (address === null || (rows !== null && isCopied)) continue
    resident.set(id, address)
  }
  const oneByOne = isOneByOne(ops, rows?.axis ?? null)
  const blockRows = rows === null || oneByOne ? 8 : blockRowsFor(ops, buffers, memory.sizes, rows)
  const extent = rows === null ? 0 : (memory.sizes.get(rows.size) ?? 0)
  const cost = rows === null ? { work: 1, sums: 0 } : rowCost(ops, buffers, memory.sizes, rows.axis)
  const chunk = chunkRows({ rows: extent, sums: cost.sums, rowWork: cost.work, step: oneByOne ? 1 : blockRows })
  const kernel = emitKernel({
    ops,
    buffers,
    sizes: memory.sizes,
    rows,
    blockRows,
    windowRows: chunk,
    resident,
    shared: arena.shared,
    encode: { relaxed: engineFeatures().relaxed },
  })
  // scratch that rows share lives for a block, as that of rows does
  const outside = [...kernel.whole, ...kernel.rows].filter(
    (placed) => !placed.resident && space.get(placed.buffer) !== 'scratch',
  )
  const sums = rows === null ? [] : outside.filter((b) => b.written && space.get(b.buffer) === 'sum')
  if (outside.some((placed) => placed.written && !sums.includes(placed))) return null
  const base = arena.reserve(kernel.privateBytes)
  if (base === null) return null
  const inputs = kernel.whole.filter((placed) => outside.includes(placed) && !sums.includes(placed))
  return new RowKernel(kernel, base, sums, inputs, rows === null ? null : { rows: extent, chunk }, place, kept)
}

/** A kernel over the rows of a table: adds to sums. Without rows it runs over whole arrays at once. */
export class RowKernel {
  private readonly call: KernelFunction
  /** Rows that lie outside the arena: copied in chunk by chunk. */
  private readonly windows: readonly PlacedBuffer[]
  private readonly remote: WorkerKernel | null

  constructor(
    kernel: WasmKernel,
    private readonly base: number,
    private readonly sums: readonly PlacedBuffer[],
    /** Copied in before a run: what is no part of the arena, or may change. */
    private readonly inputs: readonly PlacedBuffer[],
    private readonly cut: Cut | null,
    private readonly place: RowPlace,
    private readonly kept: ReadonlySet<string>,
  ) {
    const module = new WebAssembly.Module(kernel.bytes)
    this.call = instantiateKernel(kernel, module, place.arena.memory)
    this.windows = kernel.rows.filter((placed) => !placed.resident)
    this.remote = this.forWorkers(kernel, module)
  }

  /** Takes what rows are done with from memory. */
  begin(memory: Memory): void {
    for (const input of this.inputs)
      this.inside(input, input.length).set(arrayOf(memory, input.buffer).subarray(0, input.length))
  }

  /**
   * Adds what so many rows give to the sums in memory, all of them where it is not said; after `begin`.
   *
   * @returns null; where a worker may still be at it, too late to be waited for, what settles when none is
   */
  run(memory: Memory, count?: number): Promise<unknown> | null {
    if (this.cut === null) {
      this.call(this.base, 0, 0, 0)
      return null
    }
    const { cut } = this
    const { workers } = this.place
    const rows = count ?? cut.rows
    if (workers === null || !this.isForWorkers || rows < cut.rows) this.runAlone(memory, cut, rows)
    else if (workers.isAtHand) return this.runTogether(memory, cut, workers)
    else workers.pool.meanwhile(() => this.runAlone(memory, cut, rows))
    return null
  }

  private runAlone(memory: Memory, { chunk }: Cut, rows: number): void {
    for (let from = 0; from < rows; from += chunk) {
      this.runChunk(memory, from, Math.min(rows, from + chunk))
      for (const sum of this.sums) this.add(memory, sum, this.inside(sum, sum.length))
    }
  }

  /** The same bits, with chunks that workers have taken. */
  private runTogether(memory: Memory, cut: Cut, workers: RowWorkers): Promise<unknown> | null {
    if (this.remote === null) throw new Error('a kernel is not one for workers')
    const length = this.sums.reduce((n, sum) => n + sum.length, 0)
    const take = (chunk: number, sums: Float64Array): void => {
      this.runChunk(memory, chunk * cut.chunk, Math.min(cut.rows, (chunk + 1) * cut.chunk))
      let at = chunk * length
      for (const sum of this.sums) {
        sums.set(this.inside(sum, sum.length), at)
        at += sum.length
      }
    }
    return workers.together(this.remote, together(memory, this.inputs), cut, take, (sums) => {
      for (let at = 0; at < sums.length; )
        for (const sum of this.sums) {
          this.add(memory, sum, sums.subarray(at, at + sum.length))
          at += sum.length
        }
    })
  }

  /** true where workers could run it, once they are there. */
  get isForWorkers(): boolean {
    return this.remote !== null && this.isCut
  }

  /** true where there is more than one chunk. */
  get isCut(): boolean {
    return this.cut !== null && chunkCount(this.cut.rows, this.cut.chunk) > 1
  }

  /**
   * The same by workers, from what is in memory now; gives what puts the sums there. The bits are those of `run`.
   *
   * @throws WorkerError where a worker was lost
   */
  async later(memory: Memory): Promise<() => void> {
    const { remote, cut } = this
    const { workers } = this.place
    if (remote === null || workers === null || cut === null) throw new Error('a kernel is not one for workers')
    const total = together(memory, this.sums)
    const parts = await workers.run(remote, together(memory, this.inputs), cut)
    addInOrder(total, parts, chunkCount(cut.rows, cut.chunk))
    return () => {
      let at = 0
      for (const { buffer, length } of this.sums) {
        arrayOf(memory, buffer).set(total.subarray(at, at + length))
        at += length
      }
    }
  }

  /** Leaves the sums of these rows in the private area. */
  private runChunk(memory: Memory, from: number, to: number): void {
    for (const sum of this.sums) this.inside(sum, sum.length).fill(0)
    for (const window of this.windows) {
      const array = arrayOf(memory, window.buffer)
      const part = array.subarray(from * window.length, to * window.length)
      this.inside(window, (to - from) * window.length).set(part)
    }
    this.call(this.base, 0, to - from, from)
  }

  private add(memory: Memory, { buffer }: PlacedBuffer, part: Numbers): void {
    const total = arrayOf(memory, buffer)
    if (total instanceof Float64Array && part instanceof Float64Array) this.place.arena.add(total, part)
    else for (let i = 0; i < part.length; i++) total[i] = (total[i] ?? 0) + (part[i] ?? 0)
  }

  private inside(placed: PlacedBuffer, length: number): Numbers {
    const { buffer } = this.place.arena.memory
    return placed.type === 'f64'
      ? new Float64Array(buffer, this.base + placed.offset, length)
      : new Int32Array(buffer, this.base + placed.offset, length)
  }

  private forWorkers(kernel: WasmKernel, module: WebAssembly.Module): WorkerKernel | null {
    const { workers } = this.place
    const resident = (list: readonly PlacedBuffer[]): readonly PlacedBuffer[] => list.filter((b) => b.resident)
    const all = [...resident(kernel.rows), ...resident(kernel.whole)]
    const isFree = (b: PlacedBuffer): boolean => !b.written || (this.place.arena.shared && this.kept.has(b.buffer))
    if (workers === null || this.cut === null || this.windows.length > 0 || !all.every(isFree)) return null
    const { rows } = this.cut
    const bytes = (b: PlacedBuffer): number => b.length * (b.type === 'f64' ? 8 : 4)
    return workers.add(
      {
        module,
        functions: kernel.functions,
        small: kernel.small,
        inputs: this.inputs,
        sums: this.sums,
        bytes: kernel.privateBytes,
      },
      [
        ...resident(kernel.rows).map((b) => ({ address: b.offset, bytesPerRow: bytes(b), bytes: rows * bytes(b) })),
        ...resident(kernel.whole).map((b) => ({ address: b.offset, bytesPerRow: null, bytes: bytes(b) })),
      ],
    )
  }
}

/** Numbers of several buffers, one after another. */
function together(memory: Memory, list: readonly PlacedBuffer[]): Float64Array {
  const out = new Float64Array(list.reduce((n, { length }) => n + length, 0))
  let at = 0
  for (const { buffer, length } of list) {
    out.set(arrayOf(memory, buffer).subarray(0, length), at)
    at += length
  }
  return out
}

export function arrayOf(memory: Memory, id: string): Numbers {
  const array = memory.buffers.get(id)
  if (array === undefined) throw new Error(`buffer ${id} is not bound`)
  return array
}
