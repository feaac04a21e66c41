/**
 * Latents that what is said of a cell depends on, several numbers of them at once: drawn from their posteriors. Tables of what a
 * posterior is by are filled here; draws are put in before what reads them is run, as many at a time as their index has values.
 */
import { add, idx, mul, ONE, pow, ref, sqrt, sub } from '../../algebra/build.js'
import type { Expr, IndexVar } from '../../algebra/types.js'
import { rewrite } from '../../algebra/visit.js'
import {
  cellPosition,
  covarianceTable,
  dimension,
  inverseOfTable,
  logdetOfTable,
  meanTable,
  posteriorAt,
  sharedAt,
} from '../../estep/block-layout.js'
import { axesOf, isCell } from '../../estep/moments.js'
import { naturalOf } from '../../estep/posterior-numbers.js'
import type { ConjugateBlock, ContinuousBlock, GaussianBlock } from '../../estep/types.js'
import type { ContinuousLatent } from '../../graph/types.js'
import { k } from '../../kernel/index.js'
import type { KernelOp } from '../../kernel/types.js'
import { over, scratch } from '../continuous-reports.js'
import { type LoweredPoints, onLineOf, type PointsHost, slopeAt } from './cell-points.js'
import type { CellRoad } from './cell-roads.js'
import { DISTRIBUTIONS } from './drawn-blocks.js'

/** The draws of one block, [its rows and the values of its scope, draws, coordinates], and what they are drawn from. */
export interface DrawnBlock {
  readonly draws: string
  /** Logs of what they weigh, [its rows and the values of its scope, draws]. */
  readonly weights: string
  /** false where a statement reads several rows, which are independent of each other. */
  readonly isOneRow: boolean
  /** Coordinates of one posterior. */
  readonly size: Expr
  readonly law: /** A mean and a covariance for each posterior; times a power of what is drawn of another block, where there is one. */
    | {
        readonly kind: 'normal'
        readonly mean: string
        readonly covariance: string
        /** Of a matrix the order: each vector of as many coordinates has one to that power as its precision. */
        readonly spread: { readonly draws: string; readonly power: 1 | -1; readonly order: Expr | null } | null
      }
    /** Parameters of a distribution by name, for each coordinate or, of points of a simplex, each vector of them. */
    | {
        readonly kind: 'family'
        readonly distribution: string
        readonly parameters: readonly { readonly name: string; readonly buffer: string }[]
        /** Coordinates of a vector, or of a row of a matrix; null: each coordinate alone. */
        readonly vector: Expr | null
        readonly isMatrix: boolean
        /** Of numbers: where each lies on the line that its support is mapped to, its width there, and the log density at draws. */
        readonly line: {
          readonly support: ContinuousLatent['support']
          readonly centre: string
          readonly scale: string
          /** [rows and values, coordinates, draws]. */
          readonly density: string
        } | null
      }
}

export interface DrawnSource {
  readonly draws: readonly DrawnBlock[]
}

/**
 * @param valuesOf of the discrete latents of a block's scope
 * @param given puts values in place of discrete latents
 */
