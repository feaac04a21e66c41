import type { FromWorker, Spawn, ToWorker } from '../../compiler/targets/wasm/pool/types.js'

/** Starts a worker that shares the rows of a fit; the bundler finds its script by this expression. */
export const pageSpawn: Spawn = () => {
  const worker = new Worker(new URL('../../api/workers/page-worker.ts', import.meta.url), { type: 'module' })
  return {
    post: (message: ToWorker, transfer) => worker.postMessage(message, [...(transfer ?? [])] as Transferable[]),
    listen(receive) {
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => receive(data)
    },
    watch(report) {
      worker.onerror = ({ message }) => report(message || 'its script cannot be loaded')
      worker.onmessageerror = () => report('a message could not be read')
    },
    async end() {
      worker.terminate()
    },
  }
}
