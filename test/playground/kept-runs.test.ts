import { readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { Controller } from '../../playground/session/controller.js'
import { type Project, plainControls } from '../../playground/session/project.js'
import { shownRun } from '../../playground/session/state.js'
import type { Mode } from '../../playground/session/view.js'
import { compiled } from '../../playground/workers/compile-session.js'
import { FitSession } from '../../playground/workers/fit-session.js'
import type { FitMessage } from '../../playground/workers/messages.js'

const read = (path: string): string => readFileSync(new URL(`../../examples/${path}`, import.meta.url), 'utf8')

/** Workers in this thread: messages are copied as between threads, and one that was ended is not heard of again. */
class ThreadOfTest {
  onmessage: ((event: { readonly data: unknown }) => void) | null = null
  onerror = null
  private ended = false
  private before: Promise<unknown> = Promise.resolve()

  constructor(private readonly answer: (call: string, request: unknown, tell: (message: unknown) => void) => unknown) {}

  postMessage(message: unknown): void {
    const { id, kind, call, request } = structuredClone(message) as Record<string, unknown>
    if (kind === 'stop') stop()
    if (kind !== 'call') return
    const tell = (data: unknown): void => {
      if (!this.ended) this.onmessage?.({ data: structuredClone(data) })
    }
    this.before = this.before.then(async () => {
      if (this.ended) return
      try {
        tell({ id, kind: 'answer', value: await this.answer(call as string, request, tell) })
      } catch (error) {
        tell({ id, kind: 'refused', complaints: [{ code: null, message: String(error), help: null }] })
      }
    })
  }

  terminate(): void {
    this.ended = true
  }
}

let started = 0
/** Hears of the wish to stop; a thread in the middle of a step does not. */
let stop = (): void => {}
/** Messages from the worker, in order. */
let heard = (_: FitMessage): void => {}
/** A call that never comes to its end, and what is said of it before. */
let stuck: string | null = null
let said: unknown = null

/** `patience`: for a worker that is asked to stop. */
function controllerOf(project: Project, patience?: number): Controller {
  started = 0
  return new Controller(project, {
    compile: () =>
      new ThreadOfTest((_, request) => compiled((request as { readonly source: string }).source)) as unknown as Worker,
    fit: () => {
      started += 1
      let tell: (message: unknown) => void = () => {}
      const session = new FitSession({ backend: 'interpret', threads: 1 }, (message) => {
        tell(message)
        heard(message)
      })
      return new ThreadOfTest(async (call, request, toPage) => {
        tell = toPage
        if (call === stuck) {
          for (const message of Array.isArray(said) ? said : [said]) if (message !== null) tell(message)
          return new Promise(() => {})
        }
        const calls = session as unknown as Record<string, (request: unknown) => unknown>
        return calls[call]?.(request)
      }) as unknown as Worker
    },
    fetchText: () => Promise.reject(new Error('nothing is fetched here')),
    ...(patience === undefined ? {} : { patience }),
  })
}

const project = (source: string, name: string, text: string): Project => ({
  example: null,
  source,
  files: [{ kind: 'text', name, text }],
  controls: { ...plainControls, seed: 2 },
  iteration: null,
  area: 'see',
})

/** What a point shows, as text in which every bit counts. */
const bits = (c: Controller): string => {
  const point = shownRun(c.state)?.run.point
  const exact = (x: Float64Array | null | undefined): unknown => [
    ...new BigUint64Array((x ?? new Float64Array()).slice().buffer),
  ]
  return JSON.stringify(
    [
      point?.phase,
      point?.iteration,
      point?.objective,
      point?.elbo,
      point?.params.map((p) => exact(p.values)),
      point?.latents.map((l) => [exact(l.probabilities), exact(l.means)]),
    ],
    (_, x: unknown) => (typeof x === 'bigint' ? String(x) : x),
  )
}

afterEach(() => {
  stuck = null
  said = null
  stop = () => {}
  heard = () => {}
})

it('keeps every run when the worker has to be ended, to the same bits, and those of earlier texts', async () => {
  const source = read('old-faithful/full.estep')
  const c = controllerOf(project(source, 'faithful.csv', read('old-faithful/faithful.csv')))
  await c.begin()
  const seen: string[] = []
  for (let h = 1; h <= 5; h++) {
    await c.runs.step()
    seen.push(bits(c))
  }
  const first = c.state.shown ?? -1
  c.edit(source.replace('const K = 2', 'const K = 3'))
  await until(() => c.state.binding !== null && c.state.compiledRevision === c.state.revision.source)
  await c.files.bind()
  await c.runs.newStart()
  await c.runs.step()
  const second = c.state.shown ?? -1
  expect(second).not.toBe(first)

  stuck = 'step'
  const stepping = c.runs.step()
  await c.runs.stop()
  await stepping
  stuck = null
  expect(started).toBe(2)
  expect(c.state.runs.map((r) => r.run.id)).toEqual([first, second])
  expect(c.state.shown).toBe(second)
  expect(c.state.work.kind).toBe('idle')

  // the run of the text before, K = 2, is gone back in and goes on as it would have
  c.runs.look(first)
  for (const h of [3, 1, 5]) {
    await c.runs.show(first, h)
    expect(bits(c)).toBe(seen[h - 1])
  }
  expect(await c.runs.queries.directions(first)).not.toHaveLength(0)
  // and the one of this text steps on
  c.runs.look(second)
  await c.runs.step()
  expect(c.state.shown).toBe(second)
  expect(shownRun(c.state)?.run.point?.phase).toBe('M')
  expect(c.state.notice).toBeNull()
}, 60_000)

it('goes on with a run that was under way where it was last heard of', async () => {
  const c = controllerOf(project(read('old-faithful/full.estep'), 'faithful.csv', read('old-faithful/faithful.csv')))
  await c.begin()
  await c.runs.step()
  const run = c.state.shown ?? -1
  const start = shownRun(c.state)?.run.point?.params ?? []
  const params = Float64Array.from(start.flatMap((p) => [...p.values]))
  const traces = [{ seed: 2, objectives: [-1500, -1400, -1300], brief: false, degenerate: false, best: true }]
  said = { kind: 'progress', run, iteration: 40, objective: -1300, traces, params }
  stuck = 'finish'
  const finishing = c.runs.finish()
  await c.runs.stop()
  await finishing
  stuck = null
  expect(c.state.runs.map((r) => r.run.id)).toEqual([run])
  const shown = shownRun(c.state)
  expect(shown?.run.status).toBe('stopped')
  expect(shown?.run.point?.iteration).toBe(40)
  expect(shown?.run.traces[0]?.objectives).toEqual([-1500, -1400, -1300])
  expect(shown?.run.point?.params.flatMap((p) => [...p.values])).toEqual([...params])
  await c.runs.show(run, 1)
  expect(shownRun(c.state)?.run.point?.iteration).toBe(0)
}, 60_000)

it('keeps the posteriors that depend on those before', async () => {
  const source = [
    'model TwoCauses',
    'data y : real[N]',
    'param a, b : real',
    'param s : positive',
    'latent u : real',
    'latent v : real',
    'u ~ Normal(a, 1)',
    'v ~ Normal(b, 1)',
    'for n in 1..N { y[n] ~ Normal(u * v, s) }',
    '',
  ].join('\n')
  const c = controllerOf(project(source, 'y.csv', 'y\n1.1\n0.3\n2.4\n1.9\n0.8\n1.5\n'))
  await c.begin()
  const seen: string[] = []
  for (let h = 1; h <= 6; h++) {
    await c.runs.step()
    seen.push(bits(c))
  }
  const run = c.state.shown ?? -1
  stuck = 'step'
  const stepping = c.runs.step()
  await c.runs.stop()
  await stepping
  stuck = null
  for (const h of [6, 5, 3, 1, 2]) {
    await c.runs.show(run, h)
    expect(bits(c)).toBe(seen[h - 1])
  }
}, 60_000)

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 10))
}

