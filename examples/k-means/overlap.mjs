// Draws the rows of overlap.csv: two round clouds whose means lie two standard deviations apart.
// Usage: node overlap.mjs > overlap.csv
let state = 20
const uniform = () => {
  // mulberry32
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
console.log('a,b,cloud')
for (let n = 0; n < 600; n++) {
  const side = n % 2 === 0 ? -1 : 1
  console.log(`${(side + normal()).toFixed(3)},${normal().toFixed(3)},${side < 0 ? 'left' : 'right'}`)
}
