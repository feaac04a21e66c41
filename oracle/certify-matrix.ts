/** A matrix of q against what brute force makes of the others: log q is E[log p] up to a constant, wherever it is looked at. */
import { at, range } from './arrays.js'
import type { Assignment } from './assignment.js'
import type { EngineFactorPosterior, EngineMoments } from './certified-engine.js'
import type { ProductPosterior } from './factorised.js'
import type { Factor } from './ground-types.js'
import { logDensityOf, matrixAtoms, someMatrix } from './matrix-posterior.js'
import { type Cell, cellName } from './stored.js'
import type { Trial } from './trial.js'

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
