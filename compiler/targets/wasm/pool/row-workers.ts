import type { Arena } from '../arena.js'
import { engineFeatures } from '../engine-features.js'
import { chunkCount } from './chunks.js'
import { sumsLength } from './kernel-instance.js'
import type { ChunkSums, RowKernel, Shard, ToWorker } from './types.js'
import type { Part, PoolWorker, WorkerPool } from './worker-pool.js'

/** What a kernel reads in place, at the same address in every memory. */
export interface Column {
  readonly address: number
  /** Bytes of a row; null: it belongs to no row, and every worker reads all of it. */
  readonly bytesPerRow: number | null
  /** Bytes in all. */
  readonly bytes: number
}

/** A kernel that workers run. */
export interface WorkerKernel {
  readonly id: number
  readonly kernel: RowKernel
  readonly columns: readonly Column[]
  /** Begin of the private area of each worker. */
  base(worker: number): number
  /** Places for sums that no run is using. */
  readonly idle: ChunkSums[]
}

/**
 * Milliseconds that the calling thread waits for a chunk that a worker has taken. Then it does the chunk itself: the worker
 * is lost, which shows when messages are read, or has not been given the time.
 */
const PATIENCE = 1000

/** How rows are cut (see `chunkRows`). */
export interface Cut {
  readonly rows: number
  readonly chunk: number
}

/**
 * The workers of a pool over the rows in an arena: they share its memory, or are sent the rows that they have to do with,
 * once, where memory cannot be shared.
 */
export class RowWorkers {
  private areas = { begin: 0, bytes: 0 }

  constructor(
    private readonly arena: Arena,
    readonly pool: WorkerPool,
  ) {}

  /** null where there is no place for its private areas. */
  add(kernel: RowKernel, columns: readonly Column[]): WorkerKernel | null {
    const id = this.pool.nextId()
    // beyond all rows of a memory of the worker's own
    if (!this.arena.shared) return { id, kernel, columns, idle: [], base: () => this.arena.memory.buffer.byteLength }
    if (kernel.bytes > this.areas.bytes) {
      const bytes = 128 * Math.ceil(Math.max(kernel.bytes, 2 * this.areas.bytes) / 128)
      // those of jobs under way stay where they are
      const begin = this.arena.reserve(this.pool.threads * bytes)
      if (begin === null) return null
      this.areas = { begin, bytes }
    }
    return { id, kernel, columns, idle: [], base: (worker) => this.areas.begin + worker * this.areas.bytes }
  }

  /**
   * The sums of all chunks of rows; several runs may be under way at once.
   *
   * @throws WorkerError where a worker was lost
   */
  run(own: WorkerKernel, inputs: Float64Array, cut: Cut): Promise<readonly Part[]> {
    const { pool, arena } = this
    const count = chunkCount(cut.rows, cut.chunk)
    const common = { kind: 'run', kernel: own.id, inputs, into: null, rows: cut.rows, chunkRows: cut.chunk } as const
    const workers = arena.shared
      ? pool.free(Math.min(pool.threads, count))
      : pool.all.filter(({ index }) => this.ownChunks(index, count).length > 0)
    for (const worker of workers) this.introduce(worker, own, cut)
    const counter = arena.shared ? new Int32Array(new SharedArrayBuffer(4)) : null
    return pool.run(workers, ({ index }, job): ToWorker => {
      const chunks = counter === null ? this.ownChunks(index, count) : { counter, end: count }
      return { ...common, job, base: own.base(index), chunks }
    })
  }

  /** true where workers can share a run with the calling thread while that waits. @throws WorkerError where one was lost */
  get isAtHand(): boolean {
    return this.arena.shared && engineFeatures().waits && this.pool.isReady
  }

