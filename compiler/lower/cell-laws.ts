/**
 * What the posterior says of the latents that a statement on cells of data reads: the probability of their values, and
 * where its mean is linear in Normal latents the first two moments of the residual given these values.
 */

import type { Span } from '../../lang/source.js'
import { bothOf, caseOf, compare, eitherOf, exp, idx, mul, num, ONE, ref, sub, sum, ZERO } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, Guard, IndexVar, Indicator } from '../algebra/types.js'
import { collectNodes, mapGuard, rewrite, substituteIndex } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { blockOf } from '../estep/expectation.js'
import { NoMoment } from '../estep/moments.js'
import type { EStepPlan, PlacedFactor } from '../estep/types.js'
import { type CellDensity, OPEN_VALUE } from '../graph/cell-density.js'
import { hasNestedSelector, type LiftedFactor, liftFactor } from '../graph/lift.js'
import type { Latent } from '../graph/types.js'
import type { KernelOp } from '../kernel/types.js'
import { over, scratch } from './continuous-reports.js'
import type { ArrayShapes, Lowerer, LoweringContext } from './lowerer.js'

/**
 * A statement over its rows and the values of the discrete latents that it reads: buffers [rows, values], ragged extents
 * padded. Of a Gaussian vector `mean` and `variance` are [rows, own, values], one for each coordinate.
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
  /** log P(X ≤ x) and log P(X > x) at the datum, and of integers at the one before; null where they have no closed form. */
  readonly tails: { readonly at: readonly [string, string]; readonly before: readonly [string, string] | null } | null
  /** Probability of each of the values of this index: [rows, values, masses]; null where values are not told apart. */
  readonly masses: { readonly buffer: string; readonly of: IndexVar } | null
  /** E[1(values)·(datum − mean)] and E[1(values)·(datum − mean)²] under the posterior, where the mean reads Normal latents. */
  readonly moments: { readonly first: string; readonly second: string } | null
  /** Number of its array of data, from 1: what its statements are silenced by. */
  readonly number: number
  /** How many of `rows` are loops; what it says of the others is one observation, and `logDensity` is that of all of it. */
  readonly loops: number
  /**
   * Loops (by position) that tell its latents, where these belong to one row each and no row depends on another: then the
   * statement may be silenced at all of these rows at once. null where that is not so.
   */
  readonly ownLoops: readonly number[] | null
}

/** Which values of integers are told apart: labels, or counts from 0 to less than so many. */
export type Told = 'labels' | number

export interface LoweredLaws {
  /** For each statement its law, or why there is none. */
  readonly laws: readonly (CellLaw | string)[]
  readonly ops: readonly KernelOp[]
}

export function lowerCellLaws(
  cells: readonly CellDensity[],
  told: ReadonlyMap<string, Told>,
  d: Derivation,
  lowerer: Lowerer,
  context: LoweringContext,
): LoweredLaws {
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
    const refused = refusal(cell, lifted, d)
    if (refused !== null) return refused
    const made: KernelOp[] = []
    try {
      const law = lawOf(
        cell,
        numberOf(cell.data, cells),
        told.get(cell.data) ?? null,
        lifted,
        `${i + 1}`,
        d,
        lowerer,
        context,
        made,
      )
      ops.push(...made)
      return law
    } catch (e) {
      if (!(e instanceof NoMoment)) throw e
      return e.message
    }
  })
  return { laws, ops }
}

/** Why a statement has no law; null where it has one. */
function refusal(cell: CellDensity, lifted: LiftedFactor, d: Derivation): string | null {
  const { eStep: plan } = d
  const reads = collectNodes(cell.logDensity, (n) => n.kind === 'ref' && n.space === 'latent')
  const [count] = lifted.counts
  if (count !== undefined)
    return `its distribution depends on the count \`${count.latent}\`, which an \`observe\` shares out`
  if (hasNestedSelector(lifted)) return 'which of its latents it reads depends on a latent'
  if (reads.length > 0 && plan.factorised !== null)
    return 'the posterior of its latents is a factorised one, which does not say what they are without this cell'
  const solved = d.graph.solved.find((s) => reads.some((n) => n.kind === 'ref' && n.name === s.name))
  if (solved !== undefined) return `an observed equation gives \`${solved.name}\`, which it reads`
  const [first] = lifted.continuous
  if (first === undefined) return null
  const { name } = first.latent
  if (cell.distribution !== 'Normal' || cell.moments === null)
    return `it depends on \`${name}\`, and only a Normal cell has a distribution given the others once such a latent is integrated out`
  if (collectNodes(cell.moments.variance, isLatent(lifted)).length > 0) return `its variance depends on \`${name}\``
  const kinds = new Set(lifted.continuous.map((c) => blockOf(c.latent.name, plan).kind))
  if (kinds.size > 1 || !kinds.has('gaussian')) return `the posterior of \`${name}\` is not Normal`
  return null
}

const isLatent =
  ({ continuous }: LiftedFactor) =>
  (n: Expr): boolean =>
    n.kind === 'ref' && n.space === 'latent' && continuous.some((c) => c.latent.name === n.name)