export function lowerDraws(
  road: Extract<CellRoad, { kind: 'drawn' }>,
  id: string,
  valuesOf: (b: ContinuousBlock, row: readonly Expr[]) => readonly Expr[],
  given: (e: Expr) => Expr,
  host: PointsHost,
): LoweredPoints<DrawnSource> {
  const { point } = host
  const before: KernelOp[] = []
  const at: KernelOp[] = []
  const blocks = [...new Set(road.places.map((p) => p.block))]
  // what a spread is drawn as comes before the Normal latents that have it
  const ordered = [...blocks].sort((a, b) => Number(a.kind === 'gaussian') - Number(b.kind === 'gaussian'))
  const leadOf = (b: ContinuousBlock): readonly Expr[] => road.places.find((p) => p.block === b)?.lead ?? []
  const draws = ordered.map((b) => ({
    ...blockDraws(b, id, leadOf(b).length, host, before, at),
    isOneRow: road.places.filter((p) => p.block === b).length === 1,
  }))
  return {
    source: { draws },
    before,
    at,
    log: add(
      ...road.places.map(({ block, row, lead }) => {
        const place = row.map(given)
        const at = [...posteriorAt(block, place, valuesOf(block, place)), ...places(block, lead.map(given))]
        return ref('table', weightsOf(block, id), [...at, idx(point)])
      }),
    ),
    place: (e) =>
      rewrite(e, (n) => {
        if (!isCell(n)) return n
        const block = blocks.find((b) => b.latents.some((l) => l.latent.name === n.name))
        if (block === undefined) return n
        const row = n.index.slice(0, block.loops.length).map(given)
        const at = n.index.slice(block.loops.length).map(given)
        const lead = leadOf(block).length
        const place = [
          ...posteriorAt(block, row, valuesOf(block, row)),
          ...places(block, at.slice(0, lead)),
          idx(point),
        ]
        const own = isOfMatrices(block)
          ? at
          : [cellPosition(restOf(block, lead), { latent: n.name, at: at.slice(lead) })]
        return ref('table', tableOf(block, id), [...place, ...own])
      }),
  }
}

const isOfMatrices = (b: ContinuousBlock): b is ConjugateBlock => b.kind === 'conjugate' && b.family.rank === 2

const tableOf = (b: ContinuousBlock, id: string): string => `draws of ${b.id} for cells ${id}`
const weightsOf = (b: ContinuousBlock, id: string): string => `weights of ${tableOf(b, id)}`

/** A block by the coordinates that are not fixed. */
const restOf = (b: ContinuousBlock, lead: number): Pick<ContinuousBlock, 'latents'> =>
  lead === 0 ? b : { latents: b.latents.map((l) => ({ ...l, coordinates: l.coordinates.slice(lead) })) }

/** 1-based places along the first coordinates. */
const places = (b: ContinuousBlock, lead: readonly Expr[]): readonly Expr[] =>
  lead.map((e, i) => sub(e, sub(b.latents[0]?.coordinates[i]?.from ?? ONE, ONE)))

