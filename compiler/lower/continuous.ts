/** Blocks of continuous latents → kernel operations: natural parameters, posteriors, log-normalisers, what is reported. */
import { add, compare, idx, log, logdet, mul, num, ONE, PI, ref, sub, ZERO } from '../algebra/build.js'
import type { CollectOptions } from '../algebra/collect.js'
import { normaliseMatrices } from '../algebra/matrices.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'
import { showLatents } from '../estep/across.js'
import {
  coordinatesOf,
  countsCells,
  covarianceTable,
  dimension,
  logdetTable,
  naturalTable,
  paddedExtent,
  posteriorAt,
  sharedAt,
  unknownTable,
} from '../estep/block-layout.js'
import { normaliserTable } from '../estep/continuous.js'
import { expandCovariance, expandExpectation, reportedExpectation } from '../estep/expectation.js'
import { atDatum, atPoint, axesOf, pointsOf } from '../estep/moments.js'
import { weightOf } from '../estep/plan.js'
import { naturalOf } from '../estep/posterior-numbers.js'
import { logSpread, matrixOfSpread, timesOfSpread } from '../estep/spread.js'
import type {
  BlockFactor,
  BlockTerm,
  ConjugateBlock,
  ContinuousBlock,
  EStepPlan,
  GaussianBlock,
} from '../estep/types.js'
import { matrixOf } from '../families/matrices.js'
import type { Loop } from '../graph/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import type { BlockHost, Placed } from './block-host.js'
import { addToObjective, meanBuffer, tableIdOf, varianceBuffer } from './buffers.js'
import type { Draws } from './draws.js'
import { asDrawn, familyDraw } from './family-draws.js'
import { GaussianLowering } from './gaussian.js'
import { gaussianDraw } from './gaussian-draws.js'
import { extentOf, type Lowerer, type LoweringContext } from './lowerer.js'
import { lowerMatrices } from './matrix-tables.js'
import { MomentTables } from './moment-tables.js'
import { NodeLowering } from './nodes.js'

export interface LoweredBlock {
  readonly block: ContinuousBlock
  /** true where blocks of its rows can be worked on by themselves. */
  readonly blockable: boolean
  /** Posterior given the discrete latents. */
  readonly posterior: readonly KernelOp[]
  /** Its log-normaliser, which reads the posterior. */
  readonly normaliser: readonly KernelOp[]
  /** Where values are drawn: a draw in place of the mean, with no covariance, once the normaliser is known. */
  readonly drawn: readonly KernelOp[]
  readonly objective: readonly KernelOp[]
  /** Mean and variance of each latent, over the discrete ones, for what is reported. */
  readonly marginals: readonly KernelOp[]
}

export class ContinuousLowering implements BlockHost {
  readonly base: LoweringContext
  readonly moments: MomentTables | null
  /** Posteriors as expectations read them. */
  private readonly read: EStepPlan

  constructor(
    private readonly lowerer: Lowerer,
    private readonly plan: EStepPlan,
    readonly collecting: Omit<CollectOptions, 'inU'>,
    private readonly probability: LoweringContext['probability'],
    /** Where values are drawn. */
    private readonly draws: Draws | null = null,
  ) {
    const { factorised } = plan
    this.read = draws === null ? plan : { ...plan, blocks: plan.blocks.map(asDrawn) }
    this.moments = factorised === null ? null : new MomentTables(lowerer, this)
    // they may be read before they are lowered
    if (factorised !== null)
      for (const b of plan.blocks)
        if (b.kind === 'gaussian' && b.layout === 'joint') lowerer.sparse.add(covarianceTable(b))
    const bare: LoweringContext = { vars: new Map(), at: 'param' }
    this.base =
      factorised === null || probability === undefined
        ? bare
        : { ...bare, probability, expect: (e, c) => this.expect(e, c) }
  }

  /** E_q of an expression, lowered in the loops of whoever demands it. */
  readonly expect = (e: Extract<Expr, { kind: 'expect' }>, context: LoweringContext): KExpr =>
    this.lowerer.expr(
      expandExpectation(
        { ...e, body: showLatents(e.body) },
        {
          plan: this.read,
          collecting: this.collecting,
          ...(this.moments === null ? {} : { numbers: this.moments.numbers }),
        },
      ),
      context,
    )

  lower(b: ContinuousBlock): LoweredBlock {
    const rows = this.rows(b)
    const gaussian = b.kind === 'gaussian' ? new GaussianLowering(this.lowerer, b, this, this.draws) : null
    const posterior = this.posterior(b, rows, gaussian)
    // that of nodes comes with their weights
    const inner = b.kind === 'gaussian' && b.given !== null
    const normaliser = b.kind === 'nodes' || inner ? [] : this.normaliser(b, rows)
    return {
      block: b,
      blockable:
        this.plan.factorised === null && b.loops.length > 0 && this.drawnWith(b).factors.every((f) => f.direct),
      posterior,
      normaliser,
      drawn: this.drawn(b),
      objective: b.scope.length === 0 && !inner ? this.objective(b, rows) : [],
      marginals: this.marginals(this.draws === null ? b : asDrawn(b)),
    }
  }

