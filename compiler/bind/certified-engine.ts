/** A derivation as a certificate sees it: a program over micro-data, run by one target and checked against the other. */
import type { BoundArray, BoundData, Expectation, ParamLayout } from '../../runtime/contract.js'
import type { Derivation } from '../derive.js'
import { extentOf } from '../lower/lowerer.js'
import { lowerScores } from '../lower/scores.js'
import type { Exactness } from '../mstep/types.js'
import { compileInterpreter } from '../targets/interpreter/index.js'
import { compileJavaScript } from '../targets/javascript/index.js'
import type { CompileKernel } from '../targets/memory.js'
import { type BindProgramOptions, bindProgram, type ProgramModel } from './bound-model.js'
import { type ContinuousPosterior, PosteriorReports } from './posterior-reports.js'
import { scoreRunner } from './scores.js'
import { BindError } from './sizes.js'
import { rowLengths } from './table-rows.js'

/** Error of a quadrature, relative: the derivation is judged, not the number of nodes that a fit would take. */
const PRECISE = 1e-12

/** One block of the last round of an M-step, with the params as they stood after it. */
export interface BlockResult {
  readonly kinked: boolean
  readonly params: readonly string[]
  readonly exact: Exactness
  readonly iterative: boolean
  readonly after: Float64Array
}

type Started = Pick<Expectation, 'statistics' | 'logLikelihood' | 'q'>

/** q of a continuous latent under a factorised posterior. */
export interface FactorPosterior
  extends Pick<ContinuousPosterior, 'family' | 'mean' | 'variance' | 'covariance' | 'size'> {
  readonly parameters: ReadonlyMap<string, Float64Array>
  readonly own: number
  readonly independentRows: boolean
}

export interface DerivationEngine {
  readonly params: readonly ParamLayout[]
  readonly length: number
  readonly latents: readonly {
    readonly name: string
    readonly kind: 'discrete' | 'count' | 'continuous'
    readonly shape: readonly number[]
    readonly from: readonly number[]
    readonly lengths?: readonly number[]
    readonly low: number
    readonly values: number
  }[]
  /** It runs on latents that the model does not name. */
  readonly introduces: boolean
  readonly factors?: readonly (readonly string[])[]
  factorPosteriors?(params: Float64Array): ReadonlyMap<string, FactorPosterior>
  eStep(params: Float64Array, from?: Started): Expectation
  mStep(
    params: Float64Array,
    expectation: Pick<Expectation, 'statistics' | 'logLikelihood'>,
  ): { readonly params: Float64Array }
  mStepBlocks(
    params: Float64Array,
    expectation: Pick<Expectation, 'statistics' | 'logLikelihood'>,
  ): readonly BlockResult[]
  gain(
    params: Float64Array,
    expectation: Pick<Expectation, 'statistics' | 'logLikelihood'>,
    trial: Float64Array,
  ): number
  logPrior(params: Float64Array): number
  error(params: Float64Array): number
  posterior(params: Float64Array): ReadonlyMap<string, Float64Array>
  moments(params: Float64Array): ReadonlyMap<string, { readonly mean: Float64Array; readonly variance: Float64Array }>
  score(params: Float64Array): Float64Array
  setFloor(floor: number): void
  readonly others: readonly {
    readonly name: string
    eStep(params: Float64Array): Expectation
    mStep(
      params: Float64Array,
      expectation: Pick<Expectation, 'statistics' | 'logLikelihood'>,
    ): { readonly params: Float64Array }
  }[]
}

/** A target by its name in a certificate. */
export interface NamedTarget {
  readonly name: string
  readonly compile: CompileKernel
}

export const interpreter: NamedTarget = { name: 'interpreter', compile: compileInterpreter }

/**
 * Binds a derivation to micro-data for a certificate; the JavaScript target is checked against the others. Data that does
 * not suit the model gives the reason.
 */
export function certifyDerivation(
  derivation: Derivation,
  data: BoundData,
  consts: BindProgramOptions['set'],
  compile: CompileKernel = compileJavaScript,
  others: readonly NamedTarget[] = [interpreter],
): DerivationEngine | string {
  try {
    return engineOf(derivation, data, consts, compile, others)
  } catch (e) {
    if (e instanceof BindError) return e.message
    throw e
  }
}

