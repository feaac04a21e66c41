/** What a practitioner asks beside EM, in the fit worker's session: modes, held params, units, intervals, choices, draws. */
import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { plainControls, type RunControls } from '../../playground/session/project.js'
import type { Mode } from '../../playground/session/view.js'
import { FitSession } from '../../playground/workers/fit-session.js'
import type { FitMessage, RunState } from '../../playground/workers/messages.js'
import { nestedView } from '../../playground/workers/nested-view.js'

const read = (path: string): string => readFileSync(new URL(`../../examples/${path}`, import.meta.url), 'utf8')
const faithful = read('old-faithful/faithful.csv')
const full = read('old-faithful/full.estep')
const spherical = read('old-faithful/spherical.estep')

const withPriors = `model M
const K = 2
data y : real[N]
param pi : simplex[K] ~ Dirichlet(0.5)
param mu : real[K] ~ Normal(0, 10)
param s : positive
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Normal(mu[z], s)
}
`
const numbers = ['y', ...Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? -3 : 2) + Math.sin(i * 1.7))].join('\n')

let session: FitSession
let told: FitMessage[]

beforeEach(() => {
  told = []
  session = new FitSession({ backend: 'js', threads: 1 }, (message) => told.push(message))
})

function open(source: string, file: readonly [string, string], controls: Partial<RunControls> = {}): RunControls {
  const all = { ...plainControls, restarts: 4, ...controls }
  session.load({ files: [{ name: file[0], content: file[1] }] })
  session.bind({ source, controls: all })
  return all
}

const fit = (controls: RunControls, run = 1) =>
  session.fit({ run, controls, mode: controls.mode, sameAs: null, params: null, label: 'fit', resume: null })

const begin = (controls: RunControls, run = 1, sameAs: number | null = null): Promise<RunState> =>
  session.begin({ run, controls, mode: controls.mode, sameAs, params: null, label: 'run' })

const param = (state: RunState, name: string) => {
  const found = state.run.point?.params.find((p) => p.name === name)
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found
}

const PLAINLY = { folds: 0, against: null, draws: 0 } as const
const BY_STEPS = { mode: 'em', sameAs: null, params: null, label: 'run' } as const
const OLD_FAITHFUL = ['faithful.csv', faithful] as const

