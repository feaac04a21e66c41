// Draws the rows of overlap.csv, each in the colour of its component: mixed as its posterior says, or one of two after a
// fit in hard mode. Crosses are the fitted means, circles have the fitted sd; dashed, those that the rows were drawn from.
// Usage: node plot.mjs overlap.csv FIT.json > picture.svg
import { readFileSync } from 'node:fs'

const [data, file] = process.argv.slice(2)
const rows = readFileSync(data, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(',').slice(0, 2).map(Number))
const { params, mode } = JSON.parse(readFileSync(file, 'utf8'))
const { mu, sd } = params
const distance = (x, m) => x.reduce((sum, v, d) => sum + (v - m[d]) ** 2, 0)
/** Probability of the second component: of equal weights, by Bayes' rule. */
const second = (x) => {
  const odds = (distance(x, mu[0]) - distance(x, mu[1])) / (2 * sd ** 2)
  return mode === 'hard' ? Number(odds > 0) : 1 / (1 + Math.exp(-odds))
}
const [low, high] = [
  [0, 114, 178],
  [213, 94, 0],
]
const colour = (p) => `rgb(${low.map((c, i) => Math.round(c + p * (high[i] - c))).join(',')})`
const [width, height, unit] = [460, 340, 52]
const at = ([x, y]) => [width / 2 + unit * x, height / 2 - unit * y]
const circle = (centre, radius, style) => {
  const [x, y] = at(centre).map((v) => v.toFixed(1))
  return `<circle cx="${x}" cy="${y}" r="${(unit * radius).toFixed(1)}" ${style}/>`
}
const cross = (m) => {
  const [x, y] = at(m)
  const arms = `M${x - 7},${y}h14M${x},${y - 7}v14`
  return `<path d="${arms}" stroke="#fff" stroke-width="5"/><path d="${arms}" stroke="#000" stroke-width="2.5"/>`
}
const title = mode === 'hard' ? 'Hard: each row counts for one component' : 'Soft: each row counts for both'
console.log(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="12" y="22" font-family="sans-serif" font-size="15">${title}</text>
${rows.map((x) => circle(x, 0.055, `fill="${colour(second(x))}" fill-opacity="0.75"`)).join('\n')}
${[-1, 1].map((side) => circle([side, 0], 1, 'fill="none" stroke="#777" stroke-width="1.5" stroke-dasharray="5 4"')).join('\n')}
${mu.map((m) => circle(m, sd, 'fill="none" stroke="#000" stroke-width="2"')).join('\n')}
${mu.map(cross).join('\n')}
</svg>`)
