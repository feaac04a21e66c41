/**
 * Expectations of the grounded model's log density under a product q, by brute force: discrete cells by their
 * probabilities, Gaussian ones by points that are exact for what a density is in them, others by quadrature.
 */
import { at, range } from './arrays.js'
import type { Assignment } from './assignment.js'
import type { CertifiedEngine, EngineFactorPosterior } from './certified-engine.js'
import { inverse } from './dense.js'
import { cubature, denseNodes } from './gaussian.js'
import type { Factor, Ground } from './ground-types.js'
import { rowOf } from './latent-rows.js'
import { isMatrixFamily, type MatrixPosterior, matrixAtoms, squareOf } from './matrix-posterior.js'
import { spaceIntegral } from './space-integral.js'
import { logSumExp } from './special-functions.js'
import type { Cell } from './stored.js'
import { OracleError, type Values } from './types.js'

/** Values of some cells together, with their probability. */
interface Atom {
  readonly values: readonly number[]
  readonly probability: number
}

/** Cells that q takes together, independent of the others. */
interface Part {
  readonly cells: readonly Cell[]
  readonly atoms: readonly Atom[]
}

/** A Normal vector given the matrix that its spread is a power of. */
export interface ScaledVector {
  readonly mean: readonly number[]
  /** Of every element where the matrix is the identity. */
  readonly variance: number
  /** With the matrix integrated out: a Student's t with this df, and this matrix, row by row, for its scale. */
  readonly df: number
  readonly scales: readonly number[]
}

/** q of one engine at some params. */
export class ProductPosterior {
  private readonly parts = new Map<string, Part>()
  private readonly factorOf: ReadonlyMap<string, number>
  private readonly tables: ReadonlyMap<string, Float64Array>
  private readonly continuous: ReadonlyMap<string, EngineFactorPosterior>

  constructor(
    readonly ground: Ground,
    private readonly engine: CertifiedEngine,
    private readonly params: Values,
    at: Float64Array,
  ) {
    const factors = engine.factors ?? []
    this.factorOf = new Map(factors.flatMap((names, i) => names.map((n) => [n, i] as const)))
    this.tables = engine.posterior(at)
    this.continuous = engine.factorPosteriors?.(at) ?? new Map()
  }

  /** The factor of q that holds a cell. */
  holder(cell: Cell): number {
    const found = this.factorOf.get(cell.name)
    if (found === undefined) throw new OracleError(`no factor of q holds ${cell.name}`)
    return found
  }

  /**
   * E of a factor's log density over all cells but those of `own`, which are read from the assignment.
   *
   * @throws OracleError where two cells of one factor of q are read that it takes together
   */
  expected(f: Factor, own: number | null, a: Assignment, params: Values = this.params): number {
    const open = this.opened(f, own, a, params)
    const parts = this.partsOf(open)
    let total = 0
    const visit = (i: number, probability: number): void => {
      const part = parts[i]
      if (part === undefined) {
        const value = f.logDensity(params, a.lookup)
        // 0 · log 0
        if (!(value === Number.NEGATIVE_INFINITY && probability < 1e-15)) total += probability * value
        return
      }
      for (const atom of part.atoms) {
        part.cells.forEach((c, j) => {
          a.set(c, at(atom.values, j))
        })
        visit(i + 1, probability * atom.probability)
      }
      for (const c of part.cells) a.clear(c)
    }
    visit(0, 1)
    return total
  }

  /** The cells that are integrated: of those that a selection passes over there is nothing to integrate. */
  private opened(f: Factor, own: number | null, a: Assignment, params: Values): readonly Cell[] {
    const open = f.cells.filter((c) => this.holder(c) !== own)
    // which cells are read depends on discrete ones
    if (open.length < 2 || !open.every((c) => this.continuous.has(c.name))) return open
    const read = new Set<Cell>()
    for (const c of open) a.set(c, 0.5)
    f.logDensity(params, (c) => {
      read.add(c)
      return a.get(c)
    })
    for (const c of open) a.clear(c)
    return open.filter((c) => read.has(c))
  }

