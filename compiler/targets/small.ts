import { KernelError } from '../kernel/kernel-error.js'
import type { KernelOp } from '../kernel/types.js'
import { cholesky, inverseSpd, logdetSpd, solveSpd } from '../numerics/index.js'
import type { BufferView } from './memory.js'

export type SmallKind = (KernelOp & { readonly op: 'small' })['kind']

function floats(view: BufferView): Float64Array {
  if (view.array instanceof Float64Array) return view.array
  throw new KernelError('a dense operation works on f64 buffers only')
}

/**
 * One dense operation of the given order, at flat positions of its matrix, right-hand side and output. The output is
 * NaN when the matrix is not positive definite: the caller sees it in the numbers, nothing is repaired silently.
 */
export function runSmall(
  kind: SmallKind,
  order: number,
  matrix: BufferView,
  matrixAt: number,
  right: BufferView | null,
  rightAt: number,
  out: BufferView,
  outAt: number,
): void {
  const source = floats(matrix)
  const target = floats(out)
  switch (kind) {
    case 'inverse':
      inverseSpd(source, matrixAt, target, outAt, order)
      return
    case 'logdet':
      target[outAt] = logdetSpd(source, matrixAt, order)
      return
    case 'cholesky':
      if (!cholesky(source, matrixAt, target, outAt, order)) target.fill(Number.NaN, outAt, outAt + order * order)
      return
    case 'solveSpd':
      if (right === null) throw new KernelError('solveSpd needs a right-hand side')
      solveSpd(source, matrixAt, floats(right), rightAt, target, outAt, order)
  }
}
