// A start that knows nothing of digits, from a fixed seed: random factors and loadings about the mean of the pixels that are there.
// Usage: node start.mjs corrupted.csv > start.json
import { readFileSync } from 'node:fs'

const [K, Q] = [10, 16]
let state = 3
const uniform = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
const list = (length, value) => Array.from({ length }, (_, i) => value(i))
const rounded = (value) => Number(value.toFixed(3))

const [header, ...rows] = readFileSync(process.argv[2], 'utf8').trim().split('\n')
const images = rows.map((row) => row.split(','))
const mean = (d) => {
  const there = images.map((image) => image[d]).filter((cell) => cell !== '')
  return there.reduce((sum, cell) => sum + Number(cell), 0) / there.length
}

const start = {
  pi: list(K, () => 1 / K),
  m: list(K, () => list(Q, () => rounded(normal()))),
  V: list(K, () => list(Q, (i) => list(Q, (j) => (i === j ? 1 : 0)))),
  mu: header.split(',').map((_, d) => rounded(mean(d))),
  W: header.split(',').map(() => list(Q, () => rounded(0.1 * normal()))),
}
console.log(JSON.stringify(start))
