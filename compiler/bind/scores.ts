/** Gradient of Q at the params of q by the lowered scores, every unit counted once. */

import type { KernelOp } from '../kernel/types.js'
import type { ScoreProgram } from '../lower/scores.js'
import type { CompileKernel } from '../targets/memory.js'
import type { ProgramModel } from './bound-model.js'
import { allocate } from './memory.js'

/** Compiles once; each call gives the score at other params, laid out as the model's params are. */
export function scoreRunner(
  model: ProgramModel,
  scores: ScoreProgram,
  compile: CompileKernel,
): (params: Float64Array) => Float64Array {
  const { program } = scores
  const memory = allocate(program, model.derivation.model.symbols, model.data, model.numbers).whole()
  const kernel = (ops: readonly KernelOp[]) => (ops.length > 0 ? compile(ops, program.buffers) : null)
  const kernels = [program.derived.param, program.passes.flatMap((p) => p.posterior), scores.scores].map(kernel)
  for (const [id, b] of memory.buffers) if (id.startsWith('unit weight ')) b.fill(1)
  return (params) => {
    for (const p of model.params) {
      for (const space of ['param', 'trial'])
        memory.buffers.get(`${space}:${p.name}`)?.set(params.subarray(p.offset, p.offset + p.length))
      memory.buffers.get(`score ${p.name}`)?.fill(0)
    }
    for (const k of kernels) k?.run(memory, null)
    const out = new Float64Array(model.length)
    for (const p of model.params) {
      const b = memory.buffers.get(`score ${p.name}`)
      if (b !== undefined) out.set(b.subarray(0, p.length), p.offset)
    }
    return out
  }
}
