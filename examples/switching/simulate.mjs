// Writes points.csv: 250 points around two lines, the second more likely to the right, from a fixed seed.
// Usage: node simulate.mjs > points.csv
let state = 99
const uniform = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())

const rows = ['x1,x2,y']
for (let n = 0; n < 250; n++) {
  const x = -3 + 6 * uniform()
  const second = uniform() < 1 / (1 + Math.exp(-(0.5 + 1.5 * x)))
  const y = second ? 4 - 1.5 * x + 0.6 * normal() : 1 + x + 0.4 * normal()
  rows.push(`1,${x.toFixed(4)},${y.toFixed(4)}`)
}
console.log(rows.join('\n'))
