/** What the driver and its workers tell each other. Messages are structured-cloneable. */
import type { SmallKind } from '../../small.js'

/** A compiled pass over rows, as plain data: `run(base, 0, to − from, from)` adds what rows [from, to) give to its sums. */
export interface RowKernel {
  readonly module: WebAssembly.Module
  /** Functions of the scalar language and dense operations that it imports. */
  readonly functions: readonly string[]
  readonly small: readonly SmallKind[]
  /** Copied to these places of the private area before a run, one after another in one vector. */
  readonly inputs: readonly { readonly offset: number; readonly length: number; readonly type: 'f64' | 'i32' }[]
  /** f64; empty before each chunk of rows, and read after it. */
  readonly sums: readonly { readonly offset: number; readonly length: number }[]
  /** Length of the private area. */
  readonly bytes: number
}

/** The half of a channel to a worker, or of a worker to its driver. */
export interface WorkerPort<Out, In> {
  post(message: Out, transfer?: readonly ArrayBufferLike[]): void
  listen(receive: (message: In) => void): void
}

/** A worker as its driver sees it. */
export interface WorkerHandle extends WorkerPort<ToWorker, FromWorker> {
  /** `ended` is called once where the worker fails or ends by itself, with what is known of it. */
  watch(ended: (reason: string) => void): void
  /** Lets the worker end; settles when it has. */
  end(): Promise<void>
}

/** Starts a worker; throws where the host has none. */
export type Spawn = () => WorkerHandle

/** What is read at an address: of rows the part that a worker has to do with. */
export interface Shard {
  readonly address: number
  readonly bytes: Uint8Array
}

export type ToWorker =
  /** What kernels run over: memory that is shared, or one of the worker's own, to be filled by shards. */
  | { readonly kind: 'memory'; readonly shared: WebAssembly.Memory | null }
  | { readonly kind: 'shards'; readonly shards: readonly Shard[] }
  | { readonly kind: 'kernel'; readonly kernel: number; readonly load: RowKernel }
  | {
      readonly kind: 'run'
      readonly job: number
      readonly kernel: number
      readonly inputs: Float64Array
      /** Address of the private area. */
      readonly base: number
      readonly chunks: ChunkSource
      /** Where sums go; null: into the answer. */
      readonly into: ChunkSums | null
      /** Rows of a chunk, and of all of them. */
      readonly chunkRows: number
      readonly rows: number
    }

/** Which chunks a worker takes: from `next` to `end`, or the next one of a counter that it shares until there is none. */
export type ChunkSource =
  | { readonly next: number; readonly end: number }
  | { readonly counter: Int32Array; readonly end: number }

/** Sums of all chunks in memory that threads share, in the order of the chunks. */
export interface ChunkSums {
  readonly sums: Float64Array
  /** 1 for each chunk whose sums are there; who waits for one is woken. */
  readonly done: Int32Array
}

export type FromWorker =
  | { readonly kind: 'ready' }
  /** Sums of chunks, one after another. */
  | { readonly kind: 'done'; readonly job: number; readonly chunks: readonly number[]; readonly sums: Float64Array }
  | { readonly kind: 'failed'; readonly job: number; readonly message: string }
