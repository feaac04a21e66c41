/** What a worker of Node runs. */
import { serve } from '../../compiler/targets/wasm/pool/serve.js'
import type { ToWorker } from '../../compiler/targets/wasm/pool/types.js'
import { nodeBuiltins } from './node-workers.js'

const { parentPort } = nodeBuiltins()?.getBuiltinModule('node:worker_threads') ?? { parentPort: null }

if (parentPort !== null)
  serve({
    post: (message, transfer) => parentPort.postMessage(message, (transfer ?? []) as ArrayBuffer[]),
    listen(receive) {
      parentPort.on('message', (message: ToWorker | { readonly kind: 'end' }) => {
        if (message.kind === 'end') parentPort.close()
        else receive(message)
      })
    },
  })
