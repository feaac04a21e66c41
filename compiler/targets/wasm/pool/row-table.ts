import { chunkCount } from './chunks.js'
import { inputsLength, KernelInstance, sumsLength } from './kernel-instance.js'
import { type Column, onLine, PAGE, type PlacedColumn, pagesFor, placeColumns } from './table-layout.js'
import type { RowKernel, Shard, ToWorker } from './types.js'
import type { Part, PoolWorker, WorkerPool } from './worker-pool.js'

export interface TableSizes {
  readonly rows: number
  /** Rows of a chunk (see `chunkRows`): the same for all kernels over the table. */
  readonly chunk: number
}

/** Most pages of a memory, and bytes that each thread's private area may grow to where memory is shared. */
const MOST_PAGES = 65_536
const MOST_AREA = 1 << 26

/**
 * Rows in WebAssembly memory, which kernels pass over: in the calling thread (`now`), or by the workers of a pool
 * (`later`) that share the memory, or hold a part of the rows each where memory cannot be shared. The sums have the same
 * bits in all of these: those of chunks are added up in the order of the chunks.
 */
export class RowTable {
  readonly memory: WebAssembly.Memory
  /** Kernels for this table are to be compiled for shared memory. */
  readonly isShared: boolean
  /** Where each column begins. */
  readonly addresses: ReadonlyMap<string, number>
  readonly id: number
  /** Bytes up to which columns lie. */
  readonly columnsEnd: number
  private readonly columns: readonly PlacedColumn[]
  private areas: { readonly begin: number; readonly bytes: number }

  constructor(
    columns: readonly Column[],
    readonly sizes: TableSizes,
    readonly pool: WorkerPool | null,
    share: boolean = canShare(),
  ) {
    const { placed, end } = placeColumns(columns)
    this.columns = placed
    this.columnsEnd = end
    this.isShared = share && pool !== null
    this.id = pool?.nextId() ?? 0
    const pages = pagesFor(end)
    const most = this.isShared ? pagesFor(end + this.threads * MOST_AREA) : MOST_PAGES
    this.memory = new WebAssembly.Memory({
      initial: pages,
      maximum: Math.max(pages, Math.min(MOST_PAGES, most)),
      shared: this.isShared,
    })
    for (const { address, values } of placed) viewAt(this.memory, address, values).set(values)
    this.addresses = new Map(placed.map(({ buffer, address }) => [buffer, address]))
    this.areas = { begin: end, bytes: 0 }
  }

  get chunks(): number {
    return chunkCount(this.sizes.rows, this.sizes.chunk)
  }

  /** A column as it lies in memory; taken anew after `addKernel` where memory is not shared. */
  view(buffer: string): Float64Array | Int32Array {
    const column = this.columns.find((c) => c.buffer === buffer)
    if (column === undefined) throw new Error(`no column ${buffer}`)
    return viewAt(this.memory, column.address, column.values)
  }

  addKernel(kernel: RowKernel): TableKernel {
    const needed = onLine(kernel.bytes + 16)
    if (needed > this.areas.bytes) {
      const bytes = Math.max(needed, 2 * this.areas.bytes, PAGE)
      // those of jobs under way stay where they are
      const begin = this.areas.begin + this.threads * this.areas.bytes
      const missing = pagesFor(begin + this.threads * bytes) - this.memory.buffer.byteLength / PAGE
      if (missing > 0) this.memory.grow(missing)
      this.areas = { begin, bytes }
    }
    return new TableKernel(this, kernel, this.pool?.nextId() ?? 0)
  }

  /** Begin of the private area of a thread; 0: the calling one. */
  base(thread: number): number {
    return this.areas.begin + thread * this.areas.bytes
  }

  /** Workers need the rows no more. */
  drop(): void {
    for (const worker of this.pool?.all ?? [])
      if (worker.knows.delete(`table ${this.id}`)) worker.post({ kind: 'drop', table: this.id })
  }

  /** What a worker has to know before it runs a kernel. */
  introduce(worker: PoolWorker, kernel: RowKernel, id: number): void {
    const [table, own] = [`table ${this.id}`, `kernel ${id}`]
    if (!worker.knows.has(table)) {
      const shards = this.isShared ? [] : this.shardsOf(worker.index)
      const rows = this.isShared ? { shared: this.memory } : { end: this.columnsEnd, shards }
      worker.post(
        { kind: 'table', table: this.id, rows },
        shards.map(({ bytes }) => bytes.buffer),
      )
      worker.knows.add(table)
    }
    if (!worker.knows.has(own)) {
      worker.post({ kind: 'kernel', table: this.id, kernel: id, load: kernel })
      worker.knows.add(own)
    }
  }

