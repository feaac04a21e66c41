/** Expected sufficient statistics: the sums of a program's E-step, one after another in one vector. */
import type { Program } from '../lower/program.js'
import { f64 } from '../targets/solve/types.js'
import type { ProgramMemory } from './memory.js'

interface Sum {
  readonly id: string
  readonly length: number
  readonly offset: number
}

export class SufficientSums {
  private readonly sums: readonly Sum[]
  private readonly length: number

  constructor(
    program: Program,
    private readonly memory: ProgramMemory,
  ) {
    let offset = 0
    this.sums = program.buffers
      .filter(
        (b) =>
          b.space === 'sum' &&
          !b.id.startsWith('q ') &&
          !b.id.startsWith('grad') &&
          !b.id.startsWith('hess') &&
          !b.id.startsWith('count ') &&
          b.id !== 'q:rows',
      )
      .map((b) => {
        const length = f64(this.memory.blocks, b.id).length
        const entry = { id: b.id, length, offset }
        offset += length
        return entry
      })
    this.length = offset
  }

  get ids(): readonly string[] {
    return this.sums.map((s) => s.id)
  }

  /** A copy of the sums as they stand. */
  take(): Float64Array {
    const out = new Float64Array(this.length)
    for (const s of this.sums) out.set(f64(this.memory.blocks, s.id), s.offset)
    return out
  }

  putBack(statistics: Float64Array): void {
    for (const s of this.sums) f64(this.memory.blocks, s.id).set(statistics.subarray(s.offset, s.offset + s.length))
  }
}
