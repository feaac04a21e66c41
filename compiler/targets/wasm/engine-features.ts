/** What the engine at hand can do, found by validating modules of a few bytes. */
import { Code, f64x2, op } from './code.js'
import { encodeModule } from './encode.js'

export interface EngineFeatures {
  readonly simd: boolean
  /** Relaxed multiply–add: fused where the processor has it. */
  readonly relaxed: boolean
  /** Memory that threads share: in Node, and in a page that is isolated. */
  readonly shared: boolean
  /** The thread may wait for others: not that of a page itself. */
  readonly waits: boolean
}

let known: EngineFeatures | null = null

export function engineFeatures(): EngineFeatures {
  known ??= { simd: validates(false), relaxed: validates(true), shared: sharesMemory(), waits: mayWait() }
  return known
}

function validates(relaxed: boolean): boolean {
  if (typeof WebAssembly === 'undefined') return false
  const code = new Code('f', [], 'v128')
  const probe = code.finish(true, op('f64x2.madd', f64x2(1), f64x2(2), f64x2(3)))
  const memory = { pages: 1, shared: false, maximum: 1 }
  return WebAssembly.validate(encodeModule({ imports: [], functions: [probe], memory }, { relaxed }))
}

function mayWait(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false
  try {
    return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0) === 'not-equal'
  } catch {
    return false
  }
}

function sharesMemory(): boolean {
  const { crossOriginIsolated } = globalThis as { readonly crossOriginIsolated?: boolean }
  // a page may make such memory and not be allowed to give it to a worker
  if (typeof WebAssembly === 'undefined' || crossOriginIsolated === false) return false
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer.byteLength > 0
  } catch {
    return false
  }
}
