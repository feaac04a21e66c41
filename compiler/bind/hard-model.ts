/** Hard mode: the E-step takes the most probable values of the discrete latents together. */
import type { BoundData, Expectation, Identified, Maximisation } from '../../runtime/contract.js'
import type { Derivation } from '../derive.js'
import type { MStep } from '../mstep/types.js'
import { type BindProgramOptions, ProgramModel } from './bound-model.js'
import { largest } from './most-probable.js'

/**
 * The program under max-product, over the memory of which the one under sum-product runs too: starts are made with the
 * latter, and it gives the marginal log-likelihood. Its posterior is 1 at the most probable values and 0 elsewhere, so
 * statistics and M-steps are those of EM.
 */
export class HardModel extends ProgramModel {
  override readonly summed: ProgramModel

  constructor(derivation: Derivation, data: BoundData, options: BindProgramOptions) {
    if (derivation.maxProduct === null) throw new Error('the derivation has no program under max-product')
    super(derivation, derivation.maxProduct, data, options)
    // a factorised q lies in memory from one E-step to the next
    const { memory: _, ...own } = options
    const shared = derivation.eStep.factorised === null ? { ...own, memory: this.memory } : own
    this.summed = new ProgramModel(derivation, derivation.program, data, shared)
  }

  override setFloor(floor: number): void {
    super.setFloor(floor)
    // not made yet while the base class is constructed
    const made: ProgramModel | undefined = this.summed
    made?.setFloor(floor)
  }

  protected override bindAnew(derivation: Derivation): ProgramModel {
    return new HardModel(derivation, this.data, this.options)
  }

  override eStepFrom(given: ReadonlyMap<string, Float64Array>, params: Float64Array): Expectation {
    return this.summed.eStepFrom(given, params)
  }

  override mStep(
    params: Float64Array,
    expectation: Expectation,
    observe?: (step: MStep, params: Float64Array) => void,
  ): Maximisation {
    return expectation.given === undefined
      ? super.mStep(params, expectation, observe)
      : this.summed.mStep(params, expectation, observe)
  }

  override identifiedParameters(random: () => number, fitted: Float64Array): Identified | null {
    return this.summed.identifiedParameters(random, fitted)
  }

  /** The factors of continuous latents given the labels. */
  override reportedFactors(params: Float64Array): Float64Array | null {
    if (this.derivation.eStep.factorised === null) return null
    this.summed.eStepFrom(this.posterior(params), params)
    return this.summed.factorised(params)
  }

  /** 0-based most probable value of each row of each discrete latent, all of a unit's together. */
  override labels(params: Float64Array): ReadonlyMap<string, Int32Array> {
    const posterior = this.posterior(params)
    return new Map(
      this.latents.map((l) => [l.name, largest(posterior.get(l.name) ?? new Float64Array(0), l.rows, l.values)]),
    )
  }
}
