/** The E-step of a program over its memory: expectations, and the posterior that they are taken under. */
import type { Beginning, Expectation, LatentLayout, ParamLayout } from '../../runtime/contract.js'
import type { KernelOp } from '../kernel/types.js'
import { givenBuffer } from '../lower/buffers.js'
import type { Pass } from '../lower/program.js'
import type { Memory } from '../targets/memory.js'
import { f64 } from '../targets/solve/types.js'
import type { RowWorkers } from '../targets/wasm/pool/row-workers.js'
import { conditioning } from './conditioning.js'
import { FactorisedExpectations } from './factorised-expectations.js'
import { FactorisedState } from './factorised-state.js'
import type { KernelRunner } from './kernel-runner.js'
import { atMostProbable } from './most-probable.js'
import { reported } from './posterior-means.js'
import { SufficientSums } from './sufficient-sums.js'

export class Expectations {
  private readonly sums: SufficientSums
  private onceDone = false
  /** Where q is factorised. */
  private readonly q: FactorisedExpectations | null

  constructor(
    private readonly kernels: KernelRunner,
    private readonly params: readonly ParamLayout[],
    latents: readonly LatentLayout[],
    /** Scale of the objective that stands for the digits that counts lose. */
    private readonly rounding: number,
    inside: (params: Float64Array) => Float64Array,
    /** Workers of the engine that runs passes. */
    private readonly workers: RowWorkers | null = null,
  ) {
    const { program, memory } = kernels
    this.sums = new SufficientSums(program, memory)
    this.q =
      program.factorised === null
        ? null
        : new FactorisedExpectations(
            new FactorisedState(program, program.factorised, memory, kernels),
            latents,
            params.some((p) => p.length > 0),
            (theta, begin) =>
              this.expectation(theta, (p) => kernels.part(p, 'bound', [p.objective, p.statistics]), begin),
            { inside, atLabels: (run) => this.atLabels(latents, run) },
          )
  }

  /** true where the posterior is a factorised q, which lies in memory and is not computed by the passes. */
  get isFactorised(): boolean {
    return this.q !== null
  }

  eStep(params: Float64Array, from?: Beginning): Expectation {
    if (this.q !== null) return this.q.sweeps(params, from)
    if (this.isLinear(params, 'evaluation')) return this.taken(params)
    return this.expectation(params, (p) => this.eOps(p))
  }

  /**
   * The same, the rows of the last pass by workers where `others` are under way: these go on meanwhile. Else the calling
   * thread shares them as those of every other pass, where it may wait. Until workers are there it does them all, and what
   * it takes starts them.
   */
  async eStepLater(params: Float64Array, from?: Beginning, others = false): Promise<Expectation> {
    const { workers } = this
    const { passes, linear } = this.kernels.program
    const last = passes.at(-1)
    if (workers?.pool.isReady !== true || this.q !== null || last === undefined) return this.eStep(params, from)
    if (!others && workers.isAtHand) return this.eStep(params, from)
    const linearOps = (pass: Pass): readonly KernelOp[] => linear?.passes.get(pass.id)?.evaluation ?? this.eOps(pass)
    // what is done in plain numbers is thrown away where these are too far apart
    const isUnsafe = (pass: Pass): boolean =>
      linear?.passes.has(pass.id) === true && f64(this.kernels.memory.blocks, linear.unsafe)[0] !== 0
    const inPlain = linear === null ? null : await this.byWorkers(params, linearOps, isUnsafe)
    const made =
      inPlain ??
      (await this.byWorkers(
        params,
        (pass) => this.eOps(pass),
        () => false,
      ))
    return made ?? this.eStep(params)
  }

  /**
   * Passes before the last one leave in memory what later ones read, so the last one alone is for workers. null: what a
   * pass has added up is not to be used.
   */
  private async byWorkers(
    params: Float64Array,
    opsOf: (pass: Pass) => readonly KernelOp[],
    isUnsafe: (pass: Pass) => boolean,
  ): Promise<Expectation | null> {
    const { kernels } = this
    const { passes, derived } = kernels.program
    const last = passes.at(-1)
    this.prepare(params)
    for (const pass of passes.slice(0, -1)) {
      kernels.runPass(pass, opsOf(pass))
      if (isUnsafe(pass)) return null
    }
    if (last === undefined) return this.taken(params)
    const later = kernels.passLater(last, opsOf(last))
    if (later === null) kernels.sumPass(last, opsOf(last))
    else {
      const before = this.sums.take()
      const end = await later
      // other runs have come in between
      if (end.readsTables) {
        kernels.load(params, 'param')
        kernels.run(derived.param)
      }
      this.sums.putBack(before)
      end.run()
    }
    return isUnsafe(last) ? null : this.taken(params)
  }

  private eOps(pass: Pass): readonly KernelOp[] {
    return this.kernels.part(pass, 'e', [pass.posterior, pass.objective, pass.statistics])
  }

  /** Expectations under the responsibilities of a start, by latent. */
  eStepFrom(given: ReadonlyMap<string, Float64Array>, params: Float64Array): Expectation {
    const { q } = this
    const run = (): Expectation =>
      this.expectation(
        params,
        (p) => this.kernels.part(p, 'given', [q === null ? p.given : [], p.statistics]),
        q === null ? undefined : () => q.state.beginGiven(),
      )
    const made = { ...this.withGiven(given, run), logLikelihood: Number.NaN, given }
    q?.made(params, made)
    return made
  }

  /** Runs with all of the mass of each discrete latent at its most probable value under the factorised q in memory. */
  private atLabels<T>(latents: readonly LatentLayout[], run: () => T): T {
    const { program, memory } = this.kernels
    this.kernels.run(program.marginals)
    const posterior = reported(program.latents, 'discrete', memory.blocks)
    return this.withGiven(atMostProbable(latents, posterior), run)
  }