  /** Chunks [next, end) of a worker that holds a part of the rows. */
  ownChunks(index: number): { readonly next: number; readonly end: number } {
    const { chunks } = this
    const threads = this.pool?.threads ?? 1
    return { next: Math.floor((index * chunks) / threads), end: Math.floor(((index + 1) * chunks) / threads) }
  }

  private get threads(): number {
    return this.isShared ? 1 + (this.pool?.threads ?? 0) : 1
  }

  private shardsOf(index: number): readonly Shard[] {
    const { rows, chunk } = this.sizes
    const { next, end } = this.ownChunks(index)
    const [first, last] = [Math.min(rows, next * chunk), Math.min(rows, end * chunk)]
    return this.columns.map(({ address, values, perRow }) => {
      const width = values.BYTES_PER_ELEMENT
      const [from, to] = perRow === null ? [0, values.length] : [first * perRow, last * perRow]
      const bytes = new Uint8Array(this.memory.buffer, address + from * width, (to - from) * width)
      return { address: address + from * width, bytes: bytes.slice() }
    })
  }
}

/** A kernel over a table. */
export class TableKernel {
  private readonly instance: KernelInstance
  private readonly inputs: number
  readonly length: number

  constructor(
    readonly table: RowTable,
    private readonly kernel: RowKernel,
    private readonly id: number,
  ) {
    this.instance = new KernelInstance(kernel, table.memory)
    this.length = sumsLength(kernel)
    this.inputs = inputsLength(kernel)
  }

  /** The sums over all rows, by the calling thread. */
  now(inputs: Float64Array): Float64Array {
    this.check(inputs)
    const { chunks, sizes } = this.table
    const base = this.table.base(0)
    const total = new Float64Array(this.length)
    const part = new Float64Array(this.length)
    this.instance.copyIn(base, inputs)
    for (let chunk = 0; chunk < chunks; chunk++) {
      const from = chunk * sizes.chunk
      this.instance.run(base, from, Math.min(sizes.rows, from + sizes.chunk), part, 0)
      add(total, part, 0)
    }
    return total
  }

  /**
   * The same by the workers, once they are there; several may be under way at once.
   *
   * @throws WorkerError where a worker was lost
   */
  async later(inputs: Float64Array): Promise<Float64Array> {
    this.check(inputs)
    const { table } = this
    const { pool } = table
    if (pool === null || table.chunks < 2) return this.now(inputs)
    if (!pool.isReady) return pool.meanwhile(() => this.now(inputs))
    const workers = table.isShared
      ? pool.free(Math.min(pool.threads, table.chunks))
      : pool.all.filter(({ index }) => hasChunks(table.ownChunks(index)))
    for (const worker of workers) table.introduce(worker, this.kernel, this.id)
    const counter = table.isShared ? new Int32Array(new SharedArrayBuffer(4)) : null
    const parts = await pool.run(workers, (worker, job): ToWorker => {
      const common = { kind: 'run', job, table: table.id, kernel: this.id, inputs } as const
      const { chunk: chunkRows, rows } = table.sizes
      return counter === null
        ? { ...common, chunkRows, rows, base: null, chunks: table.ownChunks(worker.index) }
        : { ...common, chunkRows, rows, base: table.base(1 + worker.index), chunks: { counter, end: table.chunks } }
    })
    return this.inOrder(parts)
  }

  private inOrder(parts: readonly Part[]): Float64Array {
    const total = new Float64Array(this.length)
    const places = new Map(
      parts.flatMap(({ chunks, sums }) => chunks.map((chunk, i) => [chunk, { sums, at: i * this.length }] as const)),
    )
    for (let chunk = 0; chunk < this.table.chunks; chunk++) {
      const place = places.get(chunk)
      if (place === undefined) throw new Error(`no worker took chunk ${chunk}`)
      add(total, place.sums, place.at)
    }
    return total
  }

  private check(inputs: Float64Array): void {
    if (inputs.length !== this.inputs) throw new Error(`a kernel takes ${this.inputs} inputs, not ${inputs.length}`)
  }
}

const hasChunks = ({ next, end }: { readonly next: number; readonly end: number }): boolean => next < end

function add(total: Float64Array, part: Float64Array, at: number): void {
  for (let i = 0; i < total.length; i++) total[i] = (total[i] ?? 0) + (part[at + i] ?? 0)
}

const viewAt = (
  { buffer }: WebAssembly.Memory,
  address: number,
  { length, BYTES_PER_ELEMENT }: Float64Array | Int32Array,
): Float64Array | Int32Array =>
  BYTES_PER_ELEMENT === 8 ? new Float64Array(buffer, address, length) : new Int32Array(buffer, address, length)

/** true where workers can have the memory of the calling thread: in Node, and in a page that is isolated. */
export function canShare(): boolean {
  const { crossOriginIsolated } = globalThis as { readonly crossOriginIsolated?: boolean }
  return crossOriginIsolated !== false && typeof SharedArrayBuffer !== 'undefined'
}