function engineOf(
  derivation: Derivation,
  data: BoundData,
  consts: BindProgramOptions['set'],
  compile: CompileKernel,
  others: readonly NamedTarget[],
): DerivationEngine {
  const model = bindProgram(derivation, data, { set: consts, compile })
  const compared = others.map((o) => ({ name: o.name, own: bindProgram(derivation, data, { set: consts, ...o }) }))
  let score: ((params: Float64Array) => Float64Array) | null = null
  // the same object each time, so that the q it came with is known to be in place
  const fulls = new WeakMap<Started, Expectation>()
  const full = (e: Started): Expectation => {
    const known = fulls.get(e) ?? { ...e, scale: Number.NaN }
    fulls.set(e, known)
    return known
  }
  const refine = (params: Float64Array): boolean => model.refine(params, PRECISE)
  return {
    params: model.params,
    length: model.length,
    latents: latentsOf(model),
    introduces: model.program.latents.some((l) => l.introduced),
    ...factorsOf(model),
    eStep(params, from) {
      refine(params)
      return model.eStep(params, from === undefined ? undefined : full(from))
    },
    mStep: (params, e) => model.mStep(params, full(e)),
    mStepBlocks(params, e) {
      const last = new Map<string, BlockResult>()
      // a shape found with its scales profiled out is at its best once the last of them has followed
      const waiting = new Map<string, { readonly params: readonly string[]; readonly scales: Set<string> }>()
      model.mStep(params, full(e), (step, after) => {
        last.delete(step.id)
        if (step.kind === 'stationary' && step.profiles.length > 0) {
          waiting.set(step.id, { params: step.params, scales: new Set(step.profiles.map((p) => p.param)) })
          return
        }
        const followed = [...waiting.values()].filter(
          ({ scales }) => step.params.filter((p) => scales.delete(p)).length > 0 && scales.size === 0,
        )
        last.set(step.id, {
          params: [...step.params, ...followed.flatMap(({ params }) => params)],
          exact: step.exact,
          kinked: step.kind === 'median',
          iterative: step.kind === 'newton' || step.kind === 'stationary' || followed.length > 0,
          after,
        })
      })
      return [...last.values()]
    },
    gain: (params, e, trial) => model.gain(params, full(e), trial),
    logPrior: (params) => model.logPrior(params),
    error: (params) => model.accuracy(params)?.error ?? 0,
    posterior(params) {
      refine(params)
      return new Map([...model.posterior(params), ...model.countMeans(params)])
    },
    moments(params) {
      refine(params)
      return latentMoments(model, params)
    },
    score(params) {
      // it has memory of its own, for as many nodes as there were
      if (refine(params)) score = null
      score ??= scoreRunner(model, lowerScores(derivation), compile)
      return score(params)
    },
    setFloor(floor) {
      model.setFloor(floor)
      for (const { own } of compared) own.setFloor(floor)
    },
    others: compared.map(({ name, own }) => ({
      name,
      eStep(params) {
        own.followNodes(model)
        return own.eStep(params)
      },
      mStep: (params, e) => own.mStep(params, full(e)),
    })),
  }
}

/** The factors of a factorised posterior, and q of their continuous latents. */
function factorsOf(model: ProgramModel): Pick<DerivationEngine, 'factors' | 'factorPosteriors'> {
  const { eStep } = model.derivation
  if (eStep.factorised === null) return {}
  let reports: PosteriorReports | null = null
  return {
    factors: eStep.factorised.factors.map((f) => f.latents),
    factorPosteriors(params) {
      reports ??= new PosteriorReports(model, { covariance: true })
      return new Map(
        reports.at(params).continuous.map((c) => {
          const block = eStep.blocks.find((b) => b.latents.some((l) => l.latent.name === c.name))
          const independentRows = block?.kind !== 'gaussian' || (block.layout === 'row' && block.latents.length === 1)
          const spread = block?.kind === 'gaussian' ? block.given?.block.latents[0]?.latent.name : undefined
          const parameters = new Map([...c.parameters].map(([name, { values }]) => [name, values] as const))
          return [
            c.name,
            { ...c, parameters, own: c.own.length, independentRows, ...(spread === undefined ? {} : { spread }) },
          ]
        }),
      )
    },
  }
}

/** Means and variances, NaN at cells of data that are observed. */
function latentMoments(model: ProgramModel, params: Float64Array): ReturnType<DerivationEngine['moments']> {
  const moments = model.continuous(params)
  for (const l of model.program.latents) {
    const array = l.evidence && l.kind === 'continuous' ? model.data.arrays.get(l.name) : undefined
    if (array === undefined) continue
    const { mean, variance } = moments.get(l.name) ?? {}
    paddedPositions(array).forEach((position, i) => {
      if (Number.isNaN(array.values[i])) return
      for (const part of [mean, variance]) if (part !== undefined) part[position] = Number.NaN
    })
  }
  return moments
}

/** Where each cell of an array stands once its sequences are padded to the longest. */
function paddedPositions({ values, shape, offsets }: BoundArray): readonly number[] {
  if (offsets === null) return Array.from(values, (_, i) => i)
  const inner = shape.slice(2).reduce((a, b) => a * b, 1)
  const lengths = Array.from(offsets.subarray(1), (to, r) => to - (offsets[r] ?? 0))
  const longest = Math.max(0, ...lengths)
  return lengths.flatMap((n, r) => Array.from({ length: n * inner }, (_, i) => r * longest * inner + i))
}

function latentsOf(model: ProgramModel): DerivationEngine['latents'] {
  return model.program.latents.map((l) => {
    const low = l.low === null ? 0 : model.numbers.extent(l.low)
    const lengths = l.kind === 'discrete' ? rowLengths(l.loops, model.numbers) : null
    return {
      name: l.name,
      kind: l.kind,
      shape: l.loops.map((v) => model.numbers.extent(extentOf(v))),
      from: l.loops.map((v) => model.numbers.value(v.from)),
      ...(lengths === null ? {} : { lengths }),
      low,
      values: l.high === null ? 0 : model.numbers.extent(l.high) - low + 1,
    }
  })
}
