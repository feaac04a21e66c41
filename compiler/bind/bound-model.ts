/** A program over bound data: what the runtime drives. */
import type {
  Accuracy,
  Beginning,
  Bound,
  BoundData,
  BoundModel,
  ComponentArrays,
  ComponentState,
  Expectation,
  Features,
  Identified,
  LatentLayout,
  Maximisation,
  ParamLayout,
  RuleLevels,
} from '../../runtime/contract.js'
import type { NodeFacts } from '../derivation/e-step-json.js'
import type { Derivation } from '../derive.js'
import type { Program } from '../lower/program.js'
import { WITHIN } from '../lower/within-squares.js'
import type { MStep } from '../mstep/types.js'
import type { CompileKernel } from '../targets/memory.js'
import { f64 } from '../targets/solve/types.js'
import type { Arena } from '../targets/wasm/arena.js'
import type { RowWorkers } from '../targets/wasm/pool/row-workers.js'
import { vanishingScales } from '../vanishing-scales.js'
import { CHUNK_ROWS } from './array-parts.js'
import { checkLevels } from './check-levels.js'
import { checkPlaces } from './check-places.js'
import { checkParam } from './check-size.js'
import { collapsedSpread } from './collapsed-spread.js'
import { ComponentLayouts } from './component-arrays.js'
import { componentStates, indexing } from './component-states.js'
import { roundingOfData } from './conditioning.js'
import { withCounts } from './count-sums.js'
import { type DataScale, dataScale } from './data-scale.js'
import { endsByOps } from './ends-of-chain.js'
import { Expectations } from './expectations.js'
import { ExpectedCounts } from './expected-counts.js'
import { fewRows } from './few-rows.js'
import { freeCount } from './free-count.js'
import { identifiedOverPoints, type Ranked } from './identified.js'
import { interiorPoint } from './interior.js'
import { KernelRunner } from './kernel-runner.js'
import { latentLayout, paramLayouts } from './layouts.js'
import { Maximiser, separable } from './maximiser.js'
import { allocate, type ProgramMemory } from './memory.js'
import { nest } from './nest.js'
import { NewtonHosts } from './newton-host.js'
import { NodePrecision } from './node-precision.js'
import { gainOf, logPriorOf } from './objectives.js'
import { countObservations } from './observations.js'
import { meansAndVariances, reported } from './posterior-means.js'
import { precisionHost } from './precision-host.js'
import { pullBack } from './pull-back.js'
import { RowEngine } from './row-engine.js'
import { rowFeatures } from './row-features.js'
import { checkRowWise } from './row-wise.js'
import { BoundNumbers } from './sizes.js'
import { constantColumns, spreadFloors } from './spreads.js'
import { zeroLimits } from './zero-limits.js'

export interface BindProgramOptions {
  /** Values of consts given by `--set`. */
  readonly set: ReadonlyMap<string, unknown>
  readonly compile: CompileKernel
  /** Memory of generated WebAssembly, which then runs the passes over rows. */
  readonly arena?: Arena | null
  /** Short passes too run there. */
  readonly everyPass?: boolean
  /** What shares the rows of long passes with the calling thread. */
  readonly workers?: RowWorkers | null
  /** Of draws; 1 where left out. */
  readonly seed?: number
  /** Reductions of the data of an earlier fit, by bind table: they are kept, not taken anew. */
  readonly frozen?: ReadonlyMap<string, readonly number[]>
  /** Memory of another program of the same derivation that has all of its buffers. */
  readonly memory?: ProgramMemory
  /** Rows are gone through for their sums alone: nothing is kept for each of them. */
  readonly sumsOnly?: boolean
  /** Unknowns of a numerical block of the M-step, at most, that second derivatives are taken by. */
  readonly newtonLimit?: number
  /** Of params that are held in part: what every element is, NaN where it is free. The model reads no other at its cell. */
  readonly pinned?: ReadonlyMap<string, Float64Array>
  /** The derivation with these scales at 0 and the latents that they measure at their means. */
  readonly withoutScales?: (names: ReadonlySet<string>) => Derivation | null
}

export function bindProgram(derivation: Derivation, data: BoundData, options: BindProgramOptions): ProgramModel {
  return new ProgramModel(derivation, derivation.program, data, options)
}

/** Rows for each param over which the rank of the scores is that over all rows. */
const FEW_ROWS = 20
/** Rows over which it is looked for first: scores are taken of data drawn anew, again and again. */
const LEAST_ROWS = 40
/** The part of the way to the middle of the supports that leads away from probabilities of 0. */
const LITTLE = 1e-3

