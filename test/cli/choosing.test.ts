/** `estep simulate` and `estep select` on the command line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { estepInProcess } from './estep-in-process.js'

const folder = mkdtempSync(join(tmpdir(), 'estep-choosing-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs `estep`; names in angle brackets are files of the folder. */
const estep = (line: string) =>
  estepInProcess(line.split(' ').map((a) => a.replace(/<(.*)>/, (_, name: string) => join(folder, name))))

const file = (name: string, text: string): void => writeFileSync(join(folder, name), text)
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

const faithful = 'examples/old-faithful'

describe('simulate', () => {
  beforeAll(async () => {
    const line = `fit ${faithful}/full.estep --data ${faithful}/faithful.csv --restarts 3 --out <fit.json>`
    expect((await estep(line)).status).toBe(0)
  })

  test('rows of a fit bear the names of its columns and can be fitted again', async () => {
    const { status, out, err } = await estep('simulate <fit.json> --size N=40 --latents --seed 5')
    expect(status, err).toBe(0)
    const [header, ...rows] = out.trim().split('\n')
    expect(header).toBe('eruptions,waiting,z')
    expect(rows.length).toBe(40)
    expect(rows.every((r) => ['1', '2'].includes(r.split(',')[2] ?? ''))).toBe(true)
    expect((await estep('simulate <fit.json> --size N=40 --latents --seed 5')).out).toBe(out)
    await estep('simulate <fit.json> --out <again.csv>')
    expect(read('again.csv').trim().split('\n').length).toBe(273)
    const again = await estep(`fit ${faithful}/full.estep --data <again.csv> --restarts 2 --json`)
    expect(JSON.parse(again.out).observations).toBe(272)
  })

  test('JSON has everything, and is data', async () => {
    const { out } = await estep('simulate <fit.json> --size N=3 --json')
    const { seed, sizes, data } = JSON.parse(out)
    expect([seed, sizes.N, sizes.D, data.x.length, data.x[0].length]).toEqual([1, 3, 2, 3, 2])
    await estep('simulate <fit.json> --size N=60 --out <data.json>')
    const fit = await estep(`fit ${faithful}/spherical.estep --data <data.json> --restarts 1 --json`)
    expect(JSON.parse(fit.out).sizes.N).toBe(60)
  })

  test('a model at given params, and what is missing', async () => {
    file(
      'line.estep',
      `model Line
data  x, y : real[N]
param a, s : positive
for n in 1..N { y[n] ~ Normal(a * x[n], s) }`,
    )
    file('x.csv', 'x\n0\n100\n')
    const asked = await estep('simulate <line.estep> --size N=5 --param a=2 --param s=1e-3')
    expect(asked.status).toBe(2)
    expect(asked.err).toContain('the model does not draw `x`: it takes it as given; give the data with --data FILE')
    const { out, status } = await estep('simulate <line.estep> --data <x.csv> --param a=2 --param s=1e-3')
    expect(status).toBe(0)
    const cells = out
      .trim()
      .split('\n')
      .map((l) => l.split(','))
    expect(cells[0]).toEqual(['x', 'y'])
    expect(Math.round(Number(cells[2]?.[1]))).toBe(200)
    file('params.json', '{"a": 2, "s": 0.001}')
    expect((await estep('simulate <line.estep> --data <x.csv> --params <params.json>')).out).toBe(out)
    const lacking = await estep('simulate <line.estep> --data <x.csv> --param a=2')
    expect([lacking.status, lacking.err]).toEqual([2, expect.stringContaining('values are needed for `s`')])
    expect((await estep('simulate <fit.json> --param mu=1')).status).toBe(2)
    expect((await estep('simulate <fit.json> --size N=many')).status).toBe(2)
    expect((await estep('simulate <fit.json> --keep-missing')).status).toBe(2)
  })
})

