/** The numerical proof of a derivation: an engine's answers against brute force on micro-data. */
import type { TypedModel } from '../lang/typed/types.js'
import { checkBound } from './certify-bound.js'
import {
  checkEStep,
  checkFisher,
  checkGain,
  checkMStep,
  checkObjective,
  checkPosterior,
  checkTargets,
  mStepOf,
} from './certify-checks.js'
import { checkMoments } from './certify-moments.js'
import type { Density } from './densities/types.js'
import { type CertificateCheck, Findings } from './findings.js'
import { randomSource } from './random.js'
import { type EngineFor, findTrial } from './trial.js'
import { OracleError } from './types.js'

export type {
  CertifiedEngine,
  EngineBlock,
  EngineCovariances,
  EngineExpectation,
  EngineLatent,
  EngineMoments,
  EngineParam,
} from './certified-engine.js'
export type { CertificateCheck } from './findings.js'
export type { MicroArray, MicroData } from './micro-data.js'
export type { EngineFor } from './trial.js'

export interface Certificate {
  /** There are checks, and every one of them holds. */
  readonly passed: boolean
  readonly checks: readonly CertificateCheck[]
  /** Set where the model cannot be grounded on micro-data; it is then not certified. */
  readonly declined?: string
}

export interface CertifyOptions {
  readonly seed: number
  /** Independent draws of data and params. */
  readonly replicates: number
  /** Distributions that the oracle does not have itself. */
  readonly densities?: readonly Density[]
  /** The engine's objective is a lower bound: data need not be small enough for the log-likelihood itself. */
  readonly bound?: boolean
  /** Densities that one evaluation of the likelihood may take, where 1000, and 5000 on data that are hard to find, are too few. */
  readonly evaluations?: number
}

/** Draws of data on which Q may turn out to have no maximum before the certificate declines. */
const REDRAWS = 20

/**
 * Certifies that an engine runs EM for the model. `engineFor` binds it to micro-data; `consts` override consts of the
 * model by name. Never throws for a model that is beyond brute force: the certificate then says why it declines.
 */
export function certify(model: TypedModel, engineFor: EngineFor, options: CertifyOptions): Certificate {
  const found = new Findings()
  try {
    for (let r = 0; r < options.replicates; r++) {
      const random = randomSource(options.seed * 7919 + r)
      const declined = replicate(model, engineFor, found, random, options)
      if (declined !== null) return { passed: false, checks: found.checks(), declined }
    }
  } catch (e) {
    if (!(e instanceof OracleError)) throw e
    return { passed: false, checks: found.checks(), declined: e.message }
  }
  const checks = found.checks()
  return { passed: checks.length > 0 && checks.every((c) => c.passed), checks }
}

/** Draws data and params until Q has a maximum, and compares; the text says why there was nothing to compare. */
function replicate(
  model: TypedModel,
  engineFor: EngineFor,
  found: Findings,
  random: () => number,
  { densities = [], evaluations: most = 0, bound = false }: Partial<CertifyOptions>,
): string | null {
  for (let draw = 0; draw < REDRAWS; draw++) {
    // more rows where a density has no bound on few
    const evaluations = Math.max(most, draw < 4 ? 1000 : 5000)
    const trial = findTrial(model, engineFor, random, { densities, evaluations, bound })
    if (typeof trial === 'string') return trial
    if (trial.engine.factors !== undefined) {
      checkBound(trial, found, random)
      checkTargets(trial, found)
      return null
    }
    const step = mStepOf(trial)
    if (step === null) continue
    checkEStep(trial, found)
    checkPosterior(trial, found)
    checkMoments(trial, found)
    checkFisher(trial, found, random)
    checkGain(trial, found, random)
    checkMStep(trial, step, found, random)
    checkObjective(trial, found)
    checkTargets(trial, found)
    return null
  }
  return 'on all micro-data that was tried, a density grows without bound'
}