export class ProgramModel implements BoundModel {
  readonly name: string
  readonly params: readonly ParamLayout[]
  readonly length: number
  readonly latents: readonly LatentLayout[]
  readonly scalars: readonly string[]
  readonly observations: number
  readonly nominalParameters: number
  readonly hasPrior: boolean
  readonly direct: boolean
  readonly sizes: ReadonlyMap<string, number>
  readonly bound: Bound
  readonly rules?: RuleLevels
  readonly summed?: ProgramModel
  readonly sample?: ProgramModel
  readonly vanishing: readonly string[]
  readonly sideBySide: number
  readonly pullBack: (inside: Float64Array, target: Float64Array) => Float64Array
  readonly joint: boolean
  readonly numbers: BoundNumbers
  readonly memory: ProgramMemory
  /** What stands for 0 in a param whose limit at 0 is meant. */
  readonly zeroLimits: ReadonlyMap<string, number>
  protected readonly kernels: KernelRunner
  private readonly counts: ExpectedCounts
  private readonly byName: ReadonlyMap<string, ParamLayout>
  private readonly scales: ReadonlyMap<string, DataScale>
  protected readonly expectations: Expectations
  protected readonly newton: NewtonHosts
  protected readonly maximiser: Maximiser
  private readonly precision: NodePrecision | null
  /** Elements that are held. */
  private readonly pinned: readonly { readonly at: number; readonly value: number }[]
  private layouts: ComponentLayouts | null = null
  private floor = 0

  constructor(
    readonly derivation: Derivation,
    readonly program: Program,
    readonly data: BoundData,
    readonly options: BindProgramOptions,
  ) {
    const d = derivation
    this.name = d.model.name
    this.numbers =
      options.memory?.numbers ??
      new BoundNumbers(d.model.symbols, d.graph.bindTables, data, options.set, options.frozen ?? new Map())
    if (options.seed !== undefined) this.numbers.nodes.seed = options.seed
    checkLevels(d.model, d.distributions, this.numbers, data)
    checkPlaces(d.model, this.numbers, new Set(d.graph.bindTables.map((t) => t.name)))
    checkRowWise(d, program, data, options.sumsOnly)
    const isLong = data.stream !== undefined || [...data.arrays.values()].some((a) => (a.shape[0] ?? 0) > CHUNK_ROWS)
    const counted = isLong ? withCounts(program, d.graph) : { program, sums: [] }
    this.memory =
      options.memory ??
      allocate(counted.program, d.model.symbols, data, this.numbers, options.arena, options.newtonLimit)
    this.params = paramLayouts(d, this.numbers, data)
    this.pullBack = pullBack(this.params)
    for (const p of this.params) checkParam(p, d.shapes.shape('param', p.name))
    this.byName = new Map(this.params.map((p) => [p.name, p]))
    this.length = this.params.reduce((n, p) => n + p.length, 0)
    this.latents = program.latents
      .filter((l) => l.kind === 'discrete')
      .map((l) => latentLayout(l, d, this.numbers, data, this.params))
    this.scalars = program.latents.filter((l) => l.loops.length === 0 && l.kind === 'count').map((l) => l.name)
    this.observations = countObservations(d, this.numbers)
    const { pinned = new Map<string, Float64Array>() } = options
    this.pinned = this.params.flatMap(({ name, offset }) =>
      [...(pinned.get(name) ?? [])].flatMap((value, i) => (Number.isNaN(value) ? [] : [{ at: offset + i, value }])),
    )
    this.nominalParameters = this.params.reduce((n, p) => n + freeCount(p, pinned.get(p.name)), 0)
    this.hasPrior = d.lifted.some((f) => f.factor.role === 'prior')
    this.direct =
      d.eStep.tables.length === 0 &&
      d.eStep.blocks.length === 0 &&
      d.eStep.countGroups.length === 0 &&
      d.mStep.sweeps === 1 &&
      d.mStep.steps.every((s) => s.closedForm)
    const sizes = new Map<string, number>(data.sizes)
    for (const s of d.model.symbols)
      if (s.kind === 'const' && s.held === undefined && s.value.type.dims.length === 0)
        sizes.set(s.name, this.constant(s.id))
    this.sizes = sizes
    this.scales = new Map(
      [...data.arrays].flatMap(([name, a]) =>
        a.values instanceof Float64Array ? [[name, dataScale(a)] as const] : [],
      ),
    )
    const vanishing = vanishingScales(d.model)
    this.vanishing = [...vanishing.keys()]
    this.zeroLimits = zeroLimits(vanishing, this.scales)
    const workers = options.workers ?? null
    const engine =
      options.arena == null
        ? null
        : new RowEngine(
            counted.program.buffers,
            { arena: options.arena, workers },
            options.everyPass ?? false,
            options.compile,
            {
              scales: new Map([...this.scales].map(([name, scale]) => [`data:${name}`, scale])),
              streams: this.memory.windows,
              again: !this.direct,
            },
            endsByOps(counted.program),
          )
    this.kernels = new KernelRunner(counted.program, this.memory, this.params, this.zeroLimits, options.compile, engine)
    this.sideBySide = workers === null ? 1 : 2 * workers.pool.threads
    const rounding = roundingOfData(d.graph, data)
    this.expectations = new Expectations(
      this.kernels,
      this.params,
      this.latents,
      rounding,
      (params) => this.inside(params),
      workers,
    )
    this.counts = new ExpectedCounts(this.kernels, this.expectations, d, this.numbers, counted.sums, (params) =>
      this.posterior(params),
    )
    this.newton = new NewtonHosts(this.kernels, this.byName, this.expectations.isFactorised, () =>
      this.interior(() => 0.5),
    )
    this.maximiser = new Maximiser(this.kernels, this.byName, this.vanishing, this.newton, (name) =>
      this.constant(name),
    )
    if (data.stream !== undefined) this.sample = this.overSample(data.stream.sample)
    this.setFloor(1e-6)
    const blocks = d.eStep.blocks.flatMap((b) => (b.kind === 'nodes' ? [b] : []))
    this.precision =
      blocks.length === 0 ? null : new NodePrecision(blocks, precisionHost(d, this.memory, this.expectations))
    const { precision } = this
    if (precision !== null) this.rules = { take: () => precision.levels(), putBack: (l) => precision.setLevels(l) }
    this.bound = this.precision === null || d.eStep.bound === 'variational' ? d.eStep.bound : this.precision.bound()
    this.joint = this.bound === 'exact' && d.mStep.steps.every((s) => s.exact === 'joint')
  }

