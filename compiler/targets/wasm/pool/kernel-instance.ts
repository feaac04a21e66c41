import { instantiateKernel, type KernelFunction } from '../instantiate.js'
import type { RowKernel } from './types.js'

/** A kernel over a memory: what the calling thread and the workers run alike. */
export class KernelInstance {
  private readonly call: KernelFunction
  /** Numbers in the sums. */
  readonly length: number
  readonly bytes: number

  constructor(
    private readonly kernel: RowKernel,
    private readonly memory: WebAssembly.Memory,
  ) {
    this.call = instantiateKernel(kernel, kernel.module, memory)
    this.length = sumsLength(kernel)
    this.bytes = kernel.bytes
  }

  /** Inputs into the private area at `base`. */
  copyIn(base: number, inputs: Float64Array): void {
    let at = 0
    for (const { offset, length, type } of this.kernel.inputs) {
      const part = inputs.subarray(at, at + length)
      if (type === 'f64') new Float64Array(this.memory.buffer, base + offset, length).set(part)
      else new Int32Array(this.memory.buffer, base + offset, length).set(part)
      at += length
    }
  }

  /** The sums over rows [from, to), into `out` at `at`. */
  run(base: number, from: number, to: number, out: Float64Array, at: number): void {
    const { buffer } = this.memory
    for (const { offset, length } of this.kernel.sums) new Float64Array(buffer, base + offset, length).fill(0)
    this.call(base, 0, to - from, from)
    let place = at
    for (const { offset, length } of this.kernel.sums) {
      out.set(new Float64Array(this.memory.buffer, base + offset, length), place)
      place += length
    }
  }
}

export const sumsLength = ({ sums }: RowKernel): number => sums.reduce((n, { length }) => n + length, 0)
