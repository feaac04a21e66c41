/** What a fit says of files that are larger than memory: the same, byte for byte, as of files that are read whole. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileOrThrow, OptionError, rowsTable } from '../../index.js'
import { estepInProcess } from '../cli/estep-in-process.js'
import { type Columns, classes, clusters, counts, regressions, rowsOf, type Simulated } from './simulated.js'

const ROWS = 3500
/** So little that a part has 1,000 rows, the least there are. */
const little = ['--memory', '20KB']

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'estep-parts-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)
const read = (name: string): string => readFileSync(at(name), 'utf8')

function csvOf(columns: Columns): string {
  const names = Object.keys(columns)
  const rows = columns[names[0] ?? '']?.length ?? 0
  const lines = [names.join(',')]
  for (let n = 0; n < rows; n++) lines.push(names.map((name) => columns[name]?.[n] ?? 'NA').join(','))
  return `${lines.join('\n')}\n`
}

/** A fit of some iterations, in a file, beside its data with a column that the model does not read. */
async function fitted(
  name: string,
  { model, columns, start }: Simulated,
  ...options: readonly string[]
): Promise<void> {
  writeFileSync(at(`${name}.estep`), model)
  const note = Array.from({ length: ROWS }, (_, n) => (n % 700 === 3 ? `"one,\ntwo ""${n}"""` : `row ${n}`))
  writeFileSync(at(`${name}.csv`), csvOf({ ...columns, '"a\nnote"': note }))
  writeFileSync(at(`${name}.json`), JSON.stringify(start))
  const data = ['--data', at(`${name}.csv`), ...options]
  const iterations = ['--init', at(`${name}.json`), '--max-iter', '4', '--out', at(`${name}.fit`)]
  const { status, err } = await estepInProcess(['fit', at(`${name}.estep`), ...data, ...iterations])
  expect(err).not.toContain('error')
  expect(status).toBe(0)
}

const over = (command: string, name: string, ...more: readonly string[]) =>
  estepInProcess([command, at(`${name}.fit`), '--data', at(`${name}.csv`), ...more])

const x = ['--columns', 'x=x1,x2']
const y = ['--columns', 'y=y1,y2,y3']

describe('a CSV file that is larger than memory', () => {
  it.each([
    ['vectors', clusters(ROWS), x],
    ['labels, some of them missing', classes(ROWS), y],
    ['rows with weights', regressions(ROWS), []],
  ] as const)('has the posteriors of one that is read whole: %s', async (_, simulated, options) => {
    await fitted('posterior', simulated, ...options)
    expect((await over('predict', 'posterior', '--out', at('whole.csv'))).status).toBe(0)
    const { status, err } = await over('predict', 'posterior', ...little, '--out', at('parts.csv'))
    expect([status, err]).toEqual([0, ''])
    expect(read('parts.csv').split('\n').length).toBeGreaterThan(ROWS)
    expect(read('parts.csv')).toBe(read('whole.csv'))
    await over('predict', 'posterior', '--hard', '--out', at('whole.csv'))
    await over('predict', 'posterior', '--hard', ...little, '--out', at('parts.csv'))
    expect(read('parts.csv')).toBe(read('whole.csv'))
  })

  it('has its cells filled', async () => {
    await fitted('filled', classes(ROWS), ...y)
    await over('predict', 'filled', '--impute', '--out', at('whole.csv'))
    const { status } = await over('predict', 'filled', '--impute', ...little, '--out', at('parts.csv'))
    expect(status).toBe(0)
    expect(read('parts.csv')).toBe(read('whole.csv'))
  })

  it.each([
    ['with latents', regressions(ROWS)],
    ['without', counts(ROWS)],
  ] as const)('has the same score %s', async (_, simulated) => {
    await fitted('scored', simulated)
    const whole = JSON.parse((await over('score', 'scored', '--json')).out)
    const { status, out, err } = await over('score', 'scored', ...little, '--json')
    expect(status).toBe(0)
    expect(err).toContain('what each of them adds is left out')
    expect(JSON.parse(out).contributions).toEqual([])
    expect(JSON.parse(out).logLikelihood / whole.logLikelihood).toBeCloseTo(1, 12)
  })

  it('leaves no file behind where a row is wrong', async () => {
    await fitted('wrong', clusters(ROWS), ...x)
    writeFileSync(at('wrong.csv'), `${read('wrong.csv')}1.5,oops,row\n`)
    const { status, err } = await over('predict', 'wrong', ...little, '--out', at('never.csv'))
    expect(status).toBe(3)
    expect(err).toMatch(new RegExp(`row ${ROWS + 1} \\(line ${ROWS + 8}\\).*oops`))
    expect(readdirSync(folder).filter((f) => f.includes('never'))).toEqual([])
  })

  it.each([
    [[], 'its rows go into a file'],
    [['--json', '--out', 'a.csv'], 'one JSON document has no room'],
    [['--impute', '--sd', '--out', 'a.csv'], 'which columns --sd adds is known after the last row'],
  ] as const)('is refused with %j', async (options, message) => {
    await fitted('refused', clusters(ROWS), ...x)
    const { status, err } = await over('predict', 'refused', ...little, ...options)
    expect(status).toBe(2)
    expect(err).toContain(message)
  })

  it('is refused for residuals', async () => {
    await fitted('residuals', clusters(ROWS), ...x)
    const { status, err } = await over('score', 'residuals', ...little, '--residuals')
    expect(status).toBe(2)
    expect(err).toContain('residuals are summed up over all of its rows')
  })

  it('is refused where rows are no rows by themselves', async () => {
    const model = `model Chain
const S = 2
data  x1 : real[T]
param init  : simplex[S]
param trans : simplex[S, S]
param mu    : real[S]
latent z[1] ~ Categorical(init)
for t in 2..T { latent z[t] ~ Categorical(trans[z[t-1]]) }
for t in 1..T { x1[t] ~ Normal(mu[z[t]], 1) }`
    const start = {
      init: [0.5, 0.5],
      trans: [
        [0.9, 0.1],
        [0.2, 0.8],
      ],
      mu: [2, 4],
    }
    await fitted('chain', { ...clusters(ROWS), model, start })
    const { status, err } = await over('predict', 'chain', ...little, '--out', at('never.csv'))
    expect(status).not.toBe(0)
    expect(err).toMatch(/is read a part at a time, but all of the data hang together/)
  })
})