  accuracy(params: Float64Array): Accuracy | null {
    return this.precision?.accuracy(params) ?? null
  }

  refine(params: Float64Array, relative?: number): boolean {
    return this.precision?.refine(params, relative) ?? false
  }

  /** Takes as many nodes as another program over the same data has. */
  followNodes(other: ProgramModel): void {
    if (other.precision !== null) this.precision?.follow(other.precision)
  }

  /** Nodes that posteriors have, for the plan of a result. */
  nodeFacts(): readonly NodeFacts[] {
    return this.precision?.facts() ?? []
  }

  collapsedSpread(params: Float64Array): string | null {
    return collapsedSpread(this.derivation, this.params, this.scales, params)
  }

  withoutScales(names: readonly string[]): ProgramModel | null {
    const derivation = this.options.withoutScales?.(new Set(names)) ?? null
    if (derivation === null) return null
    const model = this.bindAnew(derivation)
    model.setFloor(this.floor)
    return model
  }

  labels?(params: Float64Array): ReadonlyMap<string, Int32Array>

  /** A derivation over the same data. */
  protected bindAnew(derivation: Derivation): ProgramModel {
    const { memory: _, ...options } = this.options
    return bindProgram(derivation, this.data, options)
  }

  /** The same over other data, in the calling thread and in memory of its own; its numbers are taken from these data. */
  overOther(data: BoundData): ProgramModel {
    const { memory: _, arena: _arena, workers: _workers, ...options } = this.options
    return bindProgram(this.derivation, data, options)
  }

  /** The same over as many rows as tell the params apart; itself where there are no more, or rows belong together. */
  withFewRows(): ProgramModel {
    const few = fewRows(this.derivation, this.program, this.data, FEW_ROWS * (this.nominalParameters + 4))
    return this.overOther(few ?? this.data)
  }

  /** The same over some of the rows; reductions of data are those of all. */
  private overSample(sample: BoundData): ProgramModel {
    return bindProgram(this.derivation, sample, this.withReductions())
  }

  /** The same over other rows, in memory of its own; reductions of data are those of this one, and so is its floor. */
  over(data: BoundData): ProgramModel {
    const model = bindProgram(this.derivation, data, { ...this.withReductions(), arena: null, workers: null })
    model.followNodes(this)
    model.setFloor(this.floor)
    return model
  }

