/** The worker: holds rows, runs kernels over the chunks that it takes, and gives their sums back. */
import { KernelInstance } from './kernel-instance.js'
import type { ChunkSource, FromWorker, Shard, ToWorker, WorkerPort } from './types.js'

const PAGE = 65_536

interface Held {
  readonly memory: WebAssembly.Memory
  /** The memory is the worker's own. Rows lie where they lie in the driver's; pages of others are never touched. */
  readonly isOwn: boolean
  readonly kernels: Map<number, KernelInstance>
}

/** Answers the messages of a driver. */
export function serve(port: WorkerPort<FromWorker, ToWorker>): void {
  let held: Held | null = null
  const known = (): Held => {
    if (held === null) throw new Error('a worker has no memory')
    return held
  }
  port.listen((message) => {
    switch (message.kind) {
      case 'memory': {
        const { shared } = message
        const memory = shared ?? new WebAssembly.Memory({ initial: 1, maximum: 65_536 })
        held = { memory, isOwn: shared === null, kernels: new Map() }
        break
      }
      case 'shards':
        for (const shard of message.shards) put(known(), shard)
        break
      case 'kernel': {
        const { memory, kernels } = known()
        kernels.set(message.kernel, new KernelInstance(message.load, memory))
        break
      }
      case 'run':
        try {
          const { chunks, sums } = run(known(), message)
          port.post({ kind: 'done', job: message.job, chunks, sums }, [sums.buffer])
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error)
          port.post({ kind: 'failed', job: message.job, message: why })
        }
        break
    }
  })
  port.post({ kind: 'ready' })
}

/** Makes a memory of the worker's own as long as this. */
function reach({ memory, isOwn }: Held, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE)
  if (isOwn && missing > 0) memory.grow(missing)
}

function put(held: Held, { address, bytes }: Shard): void {
  reach(held, address + bytes.length)
  new Uint8Array(held.memory.buffer, address, bytes.length).set(bytes)
}

function run(
  held: Held,
  message: Extract<ToWorker, { kind: 'run' }>,
): { readonly chunks: readonly number[]; readonly sums: Float64Array } {
  const instance = held.kernels.get(message.kernel)
  if (instance === undefined) throw new Error(`no kernel ${message.kernel}`)
  const { base, chunkRows, rows, into } = message
  reach(held, base + instance.bytes)
  const chunks: number[] = []
  let sums = new Float64Array(into === null ? 4 * instance.length : 0)
  const take = chunkTaker(message.chunks)
  for (let chunk = take(); chunk < message.chunks.end; chunk = take()) {
    if (chunks.length === 0) instance.copyIn(base, message.inputs)
    const to = Math.min(rows, (chunk + 1) * chunkRows)
    if (into === null) {
      const at = chunks.length * instance.length
      if (at + instance.length > sums.length) sums = longer(sums)
      instance.run(base, chunk * chunkRows, to, sums, at)
    } else {
      instance.run(base, chunk * chunkRows, to, into.sums, chunk * instance.length)
      Atomics.store(into.done, chunk, 1)
      Atomics.notify(into.done, chunk)
    }
    chunks.push(chunk)
  }
  return { chunks, sums }
}

function chunkTaker(source: ChunkSource): () => number {
  if ('counter' in source) return () => Atomics.add(source.counter, 0, 1)
  let { next } = source
  return () => next++
}

function longer(sums: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const out = new Float64Array(2 * sums.length)
  out.set(sums)
  return out
}