  /** The block in whose pass one is drawn: what is Normal given a spread comes after that. */
  private drawnWith(b: ContinuousBlock): ContinuousBlock {
    return this.draws !== null && b.kind === 'gaussian' ? (b.given?.block ?? b) : b
  }

  /** Once the log-normaliser is known. A spread is drawn before what is Normal given it. */
  private drawn(b: ContinuousBlock): readonly KernelOp[] {
    const { draws, lowerer } = this
    if (draws === null) return []
    switch (b.kind) {
      case 'gaussian':
        return b.given === null ? gaussianDraw(b, this, lowerer, draws) : []
      case 'conjugate': {
        const { inner } = b
        const own = familyDraw(b, this, lowerer, draws)
        if (inner === null) return own
        const normal = { ...inner.block, given: { power: inner.power, block: b } }
        return [...own, ...gaussianDraw(normal, this, lowerer, draws)]
      }
      case 'nodes':
        return new NodeLowering(lowerer, b, this, this.collecting.rename).drawn(draws)
    }
  }

  private posterior(b: ContinuousBlock, rows: Placed, gaussian: GaussianLowering | null): readonly KernelOp[] {
    switch (b.kind) {
      case 'gaussian':
        return gaussian?.posterior() ?? []
      case 'conjugate':
        return this.natural(b, rows)
      case 'nodes':
        return new NodeLowering(this.lowerer, b, this, this.collecting.rename).posterior()
    }
  }

  rows(b: ContinuousBlock): Placed {
    const { axes, context } = this.lowerer.loops(
      b.loops.map((l) => l.index),
      this.base,
    )
    return { axes, context, row: b.loops.map((l) => idx(l.index)) }
  }

  scope(
    b: ContinuousBlock,
    context: LoweringContext,
  ): { readonly axes: readonly Axis[]; readonly context: LoweringContext } {
    return this.lowerer.loops(
      b.scope.map((s) => s.value),
      context,
    )
  }

  /** Scratch for [rows, scope, …]. */
  scratch(id: string, b: ContinuousBlock, own: readonly Expr[], withScope = true): string {
    const { lowerer } = this
    return lowerer.buffer({
      id,
      space: 'scratch',
      type: 'f64',
      ...(b.loops.length === 0 ? {} : { rows: tableIdOf(b.loops) }),
      shape: [
        ...b.loops.map((l) => lowerer.size(extentOf(l.index))),
        ...(withScope ? b.scope.map((s) => lowerer.size(extentOf(s.value))) : []),
        ...own.map((e) => lowerer.size(e)),
      ],
    })
  }

  at(es: readonly Expr[], context: LoweringContext): readonly KExpr[] {
    return es.map((e) => this.lowerer.position(e, context))
  }

  /** Coefficients of a term added to out[lead(row), cells(at)], over the loops of its factor. */
  scatter(
    out: string,
    b: ContinuousBlock,
    t: BlockTerm,
    rows: Placed,
    at: (row: readonly Expr[]) => readonly Expr[],
    value: Expr,
  ): KernelOp {
    const { factor } = t
    const outer = factor.direct
      ? this.nested(factor.extraLoops, rows)
      : this.lowerer.loops(
          factor.lifted.factor.loops.map((l) => l.index),
          this.base,
        )
    const lead = factor.direct ? rows.axes : []
    const scope = this.scope(b, outer.context)
    const inner = this.lowerer.loops(t.loops, scope.context)
    const weight = weightOf(factor.extraLoops)
    return {
      op: 'scatterAdd',
      out,
      axes: [...lead, ...outer.axes, ...scope.axes, ...inner.axes],
      at: this.at(at(factor.direct ? rows.row : factor.row), inner.context),
      value: this.lowerer.guarded(
        t.guards,
        this.lowerer.expr(weight === null ? value : mul(weight, value), inner.context),
        inner.context,
      ),
    }
  }

  private nested(loops: readonly Loop[], rows: Placed) {
    return this.lowerer.loops(
      loops.map((l) => l.index),
      rows.context,
    )
  }

  // -- conjugate -------------------------------------------------------------------------------------------------------

