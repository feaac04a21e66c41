import type { FitOptions } from './contract.js'
import type { StartValues } from './start-values.js'

/** What a caller may give; the rest is filled in by `resolveOptions`. */
export interface FitRequest extends Partial<FitOptions> {
  /**
   * Where to begin: all params or some of them, nested as in a result. The others are those of the first start that
   * would be made without it. `restarts` then defaults to 1.
   */
  readonly start?: StartValues
}

/** The defaults of `estep fit`. */
export const defaultOptions: FitOptions = {
  maxIterations: 10_000,
  tolerance: 1e-9,
  seed: 1,
  restarts: 20,
  init: 'auto',
  floor: 1e-6,
  trace: false,
  maxTime: null,
  accelerate: null,
}

/** Iterations of a brief start, and how many of those go on. */
export const BRIEF_ITERATIONS = 12
export const RUN_ON = 3
/** More brief starts than these are narrowed down in rounds. */
export const LAST_ROUND = 7
/** Of the last round so many make twice as many iterations before those that go on are chosen. */
export const CONTENDERS = 5

export function resolveOptions(request: FitRequest): FitOptions {
  return {
    maxIterations: request.maxIterations ?? defaultOptions.maxIterations,
    tolerance: request.tolerance ?? defaultOptions.tolerance,
    seed: request.seed ?? defaultOptions.seed,
    restarts: Math.max(1, request.restarts ?? (request.start === undefined ? defaultOptions.restarts : 1)),
    init: request.init ?? defaultOptions.init,
    floor: request.floor ?? defaultOptions.floor,
    trace: request.trace ?? defaultOptions.trace,
    maxTime: request.maxTime === undefined ? defaultOptions.maxTime : request.maxTime,
    accelerate: request.accelerate ?? defaultOptions.accelerate,
  }
}
