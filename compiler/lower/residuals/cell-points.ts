/**
 * Points at which what a statement says of a cell is evaluated, to be integrated over the latents that it reads: numbers on
 * the line that a latent's support is mapped to (itself, its logarithm or its logit), or the nodes that a posterior has.
 * The points are put in before the operations are run, as many at a time as their index has values.
 */
import {
  add,
  call,
  caseOf,
  compare,
  div,
  idx,
  log,
  mul,
  neg,
  num,
  ONE,
  PI,
  pow,
  ref,
  sameExpr,
  sqrt,
  square,
  sub,
  ZERO,
} from '../../algebra/build.js'
import type { Expr, IndexVar } from '../../algebra/types.js'
import { rewrite } from '../../algebra/visit.js'
import type { Derivation } from '../../derive.js'
import { dimension, posteriorAt } from '../../estep/block-layout.js'
import { axesOf, type Cell, isCell } from '../../estep/moments.js'
import {
  atNode,
  modeTable,
  nodeCount,
  nodeTable,
  nodeWeights,
  onSupport,
  pointIn,
  scaleTable,
} from '../../estep/node-layout.js'
import { EXECUTED, naturalOf } from '../../estep/posterior-numbers.js'
import type { ContinuousLatent } from '../../graph/types.js'
import type { KernelOp } from '../../kernel/types.js'
import type { BlockHost } from '../block-host.js'
import { over, scratch } from '../continuous-reports.js'
import type { Lowerer, LoweringContext } from '../lowerer.js'
import { NodeLowering } from '../nodes.js'
import type { CellRoad } from './cell-roads.js'

/** Buffers of points; the extents before those of a point are those of `centre`. */
export interface PointSource {
  /** [lead, points], of nodes [lead, points, coordinates]. */
  readonly points: string
  /** Where the posterior lies, and its width there: [lead] and [lead], of nodes [lead, coordinates] and [lead, coordinates twice]. */
  readonly centre: string
  readonly scale: string
  /** The line is a logarithm or a logit: numbers beyond some hundreds are no numbers of the latent. */
  readonly bounded: boolean
  /** Of a posterior by nodes: its coordinates, nodes, their weights, and the log density at points [lead, points]. */
  readonly nodes: {
    readonly dimension: Expr
    readonly table: string
    readonly weights: string
    readonly count: Expr
    readonly log: string
  } | null
}

export interface LoweredPoints<Source = PointSource> {
  readonly source: Source
  /** Once the posterior is known: where it lies. */
  readonly before: readonly KernelOp[]
  /** Once the points are there. */
  readonly at: readonly KernelOp[]
  /** The log density of the posterior, on the line, at the points [rows, values, points]. */
  readonly log: Expr
  /** An expression with the latents at the points. */
  place(e: Expr): Expr
}

export interface PointsHost {
  readonly d: Derivation
  readonly lowerer: Lowerer
  readonly context: LoweringContext
  readonly blocks: BlockHost
  /** The index of the points. */
  readonly point: IndexVar
}

/**
 * @param all rows and values of the statement
 * @param values of the discrete latents of the posterior's scope
 * @param given puts values in place of discrete latents
 */
export function lowerPoints(
  road: Extract<CellRoad, { kind: 'line' | 'nodes' }>,
  id: string,
  all: readonly IndexVar[],
  values: readonly Expr[],
  given: (e: Expr) => Expr,
  host: PointsHost,
): LoweredPoints {
  const row = road.row.map(given)
  return road.kind === 'nodes'
    ? overNodes(road.block, row, values, host)
    : onLine(road, id, all, row, values, given, host)
}

