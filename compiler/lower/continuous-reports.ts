/** What is reported of continuous latents beyond their means and variances: covariances of vectors, parameters of families. */
import { add, caseOf, compare, div, idx, mul, num, ONE, pow, ref, sub } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import { cellPosition, covarianceTable, paddedExtent } from '../estep/block-layout.js'
import { expandCovariance, reportedExpectation } from '../estep/expectation.js'
import { axesOf } from '../estep/moments.js'
import { EXECUTED, naturalOf } from '../estep/posterior-numbers.js'
import { matrixOfSpread } from '../estep/spread.js'
import type { BlockLatent, ContinuousBlock, GaussianBlock, SpreadOf } from '../estep/types.js'
import { orderOf } from '../families/matrices.js'
import type { ContinuousLatent } from '../graph/types.js'
import { k } from '../kernel/index.js'
import type { KernelOp, SizeKey } from '../kernel/types.js'
import { meanBuffer, varianceBuffer } from './buffers.js'
import type { Lowerer, LoweringContext } from './lowerer.js'

/**
 * Buffers of one latent: means and variances [loops, own], covariances [loops, own, own] of vectors that no data is part of.
 * Ragged extents are padded.
 */
export interface ContinuousReport {
  readonly name: string
  readonly loops: readonly IndexVar[]
  /** The dimensions of one row's vector. */
  readonly own: readonly IndexVar[]
  /** Cells of data, of which the missing ones are latent. */
  readonly evidence: boolean
  readonly mean: string
  readonly variance: string
  readonly covariance: string | null
  /** The family of the posterior; null where it is a mixture over discrete latents. */
  readonly family: string | null
  /** Parameters of a conjugate family, or of a Student's t. */
  readonly parameters: readonly {
    readonly name: string
    readonly buffer: string
    /** The dimensions of one row's array of it. */
    readonly own: readonly IndexVar[]
  }[]
}

export interface LoweredReport {
  readonly report: ContinuousReport
  readonly ops: readonly KernelOp[]
}

export function lowerContinuousReport(
  latent: ContinuousLatent,
  block: ContinuousBlock,
  d: Derivation,
  lowerer: Lowerer,
  context: LoweringContext,
  withCovariance: boolean,
): LoweredReport {
  const loops = latent.loops.map((l) => l.index)
  const ops: KernelOp[] = []
  const single = block.scope.length === 0
  const covariance =
    !withCovariance || latent.own.length === 0 || latent.evidence
      ? null
      : lowerCovariance(latent, block, d, lowerer, context, ops)
  return {
    report: {
      name: latent.name,
      loops,
      own: latent.own,
      evidence: latent.evidence,
      mean: meanBuffer(latent.name),
      variance: varianceBuffer(latent.name),
      covariance,
      family:
        !single || block.kind === 'nodes'
          ? null
          : block.kind === 'conjugate'
            ? block.family.title
            : `${latent.own.length === 0 ? '' : 'Mv'}${block.given === null ? 'Normal' : 'StudentT'}`,
      parameters: (single ? parametersOf(latent, block, d) : []).map(({ name, value, own }) => {
        const buffer = scratch(`${name} of ${latent.name}`, [...loops, ...own], lowerer)
        ops.push(over([...loops, ...own], buffer, value, lowerer, context))
        return { name, buffer, own }
      }),
    },
    ops,
  }
}

interface ReportedParameter {
  readonly name: string
  readonly value: Expr
  readonly own: readonly IndexVar[]
}

/** The parameters of a family, or of the law of Normal cells once the latent that their spread depends on is integrated out. */
function parametersOf(latent: ContinuousLatent, block: ContinuousBlock, d: Derivation): readonly ReportedParameter[] {
  if (block.kind === 'nodes') return []
  const own = block.latents.find((l) => l.latent === latent)
  if (own === undefined) throw new Error(`${latent.name} is not in its block`)
  // loops of the latent stand where those of its block do
  const row = latent.loops.slice(0, block.loops.length).map((l) => idx(l.index))
  if (block.kind === 'conjugate')
    return block.family
      .parameters(own.coordinates.map(idx), naturalOf(block, row, []), axesOf(block))
      .map(({ name, value, ofPoint }) => ({
        name,
        value,
        own: latent.own.slice(0, latent.own.length - (ofPoint === true ? block.family.rank : 0)),
      }))
  return block.given === null ? [] : studentT(latent, own, block, block.given, row, d)
}

/**
 * With a Gamma spread the law of a cell is a Student's t (Bishop 2006, eq. 2.158 to 2.160), with a Wishart precision P, or an
 * inverse Wishart covariance, that of a vector is a multivariate one with df = ν + 1 − D (Bernardo and Smith 2000, Bayesian
 * Theory, section 5.2.3): that of P integrated out of Normal(m, (βP)⁻¹).
 */
