/** Latents of which a row of the data has several: every value says which one it is of. */
import { expect, test } from 'vitest'
import { posteriorCsv } from '../../api/rows/posterior-rows.js'
import { compileOrThrow } from '../../index.js'

test('factors in a loop of their own have the indices of row and factor', async () => {
  const fit = await compileOrThrow(`model F
data y : real[N, D]
param m, s : positive[D]
for i in 1..N {
  for k in 1..2 { latent f[k] ~ Normal(0, 1) }
  y[i] ~ Normal([m[d] + f[1] + d * f[2] for d in 1..D], s)
}`).fit({
    y: [
      [1, 2, 4],
      [2, 3, 3],
      [0, 4, 5],
      [1, 1, 2],
    ],
  })
  const { latents } = await fit.predict({
    y: [
      [1, 2, 3],
      [2, 2, 2],
    ],
  })
  const lines = posteriorCsv(latents, false).trim().split(/\r?\n/)
  expect(lines[0]).toBe('latent,index,value,sd')
  expect(lines.slice(1).map((l) => l.split(',')[1])).toEqual(['1 1', '1 2', '2 1', '2 2'])
})
