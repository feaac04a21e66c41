/** A singular information matrix: its rank, and the params that may move together. */
import { expect, test } from 'vitest'
import { compileOrThrow } from '../../index.js'

async function warnings(source: string, data: unknown, start: Record<string, unknown>): Promise<string> {
  const fit = await compileOrThrow(source).fit(data, { start })
  const found = await fit.standardErrors()
  return found.warnings.map((w) => `${w.code} ${w.message}`).join('\n')
}

const x = [0, 1, 2, 3, 4, 5, 6, 7]
const y = [0.2, 1.4, 1.7, 3.3, 3.9, 5.2, 5.8, 7.3]

test('two intercepts move against each other', async () => {
  const said = await warnings(
    `model Two
data  x : real[N]
data  y : real[N]
param a, b, c : real
param s : positive
for n in 1..N { y[n] ~ Normal(a + 2 * b + c * x[n], s) }`,
    { x, y },
    { a: 0, b: 0, c: 1, s: 1 },
  )
  expect(said).toMatch(/rank 3 of 4: nothing changes when `a` moves by 1 while `b` moves by -0\.5$/m)
})

test('several directions come apart', async () => {
  const said = await warnings(
    `model Four
data  x : real[N]
data  y : real[N]
param a, b, c, d : real
param s : positive
for n in 1..N { y[n] ~ Normal(a + b + (c + d) * x[n], s) }`,
    { x, y },
    { a: 0, b: 0, c: 1, d: 0, s: 1 },
  )
  expect(said).toMatch(/rank 3 of 5/)
  expect(said).toMatch(/`a` moves by 1 while `b` moves by -1|`a` moves by -1 while `b` moves by 1/)
  expect(said).toMatch(/`c` moves by 1 while `d` moves by -1|`c` moves by -1 while `d` moves by 1/)
})

test('nothing is said where the matrix is regular', async () => {
  const said = await warnings(
    `model One
data  x : real[N]
data  y : real[N]
param a, c : real
param s : positive
for n in 1..N { y[n] ~ Normal(a + c * x[n], s) }`,
    { x, y },
    { a: 0, c: 1, s: 1 },
  )
  expect(said).not.toContain('rank')
})