  private natural(b: ConjugateBlock, rows: Placed): readonly KernelOp[] {
    const out: KernelOp[] = []
    for (const statistic of new Set(b.terms.map((t) => t.statistic))) {
      const id = this.scratch(naturalTable(b, statistic), b, coordinatesOf(b, statistic).map(paddedExtent))
      out.push({ op: 'fill', out: id, value: 0 })
      for (const t of b.terms)
        if (t.statistic === statistic)
          out.push(
            this.scatter(
              id,
              b,
              t,
              rows,
              (row) => [
                ...posteriorAt(
                  b,
                  row,
                  b.scope.map((s) => idx(s.value)),
                ),
                ...t.cell.at,
              ],
              atInnerMean(b, t),
            ),
          )
    }
    return [...out, ...this.ofInnerVolume(b, rows), ...lowerMatrices(b, rows, this, this.lowerer)]
  }

  /** The integral over d Normal cells with precision s^p Λ leaves s^(−p d/2); over r vectors with a matrix U, |U|^(−p r/2). */
  private ofInnerVolume(b: ConjugateBlock, rows: Placed): readonly KernelOp[] {
    if (b.inner === null) return []
    const { power, block } = b.inner
    const values = b.scope.map((s) => idx(s.value))
    const scope = this.scope(b, rows.context)
    return [
      {
        op: 'scatterAdd',
        out: naturalTable(b, logSpread(b)),
        axes: [...rows.axes, ...scope.axes],
        at: this.at(posteriorAt(b, rows.row, values), scope.context),
        value: this.lowerer.expr(
          mul(num(-power, 2), timesOfSpread(b, block, unknownCells(block, rows.row, values))),
          scope.context,
        ),
      },
    ]
  }

  // -- log-normaliser --------------------------------------------------------------------------------------------------

  /** log Z = log p(data, u) − log q(u) at one point u, which for a Normal posterior is its mean. */
  private normaliser(b: GaussianBlock | ConjugateBlock, rows: Placed): readonly KernelOp[] {
    const id = this.scratch(normaliserTable(b), b, [])
    const values = b.scope.map((s) => idx(s.value))
    const scope = this.scope(b, rows.context)
    const direct = b.factors.filter((f) => f.direct)
    const base =
      b.kind === 'gaussian'
        ? logVolume(b, rows.row, values)
        : add(this.minusLogDensity(b, rows.row, values), innerVolume(b, rows.row, values, this.collecting.rename))
    const value = add(base, ...direct.map((f) => this.summed(b, f, rows.row, values)))
    const out: KernelOp[] = [
      {
        op: 'map',
        out: id,
        axes: [...rows.axes, ...scope.axes],
        at: this.at(posteriorAt(b, rows.row, values), scope.context),
        value: this.lowerer.expr(value, scope.context),
      },
    ]
    for (const f of b.factors.filter((x) => !x.direct)) {
      const { axes, context } = this.lowerer.loops(
        f.lifted.factor.loops.map((l) => l.index),
        this.base,
      )
      const inner = this.scope(b, context)
      out.push({
        op: 'scatterAdd',
        out: id,
        axes: [...axes, ...inner.axes],
        at: this.at(posteriorAt(b, f.row, values), inner.context),
        value: this.lowerer.expr(weighted(f, atPoint(b, f.expr, f.row, values)), inner.context),
      })
    }
    return out
  }

  private summed(
    b: GaussianBlock | ConjugateBlock,
    f: BlockFactor,
    row: readonly Expr[],
    values: readonly Expr[],
  ): Expr {
    return f.extraLoops.reduceRight<Expr>(
      (body, l) => ({ kind: 'sum', index: l.index, body }),
      weighted(f, atPoint(b, f.expr, row, values)),
    )
  }

  private minusLogDensity(b: ConjugateBlock, row: readonly Expr[], values: readonly Expr[]): Expr {
    const natural = naturalOf(b, row, values)
    const lead = pointsOf(b)
    // the point of a matrix stands in sums and matrices of its own
    const point = (at: readonly Expr[]): Expr => b.family.point(at, natural, axesOf(b, this.collecting.rename))
    const density = b.family.logDensity(point, lead.map(idx), natural, axesOf(b, this.collecting.rename))
    const one = atDatum(b, row, lead.map(idx), () => ZERO, normaliseMatrices(density))
    const fresh = lead.map((v) => this.collecting.rename(v))
    const renamed = substituteAll(one, lead, fresh)
    return mul(
      num(-1),
      fresh.reduceRight<Expr>((body, v) => ({ kind: 'sum', index: v, body }), renamed),
    )
  }

  private objective(b: ContinuousBlock, rows: Placed): readonly KernelOp[] {
    const weight = weightOf(b.loops)
    const log = k.load(normaliserTable(b), ...rows.axes.map((a) => k.axis(a)))
    return addToObjective(rows.axes, weight === null ? log : k.mul0(this.lowerer.expr(weight, rows.context), log))
  }

  // -- what is reported ------------------------------------------------------------------------------------------------

