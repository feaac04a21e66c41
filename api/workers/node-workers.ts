/**
 * Workers of Node. Its modules are asked for at run time (`process.getBuiltinModule`), not imported: the library goes
 * into pages as it is, where there are none of them.
 */
import type { FromWorker, Spawn, WorkerHandle } from '../../compiler/targets/wasm/pool/types.js'

type Builtins = Pick<NodeJS.Process, 'getBuiltinModule'>

/** null where this is not Node. */
export function nodeBuiltins(): Builtins | null {
  const { process } = globalThis as { readonly process?: Partial<NodeJS.Process> }
  if (process?.versions?.node === undefined || process.getBuiltinModule === undefined) return null
  return { getBuiltinModule: process.getBuiltinModule.bind(process) as Builtins['getBuiltinModule'] }
}

/** Milliseconds after which a worker that does not end by itself is stopped. */
const PATIENCE = 1000

/** `entry`: the script that workers run. */
export const nodeSpawn =
  ({ getBuiltinModule }: Builtins, entry = new URL('./node-worker.js', import.meta.url)): Spawn =>
  () => {
    const { Worker } = getBuiltinModule('node:worker_threads')
    const worker = new Worker(entry, { execArgv: [] })
    let ended: Promise<void> | null = null
    const gone = new Promise<void>((resolve) => {
      worker.once('exit', () => resolve())
    })
    const handle: WorkerHandle = {
      post: (message, transfer) => worker.postMessage(message, (transfer ?? []) as ArrayBuffer[]),
      listen: (receive) => void worker.on('message', (message: FromWorker) => receive(message)),
      watch(report) {
        worker.on('error', (error: unknown) => report(error instanceof Error ? error.message : String(error)))
        worker.on('messageerror', (error: Error) => report(`a message could not be read: ${error.message}`))
        worker.on('exit', (code) => report(`it ended with status ${code}`))
      },
      end() {
        ended ??= untilGone()
        return ended
      },
    }
    const untilGone = async (): Promise<void> => {
      // by itself, when it has done what it was asked for: stopping it while code is compiled behind may hang
      worker.postMessage({ kind: 'end' })
      const timer = setTimeout(() => void worker.terminate(), PATIENCE)
      await gone
      clearTimeout(timer)
    }
    return handle
  }