function studentT(
  latent: ContinuousLatent,
  { coordinates }: BlockLatent,
  block: GaussianBlock,
  { power, block: spread }: SpreadOf,
  row: readonly Expr[],
  d: Derivation,
): readonly ReportedParameter[] {
  const cell = { latent: latent.name, at: coordinates.map(idx) }
  const location = { name: 'location', value: EXECUTED.mean(block, cell, row, []), own: latent.own }
  const natural = naturalOf(spread, row, [])
  const matrix = matrixOfSpread(spread)
  if (matrix === null) {
    const [shape, other] = spread.family.parameters([], natural, [])
    if (shape === undefined || other === undefined) throw new Error(`a spread with a ${spread.family.title} posterior`)
    const variance = div(mul(EXECUTED.covariance(block, [cell, cell], row, []), other.value), shape.value)
    const scale = { name: 'scale', value: pow(variance, { n: 1, d: 2 }), own: [] }
    return [
      { name: 'df', value: mul(num(2), shape.value), own: [] },
      location,
      ...(latent.own.length === 0 ? [scale] : []),
    ]
  }
  const axes = axesOf(spread, d.collectOptions.rename)
  const [i] = latent.own
  if (i === undefined) throw new Error('a vector has a coordinate')
  const j = d.collectOptions.rename(i)
  const at = [idx(i), idx(j)]
  const [freedom] = spread.family.parameters(at, natural, axes)
  if (freedom === undefined) throw new Error(`a spread with a ${spread.family.title} posterior`)
  const df = sub(add(freedom.value, ONE), orderOf(axes))
  const scale = mul(num(-2), natural(power === 1 ? 'u' : 'u⁻¹', at))
  return [
    { name: 'df', value: df, own: [] },
    location,
    { name: 'scale', value: div(mul(EXECUTED.covariance(block, [cell, cell], row, []), scale), df), own: [i, j] },
  ]
}

function lowerCovariance(
  latent: ContinuousLatent,
  block: ContinuousBlock,
  d: Derivation,
  lowerer: Lowerer,
  context: LoweringContext,
  ops: KernelOp[],
): string {
  const loops = latent.loops.map((l) => l.index)
  const other = latent.own.map((v) => d.collectOptions.rename(v))
  const all = [...loops, ...latent.own, ...other]
  const cell = (own: readonly IndexVar[]) => ref('latent', latent.name, [...loops, ...own].map(idx))
  const mean = (own: readonly IndexVar[]) =>
    ref(
      'table',
      meanBuffer(latent.name),
      [...loops, ...own].map((v) => sub(idx(v), sub(v.from, ONE))),
    )
  const deviation = (own: readonly IndexVar[]): Expr => sub(cell(own), mean(own))
  const value: Expr =
    block.kind === 'conjugate'
      ? expandCovariance(
          block,
          loops.map(idx),
          [latent.own.map(idx), other.map(idx)],
          [mean(latent.own), mean(other)],
          { collecting: d.collectOptions },
        )
      : reportedExpectation(
          block,
          latent,
          loops.slice(0, block.loops.length).map(idx),
          mul(deviation(latent.own), deviation(other)),
          { collecting: d.collectOptions },
        )
  const buffer = scratch(`covariance of ${latent.name}`, all, lowerer)
  ops.push(over(all, buffer, value, lowerer, context))
  return buffer
}

/**
 * Pairs of elements of one row, that a sparse posterior then has the covariance of: entries 0, which add nothing to Λ but
 * are part of its pattern.
 */
export function rowPairs(block: GaussianBlock, d: Derivation, lowerer: Lowerer) {
  const ops: KernelOp[] = []
  const entries = block.latents
    .filter((l) => l.latent.own.length > 0 && !l.latent.evidence)
    .map((l) => {
      const other = l.latent.own.map((v) => d.collectOptions.rename(v))
      const loops = l.latent.loops.map((x) => x.index)
      const all = [...loops, ...l.latent.own, ...other]
      const make = (part: string): string => {
        const id = scratch(`${part} within ${l.latent.name}`, all, lowerer)
        ops.push({ op: 'fill', out: id, value: part === 'values' ? 0 : -1 })
        return id
      }
      const entry = { rows: make('rows'), columns: make('columns'), values: make('values') }
      const none: LoweringContext = { vars: new Map(), at: 'param' }
      ops.push(over(all, entry.rows, positionOf(block, l, [...loops, ...l.latent.own]), lowerer, none))
      ops.push(over(all, entry.columns, positionOf(block, l, [...loops, ...other]), lowerer, none))
      return entry
    })
  return { ops, entries, covariance: covarianceTable(block) }
}

/** 0-based position in the system over all cells; −1 where the cell is observed. */
function positionOf(block: GaussianBlock, l: BlockLatent, at: readonly IndexVar[]): Expr {
  const position = add(cellPosition(block, { latent: l.latent.name, at: at.map(idx) }), num(-1))
  return l.latent.evidence
    ? caseOf(compare('==', ref('observed', l.latent.name, at.map(idx)), ONE), num(-1), position)
    : position
}

/** Scratch over index variables; ragged extents are padded. */
export function scratch(id: string, over: readonly IndexVar[], lowerer: Lowerer): string {
  const shape: SizeKey[] = over.map((v) => lowerer.size(paddedExtent(v)))
  return lowerer.buffer({ id, space: 'scratch', type: 'f64', shape })
}

/** out[all] = value, in the loops of `all`. */
export function over(
  all: readonly IndexVar[],
  out: string,
  value: Expr,
  lowerer: Lowerer,
  context: LoweringContext,
): KernelOp {
  const { axes, context: inner } = lowerer.loops(all, context)
  return { op: 'map', out, axes, at: axes.map((a) => k.axis(a)), value: lowerer.expr(value, inner) }
}
