/** Workers of the host at hand, and how many there are to be. */
import type { Spawn } from '../../compiler/targets/wasm/pool/types.js'
import { WorkerPool } from '../../compiler/targets/wasm/pool/worker-pool.js'
import type { FitCallOptions } from '../options.js'
import { nodeBuiltins, nodeSpawn } from './node-workers.js'
import { pageSpawn } from './page-workers.js'

/** Workers by default: more of them wait for memory. */
const MOST = 8

/** Starts a worker; null where the host has none. */
export function hostSpawn(): Spawn | null {
  const node = nodeBuiltins()
  if (node !== null) return nodeSpawn(node)
  return 'Worker' in globalThis ? pageSpawn : null
}

export function defaultThreads(): number {
  const cores = nodeBuiltins()?.getBuiltinModule('node:os').availableParallelism() ?? pageCores()
  return Math.max(1, Math.min(MOST, cores))
}

/** Milliseconds for which workers that are starting are waited for: until they are there, a fit goes on in its own thread. */
const PATIENCE = 100

/** Settles when workers that are starting take work, or that takes too long; at once where none are. */
export async function startedWorkers(pool: WorkerPool | null): Promise<void> {
  const starting = pool?.starting ?? null
  if (starting === null) return
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE)
  })
  await Promise.race([starting, late])
  clearTimeout(timer)
}

/** A pool for one fit; null where everything is done in the calling thread. None of its workers is started yet. */
export function poolFor({
  backend = 'wasm',
  threads = defaultThreads(),
  spawn,
}: Pick<FitCallOptions, 'backend' | 'threads' | 'spawn'>): WorkerPool | null {
  const start = spawn ?? hostSpawn()
  return backend !== 'wasm' || !(threads >= 2) || start === null ? null : new WorkerPool(threads, start)
}

const pageCores = (): number =>
  (globalThis as { readonly navigator?: { readonly hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 1
