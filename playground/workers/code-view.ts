/** Kernels as text; loaded when they are first looked at. */
import type { Derivation } from '../../compiler/derive.js'
import { printKernel } from '../../compiler/kernel/print.js'
import type { KernelOp } from '../../compiler/kernel/types.js'
import { emitJavaScript } from '../../compiler/targets/javascript/emit-javascript.js'
import type { CodeView } from './messages.js'

/** The kernels of a model, part by part, as they are or as JavaScript. */
export function codeView(derivation: Derivation, target: 'kernels' | 'javascript'): CodeView {
  const program = derivation.maxProduct ?? derivation.program
  const print = (ops: readonly KernelOp[]): string =>
    target === 'kernels' ? printKernel(ops, program.buffers) : emitJavaScript(ops, program.buffers).source
  const part = (title: string, ops: readonly KernelOp[]) => (ops.length === 0 ? [] : [{ title, text: print(ops) }])
  return {
    parts: [
      ...part('once for all rows', program.once),
      ...part('E-step: tables of the params', program.derived.param),
      ...program.passes.flatMap((pass) => [
        ...part(`E-step, pass ${pass.id}: posterior`, pass.posterior),
        ...part(`E-step, pass ${pass.id}: log-likelihood`, pass.objective),
        ...part(`E-step, pass ${pass.id}: statistics`, pass.statistics),
      ]),
      ...program.solves.flatMap((solve) => part(`M-step: ${solve.step.params.join(', ')}`, solve.prepare)),
      ...part('log prior', program.prior),
    ],
  }
}
