/**
 * Scores of a bound model, by Fisher's identity: the gradient of the log-likelihood is that of Q at the params that q was
 * made at. Under a factorised q it is the gradient of the bound, whose q is at its best there.
 */
import type { Expectation } from '../../runtime/contract.js'
import type { Derivation } from '../derive.js'
import { lowerScores, lowerUnitScores, type ScoreProgram, scoreBuffer, type UnitScoreProgram } from '../lower/scores.js'
import { f64 } from '../targets/solve/types.js'
import type { ProgramModel } from './bound-model.js'
import { FactorisedState } from './factorised-state.js'
import { KernelRunner } from './kernel-runner.js'
import { allocate, type ProgramMemory } from './memory.js'

/** A factorised q stands still where its bound changes by no more than this, relatively, or after so many sweeps. */
const STILL = 1e-14
const MOST_SWEEPS = 500

/** Scores of the units of one range, `units` × params, each times its weight. */
export interface UnitScores {
  /** Key of the range. */
  readonly range: string
  readonly units: number
  readonly values: Float64Array
}

/** Programs of scores, each lowered once for a derivation. */
const scores = new WeakMap<Derivation, ScoreProgram>()
const unitScores = new WeakMap<Derivation, UnitScoreProgram>()

function once<P>(known: WeakMap<Derivation, P>, d: Derivation, lower: (d: Derivation) => P): P {
  const found = known.get(d) ?? lower(d)
  known.set(d, found)
  return found
}

/** The kernels of one program of scores, lowered and compiled once. */
class Runner<P extends ScoreProgram> {
  readonly memory: ProgramMemory
  private readonly kernels: KernelRunner
  private near: Expectation | null = null

  constructor(
    readonly model: ProgramModel,
    readonly program: P,
  ) {
    if (model.memory.windows !== null) throw new Error('the rows do not lie in memory')
    this.memory = allocate(program.program, model.derivation.model.symbols, model.data, model.numbers)
    this.kernels = new KernelRunner(program.program, this.memory, model.params, model.zeroLimits, model.options.compile)
    for (const [id, b] of this.memory.whole().buffers) if (id.startsWith('unit weight ')) b.fill(1)
  }

  /** Leaves the scores in the buffers of `ids`. */
  run(params: Float64Array, ids: readonly string[]): void {
    const { program } = this.program
    const { kernels } = this
    kernels.load(params, 'param')
    kernels.load(params, 'trial')
    const memory = this.memory.whole()
    kernels.run(program.derived.param, memory)
    if (program.factorised !== null) {
      const q = this.standingStill(params)
      if (q !== undefined) new FactorisedState(program, program.factorised, this.memory, kernels).putBack(q)
    }
    for (const pass of program.passes) kernels.runWhole(pass.posterior)
    if (program.factorised !== null) kernels.run(program.marginals, memory)
    for (const id of ids) memory.buffers.get(id)?.fill(0)
    kernels.run(this.program.scores, memory)
  }

  /** The factorised q at params, by coordinate ascent from that of the params before. */
  private standingStill(params: Float64Array): Float64Array | undefined {
    let made = this.near ?? this.model.eStep(params)
    for (let i = 0; i < MOST_SWEEPS; i++) {
      const next = this.model.eStep(params, made)
      const moved = Math.abs(next.logLikelihood - made.logLikelihood)
      made = next
      if (moved <= STILL * (1 + Math.abs(made.logLikelihood))) break
    }
    this.near ??= made
    return made.q
  }

  /** A factorised q is sought from this one on. */
  startFrom(expectation: Expectation): void {
    this.near = expectation
  }
}

/** The score of all rows together, without that of priors. */
export class ScoreReader {
  private readonly runner: Runner<ScoreProgram>

  constructor(model: ProgramModel) {
    this.runner = new Runner(model, once(scores, model.derivation, lowerScores))
  }

  /** A factorised q is sought from that of this expectation on. */
  startFrom(expectation: Expectation): void {
    this.runner.startFrom(expectation)
  }

  /** Laid out as the params are. */
  at(params: Float64Array): Float64Array {
    const { model, memory } = this.runner
    this.runner.run(
      params,
      model.params.map((p) => scoreBuffer(p.name)),
    )
    const out = new Float64Array(model.length)
    for (const p of model.params) {
      const b = memory.whole().buffers.get(scoreBuffer(p.name))
      if (b !== undefined) out.set(b.subarray(0, p.length), p.offset)
    }
    return out
  }
}

/** The score of each unit: of what shares no latent with others. */
export class UnitScoreReader {
  private readonly runner: Runner<UnitScoreProgram>
  /** What belongs to no unit since all of it hangs together; empty: everything has its unit. */
  readonly shared: readonly string[]

  constructor(model: ProgramModel) {
    this.runner = new Runner(model, once(unitScores, model.derivation, lowerUnitScores))
    this.shared = this.runner.program.shared
  }

  at(params: Float64Array): readonly UnitScores[] {
    const { model, memory, program } = this.runner
    const ranges = [...program.ranges]
    this.runner.run(
      params,
      ranges.flatMap(([range]) => model.params.map((p) => scoreBuffer(p.name, range))),
    )
    return ranges.map(([range, loop]) => {
      const units = model.numbers.extent(loop.to)
      const values = new Float64Array(units * model.length)
      for (const p of model.params) {
        const id = scoreBuffer(p.name, range)
        if (!memory.whole().buffers.has(id)) continue
        const b = f64(memory.whole(), id)
        for (let u = 0; u < units; u++)
          values.set(b.subarray(u * p.length, (u + 1) * p.length), u * model.length + p.offset)
      }
      return { range, units, values }
    })
  }
}
