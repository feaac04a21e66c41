/** What the densities of Wishart and of inverse Wishart matrices have in common. */
import { add, call, div, idx, log, mul, neg, num, ONE, PI, sub, sum } from '../algebra/build.js'
import type { Expr, IndexVar, MatrixRef } from '../algebra/types.js'
import type { Axes } from './types.js'

/** The two coordinates of a matrix. */
export function matrixAxes([row, column]: Axes): readonly [IndexVar, IndexVar] {
  if (row === undefined || column === undefined) throw new Error('a matrix has two coordinates')
  return [row, column]
}

/** Number of rows, D. */
export const orderOf = (axes: Axes): Expr => matrixAxes(axes)[0].to

/** (df + 1 − d)/2 for d = 1, …, D: half the degrees of freedom of the diagonal of a Bartlett factor. */
const half = (df: Expr, d: IndexVar): Expr => div(sub(add(df, ONE), idx(d)), num(2))

/** E log |W| of a Wishart matrix with scale the identity: Σ_d ψ((df + 1 − d)/2) + D log 2 (Bishop 2006, eq. B.81). */
export function expectedLogdet(df: Expr, axes: Axes): Expr {
  const [d] = matrixAxes(axes)
  return add(sum(d, call('digamma', half(df, d))), mul(orderOf(axes), log(num(2))))
}

/** log of ∫ |W|^((df − D − 1)/2) exp(−½ tr W) dW = df D/2 log 2 + log Γ_D(df/2) (Bishop 2006, eq. B.79). */
export function logNormaliser(df: Expr, axes: Axes): Expr {
  const [d] = matrixAxes(axes)
  const order = orderOf(axes)
  return add(
    mul(num(1, 2), df, order, log(num(2))),
    mul(num(1, 4), order, sub(order, ONE), log(PI)),
    sum(d, call('lgamma', half(df, d))),
  )
}

/** The coordinates of an element that number its point. */
export const pointOf = (at: readonly Expr[]): readonly Expr[] => at.slice(0, -2)

/** The row and the column of an element. */
export function elementOf(at: readonly Expr[]): readonly [Expr, Expr] {
  const [i, j] = at.slice(-2)
  if (i === undefined || j === undefined) throw new Error('an element of a matrix has two coordinates')
  return [i, j]
}

/** A point as a matrix, from its elements. */
export function matrixOf(element: (at: readonly Expr[]) => Expr, points: readonly Expr[], axes: Axes): MatrixRef {
  const [row, column] = matrixAxes(axes)
  return { row, column, element: element([...points, idx(row), idx(column)]) }
}

/** −½ Σ_ij of products of elements of two matrices: −½ tr(A B), both symmetric. */
export function minusHalfTrace(a: (i: Expr, j: Expr) => Expr, b: (i: Expr, j: Expr) => Expr, axes: Axes): Expr {
  // the matrices have the axes for variables of their own
  const [row, column] = matrixAxes(axes)
  const [i, j] = [
    { ...row, id: `${row.id} of trace` },
    { ...column, id: `${column.id} of trace` },
  ]
  return neg(mul(num(1, 2), sum(i, sum(j, mul(a(idx(i), idx(j)), b(idx(i), idx(j)))))))
}