  protected withReductions(): BindProgramOptions {
    const { memory: _, ...options } = this.options
    const frozen = this.program.bindTables
      .filter((t) => t.compute.kind === 'reduction')
      .map((t) => [t.name, [...this.numbers.table(t).values]] as const)
    return { ...options, frozen: new Map(frozen) }
  }

  /** Columns of observed data that are constant although the model gives them a spread. */
  constantColumns(): ReturnType<typeof constantColumns> {
    return constantColumns(this.derivation, this.scales)
  }

  setFloor(floor: number): void {
    this.floor = floor
    this.sample?.setFloor(floor)
    this.maximiser.floors = spreadFloors(this.derivation, this.byName, this.scales, floor)
  }

  private constant(id: string): number {
    try {
      return this.numbers.value({ kind: 'ref', space: 'const', name: id, index: [] })
    } catch {
      const s = this.derivation.model.symbols.find((x) => x.id === id)
      return s?.kind === 'const' && s.value.kind === 'number' ? s.value.value : Number.NaN
    }
  }

  // -- E-step ----------------------------------------------------------------------------------------------------------

  eStep(params: Float64Array, from?: Beginning): Expectation {
    return this.expectations.eStep(params, from)
  }

  /** What an E-step gives for the log-likelihood, without its statistics; not where the posterior is a factorised q. */
  logLikelihood(params: Float64Array): number {
    return this.expectations.objective(params).logLikelihood
  }

  eStepLater(params: Float64Array, from?: Beginning, others = false): Promise<Expectation> {
    return this.expectations.eStepLater(params, from, others)
  }

  eStepFrom(given: ReadonlyMap<string, Float64Array>, params: Float64Array): Expectation {
    return this.expectations.eStepFrom(given, params)
  }

  remember(params: Float64Array, expectation: Expectation): void {
    this.expectations.remember(params, expectation)
  }

  /** The numbers of a factorised q at params, for reports; null where q is the posterior. */
  factorised(params: Float64Array): Float64Array | null {
    return this.expectations.factorised(params)
  }

  /** The same, laid out by the program that sums latents out, which reports are made with. */
  reportedFactors(params: Float64Array): Float64Array | null {
    return this.factorised(params)
  }

  // -- M-step ----------------------------------------------------------------------------------------------------------

  /** `observe` is called after each block, with the params as they then stand. */
  mStep(
    params: Float64Array,
    expectation: Expectation,
    observe?: (step: MStep, params: Float64Array) => void,
  ): Maximisation {
    const { given } = expectation
    const run = (): Maximisation => {
      this.expectations.restore(expectation)
      const next = this.maximiser.maximise(params, given !== undefined, observe)
      this.pin(next.params)
      return next
    }
    return given === undefined ? run() : this.expectations.withGiven(given, run)
  }

  features(latent: string): Features | null {
    return this.data.stream === undefined ? rowFeatures(this.derivation, this.numbers, this.data.arrays, latent) : null
  }

  /** Params of regressions onto probabilities that run to infinity. */
  runaway(params: Float64Array): readonly string[] {
    const steps = separable(this.derivation.mStep.steps)
    if (steps.length === 0) return []
    this.eStep(params)
    return this.maximiser.runaway(steps, params, this.observations)
  }

  // -- objectives ------------------------------------------------------------------------------------------------------

  gain(params: Float64Array, expectation: Expectation, trial: Float64Array): number {
    this.expectations.restore(expectation)
    return gainOf(this.kernels, this.expectations.isFactorised, params, trial)
  }

  logPrior(params: Float64Array): number {
    return this.hasPrior ? logPriorOf(this.kernels, params) : 0
  }

  // -- reports ---------------------------------------------------------------------------------------------------------

  unitLogLikelihood(params: Float64Array): Float64Array {
    const [unit] = this.program.units
    if (unit === undefined) return new Float64Array(0)
    return Float64Array.from(f64(this.expectations.calibrate(params), unit.buffer))
  }

  posterior(params: Float64Array): ReadonlyMap<string, Float64Array> {
    return reported(this.program.latents, 'discrete', this.expectations.calibrate(params))
  }

  /** What `withinSquares` of the program adds up; null where it has none. */
  withinSS(params: Float64Array): number | null {
    const { withinSquares } = this.program
    if (withinSquares === null) return null
    const memory = this.expectations.calibrate(params)
    const sum = f64(memory, WITHIN)
    sum.fill(0)
    this.kernels.run(withinSquares, memory)
    return sum[0] ?? 0
  }

