import { describe, expect, it } from 'vitest'
import type { Beginning, BoundModel, Expectation } from '../../runtime/contract.js'
import { AbortError, InternalError } from '../../runtime/errors.js'
import { type FitOutcome, fitModel } from '../../runtime/fit.js'
import type { FitRequest } from '../../runtime/options.js'
import type { FitProgress } from '../../runtime/search.js'
import { sideBySide } from '../../runtime/side-by-side.js'
import { later } from '../support/later.js'
import { gaussianMixture, normalMeans, numbersFrom, oldFaithful, pause } from './fake-models.js'

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await pause()
}

describe('tasks side by side', () => {
  it('begin in order, no more than there are lanes, and give their results in order', async () => {
    for (const lanes of [1, 2, 5, 40]) {
      const begun: number[] = []
      let underWay = 0
      let most = 0
      const results = await sideBySide(13, lanes, async (index) => {
        begun.push(index)
        most = Math.max(most, ++underWay)
        await turns((index * 7) % 5)
        underWay--
        return index * index
      })
      expect(results).toEqual(Array.from({ length: 13 }, (_, i) => i * i))
      expect(begun).toEqual(results.map((_, i) => i))
      expect(most).toBe(Math.min(lanes, 13))
    }
  })

  it('leave out what comes after the first that is not made', async () => {
    for (const lanes of [1, 3]) {
      const results = await sideBySide(20, lanes, async (index) => {
        await turns(index % 3)
        return index < 7 ? index : null
      })
      expect(results).toEqual([0, 1, 2, 3, 4, 5, 6])
    }
    expect(await sideBySide(0, 4, async () => 1)).toEqual([])
  })

  it('fail as one lane would, tell those behind to stop, and leave none under way', async () => {
    for (const lanes of [1, 2, 4]) {
      let underWay = 0
      const stopped = new Set<number>()
      const failing = sideBySide(12, lanes, async (index, stop) => {
        underWay++
        // the second failure is there long before the first one
        const until = index === 2 ? 12 : index === 3 ? 2 : index === 1 ? 20 : 40
        for (let t = 0; t < until && !stop.aborted; t++) await pause()
        if (stop.aborted) stopped.add(index)
        underWay--
        if (index === 2 || index === 3) throw new Error(`task ${index}`)
        return index
      })
      await expect(failing).rejects.toThrow('task 2')
      expect(underWay).toBe(0)
      expect([...stopped].every((index) => index > 2)).toBe(true)
    }
  })
})

/** Everything in an outcome that a fit is judged by. */
function essence(outcome: FitOutcome): unknown {
  if (!outcome.ok) return outcome
  return { ...outcome.result, params: [...outcome.params], order: [...outcome.order] }
}

const fit = (model: BoundModel, request: FitRequest, hooks = {}): Promise<FitOutcome> =>
  fitModel(model, request, { pause, ...hooks })

const iris = (): BoundModel => gaussianMixture(numbersFrom('faithful.csv').slice(0, 90), 4)
const requests: readonly (readonly [string, () => BoundModel, FitRequest])[] = [
  ['3 starts that all run on', oldFaithful, { restarts: 3 }],
  ['20 starts', iris, { restarts: 20 }],
  ['40 starts, narrowed down', iris, { restarts: 40, maxIterations: 300 }],
  ['random starts and a trace', oldFaithful, { restarts: 6, init: 'random', trace: true, maxIterations: 60 }],
  [
    'a start of the user',
    oldFaithful,
    {
      restarts: 5,
      start: new Map([
        [
          'mu',
          [
            [2, 50],
            [4, 80],
          ],
        ],
      ]),
    },
  ],
  ['scales that vanish', () => normalMeans([1, 2, 3, 4, 5], [9, 9, 9, 9, 9]), { restarts: 3 }],
]

