/**
 * Cells of data beside what the fitted model says of them. A statement y ~ D(θ, z) gives cell y the distribution
 * Σ_z p(z | all data but this cell; θ) D(θ, z), a mixture over the discrete latents that it reads. With the posterior
 * p(z | all data; θ) ∝ p(z | all but y; θ) D(y; θ, z) the weights are posterior / density, normalised; where each row has
 * latents of its own they are their posterior given the other statements.
 *
 * Normal latents u in the mean of a Normal cell are integrated out: with residual mean A and variance v under the posterior
 * and h = v/σ², the cell given the others is off its mean by A/(1 − h), with variance σ²/(1 − h).
 */
import { keyOf } from '../../algebra/key.js'
import { collectNodes } from '../../algebra/visit.js'
import { buildCellDensities } from '../../graph/build.js'
import type { CellDensity } from '../../graph/cell-density.js'
import { IndexSupply } from '../../graph/tensors.js'
import { extentOf } from '../../lower/lowerer.js'
import type { Told } from '../../lower/residuals/types.js'
import { ArrayReader } from '../array-reader.js'
import type { ProgramModel } from '../bound-model.js'
import { PosteriorReports } from '../posterior-reports.js'
import type { ArrayChecks } from './checked-cells.js'
import { settled } from './settled-checks.js'
import { WithoutCells } from './without-cells.js'

/** Counts beyond this are one. */
const MOST_COUNTS = 30
/** Terms of a distribution function that is added up. */
const MOST_TERMS = 1000
/** Points at a time, and numbers of one buffer of them, at most. */
const MOST_POINTS = 64
const MOST_NUMBERS = 2e6

/** @param most cells of an array, evenly spread */
export function checkCells(
  model: ProgramModel,
  params: Float64Array,
  most = Number.POSITIVE_INFINITY,
): readonly ArrayChecks[] {
  return settled(model, (alone) => checksAt(model, params, most, alone))
}

const NONE: ReadonlySet<number> = new Set()

/** @param alone positions of cells by array that are taken out of the E-step one by one */
function checksAt(
  model: ProgramModel,
  params: Float64Array,
  most: number,
  alone: ReadonlyMap<string, ReadonlySet<number>>,
): readonly ArrayChecks[] {
  const { derivation: d } = model
  const cells = buildCellDensities(d.model, d.distributions, new IndexSupply())?.cells ?? []
  const names = [
    ...new Set(
      d.graph.factors.flatMap((f) => (f.role === 'likelihood' && f.target.space === 'data' ? [f.target.name] : [])),
    ),
  ]
  const asLatents = d.graph.latents.flatMap((l) => (l.kind !== 'count' && l.evidence ? [l.name] : []))
  const told = toldApart(model, cells)
  const asked = { cells, told, points: pointsAtATime(model, cells, told) }
  const reports = new PosteriorReports(model, { laws: asked })
  let apart: PosteriorReports | null = null
  const rowByRow = (): PosteriorReports => {
    apart ??= new PosteriorReports(model, { laws: { ...asked, rowByRow: true } })
    return apart
  }
  const { laws } = reports.at(params)
  const all = [...new Set([...names, ...asLatents])]
  // tables are those of the last E-step: all arrays are read before any is taken without its cells
  const read = all.map((name): (() => ArrayChecks) => {
    const none = (reason: string) => (): ArrayChecks => ({
      data: name,
      kind: 'numbers',
      reason,
      checks: [],
      first: 0,
      lost: 0,
      approximate: false,
      readElsewhere: false,
    })
    if (asLatents.includes(name)) return none('its missing cells are latents that other statements read')
    const own = cells.flatMap((cell, i) => (cell.data === name ? [{ cell, law: laws[i] }] : []))
    const refused = own.find(({ law }) => typeof law === 'string')?.law
    if (typeof refused === 'string') return none(refused)
    const without = own.length === 0 ? 'no statement gives single cells of it a distribution' : withoutLaw(own)
    if (without !== null) return none(without)
    const known = own.flatMap(({ law }) => (law === undefined || typeof law === 'string' ? [] : [law]))
    const discrete = own.some((o) => o.cell.discrete)
    const reader = new ArrayReader(
      model,
      name,
      kindOf(model, name, discrete),
      new WithoutCells(model, params, reports, rowByRow),
      most,
      alone.get(name) ?? NONE,
    )
    for (const law of known) reader.read(law)
    return () => ({ ...reader.found(known), readElsewhere: readElsewhere(model, name) })
  })
  return read.map((found) => found())
}

