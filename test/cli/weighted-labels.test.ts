/** Known labels of rows that stand for several: the table that they are compared in counts all of them. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { estepInProcess } from './estep-in-process.js'

const folder = mkdtempSync(join(tmpdir(), 'estep-weighted-'))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

test('fit --against counts a row as often as its weight says', async () => {
  const model = file(
    'model.estep',
    `model M
data x : real[N]
data w : count[N]
param pi : simplex[2]
param mu : real[2]
param s : positive
for n in 1..N weight w[n] {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], s)
}
`,
  )
  const rows = ['0,5,a', '0.5,4,a', '1,6,a', '9,3,b', '9.5,7,b', '10,2,b', '0.2,11,b']
  const data = file('data.csv', `x,w,side\n${rows.join('\n')}\n`)
  const { out, status } = await estepInProcess(['fit', model, '--data', data, '--against', 'side', '--json'])
  expect(status).toBe(0)
  const { against } = JSON.parse(out)
  expect(against).toMatchObject({ total: 38, errors: 11 })
  const shown = await estepInProcess(['fit', model, '--data', data, '--against', 'side'])
  expect(shown.out).toContain('11 of 38 differ under the best matching')
})
