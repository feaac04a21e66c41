import { KernelError } from '../../kernel/kernel-error.js'
import type { KernelOp } from '../../kernel/types.js'
import type { CompileKernel } from '../memory.js'
import { refuseBlock } from '../sparse-memory.js'
import { type Declined, declinedOp } from '../supports.js'
import { Environment } from './environment.js'
import { compileOp, runAll } from './execute.js'

/** null when the interpreter runs these operations, else why not. */
export function interpreterSupports(ops: readonly KernelOp[]): Declined | null {
  return declinedOp(ops)
}

/**
 * The reference target: operations as closures over typed arrays, made without generating code. Every index is
 * checked; one out of range throws a KernelError. Operations run in order, loops as written.
 */
export const compileInterpreter: CompileKernel = (ops, buffers) => {
  const declined = interpreterSupports(ops)
  if (declined !== null) throw new KernelError(declined.declined)
  const env = new Environment(buffers)
  const steps = ops.map((op) => compileOp(op, new Map(), env))
  return {
    run(memory, block) {
      refuseBlock(ops, block)
      env.bind(memory, block)
      runAll(steps)
    },
  }
}
