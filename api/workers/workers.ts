/** Workers of the host at hand, and how many there are to be. */
import { engineFeatures } from '../../compiler/targets/wasm/engine-features.js'
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

/** A pool for one fit; null where everything is done in the calling thread. None of its workers is started yet. */
export function poolFor({
  backend = 'wasm',
  threads = defaultThreads(),
  spawn,
  start,
  restarts = start === undefined ? 2 : 1,
}: Pick<FitCallOptions, 'backend' | 'threads' | 'spawn' | 'start' | 'restarts'>): WorkerPool | null {
  const spawned = spawn ?? hostSpawn()
  if (backend !== 'wasm' || !(threads >= 2) || spawned === null) return null
  // a single run is shared by the calling thread, where that may wait for the others
  const { shared, waits } = engineFeatures()
  return new WorkerPool(threads, spawned, { workers: restarts <= 1 && shared && waits ? threads - 1 : threads })
}

const pageCores = (): number =>
  (globalThis as { readonly navigator?: { readonly hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 1
