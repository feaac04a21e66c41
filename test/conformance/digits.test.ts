import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadFit } from '../../index.js'

const folder = new URL('../../examples/digits/', import.meta.url)
const { clean, corrupted, psnr, restore } = await import(new URL('restore.mjs', folder).href)

// The fit in the folder was learnt in 40 iterations from start.json; expected.json holds the first three to NumPy's.
test('the learnt prior restores the digits', { timeout: 120_000 }, async () => {
  const fit = loadFit(JSON.parse(readFileSync(new URL('prior.fit.json', folder), 'utf8')))
  const restored = psnr(await restore(fit), clean())
  // NumPy: 15.2371 after as many iterations
  expect(Math.abs(restored - 15.2371)).toBeLessThanOrEqual(0.001)
})

test('without a prior, by the means of the columns, they stay as they are corrupted', () => {
  const seen: readonly (readonly (number | null)[])[] = corrupted()
  const means = Array.from({ length: 64 }, (_, d) => {
    const there = seen.flatMap((image) => image[d] ?? [])
    return there.reduce((a, b) => a + b, 0) / there.length
  })
  const filled = seen.map((image) => image.map((ink, d) => ink ?? means[d]))
  expect(Math.abs(psnr(filled, clean()) - 12.4576)).toBeLessThanOrEqual(0.001)
})
