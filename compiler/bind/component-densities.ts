/**
 * Densities of the components of a model over values of its data, at some params: for pictures. Each is the distribution's
 * own expression; nothing here knows a family but the Normal, which single coordinates of Gaussian vectors have.
 *
 * Of a statement `x[n] ~ D(θ, z[n])` the density of component k is Σ_n w_n p(z[n] = k; θ) D(x; θ, k, n) / Σ_n w_n over rows n
 * with their weights; rows that are alike to the statement are evaluated once. p(z; θ) is that of the statements on z; of
 * latents that follow on one another (chains) the share of rows that the posterior gives to k.
 */
import { collectNodes } from '../algebra/visit.js'
import { numericDensity } from '../distributions/support/numeric-density.js'
import type { CellDensity } from '../graph/cell-density.js'
import { CellReader, type ColumnStatement } from './cell-reader.js'
import { type Column, type Drawn, type DrawnModel, type DrawnPoint, DrawnStatements } from './drawn-statements.js'

/** Curves of the components, each times its weight, and their sum. */
export interface ComponentCurves {
  readonly latent: string | null
  readonly labels: readonly string[]
  readonly components: readonly Float64Array[]
  readonly total: Float64Array
}

/** Mean and covariance of two columns. */
export interface Ellipse {
  readonly mean: readonly [number, number]
  /** Of x with x, x with y, y with y. */
  readonly covariance: readonly [number, number, number]
}

/** Ellipses of the components; null where a component is no Gaussian. */
export interface ComponentEllipses {
  readonly latent: string | null
  readonly labels: readonly string[]
  readonly components: readonly (Ellipse | null)[]
}

/** Means, and sds where they are known, of y over values of x. */
export interface ComponentLines {
  readonly latent: string | null
  readonly labels: readonly string[]
  readonly means: readonly Float64Array[]
  readonly sds: readonly Float64Array[]
}

/** Rows that stand for all where rows are not alike. */
const MOST_ROWS = 60
export class ComponentDensities {
  private readonly reader: CellReader
  private readonly statements: DrawnStatements

  constructor(private readonly model: DrawnModel) {
    this.reader = new CellReader(model.params, model.numbers)
    this.statements = new DrawnStatements(model, this.reader)
  }

  /** Columns that some statement gives a density that can be drawn; `reason` says why there is none. */
  reason(at: Column): string | null {
    const drawn = this.statements.on(at)
    return typeof drawn === 'string' ? drawn : null
  }

  /** true where a statement on a latent reads another of its rows. */
  follows(latent: string): boolean {
    return this.statements.follows(latent)
  }

  /** null where there is no such density. At values that are no integers a discrete one is 0. */
  curves(at: Column, point: DrawnPoint, xs: Float64Array): ComponentCurves | null {
    const drawn = this.statements.on(at)
    if (typeof drawn === 'string') return null
    const { component } = drawn
    const labels = component?.labels ?? ['']
    const components = labels.map(() => new Float64Array(xs.length))
    let total = 0
    for (const s of drawn.statements)
      for (const row of this.reader.rows(s, drawn.alike ? 1 : MOST_ROWS))
        for (const c of drawn.cases) {
          const place = { params: point.params, indices: row.indices, latents: c.latents }
          if (!this.reader.holds(s.cell.guard, place)) continue
          const weight = row.weight * this.statements.weight(drawn, c, point, row.indices)
          const own = components[c.component]
          if (own === undefined || !(weight > 0)) continue
          total += weight
          const density = this.density(s, place)
          xs.forEach((x, i) => {
            own[i] = (own[i] ?? 0) + weight * density(x)
          })
        }
    for (const c of components) for (let i = 0; i < c.length; i++) c[i] = (c[i] ?? 0) / (total || 1)
    const sum = xs.map((_, i) => components.reduce((t, c) => t + (c[i] ?? 0), 0))
    return { latent: component?.name ?? null, labels, components, total: sum }
  }

  /** null where rows are not alike, or there is no density of one of the columns. */
  ellipses(x: Column, y: Column, { params }: DrawnPoint): ComponentEllipses | null {
    const [a, b] = [this.statements.on(x), this.statements.on(y)]
    if (typeof a === 'string' || typeof b === 'string' || !a.alike || !b.alike) return null
    if (a.component?.name !== b.component?.name) return null
    const labels = a.component?.labels ?? ['']
    const components = labels.map((_, k): Ellipse | null => {
      const [first, second] = [this.gaussian(a, k, params), this.gaussian(b, k, params)]
      if (first === null || second === null) return null
      const { covariance, own } = first.statement.cell
      const [own0] = own
      let cross = 0
      if (covariance !== null && own0 !== undefined && first.statement.cell === second.statement.cell)
        cross = this.reader.value(covariance.value, {
          ...first.place,
          indices: new Map([...first.place.indices, [own0.id, x.column + 1], [covariance.other.id, y.column + 1]]),
        })
      return { mean: [first.mean, second.mean], covariance: [first.variance, cross, second.variance] }
    })
    return components.every((c) => c === null) ? null : { latent: a.component?.name ?? null, labels, components }
  }

