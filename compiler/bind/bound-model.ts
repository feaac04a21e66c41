/** A program over bound data: what the runtime drives. */
import type {
  Accuracy,
  Beginning,
  Bound,
  BoundData,
  BoundModel,
  ComponentState,
  Expectation,
  FloorHit,
  Identified,
  LatentLayout,
  Maximisation,
  ParamLayout,
} from '../../runtime/contract.js'
import type { NodeFacts } from '../derivation/e-step-json.js'
import type { Derivation } from '../derive.js'
import type { NodeBlock } from '../estep/types.js'
import type { KernelOp } from '../kernel/types.js'
import { givenBuffer, varianceBuffer } from '../lower/buffers.js'
import { extentOf } from '../lower/lowerer.js'
import type { Pass, Program } from '../lower/program.js'
import { WITHIN } from '../lower/within-squares.js'
import type { MStep } from '../mstep/types.js'
import { REGRESSION_RULES } from '../rules/mstep/regression.js'
import type { CompileKernel, Memory } from '../targets/memory.js'
import { solveBeta, solveDirichlet, solveGeneralisedGamma, solveMatrix } from '../targets/solve/closed-forms.js'
import { solveNormal } from '../targets/solve/normal.js'
import { solveStationary } from '../targets/solve/stationary.js'
import { f64, type SolveContext } from '../targets/solve/types.js'
import { vanishingScales } from '../vanishing-scales.js'
import { checkLevels } from './check-levels.js'
import { checkPlaces } from './check-places.js'
import { checkParam } from './check-size.js'
import { collapsedSpread } from './collapsed-spread.js'
import { componentStates } from './component-states.js'
import { conditioning, roundingOfCounts } from './conditioning.js'
import { type DataScale, dataScale } from './data-scale.js'
import { FactorisedState } from './factorised-state.js'
import { freeCount } from './free-count.js'
import { identifiedParameters } from './identified.js'
import { interiorPoint } from './interior.js'
import { KernelRunner } from './kernel-runner.js'
import { latentLayout, paramLayouts } from './layouts.js'
import { solveMedian } from './median-block.js'
import { allocate, type ProgramMemory } from './memory.js'
import { nest } from './nest.js'
import { isSeparated, type NewtonHost, solveNewton } from './newton-block.js'
import { NodePrecision, type PrecisionHost } from './node-precision.js'
import { countObservations } from './observations.js'
import { rowWeights } from './row-weights.js'
import { BoundNumbers } from './sizes.js'
import { constantColumns, spreadFloors } from './spreads.js'
import { zeroLimits } from './zero-limits.js'

export interface BindProgramOptions {
  /** Values of consts given by `--set`. */
  readonly set: ReadonlyMap<string, unknown>
  readonly compile: CompileKernel
  /** Of draws; 1 where left out. */
  readonly seed?: number
  /** Reductions of the data of an earlier fit, by bind table: they are kept, not taken anew. */
  readonly frozen?: ReadonlyMap<string, readonly number[]>
  /** Memory of another program of the same derivation that has all of its buffers. */
  readonly memory?: ProgramMemory
  /** The derivation with these scales at 0 and the latents that they measure at their means. */
  readonly withoutScales?: (names: ReadonlySet<string>) => Derivation | null
}

/** An expectation under a factorised q, with the params it was made at. */
interface Held {
  readonly params: Float64Array
  readonly expectation: Expectation
}

/** Seed of the q of a model that was not fitted: new rows, and reports at other params than those of the fit. */
const FIRST_SEED = 1
/** Sweeps of a start, and of a q that is to stand still. */
const BRIEF_SWEEPS = 30
/** Sweeps of a start at params that are still those of no structure: more of them would lose what q began with. */
const FIRST_SWEEPS = 3
const MOST_SWEEPS = 1000

const sameNumbers = (a: Float64Array, b: Float64Array): boolean =>
  a.length === b.length && a.every((x, i) => Object.is(x, b[i]))

