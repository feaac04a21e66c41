/** Classification EM: the E-step puts each discrete latent into its most probable class (Celeux and Govaert 1992). */
import type { Beginning, BoundData, Expectation, Identified, Maximisation } from '../../runtime/contract.js'
import type { Derivation } from '../derive.js'
import type { Program } from '../lower/program.js'
import type { MStep } from '../mstep/types.js'
import { type BindProgramOptions, bindProgram, ProgramModel } from './bound-model.js'
import { atMostProbable, largest } from './most-probable.js'

/** A weight of 1 at one value of each row, by latent. */
type Classes = ReadonlyMap<string, Float64Array>

/**
 * The program over values that are handed in; `summed` is the one with the latents summed out, whose posterior says the
 * class of each latent: its own most probable value, whatever those of the others. Where latents depend on one another
 * these need not be probable together, so new classes are taken only where log p(data, classes; θ) is no less than with
 * the old ones. It never falls then, and classes that would lower it end the run.
 */
export class ClassifiedModel extends ProgramModel {
  override readonly summed: ProgramModel
  /** The model without them would have no classes to go by. */
  override readonly vanishing: readonly string[] = []
  /** Classes of a point, where they are not those of the posterior there. */
  private kept: { readonly params: Float64Array; readonly classes: Classes } | null = null

  constructor(derivation: Derivation, program: Program, data: BoundData, options: BindProgramOptions) {
    super(derivation, program, data, options)
    this.summed = bindProgram(derivation, data, options)
  }

  override setFloor(floor: number): void {
    super.setFloor(floor)
    // not made yet while the base class is constructed
    const made: ProgramModel | undefined = this.summed
    made?.setFloor(floor)
  }

  override eStep(params: Float64Array, from?: Beginning): Expectation {
    const now = this.under(params, this.mostProbable(params))
    const before = from !== undefined && 'statistics' in from ? from.given : undefined
    if (before === undefined) return now
    const still = this.under(params, before)
    return now.logLikelihood >= still.logLikelihood ? now : still
  }

  override async eStepLater(params: Float64Array, from?: Beginning): Promise<Expectation> {
    return this.eStep(params, from)
  }

  private under(params: Float64Array, classes: Classes): Expectation {
    return { ...this.withClasses(classes, () => super.eStep(params)), given: classes }
  }

  private withClasses<T>(classes: Classes, run: () => T): T {
    return this.expectations.withGiven(classes, run)
  }

  override eStepFrom(given: ReadonlyMap<string, Float64Array>, params: Float64Array): Expectation {
    return this.summed.eStepFrom(given, params)
  }

  override mStep(
    params: Float64Array,
    expectation: Expectation,
    observe?: (step: MStep, params: Float64Array) => void,
  ): Maximisation {
    const { given, ...own } = expectation
    if (given === undefined) return super.mStep(params, expectation, observe)
    return this.withClasses(given, () => super.mStep(params, own, observe))
  }

  override gain(params: Float64Array, expectation: Expectation, trial: Float64Array): number {
    const { given = this.mostProbable(params) } = expectation
    return this.withClasses(given, () => super.gain(params, expectation, trial))
  }

  override runaway(params: Float64Array): readonly string[] {
    return this.withClasses(this.posterior(params), () => super.runaway(params))
  }

  override remember(params: Float64Array, { given }: Expectation): void {
    if (given !== undefined) this.kept = { params: params.slice(), classes: given }
  }

  override posterior(params: Float64Array): ReadonlyMap<string, Float64Array> {
    const { kept } = this
    const same = kept?.params.length === params.length && kept.params.every((x, i) => x === params[i])
    return kept !== null && same ? kept.classes : this.mostProbable(params)
  }

  override labels(params: Float64Array): ReadonlyMap<string, Int32Array> {
    const classes = this.posterior(params)
    return new Map(
      this.latents.map((l) => [l.name, largest(classes.get(l.name) ?? new Float64Array(0), l.rows, l.values)]),
    )
  }

  override withinSS(params: Float64Array): number | null {
    return this.withClasses(this.posterior(params), () => super.withinSS(params))
  }

  override continuous(params: Float64Array): ReturnType<ProgramModel['continuous']> {
    return this.summed.continuous(params)
  }

  override unitLogLikelihood(params: Float64Array): Float64Array {
    return this.summed.unitLogLikelihood(params)
  }

  override identifiedParameters(random: () => number, fitted: Float64Array): Identified | null {
    return this.summed.identifiedParameters(random, fitted)
  }

  private mostProbable(params: Float64Array): Classes {
    return atMostProbable(this.latents, this.summed.posterior(params))
  }
}
