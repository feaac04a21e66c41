// Drops 15 % of the cells of iris.csv at random, from a fixed seed. Usage: node make-holes.mjs ../iris/iris.csv > iris_holes.csv
import { readFileSync } from 'node:fs'

let state = 20
const uniform = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const [header, ...rows] = readFileSync(process.argv[2], 'utf8').trim().split('\n')
console.log(header.split(',').slice(0, 4).join())
for (const row of rows) {
  const cells = row.split(',').slice(0, 4)
  console.log(cells.map((cell) => (uniform() < 0.15 ? 'NA' : cell)).join())
}