function lawOf(
  cell: CellDensity,
  number: number,
  told: Told | null,
  lifted: LiftedFactor,
  id: string,
  d: Derivation,
  lowerer: Lowerer,
  context: LoweringContext,
  ops: KernelOp[],
): CellLaw {
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
    const by = new Map(cell.own.map((v, i) => [v.id, own[i] ?? idx(v)]))
    return ref(
      'data',
      cell.data,
      cell.index.map((e) => substituteIndex(e, by)),
    )
  }
  const rows = [...cell.loops.map((l) => l.index), ...cell.batch]
  const values = variables.map((v) => v.value)
  const of = variables.map((v): Indicator => ({ latent: v.latent.name, index: v.index, value: idx(v.value) }))
  const table = (name: string, value: Expr, all: readonly IndexVar[] = [...rows, ...values]): string => {
    const buffer = scratch(`${name} of cells ${id}`, all, lowerer)
    ops.push(over(all, buffer, value, lowerer, context))
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
  if (lifted.continuous.length > 0) {
    if (cell.moments === null) throw new NoMoment('it has no mean in closed form')
    const residual = sub(datum([]), given(cell.moments.mean))
    const expected = (body: Expr): Expr => ({ kind: 'expect', of, body })
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
      ownLoops: null,
    }
  }
  const x = datum([])
  const [low, high] = [cell.low, cell.high].map((e) => (e === null ? null : given(e)))
  const within = (e: Expr, at: Expr, under: Expr, beyond: Expr): Expr => {
    const belowHigh = high == null ? e : caseOf(compare('>=', at, high), beyond, e)
    return low == null ? belowHigh : caseOf(compare('<', at, low), under, belowHigh)
  }
  const tailsAt = (name: string, at: Expr): readonly [string, string] => [
    table(`below${name}`, within(given(cell.tail?.below ?? ZERO, at), at, NOTHING, ZERO)),
    table(`above${name}`, within(given(cell.tail?.above ?? ZERO, at), at, ZERO, NOTHING)),
  ]
  const withTails = cell.tail !== null && told !== 'labels'
  const moments = told === 'labels' ? null : cell.moments
  const all = [...rows, ...cell.own, ...values]
  return {
    ...law,
    logDensity: table('log density', ofAll(given(cell.logDensity))),
    mean: moments === null ? null : table('mean', given(moments.mean), all),
    variance: moments === null ? null : table('variance', given(moments.variance), all),
    tails: withTails ? { at: tailsAt('', x), before: cell.discrete ? tailsAt(' before', sub(x, ONE)) : null } : null,
    masses: told === null ? null : massesOf(),
    moments: null,
    ownLoops: ownLoops(lifted, cell.loops, d.eStep),
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
    return { buffer: table('masses', inside, [...rows, ...values, of]), of }
  }
}

const NOTHING: Expr = { kind: 'float', value: Number.NEGATIVE_INFINITY }

function ownLoops({ variables }: LiftedFactor, loops: CellDensity['loops'], plan: EStepPlan): readonly number[] | null {
  const names = variables.map((v) => v.latent.name)
  const table = plan.tables.find((t) => names.every((n) => t.latents.some((l) => l.name === n)))
  if (variables.length === 0 || table === undefined || table.chain !== null || table.parent !== null) return null
  if (plan.tables.some((t) => t.parent?.table === table.id)) return null
  const [first = [], ...others] = variables.map((v) =>
    v.index.map((e) => loops.findIndex((l) => e.kind === 'index' && l.index.id === e.var)),
  )
  const same = others.every((o) => o.join(' ') === first.join(' '))
  return same && !first.includes(-1) && new Set(first).size === first.length ? first : null
}

const numberOf = (data: string, cells: readonly CellDensity[]): number =>
  [...new Set(cells.map((c) => c.data))].indexOf(data) + 1

/**
 * Number of the array of data whose statements are silent, or 0; how many loops these have, 0 for any; and at which rows:
 * values of the loops, 0 for all.
 */
const SILENT = 'silent data'
const DEPTH = 'silent loops'
const AT = 'silent at loop'
export const silentBuffer = `param:${SILENT}`
export const silentDepthBuffer = `param:${DEPTH}`
export const silentLoopBuffer = (loop: number): string => `param:${AT} ${loop + 1}`

/** More loops than this has no statement that is silenced. */
export const MOST_LOOPS = 4

/** Shapes with the numbers that say what is silent: no name of a user has a space. */
export function withSilence(shapes: ArrayShapes): ArrayShapes {
  return {
    ...shapes,
    shape: (space, name) =>
      space === 'param' && (name === SILENT || name === DEPTH || name.startsWith(`${AT} `))
        ? []
        : shapes.shape(space, name),
  }
}

/** The E-step in which one iteration of a statement, or all of them along some loops, can be made to say nothing. */
export function withSilent(plan: EStepPlan, cells: readonly CellDensity[]): EStepPlan {
  const scalar = (name: string): Expr => ref('param', name, [])
  const silence = (f: PlacedFactor): PlacedFactor => {
    const { factor, expr } = f.lifted
    const isCell = cells.some(
      ({ data, span }) =>
        factor.target.name === data && factor.span.start === span.start && factor.span.end === span.end,
    )
    if (factor.role !== 'likelihood' || !isCell || factor.loops.length > MOST_LOOPS) return f
    const depth = scalar(DEPTH)
    const one = bothOf(
      compare('==', scalar(SILENT), num(numberOf(factor.target.name, cells))),
      eitherOf(compare('==', depth, ZERO), compare('==', depth, num(factor.loops.length))),
    )
    const here = factor.loops.reduce<Guard>((all, l, i) => {
      const at = scalar(`${AT} ${i + 1}`)
      return bothOf(all, eitherOf(compare('==', at, ZERO), compare('==', at, idx(l.index))))
    }, one)
    return { ...f, lifted: { ...f.lifted, expr: caseOf(here, ZERO, expr) } }
  }
  return { ...plan, potentials: plan.potentials.map((p) => ({ ...p, factors: p.factors.map(silence) })) }
}
