import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleRuntime } from '../../api/emit/bundle-runtime.mjs'
import { compileOrThrow } from '../../index.js'
import { estepInProcess } from './estep-in-process.js'

/** Programs that `estep emit` writes, run as a user would, beside `estep fit`. */
const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'estep-emit-'))
const example = (path: string): string => join(root, 'examples', path)

beforeAll(async () => {
  await bundleRuntime()
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a file by Node alone, in a folder without packages. */
function node(file: string, args: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { cwd: folder, maxBuffer: 1e8 }, (error, out, err) => {
      resolve({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err })
    })
  })
}

type Nested = number | string | readonly Nested[]

interface Result {
  readonly logLikelihood: number
  readonly iterations: number
  readonly converged: boolean
  readonly parameters: number
  readonly bic: number
  readonly aic: number
  readonly params: { readonly [name: string]: Nested }
  readonly derived: { readonly [name: string]: Nested }
}

const flat = (x: Nested): readonly number[] => (Array.isArray(x) ? x.flatMap(flat) : [Number(x)])

function expectSame(own: Result, reference: Result): void {
  const near = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b)))
  expect(near(own.logLikelihood, reference.logLikelihood)).toBeLessThan(1e-9)
  expect(own.parameters).toBe(reference.parameters)
  for (const name of ['bic', 'aic'] as const) expect(near(own[name], reference[name]), name).toBeLessThan(1e-9)
  expect(Object.keys(own.params)).toEqual(Object.keys(reference.params))
  for (const group of ['params', 'derived'] as const)
    for (const [name, value] of Object.entries(reference[group])) {
      const [a, b] = [flat(own[group][name] ?? Number.NaN), flat(value)]
      expect(a.length, name).toBe(b.length)
      for (const [i, x] of a.entries()) expect(near(x, b[i] ?? Number.NaN), `${name} ${i}`).toBeLessThan(1e-9)
    }
}

let files = 0
async function emitted(model: string): Promise<string> {
  files += 1
  const file = join(folder, `fit-${files}.mjs`)
  const { status, err } = await estepInProcess(['emit', model, '--target', 'js', '--out', file])
  expect({ status, err }).not.toMatchObject({ err: expect.stringContaining('error') })
  expect(status).toBe(0)
  return file
}

describe('a program agrees with estep fit', () => {
  test.each<[string, string, string, ...string[]]>([
    ['a mixture', 'old-faithful/spherical.estep', 'old-faithful/faithful.csv'],
    ['full covariances', 'old-faithful/full.estep', 'old-faithful/faithful.csv', '--seed', '7'],
    ['another number of components', 'old-faithful/diagonal.estep', 'old-faithful/faithful.csv', '--set', 'K=3'],
    ['a Gaussian chain', 'nile/level.estep', 'nile/nile.csv'],
    ['a hidden chain', 'earthquake-chain/model.estep', 'earthquake-chain/earthquakes.csv'],
    ['a numerical M-step', 'switching/model.estep', 'switching/points.csv', '--restarts', '2', '--max-iter', '20'],
    ['a conjugate latent', 'student-t/free.estep', 'student-t/newcomb.csv'],
    ['groups', 'eight-schools/model.estep', 'eight-schools/schools.csv'],
    ['raters', 'dawid-skene/model.estep', 'dawid-skene/ratings.csv', '--max-iter', '30', '--restarts', '2'],
    ['counts with an observed sum', 'grades/hidden.estep', 'grades/grades.csv'],
  ])('%s', { timeout: 60_000 }, async (_, model, data, ...args) => {
    const source = example(model)
    const entries = JSON.parse(readFileSync(join(source, '../expected.json'), 'utf8')) as {
      readonly model: string
      readonly data: readonly string[]
      readonly args: readonly string[]
    }[]
    const entry = entries.find((e) => model.endsWith(`/${e.model}`))
    const table = entry?.data[0] === undefined ? example(data) : join(source, '..', entry.data[0])
    const own = (entry?.args ?? []).filter((_word, i, all) => {
      const option = i % 2 === 0 ? all[i] : all[i - 1]
      return option === '--columns' || option === '--group-by' || (option === '--set' && !args.includes('--set'))
    })
    const program = await node(await emitted(source), [table, ...own, ...args, '--json'])
    expect(program).toMatchObject({ status: 0 })
    const reference = await estepInProcess(['fit', source, '--data', table, ...own, ...args, '--json'])
    expectSame(JSON.parse(program.out) as Result, JSON.parse(reference.out) as Result)
  })

  test('from the same start', { timeout: 60_000 }, async () => {
    const source = example('old-faithful/spherical.estep')
    const data = example('old-faithful/faithful.csv')
    const start = ['--start', 'pi=[0.5, 0.5]', '--start', 'mu=[[2, 50], [4, 80]]', '--start', 'sigma=[5, 5]']
    const program = await node(await emitted(source), [data, ...start, '--max-iter', '5', '--json'])
    const reference = await estepInProcess(['fit', source, '--data', data, ...start, '--max-iter', '5', '--json'])
    const own = JSON.parse(program.out) as Result
    expect(own.iterations).toBe(5)
    expectSame(own, JSON.parse(reference.out) as Result)
  })

  test.each<[string, string, string, ...string[]]>([
    ['a mixture', 'k-means/shared.estep', 'k-means/faithful.csv', '--seed', '3'],
    ['full covariances', 'old-faithful/full.estep', 'old-faithful/faithful.csv'],
    ['a hidden chain', 'earthquake-chain/model.estep', 'earthquake-chain/earthquakes.csv', '--restarts', '3'],
  ])('in hard mode: %s', { timeout: 60_000 }, async (_, model, data, ...args) => {
    const source = example(model)
    const program = await node(await emitted(source), [example(data), ...args, '--mode', 'hard', '--json'])
    const reference = await estepInProcess([
      'fit',
      source,
      '--data',
      example(data),
      ...args,
      '--mode',
      'hard',
      '--json',
    ])
    const [own, theirs] = [program.out, reference.out].map((text) => JSON.parse(text) as Result & { mode?: string })
    if (own === undefined || theirs === undefined) throw new Error('both have a result')
    expectSame(own, theirs)
    expect(own.mode).toBe(theirs.mode)
  })

  test('a model without hard mode says so', { timeout: 60_000 }, async () => {
    const file = await emitted(example('nile/level.estep'))
    const { status, err } = await node(file, [example('nile/nile.csv'), '--mode', 'hard'])
    expect(status).toBe(2)
    expect(err).toContain('this model has no mode hard')
    expect(await node(file, [example('nile/nile.csv'), '--mode', 'sem'])).toMatchObject({ status: 2 })
  })

  test('where the scale of a latent goes to 0', { timeout: 60_000 }, async () => {
    const source = join(folder, 'schools.estep')
    writeFileSync(
      source,
      `model Same
data  y, se : real[J]
param mu  : real
param tau : nonnegative
for j in 1..J {
  latent theta ~ Normal(mu, tau)
  y[j] ~ Normal(theta, se[j])
}
`,
    )
    const data = join(folder, 'same.csv')
    writeFileSync(data, 'y,se\n1.0,2\n1.1,2\n0.9,3\n1.05,2\n')
    const program = await node(await emitted(source), [data, '--json'])
    const reference = await estepInProcess(['fit', source, '--data', data, '--json'])
    const own = JSON.parse(program.out) as Result
    expect(own.params).toMatchObject({ tau: 0 })
    expectSame(own, JSON.parse(reference.out) as Result)
  })
})