/** Why the distribution function of some statement is not known; null where that of all is. */
function withoutLaw(own: readonly { readonly cell: CellDensity }[]): string | null {
  for (const { cell } of own) {
    const name = cell.distribution
    if (cell.censored) return 'it is censored, so that what was seen of a cell is an interval'
    if (name === null)
      return 'its density is written out or truncated, and has no distribution function in this version'
    if (cell.own.length > 0 && cell.covariance === null && cell.tail === null)
      return `single cells of ${name} have no distribution of their own`
    if (cell.own.length === 0 && cell.tail === null && !cell.discrete)
      return `${name} has no distribution function in this version`
    if (cell.own.length === 0 && cell.tail === null && cell.low === null)
      return `the values of ${name} have no smallest one to begin with`
  }
  return null
}

/** As many points as buffers of some millions of numbers hold. */
function pointsAtATime(
  { numbers }: ProgramModel,
  cells: readonly CellDensity[],
  told: ReadonlyMap<string, Told>,
): number {
  const sizes = cells.map((cell) => {
    const rows = [...cell.loops.map((l) => l.index), ...cell.batch, ...cell.own]
    const masses = told.get(cell.data)
    return rows.reduce((n, v) => n * numbers.extent(extentOf(v)), typeof masses === 'number' ? masses : 2)
  })
  return Math.max(1, Math.min(MOST_POINTS, Math.floor(MOST_NUMBERS / Math.max(1, ...sizes))))
}

/** Which values of integers are told apart. */
function toldApart(model: ProgramModel, cells: readonly CellDensity[]): ReadonlyMap<string, Told> {
  const out = new Map<string, Told>()
  for (const cell of cells) {
    const { data } = cell
    if (kindOf(model, data, cell.discrete) === 'numbers' || cell.own.length > 0) continue
    if (kindOf(model, data, cell.discrete) === 'labels') out.set(data, 'labels')
    else {
      const { values = new Float64Array(0) } = model.data.arrays.get(data) ?? {}
      let seen = 0
      for (const x of values) if (x > seen) seen = x
      const most = cell.tail === null ? MOST_TERMS : MOST_COUNTS
      out.set(data, Math.max(Number(out.get(data) ?? 0), Math.min(most, seen) + 1))
    }
  }
  return out
}

function kindOf(model: ProgramModel, data: string, discrete: boolean): ArrayChecks['kind'] {
  const support = model.derivation.graph.data.find((s) => s.name === data)?.type.support.kind
  return support === 'category' || support === 'bool' ? 'labels' : discrete ? 'counts' : 'numbers'
}

/** Another statement reads the array, or one reads other cells of it than its own. */
function readElsewhere({ derivation: { graph } }: ProgramModel, name: string): boolean {
  return graph.factors.some((f) => {
    const isOwn = f.role === 'likelihood' && f.target.name === name
    const rank = isOwn ? (f.target.index?.length ?? 0) : 0
    const read = collectNodes(f.value, (n) => n.kind === 'ref' && n.space === 'data' && n.name === name)
    const rows = new Set(read.map((n) => (n.kind === 'ref' ? n.index.slice(0, rank).map(keyOf).join(' ') : '')))
    return rows.size > (isOwn ? 1 : 0)
  })
}
