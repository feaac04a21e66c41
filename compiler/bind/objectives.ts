/** Values of Q and of the log prior by the kernels of a program. */
import type { Pass } from '../lower/program.js'
import { f64 } from '../targets/solve/types.js'
import type { KernelRunner } from './kernel-runner.js'

/**
 * Q at `trial` minus Q at `params`, both under the posterior at `params`, in nats. The statistics are in place, and a
 * factorised q too.
 */
export function gainOf(
  kernels: KernelRunner,
  isFactorised: boolean,
  params: Float64Array,
  trial: Float64Array,
): number {
  const { program, memory } = kernels
  kernels.load(params, 'param')
  if (program.passes.some((p) => p.q.length > 0)) kernels.run(program.derived.param)
  const ready = new Set<Pass>()
  const at = (theta: Float64Array): number => {
    kernels.load(theta, 'trial')
    kernels.run(program.derived.trial)
    kernels.zero(['q:driver', 'q:rows'])
    kernels.run(program.qDriver)
    for (const pass of program.passes) {
      if (pass.q.length === 0) continue
      const posterior = isFactorised ? [] : pass.posterior
      if (kernels.inOneBlock(pass)) {
        // the posterior of all rows stays in scratch
        if (!ready.has(pass)) kernels.runPass(pass, kernels.part(pass, 'posterior', [posterior]))
        ready.add(pass)
        kernels.runPass(pass, pass.q)
      } else kernels.runPass(pass, kernels.part(pass, 'q', [posterior, pass.q]))
    }
    return (f64(memory.blocks, 'q:driver')[0] ?? 0) + (f64(memory.blocks, 'q:rows')[0] ?? 0)
  }
  const before = at(params)
  return at(trial) - before
}

/** In nats. */
export function logPriorOf(kernels: KernelRunner, params: Float64Array): number {
  const { program, memory } = kernels
  kernels.load(params, 'param')
  kernels.load(params, 'trial')
  kernels.run(program.derived.param)
  kernels.run(program.derived.trial)
  kernels.zero(['logprior'])
  kernels.run(program.prior)
  return f64(memory.blocks, 'logprior')[0] ?? 0
}
