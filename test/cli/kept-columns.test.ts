import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { estepInProcess } from './estep-in-process.js'

const folder = mkdtempSync(join(tmpdir(), 'estep-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs `estep`; names in angle brackets are files of the folder. */
const estep = (line: string) =>
  estepInProcess(line.split(' ').map((a) => a.replace(/<(.*)>/, (_, name: string) => join(folder, name))))
const file = (name: string, text: string): void => writeFileSync(join(folder, name), text)
const read = (name: string): readonly (readonly string[])[] =>
  readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','))

const mixture = `model Mixture
const K = 2
data  x : real[N]
param pi : simplex[K]
param mu : real[K]
param s : positive
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], s)
}`

describe('predict --out', () => {
  test('keeps every column of the rows, also one that is called as a latent', async () => {
    file('m.estep', mixture)
    file('m.csv', 'id,x,z\nb,0,u\na,9,NA\nc,1,u\nd,8,v\n')
    expect((await estep('fit <m.estep> --data <m.csv> --start mu=[0,9] --out <m.json>')).status).toBe(0)
    expect((await estep('predict <m.json> --data <m.csv> --out <rows.csv>')).out).toBe('')
    const [header, ...rows] = read('rows.csv')
    expect(header).toEqual(['id', 'x', 'z', 'z:predicted', 'z=1', 'z=2'])
    expect(rows.map((r) => r.slice(0, 4))).toEqual([
      ['b', '0', 'u', '1'],
      ['a', '9', '', '2'],
      ['c', '1', 'u', '1'],
      ['d', '8', 'v', '2'],
    ])
    for (const row of rows) expect(Number(row[4]) + Number(row[5])).toBeCloseTo(1, 12)
    await estep('predict <m.json> --data <m.csv> --hard --out <hard.csv>')
    expect(read('hard.csv')[0]).toEqual(['id', 'x', 'z', 'z:predicted'])
  })

  test('finds the row of each place where sequences alternate in the file, as --against does', async () => {
    file(
      'chains.estep',
      `model Chains
data  y : real[R][T]
param p : simplex[2]
param A : simplex[2, 2]
param mu : real[2]
for r in 1..R {
  latent z[1] ~ Categorical(p)
  for t in 2..T { latent z[t] ~ Categorical(A[z[t-1]]) }
  for t in 1..T { y[r, t] ~ Normal(mu[z[t]], 1) }
}`,
    )
    const states = ['u', 'v', 'u', 'v', 'v', 'v', 'u', 'v', 'u', 'u']
    const rows = states.map((s, i) => `${i % 2 === 0 ? 'a' : 'b'},${(s === 'u' ? 0 : 9) + (i % 3) / 10},${s}`)
    file('chains.csv', `who,y,state\n${rows.join('\n')}\n`)
    const fit = await estep(
      'fit <chains.estep> --data <chains.csv> --group-by who --start mu=[0,9] --against state --out <chains.json>',
    )
    expect(fit.out).toContain('0 of 10 differ')
    await estep('predict <chains.json> --data <chains.csv> --out <paths.csv>')
    const [header, ...found] = read('paths.csv')
    expect(header).toEqual(['who', 'y', 'state', 'z', 'z=1', 'z=2'])
    expect(found.map((r) => r[3])).toEqual(states.map((s) => (s === 'u' ? '1' : '2')))
  })

  test('sets latents of groups beside the rows of their group, where rows have latents too', async () => {
    file(
      'mixed.estep',
      `model Mixed
data  g : category[N]
data  y : real[N]
param w : simplex[2]
param m : real[2]
param t : positive
for j in levels(g) { latent u[j] ~ Normal(0, t) }
for n in 1..N {
  latent z ~ Categorical(w)
  y[n] ~ Normal(u[g[n]] + m[z], 1)
}`,
    )
    file('mixed.csv', 'g,y\nq,1\np,20\nq,3\np,21\n')
    const fit = 'fit <mixed.estep> --data <mixed.csv> --max-iter 3 --restarts 1 --start m=[0,1] --out <mixed.json>'
    expect((await estep(fit)).status).toBe(0)
    await estep('predict <mixed.json> --data <mixed.csv> --out <both.csv>')
    const [header, ...rows] = read('both.csv')
    const u = header?.indexOf('u') ?? -1
    expect(header).toEqual(expect.arrayContaining(['g', 'y', 'z', 'z=1', 'z=2', 'u', 'u:sd']))
    expect(rows.map((r) => r[0])).toEqual(['q', 'p', 'q', 'p'])
    expect([rows[0]?.[u], rows[1]?.[u]]).toEqual([rows[2]?.[u], rows[3]?.[u]])
    expect(Number(rows[1]?.[u])).toBeGreaterThan(Number(rows[0]?.[u]))
  })

  test('lists latents that are no rows of the file by their names, as on stdout', async () => {
    file(
      'groups.estep',
      `model Groups
data  g : category[N]
data  y : count[N]
param a, b : positive
for j in levels(g) { latent u[j] ~ Gamma(a, b) }
for n in 1..N { y[n] ~ Poisson(u[g[n]]) }`,
    )
    file('groups.csv', 'g,y\nq,1\np,2\nq,3\n')
    await estep('fit <groups.estep> --data <groups.csv> --max-iter 3 --restarts 1 --out <groups.json>')
    await estep('predict <groups.json> --data <groups.csv> --out <levels.csv>')
    expect(read('levels.csv').map((r) => r.slice(0, 2).join(' '))).toEqual(['row level', '1 p', '2 q'])
  })
})

test('a column of --against that is not there is said before the fit; a fit without classes is written all the same', async () => {
  file('one.estep', 'model One\ndata x : real[N]\nparam m : real\nfor n in 1..N { x[n] ~ Normal(m, 1) }')
  file('one.csv', 'x,c\n1,u\n2,v\n')
  const typo = await estep('fit <one.estep> --data <one.csv> --against d --out <typo.json>')
  expect([typo.status, typo.err.includes('there is no column `d`')]).toEqual([2, true])
  const none = await estep('fit <one.estep> --data <one.csv> --against c --out <none.json>')
  expect([none.status, none.err.includes('no discrete latent')]).toEqual([2, true])
  expect(JSON.parse(readFileSync(join(folder, 'none.json'), 'utf8')).params.m).toBeCloseTo(1.5, 12)
})