describe('select', () => {
  test('prints candidates with their figures and bars, says what agrees, and writes the best fit', async () => {
    const line = `select ${faithful}/full.estep --data ${faithful}/faithful.csv --over K=1..2 --restarts 2 --folds 2`
    const { status, out, err } = await estep(`${line} --out <best.json>`)
    expect(status, err).toBe(0)
    const lines = out.split('\n')
    expect(lines[0]).toMatch(/^K +log-likelihood +params +AIC +BIC +ICL +CV +by BIC$/)
    expect(lines[2]).toMatch(/^2 +-1130\.2640 +11 .*2322\.19\*.* ███/)
    expect(out).toMatch(/All criteria agree on K = 2\.|Best by BIC: K = 2\./)
    expect(JSON.parse(read('best.json')).sizes.K).toBe(2)
    const json = JSON.parse((await estep(`${line} --json`)).out)
    expect(json.best.set).toEqual({ K: 2 })
    expect(json.candidates.map((c: { readonly set: unknown }) => c.set)).toEqual([{ K: 1 }, { K: 2 }])
    expect(json.best.bic).toBeCloseTo(2322.19, 1)
    expect(json.folds).toEqual({ count: 2, word: 'row' })
  })

  test('says when the criteria disagree, and --by picks', async () => {
    const quakes = 'examples/earthquakes'
    const line = `select ${quakes}/model.estep --data ${quakes}/earthquakes.csv --over K=2..3 --folds 0 --restarts 2 --tol 1e-6`
    const { out } = await estep(line)
    expect(out).toContain('The criteria disagree: AIC chooses K = 3; BIC and ICL choose K = 2.')
    expect(out).toContain('Best by BIC: K = 2.')
    expect((await estep(`${line} --by aic`)).out).toContain('Best by AIC: K = 3.')
  })

  test('lists a failed fit with its reason', async () => {
    const line = `select ${faithful}/full.estep --data ${faithful}/faithful.csv --over K=1,2 --folds 0 --restarts 2`
    const { status, out, err } = await estep(`${line} --start pi=[0.5,0.5]`)
    expect(status).toBe(0)
    expect(out).toMatch(/^1 +failed/m)
    expect(err).toContain('K = 1: the start value of `pi` has 2 elements, and 1 is needed')
  })

  test('ranks by agreement with known labels of what is held out', async () => {
    const model = `model Line
const K = 2
data  x : real[N]
param pi : simplex[K]
param mu : real[K]
param s  : positive
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], s)
}`
    file('groups.estep', model)
    const rows = Array.from(
      { length: 24 },
      (_, i) => `${(i % 2) * 100 + ((i * 7) % 11)},${i % 2 === 0 ? 'low' : 'high'}`,
    )
    file('groups.csv', `x,side\n${rows.join('\n')}\n`)
    const line =
      'select <groups.estep> --data <groups.csv> --over K=1..2 --folds 2 --restarts 2 --score against=side --out <side.json>'
    const { status, out, err } = await estep(line)
    expect(status, err).toBe(0)
    expect(out).toMatch(/^2 .* 0\.0 %\*.* 1\.000\*/m)
    expect(out).toMatch(/All criteria agree on K = 2\.|Best by error: K = 2\./)
    expect(JSON.parse(read('side.json')).sizes.K).toBe(2)
    const { candidates, best, by } = JSON.parse((await estep(`${line} --json`)).out)
    expect([by, best.set.K, best.error, best.adjustedRand]).toEqual(['error', 2, 0, 1])
    // one component tells nothing apart: half of the rows are wrong, as by chance
    expect(candidates[0].error).toBe(0.5)
    expect(candidates[0].adjustedRand).toBeCloseTo(0, 12)
  })

  test('refuses what makes no sense', async () => {
    const data = `--data ${faithful}/faithful.csv`
    for (const [line, complaint] of [
      [`select ${faithful}/full.estep ${data}`, 'something to choose among'],
      [`select ${faithful}/full.estep ${data} --over K=8..1`, 'the range is empty'],
      [`select ${faithful}/full.estep ${data} --over K`, '--over takes name=values'],
      [`select ${faithful}/full.estep ${data} --over Q=1..2`, 'there is no const `Q`'],
      [`select ${faithful}/full.estep ${data} --over K=1..2 --score species`, '--score takes against=COLUMN'],
      [`select ${faithful}/full.estep ${data} --over K=1..2 --by error`, 'against which column'],
      [`select ${faithful}/full.estep ${faithful}/spherical.estep ${data} --test`, 'a test compares neighbours'],
    ] as const) {
      const { status, err } = await estep(line)
      expect([status, err], line).toEqual([2, expect.stringContaining(complaint)])
    }
    const missing = await estep(
      `select ${faithful}/full.estep ${data} --over K=1..2 --score against=species --restarts 1`,
    )
    expect([missing.status, missing.err]).toEqual([3, expect.stringContaining('species')])
  })
})
