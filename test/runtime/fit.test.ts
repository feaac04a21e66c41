import { describe, expect, it } from 'vitest'
import type { BoundModel } from '../../runtime/contract.js'
import { AbortError, InternalError } from '../../runtime/errors.js'
import { type FitOutcome, fitModel } from '../../runtime/fit.js'
import type { FitRequest } from '../../runtime/options.js'
import type { FitResult } from '../../runtime/result.js'
import { gaussianMixture, grades, normalMeans, normalModel, numbersFrom, oldFaithful, pause } from './fake-models.js'

async function fitted(model: BoundModel, request: FitRequest = {}): Promise<FitResult> {
  const outcome = await fitModel(model, request, { pause })
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'))
  return outcome.result
}

const start = (values: { [name: string]: unknown }): ReadonlyMap<string, unknown> => new Map(Object.entries(values))
const FAITHFUL_START = start({
  pi: [0.5, 0.5],
  mu: [
    [2, 80],
    [5, 60],
  ],
  sigma: [10, 10],
})

describe('a fit from a given start', () => {
  it('follows the published path of Old Faithful', async () => {
    const result = await fitted(oldFaithful(), { start: FAITHFUL_START, trace: true })
    const published = [-1967.1244, -1785.2653, -1719.2682, -1712.0417, -1710.0098, -1709.6041]
    published.forEach((value, t) => {
      expect(result.trace[t]).toBeCloseTo(value, 3)
      expect(result.iterates?.[t]?.logLikelihood).toBe(result.trace[t])
    })
    expect(result.logLikelihood).toBeCloseTo(-1709.52928217741, 5)
    expect(result.bic).toBeCloseTo(3458.2992, 3)
    expect(result.stop).toBe('tolerance')
    expect(result.trace).toHaveLength(result.iterations + 1)
    expect(result.iterates).toHaveLength(result.iterations + 1)
    expect(result.iterates?.at(-1)?.params).toEqual(result.params)
  })

  it('keeps log L(t) = ELBO after E ≤ ELBO after M ≤ log L(t+1) in every row', async () => {
    const { iterates = [] } = await fitted(oldFaithful(), { start: FAITHFUL_START, trace: true })
    iterates.forEach((row, t) => {
      expect(row.elboAfterE).toBe(row.objective)
      expect(Number(row.elboAfterM)).toBeGreaterThanOrEqual(Number(row.elboAfterE) - 1e-8)
      const next = iterates[t + 1]
      if (next === undefined) return
      expect(Number(next.objective)).toBeGreaterThanOrEqual(Number(row.elboAfterM) - 1e-8)
      expect(row.gap).toBeCloseTo(Number(next.objective) - Number(row.elboAfterM), 12)
    })
  })

  it('gives the iterates of the hidden grades, from the edge of the support', async () => {
    const request = { start: start({ mu: 0 }), tolerance: 0, maxIterations: 6, trace: true }
    const result = await fitted(grades(20, 10, 10), request)
    const mu = [0, 1 / 12, 3 / 32, 0.0946969696969697, 0.0947802197802198, 0.0947875166002656, 0.0947881559942224]
    const b = [
      0, 2.85714285714286, 3.15789473684211, 3.18471337579618, 3.18706697459584, 3.18727323471951, 3.18729130830719,
    ]
    expect(result.iterates).toHaveLength(7)
    result.iterates?.forEach((row, t) => {
      expect(row.params.mu).toBeCloseTo(mu[t] ?? Number.NaN, 12)
      expect(row.expected.b).toBeCloseTo(b[t] ?? Number.NaN, 10)
    })
    expect(result.trace[0]).toBe('-Infinity')
    expect(result.iterates?.[0]?.elboAfterE).toBe('-Infinity')
    expect(result.iterates?.[0]?.elboAfterM).toBeNull()
    expect(result.iterations).toBe(6)
    expect(result.stop).toBe('max-iterations')
    expect(result.warnings).toEqual([])
  })

  it('converges on the grades with a tight tolerance', async () => {
    const result = await fitted(grades(20, 10, 10), { start: start({ mu: 0 }), tolerance: 1e-13 })
    expect(result.logLikelihood).toBeCloseTo(-4.5860942556092, 10)
    expect(result.params.mu).toBeCloseTo(0.0947882174014739, 6)
    expect(result.converged).toBe(true)
    expect(result.boundary).toEqual([])
  })

  it('stays at a symmetric start, and says so', async () => {
    const symmetric = start({
      pi: [0.3, 0.7],
      mu: [
        [3, 70],
        [3, 70],
      ],
      sigma: [9, 9],
    })
    const result = await fitted(oldFaithful(), { start: symmetric })
    expect(result.warnings.map(({ code }) => code)).toContain('W520')
    expect(result.derived.ratio).toBeCloseTo(1, 12)
    expect(result.iterations).toBeLessThan(10)
    expect(Number(result.logLikelihood)).toBeLessThan(-1900)
  })

  it('takes what is missing from its own first start', async () => {
    const result = await fitted(oldFaithful(), {
      start: start({
        mu: [
          [2, 55],
          [4, 80],
        ],
      }),
      trace: true,
    })
    expect(result.iterates?.[0]?.params.mu).toEqual([
      [2, 55],
      [4, 80],
    ])
    expect(result.logLikelihood).toBeCloseTo(-1709.52928217741, 6)
  })

  it('returns what is wrong with a start', async () => {
    const outcome = await fitModel(oldFaithful(), { start: start({ mu: [[1, 2]], tau: 3 }) }, { pause })
    expect(outcome).toEqual({
      ok: false,
      problems: [
        { param: 'mu', message: 'the start value of `mu` has 1 element, and 2 are needed' },
        { param: 'tau', message: 'the model has no param `tau`; it has `pi`, `mu`, `sigma`' },
      ],
    })
  })

  it('says when the start lies below the floor, and never falls again', async () => {
    const rows = [0, 0, 0, 0, 0, 8, 9, 9, 10].map((x) => [x])
    const low = start({ pi: [5 / 9, 4 / 9], mu: [[0], [9]], sigma: [1e-6, Math.SQRT1_2] })
    const result = await fitted(gaussianMixture(rows, 2), { start: low, floor: 1e-3 })
    expect(result.warnings.map(({ code }) => code)).toContain('W526')
    const trace = result.trace.map(Number)
    expect(trace[1]).toBeLessThan(trace[0] ?? 0)
    for (let t = 2; t < trace.length; t++) expect(trace[t]).toBeGreaterThanOrEqual((trace[t - 1] ?? 0) - 1e-8)
  })
})