  /**
   * The sums of all chunks, one after another: the calling thread takes chunks too, by `take`, and waits for those of
   * others. Where these are busy with something else it takes them all.
   *
   * @param use is given the sums, which are only lent
   * @returns null; where a worker may still be at a chunk, which the calling thread has done itself in the end, what settles
   * when none is
   */
  together(
    own: WorkerKernel,
    inputs: Float64Array,
    cut: Cut,
    take: TakeChunk,
    use: (sums: Float64Array) => void,
  ): Promise<unknown> | null {
    const { pool, arena } = this
    const count = chunkCount(cut.rows, cut.chunk)
    const into = own.idle.pop() ?? placeForSums(arena, count * sumsLength(own.kernel), count)
    into.done.fill(0)
    const workers = pool.free(Math.min(pool.threads, count) - 1)
    for (const worker of workers) this.introduce(worker, own, cut)
    // a worker that reads its message late finds no chunk left
    const counter = new Int32Array(new SharedArrayBuffer(4))
    const chunks = { counter, end: count }
    const common = { kind: 'run', kernel: own.id, inputs, into, rows: cut.rows, chunkRows: cut.chunk } as const
    const asked = pool.run(workers, ({ index }, job): ToWorker => ({ ...common, job, base: own.base(index), chunks }))
    // of a loss whoever asks the pool next is told
    asked.catch(() => {})
    for (let chunk = Atomics.add(counter, 0, 1); chunk < count; chunk = Atomics.add(counter, 0, 1)) {
      take(chunk, into.sums)
      into.done[chunk] = 1
    }
    let isComplete = true
    for (let chunk = 0; chunk < count; chunk++) {
      if (Atomics.load(into.done, chunk) === 1 || Atomics.wait(into.done, chunk, 0, PATIENCE) !== 'timed-out') continue
      isComplete = false
      take(chunk, into.sums)
    }
    use(into.sums)
    // who comes late may still write to it
    if (!isComplete) return asked
    own.idle.push(into)
    return null
  }

  /** What a worker has to know before it runs a kernel. */
  private introduce(worker: PoolWorker, { id, kernel, columns }: WorkerKernel, cut: Cut): void {
    const { memory, shared } = this.arena
    once(worker, 'memory', () => worker.post({ kind: 'memory', shared: shared ? memory : null }))
    if (!shared) for (const column of columns) this.send(worker, column, cut)
    once(worker, `kernel ${id}`, () => worker.post({ kind: 'kernel', kernel: id, load: kernel }))
  }

  /** The rows of a column that a worker has to do with. */
  private send(worker: PoolWorker, { address, bytesPerRow, bytes }: Column, { rows, chunk }: Cut): void {
    const { next, end } = this.ownChunks(worker.index, chunkCount(rows, chunk))
    const [from, to] =
      bytesPerRow === null
        ? [0, bytes]
        : [Math.min(rows, next * chunk) * bytesPerRow, Math.min(rows, end * chunk) * bytesPerRow]
    once(worker, `column ${address} ${from} ${to}`, () => {
      const shard: Shard = {
        address: address + from,
        bytes: new Uint8Array(this.arena.memory.buffer, address + from, to - from).slice(),
      }
      worker.post({ kind: 'shards', shards: [shard] }, [shard.bytes.buffer])
    })
  }

  /** Chunks of a worker that holds a part of the rows. */
  private ownChunks(
    index: number,
    count: number,
  ): { readonly next: number; readonly end: number; readonly length: number } {
    const { threads } = this.pool
    const [next, end] = [Math.floor((index * count) / threads), Math.floor(((index + 1) * count) / threads)]
    return { next, end, length: end - next }
  }
}

/** The sums of a chunk, into their place among those of all chunks. */
export type TakeChunk = (chunk: number, sums: Float64Array) => void

/** In the arena, where that has room: sums are added up faster there. */
function placeForSums(arena: Arena, length: number, chunks: number): ChunkSums {
  const inArena = arena.floats(length)
  const isInArena = arena.addressOf(inArena) !== null
  return {
    sums: isInArena ? inArena : new Float64Array(new SharedArrayBuffer(8 * length)),
    done: new Int32Array(new SharedArrayBuffer(4 * chunks)),
  }
}

function once(worker: PoolWorker, what: string, tell: () => void): void {
  if (worker.knows.has(what)) return
  worker.knows.add(what)
  tell()
}