function onLine(
  { block, cell }: Extract<CellRoad, { kind: 'line' }>,
  id: string,
  all: readonly IndexVar[],
  row: readonly Expr[],
  values: readonly Expr[],
  given: (e: Expr) => Expr,
  { d, lowerer, context, point }: PointsHost,
): LoweredPoints {
  const latent = block.latents.find((l) => l.latent.name === cell.latent)?.latent
  if (latent === undefined) throw new Error(`no block holds ${cell.latent}`)
  const at = cell.at.map(given)
  const points = scratch(`points of cells ${id}`, [...all, point], lowerer)
  const v = ref('table', points, [...all.map((x) => sub(idx(x), sub(x.from, ONE))), idx(point)])
  // an element of a point of a simplex is between 0 and 1
  const support = latent.support === 'simplex' ? 'unit' : latent.support
  const u = onSupport({ support }, v)
  const before: KernelOp[] = []
  const table = (name: string, value: Expr): string => {
    const buffer = scratch(`${name} of cells ${id}`, all, lowerer)
    before.push(over(all, buffer, value, lowerer, context))
    return buffer
  }
  const isOwn = (n: Expr): n is Cell => isCell(n) && n.name === cell.latent
  if (block.kind === 'gaussian') {
    const own = { latent: cell.latent, at }
    const mean = EXECUTED.mean(block, own, row, values)
    const variance = EXECUTED.covariance(block, [own, own], row, values)
    return {
      source: {
        points,
        centre: table('centre', mean),
        scale: table('scale', sqrt(variance)),
        bounded: false,
        nodes: null,
      },
      before,
      at: [],
      log: add(div(square(sub(v, mean)), mul(num(-2), variance)), mul(num(-1, 2), log(mul(num(2), PI, variance)))),
      place: (e) => withLogsApart(rewrite(e, (n) => (isOwn(n) ? u : n))),
    }
  }
  const whole = naturalOf(block, row, values)
  const axes = axesOf(block, d.collectOptions.rename)
  const element = block.family.element?.(at, whole, axes) ?? null
  const { family, natural } = element ?? { family: block.family, natural: whole }
  const middle = family.point(at, natural, axes)
  const centre = onLineOf(support, middle)
  return {
    source: {
      points,
      centre: table('centre', centre),
      scale: table('scale', mul(sqrt(family.variance(at, natural, axes)), pow(slopeAt(support, middle), -1))),
      bounded: support !== 'real',
      nodes: null,
    },
    before,
    at: [],
    log: add(
      family.logDensity(() => u, at, natural, axes),
      log(support === 'unit' ? call('logistic', v) : u),
      support === 'unit' ? log(call('logistic', neg(v))) : ZERO,
    ),
    place: (e) =>
      withLogsApart(
        rewrite(e, (n) => {
          if (!isOwn(n)) return n
          const [own, other] = [at.at(-1), n.index.at(-1)]
          if (element === null || own === undefined || other === undefined || sameExpr(own, other)) return u
          return caseOf(compare('==', own, other), u, element.given(u, n.index.slice(block.loops.length)))
        }),
      ),
  }
}

/** log(e^v · r) as v + log r, where e^v may be less than the smallest number, or more than the largest. */
function withLogsApart(e: Expr): Expr {
  return rewrite(e, (n) => {
    const [of] = n.kind === 'call' && n.fn === 'log' ? n.args : []
    if (of === undefined) return n
    const factors = of.kind === 'mul' ? of.factors : [of]
    const logs = factors.map(logOfPower)
    if (logs.every((l) => l === null)) return n
    return add(...logs.filter((l) => l !== null), log(mul(...factors.filter((_, i) => logs[i] === null))))
  })
}

/** The log of a power of an exponential, else null. */
function logOfPower(e: Expr): Expr | null {
  const { base, exponent } = e.kind === 'pow' ? e : { base: e, exponent: { n: 1, d: 1 } }
  return base.kind === 'call' && base.fn === 'exp' ? mul(num(exponent.n, exponent.d), log(base)) : null
}

/** v where u is on the support. */
export function onLineOf(support: ContinuousLatent['support'], u: Expr): Expr {
  if (support === 'positive') return log(u)
  return support === 'unit' ? call('logit', u) : u
}

/** du/dv where u is on the support and v on the line. */
export function slopeAt(support: ContinuousLatent['support'], u: Expr): Expr {
  if (support === 'positive') return u
  return support === 'unit' ? mul(u, sub(ONE, u)) : ONE
}

function overNodes(
  block: Extract<CellRoad, { kind: 'nodes' }>['block'],
  row: readonly Expr[],
  values: readonly Expr[],
  { d, lowerer, blocks, point }: PointsHost,
): LoweredPoints {
  const points = `points of ${block.id}`
  const density = `log joint at points of ${block.id}`
  const nodes = new NodeLowering(lowerer, block, blocks, d.collectOptions.rename)
  return {
    source: {
      points,
      centre: modeTable(block),
      scale: scaleTable(block),
      bounded: block.latents.some((l) => l.latent.support !== 'real'),
      nodes: {
        dimension: dimension(block),
        table: nodeTable(block),
        weights: nodeWeights(block),
        count: nodeCount(block),
        log: density,
      },
    },
    before: [],
    at: nodes.logJointAt(points, density, point),
    log: ref('table', density, [...posteriorAt(block, row, values), idx(point)]),
    place: (e) => withLogsApart(atNode(block, e, row, pointIn(block, points, row, values, idx(point)))),
  }
}
