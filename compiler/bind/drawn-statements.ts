/** Which statements give a column of data its density, and the values of the latents that they read. */
import type { BoundData, LatentLayout, ParamLayout } from '../../runtime/contract.js'
import { caseOf, literal, ONE, ZERO } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { buildCellDensities } from '../graph/build.js'
import type { CellDensity } from '../graph/cell-density.js'
import { IndexSupply } from '../graph/tensors.js'
import type { Factor, FactorGraph } from '../graph/types.js'
import { type CellReader, type ColumnStatement, freeOf, type StandIn } from './cell-reader.js'
import type { BoundNumbers } from './sizes.js'

/** What is drawn over bound data. */
export interface DrawnModel {
  readonly derivation: Derivation
  readonly numbers: BoundNumbers
  readonly data: BoundData
  readonly params: readonly ParamLayout[]
  readonly latents: readonly LatentLayout[]
}

/** Params, and what of the posterior densities need. */
export interface DrawnPoint {
  readonly params: Float64Array
  /** Posterior share of the rows at each value of a discrete latent; asked of those that follow on one another. */
  share(latent: string): Float64Array
  /** Posterior means of continuous latents, averaged over rows: where lines through them are drawn. */
  readonly continuous?: ReadonlyMap<string, StandIn>
}

/** A column of an array, from 0. */
export interface Column {
  readonly data: string
  readonly column: number
}

/** Combinations of values of latents. */
const MOST_CASES = 256

/** Values of some discrete latents, with the index from 0 of the one that makes the components. */
export interface Case {
  readonly latents: ReadonlyMap<string, number>
  readonly component: number
}

/** Statements on one column, and the latents that they read. */
export interface Drawn {
  readonly statements: readonly ColumnStatement[]
  readonly component: LatentLayout | null
  readonly cases: readonly Case[]
  /** Latents whose weight is their share. */
  readonly shared: readonly string[]
  readonly priors: readonly Factor[]
  readonly alike: boolean
}

export class DrawnStatements {
  private readonly graph: FactorGraph
  private readonly cells: readonly CellDensity[]
  private readonly known = new Map<string, Drawn | string>()

  constructor(
    private readonly model: DrawnModel,
    private readonly reader: CellReader,
  ) {
    const { derivation: d } = model
    const built = buildCellDensities(d.model, d.distributions, new IndexSupply())
    this.graph = built?.graph ?? d.graph
    this.cells = built?.cells ?? []
  }

  /** A text says why there is no density. `continuous`: statements may read continuous latents. */
  on(at: Column, continuous = false): Drawn | string {
    const key = `${at.column} ${continuous} ${at.data}`
    const known = this.known.get(key) ?? this.find(at, continuous)
    this.known.set(key, known)
    return known
  }

  private find({ data, column }: Column, continuous: boolean): Drawn | string {
    const array = this.model.data.arrays.get(data)
    if (array === undefined) return `there is no data \`${data}\``
    const rank = array.offsets === null ? array.shape.length : 1
    if (rank > 2) return `\`${data}\` has more than two dimensions`
    const statements = this.cells
      .filter((c) => c.data === data)
      .flatMap((c) => this.reader.column(c, column, rank) ?? [])
    if (statements.length === 0) return `no statement gives \`${data}\` a density`
    if (statements.some((s) => s.cell.own.length > 0 && s.cell.covariance === null))
      return `single cells of \`${data}\` have no density of their own`
    const kinds = new Map(this.graph.latents.map((l) => [l.name, l]))
    const direct = [...new Set(statements.flatMap((s) => latentsOf(expressionsOf(s.cell))))]
    const all = new Set(direct)
    const priors: Factor[] = []
    const shared = new Set<string>()
    for (const name of all) {
      if (kinds.get(name)?.kind !== 'discrete') continue
      const own = this.graph.factors.filter((f) => f.role === 'latent' && f.target.name === name)
      const reads = own.map((f) => latentCells(guarded(f)))
      const follows = own.length === 0 || reads.some((r) => (r.get(name)?.size ?? 0) > 1)
      const onOthers = reads.flatMap((r) => [...r.keys()]).filter((n) => n !== name)
      const loops = new Set(statements.flatMap((s) => s.rows.map((v) => v.id)))
      const elsewhere = own.some((f) => freeOf(guarded(f)).some((id) => !loops.has(id)))
      if (follows || elsewhere || own.length > 1 || onOthers.some((n) => kinds.get(n)?.kind !== 'discrete'))
        shared.add(name)
      else {
        priors.push(...own)
        for (const n of onOthers) all.add(n)
      }
    }
    const others = [...all].filter((n) => kinds.get(n)?.kind !== 'discrete')
    if (others.length > 0 && !continuous) return `its density depends on \`${others[0]}\`, which is latent`
    const layouts = [...all].flatMap((n) => this.model.latents.find((l) => l.name === n) ?? [])
    const component = layouts.find((l) => direct.includes(l.name)) ?? null
    const cases = this.cases(layouts, component)
    if (cases === null) return 'its latents have too many values together'
    const alike =
      statements.every((s) => {
        const fixed = new Set([...s.fixed.keys(), ...s.cell.own.map((v) => v.id)])
        return expressionsOf(s.cell).every((e) => isAlike(e, fixed))
      }) && priors.every((f) => isAlike(guarded(f), new Set()))
    return { statements, component, cases, shared: [...shared], priors, alike }
  }

