/** What a numerical block of the M-step needs of a program over its memory. */
import type { ParamLayout } from '../../runtime/contract.js'
import type { KernelOp } from '../kernel/types.js'
import type { SolveContext } from '../targets/solve/types.js'
import type { KernelRunner } from './kernel-runner.js'
import type { NewtonHost } from './newton-block.js'

export class NewtonHosts {
  private readonly opKeys = new Map<readonly KernelOp[], number>()

  constructor(
    private readonly kernels: KernelRunner,
    private readonly layouts: ReadonlyMap<string, ParamLayout>,
    /** The posterior is a factorised q, which is there already. */
    private readonly isFactorised: boolean,
    /** The middle of the supports. */
    private readonly middle: () => Float64Array,
  ) {}

  /** Rows are visited under the posterior at the params, or under made-up weights where these are given. */
  host(given: boolean, context: SolveContext): NewtonHost {
    const { kernels } = this
    const ready = new Set<string>()
    return {
      layout: (name) => this.layout(name),
      floorOf: context.floorOf,
      onFloor: context.onFloor,
      middle: () => (given ? this.middle() : null),
      buffers: () => kernels.memory.blocks,
      run: (ops) => kernels.run(ops),
      deriveTrial: () => kernels.run(kernels.program.derived.trial),
      runRows: (id, lists) => {
        const pass = kernels.program.passes.find((p) => p.id === id)
        if (pass === undefined) throw new Error(`no pass ${id}`)
        const posterior = this.isFactorised ? [] : given ? pass.given : pass.posterior
        const key = `newton ${lists.map((ops) => this.opsKey(ops)).join(' ')}`
        if (kernels.inOneBlock(pass)) {
          // the posterior of all rows stays in scratch
          if (!ready.has(id)) kernels.runPass(pass, posterior)
          ready.add(id)
          kernels.runPass(pass, kernels.part(pass, key, lists))
        } else {
          const state = this.isFactorised ? 'factorised ' : given ? 'given ' : ''
          const behind = kernels.part(pass, `${state}${key}`, [posterior, ...lists])
          kernels.runPass(pass, behind)
        }
      },
    }
  }

  private opsKey(ops: readonly KernelOp[]): number {
    const known = this.opKeys.get(ops) ?? this.opKeys.size
    this.opKeys.set(ops, known)
    return known
  }

  private layout(name: string): ParamLayout {
    const l = this.layouts.get(name)
    if (l === undefined) throw new Error(`no param ${name}`)
    return l
  }
}