describe('a program as a command', () => {
  const source = example('old-faithful/spherical.estep')

  test('prints what it has found, and says what is wrong', { timeout: 60_000 }, async () => {
    const file = await emitted(source)
    const data = example('old-faithful/faithful.csv')
    const { out, err, status } = await node(file, [data])
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(out).toMatch(
      /^OldFaithful: converged after \d+ iterations\nlog-likelihood {2}-1709\.52928\d*\nBIC 3458\.299\d+, AIC 3433\.058\d+: 7 params, 272 observations\n/,
    )
    expect((await node(file, ['--help'])).out).toContain('usage: node fit.mjs')
    expect(await node(file, [data, '--seeed', '3'])).toMatchObject({ status: 2 })
    expect(await node(file, ['nowhere.csv'])).toMatchObject({ status: 2 })
    const bad = join(folder, 'bad.csv')
    writeFileSync(bad, 'a,b\n1,2\n3,x\n')
    const refused = await node(file, [bad])
    expect(refused.status).toBe(3)
    expect(refused.err).toContain('`x`')
  })

  test('exports fit for other programs', { timeout: 60_000 }, async () => {
    const file = await emitted(source)
    const { fit } = (await import(pathToFileURL(file).href)) as {
      fit(data: unknown, options?: object): Promise<Result>
    }
    const rows = Array.from({ length: 60 }, (_, i) => [(i % 2) * 5 + Math.sin(i), (i % 2) * -4 + Math.cos(3 * i)])
    const own = await fit({ x: rows }, { seed: 3, restarts: 4 })
    const reference = await compileOrThrow(readFileSync(source, 'utf8')).fit({ x: rows }, { seed: 3, restarts: 4 })
    expectSame(own, reference.toJSON() as unknown as Result)
    await expect(fit({ x: rows }, { set: { Q: 3 } })).rejects.toThrow('no const or data `Q`')
    await expect(fit({ x: [['a', 'b']] })).rejects.toThrow()
  })

  test('no text of the model gets among its code', { timeout: 60_000 }, async () => {
    const label = '</script>*/`$' + '{process.exit(9)}'
    const model = `model M
data g : category[N]
data x : real[N]
param a, b : real
for n in 1..N {
  if g[n] == "${label}" { x[n] ~ Normal(a, 1) } else { x[n] ~ Normal(b, 1) }
}
`
    const text = await compileOrThrow(model).emit('js')
    expect(text).not.toContain('</script>')
    const file = join(folder, 'hostile.mjs')
    const data = join(folder, 'hostile.csv')
    writeFileSync(file, text)
    writeFileSync(data, `g,x\n${label},1\n${label},3\nu,5\nu,9\n`)
    const { status, out } = await node(file, [data, '--json'])
    expect(status).toBe(0)
    expect((JSON.parse(out) as Result).params).toMatchObject({ a: 2, b: 7 })
  })

  test('is one file that imports nothing and makes no code of text', async () => {
    const text = readFileSync(await emitted(source), 'utf8')
    expect(text).not.toMatch(/^\s*import\s/m)
    expect(text).not.toMatch(/new Function|\beval\(/)
  })
})

test('models with errors, and targets that do not exist, are refused', async () => {
  const broken = join(folder, 'broken.estep')
  writeFileSync(broken, 'model M\ndata x : real[N]\nx ~ Normall(0, 1)\n')
  expect(await estepInProcess(['emit', broken, '--target', 'js'])).toMatchObject({ status: 1, out: '' })
  expect(await estepInProcess(['emit', broken, '--target', 'fortran'])).toMatchObject({ status: 2 })
  expect(await estepInProcess(['emit', broken])).toMatchObject({ status: 2 })
})