it('Parquet has the posteriors of a file that is read whole', async () => {
  const parquet = fileURLToPath(new URL('../runtime/data/parquet/long.parquet', import.meta.url))
  writeFileSync(
    at('parquet.estep'),
    `model Mixture
const K = 2
data  x : real[N]
data  kind : category[N]
param pi : simplex[K]
param m : real[K]
param s : positive
param theta : simplex[K, levels(kind)]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(m[z], s)
  kind[n] ~ Categorical(theta[z])
}`,
  )
  const data = ['--data', parquet]
  const brief = ['--restarts', '2', '--max-iter', '5', '--out', at('parquet.fit')]
  expect((await estepInProcess(['fit', at('parquet.estep'), ...data, ...brief])).status).toBe(0)
  await estepInProcess(['predict', at('parquet.fit'), ...data, '--out', at('whole.csv')])
  const { status } = await estepInProcess(['predict', at('parquet.fit'), ...data, ...little, '--out', at('parts.csv')])
  expect(status).toBe(0)
  expect(read('whole.csv').split('\n').length).toBeGreaterThan(3000)
  expect(read('parts.csv')).toBe(read('whole.csv'))
}, 60_000)

describe('rows of a program', () => {
  const simulated = clusters(ROWS)
  const options = { columns: { x: ['x1', 'x2'] }, start: simulated.start, maxIterations: 4 }

  it('come a part at a time', async () => {
    const fit = await compileOrThrow(simulated.model).fit(simulated.columns, options)
    const whole = (await fit.predict(simulated.columns)).latents[0]?.probabilities
    const parts: number[] = []
    const sizes: number[] = []
    for await (const part of fit.parts([rowsTable('rows', rowsOf(simulated))], { rows: 800 })) {
      const [latent] = (await fit.predict(part)).latents
      sizes.push(latent?.rows ?? 0)
      parts.push(...(latent?.probabilities ?? []))
    }
    expect(sizes).toEqual([800, 800, 800, 800, 300])
    expect(Float64Array.from(parts)).toEqual(whole)
  })

  it('in memory are one part', async () => {
    const fit = await compileOrThrow(simulated.model).fit(simulated.columns, options)
    const parts = []
    for await (const part of fit.parts(simulated.columns)) parts.push(part[0]?.rows)
    expect(parts).toEqual([ROWS])
    await expect(fit.predict([rowsTable('rows', rowsOf(simulated))])).rejects.toThrow(OptionError)
  })
})
