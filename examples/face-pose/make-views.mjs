// 200 views of a face of 20 landmarks: node make-views.mjs writes views.csv and truth.csv, always the same
import { writeFileSync } from 'node:fs'

// mean shape, about 1 wide: eyes, brows, nose, mouth, jaw
const mean = [
  [-0.32, 0.2],
  [-0.24, 0.24],
  [-0.16, 0.2],
  [0.16, 0.2],
  [0.24, 0.24],
  [0.32, 0.2],
  [-0.34, 0.33],
  [-0.16, 0.35],
  [0.16, 0.35],
  [0.34, 0.33],
  [0, 0.1],
  [-0.08, -0.02],
  [0.08, -0.02],
  [-0.18, -0.22],
  [0, -0.18],
  [0.18, -0.22],
  [0, -0.27],
  [-0.42, -0.1],
  [0, -0.52],
  [0.42, -0.1],
]
// two modes: the mouth opens and the chin falls; the face widens
const opening = mean.map(([, y], i) =>
  i === 16 ? [0, -0.06] : i === 18 ? [0, -0.07] : i === 14 ? [0, 0.01] : [0, 0.003 * y],
)
const widening = mean.map(([x]) => [0.08 * x, 0])

// a 32-bit mixer, and Normal numbers by Box and Muller
let state = 20
const uniform = () => {
  state = (state + 0x9e3779b9) | 0
  let h = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return (((h ^ (h >>> 15)) >>> 0) + 0.5) / 4294967296
}
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())

const views = []
const truth = ['angle,scale,opening,widening']
for (let v = 0; v < 200; v++) {
  const angle = (uniform() - 0.5) * 2.4
  const scale = 0.7 + 0.6 * uniform()
  const [tx, ty] = [normal(), normal()]
  const [c, d] = [normal(), normal()]
  const [a, b] = [scale * Math.cos(angle), scale * Math.sin(angle)]
  const row = [[], []]
  mean.forEach(([x, y], i) => {
    const u = x + c * opening[i][0] + d * widening[i][0]
    const w = y + c * opening[i][1] + d * widening[i][1]
    // noise: 1 % of the width of the face
    row[0].push((a * u - b * w + tx + 0.01 * normal()).toFixed(5))
    row[1].push((b * u + a * w + ty + 0.01 * normal()).toFixed(5))
  })
  views.push([...row[0], ...row[1]].join(','))
  truth.push([angle, scale, c, d].map((n) => n.toFixed(6)).join(','))
}
const names = ['x', 'y'].flatMap((n) => mean.map((_, i) => `${n}${i + 1}`))
writeFileSync(new URL('views.csv', import.meta.url), `${names.join(',')}\n${views.join('\n')}\n`)
writeFileSync(new URL('truth.csv', import.meta.url), `${truth.join('\n')}\n`)

const list = (name, values) => `const ${name} = [${values.map((n) => Number(n.toFixed(6))).join(', ')}]`
console.log(
  list(
    'mx',
    mean.map((p) => p[0]),
  ),
)
console.log(
  list(
    'my',
    mean.map((p) => p[1]),
  ),
)
console.log(
  list(
    'oy',
    opening.map((p) => p[1]),
  ),
)
console.log(
  list(
    'wx',
    widening.map((p) => p[0]),
  ),
)
