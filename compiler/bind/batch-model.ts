/** A model over rows that come in batches: E-steps over some of them, M-steps from sums alone. */
import type { BoundData, Expectation, Maximisation } from '../../runtime/contract.js'
import { pivotBuffer } from '../lower/lowerer.js'
import { ProgramModel } from './bound-model.js'

/** Bound to data that are streamed, whether or not they lie in memory: a window then holds a batch. */
export class BatchModel extends ProgramModel {
  private pivot = new Float64Array(0)

  /** What statistics are taken about from now on: params near those to come. */
  setPivot(params: Float64Array): void {
    this.pivot = params.slice()
    for (const p of this.params) {
      const buffer = this.memory.blocks.buffers.get(pivotBuffer(p.name))
      buffer?.set(params.subarray(p.offset, p.offset + p.length))
    }
  }

  /** What rows [from, to) add up to, those sums too that no param changes. */
  eStepOver(params: Float64Array, from: number, to: number): Expectation {
    const { windows } = this.memory
    if (windows === null) throw new Error('batches are windows of streamed rows')
    return windows.only(from, to, () => {
      this.expectations.forgetData()
      return this.eStep(params)
    })
  }

  /** The same over some of the units, in the calling thread and in memory of its own; reductions of data are those of all. */
  overUnits(data: BoundData): BatchModel {
    const own = new BatchModel(this.derivation, this.program, data, {
      ...this.withReductions(),
      arena: null,
      workers: null,
    })
    own.setPivot(this.pivot)
    return own
  }

  /** From sums about the pivot, whatever the params at which their posteriors were taken. */
  maximised(expectation: Expectation): Maximisation {
    return this.mStep(this.pivot, expectation)
  }
}
