/** What a worker of a page runs. */
import { serve } from '../../compiler/targets/wasm/pool/serve.js'
import type { FromWorker, ToWorker } from '../../compiler/targets/wasm/pool/types.js'

const scope = globalThis as unknown as {
  onmessage: ((event: { readonly data: ToWorker }) => void) | null
  postMessage(message: FromWorker, transfer: readonly ArrayBufferLike[]): void
}

serve({
  post: (message, transfer) => scope.postMessage(message, transfer ?? []),
  listen(receive) {
    scope.onmessage = ({ data }) => receive(data)
  },
})
