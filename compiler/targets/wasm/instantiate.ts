import { KernelError } from '../../kernel/kernel-error.js'
import type { KFunction } from '../../kernel/types.js'
import { hasSeveralArguments, isUnary, power, severalArguments, unaryFunctions } from '../scalar-functions.js'
import { type SmallKind, smallOperations } from '../small.js'

/** Before the name of a dense operation that a kernel imports. */
export const IMPORT_SMALL = 'small '

export type KernelFunction = (base: number, from: number, to: number, first: number) => void

/** A kernel over a memory; the functions that it imports are those of the scalar language and the dense operations. */
export function instantiateKernel(
  kernel: { readonly functions: readonly string[]; readonly small: readonly SmallKind[] },
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): KernelFunction {
  const env: Record<string, WebAssembly.ImportValue> = { memory }
  for (const name of kernel.functions) env[name] = scalarFunction(name as KFunction)
  for (const kind of kernel.small) {
    const apply = smallOperations[kind]
    env[`${IMPORT_SMALL}${kind}`] = (order: number, matrix: number, right: number, out: number): void => {
      const numbers = new Float64Array(memory.buffer)
      if (order > 0) apply(order, numbers, matrix / 8, numbers, right / 8, numbers, out / 8)
      else if (kind === 'logdet') numbers[out / 8] = 0
    }
  }
  const { run } = new WebAssembly.Instance(module, { env }).exports
  if (typeof run !== 'function') throw new KernelError('a kernel has no function')
  return (base, from, to, first) => {
    run(base, from, to, first)
  }
}

function scalarFunction(fn: KFunction): (...args: never[]) => number {
  if (isUnary(fn)) return unaryFunctions[fn]
  if (hasSeveralArguments(fn)) return severalArguments[fn]
  if (fn === 'power') return power
  throw new KernelError(`${fn} is no import`)
}