function blockDraws(
  b: ContinuousBlock,
  id: string,
  lead: number,
  host: PointsHost,
  ops: KernelOp[],
  later: KernelOp[],
): Omit<DrawnBlock, 'isOneRow'> {
  if (b.kind === 'nodes') throw new Error('nodes are not drawn from')
  const { lowerer, d, point } = host
  const fixed = b.latents[0]?.coordinates.slice(0, lead) ?? []
  const posteriors = [...b.loops.map((l) => l.index), ...b.scope.map((s) => s.value), ...fixed]
  const size = dimension(restOf(b, lead))
  const coordinate = (name: string): IndexVar => ({
    id: `${name} of ${b.id} for cells ${id}`,
    name,
    from: ONE,
    to: size,
  })
  const own = isOfMatrices(b) ? (b.latents[0]?.coordinates ?? []) : [coordinate('i')]
  const draws = scratch(tableOf(b, id), [...posteriors, point, ...own], lowerer)
  const table = (name: string, own: readonly IndexVar[], value: Expr): string => {
    const all = [...posteriors, ...own]
    const buffer = scratch(`${name} of ${b.id} for cells ${id}`, all, lowerer)
    ops.push(over(all, buffer, value, lowerer, host.context))
    return buffer
  }
  const row = b.loops.map((l) => idx(l.index))
  const values = b.scope.map((s) => idx(s.value))
  const weights = scratch(weightsOf(b, id), [...posteriors, point], lowerer)
  return { draws, weights, size, law: b.kind === 'gaussian' ? normal(b) : family(b) }

  function normal(block: GaussianBlock): DrawnBlock['law'] {
    const [i, j] = [coordinate('i'), coordinate('j')]
    /** Where a coordinate lies in the vector of the block. */
    const position = (v: IndexVar): Expr => {
      const [latent] = block.latents
      if (lead === 0 || latent === undefined) return idx(v)
      const last = latent.coordinates[lead]
      const rest = last === undefined ? [] : [add(idx(v), sub(last.from, ONE))]
      return cellPosition(block, { latent: latent.latent.name, at: [...fixed.map((x) => idx(x)), ...rest] })
    }
    return {
      kind: 'normal',
      mean: table('mean', [i], ref('table', meanTable(block), [...posteriorAt(block, row, values), position(i)])),
      covariance: table(
        'covariance',
        [i, j],
        ref('table', covarianceTable(block), [...sharedAt(block, row, values), position(i), position(j)]),
      ),
      spread:
        block.given === null
          ? null
          : {
              draws: tableOf(block.given.block, id),
              power: block.given.power,
              order: isOfMatrices(block.given.block) ? orderOf(block.given.block) : null,
            },
    }
  }

  function family(block: ConjugateBlock): DrawnBlock['law'] {
    const [distribution, names] = DISTRIBUTIONS.get(block.family.id) ?? []
    if (distribution === undefined) throw new Error(`no draws of the family ${block.family.id}`)
    const coordinates = block.latents[0]?.coordinates ?? []
    const natural = naturalOf(block, row, values)
    const at = coordinates.map((v) => idx(v))
    const last = coordinates.at(-1)
    const axes = axesOf(block, d.collectOptions.rename)
    if (isOfMatrices(block)) inverses(block)
    const line = (): NonNullable<Extract<DrawnBlock['law'], { kind: 'family' }>['line']> => {
      const latent = vectorOf(block).latent
      const { support } = latent
      const middle = block.family.point(at, natural, axes)
      const density = scratch(`density of ${tableOf(b, id)}`, [...posteriors, ...coordinates, point], lowerer)
      const u = ref('table', draws, [
        ...posteriorAt(block, row, values),
        idx(point),
        cellPosition(block, { latent: latent.name, at }),
      ])
      const value = block.family.logDensity(() => u, at, natural, axes)
      later.push(over([...posteriors, ...coordinates, point], density, value, lowerer, host.context))
      return {
        support,
        centre: table('centre', coordinates, onLineOf(support, middle)),
        scale: table(
          'scale',
          coordinates,
          mul(sqrt(block.family.variance(at, natural, axes)), pow(slopeAt(support, middle), -1)),
        ),
        density,
      }
    }
    return {
      kind: 'family',
      distribution,
      parameters: block.family.parameters(at, natural, axes).map((p) => ({
        name: names?.get(p.name) ?? p.name,
        buffer: table(p.name, coordinates, p.value),
      })),
      line: block.family.rank === 0 ? line() : null,
      isMatrix: isOfMatrices(block),
      vector: block.family.rank === 0 || last === undefined ? null : orderOf(block),
    }
  }

  /** Inverses and log-determinants of what is drawn. */
  function inverses(block: ConjugateBlock): void {
    const [i, j] = own.slice(-2)
    if (i === undefined || j === undefined) throw new Error('a matrix has two coordinates')
    const lead = [...posteriors, point, ...own.slice(0, -2)]
    const inverse = scratch(inverseOfTable(draws), [...lead, i, j], lowerer)
    const logdet = scratch(logdetOfTable(draws), lead, lowerer)
    const { axes } = lowerer.loops(lead, host.context)
    const at = axes.map((a) => k.axis(a))
    const small = { op: 'small', axes, at, order: lowerer.size(orderOf(block)), matrix: draws } as const
    later.push({ ...small, kind: 'inverse', out: inverse }, { ...small, kind: 'logdet', out: logdet })
  }
}

/** Coordinates of a vector, or of a row of a matrix. */
function orderOf(b: ConjugateBlock): Expr {
  const own = vectorOf(b)
  return dimension({ latents: [{ ...own, coordinates: own.coordinates.slice(-1) }] })
}

function vectorOf(b: ConjugateBlock): ConjugateBlock['latents'][number] {
  const [latent] = b.latents
  if (latent === undefined) throw new Error('a block without latents')
  return latent
}