  /** Runs with the responsibilities of a start, by latent, in place. */
  withGiven<T>(given: ReadonlyMap<string, Float64Array>, run: () => T): T {
    const byBuffer = new Map([...given].map(([name, values]) => [givenBuffer(name), values]))
    return this.kernels.memory.withGiven((id) => byBuffer.get(id), run)
  }

  /** `begin` runs before the passes, at the params. */
  private expectation(params: Float64Array, ops: (p: Pass) => readonly KernelOp[], begin?: () => void): Expectation {
    const { program } = this.kernels
    this.prepare(params)
    begin?.()
    for (const pass of program.passes) this.addUp(pass, ops(pass))
    return this.taken(params)
  }

  /** A factorised q stays in memory; else a pass leaves nothing behind that is read but what it has added up. */
  private addUp(pass: Pass, ops: readonly KernelOp[]): void {
    if (this.q === null) this.kernels.sumPass(pass, ops)
    else this.kernels.runPass(pass, ops)
  }

  /** What the passes have added up. */
  private taken(params: Float64Array): Expectation {
    const { memory } = this.kernels
    return {
      logLikelihood: f64(memory.blocks, 'loglik')[0] ?? 0,
      scale: (f64(memory.blocks, 'scale')[0] ?? 0) * conditioning(this.params, params) + this.rounding,
      statistics: this.sums.take(),
    }
  }

  /**
   * Runs the passes with their chains in plain numbers. false: there are none, or numbers are too far apart for it, and
   * what the passes have added up is not to be used.
   */
  private isLinear(params: Float64Array, what: 'evaluation' | 'objective'): boolean {
    const { program, memory } = this.kernels
    const { linear } = program
    if (linear === null) return false
    this.prepare(params)
    const key = what === 'evaluation' ? 'e' : 'objective'
    for (const pass of program.passes) {
      const statistics = what === 'evaluation' ? pass.statistics : []
      const ops = linear.passes.get(pass.id)?.[what]
      this.addUp(pass, ops ?? this.kernels.part(pass, key, [pass.posterior, pass.objective, statistics]))
      if (ops !== undefined && f64(memory.blocks, linear.unsafe)[0] !== 0) return false
    }
    return true
  }

  /** Sums that no param changes are taken anew: the rows are other ones. */
  forgetData(): void {
    this.onceDone = false
  }

  /** Params in place, sums empty. */
  private prepare(params: Float64Array): void {
    const { program } = this.kernels
    this.kernels.load(params, 'param')
    const once = new Set(program.once.flatMap((op) => ('out' in op ? [op.out] : [])))
    this.kernels.zero(this.sums.ids.filter((id) => !this.onceDone || !once.has(id)))
    if (!this.onceDone) {
      this.kernels.runSums(program.once, { once: true })
      this.onceDone = true
    }
    this.kernels.run(program.derived.param)
  }

  /** The objective without priors, and what it is relative to; no statistics are taken. */
  objective(params: Float64Array): { readonly logLikelihood: number; readonly scale: number } {
    const { program, memory } = this.kernels
    if (!this.isLinear(params, 'objective')) {
      this.prepare(params)
      for (const pass of program.passes)
        this.addUp(pass, this.kernels.part(pass, 'objective', [pass.posterior, pass.objective]))
    }
    const [logLikelihood = 0] = f64(memory.blocks, 'loglik')
    return { logLikelihood, scale: f64(memory.blocks, 'scale')[0] ?? 0 }
  }

  /** Statistics, and a factorised q, as they were made for an expectation. */
  restore(e: Expectation): void {
    this.sums.putBack(e.statistics)
    this.q?.hold(e)
  }

  remember(params: Float64Array, expectation: Expectation): void {
    this.q?.remember(params, expectation)
  }

  /** true where these are params whose factorised q is kept. */
  isFitted(params: Float64Array): boolean {
    return this.q?.isFitted(params) ?? false
  }

  /** The numbers of a factorised q at params, for reports; null where q is the posterior. */
  factorised(params: Float64Array): Float64Array | null {
    if (this.q === null) return null
    this.calibrate(params)
    return this.q.state.take()
  }

  /** Posterior buffers of all rows at once. */
  calibrate(params: Float64Array): Memory {
    const { program, memory } = this.kernels
    if (memory.windows !== null) throw new Error('the rows do not lie in memory')
    if (this.q !== null) {
      this.q.settle(params)
      this.kernels.run(program.marginals)
      return memory.blocks
    }
    this.kernels.load(params, 'param')
    this.kernels.run(program.derived.param, memory.whole())
    return this.whole()
  }

  /** Posterior buffers of some rows after the others, where they do not lie in memory: of rows from `from` on. */
  eachCalibrated(params: Float64Array, visit: (memory: Memory, rows: number, from: number) => void): void {
    const { program, memory } = this.kernels
    this.kernels.load(params, 'param')
    this.kernels.run(program.derived.param)
    memory.windows?.eachSmall((rows, from) => visit(this.whole(), rows, from))
  }

  private whole(): Memory {
    const { program, memory } = this.kernels
    const whole = memory.whole()
    const { linear } = program
    for (const pass of program.passes) {
      const plain = linear?.passes.get(pass.id)?.posterior ?? null
      if (plain !== null) this.kernels.runWhole(plain)
      if (plain === null || linear === null || f64(whole, linear.unsafe)[0] !== 0) this.kernels.runWhole(pass.posterior)
    }
    this.kernels.runWhole(program.marginals)
    return whole
  }
}
