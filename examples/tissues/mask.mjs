// Writes image1.csv with 20 % of its cells gone: one channel of every 2 pixels in 5, drawn from a fixed seed.
// Usage: node mask.mjs image1.csv > image1-masked.csv
import { readFileSync } from 'node:fs'

let state = 11
const uniform = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const [header, ...lines] = readFileSync(process.argv[2], 'utf8').trim().split('\n')
const rows = lines.map((line) => line.split(','))
const order = rows.map((_, i) => i)
for (let i = order.length - 1; i > 0; i--) {
  const j = Math.floor(uniform() * (i + 1))
  ;[order[i], order[j]] = [order[j], order[i]]
}
const columns = header.split(',')
const channels = ['t1', 't2'].map((name) => columns.indexOf(name))
for (const i of order.slice(0, 0.2 * 2 * rows.length)) rows[i][channels[uniform() < 0.5 ? 0 : 1]] = 'NA'
console.log([header, ...rows.map((row) => row.join(','))].join('\n'))