  private marginals(b: ContinuousBlock): readonly KernelOp[] {
    const context: LoweringContext = {
      ...this.base,
      ...(this.probability === undefined ? {} : { probability: this.probability }),
      expect: this.expect,
    }
    return b.latents.flatMap(({ latent }): readonly KernelOp[] => {
      const all = [...latent.loops.map((l) => l.index), ...latent.own]
      const shape = all.map((v) => this.lowerer.size(paddedExtent(v)))
      const table = latent.loops.length === 0 ? {} : { rows: tableIdOf(latent.loops) }
      const buffer = (id: string): string => this.lowerer.buffer({ id, space: 'scratch', type: 'f64', ...table, shape })
      const mean = buffer(meanBuffer(latent.name))
      const variance = buffer(varianceBuffer(latent.name))
      const { axes, context: inner } = this.lowerer.loops(all, context)
      const at = axes.map((a) => k.axis(a))
      const cell = ref('latent', latent.name, all.map(idx))
      const positions = all.map((v) => sub(idx(v), sub(v.from, ONE)))
      const deviation = sub(cell, ref('table', mean, positions))
      const row = all.slice(0, b.loops.length).map(idx)
      const of = (body: Expr): KExpr => this.lowerer.expr(reportedExpectation(b, latent, row, body, this), inner)
      const average = ref('table', mean, positions)
      const square =
        b.kind === 'conjugate'
          ? this.lowerer.expr(conjugateVariance(b, all.map(idx), average, this), inner)
          : of(mul(deviation, deviation))
      // weights of nodes add up to 1 to the last digit only
      const known = b.kind === 'nodes' && latent.evidence
      const observed = compare('==', ref('observed', latent.name, all.map(idx)), ONE)
      const orDatum = (value: KExpr, datum: Expr): KExpr =>
        known ? k.select(this.lowerer.guard(observed, inner), this.lowerer.expr(datum, inner), value) : value
      return [
        { op: 'map', out: mean, axes, at, value: orDatum(of(cell), ref('data', latent.name, all.map(idx))) },
        { op: 'map', out: variance, axes, at, value: orDatum(square, ZERO) },
      ]
    })
  }
}

/** A coefficient with the cells of the posterior within at their mean: there a quadratic is what is left of its integral. */
function atInnerMean(b: ConjugateBlock, t: BlockTerm): Expr {
  const values = b.scope.map((s) => idx(s.value))
  return b.inner === null ? t.coefficient : atPoint(b.inner.block, t.coefficient, t.factor.row, values)
}

/** The log volume of the posterior within, at the point of this one. */
function innerVolume(
  b: ConjugateBlock,
  row: readonly Expr[],
  values: readonly Expr[],
  rename: CollectOptions['rename'],
): Expr {
  if (b.inner === null) return ZERO
  const { power, block } = b.inner
  const natural = naturalOf(b, row, values)
  const axes = axesOf(b, rename)
  const logPoint =
    matrixOfSpread(b) === null
      ? log(b.family.point([], natural, axes))
      : normaliseMatrices(logdet(matrixOf((at) => b.family.point(at, natural, axesOf(b, rename)), [], axes)))
  const times = timesOfSpread(b, block, unknownCells(block, row, values))
  return add(logVolume(block, row, values), mul(num(-power, 2), times, logPoint))
}

const weighted = (f: BlockFactor, e: Expr): Expr => {
  const w = weightOf(f.extraLoops)
  return w === null ? e : mul(w, e)
}

/** Variance of an element at `index`, whose mean over the discrete latents is `mean`. */
function conjugateVariance(
  b: ConjugateBlock,
  index: readonly Expr[],
  mean: Expr,
  options: { readonly collecting: Omit<CollectOptions, 'inU'> },
): Expr {
  const at = index.slice(b.loops.length)
  return expandCovariance(b, index.slice(0, b.loops.length), [at, at], [mean, mean], options)
}

function substituteAll(e: Expr, from: readonly IndexVar[], to: readonly IndexVar[]): Expr {
  return substituteIndex(e, new Map(from.map((v, i) => [v.id, idx(to[i] ?? v)])))
}

/** ½ d log 2π − ½ log det Λ: the log of what a Normal density integrates to at height 1, d the cells not observed. */
export function logVolume(b: GaussianBlock, row: readonly Expr[], values: readonly Expr[]): Expr {
  const at = sharedAt(b, row, values)
  return add(
    mul(num(1, 2), unknownCells(b, row, values), log(mul(num(2), PI))),
    mul(num(-1, 2), ref('table', logdetTable(b), at)),
  )
}

/** Number of cells of a block that are not observed. */
export function unknownCells(b: GaussianBlock, row: readonly Expr[], values: readonly Expr[]): Expr {
  const at = sharedAt(b, row, values)
  return countsCells(b) ? ref('table', unknownTable(b), at.slice(0, at.length - b.scope.length)) : dimension(b)
}
