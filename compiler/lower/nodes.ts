/**
 * Posteriors by nodes. The mode of each row's log joint density ℓ is found by Newton's method with the damping of Levenberg
 * and Marquardt (step (−∇²ℓ + λD)⁻¹∇ℓ, λ by the step before; Nocedal and Wright 2006, section 10.3), all rows side by side.
 * With L Lᵀ the inverse of −∇²ℓ there, the nodes are u_q = mode + √2 L z_q at Gauss–Hermite nodes z_q, and
 * log Z = log |L| + log Σ_q w_q exp(z_qᵀz_q) 2^{d/2} exp ℓ(u_q) (Liu and Pierce 1994). Drawn nodes are mode + L t_q with t_q
 * from a t distribution of 4 degrees of freedom, and 1 / (draws · density of t_q) for a weight.
 */
import { add, caseOf, idx, literal, mul } from '../algebra/build.js'
import { type Partial, partials } from '../algebra/differentiate.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { dimension, posteriorAt } from '../estep/block-layout.js'
import { normaliserTable } from '../estep/continuous.js'
import {
  areDrawn,
  atNode,
  coordinateTerms,
  drawnNodeTable,
  drawSeed,
  logWeightsTable,
  modeTable,
  nodeCount,
  nodeTable,
  nodeVariable,
  nodeWeights,
  type PointAt,
  placesTable,
  pointIn,
  scaleTable,
} from '../estep/node-layout.js'
import { MOST_DIMENSIONS } from '../estep/nodes.js'
import { weightOf } from '../estep/plan.js'
import type { BlockFactor, NodeBlock } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import { lgamma } from '../numerics/index.js'
import type { BlockHost, Placed } from './block-host.js'
import type { Draws } from './draws.js'
import type { Lowerer, LoweringContext } from './lowerer.js'
import { positionOfMaximum } from './max-product.js'

/** Values of all coordinates of which the best is where Newton's method begins: the density may be 0 at some. */
const STARTS = [0, 1, -1, 4, -4] as const
/** Newton's steps, most of which a start far from the mode needs for its damping. */
const MOST_STEPS = 200
/** A Newton decrement ∇ℓᵀ(−∇²ℓ)⁻¹∇ℓ below this is no step: 1e-9 of a standard deviation. */
const NO_STEP = 1e-18
/** What rounding may lower ℓ by, relatively. */
const ROUNDING = 1e-13
/** Damping beyond which no step is to be found. */
const MOST_DAMPING = 1e12
/** Smallest curvature that scales the nodes where the mode has no Normal approximation. */
const FLAT = 1e-4

const none: LoweringContext = { vars: new Map(), at: 'param' }

export class NodeLowering {
  private readonly values: readonly Expr[]
  private readonly rows: Placed
  /** Loops over rows and values of the scope, and the place of a posterior in its tables. */
  private readonly lead: readonly Axis[]
  private readonly at: readonly KExpr[]
  private readonly context: LoweringContext
  private readonly order: Expr
  private readonly i: Axis
  private readonly j: Axis

  constructor(
    private readonly lowerer: Lowerer,
    private readonly block: NodeBlock,
    private readonly owner: BlockHost,
    private readonly rename: (v: IndexVar) => IndexVar,
  ) {
    this.values = block.scope.map((s) => idx(s.value))
    this.rows = owner.rows(block)
    const scope = owner.scope(block, this.rows.context)
    this.lead = [...this.rows.axes, ...scope.axes]
    this.context = scope.context
    this.at = owner.at(posteriorAt(block, this.rows.row, this.values), scope.context)
    this.order = dimension(block)
    const size = lowerer.size(this.order)
    this.i = { id: `i ${block.id}`, name: 'i', size }
    this.j = { id: `j ${block.id}`, name: 'j', size }
  }

  /** Operations that leave the nodes, their weights and the log-normaliser of every row. */
  posterior(): readonly KernelOp[] {
    return [...this.mode(), ...this.scale(), ...this.nodes()]
  }

