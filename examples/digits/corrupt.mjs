// Noise and holes for the digits: scales the pixels to 0–1, adds Normal noise of sd 0.2, and drops half of them, from a fixed seed.
// Usage: node corrupt.mjs digits.csv > corrupted.csv
import { readFileSync } from 'node:fs'

let state = 8
const uniform = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())

const [header, ...rows] = readFileSync(process.argv[2], 'utf8').trim().split('\n')
console.log(header)
for (const row of rows) {
  const cells = row.split(',').map((ink) => {
    const [noise, lost] = [0.2 * normal(), uniform() < 0.5]
    return lost ? '' : (Number(ink) / 16 + noise).toFixed(3)
  })
  console.log(cells.join())
}
