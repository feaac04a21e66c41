import { idx } from '../../algebra/build.js'
import type { MatrixRef } from '../../algebra/types.js'
import type { DensityContext, Tensor } from '../types.js'
import { sizeOf } from './arguments.js'

/** A square argument of rank 2 as the operand of an inverse or a log-determinant. */
export function matrixOfTensor(tensor: Tensor, context: DensityContext): MatrixRef {
  const row = context.index('i', sizeOf(tensor))
  const column = context.index('j', sizeOf(tensor))
  return { row, column, element: tensor.at([idx(row), idx(column)]) }
}
