import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { plainControls } from '../../playground/session/project.js'
import { FitSession } from '../../playground/workers/fit-session.js'
import type { FitProgressMessage, RunState } from '../../playground/workers/messages.js'

const read = (path: string): string => readFileSync(new URL(`../../examples/${path}`, import.meta.url), 'utf8')
const source = read('old-faithful/full.estep')
const controls = { ...plainControls, seed: 2 }

let session: FitSession
let progress: FitProgressMessage[]

beforeEach(() => {
  progress = []
  session = new FitSession({ backend: 'interpret', threads: 1 }, (message) => {
    if (message.kind === 'progress') progress.push(message)
  })
  session.load({ files: [{ name: 'faithful.csv', content: read('old-faithful/faithful.csv') }] })
})

const begin = async (run = 1, mode: 'em' | 'hard' = 'em', sameAs: number | null = null): Promise<RunState> => {
  session.bind({ source, controls: { ...controls, mode } })
  return session.begin({ run, controls, mode, sameAs, params: null, label: 'run' })
}

/** What a point shows, as text in which every bit counts. */
const bits = ({ run: { point } }: RunState): string =>
  JSON.stringify({
    phase: point?.phase,
    iteration: point?.iteration,
    numbers: [point?.objective, point?.elbo, point?.logLikelihood],
    params: point?.params.map((p) => [...new BigUint64Array(p.values.slice().buffer)].map(String)),
    latents: point?.latents.map((l) =>
      [...new BigUint64Array(l.probabilities?.slice().buffer ?? new ArrayBuffer(0))].map(String),
    ),
  })

describe('a run in the fit worker', () => {
  it('begins at its start, before any posterior', async () => {
    const state = await begin()
    expect(state.position).toBe(0)
    expect(state.run.point?.latents).toEqual([])
    expect(state.run.point?.params.map((p) => p.name)).toEqual(['pi', 'mu', 'Sigma'])
  })

  it('goes on by halves: the E-step closes the gap, the M-step raises the bound', async () => {
    await begin()
    const e = await session.step({ run: 1 })
    expect(e.run.point?.phase).toBe('E')
    expect(e.run.point?.gap).toBe(0)
    expect(e.run.point?.latents[0]?.probabilities).toHaveLength(2 * 272)
    const m = await session.step({ run: 1 })
    expect(m.run.point?.phase).toBe('M')
    expect(m.run.point?.iteration).toBe(1)
    expect(m.run.point?.elbo).toBeGreaterThan(e.run.point?.elbo ?? Number.POSITIVE_INFINITY)
    expect(m.run.point?.gap).toBeGreaterThan(0)
  })

  it('is rewound to the same bits, and goes on from there as it did', async () => {
    await begin()
    const seen: string[] = []
    for (let h = 1; h <= 9; h++) seen.push(bits(await session.step({ run: 1 })))
    await session.finish({ run: 1 })
    for (const h of [9, 2, 5, 1, 8]) expect(bits(await session.show({ run: 1, position: h }))).toBe(seen[h - 1])
    await session.show({ run: 1, position: 0 })
    for (let h = 1; h <= 9; h++) expect(bits(await session.step({ run: 1 }))).toBe(seen[h - 1])
  })

  it('finishes at the published figure, its objectives never falling', async () => {
    await begin()
    const { run } = await session.finish({ run: 1 })
    expect(run.status).toBe('converged')
    expect(run.point?.logLikelihood).toBeCloseTo(-1130.26396018474, 3)
    run.objectives.forEach((v, t) => {
      if (t > 0) expect(v).toBeGreaterThanOrEqual((run.objectives[t - 1] ?? 0) - 1e-8)
    })
  })

  it('begins a hard run at the same start', async () => {
    const em = await begin(1)
    const hard = await begin(2, 'hard', 1)
    expect([...(hard.run.point?.params[1]?.values ?? [])]).toEqual([...(em.run.point?.params[1]?.values ?? [])])
    expect(
      (await session.step({ run: 2 })).run.point?.latents[0]?.probabilities?.every((p) => p === 0 || p === 1),
    ).toBe(true)
  })

  it('stops between iterations, keeping what it has', async () => {
    await begin()
    const going = session.finish({ run: 1 })
    session.stop()
    const { run } = await going
    expect(['stopped', 'converged']).toContain(run.status)
    expect(run.objectives.length).toBeGreaterThan(0)
  })

  it('keeps the traces of every start of a search', async () => {
    session.bind({ source, controls })
    const few = { ...controls, restarts: 5 }
    const { state, summary } = await session.fit({
      run: 3,
      controls: few,
      mode: 'em',
      sameAs: null,
      params: null,
      label: 'fit',
      resume: null,
    })
    expect(state.run.traces).toHaveLength(5)
    expect(state.run.traces.filter((t) => t.best)).toHaveLength(1)
    expect(summary.logLikelihood).toBeCloseTo(-1130.26396018474, 3)
    expect(state.run.objectives.at(-1)).toBe(summary.objective)
    const rewound = await session.show({ run: 3, position: 0 })
    expect(rewound.run.point?.objective).toBeLessThan(summary.objective)
  })

  it('refuses what does not fit in a sentence', () => {
    session.load({ files: [{ name: 'other.csv', content: 'a\n1\nx\n' }] })
    expect(() => session.bind({ source, controls })).toThrow()
    const { complaints } = session.load({ files: [{ name: 'ragged.csv', content: 'a,b\n1,2\n3\n' }] })
    expect(complaints[0]?.message).toMatch(/row|line|cell|field/)
  })
})

