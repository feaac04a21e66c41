import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { estepInProcess } from './estep-in-process.js'

const folder = mkdtempSync(join(tmpdir(), 'estep-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs `estep`; names in angle brackets are files of the folder. */
const estep = (line: string) =>
  estepInProcess(line.split(' ').map((a) => a.replace(/<(.*)>/, (_, name: string) => join(folder, name))))

beforeAll(async () => {
  writeFileSync(
    join(folder, 'm.estep'),
    `model Mixture
const K = 2
data  x : real[N]
data  w : positive[N]
param pi : simplex[K]
param mu : real[K]
param s : positive
for n in 1..N weight w[n] {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], s)
}`,
  )
  writeFileSync(join(folder, 'd.csv'), 'x,y,w\n0,1,0.1\n1,2,0.2\n20,3,0.1\n21,4,0.2\n50,5,0.1\n51,6,0.1\n')
  for (const [name, more] of [
    ['two', '--start mu=[0,20]'],
    ['three', '--set K=3 --start mu=[0,20,50]'],
    ['other', '--columns x=y --start mu=[0,5]'],
  ] as const)
    await estep(`fit <m.estep> --data <d.csv> --floor 0.01 ${more} --out <${name}.json>`)
})

test('compare sets components with a partner side by side where there are more of them in one fit', async () => {
  const { out, err, status } = await estep('compare <three.json> <two.json>')
  expect(status).toBe(0)
  expect(err).toBe('')
  expect(out).toMatch(/components of z: 1 ↔ 1, 2 ↔ none, 3 ↔ 2|components of z: 1 ↔ 1, 2 ↔ 2, 3 ↔ none/)
  const third = /1 ↔ 1, 2 ↔ none/.test(out) ? 'mu\\[3\\]' : 'mu\\[2\\]'
  expect(out).toMatch(new RegExp(`${third} +\\d`))
  expect(out).not.toMatch(/mu.*(2|3) in the first fit/)
  const back = await estep('compare <two.json> <three.json>')
  expect(back.out).toMatch(/components of z: 1 ↔ \d, 2 ↔ \d, none ↔ \d/)
  const json = JSON.parse((await estep('compare <three.json> <two.json> --json')).out)
  expect(json.params.mu.matched.first.length).toBe(2)
  expect(json.params.mu.matched.components['0'][0]).toBe(1)
})

test('compare says where fits are of other columns, and prints a sum of weights without its rounding', async () => {
  const { out, err } = await estep('compare <two.json> <other.json>')
  expect(err).toContain('warning: the fits take different columns (w, x; w, y), so their criteria do not compare')
  expect(out).toMatch(/observations +0\.8 +0\.8 +0\n/)
})
