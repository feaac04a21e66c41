/** What executes kernels that are no long pass over rows. */
import { compileInterpreter } from '../compiler/targets/interpreter/index.js'
import { compileJavaScript } from '../compiler/targets/javascript/index.js'
import { keepingKernels } from '../compiler/targets/kept-kernels.js'
import type { CompiledKernel, CompileKernel } from '../compiler/targets/memory.js'
import { engineFeatures } from '../compiler/targets/wasm/engine-features.js'
import { wasmCompiler, wasmSupports } from '../compiler/targets/wasm/index.js'
import type { FitCallOptions } from './options.js'

const javascriptKernels = keepingKernels(compileJavaScript)

/** Under `javascript: false` WebAssembly, which a content security policy may allow alone, and else the interpreter. */
export function kernelCompiler({ backend, javascript }: Pick<FitCallOptions, 'backend' | 'javascript'>): CompileKernel {
  if (backend === 'interpret') return compileInterpreter
  return javascript === false && backend !== 'js' ? withoutJavaScript() : javascriptKernels
}

function withoutJavaScript(): CompileKernel {
  const compile = wasmCompiler()
  return (ops, buffers) => {
    const interpreted = (): CompiledKernel => compileInterpreter(ops, buffers)
    if (!engineFeatures().simd || wasmSupports(ops) !== null) return interpreted()
    let kernel = compile(ops, buffers)
    return {
      run(memory, block) {
        try {
          kernel.run(memory, block)
        } catch (error) {
          // an engine has room for so many memories: none was made, nothing has run
          if (!(error instanceof RangeError)) throw error
          kernel = interpreted()
          kernel.run(memory, block)
        }
      },
    }
  }
}
