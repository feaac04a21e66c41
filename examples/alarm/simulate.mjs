// Writes nights.csv: 1,000 nights of the alarm network, from a fixed seed. Usage: node simulate.mjs > nights.csv
let state = 20240
const uniform = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const happens = (p) => (uniform() < p ? 1 : 0)

const rows = ['window,radio,john,mary']
for (let night = 0; night < 1000; night++) {
  const burglary = happens(0.2)
  const quake = happens(0.15)
  const alarm = happens(1 - (1 - 0.03) * (1 - 0.9) ** burglary * (1 - 0.4) ** quake)
  rows.push(
    [
      happens(burglary ? 0.9 : 0.05),
      happens(quake ? 0.85 : 0.02),
      happens(alarm ? 0.9 : 0.05),
      happens(alarm ? 0.7 : 0.02),
    ].join(),
  )
}
console.log(rows.join('\n'))
