/** A model over rows that come in batches: E-steps over some of them, M-steps from running sums and a step for each batch. */
import type { BatchTurn, BoundData, Expectation, Learnt } from '../../runtime/contract.js'
import { pivotBuffer } from '../lower/buffers.js'
import type { SolveContext } from '../targets/solve/types.js'
import { ProgramModel } from './bound-model.js'
import { joined } from './joined.js'
import { type NewtonHost, stepNewton, unknownsOf } from './newton-block.js'

/** Unknowns that depend on each other in a block that goes over rows, at most: curvature by all of them is kept. */
export const BATCH_NEWTON_LIMIT = 400

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
    return this.within(from, to, () => {
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
    own.followNodes(this)
    own.setPivot(this.pivot)
    return own
  }

  /**
   * The M-step from running sums about the pivot: closed forms are taken of them, and a numerical block that goes over rows
   * makes one step of Titterington's recursion by rows [from, to), under the posterior at the params.
   */
  learntOver(params: Float64Array, expectation: Expectation, turn: BatchTurn, from: number, to: number): Learnt {
    return this.within(from, to, () => this.learnt(params, expectation, turn))
  }

  /** The same by the rows of a part, whose E-step at these params was the last one. */
  learnt(params: Float64Array, expectation: Expectation, turn: BatchTurn, part: BatchModel = this): Learnt {
    this.expectations.restore(expectation)
    part.kernels.load(params, 'param')
    const over = part.rowHost()
    const curvature: Float64Array[] = []
    let before = 0
    const { params: next } = this.maximiser.maximise(params, false, undefined, ({ step, prepare }, block, host) => {
      if (step.kind !== 'newton') throw new Error(`no step of ${step.kind} by batches`)
      // the slope is that of the batch: its own sums, not the running ones
      this.expectations.restore({ ...expectation, statistics: turn.statistics })
      this.kernels.run(prepare)
      const old = turn.curvature?.subarray(before) ?? null
      const own = stepNewton(block, step.roles, this.beside(host, over, part, turn.share), turn.gamma, old)
      this.expectations.restore(expectation)
      curvature.push(own)
      before += own.length
    })
    return { params: this.pin(next), curvature: joined(curvature) }
  }

  /** Params of a block that goes over rows whose unknowns are too many for their second derivatives to be kept; null: none. */
  tooManyUnknowns(): { readonly params: readonly string[]; readonly unknowns: number } | null {
    const host = this.rowHost()
    for (const { step } of this.program.solves) {
      const block = this.program.numeric.find((n) => n.step === step.id)
      if (step.kind !== 'newton' || block === undefined || block.rows.length === 0) continue
      const unknowns = unknownsOf(block, step.roles, host)
      if (unknowns > BATCH_NEWTON_LIMIT) return { params: block.params, unknowns }
    }
    return null
  }

  private rowHost(): NewtonHost {
    const context: SolveContext = {
      memory: this.memory.blocks,
      layouts: new Map(this.params.map((p) => [p.name, p])),
      floorOf: () => null,
      onFloor: () => {},
      onSystem: () => {},
    }
    return this.newton.host(false, context)
  }

  /** What is the driver's in this model, and over rows in that part of it. */
  private beside(host: NewtonHost, over: NewtonHost, part: BatchModel, share: number): NewtonHost {
    return {
      ...host,
      batch: { buffers: part.memory.blocks, share },
      deriveTrial: () => {
        host.deriveTrial()
        if (part === this) return
        part.kernels.load(this.kernels.unload(), 'trial')
        over.deriveTrial()
      },
      runRows: (pass, lists) => over.runRows(pass, lists),
    }
  }

  private within<T>(from: number, to: number, run: () => T): T {
    const { windows } = this.memory
    if (windows === null) throw new Error('batches are windows of streamed rows')
    return windows.only(from, to, run)
  }
}
