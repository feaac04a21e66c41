import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { frames } from '../../cli/commands/report.js'
import { UsageError } from '../../cli/exit-codes.js'
import { compileOrThrow, loadFit, OptionError, readTable } from '../../index.js'
import { estepInProcess } from '../cli/estep-in-process.js'

const example = (path: string): URL => new URL(`../../examples/${path}`, import.meta.url)
const table = (path: string) => {
  const { value } = readTable(path, readFileSync(example(path)))
  if (value === undefined) throw new Error(path)
  return [value]
}
const faithful = compileOrThrow(readFileSync(example('old-faithful/spherical.estep'), 'utf8'))

/** The report without its style sheet, in which texts are looked for. */
const body = (page: string): string => page.slice(page.indexOf('<body>'))

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  '</title></style><b>',
  "' onfocus='alert(1)",
  '\u202egnp.exe',
]
const levels = compileOrThrow(`model Words
const K = 2
data  word, other : category[N]
param pi : simplex[K]
param p  : simplex[K, levels(word)]
param q  : simplex[K, levels(other)]
for n in 1..N {
  latent z ~ Categorical(pi)
  word[n] ~ Categorical(p[z])
  other[n] ~ Categorical(q[z])
}`)

describe('a report', () => {
  it('counts rows of a table with frequencies as often as they are there', async () => {
    const model = compileOrThrow(`model Table
const K = 2
data a, b : category[N]
data w : count[N]
param pi : simplex[K]
param p : simplex[K, levels(a)]
param q : simplex[K, levels(b)]
for n in 1..N weight w[n] {
  latent z ~ Categorical(pi)
  a[n] ~ Categorical(p[z])
  b[n] ~ Categorical(q[z])
}`)
    const fit = await model.fit({ a: ['x', 'x', 'y', 'y'], b: ['u', 'v', 'u', 'v'], w: [40, 10, 10, 20] })
    const page = body(await fit.report())
    expect(page).toContain('The share of each of 2 levels among 80 rows, beside what the model expects')
    expect(page).toMatch(/<code>z<\/code>, 80 rows: the entropy/)
  })

  it('says where residuals are those of a factorised posterior', async () => {
    const model = compileOrThrow(`model Crossed
const K = 2
data  g, h : category[N]
data  y : real[N]
param pi : simplex[K]
param m  : real[K, K]
param s  : positive
for i in levels(g) { latent a[i] ~ Categorical(pi) }
for j in levels(h) { latent b[j] ~ Categorical(pi) }
for n in 1..N { y[n] ~ Normal(m[a[g[n]], b[h[n]]], s) }`)
    const cells = Array.from({ length: 36 }, (_, n) => [Math.floor(n / 6), n % 6] as const)
    const fit = await model.fit({
      g: cells.map(([i]) => `g${i}`),
      h: cells.map(([, j]) => `h${j}`),
      y: cells.map(([i, j], n) => (i < 3 ? 2 : 0) + (j < 2 ? 5 : 0) + Math.sin(7 * n) / 3),
    })
    expect(body(await fit.report())).toContain('is a factorised one, so these are approximations: <code>y</code>.')
    const exact = await faithful.fit(table('old-faithful/faithful.csv'), { maxIterations: 3 })
    expect(body(await exact.report())).not.toContain('these are approximations')
  })

  it('has every part, and nothing of a page that loads or runs', async () => {
    const fit = await faithful.fit(table('old-faithful/faithful.csv'))
    const page = await fit.report()
    for (const title of [
      'Warnings',
      'Parameters',
      'Data and fit',
      'Latents',
      'How the fit went',
      'Derivation',
      'Model',
    ])
      expect(page).toContain(`>${title}</h2>`)
    expect(page).not.toMatch(/<script|<link|<iframe|<object|<img|\son\w+=|javascript:|\ssrc=/i)
    expect(page.match(/https?:\/\/[^"\s<]+/g)?.filter((u) => !u.includes('www.w3.org')) ?? []).toEqual([])
    expect(page).toContain("default-src 'none'")
    expect(page).toContain('−1709.5293')
    expect(page).toContain('OldFaithful')
    // the same fit, the same bytes
    expect(await fit.report()).toBe(page)
    // as a file, with the data given to it
    const loaded = loadFit(JSON.parse(JSON.stringify(fit)))
    const again = await loaded.report(table('old-faithful/faithful.csv'))
    const pictures = (text: string): string => text.slice(text.indexOf('id="pictures"'), text.indexOf('id="course"'))
    expect(pictures(again)).toBe(pictures(page))
    expect(await loaded.report()).toContain('No data was given to the report.')
  })

  it('has unique ids, and every reference to one leads somewhere', async () => {
    const fit = await faithful.fit(table('old-faithful/faithful.csv'), { trace: true })
    const page = await fit.report(undefined, { frames: [0, 1, 2] })
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map((m) => m[1])
    expect(new Set(ids).size).toBe(ids.length)
    const refs = [
      ...[...page.matchAll(/\saria-labelledby="([^"]+)"/g)].flatMap((m) => (m[1] ?? '').split(' ')),
      ...[...page.matchAll(/href="#([^"]+)"|url\(#([^)]+)\)/g)].map((m) => m[1] ?? m[2]),
    ]
    expect(refs.filter((id) => !ids.includes(id))).toEqual([])
  })

  it('shows what users wrote as text, whatever it is', async () => {
    const words = Array.from({ length: 60 }, (_, i) => HOSTILE[i % HOSTILE.length] ?? '')
    const fit = await levels.fit(
      { [HOSTILE[1] ?? '']: words, second: words.map((_, i) => HOSTILE[(i * i) % HOSTILE.length] ?? '') },
      { columns: { word: [HOSTILE[1] ?? ''], other: ['second'] }, restarts: 2 },
    )
    const page = await fit.report()
    expect(page).not.toMatch(/<script|<img|<b>|\u202e/i)
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;')
    // no attribute is left in which a text has opened another
    for (const tag of body(page).match(/<[a-z][^>]*>/gi) ?? [])
      expect(tag.replace(/"[^"]*"/g, '""')).not.toMatch(/\son[a-z]+\s*=/i)
  })

  it('has standard errors beside estimates where the fit holds them', async () => {
    const fit = await faithful.fit(table('old-faithful/faithful.csv'))
    const document = JSON.parse(JSON.stringify(fit))
    document.standardErrors = {
      pi: [0.02, 0.02],
      mu: [
        [0.1, null],
        [0.2, 0.3],
      ],
      sigma: [0.5, 0.25],
    }
    const page = await loadFit(document).report()
    expect(page).toContain('± 0.25')
    expect(page).toContain('(not identified)')
    expect(page).toContain('with its standard error')
  })

  it('draws iterates of a traced fit alone', async () => {
    const traced = await faithful.fit(table('old-faithful/faithful.csv'), { trace: true })
    const page = await traced.report(undefined, { frames: [0, 3] })
    expect(page).toContain('>Iteration 0</h3>')
    expect(page).toContain('>Iteration 3</h3>')
    await expect(traced.report(undefined, { frames: [100_000] })).rejects.toThrow('there is no iterate 100000')
    const plain = await faithful.fit(table('old-faithful/faithful.csv'))
    await expect(plain.report(undefined, { frames: [0] })).rejects.toThrow(OptionError)
  })

  it.each([
    ['0..4', [0, 1, 2, 3, 4]],
    ['0,2,9', [0, 2, 9]],
    ['7', [7]],
  ])('--frames %s', (text, wanted) => {
    expect(frames(text)).toEqual(wanted)
  })

  it.each(['4..0', 'a', '0..1000000', '1,,2', '-1', '0..', '1e3'])('--frames %s is no list of iterations', (text) => {
    expect(() => frames(text)).toThrow(UsageError)
  })

  it('is refused where the data are others, or where frames have none', async () => {
    const fit = await estepInProcess(['report', '/nowhere.json'])
    expect(fit.status).toBe(2)
    expect(fit.err).toContain('there is no file')
  })
})
