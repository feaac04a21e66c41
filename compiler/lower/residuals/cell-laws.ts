import {
  add,
  call,
  caseOf,
  compare,
  exp,
  idx,
  mul,
  neg,
  num,
  ONE,
  pow,
  ref,
  sub,
  sum,
  ZERO,
} from '../../algebra/build.js'
import { keyOf } from '../../algebra/key.js'
import type { Expr, IndexVar, Indicator } from '../../algebra/types.js'
import { mapGuard, rewrite, substituteIndex } from '../../algebra/visit.js'
import type { Derivation } from '../../derive.js'
import { scopeAt } from '../../estep/block-layout.js'
import { momentOf } from '../../estep/expectation.js'
import { NoMoment } from '../../estep/moments.js'
import type { ContinuousBlock } from '../../estep/types.js'
import { type CellDensity, OPEN_VALUE } from '../../graph/cell-density.js'
import { type LiftedFactor, liftFactor } from '../../graph/lift.js'
import type { Latent } from '../../graph/types.js'
import type { KernelOp } from '../../kernel/types.js'
import { over, scratch } from '../continuous-reports.js'
import { lowerDraws } from './cell-draws.js'
import { CellMessages } from './cell-messages.js'
import { lowerPoints } from './cell-points.js'
import { type CellRoad, type DrawnPlace, roadOf } from './cell-roads.js'
import { ownLoops, silencedAs } from './cell-silence.js'
import { withoutItself } from './cell-without-itself.js'
import { withoutInFactors } from './normal-cells.js'
import { numberOf } from './silent-cells.js'
import type { CellLaw, LawsHost, LoweredLaws } from './types.js'

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
    const made: KernelOp[] = []
    try {
      const road = roadOf(cell, lifted, d, host.plan)
      if (road.kind === 'none') return road.reason
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
  way: Exclude<CellRoad, { kind: 'none' }>,
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
  const scopes = placesOf(way).map(({ block, row }) => ({ block, row, scope: scopeOf(block, row, read, d) }))
  const scope = distinct(scopes.flatMap((b) => b.scope))
  const beyond = scope.filter((s) => !read.includes(s))
  const values = [...read, ...beyond].map((v) => v.value)
  /** Values of the scope of a block. */
  const valuesOf = (block: ContinuousBlock, row: readonly Expr[] | null = null): readonly Expr[] => {
    const isSame = (other: readonly Expr[]): boolean =>
      row === null || other.map((e) => keyOf(given(e))).join() === row.map(keyOf).join()
    return scopes.find((b) => b.block === block && isSame(b.row))?.scope.map((s) => idx(s.value)) ?? []
  }
  const messages =
    host.plan.factorised === null || variables.length + lifted.continuous.length === 0
      ? null
      : new CellMessages(
          lifted,
          (e) => ofAll(given(e)),
          mapGuard(statement.guard, (e) => given(e)),
          d,
          host.plan.factorised,
        )
  const cell = ((): CellDensity => {
    if (way.kind === 'normal' && messages !== null)
      return withoutInFactors(statement, way, messages, datum([]), valuesOf, (e) => given(e), d)
    if (way.kind === 'line' && way.within !== null)
      return withoutItself(statement, way, way.within, datum([]), valuesOf(way.block), (e) => given(e), d)
    return statement
  })()
  /** The road of what is left. */
  const road = ((): Exclude<CellRoad, { kind: 'none' | 'normal' }> => {
    if (way.kind !== 'normal') return way
    return way.spread === null ? { kind: 'plain' } : { kind: 'line', ...way.spread, within: null }
  })()
  const at = road.kind === 'plain' || road.kind === 'drawn' ? [] : valuesOf(road.block)
  const added = ((): Expr => {
    if (messages !== null && way.kind === 'drawn') return drawnMessages(way.places, messages)
    if (messages === null || way.kind !== 'line') return cell.logDensity
    const place = [...way.row, ...way.cell.at].map((e) => given(e))
    const factor = messages.factorOf(way.cell.latent)
    messages.check(factor, place)
    return messages.to(factor, place)
  })()
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
    share: of.length === 0 ? null : table('share', messages?.share(of) ?? { kind: 'probability', of }),
    message:
      messages === null
        ? null
        : {
            buffer: table('message', messages.toDiscrete()),
            withDensity: placesOf(way).some(({ block }) =>
              messages.hasValues(messages.factorOf(block.latents[0]?.latent.name ?? '')),
            ),
          },
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
      silenced: silencedAs(road, host.plan),
      ownLoops: rowsOfLatents(),
    }
  }
  const point: IndexVar = { id: `point of cells ${id}`, name: 'q', from: ONE, to: num(host.points) }
  const points =
    road.kind === 'plain'
      ? null
      : road.kind === 'drawn'
        ? lowerDraws(road, id, valuesOf, (e) => given(e), { ...host, point })
        : lowerPoints(road, id, [...rows, ...values], at, (e) => given(e), { ...host, point })
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
    if (cell.tail !== null && cell.own.length > 0)
      return {
        at: [placed('below', given(cell.tail.below), all, say), placed('above', given(cell.tail.above), all, say)],
        before: null,
      }
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
    logDensity: placed('log density', added === cell.logDensity ? ofAll(given(added)) : added, plain, weigh),
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
    silenced: silencedAs(road, host.plan),
    ownLoops: rowsOfLatents(),
  }

  /** Under a factorised posterior those of discrete latents alone, whose factors are what is known without the cells. */
  function rowsOfLatents(): CellLaw['ownLoops'] {
    if (messages === null) return ownLoops([...read, ...beyond], road, cell.loops, host.plan)
    return law.message?.withDensity === false ? ownLoops(read, null, cell.loops, host.plan) : null
  }

  /** Over all that it is independent over. */
  function ofAll(e: Expr): Expr {
    return statement.batch.reduce<Expr>((inner, v) => {
      const other = d.collectOptions.rename(v)
      return sum(other, substituteIndex(inner, new Map([[v.id, idx(other)]])))
    }, e)
  }

  /** To all factors of continuous latents. */
  function drawnMessages(places: readonly DrawnPlace[], to: CellMessages): Expr {
    const factors = [...new Set(places.map(({ block }) => to.factorOf(block.latents[0]?.latent.name ?? '')))]
    if (new Set(factors.map((f) => to.hasValues(f))).size > 1)
      throw new NoMoment('some of its latents have a posterior for each value of a discrete one, and others do not')
    return add(
      ...factors.map((f) => {
        const own = places.filter(({ block }) => to.factorOf(block.latents[0]?.latent.name ?? '') === f)
        const place = own.flatMap((p) => [...p.row, ...p.lead].map((e) => given(e)))
        to.check(f, place)
        return to.to(f, place)
      }),
    )
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

/** The posteriors that a road reads, with their rows. */
function placesOf(
  road: Exclude<CellRoad, { kind: 'none' }>,
): readonly { readonly block: ContinuousBlock; readonly row: readonly Expr[] }[] {
  switch (road.kind) {
    case 'plain':
      return []
    case 'normal':
      return road.spread === null ? road.parts : [...road.parts, road.spread]
    case 'drawn':
      return road.places
    default:
      return [road]
  }
}

/** One of each cell. */
const distinct = (all: readonly Read[]): readonly Read[] =>
  all.filter((s, i) => all.findIndex((o) => keyOfRead(o) === keyOfRead(s)) === i)

const keyOfRead = ({ latent, index }: Read): string => keyOf(ref('latent', latent, index))

/** The discrete latents that a posterior depends on, in its order: those that the statement reads are these. */
function scopeOf(block: ContinuousBlock, row: readonly Expr[], read: readonly Read[], d: Derivation): readonly Read[] {
  return block.scope.map((s) => {
    const index = scopeAt(block, s, row)
    const key = index.map(keyOf).join()
    const known = read.find((v) => v.latent === s.latent.name && v.index.map(keyOf).join() === key)
    return known ?? { latent: s.latent.name, index, value: d.collectOptions.rename(s.value) }
  })
}