  private partsOf(cells: readonly Cell[]): readonly Part[] {
    const groups = new Map<string, Cell[]>()
    for (const c of cells) {
      // a Normal cell with the one that its spread is a power of
      const scale = this.scaleOf(c)
      const key = this.rowKey(scale ?? c)
      groups.set(key, [...(groups.get(key) ?? []), c])
    }
    const seen = new Map<number, string>()
    for (const [key, own] of groups) {
      const [first] = own
      if (first === undefined) continue
      const holder = this.holder(first)
      const independent = own.every((c) => this.continuous.get(c.name)?.independentRows ?? false)
      if (seen.has(holder) && !independent)
        throw new OracleError('a statement reads two cells that one factor of q takes together')
      seen.set(holder, key)
    }
    return [...groups].map(([key, own]) => {
      const name = `${key} ${own.map((c) => c.id).join()}`
      const known = this.parts.get(name)
      if (known !== undefined) return known
      const part = this.part(own)
      this.parts.set(name, part)
      return part
    })
  }

  /** Name of the row of q that a cell belongs to: vectors are rows of several cells. */
  private rowKey(c: Cell): string {
    const posterior = this.continuous.get(c.name)
    return posterior === undefined
      ? `${c.name} ${c.indices.join()}`
      : `${c.name} ${c.indices.slice(0, c.indices.length - posterior.own).join()}`
  }

  /** The cell that the spread of a Normal one is a power of, the first one of a matrix; null where it is one of its own. */
  scaleOf(c: Cell): Cell | null {
    return this.spreadOf(c)[0] ?? null
  }

  /** The cells of the number or matrix that the spread of a Normal cell is a power of; none where it is one of its own. */
  spreadOf(c: Cell): readonly Cell[] {
    const name = this.continuous.get(c.name)?.spread
    const own = name === undefined ? undefined : this.continuous.get(name)?.own
    if (name === undefined || own === undefined) return []
    return this.ground.world.cells.filter(
      (x) => x.name === name && x.indices.slice(0, x.indices.length - own).every((i, n) => i === c.indices[n]),
    )
  }

  private latent(c: Cell) {
    const latent = this.engine.latents.find((l) => l.name === c.name)
    if (latent === undefined) throw new OracleError(`the engine has no latent ${c.name}`)
    return latent
  }

  row(c: Cell): number {
    const row = rowOf(this.latent(c), c)
    if (row === null) throw new OracleError(`the engine has no row for ${c.name}`)
    return row
  }

  private part(cells: readonly Cell[]): Part {
    const [first] = cells
    if (first === undefined) throw new OracleError('a part without cells')
    const posterior = this.continuous.get(first.name)
    if (posterior === undefined) {
      const { low, values } = this.latent(first)
      const table = this.tables.get(first.name)
      if (table === undefined) throw new OracleError(`${first.name} has no probabilities`)
      const row = this.row(first)
      return {
        cells,
        atoms: range(0, values - 1).map((v) => ({ values: [low + v], probability: at(table, row * values + v) })),
      }
    }
    const scale = cells.map((c) => this.scaleOf(c)).find((c) => c !== null) ?? null
    if (scale !== null) {
      const spread = cells.map((c) => this.spreadOf(c)).find((c) => c.length > 0) ?? []
      const isMatrix = isMatrixFamily(this.continuous.get(scale.name)?.family ?? null)
      return { cells, atoms: isMatrix ? this.matrixScaledAtoms(cells, spread) : this.scaledAtoms(cells, scale) }
    }
    const rows = cells.map((c) => this.row(c))
    const { family } = posterior
    if (family === 'Normal' || family === 'MvNormal') {
      const { size, covariance, variance } = posterior
      const g = {
        mean: rows.map((r) => at(posterior.mean, r)),
        covariance: rows.map((r, i) =>
          rows.map((s, j) =>
            covariance === null || size === 1 ? (i === j ? at(variance, r) : 0) : at(covariance, r * size + (s % size)),
          ),
        ),
      }
      const nodes = cells.length <= 1 ? denseNodes(g) : cubature(g)
      return { cells, atoms: nodes.map((n) => ({ values: n.at, probability: Math.exp(n.log) })) }
    }
    if (isMatrixFamily(family)) {
      const atoms = matrixAtoms(this.matrixAt(cells))
      return { cells, atoms: atoms.map((m) => ({ values: m.value.flat(), probability: m.probability })) }
    }
    const parameter = (name: string, r: number): number => {
      const values = posterior.parameters.get(name)
      if (values === undefined) throw new OracleError(`${family ?? 'a mixture'} without ${name}`)
      return at(values, r)
    }
    return { cells, atoms: conjugateAtoms(family, parameter, rows, cells.length) }
  }

