/**
 * What the posterior says of the latents that a statement on cells of data reads: the probability of their values, and
 * where its mean is linear in Normal latents the first two moments of the residual given these values.
 */
import type { Span } from '../../../lang/source.js'
import { call, caseOf, compare, exp, idx, mul, neg, num, ONE, pow, ref, sub, sum, ZERO } from '../../algebra/build.js'
import { keyOf } from '../../algebra/key.js'
import type { Expr, IndexVar, Indicator } from '../../algebra/types.js'
import { mapGuard, rewrite, substituteIndex } from '../../algebra/visit.js'
import type { Derivation } from '../../derive.js'
import { scopeAt } from '../../estep/block-layout.js'
import { momentOf } from '../../estep/expectation.js'
import { NoMoment } from '../../estep/moments.js'
import type { EStepPlan } from '../../estep/types.js'
import { type CellDensity, OPEN_VALUE } from '../../graph/cell-density.js'
import { type LiftedFactor, liftFactor } from '../../graph/lift.js'
import type { Latent } from '../../graph/types.js'
import type { KernelOp } from '../../kernel/types.js'
import type { BlockHost } from '../block-host.js'
import { over, scratch } from '../continuous-reports.js'
import type { Lowerer, LoweringContext } from '../lowerer.js'
import { lowerPoints, type PointSource } from './cell-points.js'
import { type CellRoad, roadOf } from './cell-roads.js'
import { ownLoops, type Silenced, silencedAs } from './cell-silence.js'
import { withoutItself } from './cell-without-itself.js'
import { numberOf } from './silent-cells.js'

/**
 * A statement over its rows and the values of the discrete latents that it reads: buffers [rows, values], ragged extents
 * padded. Of a Gaussian vector `mean`, `variance` and tails are [rows, own, values], one for each coordinate. Where it is
 * integrated over points these are one more dimension, the last one, of all but `share` and `holds`.
 */
export interface CellLaw {
  readonly data: string
  readonly index: readonly Expr[]
  readonly weights: readonly Expr[]
  readonly span: Span
  /** Its loops, and over what it is independent. */
  readonly rows: readonly IndexVar[]
  readonly values: readonly IndexVar[]
  readonly own: readonly IndexVar[]
  /** P(values | data); null where it reads no discrete latent. */
  readonly share: string | null
  /** 1 where the statement holds, else 0; null where it always does. */
  readonly holds: string | null
  /** Log density of the datum. */
  readonly logDensity: string
  readonly mean: string | null
  readonly variance: string | null
  /**
   * log P(X ≤ x) and log P(X > x) at the datum, and of integers at the one before; null where they have no closed form, and
   * of vectors without points.
   */
  readonly tails: { readonly at: readonly [string, string]; readonly before: readonly [string, string] | null } | null
  /** Probability of each of the values of this index: [rows, values, masses]; null where values are not told apart. */
  readonly masses: { readonly buffer: string; readonly of: IndexVar } | null
  /** E[datum − mean | values] and E[(datum − mean)² | values] under the posterior, where the mean reads Normal latents. */
  readonly moments: { readonly first: string; readonly second: string } | null
  /** Where other continuous latents are integrated out over points. */
  readonly points: LawPoints | null
  /** Number of its array of data, from 1: what its statements are silenced by. */
  readonly number: number
  /** How many of `rows` are loops; what it says of the others is one observation, and `logDensity` is that of all of it. */
  readonly loops: number
  /** How the E-step can be taken with the statement silent: at once, with rows of Normal posteriors apart, or not. */
  readonly silenced: Silenced | null
  /**
   * Loops (by position) that tell its latents, where these belong to one row each and no row depends on another: then the
   * statement may be silenced at all of these rows at once. null where that is not so.
   */
  readonly ownLoops: readonly number[] | null
}

/** What is run once points are there; `mean` of the law is then the mean less the datum. */
export interface LawPoints {
  readonly source: PointSource
  /** How many points at a time. */
  readonly count: number
  /** Log density of the posterior. */
  readonly logPosterior: string
  /** The datum [rows, own, values]; null where there are no moments. */
  readonly datum: string | null
  /** Density of the posterior where it is not one of a family; not run where nodes bring their weights. */
  readonly density: readonly KernelOp[]
  readonly weigh: readonly KernelOp[]
  readonly say: readonly KernelOp[]
  readonly masses: readonly KernelOp[]
}

/** Which values of integers are told apart: labels, or counts from 0 to less than so many. */
export type Told = 'labels' | number

export interface LoweredLaws {
  /** For each statement its law, or why there is none. */
  readonly laws: readonly (CellLaw | string)[]
  readonly ops: readonly KernelOp[]
}

/** What laws are made of beside the statements. */
export interface LawsHost {
  readonly told: ReadonlyMap<string, Told>
  readonly d: Derivation
  /** The E-step that is lowered. */
  readonly plan: EStepPlan
  readonly lowerer: Lowerer
  readonly context: LoweringContext
  readonly blocks: BlockHost
  /** Points that a statement is evaluated at at a time. */
  readonly points: number
}