  /** The log joint density at other points [rows, scope, points, position], over their index: operations, once they are there. */
  logJointAt(points: string, out: string, index: IndexVar): readonly KernelOp[] {
    const { block, order, lowerer, values } = this
    const axis: Axis = { id: index.id, name: index.name, size: lowerer.size(index.to) }
    const at = idx(index)
    this.buffer(points, [index.to, order])
    return this.logJoint(
      this.buffer(out, [index.to]),
      { axes: [axis], index: [at], bind: new Map([[index.id, k.add(k.axis(axis), k.num(1))]]) },
      (row) => pointIn(block, points, row, values, at),
      k.num(0),
    )
  }

  private buffer(name: string, own: readonly Expr[]): string {
    return this.owner.scratch(name, this.block, own)
  }

  private named(part: string, own: readonly Expr[]): string {
    return this.buffer(`${part} ${this.block.id}`, own)
  }

  private map(out: string, value: KExpr, own: readonly Axis[] = []): KernelOp {
    return {
      op: 'map',
      out,
      axes: [...this.lead, ...own],
      at: [...this.at, ...own.map((a) => k.axis(a))],
      value,
    }
  }

  private load(buffer: string, ...own: readonly KExpr[]): KExpr {
    return k.load(buffer, ...this.at, ...own)
  }

  // -- log joint density and its derivatives ---------------------------------------------------------------------------

  /** out[rows, scope, own] = Σ of the factors at a point of each row, and `base`. */
  private logJoint(
    out: string,
    own: { readonly axes: readonly Axis[]; readonly index: readonly Expr[]; readonly bind: LoweringContext['vars'] },
    point: (row: readonly Expr[]) => PointAt,
    base: KExpr,
  ): readonly KernelOp[] {
    const { block, owner, lowerer, rows, values } = this
    const inside = (c: LoweringContext): LoweringContext => ({ ...c, vars: new Map([...c.vars, ...own.bind]) })
    const context = inside(this.context)
    const direct = block.factors
      .filter((f) => f.direct)
      .map((f) => summed(f, weighted(f, atNode(block, f.expr, rows.row, point(rows.row)))))
    const terms = coordinateTerms(block, rows.row, point(rows.row), this.rename)
    const ops: KernelOp[] = [
      {
        op: 'map',
        out,
        axes: [...this.lead, ...own.axes],
        at: owner.at([...posteriorAt(block, rows.row, values), ...own.index], context),
        value: k.add(base, lowerer.expr(add(terms, ...direct), context)),
      },
    ]
    for (const f of block.factors.filter((x) => !x.direct)) {
      const outer = this.loopsOf(f)
      const scope = owner.scope(block, outer.context)
      const inner = inside(scope.context)
      ops.push({
        op: 'scatterAdd',
        out,
        axes: [...outer.axes, ...scope.axes, ...own.axes],
        at: owner.at([...posteriorAt(block, f.row, values), ...own.index], inner),
        value: lowerer.expr(weighted(f, atNode(block, f.expr, f.row, point(f.row))), inner),
      })
    }
    return ops
  }

  private loopsOf(f: BlockFactor): { readonly axes: readonly Axis[]; readonly context: LoweringContext } {
    return this.lowerer.loops(
      f.lifted.factor.loops.map((l) => l.index),
      none,
    )
  }

  /** gradient += ∂ℓ/∂v and precision −= ∂²ℓ/∂v∂v at the mode so far. */
  private derivatives(gradient: string, precision: string): readonly KernelOp[] {
    const { block, owner, rows, values } = this
    const table = modeTable(block)
    const at = (row: readonly Expr[]): PointAt => pointIn(block, table, row, values, null)
    const direct = add(
      coordinateTerms(block, rows.row, at(rows.row), this.rename),
      ...block.factors
        .filter((f) => f.direct)
        .map((f) => summed(f, weighted(f, atNode(block, f.expr, rows.row, at(rows.row))))),
    )
    const ops = [
      { op: 'fill', out: gradient, value: 0 },
      { op: 'fill', out: precision, value: 0 },
      ...this.scatterDerivatives(direct, this.lead, this.context, gradient, precision),
    ] as KernelOp[]
    for (const f of block.factors.filter((x) => !x.direct)) {
      const outer = this.loopsOf(f)
      const scope = owner.scope(block, outer.context)
      const expr = weighted(f, atNode(block, f.expr, f.row, at(f.row)))
      ops.push(...this.scatterDerivatives(expr, [...outer.axes, ...scope.axes], scope.context, gradient, precision))
    }
    return ops
  }

