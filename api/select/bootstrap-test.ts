/**
 * Parametric bootstrap likelihood-ratio test of K components against K + 1. The usual χ² law does not hold, since the
 * smaller model lies on the edge of the larger one; so the law of the ratio is drawn: data from the smaller fit, both
 * models fitted to it. McLachlan (1987), Applied Statistics 36(3), p. 318.
 */
import type { BoundData } from '../../runtime/data/types.js'
import { AbortError } from '../../runtime/errors.js'
import { numberFromJson } from '../../runtime/json.js'
import { entriesOf, type FitCallOptions } from '../options.js'
import { simulateLike } from '../simulate/simulate-model.js'
import type { Candidate } from './candidate.js'
import { failureOf } from './failure.js'

export interface BootstrapTest {
  /** The const, and its two values. */
  readonly name: string
  readonly smaller: number
  readonly larger: number
  /** 2·(log-likelihood of the larger fit − that of the smaller one). */
  readonly statistic: number
  /** (1 + number of draws with a ratio as large) / (1 + draws). */
  readonly pValue: number
  /** Its Monte Carlo standard error, √(p(1 − p)/draws). */
  readonly pError: number
  readonly draws: number
  /** Draws that could not be fitted; they do not count. */
  readonly failed: number
}

type Bindings = ReadonlyMap<Candidate, { readonly data: BoundData; readonly options: FitCallOptions }>

/** A larger model is no longer looked at where the test before was not significant at this level. */
const LEVEL = 0.05

/** Neighbours from the smallest value upwards, until a test is not significant. */
export async function bootstrapTests(
  candidates: readonly Candidate[],
  bindings: Bindings,
  draws: number,
  onDraw: (candidate: number, done: number) => void,
): Promise<readonly BootstrapTest[]> {
  const tests: BootstrapTest[] = []
  const name = Object.keys(candidates[0]?.set ?? {})[0] ?? ''
  const fitted = candidates
    .flatMap((c, i) => (c.fit === null ? [] : [{ candidate: c, value: Number(c.set[name]), i }]))
    .sort((a, b) => a.value - b.value)
  for (const [i, small] of fitted.entries()) {
    const large = fitted[i + 1]
    if (large === undefined) break
    const own = await test(small.candidate, large.candidate, bindings, draws, (done) => onDraw(large.i, done))
    if (own === null) break
    tests.push({ name, smaller: small.value, larger: large.value, ...own })
    if (!(own.pValue <= LEVEL)) break
  }
  return tests
}

async function test(
  small: Candidate,
  large: Candidate,
  bindings: Bindings,
  draws: number,
  onDraw: (done: number) => void,
): Promise<Omit<BootstrapTest, 'name' | 'smaller' | 'larger'> | null> {
  const [a, b] = [bindings.get(small), bindings.get(large)]
  if (small.fit === null || large.fit === null || a === undefined || b === undefined) return null
  const statistic = 2 * (large.fit.logLikelihood - small.fit.logLikelihood)
  const { model } = small.fit
  let [asLarge, done, failed] = [0, 0, 0]
  for (let draw = 1; draw <= draws; draw++) {
    onDraw(draw - 1)
    const set = entriesOf(a.options.set ?? {})
    const drawn = simulateLike(model, a.data, small.fit.result, { seed: a.options.seed ?? 1, stream: draw, set })
    try {
      const fits = []
      for (const options of [a.options, b.options]) {
        const { onIteration: _, trace: __, errors: ___, ...quiet } = options
        const { result } = await model.fitOver(drawn.bound, quiet)
        fits.push(result.stop === 'numerical' ? Number.NaN : (numberFromJson(result.logLikelihood) ?? Number.NaN))
      }
      const ratio = 2 * ((fits[1] ?? Number.NaN) - (fits[0] ?? Number.NaN))
      if (!Number.isFinite(ratio)) failed++
      else {
        done++
        if (ratio >= statistic) asLarge++
      }
    } catch (e) {
      if (e instanceof AbortError || failureOf(e) === null) throw e
      failed++
    }
  }
  const pValue = (1 + asLarge) / (1 + done)
  return { statistic, pValue, pError: Math.sqrt((pValue * (1 - pValue)) / Math.max(1, done)), draws: done, failed }
}