describe('modes', () => {
  it.each<readonly [Mode, RegExp]>([
    ['anneal', /powers of the posterior from 0\.10/],
    ['sem', /draws after 20/],
    ['online', /3 passes in 5 batches of 50 rows/],
  ])('fits by %s with its schedule, and says which way it took', async (mode, says) => {
    const schedule = new Map([
      ['burn', 20],
      ['keep', 30],
      ['passes', 3],
    ])
    const controls = open(full, OLD_FAITHFUL, { mode, schedule, batch: mode === 'online' ? 50 : null })
    const { state, summary } = await fit(controls)
    expect(summary.notes.join(' ')).toMatch(says)
    expect(summary.logLikelihood).toBeGreaterThan(-1140)
    expect(state.run.point?.logLikelihood).toBeCloseTo(summary.logLikelihood, 6)
    // it can be gone back in, as every run
    const first = await session.show({ run: 1, position: 0 })
    expect(first.run.point?.iteration).toBe(0)
  })

  it('jumps ahead between the steps of EM where it is asked to, to the same maximum', async () => {
    const plain = await fit(open(spherical, OLD_FAITHFUL, { restarts: 1 }))
    for (const accelerate of ['squarem', 'anderson'] as const) {
      const { state, summary } = await fit(open(spherical, OLD_FAITHFUL, { restarts: 1, accelerate }))
      expect(summary.logLikelihood).toBeCloseTo(plain.summary.logLikelihood, 4)
      expect(state.run.objectives).not.toEqual(plain.state.run.objectives)
    }
  })

  it('steps in cem, whose labels are each the most probable', async () => {
    const controls = open(full, OLD_FAITHFUL, { mode: 'cem' })
    await begin(controls)
    const { run } = await session.step({ run: 1 })
    expect(run.point?.latents[0]?.probabilities?.every((p) => p === 0 || p === 1)).toBe(true)
  })

  it('runs k-means in batches', async () => {
    const controls = open(spherical, OLD_FAITHFUL, {
      mode: 'hard',
      batch: 50,
      schedule: new Map([['passes', 2]]),
    })
    const { summary } = await fit(controls)
    expect(summary.notes.join(' ')).toContain('2 passes')
  })

  it('steps in vb: params have means and sds, and the lower bound never falls', async () => {
    const controls = open(withPriors, ['y.csv', numbers], { mode: 'vb' })
    const start = await begin(controls)
    expect(start.run.point?.params.map((p) => p.name)).toEqual(['s'])
    const e = await session.step({ run: 1 })
    expect(e.run.point?.params.map((p) => p.name)).toEqual(['pi', 'mu', 's'])
    expect(param(e, 'mu').sd?.every((x) => x > 0)).toBe(true)
    expect(e.run.point?.latents.map((l) => l.name)).toEqual(['z'])
    const [along] = await session.directions({ run: 1 })
    if (along === undefined) throw new Error('s is a param to go along')
    const bound = await session.boundCurve({ run: 1, direction: along.direction, points: 21 })
    bound?.elbo.forEach((y, i) => {
      expect(y).toBeLessThanOrEqual((bound.objective[i] ?? 0) + 1e-6)
    })
    const end = await session.finish({ run: 1 })
    end.run.objectives.forEach((v, t) => {
      if (t > 0) expect(v).toBeGreaterThanOrEqual((end.run.objectives[t - 1] ?? 0) - 1e-8)
    })
    const x = Float64Array.from({ length: 81 }, (_, i) => -8 + i * 0.2)
    const curve = await session.density({ run: 1, density: { kind: 'curve', data: 'y', column: 0, x } })
    expect((curve?.total.reduce((a, b) => a + b, 0) ?? 0) * 0.2).toBeCloseTo(1, 2)
  })

  it('fits by vb in terms of the model as it was written', async () => {
    const controls = open(withPriors, ['y.csv', numbers], { mode: 'vb' })
    const { state, summary } = await fit(controls)
    expect(JSON.parse(summary.file).posteriors.mu.family).toBe('Normal')
    const mu = JSON.parse(summary.file).params.mu as number[]
    expect([...param(state, 'mu').values]).toEqual(mu.map((v) => expect.closeTo(v, 9)))
  })

  it('says which modes a model has not, and why', () => {
    open(full, OLD_FAITHFUL)
    const refused = session.refusedModes()
    expect([...refused.keys()]).toEqual(['vb'])
    expect(refused.get('vb')).toContain('prior')
  })

  it('starts by splitting, and says what came of each split', async () => {
    const { summary } = await fit(open(full, OLD_FAITHFUL, { init: 'split', restarts: 2 }))
    expect(summary.notes.join(' ')).toMatch(/By splitting: 1: −1289\.80, 2: −1130\.2[67]\./)
  })

  it('starts by joining rows', async () => {
    const { summary } = await fit(open(full, OLD_FAITHFUL, { init: 'hierarchical', restarts: 1 }))
    expect(summary.logLikelihood).toBeCloseTo(-1130.264, 2)
  })
})

describe('params that are held', () => {
  it('stay at their values in steps and in fits, and are shown among the others', async () => {
    const controls = open(full, OLD_FAITHFUL, { fix: new Map([['pi', [0.5, 0.5]]]) })
    await begin(controls)
    const { run } = await session.finish({ run: 1 })
    const pi = run.point?.params[0]
    expect(pi?.name).toBe('pi')
    expect([...(pi?.values ?? [])]).toEqual([0.5, 0.5])
    expect(pi?.held).toEqual([true, true])
    const { state, summary } = await fit(controls, 2)
    expect([...param(state, 'pi').values]).toEqual([0.5, 0.5])
    expect(summary.parameters).toBe(10)
  })

  it('stay cell by cell', async () => {
    const mu = [
      [2, null],
      [null, null],
    ]
    const { state } = await fit(open(full, OLD_FAITHFUL, { fix: new Map([['mu', mu]]) }))
    expect(param(state, 'mu').values).toContain(2)
    expect(param(state, 'mu').held?.filter((h) => h)).toHaveLength(1)
  })

  it('are refused in a sentence where they do not fit', async () => {
    const controls = open(full, OLD_FAITHFUL, { fix: new Map([['pi', [0.5, 0.6]]]) })
    await expect(begin(controls)).rejects.toThrow(/pi/)
  })

  it('take what they can from the start of another run', async () => {
    const plain = open(full, OLD_FAITHFUL)
    const one = await begin(plain, 1)
    const other = await begin({ ...plain, fix: new Map([['pi', [0.5, 0.5]]]) }, 2, 1)
    expect([...param(other, 'mu').values]).toEqual([...param(one, 'mu').values])
  })
})