  /** The posterior of the matrix whose elements, row by row, these are. */
  matrixAt(cells: readonly Cell[]): MatrixPosterior {
    const [first] = cells
    const posterior = first === undefined ? undefined : this.continuous.get(first.name)
    if (first === undefined || posterior === undefined || !isMatrixFamily(posterior.family))
      throw new OracleError('no posterior of a matrix')
    const parameter = (name: string, r: number): number => at(posterior.parameters.get(name) ?? [], r)
    return {
      family: posterior.family,
      // one number for each matrix
      df: parameter('df', Math.floor(this.row(first) / cells.length)),
      scale: squareOf(cells.map((c) => parameter('scale', this.row(c)))),
    }
  }

  /** Mean and variance of a Normal cell at the value 1 of the one that its spread is a power of. */
  unitVariance(
    normal: Cell,
    scale: Cell,
  ): { readonly mean: number; readonly variance: number; readonly power: 1 | -1 } {
    const own = this.continuous.get(scale.name)
    const posterior = this.continuous.get(normal.name)
    const number = (of: EngineFactorPosterior | undefined, name: string, r: number): number => {
      const values = of?.parameters.get(name)
      if (values === undefined) throw new OracleError(`${of?.family ?? 'a mixture'} without ${name}`)
      return at(values, r)
    }
    const power = own?.family === 'Gamma' ? 1 : -1
    const shape = number(own, 'shape', this.row(scale))
    const other = number(own, power === 1 ? 'rate' : 'scale', this.row(scale))
    const row = this.row(normal)
    // with the other integrated out the Normal is a Student's t
    const variance = (number(posterior, 'scale', row) ** 2 * shape) / other
    return { mean: number(posterior, 'location', row), variance, power }
  }

  /** A vector given the matrix that its spread is a power of: Normal(mean, P⁻¹ variance), P the matrix or its inverse. */
  vectorAt(vector: readonly Cell[], matrix: readonly Cell[]): ScaledVector {
    const [first] = vector
    const posterior = first === undefined ? undefined : this.continuous.get(first.name)
    const number = (name: string, r: number): number => at(posterior?.parameters.get(name) ?? [], r)
    const q = this.matrixAt(matrix)
    const scale = q.family === 'Wishart' ? inverse(q.scale) : q.scale
    if (first === undefined || scale === null) throw new OracleError('a vector without a spread')
    const row = Math.floor(this.row(first) / vector.length)
    // with the matrix integrated out the vector is a multivariate Student's t
    const [own, whole] = [number('scale', row * vector.length ** 2), at(at(scale, 0), 0)]
    return {
      df: number('df', row),
      mean: vector.map((c) => number('location', this.row(c))),
      variance: (own * number('df', row)) / whole,
      scales: range(0, vector.length ** 2 - 1).map((i) => number('scale', row * vector.length ** 2 + i)),
    }
  }

  /** Nodes over a matrix, and at each over the vector that has it for its spread. */
  private matrixScaledAtoms(cells: readonly Cell[], matrix: readonly Cell[]): readonly Atom[] {
    const vector = cells.filter((c) => !matrix.includes(c))
    const q = this.matrixAt(matrix)
    if (vector.length !== q.scale.length)
      throw new OracleError('several Normal vectors that share a spread are not integrated under a product q')
    const { mean, variance } = this.vectorAt(vector, matrix)
    return matrixAtoms(q).flatMap(({ value, probability }) => {
      const spread = q.family === 'Wishart' ? inverse(value) : value
      if (spread === null) throw new OracleError('a singular matrix')
      const covariance = spread.map((row) => row.map((v) => v * variance))
      // log densities are quadratic in the vector
      return cubature({ mean, covariance }).map((m) => ({
        values: cells.map((c) =>
          matrix.includes(c) ? at(value.flat(), matrix.indexOf(c)) : at(m.at, vector.indexOf(c)),
        ),
        probability: probability * Math.exp(m.log),
      }))
    })
  }

