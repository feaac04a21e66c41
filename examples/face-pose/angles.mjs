// true against found angles: estep predict fit.json --data views.csv | node angles.mjs
import { readFileSync } from 'node:fs'

const [head, ...rows] = readFileSync(0, 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(','))
const truth = readFileSync(new URL('truth.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
let [squares, worst, scales] = [0, 0, 0]
truth.forEach((line, i) => {
  const [angle, scale] = line.split(',').map(Number)
  const [a, b] = ['a', 'b'].map((n) => Number(rows[i][head.indexOf(n)]))
  const error = (Math.atan2(b, a) - angle) * (180 / Math.PI)
  squares += error ** 2
  worst = Math.max(worst, Math.abs(error))
  scales += (Math.hypot(a, b) / scale - 1) ** 2
})
const n = truth.length
console.log(`angle: root mean square error ${Math.sqrt(squares / n).toFixed(3)} degrees, the worst ${worst.toFixed(3)}`)
console.log(`scale: root mean square error ${(100 * Math.sqrt(scales / n)).toFixed(2)} %`)