  /**
   * E[y | x, component] where the statement on y reads column x; other data that it reads are at their mean, or at their
   * most frequent level, and continuous latents at their average. null where it does not read x or has no mean.
   */
  lines(x: Column, y: Column, point: DrawnPoint, xs: Float64Array): ComponentLines | null {
    const drawn = this.statements.on(y, true)
    if (typeof drawn === 'string') return null
    const reads = drawn.statements.some(
      (s) =>
        s.cell.moments !== null &&
        collectNodes(s.cell.moments.mean, (n) => n.kind === 'ref' && n.space === 'data' && n.name === x.data).length >
          0,
    )
    if (!reads) return null
    const labels = drawn.component?.labels ?? ['']
    const means = labels.map(() => new Float64Array(xs.length).fill(Number.NaN))
    const sds = labels.map(() => new Float64Array(xs.length).fill(Number.NaN))
    const typical = new Map<string, number>()
    labels.forEach((_, k) => {
      const c = drawn.cases.find((one) => one.component === k)
      const s = drawn.statements.find(
        (one) => one.cell.moments !== null && c !== undefined && this.statements.holds(one, c, point),
      )
      const [row] = s === undefined ? [] : this.reader.rows(s, 1)
      if (s === undefined || row === undefined || c === undefined) return
      const { moments } = s.cell
      xs.forEach((value, i) => {
        const place = {
          params: point.params,
          indices: row.indices,
          latents: c.latents,
          ...(point.continuous === undefined ? {} : { continuous: point.continuous }),
          replace: (name: string, index: readonly number[]) => {
            const column = this.isMatrix(name) ? (index.at(-1) ?? 1) - 1 : 0
            return name === x.data && column === x.column ? value : this.typical(typical, name, column)
          },
        }
        const [mean, sd] = [means[k], sds[k]]
        if (moments === null || mean === undefined || sd === undefined) return
        mean[i] = this.reader.value(moments.mean, place)
        sd[i] = Math.sqrt(this.reader.value(moments.variance, place))
      })
    })
    return { latent: drawn.component?.name ?? null, labels, means, sds }
  }

  // -- numbers ---------------------------------------------------------------------------------------------------------

  private density(s: ColumnStatement, place: Parameters<CellReader['value']>[1]): (x: number) => number {
    const { cell } = s
    const [own] = cell.own
    if (own !== undefined) {
      const column = s.fixed.get(own.id) ?? columnOf(s)
      const at = { ...place, indices: new Map([...place.indices, [own.id, column]]) }
      const moments = this.moments(cell, at)
      const normal = this.model.derivation.distributions.get('Normal')
      if (moments === null || normal === undefined) return () => Number.NaN
      const log = numericDensity(
        normal,
        new Map([
          ['mean', moments.mean],
          ['var', moments.variance],
        ]),
      )
      return (x) => Math.exp(log(x))
    }
    const low = cell.low === null ? Number.NEGATIVE_INFINITY : this.reader.value(cell.low, place)
    const high = cell.high === null ? Number.POSITIVE_INFINITY : this.reader.value(cell.high, place)
    return (x) => {
      if (x < low || x > high || (cell.discrete && !Number.isInteger(x))) return 0
      const log = this.reader.value(cell.logDensity, { ...place, value: x })
      return Number.isNaN(log) ? 0 : Math.exp(log)
    }
  }

  private moments(
    cell: CellDensity,
    place: Parameters<CellReader['value']>[1],
  ): { readonly mean: number; readonly variance: number } | null {
    if (cell.moments === null) return null
    return {
      mean: this.reader.value(cell.moments.mean, place),
      variance: this.reader.value(cell.moments.variance, place),
    }
  }

  /** Mean and variance of one column in component k, where its density there is Gaussian. */
  private gaussian(
    d: Drawn,
    k: number,
    params: Float64Array,
  ): {
    readonly statement: ColumnStatement
    readonly place: Parameters<CellReader['value']>[1]
    readonly mean: number
    readonly variance: number
  } | null {
    const own = d.cases.filter((c) => c.component === k)
    const [c] = own
    if (c === undefined || own.length > 1) return null
    for (const statement of d.statements) {
      const [row] = this.reader.rows(statement, 1)
      if (row === undefined) continue
      const { cell } = statement
      const place = { params, indices: row.indices, latents: c.latents }
      if (!this.reader.holds(cell.guard, place)) continue
      const [coordinate] = cell.own
      const at =
        coordinate === undefined
          ? place
          : { ...place, indices: new Map([...row.indices, [coordinate.id, columnOf(statement)]]) }
      const moments = this.moments(cell, at)
      if (moments === null || cell.discrete || !(moments.variance > 0)) return null
      if (coordinate === undefined) {
        const f = this.density(statement, place)
        const sd = Math.sqrt(moments.variance)
        const fall = (t: number): number => Math.log(f(moments.mean) / f(moments.mean + t * sd))
        // log f falls by t²/2 at t sds from the mean
        if (![-1, 1, 2].every((t) => Math.abs(fall(t) - (t * t) / 2) < 1e-6)) return null
      }
      return { statement, place, ...moments }
    }
    return null
  }

  private isMatrix(name: string): boolean {
    const array = this.model.data.arrays.get(name)
    return array !== undefined && array.offsets === null && array.shape.length === 2
  }

  /** Mean of a column of numbers, most frequent value of one of levels or truth values. */
  private typical(known: Map<string, number>, name: string, column: number): number {
    const key = `${column} ${name}`
    const found = known.get(key)
    if (found !== undefined) return found
    const array = this.model.data.arrays.get(name)
    const width = this.isMatrix(name) ? (array?.shape[1] ?? 1) : 1
    const cells = [...(array?.values ?? [])].filter((x, i) => i % width === column && !Number.isNaN(x))
    const whole = array?.values instanceof Int32Array
    const value = whole
      ? mostFrequent(cells.filter((x) => x >= 0)) + 1
      : cells.reduce((s, x) => s + x, 0) / cells.length
    known.set(key, value)
    return value
  }
}

/** The column that a vector's own index stands for, from 1. */
function columnOf(s: ColumnStatement): number {
  const last = s.cell.index.at(-1)
  return last?.kind === 'index' ? (s.fixed.get(last.var) ?? 1) : 1
}

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const v of values) counts.set(v, (counts.get(v) ?? 0) + 1)
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best), [0, 0] as const)[0]
}