  private cases(layouts: readonly LatentLayout[], component: LatentLayout | null): readonly Case[] | null {
    const lows = new Map(
      this.graph.latents.flatMap((l) => (l.kind === 'discrete' ? [[l.name, this.model.numbers.extent(l.low)]] : [])),
    )
    const count = layouts.reduce((n, l) => n * l.values, 1)
    if (count > MOST_CASES) return null
    return Array.from({ length: count }, (_, flat): Case => {
      const latents = new Map<string, number>()
      let rest = flat
      let own = 0
      for (const l of layouts) {
        const v = rest % l.values
        rest = Math.floor(rest / l.values)
        latents.set(l.name, v + (lows.get(l.name) ?? 1))
        if (l === component) own = v
      }
      return { latents, component: own }
    })
  }

  /** Of a case at a row. */
  weight(d: Drawn, c: Case, point: DrawnPoint, indices: ReadonlyMap<string, number>): number {
    let weight = 1
    for (const name of d.shared) {
      const low = this.lowOf(name)
      weight *= point.share(name)[(c.latents.get(name) ?? low) - low] ?? Number.NaN
    }
    for (const f of d.priors) {
      // indices that only say which row of the latent it is
      const at = new Map([...f.loops.map((l) => [l.index.id, 1] as const), ...indices])
      weight *= Math.exp(this.reader.value(guarded(f), { params: point.params, indices: at, latents: c.latents }))
    }
    return weight
  }

  private lowOf(name: string): number {
    const l = this.graph.latents.find((x) => x.name === name)
    return l?.kind === 'discrete' ? (literal(l.low) ?? 1) : 1
  }

  /** true where the statement's conditions are met in a case, by its first row. */
  holds(s: ColumnStatement, c: Case, { params }: DrawnPoint): boolean {
    const [row] = this.reader.rows(s, 1)
    return row !== undefined && this.reader.holds(s.cell.guard, { params, indices: row.indices, latents: c.latents })
  }

  /** true where a statement on a latent reads another of its rows. */
  follows(latent: string): boolean {
    const rank = this.graph.latents.find((l) => l.name === latent)?.loops.length ?? 0
    return this.graph.factors.some((f) => {
      if (f.role !== 'latent' || f.target.name !== latent) return false
      const rows = collectNodes(guarded(f), (n) => n.kind === 'ref' && n.space === 'latent' && n.name === latent)
      return new Set(rows.map((n) => (n.kind === 'ref' ? n.index.slice(0, rank).map(keyOf).join(' ') : ''))).size > 1
    })
  }
}

const guarded = (f: Pick<Factor, 'guard' | 'value'>): Expr => caseOf(f.guard, f.value, ZERO)

const expressionsOf = (c: CellDensity): readonly Expr[] => [c.logDensity, caseOf(c.guard, ONE, ZERO)]

/** Cells of latents that an expression reads, by name. */
function latentCells(e: Expr): ReadonlyMap<string, ReadonlySet<string>> {
  const out = new Map<string, Set<string>>()
  for (const n of collectNodes(e, (x) => x.kind === 'ref' && x.space === 'latent'))
    if (n.kind === 'ref') out.set(n.name, (out.get(n.name) ?? new Set()).add(keyOf(n)))
  return out
}

const latentsOf = (all: readonly Expr[]): readonly string[] => all.flatMap((e) => [...latentCells(e).keys()])

/** true where rows are alike to an expression: it reads no data, and no index but those given. */
const isAlike = (e: Expr, given: ReadonlySet<string>): boolean =>
  freeOf(e).every((id) => given.has(id)) &&
  collectNodes(e, (n) => n.kind === 'ref' && (n.space === 'data' || n.space === 'observed')).length === 0
