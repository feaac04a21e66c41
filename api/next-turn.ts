/** Part of a message channel of Node and of pages. */
interface Channel {
  readonly port1: { onmessage: (() => void) | null; close?(): void }
  readonly port2: { postMessage(message: null): void }
}

/** Resolves in a later turn of the event loop, in Node and in a page, where timers may wait for milliseconds. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const host = globalThis as unknown as {
      readonly setImmediate?: (f: () => void) => unknown
      readonly setTimeout?: (f: () => void, ms: number) => unknown
      readonly MessageChannel?: new () => Channel
    }
    if (host.setImmediate !== undefined) host.setImmediate(resolve)
    else if (host.MessageChannel !== undefined) {
      const { port1, port2 } = new host.MessageChannel()
      port1.onmessage = () => {
        port1.close?.()
        resolve()
      }
      port2.postMessage(null)
    } else host.setTimeout?.(resolve, 0)
  })
}
