// Drops every year of a fixed-seed choice (about one in six, never the first two). Usage: node make-holes.mjs full.csv > holes.csv
import { readFileSync } from 'node:fs'

let state = 5
const uniform = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const [header, ...rows] = readFileSync(process.argv[2], 'utf8').trim().split('\n')
console.log(header)
rows.forEach((row, i) => {
  const [year, level] = row.split(',')
  console.log(`${year},${i >= 2 && uniform() < 1 / 6 ? 'NA' : level}`)
})