describe('a fit from its own starts', () => {
  it('finds the optimum of Old Faithful, brief starts first', async () => {
    const result = await fitted(oldFaithful())
    expect(result.logLikelihood).toBeCloseTo(-1709.52928217741, 6)
    expect(result.starts).toHaveLength(20)
    expect(result.starts.filter(({ brief }) => !brief).length).toBeGreaterThanOrEqual(3)
    expect(result.starts.map(({ seed }) => seed)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    for (const { objective, degenerate } of result.starts) {
      if (!degenerate) expect(Number(objective)).toBeLessThanOrEqual(Number(result.objective))
    }
  })

  it.each(['auto', 'kmeans++', 'random'] as const)('gives the same bits for the same seed: %s', async (init) => {
    const options = { init, restarts: 5, seed: 7 }
    expect(JSON.stringify(await fitted(oldFaithful(3), options))).toBe(
      JSON.stringify(await fitted(oldFaithful(3), options)),
    )
  })

  it('reports components in canonical order whatever the order of the start', async () => {
    const one = await fitted(oldFaithful(), {
      start: start({
        pi: [0.4, 0.6],
        mu: [
          [2, 55],
          [4, 80],
        ],
        sigma: [5, 6],
      }),
    })
    const two = await fitted(oldFaithful(), {
      start: start({
        pi: [0.6, 0.4],
        mu: [
          [4, 80],
          [2, 55],
        ],
        sigma: [6, 5],
      }),
    })
    expect(two.params.mu).toEqual(one.params.mu)
    expect(two.params.sigma).toEqual(one.params.sigma)
    expect(two.params.pi).toEqual(one.params.pi)
  })

  it('finds the best non-degenerate optimum of the galaxies', async () => {
    const galaxies = numbersFrom('galaxies.csv')
    const result = await fitted(gaussianMixture(galaxies, 3), { restarts: 40, maxIterations: 50_000, tolerance: 1e-12 })
    expect(result.logLikelihood).toBeCloseTo(-203.1792, 3)
    expect(result.starts.some(({ degenerate }) => degenerate)).toBe(false)
  })

  it('never lets a degenerate end win', async () => {
    // A point repeated ten times draws a component onto itself: unbounded but for the floor.
    const rows = [...numbersFrom('galaxies.csv'), ...Array.from({ length: 10 }, () => [20.5])]
    const result = await fitted(gaussianMixture(rows, 3), { restarts: 20, maxIterations: 50_000 })
    const ends = result.starts.filter(({ brief }) => !brief)
    const sound = ends.filter(({ degenerate }) => !degenerate).map(({ objective }) => Number(objective))
    if (sound.length > 0) {
      expect(result.objective).toBe(Math.max(...sound))
      expect(result.warnings.map(({ code }) => code)).not.toContain('W521')
    } else {
      expect(result.warnings.map(({ code }) => code)).toContain('W521')
    }
  })

  it('names the component where every end is degenerate', async () => {
    const result = await fitted(gaussianMixture([[0], [0], [0], [0], [9], [9], [9], [9]], 2), { restarts: 4 })
    expect(result.warnings.map(({ code }) => code)).toEqual(['W521', 'W521', 'W523'])
    expect(result.warnings[0]?.message).toContain('component 1 of `z` has collapsed')
    expect(result.warnings[0]?.message).toContain('over 4 rows')
    expect(result.starts.every(({ degenerate }) => degenerate)).toBe(true)
  })

  it('counts one row as one', async () => {
    const result = await fitted(gaussianMixture([[0], [9]], 2), { restarts: 2 })
    expect(result.warnings[0]?.message).toContain('over 1 row;')
  })

  it('takes one M-step where that is the maximum', async () => {
    const result = await fitted(normalModel([1, 2, 3, 6]))
    expect(result).toMatchObject({ stop: 'direct', converged: true, iterations: 1, params: { mu: 3 } })
    expect(result.starts).toHaveLength(1)
    expect(result.trace).toHaveLength(2)
  })

  it('goes on where one M-step was not all there is', async () => {
    const half: BoundModel = { ...oldFaithful(), direct: true }
    const result = await fitted(half, { start: FAITHFUL_START })
    expect(result.stop).toBe('tolerance')
    expect(result.logLikelihood).toBeCloseTo(-1709.52928217741, 5)
  })

  it('reaches the edge of the support where EM only nears it', async () => {
    const y = [28, 8, -3, 7, -1, 1, 18, 12]
    const result = await fitted(normalMeans(y, [15, 10, 16, 11, 9, 11, 10, 18]), { maxIterations: 2000 })
    expect(result.params.tau).toBe(0)
    expect(result.logLikelihood).toBeCloseTo(-29.6742, 2)
    expect(result.boundary).toEqual([{ param: 'tau', index: [], value: 0 }])
    expect(result.warnings.map(({ code }) => code)).toContain('W528')
    expect(result.trace).toHaveLength(result.iterations + 1)
  })
})

describe('how a fit stops', () => {
  it('rejects with what it has when aborted', async () => {
    const signal = { aborted: false }
    const fitting = fitModel(
      oldFaithful(4),
      { tolerance: 0, maxIterations: 1e6 },
      {
        pause,
        signal,
        onIteration: ({ phase, iteration }) => {
          if (phase === 'main' && iteration === 80) signal.aborted = true
        },
      },
    )
    const error: unknown = await fitting.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(AbortError)
    const partial = (error as AbortError<FitOutcome>).partial
    expect(partial?.ok).toBe(true)
    if (partial?.ok) {
      expect(partial.result).toMatchObject({ converged: false, stop: 'aborted' })
      expect(partial.result.starts).toHaveLength(20)
    }
  })

  it('rejects without a result when aborted before it begins', async () => {
    const error: unknown = await fitModel(oldFaithful(), {}, { pause, signal: { aborted: true } }).catch(
      (e: unknown) => e,
    )
    expect(error).toBeInstanceOf(AbortError)
    expect((error as AbortError<FitOutcome>).partial).toBeNull()
  })

  it('ends when time is up, and warns', async () => {
    let time = 0
    const outcome = await fitModel(
      oldFaithful(4),
      { tolerance: 0, maxIterations: 1e6, maxTime: 500 },
      {
        pause,
        now: () => time++,
      },
    )
    expect(outcome.ok && outcome.result).toMatchObject({ converged: false, stop: 'max-time' })
    expect(outcome.ok && outcome.result.warnings.map(({ code }) => code)).toContain('W524')
  })

  it('warns where time ended the search over starts, though the best of them has converged', async () => {
    const codes = async (maxTime: number | null): Promise<readonly (string | number)[]> => {
      let time = 0
      const outcome = await fitModel(oldFaithful(), { restarts: 3, maxTime }, { pause, now: () => time++ })
      if (!outcome.ok) throw new Error('no fit')
      const { stop, starts, warnings } = outcome.result
      return [stop, starts.length, ...warnings.map(({ code }) => code)]
    }
    expect(await codes(null)).toEqual(['tolerance', 3])
    expect(await codes(60)).toEqual(['tolerance', 2, 'W559'])
  })

  it('lets the event loop turn whenever 12 ms of its clock have gone', async () => {
    let time = 0
    let last = 0
    let longest = 0
    let pauses = 0
    await fitModel(
      oldFaithful(4),
      { restarts: 8, maxIterations: 200 },
      {
        pause: () => {
          pauses += 1
          longest = Math.max(longest, time - last)
          last = time
          return pause()
        },
        // every look at the clock costs one millisecond
        now: () => time++,
      },
    )
    expect(pauses).toBeGreaterThan(20)
    expect(longest).toBeLessThan(50)
  })

  it('calls a falling objective an internal error, with iteration and amount', async () => {
    const good = oldFaithful()
    const broken: BoundModel = {
      ...good,
      mStep(params, expectation) {
        const next = good.mStep(params, expectation)
        next.params[6] = (next.params[6] ?? 1) * 1.5
        return next
      },
    }
    const error: unknown = await fitted(broken, { start: FAITHFUL_START }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(InternalError)
    expect(String(error)).toMatch(/iteration \d+: the M-step lowers the bound by \d/u)
  })

  it('catches a bound that lies above the objective', async () => {
    const good = oldFaithful()
    const broken: BoundModel = { ...good, gain: (p, e, trial) => (p === trial ? 0 : good.gain(p, e, trial) * 3) }
    await expect(fitted(broken, { start: FAITHFUL_START })).rejects.toThrow(/below the bound after the M-step/u)
  })

  it('stops without a number, and says so', async () => {
    const good = oldFaithful()
    const broken: BoundModel = {
      ...good,
      mStep: () => ({ params: new Float64Array(good.length).fill(Number.NaN), floored: [] }),
    }
    const result = await fitted(broken, { start: FAITHFUL_START })
    expect(result).toMatchObject({ converged: false, stop: 'numerical', iterations: 0 })
    expect(result.warnings.map(({ code }) => code)).toEqual(['W529'])
  })
})
