// Writes effects.csv: 400 effects, of which about 80 % are exactly 0, measured with known errors of different size; from a
// fixed seed. Usage: node simulate.mjs > effects.csv
let state = 3
const uniform = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())

console.log('y,se,theta')
for (let n = 0; n < 400; n++) {
  const theta = uniform() < 0.2 ? 2 * normal() : 0
  const se = 0.4 + 0.6 * uniform()
  console.log([theta + se * normal(), se, theta].map((v) => Number(v.toFixed(4))).join())
}
