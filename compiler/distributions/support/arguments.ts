import type { Expr } from '../../algebra/types.js'
import type { Tensor, TensorDim } from '../types.js'

/** The argument of that name; the type checker has made sure that it is there. */
export function argument(args: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const found = args.get(name)
  if (found === undefined) throw new Error(`a distribution lacks its argument '${name}'`)
  return found
}

/** An argument of rank 0, as an expression. */
export function scalar(args: ReadonlyMap<string, Tensor>, name: string): Expr {
  return argument(args, name).at([])
}

/** Component i of a vector; a number stands for the vector that has it everywhere. */
export function component(tensor: Tensor, i: Expr): Expr {
  return tensor.dims.length === 0 ? tensor.at([]) : tensor.at([i])
}

/** The number of elements along an axis, the first one if not said. */
export function sizeOf(tensor: Tensor, axis = 0): Expr {
  const dim: TensorDim | undefined = tensor.dims[axis]
  if (dim === undefined) throw new Error(`an argument of rank ${tensor.dims.length} has no axis ${axis}`)
  return dim.size
}