const withPriors = `model Groups
const K = 2
data  x : real[N, D]
param pi  : simplex[K] ~ Dirichlet(2)
param mu  : real[K, D] ~ Normal(0, 100)
param tau : positive[K] ~ Gamma(2, 1)
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], precision=tau[z])
}`

const faithful = (mode: Mode = 'em'): Project => {
  const given = project(
    mode === 'vb' ? withPriors : read('old-faithful/full.estep'),
    'faithful.csv',
    read('old-faithful/faithful.csv'),
  )
  return {
    ...given,
    controls: { ...given.controls, mode, batch: mode === 'online' ? 40 : null, restarts: 6, tolerance: 1e-12 },
  }
}

const modes = ['em', 'hard', 'cem', 'anneal', 'sem', 'online', 'vb'] as const
it.each(modes)(
  'goes on with a search in mode %s that was stopped, to the bits of one that was not',
  async (mode) => {
    const whole = controllerOf(faithful(mode))
    await whole.begin()
    await whole.runs.fit()
    const wanted = [bits(whole), shownRun(whole.state)?.run.traces, shownRun(whole.state)?.summary]
    expect(whole.runs.canGoOn).toBe(false)

    // however slow the machine is
    const c = controllerOf(faithful(mode), Number.POSITIVE_INFINITY)
    await c.begin()
    let messages = 0
    let stopping: Promise<void> | null = null
    // the session is stopped where it first tells of a state, as a thread is between two iterations
    heard = ({ kind }) => {
      if (kind === 'checkpoint' && ++messages === 1) stopping = c.runs.stop()
    }
    const sessions = FitSession.prototype
    const { fit } = sessions
    sessions.fit = function (this: FitSession, request) {
      stop = () => this.stop()
      return fit.call(this, request)
    }
    try {
      await c.runs.fit()
      await stopping
      const stopped = shownRun(c.state)
      expect(stopped?.run.status).toBe('stopped')
      expect(c.runs.canGoOn).toBe(true)
      // other settings make another search
      c.setControls({ restarts: 7 })
      expect(c.runs.canGoOn).toBe(false)
      c.setControls({ restarts: 6 })
      await c.runs.goOn()
      expect(c.state.notice).toBeNull()
      expect([bits(c), shownRun(c.state)?.run.traces, shownRun(c.state)?.summary]).toEqual(wanted)
      expect(c.runs.canGoOn).toBe(false)
      expect(c.state.runs.map((r) => r.run.id)).not.toContain(stopped?.run.id)
    } finally {
      sessions.fit = fit
    }
  },
  60_000,
)

it('goes on with a search whose worker had to be ended', async () => {
  const c = controllerOf(faithful())
  await c.begin()
  const whole = controllerOf(faithful())
  await whole.begin()
  let state: FitMessage | null = null
  heard = (message) => {
    if (message.kind === 'checkpoint') state ??= message
  }
  await whole.runs.fit()
  await c.runs.step()
  const start = shownRun(c.state)?.run.point?.params ?? []
  const params = Float64Array.from(start.flatMap((p) => [...p.values]))
  said = [state, { kind: 'progress', run: 9, iteration: 4, objective: -1300, traces: [], params }]
  stuck = 'fit'
  const fitting = c.runs.fit()
  await c.runs.stop()
  await fitting
  stuck = null
  expect(c.runs.canGoOn).toBe(true)
  await c.runs.goOn()
  expect(bits(c)).toBe(bits(whole))
}, 60_000)