  private scatterDerivatives(
    e: Expr,
    axes: readonly Axis[],
    context: LoweringContext,
    gradient: string,
    precision: string,
  ): readonly KernelOp[] {
    const table = modeTable(this.block)
    const isMode = (r: Extract<Expr, { kind: 'ref' }>): boolean => r.space === 'table' && r.name === table
    const out: KernelOp[] = []
    const scatter = (to: string, loops: readonly IndexVar[], at: readonly Expr[], value: Expr): void => {
      const inner = this.lowerer.loops(loops, context)
      out.push({
        op: 'scatterAdd',
        out: to,
        axes: [...axes, ...inner.axes],
        at: this.owner.at(at, inner.context),
        value: this.lowerer.expr(value, inner.context),
      })
    }
    const guarded = (p: Partial, value: Expr): Expr => caseOf(p.guard, value)
    for (const p of partials(e, isMode, this.rename)) {
      scatter(gradient, p.loops, p.at, guarded(p, p.value))
      for (const second of partials(p.value, isMode, this.rename))
        scatter(
          precision,
          [...p.loops, ...second.loops],
          [...p.at, ...second.at.slice(-1)],
          guarded(p, guarded(second, mul({ kind: 'num', value: { n: -1, d: 1 } }, second.value))),
        )
    }
    return out
  }

  // -- mode ------------------------------------------------------------------------------------------------------------

  private mode(): readonly KernelOp[] {
    const { block, order, i, j, lowerer, lead } = this
    const mode = this.buffer(modeTable(block), [order])
    const trial = this.named('trial', [order])
    const value = this.named('log joint', [])
    const trialValue = this.named('log joint of trial', [])
    const gradient = this.named('gradient', [order])
    const precision = this.named('curvature', [order, order])
    const damped = this.named('damped curvature', [order, order])
    const step = this.named('step', [order])
    const damping = this.named('damping', [])
    const moving = lowerer.buffer({ id: `moving ${block.id}`, space: 'scratch', type: 'f64', shape: [] })
    const plain = { axes: [], index: [], bind: new Map<string, KExpr>() }
    const joint = (out: string, table: string): readonly KernelOp[] =>
      this.logJoint(out, plain, (row) => pointIn(block, table, row, this.values, null), k.num(0))

    const [at, also] = [k.axis(i), k.axis(j)]
    const curvature = this.load(precision, at, also)
    const size = k.call('max', k.call('abs', curvature), k.call('abs', this.load(gradient, at)))
    const isBetter = k.compare(
      '>=',
      this.load(trialValue),
      k.sub(this.load(value), k.mul(k.num(ROUNDING), k.add(k.num(1), k.call('abs', this.load(value))))),
    )
    const isAbove = k.compare('>', this.load(trialValue), this.load(value))
    const lambda = this.load(damping)
    const decrement = k.sum(i, k.mul(this.load(gradient, at), this.load(step, at)))
    const arrived = k.and(isBetter, k.compare('==', lambda, k.num(0)), k.compare('<=', decrement, k.num(NO_STEP)))
    const stuck = k.compare('>', lambda, k.num(MOST_DAMPING))
    const relaxed = k.select(k.compare('<=', lambda, k.num(0.02)), k.num(0), k.mul(k.num(0.1), lambda))
    const tightened = k.select(k.compare('==', lambda, k.num(0)), k.num(1), k.mul(k.num(10), lambda))
    return [
      { op: 'fill', out: mode, value: 0 },
      { op: 'fill', out: damping, value: 0 },
      { op: 'fill', out: value, value: Number.NEGATIVE_INFINITY },
      ...STARTS.flatMap((start): readonly KernelOp[] => [
        { op: 'fill', out: trial, value: start },
        ...joint(trialValue, trial),
        this.map(mode, k.select(isAbove, this.load(trial, at), this.load(mode, at)), [i]),
        this.map(value, k.select(isAbove, this.load(trialValue), this.load(value))),
      ]),
      { op: 'fill', out: moving, value: 1 },
      {
        op: 'repeat',
        times: MOST_STEPS,
        until: moving,
        step: [
          ...this.derivatives(gradient, precision),
          this.map(damped, k.select(k.compare('==', at, also), k.add(curvature, k.mul(lambda, size)), curvature), [
            i,
            j,
          ]),
          {
            op: 'small',
            kind: 'solveSpd',
            axes: lead,
            at: this.at,
            order: i.size,
            matrix: damped,
            rightHandSide: gradient,
            out: step,
          },
          this.map(trial, k.add(this.load(mode, at), this.load(step, at)), [i]),
          ...joint(trialValue, trial),
          { op: 'fill', out: moving, value: 0 },
          {
            op: 'scatterAdd',
            out: moving,
            axes: lead,
            at: [],
            value: k.select(k.or(arrived, stuck), k.num(0), k.num(1)),
          },
          this.map(mode, k.select(isBetter, this.load(trial, at), this.load(mode, at)), [i]),
          this.map(damping, k.select(isBetter, relaxed, tightened)),
          this.map(value, k.select(isBetter, this.load(trialValue), this.load(value))),
        ],
      },
      ...this.derivatives(gradient, precision),
    ]
  }