describe('what is asked of a point', () => {
  it('gives densities and ellipses at the params that are shown', async () => {
    await begin()
    await session.finish({ run: 1 })
    const x = Float64Array.from({ length: 61 }, (_, i) => 20 + i * 2)
    const curve = await session.density({ run: 1, density: { kind: 'curve', data: 'x', column: 1, x } })
    expect((curve?.total.reduce((a, b) => a + b, 0) ?? 0) * 2).toBeCloseTo(1, 3)
    const ends = await session.ellipses({ run: 1, x: { data: 'x', column: 0 }, y: { data: 'x', column: 1 } })
    await session.show({ run: 1, position: 0 })
    const starts = await session.ellipses({ run: 1, x: { data: 'x', column: 0 }, y: { data: 'x', column: 1 } })
    expect(ends?.components[0]?.mean).not.toEqual(starts?.components[0]?.mean)
  })

  it('gives a bound that touches the objective where q was made and lies below elsewhere', async () => {
    await begin()
    await session.step({ run: 1 })
    const directions = await session.directions({ run: 1 })
    const mu = directions.find((d) => d.label === 'mu[1, 2]')
    if (mu === undefined) throw new Error('mu[1, 2] is offered')
    const curve = await session.boundCurve({ run: 1, direction: mu.direction, points: 31 })
    if (curve === null) throw new Error('mu[1, 2] moves')
    curve.x.forEach((_, i) => {
      expect(curve.elbo[i]).toBeLessThanOrEqual((curve.objective[i] ?? 0) + 1e-6)
    })
    expect(curve.at.objective).toBeLessThanOrEqual(Math.max(...curve.elbo) + 1e-6)
  })

  it('gives the zig-zag of a model with one latent and one param', async () => {
    session.load({ files: [{ name: 'animals.csv', content: read('linkage/animals.csv') }] })
    const linkage = read('linkage/model.estep')
    session.bind({ source: linkage, controls })
    await session.begin({ run: 7, controls, mode: 'em', sameAs: null, params: null, label: 'linkage' })
    await session.finish({ run: 7 })
    const contour = await session.boundContour({ run: 7, points: 9 })
    expect(contour?.param).toBe('t')
    const values = contour?.path.map((p) => p.value) ?? []
    values.forEach((v, i) => {
      if (i > 0) expect(v).toBeGreaterThanOrEqual((values[i - 1] ?? 0) - 1e-9)
    })
  })
})
