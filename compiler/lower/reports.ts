/**
 * What a report of posteriors needs, lowered beside the E-step in a program of its own: a fit does not pay for it. The
 * buffers of discrete latents and of counts are those of the program; continuous latents have means, variances,
 * covariances and parameters; the log-likelihood comes apart into rows.
 */
import type { IndexVar } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import { normaliserTable } from '../estep/continuous.js'
import { blockOf } from '../estep/expectation.js'
import type { FilterPlan } from '../estep/filtered.js'
import type { CellDensity } from '../graph/cell-density.js'
import type { KernelOp } from '../kernel/types.js'
import { ContinuousLowering } from './continuous.js'
import { type ContinuousReport, lowerContinuousReport, rowPairs } from './continuous-reports.js'
import { type Contribution, lowerContributions } from './contributions.js'
import { lowerCountVariances } from './count-reports.js'
import { EStepLowering } from './e-step.js'
import { type FilteredBlock, lowerFilterTerms } from './filter-terms.js'
import { type Imputation, lowerImputations } from './imputations.js'
import { type JointUnits, lowerJointUnits } from './joint-units.js'
import { lower } from './lower.js'
import { Lowerer, type LoweringContext } from './lowerer.js'
import type { Pass, Program } from './program.js'
import { lowerCellLaws } from './residuals/cell-laws.js'
import { withSilence, withSilent } from './residuals/silent-cells.js'
import type { CellLaw, Told } from './residuals/types.js'

export interface ReportProgram {
  readonly program: Program
  /** Run after the posterior and the marginals, over whole arrays. */
  readonly reports: readonly KernelOp[]
  readonly continuous: readonly ContinuousReport[]
  readonly contributions: readonly Contribution[]
  /** Systems over all cells whose log-normaliser falls apart into units, with what they add. */
  readonly jointUnits: readonly JointUnits[]
  /** What is said of missing cells that are left out of the E-step. */
  readonly imputations: readonly Imputation[]
  /** Buffers of the variances of counts and of latents that an equation gives, by latent. */
  readonly countVariances: ReadonlyMap<string, string>
  /** For each statement asked about, what the posterior says of the latents that it reads; a text says why not. */
  readonly laws: readonly (CellLaw | string)[]
  /** Gaussian chains of which filtered states are asked for. */
  readonly filtered: readonly FilteredBlock[]
}

export interface ReportOptions {
  /** Of chains, the posteriors given the data up to a place. */
  readonly filter?: FilterPlan | null
  /** Covariances of vectors too: rows × size × size numbers. */
  readonly covariance?: boolean
  /** What is said of missing cells. */
  readonly impute?: boolean
  /** What each row adds to the log-likelihood. */
  readonly contributions?: boolean
  /** Statements on cells of data, which can be silenced; latents are integrated out of them over so many points at a time. */
  readonly laws?: {
    readonly cells: readonly CellDensity[]
    readonly told: ReadonlyMap<string, Told>
    readonly points: number
    /** Silenced in Normal posteriors too. */
    readonly rowByRow?: boolean
  }
}