  /** L with L Lᵀ the inverse of the curvature at the mode; where that is none, a diagonal of its size. */
  private scale(): readonly KernelOp[] {
    const { block, order, i, j, lead } = this
    const precision = this.named('curvature', [order, order])
    const inverse = this.named('inverse curvature', [order, order])
    const covariance = this.named('scale matrix', [order, order])
    const factor = this.buffer(scaleTable(block), [order, order])
    const [at, also] = [k.axis(i), k.axis(j)]
    const own = this.load(precision, at, at)
    const spread = k.select(
      k.call('isNaN', own),
      k.num(1),
      k.div(k.num(1), k.call('max', k.call('abs', own), k.num(FLAT))),
    )
    const isNone = k.call('isNaN', this.load(inverse, k.num(0), k.num(0)))
    const small = { op: 'small', axes: lead, at: this.at, order: i.size } as const
    return [
      { ...small, kind: 'inverse', matrix: precision, out: inverse },
      this.map(
        covariance,
        k.select(isNone, k.select(k.compare('==', at, also), spread, k.num(0)), this.load(inverse, at, also)),
        [i, j],
      ),
      { ...small, kind: 'cholesky', matrix: covariance, out: factor },
    ]
  }

  // -- nodes -----------------------------------------------------------------------------------------------------------

  private nodes(): readonly KernelOp[] {
    const { block, order, i, j, lowerer } = this
    const count = nodeCount(block)
    const variable = nodeVariable(block)
    const q: Axis = { id: variable.id, name: 'q', size: lowerer.size(count) }
    const nodes = this.buffer(nodeTable(block), [count, order])
    const log = this.named('log weight', [count])
    const weights = this.buffer(nodeWeights(block), [count])
    const normaliser = this.buffer(normaliserTable(block), [])
    const factor = this.buffer(scaleTable(block), [order, order])
    const standard = this.standardNodes(q)
    const [at, also] = [k.axis(i), k.axis(j)]
    const shift = k.sum(
      j,
      k.select(k.compare('<=', also, at), k.mul(this.load(factor, at, also), standard.place(also)), k.num(0)),
    )
    const logScale = k.sum(i, k.call('log', this.load(factor, at, at)))
    // a node outside of where the density is defined has no weight
    const found = this.load(log, k.axis(q))
    const possible = k.select(k.call('isNaN', found), k.num(Number.NEGATIVE_INFINITY), found)
    const index = idx(variable)
    const own = { axes: [q], index: [index], bind: new Map([[variable.id, k.add(k.axis(q), k.num(1))]]) }
    return [
      ...standard.ops,
      this.map(nodes, k.add(this.load(modeTable(block), at), shift), [q, i]),
      ...this.logJoint(
        log,
        own,
        (row) => pointIn(block, nodeTable(block), row, this.values, index),
        k.add(standard.logWeight, logScale),
      ),
      {
        op: 'reduce',
        kind: 'logSumExp',
        out: normaliser,
        axes: this.lead,
        over: [q],
        at: this.at,
        value: possible,
      },
      this.map(weights, k.call('exp', k.sub(possible, this.load(normaliser))), [q]),
    ]
  }