describe('standardised columns', () => {
  it('give params and log-likelihood of the data as they are, where the model is the same', async () => {
    const { state, summary } = await fit(open(full, OLD_FAITHFUL, { standardize: true }))
    expect(summary.logLikelihood).toBeCloseTo(-1130.264, 2)
    expect(state.data).toBeUndefined()
    expect(state.run.point?.logLikelihood).toBeCloseTo(summary.logLikelihood, 6)
    expect(state.run.objectives.at(-1)).toBeCloseTo(summary.objective, 6)
    expect(Math.max(...param(state, 'mu').values)).toBeGreaterThan(70)
    for (const t of state.run.traces) expect(Math.max(...t.objectives)).toBeLessThan(-1100)
  })

  it('are shown in their units where the model is another one', async () => {
    const { state, summary } = await fit(open(spherical, OLD_FAITHFUL, { standardize: true }))
    // −1168.1347 is the log-likelihood of the spherical mixture of standardised data, with the Jacobian
    expect(summary.logLikelihood).toBeCloseTo(-1168.1347, 3)
    expect(state.run.point?.logLikelihood).toBeCloseTo(summary.logLikelihood, 6)
    expect(state.data?.[0]?.columns[0]).toBe('eruptions, standardised')
    expect(Math.max(...(state.data?.[0]?.values ?? []).map(Math.abs))).toBeLessThan(4)
    expect(summary.notes.join(' ')).toContain('another model')
  })
})

describe('intervals', () => {
  it('stand beside the params of a fit', async () => {
    const { state } = await fit(open(full, OLD_FAITHFUL))
    const found = await session.intervals({ run: 1, kind: 'information', replicates: 10, weights: 'frequency' })
    expect(found.params.map((p) => p.name)).toEqual(['pi', 'mu', 'Sigma'])
    param(state, 'mu').values.forEach((v, i) => {
      const mu = found.params[1]
      expect(mu?.low[i]).toBeLessThan(v)
      expect(mu?.high[i]).toBeGreaterThan(v)
    })
    expect(JSON.parse(found.fields).errors.kind).toBe('information')
  })

  it('come from the bootstrap with its progress', async () => {
    await fit(open(full, OLD_FAITHFUL))
    const found = await session.intervals({ run: 1, kind: 'bootstrap', replicates: 12, weights: 'frequency' })
    expect(found.says).toMatch(/12 fits to rows drawn anew|of 12 fits/)
    expect(told.some((m) => m.kind === 'said' && m.text === 'fit 1 of 12')).toBe(true)
  })

  it('are those of the last iterate of a run that was made step by step', async () => {
    const controls = open(full, OLD_FAITHFUL)
    const { state } = await fit(controls)
    const wanted = await session.intervals({ run: 1, kind: 'information', replicates: 10, weights: 'frequency' })
    const end = (state.run.point?.params ?? []).map((p) => [p.name, nestedView(p)] as const)
    await session.begin({ run: 2, controls: { ...controls, start: new Map(end) }, ...BY_STEPS })
    const found = await session.intervals({ run: 2, kind: 'information', replicates: 10, weights: 'frequency' })
    expect(found.params[1]?.errors[0]).toBeCloseTo(wanted.params[1]?.errors[0] ?? Number.NaN, 6)
    // far from the maximum they are worth nothing, and this is said
    await begin(controls, 3)
    await session.step({ run: 3 })
    const far = await session.intervals({ run: 3, kind: 'information', replicates: 10, weights: 'frequency' })
    expect(far.warnings.map((w) => w.code)).toContain('W546')
    expect((await session.residuals({ run: 3 })).arrays).toHaveLength(2)
  })

  it('of weights of a sample are by the sandwich, and other numbers than those of counts', async () => {
    const model = 'model M\ndata y, w : real[N]\nparam mu : real\nfor n in 1..N weight w[n] { y[n] ~ Normal(mu, 1) }\n'
    const rows = ['y,w', ...[1, 2, 4, 3, 7, 5].map((y, i) => `${y},${1 + (i % 3)}`)].join('\n')
    const controls = open(model, ['y.csv', rows])
    await fit(controls)
    const ask = (kind: 'sandwich' | 'information', weights: 'frequency' | 'sampling') =>
      session.intervals({ run: 1, kind, replicates: 10, weights })
    const sample = await ask('sandwich', 'sampling')
    const counts = await ask('sandwich', 'frequency')
    expect(sample.params[0]?.errors[0]).not.toBeCloseTo(counts.params[0]?.errors[0] ?? 0, 3)
    await expect(ask('information', 'sampling')).rejects.toThrow('sandwich')
  })
})

