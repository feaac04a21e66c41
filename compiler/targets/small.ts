import { KernelError } from '../kernel/kernel-error.js'
import type { KernelOp } from '../kernel/types.js'
import { cholesky, inverseGeneral, inverseSpd, isSymmetric, logdetSpd, solveSpd } from '../numerics/index.js'

export type SmallKind = (KernelOp & { readonly op: 'small' })['kind']

type Numbers = Float64Array | Int32Array

/** One dense operation of an order at flat positions of its matrix, right-hand side (if any) and output. */
export type SmallOperation = (
  order: number,
  matrix: Numbers,
  matrixAt: number,
  right: Numbers | null,
  rightAt: number,
  out: Numbers,
  outAt: number,
) => void

function floats(numbers: Numbers | null): Float64Array {
  if (numbers instanceof Float64Array) return numbers
  throw new KernelError('a dense operation works on f64 buffers only')
}

/**
 * Dense operations by kind. The output is NaN when the matrix is not positive definite (for the inverse of one that is
 * not symmetric: when it is singular): the caller sees it in the numbers, nothing is repaired silently.
 */
export const smallOperations: Readonly<Record<SmallKind, SmallOperation>> = {
  inverse: (order, matrix, matrixAt, _right, _rightAt, out, outAt) => {
    if (isSymmetric(floats(matrix), matrixAt, order)) inverseSpd(floats(matrix), matrixAt, floats(out), outAt, order)
    else inverseGeneral(floats(matrix), matrixAt, floats(out), outAt, order)
  },
  logdet: (order, matrix, matrixAt, _right, _rightAt, out, outAt) => {
    floats(out)[outAt] = logdetSpd(floats(matrix), matrixAt, order)
  },
  cholesky: (order, matrix, matrixAt, _right, _rightAt, out, outAt) => {
    const target = floats(out)
    if (!cholesky(floats(matrix), matrixAt, target, outAt, order)) {
      target.fill(Number.NaN, outAt, outAt + order * order)
    }
  },
  solveSpd: (order, matrix, matrixAt, right, rightAt, out, outAt) => {
    solveSpd(floats(matrix), matrixAt, floats(right), rightAt, floats(out), outAt, order)
  },
}