  /**
   * One node of each posterior, drawn by its weight: that of the largest of log weight + Gumbel (Yellott 1977). Of nodes that
   * are drawn themselves this is sampling–importance resampling (Rubin 1987; Gelman et al. 2013, Bayesian Data Analysis, section 10.4).
   */
  drawn(draws: Draws): readonly KernelOp[] {
    const { block, order, i, lowerer } = this
    const count = nodeCount(block)
    const q: Axis = { id: `drawn ${nodeVariable(block).id}`, name: 'q', size: lowerer.size(count) }
    const log = this.named('log weight', [count])
    const noisy = this.named('noisy log weight', [count])
    const largest = this.named('largest noisy log weight', [])
    const place = this.named('place of drawn node', [])
    const gumbel = draws.stream('gumbelDraw')(draws.row(nodeTable(block), this.at), k.axis(q))
    const found = this.load(log, k.axis(q))
    const possible = k.select(k.call('isNaN', found), k.num(Number.NEGATIVE_INFINITY), k.add(found, gumbel))
    const chosen = positionOfMaximum([q], this.load(noisy, k.axis(q)), this.load(largest))
    const last = k.sub(k.size(q.size), k.num(1))
    return [
      this.map(noisy, possible, [q]),
      {
        op: 'reduce',
        kind: 'max',
        out: largest,
        axes: this.lead,
        over: [q],
        at: this.at,
        value: this.load(noisy, k.axis(q)),
      },
      this.map(place, k.call('min', chosen, last)),
      this.map(this.buffer(drawnNodeTable(block), [order]), this.load(nodeTable(block), this.load(place), k.axis(i)), [
        i,
      ]),
    ]
  }

  /** Node q before it is scaled, coordinate by coordinate, and its log weight. */
  private standardNodes(q: Axis): {
    readonly ops: readonly KernelOp[]
    readonly place: (coordinate: KExpr) => KExpr
    readonly logWeight: KExpr
  } {
    const { block, order, i, lowerer } = this
    const places = lowerer.array('const', placesTable(block), 'param')
    const weight = k.load(lowerer.array('const', logWeightsTable(block), 'param'), k.axis(q))
    const known = literal(order)
    if (known !== null && known <= MOST_DIMENSIONS)
      return { ops: [], place: (c) => k.load(places, k.axis(q), c), logWeight: weight }
    const standard = this.named('standard node', [nodeCount(block), order])
    const radii = this.named('radius', [nodeCount(block)])
    const drawn = k.size(lowerer.size(areDrawn(block)))
    const seed = k.size(lowerer.size(drawSeed(block)))
    // the row and the values of the scope as one number
    const unit = this.lead.reduce<KExpr>((n, a) => k.add(k.mul(n, k.size(a.size)), k.axis(a)), k.num(0))
    const radius = k.call('sqrt', k.div(k.num(DEGREES), k.call('chiSquareDraw', seed, unit, k.axis(q))))
    const draw = k.mul(this.load(radii, k.axis(q)), k.call('normalDraw', seed, unit, k.axis(q), k.axis(i)))
    const place = k.axis(i)
    const square = k.sum(i, k.pow(this.load(standard, k.axis(q), k.axis(i)), 2))
    const d = k.size(i.size)
    const half = k.mul(k.num(0.5), k.add(d, k.num(DEGREES)))
    const logT = k.add(
      k.call('lgamma', half),
      k.num(-lgamma(DEGREES / 2)),
      k.mul(k.num(-0.5 * Math.log(DEGREES * Math.PI)), d),
      k.neg(k.mul(half, k.call('log1p', k.mul(k.num(1 / DEGREES), square)))),
    )
    return {
      ops: [
        this.map(radii, k.select(drawn, radius, k.num(1)), [q]),
        this.map(standard, k.select(drawn, draw, k.load(places, k.axis(q), place)), [q, i]),
      ],
      place: (c) => this.load(standard, k.axis(q), c),
      logWeight: k.select(drawn, k.neg(k.add(k.call('log', k.size(q.size)), logT)), weight),
    }
  }
}

/** Degrees of freedom of the draws: `chiSquareDraw` has as many. */
const DEGREES = 4

const weighted = (f: BlockFactor, e: Expr): Expr => {
  const w = weightOf(f.extraLoops)
  return w === null ? e : mul(w, e)
}

const summed = (f: BlockFactor, e: Expr): Expr =>
  f.extraLoops.reduceRight<Expr>((body, l) => ({ kind: 'sum', index: l.index, body }), e)