/** Regressions whose coefficients run to infinity where they tell two outcomes apart. */
const SEPARABLE: ReadonlySet<string> = new Set([
  REGRESSION_RULES.logistic.id,
  REGRESSION_RULES.multinomial.id,
  REGRESSION_RULES.probit.id,
])

export function bindProgram(derivation: Derivation, data: BoundData, options: BindProgramOptions): ProgramModel {
  return new ProgramModel(derivation, derivation.program, data, options)
}

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
  readonly summed?: ProgramModel
  readonly vanishing: readonly string[]
  readonly numbers: BoundNumbers
  readonly memory: ProgramMemory
  /** What stands for 0 in a param whose limit at 0 is meant. */
  readonly zeroLimits: ReadonlyMap<string, number>
  private readonly kernels: KernelRunner
  private readonly byName: ReadonlyMap<string, ParamLayout>
  private readonly sums: readonly { readonly id: string; readonly length: number; readonly offset: number }[]
  private readonly scales: ReadonlyMap<string, DataScale>
  private floors: ReadonlyMap<string, Float64Array> = new Map()
  /** Scale of the objective that stands for the digits that counts lose. */
  private readonly rounding: number
  private readonly precision: NodePrecision | null
  private floor = 0
  private onceDone = false
  /** Where q is factorised: its numbers, and the expectation that they are those of. */
  private readonly q: FactorisedState | null
  private held: Held | null = null
  private remembered: Held | null = null

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
    this.memory = options.memory ?? allocate(program, d.model.symbols, data, this.numbers)
    this.params = paramLayouts(d, this.numbers, data)
    for (const p of this.params) checkParam(p, d.shapes.shape('param', p.name))
    this.byName = new Map(this.params.map((p) => [p.name, p]))
    this.length = this.params.reduce((n, p) => n + p.length, 0)
    this.latents = program.latents
      .filter((l) => l.kind === 'discrete')
      .map((l) => latentLayout(l, d, this.numbers, data, this.params))
    this.scalars = program.latents.filter((l) => l.loops.length === 0 && l.kind === 'count').map((l) => l.name)
    this.observations = countObservations(d, this.numbers)
    this.nominalParameters = this.params.reduce((n, p) => n + freeCount(p), 0)
    this.hasPrior = d.lifted.some((f) => f.factor.role === 'prior')
    this.direct =
      d.eStep.tables.length === 0 &&
      d.eStep.blocks.length === 0 &&
      d.eStep.countGroups.length === 0 &&
      d.mStep.sweeps === 1 &&
      d.mStep.steps.every((s) => s.closedForm)
    const sizes = new Map<string, number>(data.sizes)
    for (const s of d.model.symbols)
      if (s.kind === 'const' && s.value.type.dims.length === 0) sizes.set(s.name, this.constant(s.id))
    this.sizes = sizes
    let offset = 0
    this.sums = program.buffers
      .filter(
        (b) =>
          b.space === 'sum' &&
          !b.id.startsWith('q ') &&
          !b.id.startsWith('grad') &&
          !b.id.startsWith('hess') &&
          b.id !== 'q:rows',
      )
      .map((b) => {
        const length = f64(this.memory.blocks, b.id).length
        const entry = { id: b.id, length, offset }
        offset += length
        return entry
      })
    this.scales = new Map(
      [...data.arrays].flatMap(([name, a]) =>
        a.values instanceof Float64Array ? [[name, dataScale(a)] as const] : [],
      ),
    )
    const observed = new Set(d.graph.factors.flatMap((f) => (f.role === 'likelihood' ? [f.target.name] : [])))
    this.rounding = roundingOfCounts(
      d.graph.data.flatMap((x) =>
        x.type.support.kind === 'count' && observed.has(x.name) ? [data.arrays.get(x.name)?.values ?? []] : [],
      ),
    )
    const vanishing = vanishingScales(d.model)
    this.vanishing = [...vanishing.keys()]
    this.zeroLimits = zeroLimits(vanishing, this.scales)
    this.kernels = new KernelRunner(program, this.memory, this.params, this.zeroLimits, options.compile)
    this.q =
      program.factorised === null ? null : new FactorisedState(program, program.factorised, this.memory, this.kernels)
    this.setFloor(1e-6)
    const blocks = d.eStep.blocks.flatMap((b) => (b.kind === 'nodes' ? [b] : []))
    this.precision = blocks.length === 0 ? null : new NodePrecision(blocks, this.precisionHost())
    this.bound = this.precision === null || d.eStep.bound === 'variational' ? d.eStep.bound : this.precision.bound()
  }

  private precisionHost(): PrecisionHost {
    const { numbers, memory } = this
    const values = (b: NodeBlock): number =>
      b.scope.reduce((n, s) => n * (numbers.extent(s.latent.high) - numbers.extent(s.latent.low) + 1), 1)
    return {
      rules: numbers.nodes,
      evaluate: (params) => {
        this.prepare(params)
        for (const pass of this.program.passes)
          this.kernels.runPass(pass, this.kernels.part(pass, 'objective', [pass.posterior, pass.objective]))
        const [logLikelihood = 0] = f64(memory.blocks, 'loglik')
        return { logLikelihood, scale: f64(memory.blocks, 'scale')[0] ?? 0 }
      },
      weights: (params, buffer) => f64(this.calibrate(params), buffer),
      posteriors: (b) => b.loops.reduce((n, l) => n * numbers.extent(extentOf(l.index)), values(b)),
      rowWeights: (b) => rowWeights(this.derivation, numbers, b.latents[0]?.latent.name ?? ''),
      values,
      resize: () => memory.resize(),
    }
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
    return collapsedSpread(this.derivation, this.params, this.data, params)
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

  /** Columns of observed data that are constant although the model gives them a spread. */
  constantColumns(): ReturnType<typeof constantColumns> {
    return constantColumns(this.derivation, this.scales)
  }

  setFloor(floor: number): void {
    this.floor = floor
    this.floors = spreadFloors(this.derivation, this.byName, this.scales, floor)
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
    if (this.q !== null) return this.sweeps(this.q, params, from)
    return this.expectation(params, (p) => this.kernels.part(p, 'e', [p.posterior, p.objective, p.statistics]))
  }

  eStepFrom(given: ReadonlyMap<string, Float64Array>, params: Float64Array): Expectation {
    const run = (): Expectation => {
      const begin = this.q === null ? undefined : () => this.q?.beginGiven()
      return this.expectation(
        params,
        (p) => this.kernels.part(p, 'given', [this.q === null ? p.given : [], p.statistics]),
        begin,
      )
    }
    const made = { ...this.withGiven(given, run), logLikelihood: Number.NaN, given }
    this.held = { params: params.slice(), expectation: made }
    return made
  }

  /** Coordinate ascent on a factorised q, from q as it is in `from`, or from a random one until it stands still. */
  private sweeps(q: FactorisedState, params: Float64Array, from: Beginning | undefined): Expectation {
    const warm = from !== undefined && 'q' in from ? from : null
    const begin = (): void => {
      if (warm === null) q.begin(this.latents, from !== undefined && 'seed' in from ? from.seed : FIRST_SEED)
      else if (warm !== this.held?.expectation && warm.q !== undefined) q.putBack(warm.q)
      q.sweep()
    }
    const bound = (): Expectation =>
      this.expectation(params, (p) => this.kernels.part(p, 'bound', [p.objective, p.statistics]), begin)
    const again = (): Expectation =>
      this.expectation(
        params,
        (p) => this.kernels.part(p, 'bound', [p.objective, p.statistics]),
        () => q.sweep(),
      )
    let made = bound()
    if (warm === null) {
      const brief = from !== undefined
      const [most, tolerance] = brief ? [this.length > 0 ? FIRST_SWEEPS : BRIEF_SWEEPS, 1e-8] : [MOST_SWEEPS, 1e-10]
      const trace = [made.logLikelihood]
      for (let i = 1; i < most; i++) {
        made = again()
        trace.push(made.logLikelihood)
        const [last, before] = [made.logLikelihood, trace.at(-2) ?? Number.NaN]
        if (!(Math.abs(last - before) > tolerance * (1 + Math.abs(last)))) break
      }
    }
    const expectation = { ...made, q: q.take() }
    this.held = { params: params.slice(), expectation }
    return expectation
  }

  /** q as it was made for an expectation. */
  private hold(e: Expectation): void {
    if (this.q === null || this.held?.expectation === e || e.q === undefined) return
    this.q.putBack(e.q)
    this.held = null
  }

  remember(params: Float64Array, expectation: Expectation): void {
    if (this.q !== null && expectation.q !== undefined) this.remembered = { params: params.slice(), expectation }
  }

  /** The numbers of a factorised q at params, for reports; null where q is the posterior. */
  factorised(params: Float64Array): Float64Array | null {
    if (this.q === null) return null
    this.settled(params)
    return this.q.take()
  }

  /** Runs with the responsibilities of a start, by latent, in place. */
  private withGiven<T>(given: ReadonlyMap<string, Float64Array>, run: () => T): T {
    const byBuffer = new Map([...given].map(([name, values]) => [givenBuffer(name), values]))
    return this.memory.withGiven((id) => byBuffer.get(id), run)
  }

  /** `begin` runs before the passes, at the params. */
  private expectation(params: Float64Array, ops: (p: Pass) => readonly KernelOp[], begin?: () => void): Expectation {
    this.prepare(params)
    begin?.()
    for (const pass of this.program.passes) this.kernels.runPass(pass, ops(pass))
    const last = this.sums.at(-1)
    const statistics = new Float64Array(last === undefined ? 0 : last.offset + last.length)
    for (const s of this.sums) statistics.set(f64(this.memory.blocks, s.id), s.offset)
    return {
      logLikelihood: f64(this.memory.blocks, 'loglik')[0] ?? 0,
      scale: (f64(this.memory.blocks, 'scale')[0] ?? 0) * conditioning(this.params, params) + this.rounding,
      statistics,
    }
  }

  /** Params in place, sums empty. */
  private prepare(params: Float64Array): void {
    this.kernels.load(params, 'param')
    const once = new Set(this.program.once.flatMap((op) => ('out' in op ? [op.out] : [])))
    this.kernels.zero(this.sums.filter((s) => !once.has(s.id)).map((s) => s.id))
    if (!this.onceDone) {
      this.kernels.run(this.program.once)
      this.onceDone = true
    }
    this.kernels.run(this.program.derived.param)
  }

  private restore(e: Expectation): void {
    for (const s of this.sums) f64(this.memory.blocks, s.id).set(e.statistics.subarray(s.offset, s.offset + s.length))
    this.hold(e)
  }

  // -- M-step ----------------------------------------------------------------------------------------------------------

  /** `observe` is called after each block, with the params as they then stand. */
  mStep(
    params: Float64Array,
    expectation: Expectation,
    observe?: (step: MStep, params: Float64Array) => void,
  ): Maximisation {
    const { given } = expectation
    const run = (): Maximisation => this.maximise(params, expectation, observe)
    return given === undefined ? run() : this.withGiven(given, run)
  }

  private maximise(
    params: Float64Array,
    expectation: Expectation,
    observe?: (step: MStep, params: Float64Array) => void,
  ): Maximisation {
    this.restore(expectation)
    this.kernels.load(params, 'param')
    this.kernels.load(params, 'trial')
    const hits = new Map<string, FloorHit>()
    let condition = 1
    const context: SolveContext = {
      memory: this.memory.blocks,
      layouts: this.byName,
      floorOf: (p) => this.floors.get(p) ?? null,
      onFloor: (param, index, floor) => hits.set(`${param} ${index.join(',')}`, { param, index, floor }),
      onSystem: (worst) => {
        condition = Math.max(condition, worst)
      },
    }
    const host = this.newtonHost(expectation.given !== undefined, context)
    let before = this.kernels.unload()
    for (let sweep = 0; sweep < this.program.sweeps; sweep++) {
      hits.clear()
      for (const solve of this.program.solves) {
        this.kernels.run(solve.prepare)
        const { step } = solve
        switch (step.kind) {
          case 'dirichlet':
            solveDirichlet(step, solve, context)
            break
          case 'beta':
            solveBeta(step, solve, context)
            break
          case 'generalised-gamma':
            solveGeneralisedGamma(step, solve, context)
            break
          case 'inverse-wishart':
          case 'wishart':
            solveMatrix(step, solve, context)
            break
          case 'normal':
            solveNormal(step, solve, context)
            break
          case 'stationary':
            solveStationary(step, solve, context, (name) => this.constant(name))
            break
          case 'median': {
            const block = this.program.numeric.find((n) => n.step === step.id)
            if (block !== undefined) solveMedian(block, host)
            break
          }
          case 'newton': {
            const block = this.program.numeric.find((n) => n.step === step.id)
            if (block !== undefined) solveNewton(block, step.roles, host)
          }
        }
        observe?.(step, this.kernels.unload())
      }
      const after = this.kernels.unload()
      if (this.program.sweeps === 1) break
      const moved = after.reduce((m, x, i) => Math.max(m, Math.abs(x - (before[i] ?? 0)) / (1 + Math.abs(x))), 0)
      before = after
      if (moved < 1e-14) break
    }
    return { params: this.keepZeros(params, this.kernels.unload()), floored: [...hits.values()], condition }
  }

  /** Params of regressions onto probabilities that run to infinity. */
  runaway(params: Float64Array): readonly string[] {
    const steps = this.derivation.mStep.steps.filter((s) => s.kind === 'newton' && SEPARABLE.has(s.rule))
    if (steps.length === 0) return []
    this.eStep(params)
    this.kernels.load(params, 'param')
    this.kernels.load(params, 'trial')
    const host = this.newtonHost(false, {
      memory: this.memory.blocks,
      layouts: this.byName,
      floorOf: () => null,
      onFloor: () => {},
      onSystem: () => {},
    })
    return steps.flatMap((s) => {
      const block = this.program.numeric.find((n) => n.step === s.id)
      return block !== undefined && isSeparated(block, [], host, this.observations) ? s.params : []
    })
  }

  /** A scale of latents that is 0 stays 0: all of them are at their means. */
  private keepZeros(before: Float64Array, after: Float64Array): Float64Array {
    for (const { name, offset, length } of this.params)
      if (this.vanishing.includes(name))
        for (let i = offset; i < offset + length; i++) if (before[i] === 0) after[i] = 0
    return after
  }

  /** What a numerical block needs; rows are visited under the posterior at the params, or under made-up weights. */
  private newtonHost(given: boolean, context: SolveContext): NewtonHost {
    const ready = new Set<string>()
    return {
      layout: (name) => this.layout(name),
      floorOf: context.floorOf,
      onFloor: context.onFloor,
      middle: () => (given ? this.interior(() => 0.5) : null),
      buffers: () => this.memory.blocks,
      run: (ops) => this.kernels.run(ops),
      deriveTrial: () => this.kernels.run(this.program.derived.trial),
      runRows: (id, lists) => {
        const pass = this.program.passes.find((p) => p.id === id)
        if (pass === undefined) throw new Error(`no pass ${id}`)
        // a factorised q is there already
        const posterior = this.q !== null ? [] : given ? pass.given : pass.posterior
        const key = `newton ${lists.map((ops) => this.opsKey(ops)).join(' ')}`
        if (this.kernels.inOneBlock(pass)) {
          // the posterior of all rows stays in scratch
          if (!ready.has(id)) this.kernels.runPass(pass, posterior)
          ready.add(id)
          this.kernels.runPass(pass, this.kernels.part(pass, key, lists))
        } else {
          const state = this.q !== null ? 'factorised ' : given ? 'given ' : ''
          const behind = this.kernels.part(pass, `${state}${key}`, [posterior, ...lists])
          this.kernels.runPass(pass, behind)
        }
      },
    }
  }

  private readonly opKeys = new Map<readonly KernelOp[], number>()

  private opsKey(ops: readonly KernelOp[]): number {
    const known = this.opKeys.get(ops) ?? this.opKeys.size
    this.opKeys.set(ops, known)
    return known
  }

  private layout(name: string): ParamLayout {
    const l = this.byName.get(name)
    if (l === undefined) throw new Error(`no param ${name}`)
    return l
  }

  // -- objectives ------------------------------------------------------------------------------------------------------

  gain(params: Float64Array, expectation: Expectation, trial: Float64Array): number {
    this.restore(expectation)
    this.kernels.load(params, 'param')
    if (this.program.passes.some((p) => p.q.length > 0)) this.kernels.run(this.program.derived.param)
    const ready = new Set<Pass>()
    const at = (theta: Float64Array): number => {
      this.kernels.load(theta, 'trial')
      this.kernels.run(this.program.derived.trial)
      this.kernels.zero(['q:driver', 'q:rows'])
      this.kernels.run(this.program.qDriver)
      for (const pass of this.program.passes) {
        if (pass.q.length === 0) continue
        const posterior = this.q === null ? pass.posterior : []
        if (this.kernels.inOneBlock(pass)) {
          // the posterior of all rows stays in scratch
          if (!ready.has(pass)) this.kernels.runPass(pass, this.kernels.part(pass, 'posterior', [posterior]))
          ready.add(pass)
          this.kernels.runPass(pass, pass.q)
        } else this.kernels.runPass(pass, this.kernels.part(pass, 'q', [posterior, pass.q]))
      }
      return (f64(this.memory.blocks, 'q:driver')[0] ?? 0) + (f64(this.memory.blocks, 'q:rows')[0] ?? 0)
    }
    const before = at(params)
    return at(trial) - before
  }

  logPrior(params: Float64Array): number {
    if (!this.hasPrior) return 0
    this.kernels.load(params, 'param')
    this.kernels.load(params, 'trial')
    this.kernels.run(this.program.derived.param)
    this.kernels.run(this.program.derived.trial)
    this.kernels.zero(['logprior'])
    this.kernels.run(this.program.prior)
    return f64(this.memory.blocks, 'logprior')[0] ?? 0
  }

  /** Posterior buffers of all rows at once. */
  private calibrate(params: Float64Array): Memory {
    if (this.q !== null) return this.settled(params)
    this.kernels.load(params, 'param')
    const memory = this.memory.whole()
    this.kernels.run(this.program.derived.param, memory)
    for (const pass of this.program.passes) this.kernels.runPass(pass, pass.posterior, true)
    this.kernels.run(this.program.marginals, memory)
    return memory
  }

  /** A factorised q at the params: that of the fit where it is at hand, else one found from a random beginning. */
  private settled(params: Float64Array): Memory {
    const known = [this.held, this.remembered].find((h) => h !== null && sameNumbers(h.params, params)) ?? null
    if (known === null) this.eStep(params)
    else this.hold(known.expectation)
    this.kernels.run(this.program.marginals)
    return this.memory.blocks
  }

  unitLogLikelihood(params: Float64Array): Float64Array {
    const [unit] = this.program.units
    if (unit === undefined) return new Float64Array(0)
    return Float64Array.from(f64(this.calibrate(params), unit.buffer))
  }

  posterior(params: Float64Array): ReadonlyMap<string, Float64Array> {
    const memory = this.calibrate(params)
    return new Map(
      this.program.latents
        .filter((l) => l.kind === 'discrete')
        .map((l) => [l.name, Float64Array.from(f64(memory, l.buffer))]),
    )
  }

  /** What `withinSquares` of the program adds up; null where it has none. */
  withinSS(params: Float64Array): number | null {
    const { withinSquares } = this.program
    if (withinSquares === null) return null
    const memory = this.calibrate(params)
    const sum = f64(memory, WITHIN)
    sum.fill(0)
    this.kernels.run(withinSquares, memory)
    return sum[0] ?? 0
  }

  /** Posterior means and variances of continuous latents, over their rows and coordinates. */
  continuous(
    params: Float64Array,
  ): ReadonlyMap<string, { readonly mean: Float64Array; readonly variance: Float64Array }> {
    const own = this.program.latents.filter((l) => l.kind === 'continuous')
    if (own.length === 0) return new Map()
    const memory = this.calibrate(params)
    return new Map(
      own.map((l) => [
        l.name,
        {
          mean: Float64Array.from(f64(memory, l.buffer)),
          variance: Float64Array.from(f64(memory, varianceBuffer(l.name))),
        },
      ]),
    )
  }

  /** Posterior means of counts, by latent, over their rows. */
  countMeans(params: Float64Array): ReadonlyMap<string, Float64Array> {
    const memory = this.calibrate(params)
    return new Map(
      this.program.latents
        .filter((l) => l.kind === 'count')
        .map((l) => [l.name, Float64Array.from(f64(memory, l.buffer))]),
    )
  }

  expected(params: Float64Array): ReadonlyMap<string, number> {
    if (this.scalars.length === 0) return new Map()
    const means = this.countMeans(params)
    return new Map(this.scalars.map((s) => [s, means.get(s)?.[0] ?? Number.NaN]))
  }

  components(params: Float64Array): readonly ComponentState[] {
    const { derivation, byName, scales } = this
    return componentStates(
      { derivation, latents: this.latents, layouts: byName, scales },
      params,
      this.posterior(params),
      (name) => rowWeights(derivation, this.numbers, name),
    )
  }

  /**
   * The rank is taken at a random point; where it falls short there, once more with the unbounded params as fitted: it is
   * the same at almost every point, and where the random one gives the data no probability to speak of, too low.
   */
  identifiedParameters(random: () => number, fitted: Float64Array): Identified | null {
    // Fisher's identity is one of exact posteriors
    if (this.q !== null) return null
    const theta = this.separated(random)
    const first = identifiedParameters(this, this.options.compile, random, theta)
    if (first === null || first.parameters === this.nominalParameters) return first
    for (const { support, offset, length } of this.params)
      if (support.kind === 'real') theta.set(fitted.subarray(offset, offset + length), offset)
    const second = identifiedParameters(this, this.options.compile, random, theta)
    const better = second !== null && second.parameters > first.parameters ? second : first
    if (better.parameters === this.nominalParameters) return better
    // a rank at any point is a lower bound: where the random scales are far from the data's, once beside the fitted ones
    for (const { support, offset, length } of this.params)
      if (support.kind === 'positive' || support.kind === 'nonnegative')
        for (let i = offset; i < offset + length; i++)
          if ((fitted[i] ?? 0) > 0) theta[i] = (fitted[i] ?? 0) * Math.exp(random() - 0.5)
    const third = identifiedParameters(this, this.options.compile, random, theta)
    return third !== null && third.parameters > better.parameters ? third : better
  }

  interior(random: () => number): Float64Array {
    return interiorPoint(this.derivation, this.params, this.scales, random)
  }

  /** An interior point at which components stand apart. */
  separated(random: () => number): Float64Array {
    return interiorPoint(
      this.derivation,
      this.params,
      this.scales,
      random,
      Math.max(2, ...this.latents.map((l) => l.values)),
    )
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
