/** The worker: holds rows, runs kernels over the chunks that it takes, and gives their sums back. */
import { KernelInstance } from './kernel-instance.js'
import { PAGE, pagesFor } from './table-layout.js'
import type { ChunkSource, FromWorker, ToWorker, WorkerPort } from './types.js'

interface HeldTable {
  readonly memory: WebAssembly.Memory
  /** Where the private area begins in a memory of the worker's own. */
  readonly end: number
  readonly kernels: Map<number, { readonly instance: KernelInstance; readonly bytes: number }>
}

/** Answers the messages of a driver. */
export function serve(port: WorkerPort<FromWorker, ToWorker>): void {
  const tables = new Map<number, HeldTable>()
  const tableOf = (id: number): HeldTable => {
    const table = tables.get(id)
    if (table === undefined) throw new Error(`no table ${id}`)
    return table
  }
  port.listen((message) => {
    switch (message.kind) {
      case 'table':
        tables.set(message.table, held(message.rows))
        break
      case 'kernel': {
        const { kernels, memory } = tableOf(message.table)
        const { load } = message
        kernels.set(message.kernel, { instance: new KernelInstance(load, memory), bytes: load.bytes })
        break
      }
      case 'run':
        try {
          const { chunks, sums } = run(tableOf(message.table), message)
          port.post({ kind: 'done', job: message.job, chunks, sums }, [sums.buffer])
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error)
          port.post({ kind: 'failed', job: message.job, message: why })
        }
        break
      case 'drop':
        tables.delete(message.table)
        break
    }
  })
  port.post({ kind: 'ready' })
}

function held(rows: Extract<ToWorker, { kind: 'table' }>['rows']): HeldTable {
  if ('shared' in rows) return { memory: rows.shared, end: 0, kernels: new Map() }
  // rows lie at the addresses that they have in the driver's memory; pages of other rows are never touched
  const memory = new WebAssembly.Memory({ initial: pagesFor(rows.end), maximum: 65_536 })
  for (const { address, bytes } of rows.shards) new Uint8Array(memory.buffer, address, bytes.length).set(bytes)
  return { memory, end: rows.end, kernels: new Map() }
}

function run(
  { kernels, memory, end }: HeldTable,
  message: Extract<ToWorker, { kind: 'run' }>,
): { readonly chunks: readonly number[]; readonly sums: Float64Array } {
  const kernel = kernels.get(message.kernel)
  if (kernel === undefined) throw new Error(`no kernel ${message.kernel}`)
  const { instance, bytes } = kernel
  const base = message.base ?? end
  const missing = message.base === null ? pagesFor(base + bytes) - memory.buffer.byteLength / PAGE : 0
  if (missing > 0) memory.grow(missing)
  const { chunkRows, rows } = message
  const chunks: number[] = []
  let sums = new Float64Array(4 * instance.length)
  instance.copyIn(base, message.inputs)
  const take = chunkTaker(message.chunks)
  for (let chunk = take(); chunk < message.chunks.end; chunk = take()) {
    const at = chunks.length * instance.length
    if (at + instance.length > sums.length) sums = longer(sums)
    instance.run(base, chunk * chunkRows, Math.min(rows, (chunk + 1) * chunkRows), sums, at)
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
