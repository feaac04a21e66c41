import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { largeTable } from '../../cli/stream/large-table.js'
import { compileOrThrow, DataError, type FitCallOptions, type Model, readTable, type Table } from '../../index.js'
import { classes, clusters, regressions } from './simulated.js'

/** So little that a window has 16,384 rows, the least there is, and every file is read a part at a time. */
const memory = 4e6

let folder = ''
const before = process.env.TMPDIR
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'estep-test-'))
  process.env.TMPDIR = folder
})
afterAll(() => {
  if (before === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = before
  rmSync(folder, { recursive: true, force: true })
})

function written(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function csv(columns: Readonly<Record<string, readonly (number | string | null)[]>>, separator = ','): string {
  const names = Object.keys(columns)
  const rows = columns[names[0] ?? '']?.length ?? 0
  const lines = [names.join(separator)]
  for (let n = 0; n < rows; n++) lines.push(names.map((name) => columns[name]?.[n] ?? 'NA').join(separator))
  return `${lines.join('\n')}\n`
}

/** A file to be read a part at a time. */
async function large(path: string, least = 1): Promise<Table> {
  const read = await largeTable(path, least, () => {})
  if (read === null) throw new Error('it would be read whole')
  if (read.value === undefined) throw new DataError(read.problems)
  return read.value
}

function whole(path: string): Table {
  const read = readTable(path, readFileSync(path))
  if (read.value === undefined) throw new DataError(read.problems)
  return read.value
}

/** What both ways of reading a file come to. */
async function both(model: Model, path: string, options: FitCallOptions): Promise<readonly unknown[]> {
  const outcomes: unknown[] = []
  for (const table of [() => large(path), () => whole(path)])
    try {
      const fit = await model.fit([await table()], { backend: 'js', ...options, memory })
      // the entropy of the classification wants all rows at once
      const { parameters: _p, bic: _b, aic: _a, entropy: _e, certainty: _c, ...rest } = fit.toJSON()
      outcomes.push(JSON.parse(JSON.stringify(rest)))
    } catch (error) {
      if (!(error instanceof DataError)) throw error
      outcomes.push(error.problems)
    }
  return outcomes
}

describe('CSV that is larger than memory', () => {
  it.each([
    ['clusters', clusters(40_000), ','],
    ['weighted regressions', regressions(40_000), '\t'],
    ['latent classes with missing cells', classes(40_000), ';'],
  ])('%s: every bit of the fit is that of one in memory', async (name, one, separator) => {
    const path = written(`${name}.${separator === '\t' ? 'tsv' : 'csv'}`, csv(one.columns, separator))
    const options = { start: one.start, maxIterations: 2, tolerance: 0 }
    const [streamed, inMemory] = await both(compileOrThrow(one.model), path, options)
    expect(streamed).toEqual(inMemory)
    expect(streamed).toHaveProperty('params')
  })

  const model = compileOrThrow(
    'model M\ndata x : real[N]\ndata g : category[N]\nparam m : real[levels(g)]\nparam s : positive\nfor n in 1..N { x[n] ~ Normal(m[g[n]], s) }',
  )
  const rows = (edit: (n: number) => string): string =>
    ['x,g', ...Array.from({ length: 30_000 }, (_, n) => edit(n))].join('\n')
  const plain = (n: number): string => `${n % 10},${'ab'[n % 2]}`

  it.each<readonly [string, string]>([
    ['Windows line breaks and a mark', `\uFEFF${rows(plain).replaceAll('\n', '\r\n')}\r\n`],
    ['blank lines and quotes', rows((n) => (n % 1000 === 5 ? `\n"${n % 10}","b"` : plain(n)))],
    ['line breaks and quotes within cells', rows((n) => (n % 7 === 0 ? `${n % 10},"a ""long""\nname"` : plain(n)))],
  ])('with %s is read as it is in memory', async (name, text) => {
    const path = written(`${name}.csv`, text)
    const m = name.includes('within cells') ? [0, 0, 0] : [0, 0]
    const [streamed, inMemory] = await both(model, path, { start: { m, s: 1 } })
    expect(streamed).toEqual(inMemory)
    expect(streamed).toMatchObject({ observations: 30_000 })
  })

  it.each<readonly [string, string, string, number]>([
    ['a cell that is no number', rows((n) => (n === 25_000 ? 'many,a' : plain(n))), 'E341', 25_002],
    ['missing cells', rows((n) => (n % 10_000 === 9_999 ? 'NA,a' : plain(n))), 'E340', 10_001],
    ['too few cells in a row', rows((n) => (n === 29_000 ? '1' : plain(n))), 'E305', 29_002],
    [
      'a number behind lines that are blank',
      rows((n) => (n === 3 ? `\n\n${plain(n)}` : n === 20_000 ? '1;5,a' : plain(n))),
      'E341',
      20_004,
    ],
    ['a quote that is never closed', rows((n) => (n === 29_990 ? '1,"a' : plain(n))), 'E308', 29_992],
    ['a decimal comma', rows((n) => (n === 17_000 ? '"1,5",a' : plain(n))), 'E342', 17_002],
    ['a header and no rows', 'x,g\n\n', 'E304', 0],
    ['two columns of one name', 'x,x\n1,2\n', 'E306', 1],
  ])('with %s is refused as it is in memory', async (name, text, code, row) => {
    const path = written(`${name}.csv`, text)
    const [streamed, inMemory] = await both(model, path, { maxIterations: 1 })
    expect(streamed).toEqual(inMemory)
    expect(streamed).toMatchObject([{ code, row: row === 0 ? null : row }])
  })

  it('is named where it is not UTF-8, or holds a NUL', async () => {
    const bytes = Buffer.from(
      rows((n) => (n === 29_000 ? '1,Zürich' : plain(n))),
      'latin1',
    )
    const [latin, inMemory] = await both(model, written('latin1.csv', bytes), {})
    expect(latin).toEqual(inMemory)
    expect(latin).toMatchObject([{ code: 'E302', row: 29_002 }])
    const [nul, too] = await both(
      model,
      written(
        'nul.csv',
        rows((n) => (n === 28_000 ? '1,\0' : plain(n))),
      ),
      {},
    )
    expect(nul).toEqual(too)
    expect(nul).toMatchObject([{ code: 'E301', row: 28_002 }])
  })

  it('leaves no file behind, and no name of one while it is read', async () => {
    const path = written('names.csv', rows(plain))
    let during: readonly string[] = []
    await model.fit([await large(path)], {
      memory,
      maxIterations: 1,
      onStream: () => {
        during = readdirSync(folder)
      },
    })
    if (process.platform !== 'win32') expect(during.filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('need not stay once it is read', async () => {
    const path = written('gone.csv', rows(plain))
    const wanted = await model.fit([whole(path)], { backend: 'js', maxIterations: 3 })
    const fit = await model.fit([await large(path)], {
      memory,
      backend: 'js',
      maxIterations: 3,
      onStream: () => unlinkSync(path),
    })
    expect(fit.objective).toBe(wanted.objective)
  })

  it('must not change while it is read', async () => {
    const path = written('growing.csv', rows(plain))
    const table = await largeTable(path, 1, (done, all) => {
      if (done < all || done === all) writeFileSync(path, `${rows(plain)}\n1,a`)
    })
    await expect(model.fit([table?.value ?? whole(path)], { memory })).rejects.toMatchObject({
      problems: [{ code: 'E313' }],
    })
  })
})

describe('Parquet that is larger than memory', () => {
  const fixture = (name: string): string => new URL(`../runtime/data/parquet/${name}`, import.meta.url).pathname
  const mixture = compileOrThrow(`model Mixture
const K = 2
data  x : real[N]
data  kind : category[N]
data  size : positive[N]
param pi : simplex[K]
param m : real[K]
param s, r : positive
param theta : simplex[K, levels(kind)]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(m[z], s)
  size[n] ~ Gamma(r, r)
  kind[n] ~ Categorical(theta[z])
}`)
  const start = {
    pi: [0.5, 0.5],
    m: [-4, 3],

    s: 2,
    r: 1,
    theta: [
      [0.2, 0.8],
      [0.4, 0.6],
    ],
  }

  it('gives every bit of a fit in memory', async () => {
    const [streamed, inMemory] = await both(mixture, fixture('long.parquet'), {
      start,
      maxIterations: 3,
      tolerance: 0,
    })
    expect(streamed).toEqual(inMemory)
    expect(streamed).toMatchObject({ observations: 40_000 })
  })

  it.each(['snappy', 'zstd-v2', 'plain'])('reads %s.parquet cell by cell as in memory', async (name) => {
    const all = compileOrThrow(`model All
data count : count[N]
data x : real?[N]
data single : real[N]
data place, kind, day : category?[N]
data flag : bool?[N]
data price : real[N]
param a, b, c, s : real
for n in 1..N {
  price[n] ~ Normal(a + b * single[n] + c * count[n], 1)
  x[n] ~ Normal(s, 1)
}`)
    const path = fixture(`${name}.parquet`)
    const seen: unknown[] = []
    const [streamed, inMemory] = await both(all, path, {
      maxIterations: 1,
      onStream: ({ sample }) => seen.push(sample),
    })
    // few rows are all in the sample
    expect(streamed).toEqual(inMemory)
    const bound = all.bind([whole(path)], {}).data
    const [sample] = seen as readonly (typeof bound)[]
    for (const [array, { values }] of bound.arrays) expect(sample?.arrays.get(array)?.values, array).toEqual(values)
    expect(sample?.levels).toEqual(bound.levels)
  })

  it('says which row a cell is in that does not fit', async () => {
    const model = compileOrThrow(
      'model M\ndata x : positive[N]\ndata kind : real[N]\nparam m : real\nfor n in 1..N { x[n] ~ Normal(m, 1) }',
    )
    const [streamed] = await both(model, fixture('long.parquet'), {})
    expect(streamed).toMatchObject([{ code: 'E341', row: 1, column: 'kind', value: 'oak' }])
    const other = compileOrThrow('model M\ndata x : positive[N]\nparam m : real\nfor n in 1..N { x[n] ~ Normal(m, 1) }')
    const [first, inMemory] = await both(other, fixture('long.parquet'), {})
    expect(first).toEqual(inMemory)
  })

  it('must not change or vanish between two passes', async () => {
    const bytes = readFileSync(fixture('long.parquet'))
    const fitted = (path: string, spoil: () => void) =>
      large(path).then((table) =>
        mixture.fit([table], { memory, start, onIteration: ({ iteration }) => iteration === 1 && spoil() }),
      )
    const touched = written('touched.parquet', bytes)
    await expect(
      fitted(touched, () => utimesSync(touched, statSync(touched).atime, new Date(Date.now() + 60_000))),
    ).rejects.toMatchObject({ problems: [{ code: 'E313' }] })
    const cut = written('cut.parquet', bytes)
    await expect(fitted(cut, () => writeFileSync(cut, bytes.subarray(0, 1000)))).rejects.toMatchObject({
      problems: [{ code: 'E313' }],
    })
  })
})
