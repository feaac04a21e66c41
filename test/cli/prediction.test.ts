import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { estepInProcess } from './estep-in-process.js'

const folder = mkdtempSync(join(tmpdir(), 'estep-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs `estep`; names in angle brackets are files of the folder. */
const estep = (line: string) =>
  estepInProcess(line.split(' ').map((a) => a.replace(/<(.*)>/, (_, name: string) => join(folder, name))))

const file = (name: string, text: string): void => writeFileSync(join(folder, name), text)

/** A fit of a model at its start values, as good as any here. */
async function fitted(name: string, model: string, csv: string, ...options: readonly string[]): Promise<void> {
  file(`${name}.estep`, model)
  file(`${name}.csv`, csv)
  const line = `fit <${name}.estep> --data <${name}.csv> --max-iter 3 --restarts 1 --out <${name}.json>`
  const { status, err } = await estep([line, ...options].join(' '))
  expect(status, err).toBe(0)
}

test('predict gives the mean and the sd of numbers, and of each element of vectors', async () => {
  await fitted(
    'factors',
    `model Factors
data  x : real[N, 3]
param W : real[3, 2]
param m : real[3]
for n in 1..N {
  latent f : real[2] ~ Normal(0, 1)
  x[n] ~ Normal(m + W * f, 1)
}`,
    'x1,x2,x3\n1,2,3\n2,1,0\n0,1,1\n4,4,1\n',
  )
  const { status, out } = await estep('predict <factors.json> --data <factors.csv>')
  expect(status).toBe(0)
  const [header, ...rows] = out.trim().split('\n')
  expect(header).toBe('row,f[1],f[1]:sd,f[2],f[2]:sd')
  expect(rows.length).toBe(4)
  for (const row of rows) expect(row.split(',').every((x) => Number.isFinite(Number(x)))).toBe(true)
  const json = JSON.parse((await estep('predict <factors.json> --data <factors.csv> --json')).out)
  expect(json.latents.f.shape).toEqual([4, 2])
  expect(json.latents.f.mean[0].length).toBe(2)
  expect(json.latents.f.covariance[3].length).toBe(4)
  expect(json.latents.f.sd[0][0]).toBeCloseTo(Math.sqrt(json.latents.f.covariance[0][0]), 12)
})

test('latents of different plates are listed one after another', async () => {
  await fitted(
    'nested',
    `model Nested
data  g : category[N]
data  y : count[N]
param w : simplex[2]
param a, b : positive
param r : positive[2]
for j in levels(g) { latent u[j] ~ Gamma(a, b) }
for n in 1..N { y[n] ~ Poisson(u[g[n]]) }
for n in 1..N {
  latent z ~ Categorical(w)
  latent v ~ Gamma(r[z], 1)
}`,
    'g,y\np,1\nq,2\np,3\n',
  )
  const { out } = await estep('predict <nested.json> --data <nested.csv>')
  const lines = out
    .trim()
    .split('\n')
    .map((l) => l.split(','))
  expect(lines[0]).toEqual(['latent', 'index', 'value', 'probability', 'sd'])
  expect(lines.slice(1).map((l) => l.slice(0, 2).join(' '))).toEqual([
    'z 1',
    'z 2',
    'z 3',
    'u p',
    'u q',
    'v 1',
    'v 2',
    'v 3',
  ])
  for (const [name, , , probability, sd] of lines.slice(1)) expect(name === 'z' ? sd : probability).toBe('')
  const json = JSON.parse((await estep('predict <nested.json> --data <nested.csv> --json')).out)
  expect(json.latents.u.family).toBe('Gamma')
  expect(json.latents.u.parameters.shape.length).toBe(2)
})

test('score gives the log-likelihood and its parts', async () => {
  const { status, out } = await estep('score <nested.json> --data <nested.csv>')
  expect(status).toBe(0)
  const [, total, ...rows] = out
    .trim()
    .split('\n')
    .map((l) => l.split(','))
  expect(total?.[0]).toBe('total')
  expect(rows.reduce((s, r) => s + Number(r[2]), 0)).toBeCloseTo(Number(total?.[2]), 10)
  file('bad.csv', 'g,y\np,-1\n')
  expect((await estep('score <nested.json> --data <bad.csv>')).status).toBe(3)
})

test('predict --impute fills the missing cells and keeps the rest of the file', async () => {
  await fitted(
    'holes',
    `model Holes
data  x : real?[N]
data  y : category?[N]
param m, s : real
param p : simplex[levels(y)]
for n in 1..N {
  x[n] ~ Normal(m, exp(s))
  y[n] ~ Categorical(p)
}`,
    'name,x,y\n"a, first",1,u\nb,,v\nc,2,\nd,3,u\n',
  )
  const plain = await estep('predict <holes.json> --data <holes.csv> --impute')
  expect(plain.status, plain.err).toBe(0)
  const rows = plain.out.trim().split('\n')
  expect(rows[0]).toBe('name,x,y')
  expect(rows[1]).toBe('"a, first",1,u')
  expect(rows[3]).toBe('c,2,u')
  expect(Number(rows[2]?.split(',')[1])).toBeCloseTo(2, 9)
  const wide = await estep('predict <holes.json> --data <holes.csv> --impute --sd --out <filled.csv>')
  expect([wide.status, wide.out]).toEqual([0, ''])
  const lines = readFileSync(join(folder, 'filled.csv'), 'utf8').trim().split('\n')
  expect(lines[0]).toBe('name,x,x:sd,y,y:probability')
  expect(lines[1]).toBe('"a, first",1,,u,')
  expect(Number(lines[2]?.split(',')[2])).toBeGreaterThan(0)
  const json = JSON.parse((await estep('predict <holes.json> --data <holes.csv> --impute --json')).out)
  expect(json.imputed.y[0]).toMatchObject({ index: [3], value: 'u' })
  expect(json.imputed.y[0].probability).toBeCloseTo(2 / 3, 9)
  expect((await estep('predict <holes.json> --data <holes.csv> --sd')).status).toBe(2)
})

test('predict --filtered differs from the smoothed states, but at the last place', async () => {
  await fitted(
    'level',
    `model Level
data  y : real[T]
param q, s : positive
latent m[1] ~ Normal(0, 10)
for t in 2..T { latent m[t] ~ Normal(m[t-1], q) }
for t in 1..T { y[t] ~ Normal(m[t], s) }`,
    'y\n1\n3\n2\n5\n4\n',
  )
  const rows = async (options: string) => {
    const { status, out, err } = await estep(`predict <level.json> --data <level.csv>${options}`)
    expect(status, err).toBe(0)
    return out
      .trim()
      .split('\n')
      .slice(1)
      .map((l) => l.split(',').map(Number))
  }
  const [smoothed, filtered] = [await rows(''), await rows(' --filtered')]
  expect(filtered[4]?.[1]).toBeCloseTo(smoothed[4]?.[1] ?? Number.NaN, 9)
  expect(Math.abs((filtered[1]?.[1] ?? 0) - (smoothed[1]?.[1] ?? 0))).toBeGreaterThan(1e-3)
  for (const [i, row] of filtered.entries()) expect(row[2]).toBeGreaterThanOrEqual((smoothed[i]?.[2] ?? 0) - 1e-9)
  const none = await estep('predict <factors.json> --data <factors.csv> --filtered')
  expect(none.status).toBe(3)
  expect(none.err).toContain('E418')
  expect((await estep('predict <level.json> --data <level.csv> --filtered --impute')).status).toBe(2)
})

test('a model without latents has nothing to predict, in words', async () => {
  await fitted(
    'plain',
    'model Plain\ndata x : real[N]\nparam m : real\nfor n in 1..N { x[n] ~ Normal(m, 1) }',
    'x\n1\n2\n',
  )
  const { status, out, err } = await estep('predict <plain.json> --data <plain.csv>')
  expect([status, out]).toEqual([2, ''])
  expect(err).toContain('no latent to predict')
  expect((await estep('score <plain.json> --data <plain.csv>')).status).toBe(0)
})

test('rows of groups carry the names of their levels', async () => {
  await fitted(
    'groups',
    `model Groups
data  g : category[N]
data  y : real[N]
param b : real
for j in levels(g) { latent u[j] ~ Normal(0, 1) }
for n in 1..N { y[n] ~ Normal(b + u[g[n]], 1) }`,
    'g,y\nnorth,1\nsouth,3\nnorth,2\n',
  )
  file('more.csv', 'g,y\neast,1\nsouth,3\n')
  const { out } = await estep('predict <groups.json> --data <more.csv>')
  const lines = out
    .trim()
    .split('\n')
    .map((l) => l.split(','))
  expect(lines[0]).toEqual(['row', 'level', 'u', 'u:sd'])
  expect(lines.slice(1).map((l) => l[1])).toEqual(['north', 'south', 'east'])
  // nothing of it in these rows: the prior
  expect(lines[1]?.slice(2).map(Number)).toEqual([0, 1])
  const json = JSON.parse((await estep('predict <groups.json> --data <more.csv> --json')).out)
  expect(json.latents.u.levels).toEqual([['north', 'south', 'east']])
})

test('score --residuals sums up how cells lie in their distributions, and writes each', async () => {
  const x = [1, 4, 2, 8, 5, 7]
  const model = `model Plain
data  x : real[N]
data  c : count[N]
param m : real
param s, r : positive
for n in 1..N {
  x[n] ~ Normal(m, s)
  c[n] ~ Poisson(r)
}`
  await fitted('plain', model, `x,c\n${x.map((v, i) => `${v},${i}`).join('\n')}\n`)
  const line = 'score <plain.json> --data <plain.csv> --residuals'
  const { status, out, err } = await estep(`${line} --out <residuals.csv>`)
  expect([status, err]).toEqual([0, ''])
  expect(out).toMatch(/^x: 6 cells, each given all others$/m)
  expect(out).toMatch(/^ {2}standardised residuals: mean 0, sd 1$/m)
  expect(out).toMatch(/^c: 6 cells/m)
  const [header, ...rows] = readFileSync(join(folder, 'residuals.csv'), 'utf8').trim().split('\n')
  expect(header).toBe('data,index,observed,pit,quantile,residual,probability')
  expect(rows.length).toBe(12)
  const sd = Math.sqrt(x.reduce((sum, v) => sum + (v - 4.5) ** 2, 0) / 6)
  x.forEach((v, n) => {
    const [data, index, observed, , quantile, residual] = rows[n]?.split(',') ?? []
    expect([data, index, observed]).toEqual(['x', `${n + 1}`, `${v}`])
    expect(Number(residual)).toBeCloseTo((v - 4.5) / sd, 6)
    expect(Number(quantile)).toBeCloseTo((v - 4.5) / sd, 6)
  })
  const { residuals } = JSON.parse((await estep(`${line} --json`)).out)
  expect(residuals.map((r: { readonly data: string; readonly kind: string }) => [r.data, r.kind])).toEqual([
    ['x', 'numbers'],
    ['c', 'counts'],
  ])
  // Poisson(2.5) at 0: P(X <= 0) = exp(-2.5)
  expect(residuals[1].cells[0].residual).toBeCloseTo(-2.5 / Math.sqrt(2.5), 6)
  expect(residuals[1].cells[0].pit).toBeLessThan(Math.exp(-2.5))
  const alone = await estep('score <plain.json> --data <plain.csv> --out <residuals.csv>')
  expect([alone.status, alone.err]).toEqual([2, expect.stringContaining('--out of score is for --residuals')])
})