describe('residuals and certainty', () => {
  it('set each column beside the model, and say when it does not hold', async () => {
    const { summary } = await fit(open(full, OLD_FAITHFUL))
    expect(summary.certainty).toBeGreaterThan(0.95)
    const good = await session.residuals({ run: 1 })
    expect(good.arrays.map((a) => a.name)).toEqual(['eruptions', 'waiting'])
    expect(good.arrays[1]?.histogram?.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6)
    expect(good.arrays[1]?.sentences[0]).toContain('lie where the model expects them')
    // one Normal does not describe two clouds
    await fit(open(full, OLD_FAITHFUL, { set: new Map([['K', '1']]) }), 2)
    const bad = await session.residuals({ run: 2 })
    expect(bad.arrays[0]?.sentences[0]).toContain('does not describe these values well')
  })
})

describe('files of a fit', () => {
  it('have its posteriors beside every column of the rows, and missing cells filled', async () => {
    const model = `model Holes
data  x : real?[N]
param m : real[2]
param w : simplex[2]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Normal(m[z], 1)
}`
    const { summary } = await fit(open(model, ['x.csv', 'who,x\na,0\nb,9\nc,\nd,1\ne,8\n']))
    expect(summary.missing).toBe(1)
    const rows = await session.file({ run: 1, kind: 'rows' })
    const lines = rows.text.trim().split('\n')
    expect(rows.name).toBe('rows.csv')
    expect(lines[0]).toMatch(/^who,x,.*z,z=1,z=2/)
    expect(lines.map((l) => l.split(',')[0])).toEqual(['who', 'a', 'b', 'c', 'd', 'e'])
    const filled = (await session.file({ run: 1, kind: 'filled' })).text.trim().split('\n')
    expect(filled[0]).toBe('who,x,x:sd')
    expect(Number(filled[3]?.split(',')[1])).toBeGreaterThan(2)
    expect(filled[1]).toBe('a,0,')
  })

  it('two of them stand side by side, components of one matched to those of the other', async () => {
    const controls = open(full, OLD_FAITHFUL)
    await fit(controls)
    // as a fit it numbers its components as others do
    const turned = new Map<string, unknown>([
      [
        'mu',
        [
          [4.3, 80],
          [2, 54],
        ],
      ],
    ])
    await begin({ ...controls, start: turned, init: 'random' }, 2)
    await session.finish({ run: 2 })
    const { components, rows, alone } = await session.beside({ run: 1, other: 2 })
    expect(components).toEqual(['components of z, numbered as in fit.json: 1 ↔ 1, 2 ↔ 2'])
    expect(alone).toEqual([])
    expect(rows.map(({ label }) => label).slice(0, 4)).toEqual(['log-likelihood', 'pi[1]', 'pi[2]', 'mu[1, 1]'])
    for (const { first, second } of rows) expect(Math.abs(second - first) / (1 + Math.abs(first))).toBeLessThan(1e-3)
  })

  it('rows that it has not seen have a log-likelihood and a posterior', async () => {
    await fit(open(full, OLD_FAITHFUL))
    const content = 'eruptions,waiting,day\n1.8,54,a\n4.5,82,b\n'
    const view = await session.newRows({ run: 1, files: [{ name: 'new.csv', content }] })
    expect(view.rows).toBe(2)
    expect(view.isBound).toBe(false)
    // the density of either row where a day is like most
    expect(view.logLikelihood).toBeGreaterThan(-10)
    expect(view.logLikelihood).toBeLessThan(-4)
    const lines = view.file?.text.trim().split('\n') ?? []
    expect(lines[0]).toMatch(/^eruptions,waiting,day,z,z=1,z=2/)
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 4).join())).toEqual(['1.8,54,a,1', '4.5,82,b,2'])
    const other = session.newRows({ run: 1, files: [{ name: 'other.csv', content: 'a,b\n1,2\n' }] })
    await expect(other).rejects.toThrow(/eruptions/)
  })

  it('a report is one page', async () => {
    const { summary } = await fit(open(full, OLD_FAITHFUL))
    expect(summary.missing).toBe(0)
    const { text, type } = await session.file({ run: 1, kind: 'report' })
    expect(type).toBe('text/html')
    expect(text).toContain('<h1>OldFaithful')
    expect(text).toContain('waiting over eruptions')
    expect(text).toContain('<math')
    await expect(session.file({ run: 1, kind: 'filled' })).resolves.toMatchObject({ name: 'filled.csv' })
  })
})

