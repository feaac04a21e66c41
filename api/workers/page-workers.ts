/** Workers of a page. */
import type { FromWorker, Spawn, ToWorker } from '../../compiler/targets/wasm/pool/types.js'

/** The part of the page's interface that is used; the types of the page are not those of this project. */
interface PageWorker {
  onmessage: ((event: { readonly data: FromWorker }) => void) | null
  onerror: ((event: { readonly message?: string }) => void) | null
  onmessageerror: (() => void) | null
  postMessage(message: ToWorker, transfer: readonly ArrayBufferLike[]): void
  terminate(): void
}
declare const Worker: new (script: URL, options: { readonly type: 'module' }) => PageWorker

/** Bundlers find the script by this very expression. */
const started = (): PageWorker => new Worker(new URL('./page-worker.js', import.meta.url), { type: 'module' })

export const pageSpawn: Spawn = () => {
  const worker = started()
  return {
    post: (message, transfer) => worker.postMessage(message, transfer ?? []),
    listen(receive) {
      worker.onmessage = ({ data }) => receive(data)
    },
    watch(report) {
      worker.onerror = ({ message }) => report(message ?? 'its script cannot be loaded')
      worker.onmessageerror = () => report('a message could not be read')
    },
    async end() {
      worker.terminate()
    },
  }
}
