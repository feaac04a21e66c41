/** A worker that ends when it is given work. */
import { parentPort } from 'node:worker_threads'

parentPort?.on('message', ({ kind }) => {
  if (kind === 'run') process.exit(3)
})
parentPort?.postMessage({ kind: 'ready' })
