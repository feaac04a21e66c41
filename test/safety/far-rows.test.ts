/** Rows whose density underflows under every component still have a posterior that sums to 1. */
import { describe, expect, it } from 'vitest'
import { clouds, column, fitOf, numbers } from './support.js'

describe.each([1e2, 1e4, 1e6, 1e9])('a row at %d', (far) => {
  it('from a start that gives it probability 0', async () => {
    const y = [...column(clouds(40)), far]
    const start = { pi: [0.5, 0.5], mu: [0, 6], sigma: [1, 1] }
    const fit = await fitOf('one', { y }, { start })
    const { probabilities } = fit.posterior('z')
    const last = [...(probabilities ?? [])].slice(-2)
    expect(last.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
    expect(numbers(fit, 'pi').reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
  })

  it('from the default starts, in two dimensions', async () => {
    await fitOf('full', { x: [...clouds(40), [far, -far]] })
  })
})

it('new rows at 1e4 sd are predicted', async () => {
  const fit = await fitOf('one', { y: column(clouds(40)) })
  const { latents } = await fit.predict({ y: [1e4, -1e4] })
  const p = [...(latents[0]?.probabilities ?? [])]
  expect((p[0] ?? 0) + (p[1] ?? 0)).toBeCloseTo(1, 12)
  expect((p[2] ?? 0) + (p[3] ?? 0)).toBeCloseTo(1, 12)
})

it('counts far from every rate', async () => {
  await fitOf('poisson', { y: [0, 1, 0, 2, 1, 1_000_000] })
})
