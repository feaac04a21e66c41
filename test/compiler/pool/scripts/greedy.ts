/** A worker that takes the first piece of work of a job, and ends without having done it. */
import { parentPort } from 'node:worker_threads'

parentPort?.on('message', ({ kind, chunks }) => {
  if (kind !== 'run') return
  Atomics.add(chunks.counter, 0, 1)
  process.exit(3)
})
parentPort?.postMessage({ kind: 'ready' })
