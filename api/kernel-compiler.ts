/** What executes kernels that are no long pass over rows. */
import { compileInterpreter } from '../compiler/targets/interpreter/index.js'
import { compileJavaScript } from '../compiler/targets/javascript/index.js'
import type { CompileKernel } from '../compiler/targets/memory.js'
import { engineFeatures } from '../compiler/targets/wasm/engine-features.js'
import { compileWasm, wasmSupports } from '../compiler/targets/wasm/index.js'
import type { FitCallOptions } from './options.js'

/** Under `javascript: false` WebAssembly, which a content security policy may allow alone, and else the interpreter. */
export function kernelCompiler({ backend, javascript }: Pick<FitCallOptions, 'backend' | 'javascript'>): CompileKernel {
  if (backend === 'interpret') return compileInterpreter
  return javascript === false && backend !== 'js' ? withoutJavaScript : compileJavaScript
}

const withoutJavaScript: CompileKernel = (ops, buffers) =>
  engineFeatures().simd && wasmSupports(ops) === null ? compileWasm(ops, buffers) : compileInterpreter(ops, buffers)
