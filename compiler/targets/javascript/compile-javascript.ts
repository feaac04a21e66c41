import { KernelError } from '../../kernel/kernel-error.js'
import type { CompileKernel } from '../memory.js'
import { refuseBlock } from '../sparse-memory.js'
import { resolveArguments, resolveHelpers } from './bindings.js'
import { emitJavaScript } from './emit-javascript.js'
import { instantiate } from './instantiate.js'

const MOST_ELEMENTS = 2 ** 31 - 1

/**
 * Operations as generated JavaScript. Indices are not checked; sums may be added up in another order than in the
 * interpreter. Positions are 32-bit integers: a longer buffer is refused with a KernelError.
 */
export const compileJavaScript: CompileKernel = (ops, buffers) => {
  const emitted = emitJavaScript(ops, buffers)
  const functions = instantiate(emitted, resolveHelpers(emitted.bindings))
  const declared = new Map(buffers.map((buffer) => [buffer.id, buffer]))
  return {
    run(memory, block) {
      refuseBlock(ops, block)
      const { arrays, integers, sparse } = resolveArguments(emitted.bindings, declared, memory, block)
      if (arrays.some((array) => array.length > MOST_ELEMENTS)) throw new KernelError('a buffer is too long')
      for (const call of functions) call(arrays, integers, sparse)
    },
  }
}
