/** Workers in this thread, behind real channels: messages are cloned and come in later turns. */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { serve } from '../../compiler/targets/wasm/pool/serve.js'
import type { FromWorker, ToWorker, WorkerHandle } from '../../compiler/targets/wasm/pool/types.js'

export interface ChannelWorker extends WorkerHandle {
  /** Messages that came to the worker. */
  readonly received: ToWorker[]
  /** Messages of the worker so far. */
  readonly sent: FromWorker[]
  readonly isOpen: () => boolean
  /** The worker is gone, without a word where `silent`. */
  die(reason: string): void
}

export interface ChannelOptions {
  /** What the worker does not get. */
  readonly swallow?: (message: ToWorker) => boolean
  /** It never says that it is ready. */
  readonly neverReady?: boolean
}

export function channelWorker({ swallow = () => false, neverReady = false }: ChannelOptions = {}): ChannelWorker {
  const { port1, port2 } = new MessageChannel()
  const received: ToWorker[] = []
  const sent: FromWorker[] = []
  let open = true
  let ended: (reason: string) => void = () => {}
  const post = (port: MessagePort, message: unknown, transfer: readonly ArrayBufferLike[] = []): void =>
    port.postMessage(message, transfer as ArrayBuffer[])
  serve({
    post(message, transfer) {
      if (neverReady && message.kind === 'ready') return
      sent.push(message)
      post(port2, message, transfer)
    },
    listen: (receive) =>
      void port2.on('message', (message: ToWorker) => {
        received.push(message)
        if (!swallow(message)) receive(message)
      }),
  })
  const close = (): void => {
    open = false
    port1.close()
    port2.close()
  }
  return {
    received,
    sent,
    isOpen: () => open,
    post: (message, transfer) => post(port1, message, transfer),
    listen: (receive) => void port1.on('message', receive),
    watch(report) {
      ended = report
    },
    async end() {
      close()
    },
    die(reason) {
      close()
      ended(reason)
    },
  }
}
