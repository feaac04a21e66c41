/** Wishart and inverse Wishart posteriors by brute force: their densities, draws, and points that are exact for log densities. */
import { at, range, sum } from './arrays.js'
import { cholesky, inverse, type Matrix, product } from './dense.js'
import { Arguments } from './densities/types.js'
import { inverseWishart, wishart } from './densities/vectors.js'
import { normal } from './random.js'
import { digamma } from './special-functions.js'
import { OracleError, type Value } from './types.js'

export interface MatrixPosterior {
  readonly family: 'Wishart' | 'InverseWishart'
  readonly df: number
  readonly scale: Matrix
}

export interface MatrixAtom {
  readonly value: Matrix
  readonly probability: number
}

export const isMatrixFamily = (family: string | null): family is MatrixPosterior['family'] =>
  family === 'Wishart' || family === 'InverseWishart'

/** Elements row by row as a matrix. */
export function squareOf(elements: readonly number[]): Matrix {
  const order = Math.sqrt(elements.length)
  if (!Number.isInteger(order)) throw new OracleError('the elements of a matrix are not all read')
  return range(0, order - 1).map((i) => elements.slice(i * order, (i + 1) * order))
}

export function logDensityOf({ family, df, scale }: MatrixPosterior, value: Matrix): number {
  const args = new Arguments(
    new Map<string, Value>([
      ['df', df],
      ['scale', scale],
    ]),
  )
  return (family === 'Wishart' ? wishart : inverseWishart).logDensity(value, args)
}

/** L A, with scale = L Lᵀ (of an inverse Wishart its inverse) and A lower triangular: W = (L A)(L A)ᵀ. */
function fromBartlett(q: MatrixPosterior, a: Matrix): Matrix {
  const scale = q.family === 'Wishart' ? q.scale : inverse(q.scale)
  const lower = scale === null ? null : cholesky(scale)
  if (lower === null) throw new OracleError(`the scale of a ${q.family} posterior is not positive definite`)
  const root = product(lower, a)
  const w = root.map((x) => root.map((y) => sum(x.map((v, i) => v * at(y, i)))))
  const value = q.family === 'Wishart' ? w : inverse(w)
  if (value === null) throw new OracleError('a singular matrix')
  return value
}

/**
 * Points at which the expectation of every function that is linear in W and in log |W| is exact, W the matrix, or its inverse
 * where the posterior is inverse Wishart: W = L A Aᵀ Lᵀ, the squares on the diagonal of A χ², what is below it normal
 * (Bartlett 1933). A χ² has two points c e^±s, with its mean and that of its logarithm; a normal has ±1.
 */
export function matrixAtoms(q: MatrixPosterior): readonly MatrixAtom[] {
  const order = q.scale.length
  let roots: readonly Matrix[] = [range(1, order).map(() => range(1, order).map(() => 0))]
  const split = (i: number, j: number, points: readonly number[]): void => {
    roots = roots.flatMap((a) =>
      points.map((x) => a.map((row, r) => row.map((old, c) => (r === i && c === j ? x : old)))),
    )
  }
  for (const i of range(0, order - 1)) {
    const df = q.df - i
    const centre = Math.exp(digamma(df / 2) + Math.LN2)
    const s = Math.acosh(Math.max(1, df / centre))
    split(i, i, [Math.sqrt(centre * Math.exp(s)), Math.sqrt(centre * Math.exp(-s))])
    for (const j of range(0, i - 1)) split(i, j, [1, -1])
  }
  return roots.map((a) => ({ value: fromBartlett(q, a), probability: 1 / roots.length }))
}

/** A matrix somewhere in the bulk of the posterior. */
export function someMatrix(q: MatrixPosterior, random: () => number): Matrix {
  const order = q.scale.length
  const a = range(0, order - 1).map((i) =>
    range(0, order - 1).map((j) => (i === j ? Math.sqrt((q.df - i) * (0.5 + random())) : i > j ? normal(random) : 0)),
  )
  return fromBartlett(q, a)
}
