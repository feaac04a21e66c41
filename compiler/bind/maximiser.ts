/** The M-step of a program over its memory: its blocks one after another, each by the solver of its kind. */
import type { FloorHit, Maximisation, ParamLayout } from '../../runtime/contract.js'
import type { NumericBlock, Solve } from '../lower/program.js'
import type { MStep } from '../mstep/types.js'
import { REGRESSION_RULES } from '../rules/mstep/regression.js'
import { solveBeta, solveDirichlet, solveGeneralisedGamma, solveMatrix } from '../targets/solve/closed-forms.js'
import { solveNormal } from '../targets/solve/normal.js'
import { solveStationary } from '../targets/solve/stationary.js'
import type { SolveContext } from '../targets/solve/types.js'
import type { KernelRunner } from './kernel-runner.js'
import { solveMedian } from './median-block.js'
import { isSeparated, type NewtonHost, solveNewton } from './newton-block.js'
import type { NewtonHosts } from './newton-host.js'

/** Regressions whose coefficients run to infinity where they tell two outcomes apart. */
const SEPARABLE: ReadonlySet<string> = new Set([
  REGRESSION_RULES.logistic.id,
  REGRESSION_RULES.multinomial.id,
  REGRESSION_RULES.probit.id,
])

/** Steps of regressions whose coefficients can run to infinity. */
export const separable = (steps: readonly MStep[]): readonly MStep[] =>
  steps.filter((s) => s.kind === 'stationary' || (s.kind === 'newton' && SEPARABLE.has(s.rule)))

/** Takes the place of the maximum of a block that goes over rows, where these are those of a batch. */
export type RowStep = (solve: Solve, block: NumericBlock, host: NewtonHost) => void

export class Maximiser {
  /** Floors of spreads per element of a param. */
  floors: ReadonlyMap<string, Float64Array> = new Map()

  constructor(
    private readonly kernels: KernelRunner,
    private readonly layouts: ReadonlyMap<string, ParamLayout>,
    /** Scales of latents whose limit at 0 is meant. */
    private readonly vanishing: readonly string[],
    private readonly newton: NewtonHosts,
    private readonly constant: (name: string) => number,
  ) {}

  /**
   * From the statistics that are in place. `given`: they were taken under the responsibilities of a start. `observe` is
   * called after each block, with the params as they then stand. With `rowStep` blocks that go over rows make one step, in
   * the first sweep.
   */
  maximise(
    params: Float64Array,
    given: boolean,
    observe?: (step: MStep, params: Float64Array) => void,
    rowStep?: RowStep,
  ): Maximisation {
    const { kernels } = this
    kernels.load(params, 'param')
    kernels.load(params, 'trial')
    const hits = new Map<string, FloorHit>()
    let condition = 1
    const context: SolveContext = {
      memory: kernels.memory.blocks,
      layouts: this.layouts,
      floorOf: (p) => this.floors.get(p) ?? null,
      onFloor: (param, index, floor) => hits.set(`${param} ${index.join(',')}`, { param, index, floor }),
      onSystem: (worst) => {
        condition = Math.max(condition, worst)
      },
    }
    const host = this.newton.host(given, context)
    const { solves, sweeps } = kernels.program
    const isRepeated = ({ step }: Solve): boolean => kernels.program.repeated.includes(step.id)
    const [from, to] = [solves.findIndex(isRepeated), solves.findLastIndex(isRepeated) + 1]
    const stepped = new Set<Solve>()
    const run = (list: readonly Solve[]): void => {
      for (const solve of list) {
        const block = rowStep === undefined ? undefined : kernels.program.numeric.find((n) => n.step === solve.step.id)
        if (rowStep === undefined || block === undefined || block.rows.length === 0) {
          kernels.run(solve.prepare)
          this.solve(solve, context, host)
        } else if (!stepped.has(solve)) {
          stepped.add(solve)
          rowStep(solve, block, host)
        }
        observe?.(solve.step, kernels.unload())
      }
    }
    run(solves.slice(0, Math.max(0, from)))
    const once = [...hits]
    let before = kernels.unload()
    for (let sweep = 0; sweep < (to === 0 ? 0 : sweeps); sweep++) {
      hits.clear()
      for (const [key, hit] of once) hits.set(key, hit)
      run(solves.slice(from, to))
      if (sweeps === 1) break
      const after = kernels.unload()
      const moved = after.reduce((m, x, i) => Math.max(m, Math.abs(x - (before[i] ?? 0)) / (1 + Math.abs(x))), 0)
      before = after
      if (moved < 1e-14) break
    }
    run(solves.slice(Math.max(0, to)))
    return { params: this.keepZeros(params, kernels.unload()), floored: [...hits.values()], condition }
  }

  private solve(solve: Solve, context: SolveContext, host: NewtonHost): void {
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
        solveStationary(step, solve, context, this.constant)
        break
      case 'median': {
        const block = this.kernels.program.numeric.find((n) => n.step === step.id)
        if (block !== undefined) solveMedian(block, host)
        break
      }
      case 'newton': {
        const block = this.kernels.program.numeric.find((n) => n.step === step.id)
        if (block !== undefined) solveNewton(block, step.roles, host)
      }
    }
  }

  /** Params of separable steps that do run to infinity, after the E-step at `params`. */
  runaway(steps: readonly MStep[], params: Float64Array, observations: number): readonly string[] {
    const { kernels } = this
    kernels.load(params, 'param')
    kernels.load(params, 'trial')
    const level = new Set<string>()
    const context: SolveContext = {
      memory: kernels.memory.blocks,
      layouts: this.layouts,
      floorOf: () => null,
      onFloor: () => {},
      onSystem: () => {},
      onLevel: (param) => level.add(param),
    }
    const host = this.newton.host(false, context)
    return steps.flatMap((s) => {
      if (s.kind === 'stationary') {
        const solve = kernels.program.solves.find((x) => x.step.id === s.id)
        if (solve === undefined) return []
        kernels.run(solve.prepare)
        solveStationary(s, solve, context, this.constant)
        return s.params.filter((p) => level.has(p) && this.layouts.get(p)?.support.kind === 'real')
      }
      const block = kernels.program.numeric.find((n) => n.step === s.id)
      return block !== undefined && isSeparated(block, [], host, observations) ? s.params : []
    })
  }

  /** A scale of latents that is 0 stays 0: all of them are at their means. */
  private keepZeros(before: Float64Array, after: Float64Array): Float64Array {
    for (const { name, offset, length } of this.layouts.values())
      if (this.vanishing.includes(name))
        for (let i = offset; i < offset + length; i++) if (before[i] === 0) after[i] = 0
    return after
  }
}