export function lowerCellLaws(cells: readonly CellDensity[], host: LawsHost): LoweredLaws {
  const { d } = host
  const ops: KernelOp[] = []
  const latents = new Map<string, Latent>(d.graph.latents.map((l) => [l.name, l]))
  const laws = cells.map((cell, i): CellLaw | string => {
    const lifted = liftFactor(
      {
        id: `cell ${i + 1}`,
        role: 'likelihood',
        loops: [],
        guard: cell.guard,
        value: cell.logDensity,
        target: { space: 'data', name: cell.data },
        distribution: cell.distribution ?? '',
        span: cell.span,
      },
      latents,
      d.supply,
    )
    const road = roadOf(cell, lifted, d, host.plan)
    if (road.kind === 'none') return road.reason
    const made: KernelOp[] = []
    try {
      const law = lawOf(cell, numberOf(cell.data, cells), lifted, road, `${i + 1}`, host, made)
      ops.push(...made)
      return law
    } catch (e) {
      if (!(e instanceof NoMoment)) throw e
      return e.message
    }
  })
  return { laws, ops }
}

function lawOf(
  statement: CellDensity,
  number: number,
  lifted: LiftedFactor,
  road: Exclude<CellRoad, { kind: 'none' }>,
  id: string,
  host: LawsHost,
  ops: KernelOp[],
): CellLaw {
  const { d, lowerer, context } = host
  const told = host.told.get(statement.data) ?? null
  const { variables } = lifted
  const known = new Map(variables.map((v) => [keyOf(ref('latent', v.latent.name, v.index)), v.value]))
  /** Latents at their values, and the open value at one. */
  const given = (e: Expr, at: Expr | null = null): Expr =>
    rewrite(e, (n) => {
      if (n.kind !== 'ref') return n
      if (n.space === 'table' && n.name === OPEN_VALUE) return at ?? datum(n.index)
      const value = n.space === 'latent' ? known.get(keyOf(n)) : undefined
      return value === undefined ? n : idx(value)
    })
  const datum = (own: readonly Expr[]): Expr => {
    const by = new Map(statement.own.map((v, i) => [v.id, own[i] ?? idx(v)]))
    return ref(
      'data',
      statement.data,
      statement.index.map((e) => substituteIndex(e, by)),
    )
  }
  const rows = [...statement.loops.map((l) => l.index), ...statement.batch]
  const read = variables.map((v): Read => ({ latent: v.latent.name, index: v.index, value: v.value }))
  const scope = road.kind === 'plain' ? [] : scopeOf(road, read, d)
  const beyond = scope.filter((s) => !read.includes(s))
  const values = [...read, ...beyond].map((v) => v.value)
  const at = scope.map((s) => idx(s.value))
  const cell =
    road.kind === 'line' && road.within !== null
      ? withoutItself(statement, road, road.within, datum([]), at, (e) => given(e), d)
      : statement
  const of = [...read, ...beyond].map((v): Indicator => ({ latent: v.latent, index: v.index, value: idx(v.value) }))
  const table = (name: string, value: Expr, all: readonly IndexVar[] = [...rows, ...values], into = ops): string => {
    const buffer = scratch(`${name} of cells ${id}`, all, lowerer)
    into.push(over(all, buffer, value, lowerer, context))
    return buffer
  }
  const certain = cell.guard.kind === 'literal' && cell.guard.value
  const law = {
    number,
    loops: cell.loops.length,
    data: cell.data,
    index: cell.index,
    weights: cell.loops.flatMap((l) => (l.weight === null ? [] : [l.weight])),
    span: cell.span,
    rows,
    values,
    own: cell.own,
    share: of.length === 0 ? null : table('share', { kind: 'probability', of }),
    holds: certain
      ? null
      : table(
          'guard',
          caseOf(
            mapGuard(cell.guard, (e) => given(e)),
            ONE,
            ZERO,
          ),
        ),
  }
  if (road.kind === 'linear') {
    if (cell.moments === null) throw new NoMoment('it has no mean in closed form')
    const residual = sub(datum([]), given(cell.moments.mean))
    const expected = (body: Expr): Expr =>
      momentOf(
        road.block,
        road.row.map((e) => given(e)),
        at,
        body,
        { collecting: d.collectOptions },
      )
    return {
      ...law,
      logDensity: '',
      mean: null,
      variance: table('variance', given(cell.moments.variance)),
      tails: null,
      masses: null,
      moments: {
        first: table('residual', expected(residual)),
        second: table('square', expected(mul(residual, residual))),
      },
      points: null,
      silenced: silencedAs(road),
      ownLoops: ownLoops([...read, ...beyond], road, cell.loops, d.eStep),
    }
  }
  const point: IndexVar = { id: `point of cells ${id}`, name: 'q', from: ONE, to: num(host.points) }
  const points =
    road.kind === 'plain' ? null : lowerPoints(road, id, [...rows, ...values], at, (e) => given(e), { ...host, point })
  ops.push(...(points?.before ?? []))
  /** Of vectors those of each coordinate; all where there are points. */
  const weigh: KernelOp[] = points === null ? ops : []
  const say: KernelOp[] = points === null ? ops : []
  const sayMasses: KernelOp[] = points === null ? ops : []
  const placed = (name: string, value: Expr, all: readonly IndexVar[], into: KernelOp[]): string =>
    points === null ? table(name, value, all) : table(name, points.place(value), [...all, point], into)
  const plain = [...rows, ...values]
  const x = datum([])
  const [low, high] = [cell.low, cell.high].map((e) => (e === null ? null : given(e)))
  const within = (e: Expr, at: Expr, under: Expr, beyond: Expr): Expr => {
    const belowHigh = high == null ? e : caseOf(compare('>=', at, high), beyond, e)
    return low == null ? belowHigh : caseOf(compare('<', at, low), under, belowHigh)
  }
  const tailsAt = (name: string, at: Expr): readonly [string, string] => [
    placed(`below${name}`, within(given(cell.tail?.below ?? ZERO, at), at, NOTHING, ZERO), plain, say),
    placed(`above${name}`, within(given(cell.tail?.above ?? ZERO, at), at, ZERO, NOTHING), plain, say),
  ]
  const moments = told === 'labels' ? null : cell.moments
  const all = [...rows, ...cell.own, ...values]
  const own = datum(cell.own.map((v) => idx(v)))
  const mean = moments === null ? null : given(moments.mean)
  const tails = ((): CellLaw['tails'] => {
    if (cell.tail !== null && told !== 'labels')
      return { at: tailsAt('', x), before: cell.discrete ? tailsAt(' before', sub(x, ONE)) : null }
    if (points === null || cell.own.length === 0 || moments === null || mean === null) return null
    const z = mul(sub(own, mean), pow(given(moments.variance), { n: -1, d: 2 }))
    return {
      at: [placed('below', call('logPhi', z), all, say), placed('above', call('logPhi', neg(z)), all, say)],
      before: null,
    }
  })()
  const said = {
    logDensity: placed('log density', ofAll(given(cell.logDensity)), plain, weigh),
    mean: mean === null ? null : placed('mean', points === null ? mean : sub(mean, own), all, say),
    variance: moments === null ? null : placed('variance', given(moments.variance), all, say),
    tails,
    masses: told === null ? null : massesOf(),
  }
  return {
    ...law,
    ...said,
    moments: null,
    points:
      points === null
        ? null
        : {
            source: points.source,
            count: host.points,
            logPosterior: table('log posterior', points.log, [...plain, point], weigh),
            datum: moments === null ? null : table('datum', own, all),
            density: points.at,
            weigh,
            say,
            masses: sayMasses,
          },
    silenced: silencedAs(road),
    ownLoops: ownLoops([...read, ...beyond], road, cell.loops, d.eStep),
  }

  /** Over all that it is independent over. */
  function ofAll(e: Expr): Expr {
    return cell.batch.reduce<Expr>((inner, v) => {
      const other = d.collectOptions.rename(v)
      return sum(other, substituteIndex(inner, new Map([[v.id, idx(other)]])))
    }, e)
  }

  function massesOf(): CellLaw['masses'] {
    const of =
      told === 'labels'
        ? d.supply.fresh('v', high ?? ONE, low ?? ZERO)
        : d.supply.fresh('v', num(Math.max(0, (told ?? 1) - 1)), ZERO)
    const at = idx(of)
    const mass = exp(given(cell.logDensity, at))
    const beyond = high == null || told === 'labels' ? mass : caseOf(compare('>', at, high), ZERO, mass)
    const inside = low == null || told === 'labels' ? beyond : caseOf(compare('<', at, low), ZERO, beyond)
    return { buffer: placed('masses', inside, [...rows, ...values, of], sayMasses), of }
  }
}

const NOTHING: Expr = { kind: 'float', value: Number.NEGATIVE_INFINITY }

/** A discrete latent as a statement's posterior reads it. */
interface Read {
  readonly latent: string
  readonly index: readonly Expr[]
  readonly value: IndexVar
}

/** The discrete latents that the posterior of a road depends on, in its order: those that the statement reads are these. */
function scopeOf(
  { block, row }: Extract<CellRoad, { kind: 'linear' | 'line' | 'nodes' }>,
  read: readonly Read[],
  d: Derivation,
): readonly Read[] {
  return block.scope.map((s) => {
    const index = scopeAt(block, s, row)
    const key = index.map(keyOf).join()
    const known = read.find((v) => v.latent === s.latent.name && v.index.map(keyOf).join() === key)
    return known ?? { latent: s.latent.name, index, value: d.collectOptions.rename(s.value) }
  })
}
