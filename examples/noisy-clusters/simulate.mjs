// Writes points.csv: 300 points, two clusters and 20% noise, from a fixed seed. Usage: node simulate.mjs > points.csv
let state = 7
const uniform = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())

const rows = ['x1,x2']
for (let n = 0; n < 300; n++) {
  const u = uniform()
  const [a, b] = [normal(), normal()]
  const point =
    u < 0.45
      ? [-2 + a, 1 + 0.8 * a + 0.6 * b]
      : u < 0.8
        ? [3 + 0.7 * a, -1 + 0.7 * b]
        : [-8 + 16 * uniform(), -8 + 16 * uniform()]
  rows.push(point.map((v) => v.toFixed(3)).join())
}
console.log(rows.join('\n'))