  /** A Normal cell whose variance is a number times a power of another one: nodes over both. */
  private scaledAtoms(cells: readonly Cell[], scale: Cell): readonly Atom[] {
    const [normal, second] = cells.filter((c) => c !== scale)
    const own = this.continuous.get(scale.name)
    if (normal === undefined || second !== undefined || own === undefined)
      throw new OracleError('several Normal cells that share a spread are not integrated under a product q')
    const { variance: unit, mean, power } = this.unitVariance(normal, scale)
    const number = (name: string, r: number): number => at(own.parameters.get(name) ?? [], r)
    return conjugateAtoms(own.family, number, [this.row(scale)], 1).flatMap((s) => {
      const u = at(s.values, 0)
      const variance = unit * u ** -power
      // log densities are quadratic in the Normal cell
      return cubature({ mean: [mean], covariance: [[variance]] }).map((m) => ({
        values: cells.map((c) => (c === scale ? u : at(m.at, 0))),
        probability: s.probability * Math.exp(m.log),
      }))
    })
  }
}

/** Nodes of less probability count for nothing: what they are multiplied by grows as a logarithm. */
const NEGLIGIBLE = 1e-16

/** log density of a conjugate family in s = log u or logit u, Jacobian included, up to a constant. */
function conjugateAtoms(
  family: string | null,
  parameter: (name: string, row: number) => number,
  rows: readonly number[],
  width: number,
): readonly Atom[] {
  const row = at(rows, 0)
  const fromLogit = (s: number): readonly [number, number] => {
    const small = Math.exp(-Math.abs(s)) / (1 + Math.exp(-Math.abs(s)))
    return s < 0 ? [small, 1 - small] : [1 - small, small]
  }
  const logits = (s: number): readonly [number, number] => [-softplus(-s), -softplus(s)]
  const along = (f: (s: number) => number, values: (s: number) => readonly number[]): readonly Atom[] => {
    const { nodes } = spaceIntegral(([s = 0]) => f(s), 1)
    const whole = logSumExp(nodes.map((n) => n.log))
    return nodes
      .map((n) => ({ values: values(at(n.at, 0)), probability: Math.exp(n.log - whole) }))
      .filter((n) => n.probability > NEGLIGIBLE)
  }
  switch (family) {
    case 'Gamma': {
      const [shape, rate] = [parameter('shape', row), parameter('rate', row)]
      return along(
        (s) => shape * s - rate * Math.exp(s),
        (s) => [Math.exp(s)],
      )
    }
    case 'InverseGamma': {
      const [shape, scale] = [parameter('shape', row), parameter('scale', row)]
      return along(
        (s) => -shape * s - scale * Math.exp(-s),
        (s) => [Math.exp(s)],
      )
    }
    case 'Beta': {
      const [a, b] = [parameter('a', row), parameter('b', row)]
      return along(
        (s) => a * logits(s)[0] + b * logits(s)[1],
        (s) => [fromLogit(s)[0]],
      )
    }
    case 'Dirichlet': {
      if (width !== 2)
        throw new OracleError('a Dirichlet of more than two elements is not integrated under a product q')
      const [a, b] = rows.map((r) => parameter('alpha', r))
      return along((s) => (a ?? 1) * logits(s)[0] + (b ?? 1) * logits(s)[1], fromLogit)
    }
    default:
      throw new OracleError(`${family ?? 'a mixture'} is not integrated under a product q`)
  }
}

const softplus = (s: number): number => (s > 0 ? s + Math.log1p(Math.exp(-s)) : Math.log1p(Math.exp(s)))