describe('restarts side by side', () => {
  for (const [name, make, request] of requests) {
    it(`give the bits of one after the other: ${name}`, async () => {
      const alone = essence(await fit(make(), request))
      for (const lanes of [1, 2, 4, 8]) {
        const { model, most } = later(make(), lanes)
        expect(essence(await fit(model, request)), `${lanes} at once`).toEqual(alone)
        expect(most()).toBe(Math.min(lanes, request.restarts ?? 1))
      }
    })
  }

  it('report the iterations of each start in order', async () => {
    const record = async (model: BoundModel): Promise<Map<number, string[]>> => {
      const seen = new Map<number, string[]>()
      const onIteration = ({ phase, start, iteration, objective, starts }: FitProgress): void => {
        seen.set(start, [...(seen.get(start) ?? []), `${phase} ${iteration} ${objective} of ${starts}`])
      }
      await fit(model, { restarts: 20, maxIterations: 50 }, { onIteration })
      return seen
    }
    const alone = await record(iris())
    const together = await record(later(iris(), 4).model)
    for (let start = 0; start < 20; start++) expect(together.get(start)).toEqual(alone.get(start))
  })

  it('give up a start on which EM breaks its promise, as one after the other does', async () => {
    const request = { restarts: 8, maxIterations: 40 }
    const runs = await Promise.all(
      [1, 2, 4].map(async (lanes) => fit(later(breakingAt(3, iris()), lanes).model, request)),
    )
    for (const outcome of runs) {
      expect(outcome.ok && outcome.result.starts.map((s) => s.stop === 'numerical')).toEqual(
        Array.from({ length: 8 }, (_, i) => i === 2),
      )
      expect(essence(outcome)).toEqual(essence(runs[0] as FitOutcome))
    }
    const lone = fit(later(breakingAt(1, iris()), 4).model, { restarts: 1 })
    await expect(lone).rejects.toThrow(InternalError)
  })

  it('end a fit whose E-step fails, once nothing is under way', async () => {
    const base = iris()
    const failing: BoundModel = Object.assign(Object.create(base), {
      eStep(params: Float64Array, from?: Beginning) {
        if (from !== undefined && 'seed' in from && from.seed === 4) throw new Error('a worker is gone')
        return base.eStep(params, from)
      },
    })
    const { model, most, now } = later(failing, 4)
    await expect(fit(model, { restarts: 20 })).rejects.toThrow('a worker is gone')
    expect(most()).toBe(4)
    expect(now()).toBe(0)
  })

  it('stop where the caller aborts, with what there is', async () => {
    const signal = { aborted: false }
    let seen = 0
    const onIteration = (): void => {
      signal.aborted ||= ++seen >= 30
    }
    const { model, now } = later(iris(), 4)
    const error = await fit(model, { restarts: 20 }, { signal, onIteration }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(AbortError)
    expect(now()).toBe(0)
    const { partial } = error as AbortError<FitOutcome>
    expect(partial?.ok && partial.result.stop).toBe('aborted')
    // those under way make no further iteration
    expect(seen).toBeLessThan(34)
  })

  it('stop where time runs out', async () => {
    let clock = 0
    const tick = (): number => clock++
    const { model, now } = later(iris(), 4)
    const outcome = await fit(model, { restarts: 20, maxTime: 60 }, { now: tick })
    expect(now()).toBe(0)
    const starts = outcome.ok ? outcome.result.starts : []
    expect(starts.length).toBeGreaterThan(0)
    expect(starts.length).toBeLessThan(20)
    expect(starts.map(({ seed }) => seed)).toEqual(starts.map((_, i) => i + 1))
  })

  it('take turns where runs share nodes or a posterior', async () => {
    for (const bound of ['variational', 'quadrature', 'monte-carlo'] as const) {
      const base: BoundModel = Object.assign(Object.create(iris()), { bound })
      const { model, most } = later(base, 4)
      await fit(model, { restarts: 5, maxIterations: 20 })
      expect(most()).toBe(1)
    }
  })
})

/** The M-step after the first E-step of this start lowers the bound. */
function breakingAt(seed: number, base: BoundModel): BoundModel {
  const cursed = new WeakSet<Expectation>()
  const own: Pick<BoundModel, 'eStep' | 'gain'> = {
    eStep(params, from) {
      const made = base.eStep(params, from)
      if (from !== undefined && 'seed' in from && from.seed === seed) cursed.add(made)
      return made
    },
    gain: (params, made, trial) => (cursed.has(made) && trial !== params ? -1e6 : base.gain(params, made, trial)),
  }
  return Object.assign(Object.create(base), own)
}
