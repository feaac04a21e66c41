/** A matrix of q against what brute force makes of the others: log q is E[log p] up to a constant, wherever it is looked at. */
import { at, range } from './arrays.js'
import type { Assignment } from './assignment.js'
import type { EngineFactorPosterior, EngineMoments } from './certified-engine.js'
import { inverse } from './dense.js'
import { Arguments } from './densities/types.js'
import { mvNormal } from './densities/vectors.js'
import type { ProductPosterior } from './factorised.js'
import type { Factor } from './ground-types.js'
import { logDensityOf, matrixAtoms, someMatrix } from './matrix-posterior.js'
import { normal } from './random.js'
import { type Cell, cellName } from './stored.js'
import type { Trial } from './trial.js'
import { OracleError, type Value } from './types.js'

const POINTS = 12

/** Cells as the rows of q that they are part of: the elements of one matrix. */
export function matricesOf(cells: readonly Cell[], { own }: EngineFactorPosterior): readonly (readonly Cell[])[] {
  const groups = new Map<string, Cell[]>()
  for (const c of cells) {
    const key = c.indices.slice(0, c.indices.length - own).join()
    groups.set(key, [...(groups.get(key) ?? []), c])
  }
  return [...groups.values()]
}

/** What a check of a factor of q is about. */
export interface MatrixCheck {
  readonly q: ProductPosterior
  /** Of the factor of q. */
  readonly index: number
  /** The elements of the matrix, row by row, and all cells of the factor. */
  readonly matrix: readonly Cell[]
  readonly cells: readonly Cell[]
  readonly factors: readonly Factor[]
  readonly moments: ReadonlyMap<string, EngineMoments>
  readonly weight: (f: Factor, cell: Cell) => number
  readonly record: (found: number, what: string) => void
}

export function checkMatrix(t: Trial, a: Assignment, random: () => number, check: MatrixCheck): void {
  const { q, index, matrix, cells, factors } = check
  const [first] = matrix
  if (first === undefined) return
  const posterior = q.matrixAt(matrix)
  const own = factors.filter((f) => f.cells.some((c) => matrix.includes(c)))
  const expected = (elements: readonly number[]): number => {
    // other matrices of the factor are independent of this one, and stand at some value
    for (const c of cells) a.set(c, c.indices.at(-1) === c.indices.at(-2) ? 1 : 0)
    matrix.forEach((c, i) => {
      a.set(c, at(elements, i))
    })
    return own.reduce((s, f) => s + check.weight(f, first) * q.expected(f, index, a), 0)
  }
  const values = range(1, POINTS).map(() => {
    const value = someMatrix(posterior, random)
    return { log: expected(value.flat()), own: logDensityOf(posterior, value) }
  })
  for (const c of cells) a.clear(c)
  const where = `${cellName(first)}, ${t.text}`
  const base = values.map((v) => v.log - v.own)
  values.forEach((v, i) => {
    check.record(Math.abs(at(base, i) - at(base, 0)) / (1 + Math.abs(v.log)), `log density of ${where}`)
  })
  const atoms = matrixAtoms(posterior)
  const table = check.moments.get(first.name)
  // the mean of an inverse Wishart is not linear in what the points are exact for
  if (posterior.family !== 'Wishart' || table === undefined) return
  matrix.forEach((c, i) => {
    const mean = atoms.reduce((s, x) => s + x.probability * at(x.value.flat(), i), 0)
    const reported = at(Array.from(table.mean), q.row(c))
    check.record(Math.abs(reported - mean) / (1 + Math.abs(mean)), `mean of ${cellName(c)}, ${t.text}`)
  })
}

/** The same of a matrix together with the vector that has it for its spread. */
export function checkPair(
  t: Trial,
  a: Assignment,
  random: () => number,
  check: MatrixCheck & { readonly vector: readonly Cell[]; readonly variances: readonly number[] },
): void {
  const { q, index, matrix, vector, cells, factors } = check
  const [first] = matrix
  if (first === undefined) return
  const posterior = q.matrixAt(matrix)
  const given = q.vectorAt(vector, matrix)
  const own = factors.filter((f) => f.cells.some((c) => matrix.includes(c) || vector.includes(c)))
  const values = range(1, POINTS).map(() => {
    const value = someMatrix(posterior, random)
    const x = given.mean.map((m) => m + Math.sqrt(given.variance) * normal(random))
    // the other rows are independent of this one, and stand at some value
    for (const c of cells) a.set(c, c.indices.at(-1) === c.indices.at(-2) ? 1 : 0)
    matrix.forEach((c, i) => {
      a.set(c, at(value.flat(), i))
    })
    vector.forEach((c, i) => {
      a.set(c, at(x, i))
    })
    const log = own.reduce((s, f) => s + check.weight(f, first) * q.expected(f, index, a), 0)
    const spread = posterior.family === 'Wishart' ? inverse(value) : value
    if (spread === null) throw new OracleError('a singular matrix')
    const cov = spread.map((row) => row.map((v) => v * given.variance))
    const args = new Arguments(
      new Map<string, Value>([
        ['mean', given.mean],
        ['cov', cov],
      ]),
    )
    return { log, own: logDensityOf(posterior, value) + mvNormal.logDensity(x, args) }
  })
  for (const c of cells) a.clear(c)
  const where = `${cellName(first)} and ${vector.map(cellName).join(', ')}, ${t.text}`
  const base = values.map((v) => v.log - v.own)
  values.forEach((v, i) => {
    check.record(Math.abs(at(base, i) - at(base, 0)) / (1 + Math.abs(v.log)), `log density of ${where}`)
  })
  // variances of a Student's t, where it has them
  if (given.df <= 2) return
  vector.forEach((c, i) => {
    const variance = (at(given.scales, i * (vector.length + 1)) * given.df) / (given.df - 2)
    check.record(Math.abs(at(check.variances, i) - variance) / (1 + variance), `variance of ${cellName(c)}, ${t.text}`)
  })
}
