/**
 * Densities of the components of a fitted model at points of the reader's choice: the model bound to the points in place of
 * its rows, what is not chosen missing, so that it is summed out as the cells of any data are.
 */

import { collectNodes } from '../compiler/algebra/visit.js'
import { bindProgram } from '../compiler/bind/bound-model.js'
import { PosteriorReports } from '../compiler/bind/posterior-reports.js'
import { BindError, BoundNumbers } from '../compiler/bind/sizes.js'
import { type Derivation, derive } from '../compiler/derive.js'
import type { Distribution } from '../compiler/distributions/types.js'
import type { TypedModel } from '../lang/typed/types.js'
import type { BoundArray, BoundData, DataDeclaration } from '../runtime/data/types.js'
import { OptionError } from './errors.js'
import type { Bound } from './frozen.js'

/** Values of one column of an array (0 for a vector), one for each point. Categories are level numbers from 0. */
export interface PointColumn {
  readonly data: string
  readonly column: number
  readonly values: Float64Array
}

export interface Densities {
  /** The discrete latent of a row; null where there is none, and `components` is then empty. */
  readonly latent: string | null
  readonly labels: readonly string[]
  /** For each value of the latent its probability times its density at each point. */
  readonly components: readonly Float64Array[]
  /** Density at each point. Of columns that are only conditions, the density given these. */
  readonly total: Float64Array
}

/** Makes densities over one model; derivations are kept. */
export class DensityReader {
  private readonly derivations = new Map<string, Derivation | null>()
  private last: { readonly key: string; readonly bound: Bound; readonly reports: PosteriorReports } | null = null

  constructor(
    private readonly typed: TypedModel,
    private readonly distributions: ReadonlyMap<string, Distribution>,
    private readonly declarations: readonly DataDeclaration[],
    private readonly of: Bound,
    private readonly observed: ReadonlySet<string>,
  ) {}

  /** @throws OptionError where rows depend on each other, or the density on columns that are not given */
  at(params: Float64Array, columns: readonly PointColumn[]): Densities {
    const { bound, reports } = this.boundTo(columns)
    if (bound.model.length !== params.length)
      throw new OptionError('each row has params of its own: there is no density over other rows')
    const { contributions, discrete } = reports.at(params)
    const points = columns[0]?.values.length ?? 0
    const own = contributions.filter((c) => c.values.length === points && c.plate !== null)
    const [rows] = own
    if (rows === undefined || own.length !== 1)
      throw new OptionError('the rows depend on each other: a row has no density of its own')
    const total = rows.values.map(Math.exp)
    const latent = bound.model.latents.find((l) => l.rows === points && l.shape.length === 1 && l.values > 1)
    const posterior = latent === undefined ? undefined : discrete.get(latent.name)
    if (latent === undefined || posterior === undefined) return { latent: null, labels: [], components: [], total }
    const components = latent.labels.map((_, k) => total.map((t, i) => t * (posterior[i * latent.values + k] ?? 0)))
    return { latent: latent.name, labels: latent.labels, components, total }
  }

  private boundTo(columns: readonly PointColumn[]): { readonly bound: Bound; readonly reports: PosteriorReports } {
    const key = columns.map(({ data, column, values }) => `${data} ${column} ${values.join()}`).join('|')
    if (this.last?.key === key) return this.last
    const chosen = this.points(columns)
    const derivation = this.derivationWith(chosen.absent)
    const { model } = this.of
    const { memory: _, arena: __, workers: ___, ...options } = model.options
    // reductions are those of the rows that the fit has seen
    const seen = new BoundNumbers(
      this.typed.symbols,
      derivation.graph.bindTables,
      model.data,
      options.set,
      options.frozen ?? new Map(),
    )
    const frozen = derivation.program.bindTables
      .filter((t) => t.compute.kind === 'reduction')
      .map((t) => [t.name, [...seen.table(t).values]] as const)
    try {
      const own = bindProgram(derivation, chosen.data, { ...options, frozen: new Map(frozen) })
      const made = {
        key,
        bound: { model: own, data: chosen.data },
        reports: new PosteriorReports(own, { contributions: true, covariance: false }),
      }
      this.last = made
      return made
    } catch (e) {
      if (e instanceof BindError) throw new OptionError(e.message)
      throw e
    }
  }

  /** Data with the points as rows, and the arrays of which cells are missing. */
  private points(columns: readonly PointColumn[]): { readonly data: BoundData; readonly absent: ReadonlySet<string> } {
    const { data, model } = this.of
    const [first] = columns
    const plate = this.declarations.find((d) => d.name === first?.data)?.dims[0]
    if (first === undefined || plate?.kind !== 'size') throw new OptionError('this data has no rows of its own')
    const weights = weightNames(model.derivation)
    const count = first.values.length
    const absent = new Set<string>()
    const arrays = new Map<string, BoundArray>()
    for (const d of this.declarations) {
      const array = data.arrays.get(d.name)
      if (array === undefined) continue
      const dim = d.dims[0]
      if (dim?.kind !== 'size' || dim.name !== plate.name) {
        arrays.set(d.name, array)
        continue
      }
      if (array.offsets !== null)
        throw new OptionError('the rows depend on each other: a row has no density of its own')
      const width = array.shape.slice(1).reduce((a, b) => a * b, 1)
      const own = columns.filter((c) => c.data === d.name)
      const values =
        array.values instanceof Int32Array ? new Int32Array(count * width) : new Float64Array(count * width)
      const missing = array.values instanceof Int32Array ? -1 : Number.NaN
      values.fill(weights.has(d.name) ? 1 : missing)
      for (const c of own) for (let i = 0; i < count; i++) values[i * width + c.column] = c.values[i] ?? missing
      const lacks = own.length < width && !weights.has(d.name)
      if (lacks && !this.observed.has(d.name))
        throw new OptionError(`the density depends on \`${d.name}\` too: draw it over that`)
      if (lacks) absent.add(d.name)
      arrays.set(d.name, {
        ...array,
        values,
        shape: [count, ...array.shape.slice(1)],
        missing: lacks ? count * (width - own.length) : 0,
        origins: [],
      })
    }
    const sizes = new Map(data.sizes).set(plate.name, count)
    const { stream: _, ...rest } = data
    return { data: { ...rest, sizes, arrays }, absent }
  }

  /** The model in which cells of these arrays may be missing. */
  private derivationWith(absent: ReadonlySet<string>): Derivation {
    const key = [...absent].sort().join()
    let known = this.derivations.get(key)
    if (known === undefined) {
      const symbols = this.typed.symbols.map((s) =>
        s.kind === 'data' && absent.has(s.name) ? { ...s, type: { ...s.type, optional: true } } : s,
      )
      known = derive({ ...this.typed, symbols }, this.distributions).value ?? null
      this.derivations.set(key, known)
    }
    if (known === null)
      throw new OptionError(`${[...absent].map((n) => `\`${n}\``).join(' and ')} cannot be summed out of the density`)
    return known
  }
}

/** Data that weigh rows. */
function weightNames({ graph }: Derivation): ReadonlySet<string> {
  const names = new Set<string>()
  for (const loop of graph.factors.flatMap((f) => f.loops))
    if (loop.weight !== null)
      for (const e of collectNodes(loop.weight, (n) => n.kind === 'ref' && n.space === 'data'))
        if (e.kind === 'ref') names.add(e.name)
  return names
}
