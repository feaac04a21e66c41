import { readFileSync } from 'node:fs'
import { decode } from 'fast-png'
import { expect, test } from 'vitest'

const folder = new URL('../../examples/segmentation/', import.meta.url)
const { segment } = await import(new URL('segment.mjs', folder).href)
const read = (name: string): Uint8Array => readFileSync(new URL(name, folder))

test('the photograph becomes the label picture of its page', { timeout: 120_000 }, async () => {
  const { fit, labels } = await segment(read('photo.png'), 2, { restarts: 1 })
  const [picture, expected] = [decode(labels), decode(read('labels-2.png'))]
  expect([picture.width, picture.height, picture.channels]).toEqual([150, 100, 3])
  const pixels = Array.from({ length: 15_000 }, (_, n) => Array.from(picture.data.subarray(3 * n, 3 * n + 3)))
  const shades = fit.params.mu.map((mean: readonly number[]) => mean.map(Math.round))
  expect(new Set(pixels.map(String))).toEqual(new Set(shades.map(String)))
  // A pixel on the border may go either way with the last digits of the params.
  expect(pixels.filter((rgb, n) => rgb.some((v, c) => v !== expected.data[3 * n + c])).length).toBeLessThanOrEqual(5)
})

test('the table of pixels is the photograph', () => {
  const { data } = decode(read('photo.png'))
  const rows = new TextDecoder().decode(read('pixels.csv')).trim().split('\n').slice(1)
  expect(rows.length).toBe(15_000)
  expect(rows.flatMap((row) => row.split(',').map(Number))).toEqual(Array.from(data))
})