describe('a choice among candidates', () => {
  it('has the criteria of each, and says when they disagree', async () => {
    const controls = open(full, OLD_FAITHFUL, { restarts: 5 })
    const choice = await session.choose({ controls, name: 'K', values: [1, 2, 3], compare: PLAINLY })
    expect(choice.candidates.map((c) => c.value)).toEqual([1, 2, 3])
    expect(choice.candidates[1]?.logLikelihood).toBeCloseTo(-1130.264, 2)
    expect(choice.best.bic).toBe(1)
    expect(choice.sentences[0]).toMatch(/^(The criteria disagree|All criteria agree)/)
    expect(told.some((m) => m.kind === 'said' && m.text.includes('K = 2 (2 of 3)'))).toBe(true)
  })

  it('sets what is predicted beside known labels, and tests neighbours', async () => {
    const rows = [
      'y,side',
      ...Array.from({ length: 24 }, (_, i) => `${(i % 2) * 6 + Math.sin(i)},${i % 2 ? 'b' : 'a'}`),
    ]
    const controls = open(withPriors.replace(/ ~ (Dirichlet|Normal)\(0.*/g, ''), ['y.csv', rows.join('\n')], {
      restarts: 1,
    })
    const compare = { folds: 2, against: 'side', draws: 9 }
    const choice = await session.choose({ controls, name: 'K', values: [1, 2], compare })
    expect(choice.candidates[1]?.figures.error).toBe(0)
    expect(choice.candidates[0]?.figures.error).toBeGreaterThan(0.3)
    expect(choice.tests).toMatchObject([{ name: 'K', smaller: 1, larger: 2 }])
    expect(choice.tests[0]?.pValue).toBeLessThanOrEqual(0.2)
    expect(choice.tests[0]?.statistic).toBeGreaterThan(10)
    expect(told.some((m) => m.kind === 'said' && m.text.includes('test of K = 2'))).toBe(true)
  })

  it('says where there is nothing to compare, and why candidates failed', async () => {
    const controls = open(full, OLD_FAITHFUL, { restarts: 2, fix: new Map([['pi', [0.4, 0.6]]]) })
    const choice = await session.choose({ controls, name: 'K', values: [2, 3], compare: PLAINLY })
    expect(choice.sentences).toEqual(['Only K = 2 could be fitted: there is nothing to compare.'])
    expect(choice.candidates[1]?.reason).toContain('pi')
  })

  it('keeps what is done when it is stopped', async () => {
    const controls = open(full, OLD_FAITHFUL, { restarts: 5 })
    const going = session.choose({ controls, name: 'K', values: [1, 2, 3, 4, 5, 6], compare: PLAINLY })
    const watch = setInterval(() => {
      if (told.some((m) => m.kind === 'said' && m.text.includes('(2 of 6)'))) session.stop()
    }, 1)
    const choice = await going
    clearInterval(watch)
    expect(choice.stopped).toBe(true)
    expect(choice.candidates.length).toBeGreaterThanOrEqual(1)
    expect(choice.candidates.length).toBeLessThan(6)
  })
})

describe('data drawn from the model', () => {
  it('has the columns of the data, and as many rows as are asked for', async () => {
    await fit(open(full, OLD_FAITHFUL))
    const drawn = await session.draw({ run: 1, sizes: new Map([['N', 40]]), seed: 3, latents: true })
    const [head, ...rows] = drawn.text.trim().split('\n')
    expect(head).toBe('eruptions,waiting,z')
    expect(rows).toHaveLength(40)
    expect(drawn).toEqual(await session.draw({ run: 1, sizes: new Map([['N', 40]]), seed: 3, latents: true }))
  })

  it('takes covariates from the data, and can be fitted as it is', async () => {
    const source =
      'model M\ndata x, y : real[N]\nparam a, b : real\nparam s : positive\nfor n in 1..N { y[n] ~ Normal(a + b * x[n], s) }\n'
    const rows = ['x,y', ...Array.from({ length: 30 }, (_, i) => `${i},${2 * i + Math.sin(i)}`)].join('\n')
    const controls = open(source, ['xy.csv', rows])
    await fit(controls)
    const drawn = await session.draw({ run: 1, sizes: new Map(), seed: 1, latents: false })
    expect(drawn.text.split('\n')[3]).toMatch(/^2,/)
    open(source, [drawn.name, drawn.text])
    const { state } = await fit(controls, 2)
    expect(param(state, 'b').values[0]).toBeCloseTo(2, 1)
    await expect(session.draw({ run: 1, sizes: new Map([['N', 5]]), seed: 1, latents: false })).rejects.toThrow('x')
  })
})