  /** Posterior means and variances of continuous latents, over their rows and coordinates. */
  continuous(
    params: Float64Array,
  ): ReadonlyMap<string, { readonly mean: Float64Array; readonly variance: Float64Array }> {
    if (this.program.latents.every((l) => l.kind !== 'continuous')) return new Map()
    return meansAndVariances(this.program.latents, this.expectations.calibrate(params))
  }

  componentArrays(
    params: Float64Array,
    /** Without it params number the components that they belong to. */
    isFitted = this.expectations.isFitted(params),
  ): ComponentArrays | null {
    if (this.bound !== 'variational') return null
    this.layouts ??= new ComponentLayouts(this)
    return this.layouts.at(params, this.continuous(params), isFitted)
  }

  /** Posterior means of counts, by latent, over their rows. */
  countMeans(params: Float64Array): ReadonlyMap<string, Float64Array> {
    return reported(this.program.latents, 'count', this.expectations.calibrate(params))
  }

  expected(params: Float64Array): ReadonlyMap<string, number> {
    if (this.scalars.length === 0) return new Map()
    const means = this.countMeans(params)
    return new Map(this.scalars.map((s) => [s, means.get(s)?.[0] ?? Number.NaN]))
  }

  components(params: Float64Array): readonly ComponentState[] {
    const { derivation, latents, byName, scales } = this
    return componentStates(
      { derivation, latents, layouts: byName, scales },
      params,
      this.counts.of(params, indexing(latents, byName)),
    )
  }

  /** Σ over the rows of −p log p of one latent's posterior, in nats; null where a pass does not add it up. */
  marginalEntropy(params: Float64Array, latent: string): number | null {
    return this.counts.marginalEntropy(params, latent)
  }

  identifiedParameters(random: () => number, fitted: Float64Array): Identified | null {
    return this.ranked(random, fitted)
  }

  private ranked(random: () => number, fitted: Float64Array): Ranked | null {
    // Fisher's identity is one of exact posteriors
    if (this.expectations.isFactorised) return null
    const { nominalParameters } = this
    const most = FEW_ROWS * (nominalParameters + 4)
    let found: Ranked | null = null
    for (const rows of [LEAST_ROWS, Math.max(2 * LEAST_ROWS, 2 * nominalParameters), most]) {
      const few = rows > most ? null : fewRows(this.derivation, this.program, this.data, rows)
      if (few === null) continue
      // rows are alike: a rank over some of them is at most that over all, and over many the same, unless others alone
      // read a param
      found = this.overSample(few).rankedOverAll(random, fitted, found)
      if (found?.parameters === nominalParameters || (rows === most && found?.isRead === true)) return found
    }
    return this.rankedOverAll(random, fitted, found)
  }

  private rankedOverAll(random: () => number, fitted: Float64Array, short: Ranked | null): Ranked | null {
    const { derivation, data, numbers, params } = this.sample ?? this
    // how much there is to compute is told by all rows, as if they were in memory
    const { nominalParameters, observations } = this
    const scored = { derivation, data, numbers, params, nominalParameters, observations }
    return identifiedOverPoints(scored, this.options.compile, random, this.separated(random), fitted, short)
  }

  interior(random: () => number): Float64Array {
    return this.pin(interiorPoint(this.derivation, this.params, this.scales, random))
  }

  /** Params moved a little to the middle of their supports, which are convex. */
  private inside(params: Float64Array): Float64Array {
    const middle = this.interior(() => 0.5)
    return params.map((x, i) => x + LITTLE * ((middle[i] ?? x) - x))
  }

  protected pin(params: Float64Array): Float64Array {
    for (const { at, value } of this.pinned) params[at] = value
    return params
  }

  /** An interior point at which components stand apart. */
  separated(random: () => number): Float64Array {
    const apart = Math.max(2, ...this.latents.map((l) => l.values))
    return this.pin(interiorPoint(this.derivation, this.params, this.scales, random, apart))
  }

  derived(params: Float64Array): ReadonlyMap<string, unknown> {
    this.kernels.load(params, 'param')
    this.kernels.load(params, 'trial')
    this.kernels.run(this.program.derived.trial)
    const out = new Map<string, unknown>()
    for (const l of this.program.derivedValues) {
      this.kernels.run(l.ops)
      const shape = (this.program.buffers.find((b) => b.id === l.buffer)?.shape ?? []).map(
        (s) => this.memory.blocks.sizes.get(s) ?? 0,
      )
      out.set(l.name, nest(f64(this.memory.blocks, l.buffer), shape))
    }
    return out
  }
}