export function lowerReports(d: Derivation, options: ReportOptions = {}): ReportProgram {
  const { filter = null, covariance = false } = options
  const rename = (v: IndexVar): IndexVar => d.supply.fresh(v.name, v.to, v.from)
  const lowerer = new Lowerer(options.laws === undefined ? d.shapes : withSilence(d.shapes))
  const { graph, lifted, mStep, shapes, collectOptions: collecting } = d
  const plan =
    options.laws === undefined ? d.eStep : withSilent(d.eStep, options.laws.cells, options.laws.rowByRow ?? false)
  const made = lower(
    { graph, lifted, eStep: plan, mStep, shapes, collecting, rename, lets: [], filtered: filter !== null },
    lowerer,
  )
  // the buffers are those that `lower` has made: this lowering only answers what reads them
  const eStep = new EStepLowering(lowerer, plan, 'sum', filter !== null)
  const reader = new ContinuousLowering(lowerer, plan, collecting, eStep.probability)
  const { expect } = reader
  eStep.reading({ probability: eStep.probability, expect })
  eStep.run()
  const context: LoweringContext = {
    vars: new Map(),
    at: 'param',
    probability: eStep.probability,
    expect,
    mean: eStep.mean,
  }
  const continuous = graph.latents.flatMap((l) =>
    l.kind === 'continuous' && plan.blocks.some((b) => b.latents.some((x) => x.latent.name === l.name))
      ? [lowerContinuousReport(l, blockOf(l.name, plan), d, lowerer, context, covariance)]
      : [],
  )
  const joint =
    options.contributions === true && plan.factorised === null
      ? plan.blocks.flatMap((b) =>
          b.kind === 'gaussian' && b.layout === 'joint' && b.scope.length === 0 && b.given === null
            ? [lowerJointUnits(b, lowerer, context)]
            : [],
        )
      : []
  const contributions =
    options.contributions === true
      ? lowerContributions(
          made,
          loopVariables(d),
          lowerer,
          new Set(joint.map(({ units }) => normaliserTable(units.block))),
        )
      : { contributions: [], ops: [] }
  const imputed = options.impute === true ? lowerImputations(d, lowerer, context) : { imputations: [], ops: [] }
  const counts = lowerCountVariances(d, lowerer, context)
  const { cells, ...asked } = options.laws ?? { cells: [], told: new Map<string, Told>(), points: 1 }
  const laws = lowerCellLaws(cells, { ...asked, d, plan, lowerer, context, blocks: reader })
  const filtered = (filter?.gaussian ?? []).map((g) => lowerFilterTerms(g, made.passes, lowerer))
  const pairs = plan.blocks.flatMap((b) =>
    covariance && b.kind === 'gaussian' && b.layout === 'joint' ? [rowPairs(b, d, lowerer)] : [],
  )
  const withPairs = (op: KernelOp): readonly KernelOp[] => {
    if (op.op !== 'sparseGaussian') return [op]
    const own = pairs.filter((p) => p.covariance === op.covariance)
    return [...own.flatMap((p) => p.ops), { ...op, entries: [...op.entries, ...own.flatMap((p) => p.entries)] }]
  }
  const passes = made.passes.map((p): Pass => ({ ...p, posterior: p.posterior.flatMap(withPairs) }))
  const derived = [...lowerer.derived.values()].filter((x) => x.at === 'param').flatMap((x) => x.ops)
  return {
    program: {
      ...made,
      passes,
      buffers: [...lowerer.buffers.values()],
      sizes: lowerer.sizes,
      derived: { ...made.derived, param: derived },
    },
    reports: [
      ...(reader.moments?.all() ?? []),
      ...continuous.flatMap((c) => c.ops),
      ...contributions.ops,
      ...joint.flatMap((j) => j.ops),
      ...imputed.ops,
      ...counts.ops,
      ...laws.ops,
      ...filtered.flatMap((f) => f.ops),
    ],
    continuous: continuous.map((c) => c.report),
    contributions: contributions.contributions,
    jointUnits: joint.map((j) => j.units),
    imputations: imputed.imputations,
    countVariances: counts.variances,
    laws: laws.laws,
    filtered: filtered.map((f) => f.filtered),
  }
}

/** Every loop of a factor, by the identity that its axis has. */
function loopVariables(d: Derivation): ReadonlyMap<string, IndexVar> {
  const loops = [
    ...d.graph.factors.flatMap((f) => f.loops),
    ...d.graph.constraints.flatMap((c) => c.loops),
    ...d.eStep.tables.flatMap((t) => t.loops),
    ...d.eStep.blocks.flatMap((b) => b.loops),
  ]
  return new Map(loops.map((l) => [l.index.id, l.index]))
}
